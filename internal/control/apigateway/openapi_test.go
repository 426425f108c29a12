package apigateway_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/fault"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

const petsDocument = `{"swagger":"2.0","info":{"title":"pets","version":"1"},
 "paths":{"/pets/{id}":{"get":{"parameters":[{"in":"path","name":"id","required":true,"type":"string"}],
   "responses":{"200":{"schema":{"$ref":"#/definitions/Pet"}}},
   "x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"http://127.0.0.1/{id}",
     "requestParameters":{"integration.request.path.id":"method.request.path.id"}}}}},
 "definitions":{"Pet":{"type":"object"}}}`

func TestImportRestApi(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	a, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(petsDocument)})
	if err != nil {
		t.Fatal(err)
	}
	if *a.Name != "pets" || *a.Version != "1" {
		t.Errorf("ImportRestApi = %q version %q, want pets version 1", *a.Name, *a.Version)
	}
	got := paths(t, s, *a.Id)
	if want := "/ /pets /pets/{id}:GET"; got != want {
		t.Errorf("resources = %q, want %q", got, want)
	}
	models, err := s.GetModels(t.Context(), &v1.GetModelsInput{RestApiId: *a.Id})
	if err != nil || len(models.Items) != 1 || *models.Items[0].Name != "Pet" {
		t.Errorf("GetModels = %v, %v, want Pet alone", models, err)
	}
}

func TestPutRestApi(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	a, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(petsDocument)})
	if err != nil {
		t.Fatal(err)
	}
	before := resourceID(t, s, *a.Id, "/pets")
	dogs := strings.NewReplacer(`/pets/{id}`, `/pets/{name}/dogs`, `"id"`, `"name"`, "path.id", "path.name").Replace(petsDocument)
	merge := &v1.PutRestApiInput{RestApiId: *a.Id, Mode: new("merge"), Body: []byte(dogs)}
	const sibling = "Errors found during import:\n\tUnable to create resource at path '/pets/{name}/dogs': A sibling ({id}) of this resource already has a variable path part -- only one is allowed"
	if _, err := s.PutRestApi(t.Context(), merge); !fault.BadRequest.Is(err) || err.Error() != sibling {
		t.Errorf("merge = %v, want %q", err, sibling)
	}
	merge.Mode = new("overwrite")
	if _, err := s.PutRestApi(t.Context(), merge); err != nil {
		t.Fatal(err)
	}
	if got, want := paths(t, s, *a.Id), "/ /pets /pets/{name} /pets/{name}/dogs:GET"; got != want {
		t.Errorf("resources = %q, want %q", got, want)
	}
	if after := resourceID(t, s, *a.Id, "/pets"); after != before {
		t.Errorf("/pets has id %s after the change, want %s as before", after, before)
	}
}

func TestImportRefusals(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	for _, tt := range []struct{ name, body, want string }{
		{"no document", "x", "Invalid OpenAPI input."},
		{"3.1", `{"openapi":"3.1.0","info":{"title":"x"}}`, "Invalid OpenAPI input."},
		{
			"integration", strings.Replace(petsDocument, "http://127.0.0.1/{id}", "nowhere", 1),
			"Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/pets/{id}': Invalid HTTP endpoint specified for URI",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(tt.body)})
			if f, ok := err.(*fault.Error); !ok || f.Message != tt.want { //nolint:errorlint // the handler's own
				t.Errorf("ImportRestApi = %v, want %q", err, tt.want)
			}
			all, err := s.GetRestApis(t.Context(), &v1.GetRestApisInput{})
			if err != nil || len(all.Items) != 0 {
				t.Errorf("GetRestApis = %v, %v: a refused import left something", all, err)
			}
		})
	}
}

// TestImportRefusesAll: a document is told all that is wrong with it at once,
// in the words of the operations that would make its parts.
func TestImportRefusesAll(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	const doc = `{"swagger":"2.0","info":{"title":"wrong"},
	 "x-amazon-apigateway-gateway-responses":{"NOTHING":{},"THROTTLED":{"statusCode":"42"},
	   "DEFAULT_4XX":{"responseParameters":{"gatewayresponse.header.X":"nothing"}}},
	 "securityDefinitions":{"o":{"type":"oauth2"},"a":{"type":"apiKey","in":"header","name":"A","x-amazon-apigateway-authorizer":{"type":"token","authorizerUri":"x"}},
	   "j":{"type":"apiKey","x-amazon-apigateway-authorizer":{"type":"jwt"}}},
	 "definitions":{"pet-like":{"type":"object"}},
	 "paths":{
	  "/a b":{"get":{}},
	  "/p/{x}":{"get":{"x-amazon-apigateway-request-validator":"none"}},
	  "/p/{y}/z":{"get":{}},
	  "/m":{"get":{"responses":{"200":{"schema":{"$ref":"#/definitions/Lost"}}}},
	        "put":{"parameters":[{"in":"body","name":"b","schema":{"$ref":"#/definitions/Lost"}}]},
	        "post":{"responses":{"200":{}},"x-amazon-apigateway-integration":{"type":"mock","responses":{"default":{"statusCode":"200",
	           "responseParameters":{"method.response.header.X":"'x'"}},"x":{"statusCode":"abc"},"y":{"statusCode":"201","responseTemplates":{"?":""}},
	           "z":{"statusCode":"202","contentHandling":"NO"}}}},
	        "patch":{"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"?":""}}},
	        "head":{"x-amazon-apigateway-integration":{"type":"mock","timeoutInMillis":1}},
	        "delete":{"x-amazon-apigateway-integration":{"type":"lambda"}}}}}`
	const want = `Errors found during import:
	Unable to create model for 'pet-like': Model name must be alphanumeric: pet-like
	Unable to create authorizer for 'a': Invalid Authorizer URI: x. Authorizer URI should be a valid API Gateway ARN that represents a Lambda function invocation.
	Unable to create authorizer for 'j': Invalid authorizer type specified. Valid options are TOKEN,REQUEST,COGNITO_USER_POOLS
	Unable to put gateway response 'NOTHING': Invalid gateway response type specified
	Unable to put gateway response 'THROTTLED': Invalid status code specified: 42
	Unable to put gateway response 'DEFAULT_4XX': Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: nothing]
	Unable to create resource at path '/a b': Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.
	Unable to put method 'GET' on resource at path '/p/{x}': Invalid Request Validator identifier specified
	Unable to create resource at path '/p/{y}/z': A sibling ({x}) of this resource already has a variable path part -- only one is allowed
	Unable to put integration on 'DELETE' for resource at path '/m': Invalid integration type specified
	Unable to put method response on 'GET' for resource at path '/m': Invalid model identifier specified: Lost
	Unable to put integration on 'HEAD' for resource at path '/m': Timeout should be between 50 ms and 29000 ms
	Unable to put integration on 'PATCH' for resource at path '/m': Validation Result: warnings : [], errors : [Invalid content type specified: ?]
	Unable to put integration response on 'POST' for resource at path '/m': Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: method.response.header.X]
	Unable to put integration response on 'POST' for resource at path '/m': Invalid status code specified: abc
	Unable to put integration response on 'POST' for resource at path '/m': Validation Result: warnings : [], errors : [Invalid content type specified: ?]
	Unable to put integration response on 'POST' for resource at path '/m': Invalid ContentHandlingStrategy specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT
	Unable to put method 'PUT' on resource at path '/m': Invalid model identifier specified: Lost
Additionally, warnings found during import:
	Unsupported security definition type 'oauth2' for 'o'. Ignoring.`
	_, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(doc)})
	if err == nil {
		t.Fatal("ImportRestApi took it")
	}
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("ImportRestApi (-want +got):\n%s", diff)
	}
}

// TestImportWarnings: warnings are shown, or refused if the caller says so.
func TestImportWarnings(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	const warning = "Unsupported security definition type 'oauth2' for 'o'. Ignoring."
	in := &v1.ImportRestApiInput{Body: []byte(`{"swagger":"2.0","info":{"title":"w"},"securityDefinitions":{"o":{"type":"oauth2"}}}`)}
	a, err := s.ImportRestApi(t.Context(), in)
	if err != nil || !cmp.Equal(a.Warnings, []string{warning}) {
		t.Errorf("ImportRestApi = %+v, %v, want the warning", a, err)
	}
	in.FailOnWarnings = new(true)
	if _, err := s.ImportRestApi(t.Context(), in); err == nil || err.Error() != "Warnings found during import:\n\t"+warning {
		t.Errorf("ImportRestApi with failonwarnings = %v", err)
	}
}

// TestImportSettings: the extensions at the root, and what PutRestApi's modes
// make of them. parity: spec/definitions.md 5.6, 5.8
func TestImportSettings(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	a, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{
		Parameters: map[string]string{"endpointConfigurationTypes": "PRIVATE"},
		Body: []byte(`{"openapi":"3.0.1","info":{"title":"all","version":"1","description":"d"},
		 "servers":[{"url":"https://h/p","x-amazon-apigateway-endpoint-configuration":{"disableExecuteApiEndpoint":true,"vpcEndpointIds":["vpce-1"]}}],
		 "x-amazon-apigateway-api-key-source":"AUTHORIZER","x-amazon-apigateway-binary-media-types":["a/b"],
		 "x-amazon-apigateway-minimum-compression-size":7,"x-amazon-apigateway-endpoint-access-mode":"STRICT",
		 "x-amazon-apigateway-security-policy":"SecurityPolicy_TLS13_1_3_2025_09","x-amazon-apigateway-importexport-version":"1.0",
		 "x-amazon-apigateway-policy":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":["execute-api:/*"]}]},
		 "x-amazon-apigateway-documentation":{"version":"v1"},"paths":{}}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	id := *a.Id
	want := &v1.RestApi{
		Id: &id, Name: new("all"), Version: new("1"), Description: new("d"), CreatedDate: a.CreatedDate, ApiKeySource: new("AUTHORIZER"),
		BinaryMediaTypes: []string{"a/b"}, MinimumCompressionSize: new(int32(7)), EndpointAccessMode: new("STRICT"),
		SecurityPolicy: new("SecurityPolicy_TLS13_1_3_2025_09"), DisableExecuteApiEndpoint: new(true), RootResourceId: a.RootResourceId,
		EndpointConfiguration: &v1.EndpointConfiguration{Types: []string{"PRIVATE"}, IpAddressType: new("dualstack"), VpcEndpointIds: []string{"vpce-1"}},
		Policy: new(strings.ReplaceAll(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",`+
			`"Resource":["arn:aws:execute-api:us-east-1:000000000000:`+id+`/*"]}]}`, `"`, `\"`)),
	}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Errorf("ImportRestApi (-want +got):\n%s", diff)
	}
	v, err := s.GetDocumentationVersion(t.Context(), &v1.GetDocumentationVersionInput{RestApiId: id, DocumentationVersion: "v1"})
	if err != nil || *v.Version != "v1" {
		t.Errorf("GetDocumentationVersion = %v, %v", v, err)
	}
	for _, tt := range []struct {
		mode string
		want []string
	}{{"merge", []string{"a/b", "c/d"}}, {"overwrite", []string{"c/d"}}} {
		a, err := s.PutRestApi(t.Context(), &v1.PutRestApiInput{
			RestApiId: id, Mode: &tt.mode, Body: []byte(`{"swagger":"2.0","info":{"title":"x"},"x-amazon-apigateway-binary-media-types":["c/d"]}`),
		})
		if err != nil || *a.Name != "x" || a.Version != nil || !cmp.Equal(a.BinaryMediaTypes, tt.want) || a.EndpointConfiguration.Types[0] != "PRIVATE" {
			t.Errorf("PutRestApi %s = %+v, %v, want types %v", tt.mode, a, err, tt.want)
		}
	}
	for _, tt := range []struct{ member, want string }{
		{`"x-amazon-apigateway-minimum-compression-size":"much"`, "Invalid minimum compression size, must be between 0 and 10485760"},
		{`"x-amazon-apigateway-api-key-source":"NOWHERE"`, "Invalid ApiKeySourceType specified. Valid options are HEADER,AUTHORIZER"},
		{`"x-amazon-apigateway-policy":{"Version":1}`, "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."},
	} {
		_, err := s.PutRestApi(t.Context(), &v1.PutRestApiInput{RestApiId: id, Body: []byte(`{"swagger":"2.0","info":{"title":"x"},` + tt.member + `}`)})
		if err == nil || err.Error() != tt.want {
			t.Errorf("PutRestApi with %s = %v, want %q", tt.member, err, tt.want)
		}
	}
	bad := &v1.ImportRestApiInput{Parameters: map[string]string{"endpointConfigurationTypes": "LOCAL"}, Body: []byte(petsDocument)}
	if _, err := s.ImportRestApi(t.Context(), bad); err == nil || err.Error() != "Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE" {
		t.Errorf("ImportRestApi of type LOCAL = %v", err)
	}
}

// paths lists an API's resources with their methods.
func paths(t *testing.T, s *apigateway.Service, id string) string {
	t.Helper()
	all, err := s.GetResources(t.Context(), &v1.GetResourcesInput{RestApiId: id, Embed: []string{"methods"}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range all.Items {
		p := *r.Path
		for verb := range r.ResourceMethods {
			p += ":" + verb
		}
		out = append(out, p)
	}
	return strings.Join(out, " ")
}

func resourceID(t *testing.T, s *apigateway.Service, id, path string) string {
	t.Helper()
	all, err := s.GetResources(t.Context(), &v1.GetResourcesInput{RestApiId: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Items {
		if *r.Path == path {
			return *r.Id
		}
	}
	t.Fatalf("no resource at %s", path)
	return ""
}
