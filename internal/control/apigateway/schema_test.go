package apigateway_test

import (
	"encoding/base64"
	"strconv"
	"testing"
)

// TestModelSchema holds CreateModel, UpdateModel and imports to the same
// schemas.
func TestModelSchema(t *testing.T) {
	const (
		invalid   = "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]"
		canonical = "Invalid model specified: Validation Result: warnings : [], errors : [Model reference must be in canonical form]"
		models    = "https://apigateway.amazonaws.com/restapis/$api/models/"
	)
	for _, tt := range []struct{ name, schema, want string }{
		{"nothing asked", `{}`, ""},
		{"a type", `{"type":"object","properties":{"a":{"type":"integer"}}}`, ""},
		{"a definition", `{"definitions":{"x":{}},"items":{"$ref":"#/definitions/x"}}`, ""},
		{"itself", `{"items":{"$ref":"#"}}`, ""},
		{"another model", `{"items":{"$ref":"` + models + `Error"}}`, ""},
		{"a model to come", `{"items":{"$ref":"` + models + `Later"}}`, ""},
		{"a part of a model", `{"items":{"$ref":"` + models + `Error#/properties/message"}}`, ""},
		{"no such part", `{"items":{"$ref":"` + models + `Error#/properties/nope"}}`, invalid},
		{"no such definition", `{"items":{"$ref":"#/definitions/x"}}`, invalid},
		{"no such type", `{"type":"pet"}`, invalid},
		{"a pattern that is none", `{"pattern":"("}`, invalid},
		{"a list", `[]`, invalid},
		{"a text", `"x"`, invalid},
		{"a name alone", `{"$ref":"Error"}`, canonical},
		{"another host", `{"properties":{"a":{"oneOf":[{"$ref":"https://example.com/x"}]}}}`, canonical},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newAPI(t)
			schema := strconv.Quote(tt.schema)
			s.make("", "CreateModel", `{"restApiId":"$api","name":"Old","contentType":"application/json","schema":"{}"}`)
			created := s.call("CreateModel", `{"restApiId":"$api","name":"New","contentType":"application/json","schema":`+schema+`}`)
			patched := s.call("UpdateModel", `{"restApiId":"$api","modelName":"Old","patchOperations":[{"op":"replace","path":"/schema","value":`+schema+`}]}`)
			s.make("", "CreateModel", `{"restApiId":"$api","name":"Text","contentType":"application/xml","schema":`+schema+`}`)
			for op, got := range map[string]string{"CreateModel": created, "UpdateModel": patched} {
				if ok := got[0] == '{'; ok != (tt.want == "") || !ok && got != "400 "+tt.want {
					t.Errorf("%s(%s) = %s, want %q", op, tt.schema, got, tt.want)
				}
			}
		})
	}
	newScript(t).play([]step{{
		"ImportRestApi", `{"body":"` + base64.StdEncoding.EncodeToString([]byte(`{"swagger":"2.0","info":{"title":"t"},"definitions":{"A":{"type":"pet"},"B":{"items":{"$ref":"#/definitions/A"}},"C":{"items":{"$ref":"http://x/y"}}}}`)) + `"}`,
		"400 Errors found during import:\n\tUnable to create model for 'A': " + invalid + "\n\tUnable to create model for 'C': " + canonical,
	}})
}
