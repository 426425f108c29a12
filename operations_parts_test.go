package stagedoor_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

const tokenFunction = `def handler(e, c):
    return {"principalId": "ann", "policyDocument": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": e["methodArn"]}]}}
`

// function makes a function and gives the URI that API Gateway calls it by.
func (c *caller) function(t *testing.T, name, code string) string {
	t.Helper()
	ctx, fn := t.Context(), lambda.NewFromConfig(c.account())
	made, err := fn.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: &name, Runtime: lambdatypes.RuntimePython312, Handler: aws.String("app.handler"), Role: aws.String("arn:aws:iam::000000000000:role/r"),
		Code: &lambdatypes.FunctionCode{ZipFile: zipped(t, "app.py", code)},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := fn.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: &name, StatementId: aws.String("gw"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("apigateway.amazonaws.com"),
	}); err != nil {
		t.Fatal(err)
	}
	return "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + *made.FunctionArn + "/invocations"
}

func (c *caller) authorizers(t *testing.T) {
	ctx := t.Context()
	api, _, _ := c.newAPI(t, "authorizers")
	uri := c.function(t, "token", tokenFunction)
	made := did(c.CreateAuthorizer(ctx, &apigateway.CreateAuthorizerInput{
		RestApiId: api, Name: aws.String("tokens"), Type: types.AuthorizerTypeToken, AuthorizerUri: &uri, IdentitySource: aws.String("method.request.header.Authorization"),
		IdentityValidationExpression: aws.String("^[a-z]+$"), AuthorizerResultTtlInSeconds: aws.Int32(60),
	}))(t)
	says(t, "CreateAuthorizer", made, `{"Name":"tokens","Type":"TOKEN","AuthType":"custom","IdentitySource":"method.request.header.Authorization","IdentityValidationExpression":"^[a-z]+$","AuthorizerResultTtlInSeconds":60}`)
	one := &apigateway.GetAuthorizerInput{RestApiId: api, AuthorizerId: made.Id}
	readsBack(t, "GetAuthorizer", made, did(c.GetAuthorizer(ctx, one))(t))
	updated := did(c.UpdateAuthorizer(ctx, &apigateway.UpdateAuthorizerInput{RestApiId: api, AuthorizerId: made.Id, PatchOperations: patch("replace /name renamed", "replace /authorizerResultTtlInSeconds 0")}))(t)
	says(t, "UpdateAuthorizer", updated, `{"Name":"renamed","AuthorizerResultTtlInSeconds":0}`)
	list := did(c.GetAuthorizers(ctx, &apigateway.GetAuthorizersInput{RestApiId: api}))(t)
	if len(list.Items) != 1 {
		t.Fatalf("GetAuthorizers gives %d", len(list.Items))
	}
	readsBack(t, "GetAuthorizers", updated, list.Items[0])
	tried := did(c.TestInvokeAuthorizer(ctx, &apigateway.TestInvokeAuthorizerInput{RestApiId: api, AuthorizerId: made.Id, Headers: map[string]string{"Authorization": "open"}}))(t)
	says(t, "TestInvokeAuthorizer", tried, `{"ClientStatus":200,"PrincipalId":"ann"}`)
	if !json.Valid([]byte(aws.ToString(tried.Policy))) {
		t.Errorf("TestInvokeAuthorizer gives the policy %s", aws.ToString(tried.Policy))
	}
	did(c.DeleteAuthorizer(ctx, &apigateway.DeleteAuthorizerInput{RestApiId: api, AuthorizerId: made.Id}))(t)
	gone[apigateway.GetAuthorizerOutput](t, "GetAuthorizer of what was deleted")(c.GetAuthorizer(ctx, one))
}

func (c *caller) documentation(t *testing.T) {
	ctx := t.Context()
	api, _, _ := c.newAPI(t, "documentation")
	made := did(c.CreateDocumentationPart(ctx, &apigateway.CreateDocumentationPartInput{
		RestApiId: api, Location: &types.DocumentationPartLocation{Type: types.DocumentationPartTypeMethod, Path: aws.String("/pets"), Method: aws.String("GET")},
		Properties: aws.String(`{"description":"all pets"}`),
	}))(t)
	says(t, "CreateDocumentationPart", made, `{"Properties":"{\"description\":\"all pets\"}","Location":{"Type":"METHOD","Path":"/pets","Method":"GET","Name":null,"StatusCode":null}}`)
	one := &apigateway.GetDocumentationPartInput{RestApiId: api, DocumentationPartId: made.Id}
	readsBack(t, "GetDocumentationPart", made, did(c.GetDocumentationPart(ctx, one))(t))
	updated := did(c.UpdateDocumentationPart(ctx, &apigateway.UpdateDocumentationPartInput{RestApiId: api, DocumentationPartId: made.Id, PatchOperations: patch(`replace /properties {"description":"some"}`)}))(t)
	says(t, "UpdateDocumentationPart", updated, `{"Properties":"{\"description\":\"some\"}"}`)
	imported := did(c.ImportDocumentationParts(ctx, &apigateway.ImportDocumentationPartsInput{RestApiId: api, Mode: types.PutModeMerge, Body: []byte(
		`{"openapi":"3.0.1","info":{"title":"x","version":"1"},"paths":{},"x-amazon-apigateway-documentation":{"version":"1","documentationParts":[{"location":{"type":"API"},"properties":{"description":"an API"}}]}}`,
	)}))(t)
	if len(imported.Ids) != 1 {
		t.Errorf("ImportDocumentationParts gives %s, %s", imported.Ids, imported.Warnings)
	}
	list := did(c.GetDocumentationParts(ctx, &apigateway.GetDocumentationPartsInput{RestApiId: api, Type: types.DocumentationPartTypeMethod}))(t)
	if len(list.Items) != 1 {
		t.Fatalf("GetDocumentationParts gives %d", len(list.Items))
	}
	readsBack(t, "GetDocumentationParts", updated, list.Items[0])

	version := did(c.CreateDocumentationVersion(ctx, &apigateway.CreateDocumentationVersionInput{RestApiId: api, DocumentationVersion: aws.String("1.0"), Description: aws.String("first")}))(t)
	says(t, "CreateDocumentationVersion", version, `{"Version":"1.0","Description":"first"}`)
	which := &apigateway.GetDocumentationVersionInput{RestApiId: api, DocumentationVersion: aws.String("1.0")}
	readsBack(t, "GetDocumentationVersion", version, did(c.GetDocumentationVersion(ctx, which))(t))
	changed := did(c.UpdateDocumentationVersion(ctx, &apigateway.UpdateDocumentationVersionInput{RestApiId: api, DocumentationVersion: aws.String("1.0"), PatchOperations: patch("replace /description final")}))(t)
	says(t, "UpdateDocumentationVersion", changed, `{"Description":"final"}`)
	versions := did(c.GetDocumentationVersions(ctx, &apigateway.GetDocumentationVersionsInput{RestApiId: api}))(t)
	if len(versions.Items) != 1 {
		t.Fatalf("GetDocumentationVersions gives %d", len(versions.Items))
	}
	readsBack(t, "GetDocumentationVersions", changed, versions.Items[0])
	did(c.DeleteDocumentationVersion(ctx, &apigateway.DeleteDocumentationVersionInput{RestApiId: api, DocumentationVersion: aws.String("1.0")}))(t)
	gone[apigateway.GetDocumentationVersionOutput](t, "GetDocumentationVersion of what was deleted")(c.GetDocumentationVersion(ctx, which))
	did(c.DeleteDocumentationPart(ctx, &apigateway.DeleteDocumentationPartInput{RestApiId: api, DocumentationPartId: made.Id}))(t)
	gone[apigateway.GetDocumentationPartOutput](t, "GetDocumentationPart of what was deleted")(c.GetDocumentationPart(ctx, one))
}

func (c *caller) keys(t *testing.T) {
	ctx := t.Context()
	made := did(c.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{
		Name: aws.String("ann"), Description: aws.String("hers"), Enabled: true, GenerateDistinctId: true, Value: aws.String("abcdefghij0123456789"), CustomerId: aws.String("cust"),
	}))(t)
	says(t, "CreateApiKey", made, `{"Name":"ann","Description":"hers","Enabled":true,"Value":"abcdefghij0123456789","CustomerId":"cust","StageKeys":[]}`)
	one := &apigateway.GetApiKeyInput{ApiKey: made.Id, IncludeValue: aws.Bool(true)}
	readsBack(t, "GetApiKey", made, did(c.GetApiKey(ctx, one))(t))
	updated := did(c.UpdateApiKey(ctx, &apigateway.UpdateApiKeyInput{ApiKey: made.Id, PatchOperations: patch("replace /enabled false", "replace /description theirs")}))(t)
	says(t, "UpdateApiKey", updated, `{"Enabled":false,"Description":"theirs","Value":null}`)
	imported := did(c.ImportApiKeys(ctx, &apigateway.ImportApiKeysInput{Format: types.ApiKeysFormatCsv, Body: []byte("name,key,enabled\nbob,bobsbobsbobsbobsbobs1,true\n")}))(t)
	if len(imported.Ids) != 1 {
		t.Fatalf("ImportApiKeys gives %s, %s", imported.Ids, imported.Warnings)
	}
	list := did(c.GetApiKeys(ctx, &apigateway.GetApiKeysInput{NameQuery: aws.String("bo"), IncludeValues: aws.Bool(true)}))(t)
	if len(list.Items) != 1 || *list.Items[0].Id != imported.Ids[0] || *list.Items[0].Value != "bobsbobsbobsbobsbobs1" {
		t.Errorf("GetApiKeys gives %+v", list.Items)
	}
	did(c.DeleteApiKey(ctx, &apigateway.DeleteApiKeyInput{ApiKey: made.Id}))(t)
	gone[apigateway.GetApiKeyOutput](t, "GetApiKey of what was deleted")(c.GetApiKey(ctx, one))
}

func (c *caller) plans(t *testing.T) {
	ctx := t.Context()
	api, _, pets := c.newAPI(t, "plans")
	c.mocked(t, api, pets, "GET")
	did(c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("s")}))(t)
	made := did(c.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{
		Name: aws.String("gold"), Description: aws.String("much"), ApiStages: []types.ApiStage{{ApiId: api, Stage: aws.String("s")}},
		Quota: &types.QuotaSettings{Limit: 1000, Period: types.QuotaPeriodTypeMonth, Offset: 2}, Throttle: &types.ThrottleSettings{RateLimit: 10.5, BurstLimit: 20},
	}))(t)
	says(t, "CreateUsagePlan", made, `{"Name":"gold","Description":"much","Quota":{"Limit":1000,"Period":"MONTH","Offset":2},"Throttle":{"RateLimit":10.5,"BurstLimit":20},
		"ApiStages":[{"ApiId":"`+*api+`","Stage":"s","Throttle":null}]}`)
	one := &apigateway.GetUsagePlanInput{UsagePlanId: made.Id}
	readsBack(t, "GetUsagePlan", made, did(c.GetUsagePlan(ctx, one))(t))
	updated := did(c.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: made.Id, PatchOperations: patch("replace /quota/limit 2000", "replace /throttle/rateLimit 11")}))(t)
	says(t, "UpdateUsagePlan", updated, `{"Quota":{"Limit":2000,"Period":"MONTH","Offset":2},"Throttle":{"RateLimit":11,"BurstLimit":20}}`)

	key := did(c.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("planned"), Enabled: true}))(t)
	joined := did(c.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: made.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")}))(t)
	says(t, "CreateUsagePlanKey", joined, `{"Id":"`+*key.Id+`","Name":"planned","Type":"API_KEY","Value":"`+*key.Value+`"}`)
	readsBack(t, "GetUsagePlanKey", joined, did(c.GetUsagePlanKey(ctx, &apigateway.GetUsagePlanKeyInput{UsagePlanId: made.Id, KeyId: key.Id}))(t))
	members := did(c.GetUsagePlanKeys(ctx, &apigateway.GetUsagePlanKeysInput{UsagePlanId: made.Id}))(t)
	if len(members.Items) != 1 || *members.Items[0].Id != *key.Id {
		t.Errorf("GetUsagePlanKeys gives %+v", members.Items)
	}
	plans := did(c.GetUsagePlans(ctx, &apigateway.GetUsagePlansInput{KeyId: key.Id}))(t)
	if len(plans.Items) != 1 {
		t.Fatalf("GetUsagePlans gives %d", len(plans.Items))
	}
	readsBack(t, "GetUsagePlans", updated, plans.Items[0])

	raised := did(c.UpdateUsage(ctx, &apigateway.UpdateUsageInput{UsagePlanId: made.Id, KeyId: key.Id, PatchOperations: patch("replace /remaining 5")}))(t)
	today := time.Now().UTC().Format(time.DateOnly)
	used := did(c.GetUsage(ctx, &apigateway.GetUsageInput{UsagePlanId: made.Id, KeyId: key.Id, StartDate: &today, EndDate: &today}))(t)
	for what, items := range map[string]map[string][][]int64{"UpdateUsage": raised.Items, "GetUsage": used.Items} {
		if days := items[*key.Id]; len(days) != 1 || days[0][0] != 0 || days[0][1] != 5 {
			t.Errorf("%s shows %v, want 0 used and 5 left", what, items)
		}
	}
	did(c.DeleteUsagePlanKey(ctx, &apigateway.DeleteUsagePlanKeyInput{UsagePlanId: made.Id, KeyId: key.Id}))(t)
	did(c.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: made.Id, PatchOperations: patch("remove /apiStages " + *api + ":s")}))(t)
	did(c.DeleteUsagePlan(ctx, &apigateway.DeleteUsagePlanInput{UsagePlanId: made.Id}))(t)
	gone[apigateway.GetUsagePlanOutput](t, "GetUsagePlan of what was deleted")(c.GetUsagePlan(ctx, one))
}

func (c *caller) egress(t *testing.T) {
	ctx := t.Context()
	link := did(c.CreateVpcLink(ctx, &apigateway.CreateVpcLinkInput{
		Name: aws.String("inside"), Description: aws.String("ours"), TargetArns: []string{"arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1234567890123456"},
	}))(t)
	says(t, "CreateVpcLink", link, `{"Name":"inside","Description":"ours","Status":"PENDING","TargetArns":["arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/net/n/1234567890123456"]}`)
	one := &apigateway.GetVpcLinkInput{VpcLinkId: link.Id}
	readsBack(t, "GetVpcLink", link, did(c.GetVpcLink(ctx, one))(t), "Status", "StatusMessage")
	updated := did(c.UpdateVpcLink(ctx, &apigateway.UpdateVpcLinkInput{VpcLinkId: link.Id, PatchOperations: patch("replace /name renamed")}))(t)
	says(t, "UpdateVpcLink", updated, `{"Name":"renamed"}`)
	links := did(c.GetVpcLinks(ctx, &apigateway.GetVpcLinksInput{}))(t)
	if len(links.Items) != 1 {
		t.Fatalf("GetVpcLinks gives %d", len(links.Items))
	}
	readsBack(t, "GetVpcLinks", updated, links.Items[0], "Status", "StatusMessage")
	did(c.DeleteVpcLink(ctx, &apigateway.DeleteVpcLinkInput{VpcLinkId: link.Id}))(t)
	gone[apigateway.GetVpcLinkOutput](t, "GetVpcLink of what was deleted")(c.GetVpcLink(ctx, one))

	cert := did(c.GenerateClientCertificate(ctx, &apigateway.GenerateClientCertificateInput{Description: aws.String("to back ends")}))(t)
	if !strings.HasPrefix(aws.ToString(cert.PemEncodedCertificate), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("GenerateClientCertificate gives %s", aws.ToString(cert.PemEncodedCertificate))
	}
	which := &apigateway.GetClientCertificateInput{ClientCertificateId: cert.ClientCertificateId}
	readsBack(t, "GetClientCertificate", cert, did(c.GetClientCertificate(ctx, which))(t))
	changed := did(c.UpdateClientCertificate(ctx, &apigateway.UpdateClientCertificateInput{ClientCertificateId: cert.ClientCertificateId, PatchOperations: patch("replace /description other")}))(t)
	says(t, "UpdateClientCertificate", changed, `{"Description":"other"}`)
	certs := did(c.GetClientCertificates(ctx, &apigateway.GetClientCertificatesInput{}))(t)
	if len(certs.Items) != 1 {
		t.Fatalf("GetClientCertificates gives %d", len(certs.Items))
	}
	readsBack(t, "GetClientCertificates", changed, certs.Items[0])
	did(c.DeleteClientCertificate(ctx, &apigateway.DeleteClientCertificateInput{ClientCertificateId: cert.ClientCertificateId}))(t)
	gone[apigateway.GetClientCertificateOutput](t, "GetClientCertificate of what was deleted")(c.GetClientCertificate(ctx, which))
}

func (c *caller) accountSettings(t *testing.T) {
	ctx, role := t.Context(), "arn:aws:iam::000000000000:role/logs"
	says(t, "UpdateAccount", did(c.UpdateAccount(ctx, &apigateway.UpdateAccountInput{PatchOperations: patch("replace /cloudwatchRoleArn " + role)}))(t), `{"CloudwatchRoleArn":"`+role+`"}`)
	says(t, "GetAccount", did(c.GetAccount(ctx, &apigateway.GetAccountInput{}))(t), `{"CloudwatchRoleArn":"`+role+`","ApiKeyVersion":"4","Features":["UsagePlans"],"ThrottleSettings":{"RateLimit":10000,"BurstLimit":5000}}`)
}
