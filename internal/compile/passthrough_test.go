package compile_test

import (
	"net/http"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

// TestPassthrough: every cell of the table of passthroughBehavior, and the
// media types that count in it.
// parity: spec/rest-data-plane.md 3.3
func TestPassthrough(t *testing.T) {
	const sent, made, refused = "sent", "made", "415"
	one := map[string]*string{"application/json": new(made)}
	other := map[string]*string{"text/plain": new(made)}
	wild := map[string]*string{"$default": new(made)}
	null := map[string]*string{"application/json": nil}
	empty := map[string]*string{"application/json": new("")}
	for _, tt := range []struct {
		name      string
		templates map[string]*string
		kind      string
		want      [3]string // WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER
	}{
		{"a template", one, "application/json", [3]string{made, made, made}},
		{"a template, with a charset", one, "application/json; charset=utf-8", [3]string{made, made, made}},
		{"a template, in capitals", one, "Application/JSON", [3]string{made, made, made}},
		{"a template, no Content-Type", one, "", [3]string{made, made, made}},
		{"no match", one, "text/plain", [3]string{sent, refused, refused}},
		{"no match, no Content-Type", other, "", [3]string{sent, refused, refused}},
		{"$default", wild, "text/plain", [3]string{made, made, made}},
		{"no templates", nil, "application/json", [3]string{sent, sent, refused}},
		{"a template that is null", null, "application/json", [3]string{sent, sent, sent}},
		{"a template that is empty", empty, "application/json", [3]string{sent, sent, sent}},
		{"no match with one that is null", null, "text/plain", [3]string{sent, refused, refused}},
	} {
		for i, behavior := range []string{"WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER"} {
			t.Run(tt.name+"/"+behavior, func(t *testing.T) {
				url, last := backend(t, nil)
				stage := sketch{methods: map[string]api.Integration{"POST /x": {
					Type: "HTTP", HTTPMethod: new("POST"), URI: &url, PassthroughBehavior: behavior, RequestTemplates: tt.templates,
					Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}},
				}}}.stage(t)
				rest := []string{"Content-Length: 4"}
				if tt.kind != "" {
					rest = append(rest, "Content-Type: "+tt.kind)
				}
				got := send(t, stage, "POST /x", append(rest, sent)...)
				switch {
				case tt.want[i] == refused:
					if got.Status != 415 || got.Body != `{"message": "Unsupported Media Type"}` || last.Line != "" {
						t.Errorf("%d %s, and the back end got %q, want 415", got.Status, got.Body, last.Line)
					}
				case got.Status != 200 || last.Body != tt.want[i]:
					t.Errorf("%d, and the back end got %q, want %q", got.Status, last.Body, tt.want[i])
				}
			})
		}
	}
}

// TestEmptyResponseTemplate: a response template that is null or empty passes
// the integration's answer on.
// parity: developer guide, "Tutorial: Create a REST API using the AWS CLI"
func TestEmptyResponseTemplate(t *testing.T) {
	url, _ := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"a":1}`)) })
	for name, text := range map[string]*string{"null": nil, "empty": new("")} {
		for _, kind := range []string{"HTTP", "MOCK"} {
			in := api.Integration{
				Type: kind, HTTPMethod: new("GET"), URI: &url, RequestTemplates: map[string]*string{"application/json": new(`{"statusCode":200}`)},
				Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": text}}},
			}
			want := `{"a":1}`
			if kind == "MOCK" {
				want = ""
			}
			stage := sketch{methods: map[string]api.Integration{"GET /x": in}}.stage(t)
			if got := send(t, stage, "GET /x"); got.Status != 200 || got.Body != want {
				t.Errorf("%s, %s: %d %q, want %q", name, kind, got.Status, got.Body, want)
			}
		}
	}
}
