package openapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v4"
	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/engine/openapi"
)

const exported = `
swagger: "2.0"
info: {title: Pets, version: "1", description: d}
x-amazon-apigateway-request-validators: {all: {validateRequestBody: true, validateRequestParameters: false}}
x-amazon-apigateway-minimum-compression-size: 5
securityDefinitions:
  key: {type: apiKey, in: header, name: x-api-key}
  tok: {type: apiKey, in: header, name: Auth, x-amazon-apigateway-authtype: custom,
        x-amazon-apigateway-authorizer: {type: token, authorizerUri: "arn:x", authorizerResultTtlInSeconds: 60}}
definitions:
  Pet: {$schema: s, type: object, properties: {owner: {$ref: "#/definitions/Owner"}}, required: [a, b]}
  Owner: {type: object}
paths:
  /pets/{id}:
    get:
      operationId: getPet
      security: [{tok: []}, {key: []}]
      parameters: [{name: id, in: path, required: true}, {name: v, in: query}, {in: body, name: b, schema: {$ref: "#/definitions/Pet"}}]
      responses: {200: {schema: {$ref: "#/definitions/Pet"}, headers: {X-Y: {type: string}}}, 404: {}}
      x-amazon-apigateway-request-validator: all
      x-amazon-apigateway-integration:
        type: MOCK
        requestTemplates: {application/json: "{\"statusCode\": 200}"}
        passthroughBehavior: when_no_match
        responses: {default: {statusCode: 200}, 4..: {statusCode: 404, responseParameters: {a: "'b'"}, responseTemplates: {application/json: }}}
`

// TestExport holds exports to the recorded form. parity: spec/definitions.md 5.10
func TestExport(t *testing.T) {
	a, err := openapi.Import([]byte(exported), openapi.Options{IgnoreDocumentation: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		opt  openapi.ExportOptions
	}{
		{"swagger.json", openapi.ExportOptions{Kind: openapi.Swagger}},
		{"oas30.json", openapi.ExportOptions{Kind: openapi.OAS30}},
		{"extended.yaml", openapi.ExportOptions{Kind: openapi.OAS30, Extensions: []string{"apigateway"}, YAML: true}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.opt.Host, tt.opt.Stage = "h", "prod"
			want, err := os.ReadFile(filepath.Join("testdata", "export", tt.name))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimSpace(string(want)), strings.TrimSpace(string(openapi.Export(a, tt.opt)))); diff != "" {
				t.Errorf("Export (-want +got):\n%s", diff)
			}
		})
	}
}

// TestExportExtensions: which extensions bring what.
func TestExportExtensions(t *testing.T) {
	a, err := openapi.Import([]byte(exported), openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		extensions string
		want       string
	}{
		{"", ""},
		{"postman", ""},
		{"integrations", "integration"},
		{"authorizers", "authorizer authtype"},
		{"integrations,authorizers", "authorizer authtype integration"},
		{"documentation", "documentation"},
		{"apigateway", "authorizer authtype documentation integration minimum-compression-size request-validator request-validators"},
	} {
		for _, kind := range []string{openapi.Swagger, openapi.OAS30} {
			text := openapi.Export(a, openapi.ExportOptions{Kind: kind, Extensions: strings.Split(tt.extensions, ",")})
			var got []string
			for name := range strings.FieldsSeq("any-method authorizer authtype documentation integration minimum-compression-size request-validator request-validators") {
				if strings.Contains(string(text), `"x-amazon-apigateway-`+name+`"`) {
					got = append(got, name)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("%s with %q has %q, want %q", kind, tt.extensions, got, tt.want)
			}
		}
	}
}

// TestExportRoundTrip: what is written with all extensions is read as the same
// API, whatever the API, in both kinds and both notations.
func TestExportRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]string{openapi.Swagger, openapi.OAS30}).Draw(t, "kind")
		want := anAPI(t, kind)
		opt := openapi.ExportOptions{Kind: kind, Extensions: []string{"apigateway"}, Host: "h", Stage: "s"}
		text := openapi.Export(want, opt)
		opt.YAML = true
		for _, doc := range [][]byte{text, openapi.Export(want, opt)} {
			got, err := openapi.Import(doc, openapi.Options{IgnoreDocumentation: true})
			if err != nil {
				t.Fatalf("Import(%s) = %v", doc, err)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(openapi.Model{}), cmpopts.EquateEmpty()); diff != "" {
				t.Fatalf("Import(Export) (-want +got):\n%s\n%s", diff, doc)
			}
			for i, m := range want.Models {
				if w, g := m.Text("a"), got.Models[i].Text("a"); !sameJSON(w, g) {
					t.Fatalf("model %s = %s, want %s", m.Name, g, w)
				}
			}
		}
	})
}

// FuzzYAML: the YAML of a value is read as the value. Every JSON text that
// fits into a model is one.
func FuzzYAML(f *testing.F) {
	f.Add(`{"a":[{"b":[]},[1,[2]],{}],"no":"yes","x: y":"#\u0000\u0085\ufeff","":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 500 || !json.Valid([]byte(text)) || strings.Contains(text, "$") {
			return
		}
		a := &openapi.API{Title: "t", Models: []openapi.Model{openapi.NewModel("M", nil, text)}}
		var fromJSON, fromYAML any
		opt := openapi.ExportOptions{Kind: openapi.Swagger}
		if err := json.Unmarshal(openapi.Export(a, opt), &fromJSON); err != nil {
			t.Fatal(err)
		}
		opt.YAML = true
		doc := openapi.Export(a, opt)
		if err := yaml.Unmarshal(doc, &fromYAML); err != nil {
			t.Fatalf("%v in\n%s", err, doc)
		}
		want, _ := json.Marshal(fromJSON)
		if got, _ := json.Marshal(stringKeys(fromYAML)); !sameJSON(string(got), string(want)) {
			t.Fatalf("YAML is read as %s, want %s, from\n%s", got, want, doc)
		}
	})
}

// sameJSON compares JSON texts, in which numbers may be spelled differently.
func sameJSON(a, b string) bool {
	var x, y any
	return json.Unmarshal([]byte(a), &x) == nil && json.Unmarshal([]byte(b), &y) == nil && cmp.Equal(x, y)
}

func stringKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		out := map[string]any{}
		for k, e := range v {
			out[fmt.Sprint(k)] = stringKeys(e)
		}
		return out
	case map[string]any:
		for k := range v {
			v[k] = stringKeys(v[k])
		}
	case []any:
		for i := range v {
			v[i] = stringKeys(v[i])
		}
	}
	return v
}

// TestExportOfAWS: a document that API Gateway wrote is written again as it was:
// its members come in the same order, at every depth, and its names are quoted
// alike. Paths are in an order of their own there, and long texts are folded.
func TestExportOfAWS(t *testing.T) {
	doc := shared(t, "conformance/templates/03-dynamodb/restapi/api.yaml")
	text := regexp.MustCompile(`\{"Fn::Sub": ("(?s:.*?[^\\])")\}|\n +Fn::GetAtt: \[.*\]`).ReplaceAll(doc, []byte(` "x"`))
	a, err := openapi.Import(text, openapi.Options{})
	if err != nil {
		t.Fatal(err)
	}
	names := regexp.MustCompile(`(?m)^ *(?:- )?[^\s"#][^"\n]*?:|^ *(?:- )?"[0-9.]+":`)
	order := func(text []byte) string {
		var out []string
		for _, n := range names.FindAllString(string(text), -1) {
			if !strings.HasPrefix(n, "servers") {
				out = append(out, n)
			}
		}
		return strings.Join(out, "\n")
	}
	got := openapi.Export(a, openapi.ExportOptions{Kind: openapi.OAS30, Extensions: []string{"integrations", "apigateway"}, YAML: true})
	got = regexp.MustCompile(`(?s)servers:.*?(\npaths:)`).ReplaceAll(got, []byte("$1"))
	got = regexp.MustCompile(`(?s)x-amazon-apigateway-documentation:.*`).ReplaceAll(got, nil)
	if diff := cmp.Diff(order(text), order(got)); diff != "" {
		t.Errorf("Export (-want +got):\n%s", diff)
	}
}
