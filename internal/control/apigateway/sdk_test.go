package apigateway_test

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// serve puts a script's service on the network.
func (s *script) serve() *httptest.Server {
	s.t.Helper()
	server, err := control.New(control.Config{
		Account: "123456789012", Region: "us-east-1", Log: slog.New(slog.DiscardHandler),
		Services: []control.Service{{Table: apigateway.Table(), Handlers: s.handlers}},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	web := httptest.NewServer(server)
	s.t.Cleanup(web.Close)
	return web
}

// client is Amazon's own client.
func client(web *httptest.Server) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: "us-east-1", BaseEndpoint: aws.String(web.URL), Credentials: credentials.NewStaticCredentialsProvider("a", "b", ""),
		HTTPClient: web.Client(), RetryMaxAttempts: 1,
	})
}

// What goes over the wire, by key and by text.
func TestWire(t *testing.T) {
	s := newMethod(t)
	web := s.serve()
	const pets = `/restapis/$api/resources/$pets/methods/GET`
	for _, tt := range []struct {
		call, body string
		status     int
		kind       string // x-amzn-ErrorType
		want       string
	}{
		{
			"POST /restapis", `{"name":"a"}`, 201, "",
			`{"id":"0000000006","name":"a","createdDate":1760000000,"apiKeySource":"HEADER","endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"disableExecuteApiEndpoint":false,"rootResourceId":"0000000007"}`,
		},
		{"POST /restapis", `{"name":"a","endpointConfiguration":{"types":["wrong"]}}`, 400, "ValidationException", `{"message":"1 validation error detected: Value '[wrong]' at 'createRestApiInput.endpointConfiguration.types' failed to satisfy constraint: Member must satisfy constraint: [Member must satisfy enum value set: [PRIVATE, EDGE, REGIONAL]]"}`},
		{"POST /restapis", `{"name":"a","description":""}`, 400, "BadRequestException", `{"message":"Description cannot be an empty string"}`},
		{"GET /restapis/nope", ``, 404, "NotFoundException", `{"message":"Invalid API identifier specified 123456789012:nope"}`},
		{"GET /restapis?limit=1", ``, 200, "", `{"item":[{"id":"$api","name":"shop","createdDate":1760000000,"apiKeySource":"HEADER","endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"disableExecuteApiEndpoint":false,"rootResourceId":"$root"}],"position":"MDAwMDAwMDAwMQ"}`},
		{"PATCH /restapis/$api", `{"patchOperations":[{"op":"wrong","path":"/name"}]}`, 400, "ValidationException", `{"message":"1 validation error detected: Value 'wrong' at 'updateRestApiInput.patchOperations.1.member.op' failed to satisfy constraint: Member must satisfy enum value set: [add, remove, move, test, replace, copy]"}`},
		{"PATCH /restapis/$api", `{"patchOperations":[{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}]}`, 200, "", `{"id":"$api","name":"shop","createdDate":1760000000,"apiKeySource":"HEADER","endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"disableExecuteApiEndpoint":false,"rootResourceId":"$root","tags":{},"policy":"{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":\\\"*\\\"}]}"}`},
		{"GET /restapis/$api/resources?embed=methods", ``, 200, "", `{"item":[{"id":"$root","path":"/"},{"id":"$pets","parentId":"$root","pathPart":"pets","path":"/pets","resourceMethods":{"GET":{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false,"requestParameters":{"method.request.header.X-Who":true,"method.request.path.id":true,"method.request.querystring.kind":false}}}}]}`},
		{"GET /restapis/$api/resources/$pets", ``, 200, "", `{"id":"$pets","parentId":"$root","pathPart":"pets","path":"/pets","resourceMethods":{"GET":{}}}`},
		{"PUT " + pets + "/responses/200", `{"responseModels":{},"responseParameters":{}}`, 201, "", `{"statusCode":"200","responseModels":{},"responseParameters":{}}`},
		{"PUT " + pets + "/responses/900", `{}`, 400, "ValidationException", `{"message":"1 validation error detected: Value '900' at 'statusCode' failed to satisfy constraint: Member must satisfy regular expression pattern: [1-5]\\d\\d"}`},
		{"PATCH " + pets + "/responses/200", `{"patchOperations":[{"op":"add","path":"/responseModels/application~1json","value":"Empty"}]}`, 201, "", `{"statusCode":"200","responseModels":{"application/json":"Empty"},"responseParameters":{}}`},
		{"PUT " + pets + "/integration", `{"type":"WRONG"}`, 400, "ValidationException", `{"message":"1 validation error detected: Value 'WRONG' at 'putIntegrationInput.type' failed to satisfy constraint: Member must satisfy enum value set: [HTTP, MOCK, AWS_PROXY, HTTP_PROXY, AWS]"}`},
		{"PUT " + pets + "/integration", `{"type":"HTTP_PROXY","httpMethod":"GET","uri":"http://h"}`, 201, "", `{"type":"HTTP_PROXY","httpMethod":"GET","uri":"http://h","connectionType":"INTERNET","timeoutInMillis":29000,"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[]}`},
		{"PUT " + pets + "/integration/responses/200", `{"selectionPattern":"","responseTemplates":{"application/json":""}}`, 201, "", `{"statusCode":"200","selectionPattern":"","responseTemplates":{"application/json":null}}`},
		{"PUT " + pets + "/integration/responses/200", `{"responseTemplates":{}}`, 201, "", `{"statusCode":"200","responseTemplates":{}}`},
		{"GET /restapis/$api/gatewayresponses/wrong", ``, 400, "ValidationException", `{"message":"1 validation error detected: Value 'wrong' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: [REQUEST_TOO_LARGE, RESOURCE_NOT_FOUND, AUTHORIZER_CONFIGURATION_ERROR, MISSING_AUTHENTICATION_TOKEN, BAD_REQUEST_BODY, INVALID_SIGNATURE, INVALID_API_KEY, BAD_REQUEST_PARAMETERS, AUTHORIZER_FAILURE, UNAUTHORIZED, INTEGRATION_TIMEOUT, ACCESS_DENIED, DEFAULT_4XX, DEFAULT_5XX, WAF_FILTERED, QUOTA_EXCEEDED, THROTTLED, API_CONFIGURATION_ERROR, UNSUPPORTED_MEDIA_TYPE, INTEGRATION_FAILURE, EXPIRED_TOKEN]"}`},
		{"PUT /restapis/$api/gatewayresponses/THROTTLED", `{"statusCode":"430"}`, 201, "", `{"responseType":"THROTTLED","statusCode":"430","responseParameters":{},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"},"defaultResponse":false}`},
		{"POST /restapis/$api/deployments", `{"stageName":"prod","description":"d"}`, 201, "", `{"id":"000010","description":"d","createdDate":1760000000}`},
		{"GET /restapis/$api/stages/prod", ``, 200, "", `{"deploymentId":"000010","stageName":"prod","cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","methodSettings":{},"tracingEnabled":false,"createdDate":1760000000,"lastUpdatedDate":1760000000}`},
		{"PUT /tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F$api%2Fstages%2Fprod", `{"tags":{"a":"b"}}`, 204, "", ``},
		{"GET /tags/arn%3Aaws%3Aapigateway%3Aus-east-1%3A%3A%2Frestapis%2F$api%2Fstages%2Fprod", ``, 200, "", `{"tags":{"a":"b"}}`},
		{"DELETE /restapis/$api/deployments/000010", ``, 400, "BadRequestException", `{"message":"Active stages pointing to this deployment must be moved or deleted"}`},
		{"DELETE " + pets + "/integration", ``, 204, "", ``},
		{"DELETE " + pets, ``, 204, "", ``},
		{"DELETE /restapis/$api/stages/prod", ``, 202, "", ``},
		{"DELETE /restapis/$api", ``, 202, "", ``},
		{"GET /account", ``, 200, "", `{"throttleSettings":{"rateLimit":10000.0,"burstLimit":5000},"features":["UsagePlans"],"apiKeyVersion":"4"}`},
	} {
		method, path, _ := strings.Cut(s.fill(tt.call), " ")
		r, err := http.NewRequestWithContext(t.Context(), method, web.URL+path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "application/json")
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=a/20250101/us-east-1/apigateway/aws4_request, SignedHeaders=host, Signature=0")
		answer, err := web.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		got, want := string(body), s.fill(tt.want)
		if want != "" {
			got, want = tidy(t, got), tidy(t, want)
		}
		if diff := cmp.Diff(want, got); diff != "" || answer.StatusCode != tt.status || answer.Header.Get("X-Amzn-Errortype") != tt.kind {
			t.Errorf("%s %s = %d %q, want %d %q (-want +got):\n%s", tt.call, tt.body,
				answer.StatusCode, answer.Header.Get("X-Amzn-Errortype"), tt.status, tt.kind, diff)
		}
	}
}

// Amazon's client makes an API, deploys it, reads all of it back and takes it
// down again.
func TestSDK(t *testing.T) {
	s := newScript(t)
	c, ctx := client(s.serve()), t.Context()
	made, err := c.CreateRestApi(ctx, &sdk.CreateRestApiInput{Name: aws.String("pets"), BinaryMediaTypes: []string{"image/png"}})
	if err != nil {
		t.Fatal(err)
	}
	api := made.Id
	if _, err := c.UpdateRestApi(ctx, &sdk.UpdateRestApiInput{RestApiId: api, PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/policy"), Value: aws.String(`{"Statement":[{"Effect":"Deny","Principal":"*","Action":"*","Resource":"*"}]}`)},
	}}); err != nil {
		t.Fatal(err)
	}
	res, err := c.CreateResource(ctx, &sdk.CreateResourceInput{RestApiId: api, ParentId: made.RootResourceId, PathPart: aws.String("{id}")})
	if err != nil {
		t.Fatal(err)
	}
	verb := aws.String("GET")
	if _, err := c.PutMethod(ctx, &sdk.PutMethodInput{RestApiId: api, ResourceId: res.Id, HttpMethod: verb, AuthorizationType: aws.String("NONE"), RequestParameters: map[string]bool{"method.request.path.id": true}}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.PutIntegration(ctx, &sdk.PutIntegrationInput{
		RestApiId: api, ResourceId: res.Id, HttpMethod: verb, Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.CreateDeployment(ctx, &sdk.CreateDeploymentInput{RestApiId: api, StageName: aws.String("prod"), Variables: map[string]string{"a": "b"}}); err != nil {
		t.Fatal(err)
	}
	stage, err := c.UpdateStage(ctx, &sdk.UpdateStageInput{RestApiId: api, StageName: aws.String("prod"), PatchOperations: []types.PatchOperation{
		{Op: types.OpReplace, Path: aws.String("/~1{id}/GET/throttling/rateLimit"), Value: aws.String("5.5")},
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := stage.MethodSettings["~1{id}/GET"]; got.ThrottlingRateLimit != 5.5 || got.ThrottlingBurstLimit != 5000 || got.CacheTtlInSeconds != 300 {
		t.Errorf("UpdateStage settings = %+v", stage.MethodSettings)
	}
	got, err := c.GetRestApi(ctx, &sdk.GetRestApiInput{RestApiId: api})
	if err != nil {
		t.Fatal(err)
	}
	if want := `{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}`; aws.ToString(got.Policy) != want || !got.CreatedDate.Equal(start.Truncate(1e9)) || got.Tags == nil {
		t.Errorf("GetRestApi = %+v, want the policy %s", got, want)
	}
	_, err = c.GetMethod(ctx, &sdk.GetMethodInput{RestApiId: api, ResourceId: res.Id, HttpMethod: aws.String("PUT")})
	if e, ok := errors.AsType[*types.NotFoundException](err); !ok || aws.ToString(e.Message) != "Invalid Method identifier specified" {
		t.Errorf("GetMethod of a method that is not there: %v", err)
	}
	_, err = c.PutMethod(ctx, &sdk.PutMethodInput{RestApiId: api, ResourceId: res.Id, HttpMethod: verb, AuthorizationType: aws.String("NONE")})
	if _, ok := errors.AsType[*types.ConflictException](err); !ok {
		t.Errorf("PutMethod of a method that is there: %v", err)
	}
	pages := sdk.NewGetResourcesPaginator(c, &sdk.GetResourcesInput{RestApiId: api, Limit: aws.Int32(1), Embed: []string{"methods"}})
	var paths []string
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, item := range page.Items {
			paths = append(paths, *item.Path)
		}
	}
	if diff := cmp.Diff([]string{"/", "/{id}"}, paths); diff != "" {
		t.Errorf("pages of resources (-want +got):\n%s", diff)
	}
	if _, err := c.DeleteRestApi(ctx, &sdk.DeleteRestApiInput{RestApiId: api}); err != nil {
		t.Fatal(err)
	}
}
