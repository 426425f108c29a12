package stagedoor_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor"
)

// audited is a record as /audit shows it.
type audited struct {
	EventName, EventSource, ErrorCode, ErrorMessage string
	SourceIPAddress, UserAgent, RequestID, EventID  string
	ReadOnly                                        bool
	UserIdentity                                    map[string]any
	RequestParameters, ResponseElements             map[string]any
	Resources                                       []map[string]string
}

// audits asks for records; query is such as "name=CreateRestApi".
func (r *running) audits(t testing.TB, admin, query string) (all []audited) {
	t.Helper()
	after := ""
	for {
		var page struct {
			Records []audited
			Next    string
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+admin+"/audit?"+query+"&after="+url.QueryEscape(after), nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := r.client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		err = json.NewDecoder(resp.Body).Decode(&page)
		_ = resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("GET /audit?%s = %d, %v", query, resp.StatusCode, err)
		}
		all = append(all, page.Records...)
		if after = page.Next; after == "" {
			return all
		}
	}
}

// TestAudit makes calls with the SDK and reads the records that they leave.
func TestAudit(t *testing.T) {
	admin := freePort(t)
	r := start(t, func(c *stagedoor.Config) { c.AdminListen = admin })
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("pets")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: api.Id}); err != nil {
		t.Fatal(err)
	}
	const secret = "a-key-that-nobody-may-see-1"
	key, err := gw.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: aws.String("k"), Value: aws.String(secret)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api.Id, StageName: aws.String("nope"), PatchOperations: replaceOp("/description", "x")}); err == nil {
		t.Fatal("UpdateStage of a stage that is not there went well")
	}
	if _, err := iam.NewFromConfig(r.account()).CreateUser(ctx, &iam.CreateUserInput{UserName: aws.String("ann")}); err != nil {
		t.Fatal(err)
	}
	if _, err := iam.NewFromConfig(r.account()).CreateAccessKey(ctx, &iam.CreateAccessKeyInput{UserName: aws.String("ann")}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: api.Id}); err != nil {
		t.Fatal(err)
	}

	all := r.audits(t, admin, "max=2")
	var names []string
	for i := range all {
		names = append(names, all[i].EventName)
	}
	want := []string{"DeleteRestApi", "CreateAccessKey", "CreateUser", "UpdateStage", "CreateApiKey", "CreateRestApi"}
	if d := cmp.Diff(want, names); d != "" {
		t.Fatalf("records, the newest first (-want +got):\n%s", d)
	}
	created := all[5]
	if d := cmp.Diff(map[string]any{
		"createRestApiInput": map[string]any{"name": "pets"}, "template": false,
	}, created.RequestParameters); d != "" {
		t.Errorf("requestParameters of CreateRestApi (-want +got):\n%s", d)
	}
	self := map[string]any{"restApiId": *api.Id, "template": false}
	for member, want := range map[string]any{
		"id": *api.Id, "name": "pets", "self": self, "restapiUpdate": self,
		"resourceById":     map[string]any{"restApiId": *api.Id, "template": true},
		"resourceCreate":   map[string]any{"restApiId": *api.Id, "template": false, "parentId": *api.RootResourceId},
		"restapiStages":    map[string]any{"restApiId": *api.Id, "template": true, "templateSkipList": []any{"position"}},
		"restapiResources": map[string]any{"restApiId": *api.Id, "template": true, "templateSkipList": []any{"position"}},
		"createdDate":      api.CreatedDate.UTC().Format("2006-01-02T15:04:05Z"),
	} {
		if d := cmp.Diff(want, created.ResponseElements[member]); d != "" {
			t.Errorf("responseElements.%s of CreateRestApi (-want +got):\n%s", member, d)
		}
	}
	if created.SourceIPAddress != "127.0.0.1" || !strings.Contains(created.UserAgent, "aws-sdk-go-v2") || created.RequestID == "" || created.EventID == "" ||
		created.EventSource != "apigateway.amazonaws.com" || created.ReadOnly || created.UserIdentity["accessKeyId"] != "AKIAIOSFODNN7EXAMPLE" {
		t.Errorf("CreateRestApi: %+v", created)
	}
	if d := cmp.Diff([]map[string]string{{
		"ARN": "arn:aws:apigateway:us-east-1::/restapis/" + *api.Id, "accountId": "000000000000", "type": "AWS::ApiGateway::RestApi",
	}}, created.Resources); d != "" {
		t.Errorf("resources of CreateRestApi (-want +got):\n%s", d)
	}
	if refused := all[3]; refused.ErrorCode != "NotFoundException" || refused.ErrorMessage != "Invalid stage identifier specified" ||
		refused.ResponseElements != nil || refused.RequestParameters["stageName"] != "nope" {
		t.Errorf("UpdateStage: %+v", refused)
	}
	if deleted := all[0]; deleted.ResponseElements != nil || deleted.RequestParameters["restApiId"] != *api.Id {
		t.Errorf("DeleteRestApi: %+v", deleted)
	}
	if id := all[1].ResponseElements["accessKey"]; id == nil || !strings.Contains(jsonOf(t, id), `"secretAccessKey":"HIDDEN_DUE_TO_SECURITY_REASONS"`) {
		t.Errorf("CreateAccessKey: %+v", all[1])
	}
	if text := jsonOf(t, all); strings.Contains(text, secret) {
		t.Errorf("the records show the value of an API key: %s", text)
	}

	for query, want := range map[string]int{
		"name=CreateApiKey": 1, "resource=" + *api.Id: 3, "type=AWS::ApiGateway::ApiKey&resource=" + *key.Id: 1, "user=root": 6,
		"source=iam.amazonaws.com": 2, "user=nobody": 0, "resource=ann&type=AWS::IAM::User": 2, "from=2999-01-01T00:00:00Z": 0,
	} {
		if got := r.audits(t, admin, query); len(got) != want {
			t.Errorf("/audit?%s gives %d records, want %d", query, len(got), want)
		}
	}
}

func jsonOf(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
