package compile_test

import (
	"encoding/base64"
	"net/http"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

// parity: spec/rest-data-plane.md 7.1
func TestRequestBinaryMatrix(t *testing.T) {
	const raw = "\x1f\x8b\xff"
	damaged, encoded := "\x1f\uFFFD\uFFFD", base64.StdEncoding.EncodeToString([]byte(raw))
	url, got := backend(t, nil)
	for _, tt := range []struct {
		handling, sent, body string
		types                []string
		status               int
		want                 string
	}{
		{"", "image/png", raw, nil, 200, damaged},
		{"", "text/plain", raw, []string{"image/png"}, 200, damaged},
		{"", "image/png", raw, []string{"image/png"}, 200, raw},
		{"CONVERT_TO_TEXT", "text/plain", raw, []string{"image/png"}, 200, damaged},
		{"CONVERT_TO_TEXT", "image/png", raw, []string{"image/png"}, 200, encoded},
		{"CONVERT_TO_TEXT", "image/png", encoded, []string{"image/png"}, 200, base64.StdEncoding.EncodeToString([]byte(encoded))},
		{"CONVERT_TO_BINARY", "text/plain", encoded, nil, 200, raw},
		{"CONVERT_TO_BINARY", "text/plain", "not base64", nil, 500, ""},
		{"CONVERT_TO_BINARY", "image/png", raw, []string{"image/png"}, 200, raw},
		{"CONVERT_TO_BINARY", "image/png", encoded, []string{"image/png"}, 200, encoded},
	} {
		in := httpTo("HTTP", "POST", url, nil)
		in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
		if tt.handling != "" {
			in.ContentHandling = &tt.handling
		}
		*got = received{}
		stage := sketch{methods: map[string]api.Integration{"POST /": in}, edit: binary(tt.types...)}.stage(t)
		if r := send(t, stage, "POST /", "Content-Type: "+tt.sent, tt.body); r.Status != tt.status || got.Body != tt.want {
			t.Errorf("%s %s %q: %d, sent %q, want %d %q", tt.handling, tt.sent, tt.types, r.Status, got.Body, tt.status, tt.want)
		}
	}
	// A template that matches meets bytes: 500; one that does not lets them pass.
	in := httpTo("HTTP", "POST", url, nil)
	in.RequestTemplates = map[string]*string{"image/png": new("fixed")}
	in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
	stage := sketch{methods: map[string]api.Integration{"POST /": in}, edit: binary("image/*")}.stage(t)
	if r := send(t, stage, "POST /", "Content-Type: image/png", raw); r.Status != 500 {
		t.Errorf("a template on bytes: %d, want 500", r.Status)
	}
	if r := send(t, stage, "POST /", "Content-Type: image/gif", raw); r.Status != 200 || got.Body != raw {
		t.Errorf("no template for the type: %d, sent %q", r.Status, got.Body)
	}
}

// parity: spec/rest-data-plane.md 7.2
func TestResponseBinaryMatrix(t *testing.T) {
	const raw, text = "\x1f\x8b\xff", "plain"
	damaged, encoded := "\x1f\uFFFD\uFFFD", base64.StdEncoding.EncodeToString([]byte(raw))
	var kind, payload string
	url, _ := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = w.Write([]byte(payload))
	})
	png := []string{"image/png"}
	for _, tt := range []struct {
		types                           []string
		kind, payload, accept, handling string
		status                          int
		want                            string
	}{
		{nil, "image/png", raw, "image/png", "", 200, damaged},
		{nil, "image/png", raw, "image/png", "CONVERT_TO_TEXT", 200, damaged},
		{nil, "text/plain", encoded, "*/*", "CONVERT_TO_BINARY", 200, raw},
		{nil, "text/plain", "no base64", "*/*", "CONVERT_TO_BINARY", 500, internalError},
		{png, "text/plain", text, "text/plain", "", 200, text},
		{png, "text/plain", text, "text/plain", "CONVERT_TO_TEXT", 200, text},
		{png, "text/plain", encoded, "text/plain", "CONVERT_TO_BINARY", 200, raw},
		{png, "text/plain", encoded, "image/png", "", 200, raw},
		{png, "text/plain", "no base64", "image/png", "", 500, internalError},
		{png, "text/plain", encoded, "image/png", "CONVERT_TO_TEXT", 200, encoded},
		{png, "text/plain", encoded, "image/png", "CONVERT_TO_BINARY", 200, raw},
		{png, "image/png", raw, "text/plain", "", 200, encoded},
		{png, "image/png", raw, "text/plain", "CONVERT_TO_TEXT", 200, encoded},
		{png, "image/png", raw, "text/plain", "CONVERT_TO_BINARY", 200, raw},
		{png, "image/png", raw, "image/png", "", 200, raw},
		{png, "image/png", raw, "image/png", "CONVERT_TO_TEXT", 200, encoded},
		{png, "image/png", raw, "image/png", "CONVERT_TO_BINARY", 200, raw},
	} {
		kind, payload = tt.kind, tt.payload
		response := api.IntegrationResponse{StatusCode: "200"}
		if tt.handling != "" {
			response.ContentHandling = &tt.handling
		}
		in := httpTo("HTTP", "GET", url, nil)
		in.Responses = map[string]api.IntegrationResponse{"200": response}
		stage := sketch{methods: map[string]api.Integration{"GET /": in}, edit: binary(tt.types...)}.stage(t)
		if r := send(t, stage, "GET /", "Accept: "+tt.accept); r.Status != tt.status || r.Body != tt.want {
			t.Errorf("%v, payload %s, Accept %s, %q: %d %q, want %d %q", tt.types, tt.kind, tt.accept, tt.handling, r.Status, r.Body, tt.status, tt.want)
		}
		response.ResponseTemplates = map[string]*string{"application/json": new("fixed")}
		in.Responses = map[string]api.IntegrationResponse{"200": response}
		stage = sketch{methods: map[string]api.Integration{"GET /": in}, edit: binary(tt.types...)}.stage(t)
		if r := send(t, stage, "GET /", "Accept: "+tt.accept); (r.Status == 500) != (tt.handling == "CONVERT_TO_BINARY" || tt.handling == "" && tt.accept == "image/png" && tt.types != nil) {
			t.Errorf("with a template, payload %s, Accept %s, %q: %d", tt.kind, tt.accept, tt.handling, r.Status)
		}
	}
}
