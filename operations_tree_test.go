package stagedoor_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func (c *caller) resources(t *testing.T) {
	ctx := t.Context()
	api, root, pets := c.newAPI(t, "resources")
	made := did(c.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api, ParentId: pets, PathPart: aws.String("{id}")}))(t)
	says(t, "CreateResource", made, `{"Path":"/pets/{id}","PathPart":"{id}","ParentId":"`+*pets+`"}`)
	readsBack(t, "GetResource", made, did(c.GetResource(ctx, &apigateway.GetResourceInput{RestApiId: api, ResourceId: made.Id}))(t))
	moved := did(c.UpdateResource(ctx, &apigateway.UpdateResourceInput{RestApiId: api, ResourceId: made.Id, PatchOperations: patch("replace /parentId "+*root, "replace /pathPart dogs")}))(t)
	says(t, "UpdateResource", moved, `{"Path":"/dogs","PathPart":"dogs","ParentId":"`+*root+`"}`)
	c.mocked(t, api, pets, "GET")
	list := did(c.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api, Embed: []string{"methods"}}))(t)
	if len(list.Items) != 3 || *list.Items[1].Path != "/dogs" || aws.ToString(list.Items[2].ResourceMethods["GET"].AuthorizationType) != "NONE" {
		t.Errorf("GetResources = %+v", list.Items)
	}
	did(c.DeleteResource(ctx, &apigateway.DeleteResourceInput{RestApiId: api, ResourceId: made.Id}))(t)
	if got := c.paths(t, api); got != "/ /pets" {
		t.Errorf("after DeleteResource there are %s", got)
	}
	c.methods(t, api, root)
}

func (c *caller) methods(t *testing.T, api, resource *string) {
	ctx, verb, code := t.Context(), aws.String("POST"), aws.String("201")
	made := did(c.PutMethod(ctx, &apigateway.PutMethodInput{
		RestApiId: api, ResourceId: resource, HttpMethod: verb, AuthorizationType: aws.String("AWS_IAM"), ApiKeyRequired: true, OperationName: aws.String("makePet"),
		RequestModels: map[string]string{"application/json": "Empty"}, RequestParameters: map[string]bool{"method.request.header.X-A": true, "method.request.querystring.b": false},
	}))(t)
	says(t, "PutMethod", made, `{"HttpMethod":"POST","AuthorizationType":"AWS_IAM","ApiKeyRequired":true,"OperationName":"makePet","RequestModels":{"application/json":"Empty"},
		"RequestParameters":{"method.request.header.X-A":true,"method.request.querystring.b":false}}`)
	get := func() *apigateway.GetMethodOutput {
		return did(c.GetMethod(ctx, &apigateway.GetMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: verb}))(t)
	}
	readsBack(t, "GetMethod", made, get())
	updated := did(c.UpdateMethod(ctx, &apigateway.UpdateMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: verb, PatchOperations: patch(
		"replace /authorizationType NONE", "replace /apiKeyRequired false", "remove /requestParameters/method.request.querystring.b",
	)}))(t)
	says(t, "UpdateMethod", updated, `{"AuthorizationType":"NONE","ApiKeyRequired":false,"RequestParameters":{"method.request.header.X-A":true}}`)
	readsBack(t, "GetMethod after UpdateMethod", updated, get())

	response := did(c.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{
		RestApiId: api, ResourceId: resource, HttpMethod: verb, StatusCode: code, ResponseModels: map[string]string{"application/json": "Empty"},
		ResponseParameters: map[string]bool{"method.response.header.Location": true},
	}))(t)
	says(t, "PutMethodResponse", response, `{"StatusCode":"201","ResponseModels":{"application/json":"Empty"},"ResponseParameters":{"method.response.header.Location":true}}`)
	one := &apigateway.GetMethodResponseInput{RestApiId: api, ResourceId: resource, HttpMethod: verb, StatusCode: code}
	readsBack(t, "GetMethodResponse", response, did(c.GetMethodResponse(ctx, one))(t))
	changed := did(c.UpdateMethodResponse(ctx, &apigateway.UpdateMethodResponseInput{
		RestApiId: api, ResourceId: resource, HttpMethod: verb, StatusCode: code, PatchOperations: patch("replace /responseParameters/method.response.header.Location false"),
	}))(t)
	says(t, "UpdateMethodResponse", changed, `{"ResponseParameters":{"method.response.header.Location":false}}`)
	if m := get(); m.MethodResponses["201"].ResponseParameters["method.response.header.Location"] {
		t.Errorf("GetMethod shows %+v", m.MethodResponses)
	}
	did(c.DeleteMethodResponse(ctx, &apigateway.DeleteMethodResponseInput{RestApiId: api, ResourceId: resource, HttpMethod: verb, StatusCode: code}))(t)
	gone[apigateway.GetMethodResponseOutput](t, "GetMethodResponse of what was deleted")(c.GetMethodResponse(ctx, one))
	did(c.DeleteMethod(ctx, &apigateway.DeleteMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: verb}))(t)
	gone[apigateway.GetMethodOutput](t, "GetMethod of what was deleted")(c.GetMethod(ctx, &apigateway.GetMethodInput{RestApiId: api, ResourceId: resource, HttpMethod: verb}))
}

func (c *caller) integrations(t *testing.T) {
	ctx, verb, code := t.Context(), aws.String("POST"), aws.String("200")
	api, _, pets := c.newAPI(t, "integrations")
	did(c.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api, ResourceId: pets, HttpMethod: verb, AuthorizationType: aws.String("NONE"), RequestParameters: map[string]bool{"method.request.querystring.q": false}}))(t)
	did(c.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: api, ResourceId: pets, HttpMethod: verb, StatusCode: code, ResponseParameters: map[string]bool{"method.response.header.X-B": false}}))(t)
	made := did(c.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api, ResourceId: pets, HttpMethod: verb, Type: types.IntegrationTypeHttp, IntegrationHttpMethod: verb, Uri: aws.String("http://localhost:1/{q}"),
		RequestParameters: map[string]string{"integration.request.path.q": "method.request.querystring.q", "integration.request.header.X-A": "'fixed'"},
		RequestTemplates:  map[string]string{"application/json": `{"q":"$input.params('q')"}`}, PassthroughBehavior: aws.String("NEVER"),
		TimeoutInMillis: aws.Int32(5000), ContentHandling: types.ContentHandlingStrategyConvertToText, CacheNamespace: aws.String("cats"), CacheKeyParameters: []string{"method.request.querystring.q"},
	}))(t)
	says(t, "PutIntegration", made, `{"Type":"HTTP","HttpMethod":"POST","Uri":"http://localhost:1/{q}","PassthroughBehavior":"NEVER","TimeoutInMillis":5000,"ContentHandling":"CONVERT_TO_TEXT",
		"CacheNamespace":"cats","CacheKeyParameters":["method.request.querystring.q"],"RequestTemplates":{"application/json":"{\"q\":\"$input.params('q')\"}"},
		"RequestParameters":{"integration.request.path.q":"method.request.querystring.q","integration.request.header.X-A":"'fixed'"}}`)
	one := &apigateway.GetIntegrationInput{RestApiId: api, ResourceId: pets, HttpMethod: verb}
	readsBack(t, "GetIntegration", made, did(c.GetIntegration(ctx, one))(t))
	updated := did(c.UpdateIntegration(ctx, &apigateway.UpdateIntegrationInput{RestApiId: api, ResourceId: pets, HttpMethod: verb, PatchOperations: patch(
		"replace /timeoutInMillis 6000", "replace /uri http://localhost:2/{q}", "remove /requestParameters/integration.request.header.X-A",
	)}))(t)
	says(t, "UpdateIntegration", updated, `{"TimeoutInMillis":6000,"Uri":"http://localhost:2/{q}","RequestParameters":{"integration.request.path.q":"method.request.querystring.q"}}`)

	response := did(c.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{
		RestApiId: api, ResourceId: pets, HttpMethod: verb, StatusCode: code, SelectionPattern: aws.String("2\\d\\d"), ContentHandling: types.ContentHandlingStrategyConvertToText,
		ResponseTemplates: map[string]string{"application/json": "$input.body"}, ResponseParameters: map[string]string{"method.response.header.X-B": "integration.response.header.X-C"},
	}))(t)
	says(t, "PutIntegrationResponse", response, `{"StatusCode":"200","SelectionPattern":"2\\d\\d","ContentHandling":"CONVERT_TO_TEXT","ResponseTemplates":{"application/json":"$input.body"},
		"ResponseParameters":{"method.response.header.X-B":"integration.response.header.X-C"}}`)
	which := &apigateway.GetIntegrationResponseInput{RestApiId: api, ResourceId: pets, HttpMethod: verb, StatusCode: code}
	readsBack(t, "GetIntegrationResponse", response, did(c.GetIntegrationResponse(ctx, which))(t))
	changed := did(c.UpdateIntegrationResponse(ctx, &apigateway.UpdateIntegrationResponseInput{RestApiId: api, ResourceId: pets, HttpMethod: verb, StatusCode: code, PatchOperations: patch("replace /selectionPattern 200")}))(t)
	says(t, "UpdateIntegrationResponse", changed, `{"SelectionPattern":"200"}`)
	did(c.DeleteIntegrationResponse(ctx, &apigateway.DeleteIntegrationResponseInput{RestApiId: api, ResourceId: pets, HttpMethod: verb, StatusCode: code}))(t)
	gone[apigateway.GetIntegrationResponseOutput](t, "GetIntegrationResponse of what was deleted")(c.GetIntegrationResponse(ctx, which))
	did(c.DeleteIntegration(ctx, &apigateway.DeleteIntegrationInput{RestApiId: api, ResourceId: pets, HttpMethod: verb}))(t)
	gone[apigateway.GetIntegrationOutput](t, "GetIntegration of what was deleted")(c.GetIntegration(ctx, one))

	c.mocked(t, api, pets, "GET")
	tried := did(c.TestInvokeMethod(ctx, &apigateway.TestInvokeMethodInput{RestApiId: api, ResourceId: pets, HttpMethod: aws.String("GET"), PathWithQueryString: aws.String("/pets?q=1")}))(t)
	says(t, "TestInvokeMethod", tried, `{"Status":200,"Body":"{\"ok\":true}"}`)
	if !strings.Contains(aws.ToString(tried.Log), "Method completed with status: 200") {
		t.Errorf("TestInvokeMethod logs %s", aws.ToString(tried.Log))
	}
}

func (c *caller) models(t *testing.T) {
	ctx := t.Context()
	api, _, _ := c.newAPI(t, "models")
	made := did(c.CreateModel(ctx, &apigateway.CreateModelInput{
		RestApiId: api, Name: aws.String("Pet"), ContentType: aws.String("application/json"), Description: aws.String("a pet"),
		Schema: aws.String(`{"type":"object","properties":{"name":{"type":"string"}}}`),
	}))(t)
	says(t, "CreateModel", made, `{"Name":"Pet","ContentType":"application/json","Description":"a pet","Schema":"{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\"}}}"}`)
	one := &apigateway.GetModelInput{RestApiId: api, ModelName: made.Name}
	readsBack(t, "GetModel", made, did(c.GetModel(ctx, one))(t))
	updated := did(c.UpdateModel(ctx, &apigateway.UpdateModelInput{RestApiId: api, ModelName: made.Name, PatchOperations: patch("replace /description changed")}))(t)
	says(t, "UpdateModel", updated, `{"Description":"changed"}`)
	if got := aws.ToString(did(c.GetModelTemplate(ctx, &apigateway.GetModelTemplateInput{RestApiId: api, ModelName: made.Name}))(t).Value); !strings.Contains(got, `"name"`) {
		t.Errorf("GetModelTemplate = %s", got)
	}
	var names []string
	for _, m := range did(c.GetModels(ctx, &apigateway.GetModelsInput{RestApiId: api}))(t).Items {
		if names = append(names, *m.Name); *m.Name == "Pet" {
			readsBack(t, "GetModels", updated, m)
		}
	}
	if strings.Join(names, " ") != "Empty Error Pet" {
		t.Errorf("GetModels gives %s", names)
	}
	did(c.DeleteModel(ctx, &apigateway.DeleteModelInput{RestApiId: api, ModelName: made.Name}))(t)
	gone[apigateway.GetModelOutput](t, "GetModel of what was deleted")(c.GetModel(ctx, one))

	validator := did(c.CreateRequestValidator(ctx, &apigateway.CreateRequestValidatorInput{RestApiId: api, Name: aws.String("body"), ValidateRequestBody: true}))(t)
	says(t, "CreateRequestValidator", validator, `{"Name":"body","ValidateRequestBody":true,"ValidateRequestParameters":false}`)
	which := &apigateway.GetRequestValidatorInput{RestApiId: api, RequestValidatorId: validator.Id}
	readsBack(t, "GetRequestValidator", validator, did(c.GetRequestValidator(ctx, which))(t))
	changed := did(c.UpdateRequestValidator(ctx, &apigateway.UpdateRequestValidatorInput{RestApiId: api, RequestValidatorId: validator.Id, PatchOperations: patch("replace /validateRequestParameters true")}))(t)
	says(t, "UpdateRequestValidator", changed, `{"ValidateRequestParameters":true}`)
	list := did(c.GetRequestValidators(ctx, &apigateway.GetRequestValidatorsInput{RestApiId: api}))(t)
	if len(list.Items) != 1 {
		t.Fatalf("GetRequestValidators gives %d", len(list.Items))
	}
	readsBack(t, "GetRequestValidators", changed, list.Items[0])
	did(c.DeleteRequestValidator(ctx, &apigateway.DeleteRequestValidatorInput{RestApiId: api, RequestValidatorId: validator.Id}))(t)
	gone[apigateway.GetRequestValidatorOutput](t, "GetRequestValidator of what was deleted")(c.GetRequestValidator(ctx, which))
}

func (c *caller) gatewayResponses(t *testing.T) {
	ctx, kind := t.Context(), types.GatewayResponseTypeThrottled
	api, _, _ := c.newAPI(t, "gateway responses")
	one := &apigateway.GetGatewayResponseInput{RestApiId: api, ResponseType: kind}
	says(t, "GetGatewayResponse", did(c.GetGatewayResponse(ctx, one))(t), `{"ResponseType":"THROTTLED","StatusCode":"429","DefaultResponse":true}`)
	made := did(c.PutGatewayResponse(ctx, &apigateway.PutGatewayResponseInput{
		RestApiId: api, ResponseType: kind, StatusCode: aws.String("503"), ResponseParameters: map[string]string{"gatewayresponse.header.X-A": "'b'"},
		ResponseTemplates: map[string]string{"application/json": `{"m":$context.error.messageString}`},
	}))(t)
	says(t, "PutGatewayResponse", made, `{"StatusCode":"503","DefaultResponse":false,"ResponseParameters":{"gatewayresponse.header.X-A":"'b'"}}`)
	readsBack(t, "GetGatewayResponse", made, did(c.GetGatewayResponse(ctx, one))(t))
	updated := did(c.UpdateGatewayResponse(ctx, &apigateway.UpdateGatewayResponseInput{RestApiId: api, ResponseType: kind, PatchOperations: patch("replace /statusCode 420")}))(t)
	says(t, "UpdateGatewayResponse", updated, `{"StatusCode":"420","ResponseTemplates":{"application/json":"{\"m\":$context.error.messageString}"}}`)
	list := did(c.GetGatewayResponses(ctx, &apigateway.GetGatewayResponsesInput{RestApiId: api}))(t)
	if len(list.Items) != 21 {
		t.Errorf("GetGatewayResponses gives %d", len(list.Items))
	}
	for _, r := range list.Items {
		if r.ResponseType == kind {
			readsBack(t, "GetGatewayResponses", updated, r)
		}
	}
	did(c.DeleteGatewayResponse(ctx, &apigateway.DeleteGatewayResponseInput{RestApiId: api, ResponseType: kind}))(t)
	says(t, "GetGatewayResponse", did(c.GetGatewayResponse(ctx, one))(t), `{"StatusCode":"429","DefaultResponse":true}`)
}
