package openapi_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/openapi"
)

const described = `
openapi: 3.0.1
info: {title: T, description: about}
tags: [{name: pets}]
components:
  schemas: {Pet: {type: object, description: a pet}}
  securitySchemes: {k: {type: apiKey, in: header, name: x-api-key, description: the key}}
paths:
  /p/{id}:
    description: one pet
    parameters: [{name: id, in: path, required: true, description: which}]
    get:
      summary: s
      description: d
      tags: [pets]
      parameters: [{name: q, in: query, description: how}, {name: H, in: header, description: why}]
      requestBody: {description: what, content: {}}
      responses:
        "200": {description: fine, headers: {X: {description: x, schema: {type: string}}}}
x-amazon-apigateway-documentation:
  version: v1
  documentationParts:
  - {location: {type: METHOD, path: "/p/{id}", method: get}, properties: {summary: told}}
  - {location: {type: RESPONSE_BODY, path: "/p/{id}", method: GET, statusCode: 200}, properties: {description: body}}
  - {location: {type: NOTHING}, properties: {description: lost}}
`

// TestDocumentation: what a document says beside its structure becomes parts;
// the extension has the last word about a place.
func TestDocumentation(t *testing.T) {
	got, err := openapi.Import([]byte(described), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	const path = "/p/{id}"
	at := func(kind, code, name, properties string) openapi.DocumentationPart {
		return openapi.DocumentationPart{Type: kind, Path: path, Method: "GET", StatusCode: code, Name: name, Properties: properties}
	}
	want := &openapi.Documentation{Version: new("v1"), Parts: []openapi.DocumentationPart{
		{Type: "MODEL", Name: "Pet", Properties: `{"description":"a pet"}`},
		{Type: "AUTHORIZER", Name: "k", Properties: `{"description":"the key"}`},
		{Type: "RESOURCE", Path: path, Properties: `{"description":"one pet"}`},
		at("METHOD", "", "", `{"summary":"told"}`),
		at("PATH_PARAMETER", "", "id", `{"description":"which"}`),
		at("QUERY_PARAMETER", "", "q", `{"description":"how"}`),
		at("REQUEST_HEADER", "", "H", `{"description":"why"}`),
		at("REQUEST_BODY", "", "", `{"description":"what"}`),
		at("RESPONSE", "200", "", `{"description":"fine"}`),
		at("RESPONSE_HEADER", "200", "X", `{"description":"x"}`),
		{Type: "API", Properties: `{"info":{"description":"about"},"tags":[{"name":"pets"}]}`},
		at("RESPONSE_BODY", "200", "", `{"description":"body"}`),
	}}
	if diff := cmp.Diff(want, got.Documentation); diff != "" {
		t.Errorf("Documentation (-want +got):\n%s", diff)
	}
	if len(got.Warnings) != 1 || !strings.Contains(got.Warnings[0], "NOTHING") {
		t.Errorf("Warnings = %q, want one about the part of type NOTHING", got.Warnings)
	}
	got, err = openapi.Import([]byte(described), openapi.Options{IgnoreDocumentation: true})
	if err != nil || got.Documentation != nil {
		t.Errorf("Import without documentation = %v, %v", got.Documentation, err)
	}
}

// TestModelText: keywords that API Gateway does not know are dropped, members
// that only look like them are not.
func TestModelText(t *testing.T) {
	for _, tt := range []struct{ name, doc, want string }{
		{
			"swagger", `{"swagger":"2.0","info":{"title":"t"},"definitions":{"M":%s}}`,
			`{"type":"object","properties":{"default":{"type":"integer","format":"int64","minItems":1},"b":{"enum":[{"example":1}]}},"items":[{"a":{}}],"required":["b"]}`,
		},
		{
			"openapi", `{"openapi":"3.0.0","info":{"title":"t"},"components":{"schemas":{"M":%s}}}`,
			`{"type":"object","properties":{"default":{"type":"integer","format":"int64","minItems":1},"b":{"enum":[{"example":1}],"oneOf":[{"type":"string"}]}},"items":[{"a":{}}],"required":["b"]}`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			const schema = `{"type":"object","discriminator":"x","properties":{"default":{"type":"integer","format":"int64","minItems":1,"default":3},
			 "b":{"enum":[{"example":1}],"readOnly":true,"oneOf":[{"type":"string","example":"x"}]}},"items":[{"a":{},"example":2}],"required":["b"]}`
			got, err := openapi.Import([]byte(strings.Replace(tt.doc, "%s", schema, 1)), openapi.Options{})
			if err != nil {
				t.Fatal(err)
			}
			text := strings.Join(strings.Fields(got.Models[0].Text("a")), "")
			if text != tt.want {
				t.Errorf("Text = %s, want %s", text, tt.want)
			}
		})
	}
}

// TestSecurity is the table of spec/definitions.md 5.7.
func TestSecurity(t *testing.T) {
	const schemes = `"k":{"type":"apiKey","in":"header","name":"x-api-key"},
	 "sig":{"type":"apiKey","in":"header","name":"Authorization","x-amazon-apigateway-authtype":"awsSigv4"},
	 "tok":{"type":"apiKey","in":"header","name":"Auth","x-amazon-apigateway-authtype":"oauth2","x-amazon-apigateway-authorizer":{"type":"token","authorizerUri":"u"}},
	 "req":{"type":"apiKey","in":"header","name":"x-api-key","x-amazon-apigateway-authtype":"custom","x-amazon-apigateway-authorizer":{"type":"request","authorizerUri":"u","identitySource":"method.request.header.a, method.request.querystring.b"}},
	 "qry":{"type":"apiKey","in":"query","name":"t","x-amazon-apigateway-authorizer":{"type":"request","authorizerUri":"u"}},
	 "pool":{"type":"apiKey","in":"header","name":"Authorization","x-amazon-apigateway-authtype":"cognito_user_pools","x-amazon-apigateway-authorizer":{"type":"cognito_user_pools","providerARNs":["p"]}},
	 "oauth":{"type":"oauth2"}`
	for _, tt := range []struct{ name, root, op, want string }{
		{"nothing", ``, ``, "NONE"},
		{"key", ``, `"security":[{"k":[]}],`, "NONE key"},
		{"iam", ``, `"security":[{"sig":[]}],`, "AWS_IAM"},
		{"token", ``, `"security":[{"tok":[]}],`, "CUSTOM tok"},
		{"token and key", ``, `"security":[{"tok":[]},{"k":[]}],`, "CUSTOM tok key"},
		{"request with the name of the key", ``, `"security":[{"req":[]}],`, "CUSTOM req"},
		{"pool", ``, `"security":[{"pool":["a/b"]}],`, "COGNITO_USER_POOLS pool a/b"},
		{"the first of two", ``, `"security":[{"pool":["a/b"]},{"tok":[]}],`, "COGNITO_USER_POOLS pool a/b"},
		{"the first of two, signed", ``, `"security":[{"sig":[]},{"tok":[]}],`, "AWS_IAM"},
		{"root", `"security":[{"tok":[]}],`, ``, "CUSTOM tok"},
		{"root replaced by nothing", `"security":[{"tok":[]}],`, `"security":[],`, "NONE"},
		{"auth", ``, `"x-amazon-apigateway-auth":{"type":"aws_iam"},`, "AWS_IAM"},
		{"auth over root", `"security":[{"tok":[]},{"k":[]}],`, `"x-amazon-apigateway-auth":{"type":"NONE"},`, "NONE key"},
		{"authtype of the operation", ``, `"x-amazon-apigateway-authtype":"awsSigv4",`, "AWS_IAM"},
		{"unsupported", ``, `"security":[{"oauth":["s"]}],`, "NONE"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			doc := `{"swagger":"2.0","info":{"title":"t"},"securityDefinitions":{` + schemes + `},` + tt.root + `"paths":{"/":{"get":{` + tt.op + `"responses":{}}}}}`
			a, err := openapi.Import([]byte(doc), openapi.Options{})
			if err != nil {
				t.Fatal(err)
			}
			m := a.Paths[0].Methods[0]
			got := []string{m.AuthorizationType}
			if m.Authorizer != nil {
				got = append(got, *m.Authorizer)
			}
			if got = append(got, m.Scopes...); m.APIKeyRequired {
				got = append(got, "key")
			}
			if text := strings.Join(got, " "); text != tt.want {
				t.Errorf("security = %s, want %s", text, tt.want)
			}
			if want := []string{"Unsupported security definition type 'oauth2' for 'oauth'. Ignoring."}; !cmp.Equal(a.Warnings, want) {
				t.Errorf("Warnings = %q, want %q", a.Warnings, want)
			}
			if len(a.Authorizers) != 4 || *a.Authorizers[2].Identity != "method.request.querystring.t" {
				t.Errorf("Authorizers = %+v", a.Authorizers)
			}
		})
	}
}

// TestBasePath is the table of spec/definitions.md 5.5.
func TestBasePath(t *testing.T) {
	const (
		swagger  = `{"swagger":"2.0","info":{"title":"t"},"basePath":"/a/b/c","paths":{"/e/":{}}}`
		variable = `{"openapi":"3.0.0","info":{"title":"t"},"servers":[{"url":"https://h"},{"url":"https://h/x","variables":{"basePath":{"default":"/base-var"}}}],"paths":{"/test":{}}}`
		url      = `{"openapi":"3.0.0","info":{"title":"t"},"servers":[{"url":"https://h/base-url/part"}],"paths":{"/test":{}}}`
	)
	for _, tt := range []struct{ doc, mode, want string }{
		{swagger, "", "/e"},
		{swagger, "ignore", "/e"},
		{swagger, "prepend", "/a/b/c/e"},
		{swagger, "split", "/b/c/e"},
		{variable, "ignore", "/test"},
		{variable, "prepend", "/base-var/test"},
		{variable, "split", "/test"},
		{url, "ignore", "/test"},
		{url, "prepend", "/base-url/part/test"},
		{url, "split", "/part/test"},
	} {
		got, err := openapi.Import([]byte(tt.doc), openapi.Options{BasePath: tt.mode})
		if err != nil || got.Paths[0].Path != tt.want {
			t.Errorf("Import(%s, %q) = %v, %v, want %s", tt.doc, tt.mode, got, err, tt.want)
		}
	}
}
