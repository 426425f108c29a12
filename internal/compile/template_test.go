package compile_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

// parity: spec/rest-data-plane.md 4.4: overrides come over mapped parameters.
func TestHTTPTemplates(t *testing.T) {
	url, got := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{"x": {"y": 1}}`)) })
	in := httpTo("HTTP", "POST", url+"/{id}?own=1", map[string]string{
		"integration.request.path.id":       "method.request.path.id",
		"integration.request.header.X-Over": "'mapped'",
		"integration.request.querystring.q": "'mapped'",
	})
	in.RequestTemplates = map[string]*string{"application/json": new(
		`#set($context.requestOverride.header.X-Over = "over")#set($context.requestOverride.querystring.q = "over &")` +
			`#set($context.requestOverride.path.id = "a/b"){"n": $input.json('$.n'), "v": "$stageVariables.v"}`,
	)}
	in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{
		"application/json": new(`#set($context.responseOverride.header.X-Out = "out"){"got": $input.json('$.x'), "stage": "$context.stage"}`),
	}}}
	stage := sketch{methods: map[string]api.Integration{"POST /{id}": in}, variables: map[string]string{"v": "1"}}.stage(t)
	r := send(t, stage, "POST /7", "Content-Type: application/json", `{"n": [1, 2]}`)
	if r.Status != 200 || r.Body != `{"got": {"y":1}, "stage": "prod"}` || r.Header("X-Out") != "out" {
		t.Errorf("answer %+v", r)
	}
	if got.Line != "POST /a%2Fb?own=1&q=over%20%26" || got.Header.Get("X-Over") != "over" || got.Body != `{"n": [1,2], "v": "1"}` {
		t.Errorf("sent %+v", got)
	}
}

// A template that fails at the request answers 500; one that sets a header
// that cannot be sent does as well.
func TestTemplateFailures(t *testing.T) {
	url, _ := backend(t, nil)
	for name, template := range map[string]string{
		"line break":  `#set($context.requestOverride.header.X-A = "$input.path('$.evil')")x`,
		"framing":     `#set($context.requestOverride.header.Content-Length = "1")x`,
		"header name": `#set($context.requestOverride.header["X A"] = "1")x`,
	} {
		in := httpTo("HTTP", "POST", url, nil)
		in.RequestTemplates = map[string]*string{"application/json": &template}
		in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
		stage := sketch{methods: map[string]api.Integration{"POST /": in}}.stage(t)
		if r := send(t, stage, "POST /", `{"evil": "a\r\nX-B: c"}`); r.Status != 500 || r.Body != internalError {
			t.Errorf("%s: %+v, want 500", name, r)
		}
	}
	out := mock(`{"statusCode": 200}`, ok200(`#set($context.responseOverride.header.X-A = "$input.params('h')")x`))
	stage := sketch{methods: map[string]api.Integration{"GET /": out}}.stage(t)
	if r := send(t, stage, "GET /?h=a%0d%0aX-B:%20c"); r.Status != 500 || strings.Contains(strings.Join(r.Fields, "\n"), "X-B") {
		t.Errorf("response header: %+v, want 500", r)
	}
}
