package openapi_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/stagedoor/stagedoor/internal/engine/openapi"
)

const pets = `
swagger: "2.0"
info: {title: Pets, version: "1", description: d}
basePath: /v1/shop
x-amazon-apigateway-api-key-source: AUTHORIZER
x-amazon-apigateway-binary-media-types: [image/png]
x-amazon-apigateway-policy: {Version: "2012-10-17", Statement: []}
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true, validateRequestParameters: true}}
x-amazon-apigateway-request-validator: all
x-amazon-apigateway-gateway-responses:
  DEFAULT_4XX: {statusCode: 444, responseParameters: {gatewayresponse.header.X: "'a'"}, responseTemplates: {application/json: "{}"}}
securityDefinitions:
  key: {type: apiKey, in: header, name: x-api-key}
  sig: {type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: awsSigv4}
  tok: {type: apiKey, in: header, name: Auth, x-amazon-apigateway-authtype: custom,
        x-amazon-apigateway-authorizer: {type: token, authorizerUri: "arn:${AWS::Partition}:x", authorizerResultTtlInSeconds: "60"}}
definitions:
  Pet: {type: object, description: a pet, properties: {owner: {$ref: "#/definitions/Owner"}}}
  Owner: {type: object}
paths:
  /pets/{id}/:
    parameters: [{name: id, in: path, required: true, type: string}, {name: v, in: query, type: string}]
    get:
      operationId: getPet
      security: [{tok: []}, {key: []}]
      responses:
        200: {description: ok, schema: {$ref: "#/definitions/Pet"}, headers: {X-Y: {type: string}}}
        default: {description: no}
      x-amazon-apigateway-integration:
        type: http_proxy
        httpMethod: GET
        uri: http://h/{id}
        requestParameters: {integration.request.path.id: method.request.path.id, integration.request.header.bad: true}
        responses: {default: {statusCode: 200}, "4..": {statusCode: "400", responseTemplates: {application/json: }}}
    x-amazon-apigateway-any-method:
      security: [{sig: []}]
      consumes: [text/x]
      parameters: [{in: body, name: b, schema: {$ref: "#/definitions/Pet"}}]
`

func TestImport(t *testing.T) {
	got, err := openapi.Import([]byte(pets), openapi.Options{
		BasePath:  openapi.BasePathSplit,
		Variables: map[string]string{"AWS::Partition": "aws"},
	})
	if err != nil {
		t.Fatal(err)
	}
	all, tok := "all", "tok"
	want := &openapi.API{
		Title: "Pets", Version: new("1"), Description: new("d"), APIKeySource: new("AUTHORIZER"),
		Policy:           new(`{"Version":"2012-10-17","Statement":[]}`),
		BinaryMediaTypes: []string{"image/png"},
		Models:           []openapi.Model{{Name: "Pet", Description: new("a pet")}, {Name: "Owner"}},
		Validators:       []openapi.Validator{{Name: "all", Body: true, Parameters: true}},
		Authorizers: []openapi.Authorizer{{
			Name: "tok", Type: "TOKEN", AuthType: new("custom"), URI: new("arn:aws:x"),
			Identity: new("method.request.header.Auth"), TTLSeconds: new(int32(60)),
		}},
		GatewayResponses: []openapi.GatewayResponse{{
			Type: "DEFAULT_4XX", StatusCode: new("444"),
			Parameters: map[string]string{"gatewayresponse.header.X": "'a'"}, Templates: map[string]string{"application/json": "{}"},
		}},
		Paths: []openapi.Path{{Path: "/shop/pets/{id}", Methods: []openapi.Method{{
			HTTPMethod: "ANY", AuthorizationType: "AWS_IAM", Validator: &all,
			RequestParameters: map[string]bool{"method.request.path.id": true, "method.request.querystring.v": false},
			RequestModels:     map[string]string{"text/x": "Pet"},
		}, {
			HTTPMethod: "GET", OperationName: new("getPet"), AuthorizationType: "CUSTOM", Authorizer: &tok, APIKeyRequired: true, Validator: &all,
			RequestParameters: map[string]bool{"method.request.path.id": true, "method.request.querystring.v": false},
			Responses: []openapi.Response{{
				StatusCode: "200", Parameters: map[string]bool{"method.response.header.X-Y": false},
				Models: map[string]string{"application/json": "Pet"},
			}},
			Integration: &openapi.Integration{
				Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: new("http://h/{id}"),
				RequestParameters: map[string]string{"integration.request.path.id": "method.request.path.id"},
				Responses: []openapi.IntegrationResponse{
					{StatusCode: "200"},
					{SelectionPattern: new("4.."), StatusCode: "400", Templates: map[string]*string{"application/json": nil}},
				},
			},
		}}}},
		Documentation: &openapi.Documentation{Parts: []openapi.DocumentationPart{
			{Type: "MODEL", Name: "Pet", Properties: `{"description":"a pet"}`},
			{Type: "RESPONSE", Path: "/shop/pets/{id}", Method: "GET", StatusCode: "200", Properties: `{"description":"ok"}`},
			{Type: "API", Properties: `{"info":{"description":"d"}}`},
		}},
		Warnings: []string{"Invalid format for 'requestParameters'. Expected type string for property 'integration.request.header.bad' of resource '/shop/pets/{id}' and method 'GET' but got 'true'"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(openapi.Model{})); diff != "" {
		t.Errorf("Import (-want +got):\n%s", diff)
	}
	const text = `{
  "type" : "object",
  "description" : "a pet",
  "properties" : {
    "owner" : {
      "$ref" : "https://apigateway.amazonaws.com/restapis/a1/models/Owner"
    }
  }
}`
	if got := got.Models[0].Text("a1"); got != text {
		t.Errorf("Text = %s, want %s", got, text)
	}
}

func TestImportV3(t *testing.T) {
	got, err := openapi.Import([]byte(`{"openapi":"3.0.1","info":{"title":"T"},
	 "servers":[{"url":"https://h/{basePath}","variables":{"basePath":{"default":"/a/b"}}}],
	 "security":[{"c":["s1"]}],
	 "components":{
	  "securitySchemes":{"c":{"type":"apiKey","in":"header","name":"Authorization","x-amazon-apigateway-authtype":"cognito_user_pools",
	    "x-amazon-apigateway-authorizer":{"type":"cognito_user_pools","providerARNs":["arn:p"]}}},
	  "x-amazon-apigateway-integrations":{"i":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\":200}"}}}},
	 "paths":{"/x":{"post":{"requestBody":{"content":{"application/json":{"schema":{"type":"object"}}}},
	   "responses":{"201":{"content":{"text/plain":{"schema":{"type":"object"}}}}},
	   "x-amazon-apigateway-integration":{"$ref":"#/components/x-amazon-apigateway-integrations/i"}}}}}`),
		openapi.Options{BasePath: openapi.BasePathPrepend})
	if err != nil {
		t.Fatal(err)
	}
	c := "c"
	want := []openapi.Path{{Path: "/a/b/x", Methods: []openapi.Method{{
		HTTPMethod: "POST", AuthorizationType: "COGNITO_USER_POOLS", Authorizer: &c, Scopes: []string{"s1"},
		RequestModels: map[string]string{"application/json": "MODELa2c799"},
		Responses:     []openapi.Response{{StatusCode: "201", Models: map[string]string{"text/plain": "MODELa2c799"}}},
		Integration:   &openapi.Integration{Type: "MOCK", RequestTemplates: map[string]*string{"application/json": new(`{"statusCode":200}`)}},
	}}}}
	if diff := cmp.Diff(want, got.Paths); diff != "" {
		t.Errorf("Import (-want +got):\n%s", diff)
	}
}

func TestImportRefuses(t *testing.T) {
	for _, doc := range []string{"", "x", "[]", "{}", `{"openapi":"3.1.0"}`, `{"swagger":"1.2"}`, "a: &a [*a]"} {
		if _, err := openapi.Import([]byte(doc), openapi.Options{}); !errors.Is(err, openapi.ErrInvalid) {
			t.Errorf("Import(%q) = %v, want ErrInvalid", doc, err)
		}
	}
}

// TestBarePath: a path without its slash is taken, with a warning.
func TestBarePath(t *testing.T) {
	got, err := openapi.Import([]byte("swagger: '2.0'\npaths: {x: {get: {}}}"), openapi.Options{})
	want := []string{"Parse issue: attribute paths. Resource x should start with /"}
	if err != nil || got.Paths[0].Path != "/x" || !cmp.Equal(got.Warnings, want) {
		t.Errorf("Import = %+v, %v, want /x and %q", got, err, want)
	}
}

// TestRangesOfStatus: a response for a range of codes is told of and left out; it
// would be a method response with a status that no call may give it.
func TestRangesOfStatus(t *testing.T) {
	got, err := openapi.Import([]byte(`{"openapi":"3.0.1","info":{"title":"t"},"paths":{"/p":{"get":{"responses":
		{"200":{},"4XX":{},"2ab":{},"x-y":{},"600":{},"default":{}}}}}}`), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, code := range []string{"4XX", "2ab", "600"} {
		want = append(want, "Unsupported response code '"+code+"' of resource '/p' and method 'GET'. Ignoring.")
	}
	if r := got.Paths[0].Methods[0].Responses; len(r) != 1 || r[0].StatusCode != "200" || !cmp.Equal(got.Warnings, want) {
		t.Errorf("Import = %+v with %q, want 200 with %q", r, got.Warnings, want)
	}
}

// TestLostReferences: a reference that leads nowhere is told of once, wherever it
// stands, and what refers to it counts as empty. Such a document brought the reader down.
func TestLostReferences(t *testing.T) {
	for _, at := range []string{
		`"parameters":[%s]`, `"responses":{"200":%s}`, `"responses":{"200":{"headers":{"H":%s}}}`,
		`"requestBody":%s`, `"x-amazon-apigateway-integration":%s`,
	} {
		for _, ref := range []string{"#/nope", "#/paths/~1p/get/x", "#/components/", "other.yaml#/x", "#/loop"} {
			doc := `{"openapi":"3.0.1","info":{"title":"t"},"loop":{"$ref":"#/loop"},"paths":{"/p":{"get":{` + fmt.Sprintf(at, `{"$ref":"`+ref+`"}`) + `}}}}`
			got, err := openapi.Import([]byte(doc), openapi.Options{})
			if err != nil {
				t.Errorf("Import(%s) = %v", doc, err)
				continue
			}
			want := []string{"Parse issue: the reference '" + ref + "' leads nowhere"}
			if m := got.Paths[0].Methods[0]; !cmp.Equal(got.Warnings, want) || m.Integration != nil || m.RequestParameters != nil || m.RequestModels != nil {
				t.Errorf("Import(%s) = %+v with %q, want %q", doc, m, got.Warnings, want)
			}
		}
	}
}

// FuzzImport: no document makes the reader fail in another way than with
// ErrInvalid, and every text that it hands out is JSON.
func FuzzImport(f *testing.F) {
	f.Add([]byte(pets))
	f.Add([]byte(`{"openapi":"3.0.0","paths":{"/":{"get":{}}}}`))
	f.Add([]byte(`{"openapi":"3.0.0","a":{"$ref":"#/b"},"paths":{"/":{"get":{"parameters":[{"$ref":"#/a"}]}}}}`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := openapi.Import(doc, openapi.Options{BasePath: openapi.BasePathPrepend})
		if err != nil {
			if !errors.Is(err, openapi.ErrInvalid) {
				t.Fatalf("Import = %v, want ErrInvalid", err)
			}
			return
		}
		for _, m := range got.Models {
			if text := m.Text("x"); !json.Valid([]byte(text)) && text[0] == '{' {
				t.Fatalf("model %q is not JSON: %s", m.Name, text)
			}
		}
		for _, p := range got.Paths {
			if p.Path == "" || p.Path[0] != '/' {
				t.Fatalf("path %q", p.Path)
			}
		}
	})
}
