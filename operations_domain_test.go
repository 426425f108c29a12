package stagedoor_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

const certificateARN = "arn:aws:acm:us-east-1:000000000000:certificate/12345678-1234-1234-1234-123456789012"

func (c *caller) domains(t *testing.T) {
	ctx := t.Context()
	made := did(c.CreateDomainName(ctx, &apigateway.CreateDomainNameInput{
		DomainName: aws.String("api.example.com"), RegionalCertificateArn: aws.String(certificateARN), SecurityPolicy: types.SecurityPolicyTls12,
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}}, Tags: map[string]string{"a": "b"},
	}))(t)
	says(t, "CreateDomainName", made, `{"DomainName":"api.example.com","RegionalCertificateArn":"`+certificateARN+`","SecurityPolicy":"TLS_1_2","Tags":{"a":"b"},
		"EndpointConfiguration":{"Types":["REGIONAL"],"IpAddressType":"ipv4","VpcEndpointIds":null}}`)
	one := &apigateway.GetDomainNameInput{DomainName: made.DomainName}
	readsBack(t, "GetDomainName", made, did(c.GetDomainName(ctx, one))(t), "DomainNameStatus")
	updated := did(c.UpdateDomainName(ctx, &apigateway.UpdateDomainNameInput{DomainName: made.DomainName, PatchOperations: patch("replace /endpointConfiguration/ipAddressType dualstack")}))(t)
	says(t, "UpdateDomainName", updated, `{"EndpointConfiguration":{"Types":["REGIONAL"],"IpAddressType":"dualstack","VpcEndpointIds":null}}`)

	private := did(c.CreateDomainName(ctx, &apigateway.CreateDomainNameInput{
		DomainName: aws.String("in.example.com"), CertificateArn: aws.String(certificateARN),
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypePrivate}},
		Policy:                aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}`),
	}))(t)
	join := &apigateway.CreateDomainNameAccessAssociationInput{DomainNameArn: private.DomainNameArn, AccessAssociationSource: aws.String("vpce-0123456789abcdef0"), AccessAssociationSourceType: types.AccessAssociationSourceTypeVpce}
	association := did(c.CreateDomainNameAccessAssociation(ctx, join))(t)
	says(t, "CreateDomainNameAccessAssociation", association, `{"DomainNameArn":"`+*private.DomainNameArn+`","AccessAssociationSource":"vpce-0123456789abcdef0","AccessAssociationSourceType":"VPCE"}`)
	list := func() []types.DomainNameAccessAssociation {
		return did(c.GetDomainNameAccessAssociations(ctx, &apigateway.GetDomainNameAccessAssociationsInput{}))(t).Items
	}
	if all := list(); len(all) != 1 {
		t.Fatalf("GetDomainNameAccessAssociations gives %d", len(all))
	} else {
		readsBack(t, "GetDomainNameAccessAssociations", association, all[0])
	}
	did(c.DeleteDomainNameAccessAssociation(ctx, &apigateway.DeleteDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: association.DomainNameAccessAssociationArn}))(t)
	again := did(c.CreateDomainNameAccessAssociation(ctx, join))(t)
	did(c.RejectDomainNameAccessAssociation(ctx, &apigateway.RejectDomainNameAccessAssociationInput{DomainNameAccessAssociationArn: again.DomainNameAccessAssociationArn, DomainNameArn: private.DomainNameArn}))(t)
	if all := list(); len(all) != 0 {
		t.Errorf("after the rejection there are %+v", all)
	}

	names := did(c.GetDomainNames(ctx, &apigateway.GetDomainNamesInput{}))(t)
	if len(names.Items) != 2 {
		t.Fatalf("GetDomainNames gives %d", len(names.Items))
	}
	for _, d := range names.Items {
		if *d.DomainName == *made.DomainName {
			readsBack(t, "GetDomainNames", updated, d, "DomainNameStatus")
		}
	}
	did(c.DeleteDomainName(ctx, &apigateway.DeleteDomainNameInput{DomainName: made.DomainName}))(t)
	gone[apigateway.GetDomainNameOutput](t, "GetDomainName of what was deleted")(c.GetDomainName(ctx, one))
}

func (c *caller) mappings(t *testing.T) {
	ctx, name, base := t.Context(), aws.String("maps.example.com"), aws.String("v1")
	api, _, pets := c.newAPI(t, "mappings")
	c.mocked(t, api, pets, "GET")
	did(c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api, StageName: aws.String("s")}))(t)
	did(c.CreateDomainName(ctx, &apigateway.CreateDomainNameInput{
		DomainName: name, RegionalCertificateArn: aws.String(certificateARN), EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}},
	}))(t)
	made := did(c.CreateBasePathMapping(ctx, &apigateway.CreateBasePathMappingInput{DomainName: name, BasePath: base, RestApiId: api, Stage: aws.String("s")}))(t)
	says(t, "CreateBasePathMapping", made, `{"BasePath":"v1","RestApiId":"`+*api+`","Stage":"s"}`)
	readsBack(t, "GetBasePathMapping", made, did(c.GetBasePathMapping(ctx, &apigateway.GetBasePathMappingInput{DomainName: name, BasePath: base}))(t))
	updated := did(c.UpdateBasePathMapping(ctx, &apigateway.UpdateBasePathMappingInput{DomainName: name, BasePath: base, PatchOperations: patch("replace /basePath v2")}))(t)
	says(t, "UpdateBasePathMapping", updated, `{"BasePath":"v2","RestApiId":"`+*api+`","Stage":"s"}`)
	list := did(c.GetBasePathMappings(ctx, &apigateway.GetBasePathMappingsInput{DomainName: name}))(t)
	if len(list.Items) != 1 {
		t.Fatalf("GetBasePathMappings gives %d", len(list.Items))
	}
	readsBack(t, "GetBasePathMappings", updated, list.Items[0])
	did(c.DeleteBasePathMapping(ctx, &apigateway.DeleteBasePathMappingInput{DomainName: name, BasePath: aws.String("v2")}))(t)
	gone[apigateway.GetBasePathMappingOutput](t, "GetBasePathMapping of what was deleted")(c.GetBasePathMapping(ctx, &apigateway.GetBasePathMappingInput{DomainName: name, BasePath: aws.String("v2")}))
}
