package compile_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

func responses(all ...api.GatewayResponse) func(*snapshot.REST) {
	return func(s *snapshot.REST) { s.GatewayResponses = all }
}

// parity: spec/rest-data-plane.md 6.2
func TestGatewayResponsesInherit(t *testing.T) {
	broken := map[string]api.Integration{"GET /broken": {}, "GET /late": lambdaProxy(), "GET /bad": lambdaProxy()}
	stage := func(all ...api.GatewayResponse) func(path string) programtest.Result {
		s := sketch{methods: broken, edit: responses(all...), functions: returns("nonsense")}.stage(t)
		return func(path string) programtest.Result { return send(t, s, "GET "+path) }
	}
	get := stage(
		api.GatewayResponse{Type: "DEFAULT_5XX", StatusCode: new("599"), Parameters: map[string]string{"gatewayresponse.header.X-Five": "'5'"}, Templates: map[string]string{"application/json": `{"five":$context.error.messageString}`}},
		api.GatewayResponse{Type: "DEFAULT_4XX", Templates: map[string]string{"text/plain": "four $context.error.message ($context.error.responseType)"}},
	)
	if r := get("/broken"); r.Status != 599 || r.Body != `{"five":"Internal server error"}` || r.Header("X-Five") != "5" || r.Header("x-amzn-errortype") != "InternalServerErrorException" || r.Header("x-amzn-requestid") == "" {
		t.Errorf("a 5XX type that was not set: %+v", r)
	}
	if r := get("/bad"); r.Status != 599 || r.Body != `{"five":"Internal server error"}` { // parity: 6.3, last row
		t.Errorf("a malformed answer: %+v", r)
	}
	if r := get("/nowhere"); r.Status != 403 || r.Body != "four Missing Authentication Token (MISSING_AUTHENTICATION_TOKEN)" || r.Header("Content-Type") != "text/plain" {
		t.Errorf("a 4XX type that was not set: %+v", r)
	}
	get = stage(
		api.GatewayResponse{Type: "DEFAULT_5XX", StatusCode: new("599"), Templates: map[string]string{"application/json": "five"}},
		api.GatewayResponse{Type: "API_CONFIGURATION_ERROR"},
		api.GatewayResponse{Type: "MISSING_AUTHENTICATION_TOKEN", StatusCode: new("404")},
	)
	if r := get("/broken"); r.Status != 500 || r.Body != `{"message":"Internal server error"}` {
		t.Errorf("a type that was set: %+v, want its own status and the factory's template", r)
	}
	if r := get("/nowhere"); r.Status != 404 || r.Body != `{"message":"Missing Authentication Token"}` {
		t.Errorf("no such route: %+v", r)
	}
}

// TestGatewayResponsePlaces: what a template of SAM says of paths and of queries is
// taken and means nothing. parity: spec/definitions.md 6.3.4
func TestGatewayResponsePlaces(t *testing.T) {
	stage := sketch{methods: map[string]api.Integration{"GET /": {}}, edit: responses(api.GatewayResponse{
		Type: "MISSING_AUTHENTICATION_TOKEN", Parameters: map[string]string{
			"gatewayresponse.header.X-A": "'a'", "gatewayresponse.path.P": "'p'", "gatewayresponse.querystring.Q": "'q'",
		},
	})}.stage(t)
	if r := send(t, stage, "GET /x"); r.Status != 403 || r.Header("X-A") != "a" || r.Header("P") != "" || r.Header("Q") != "" {
		t.Errorf("GET /x = %+v, want 403 with X-A alone", r)
	}
}

// parity: spec/rest-data-plane.md 6.3
func TestGatewayResponseTemplates(t *testing.T) {
	for _, tt := range []struct{ template, want string }{
		{"plain", "plain"},
		{"$context.error.message", "Missing Authentication Token"},
		{"$context.error.messageString", `"Missing Authentication Token"`},
		{"$context.error.message.", "Missing Authentication Token."},
		{"$context.httpMethod $context.path $context.nothing|", "GET /prod/x?no |"},
		{"$context.stage/$context.apiId", "prod/abc123"},
		{"$stageVariables.v-$stageVariables.none-", "1--"},
		{"$method.request.header.X-A,$method.request.querystring.q,$method.request.path.p,", "head,query,,"},
		{"#if(true)$x#end ${context.stage} $ $$context.stage", "#if(true)$x#end ${context.stage} $ $prod"},
		{"$context", "$context"},
		{"$input.body", "$input.body"},
		{"$method.request.body", "$method.request.body"},
		{"", ""},
	} {
		stage := sketch{methods: map[string]api.Integration{"GET /": {}}, variables: map[string]string{"v": "1"}, edit: responses(
			api.GatewayResponse{Type: "MISSING_AUTHENTICATION_TOKEN", Templates: map[string]string{"application/json": tt.template}},
		)}.stage(t)
		want := strings.ReplaceAll(tt.want, "?no", "")
		if r := send(t, stage, "GET /x?q=query", "X-A: head"); r.Body != want {
			t.Errorf("%s: %q, want %q", tt.template, r.Body, want)
		}
	}
}

func TestGatewayResponseHeaders(t *testing.T) {
	stage := sketch{methods: map[string]api.Integration{"GET /": {}}, edit: responses(api.GatewayResponse{
		Type: "DEFAULT_4XX", Parameters: map[string]string{
			"gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
			"gatewayresponse.header.X-Id":                        "context.requestId",
			"gatewayresponse.header.X-Echo":                      "method.request.querystring.q",
			"gatewayresponse.header.X-None":                      "method.request.header.X-None",
			"gatewayresponse.header.Server":                      "'mine'",
			"gatewayresponse.header.Transfer-Encoding":           "'chunked'",
			"gatewayresponse.header.Content-Type":                "'text/x'",
		}, Templates: map[string]string{"application/json": "json", "text/html": "html"},
	})}.stage(t)
	x := request(t, stage, "GET /x?q=a")
	r := programtest.Play(t, x)
	for name, want := range map[string]string{
		"Access-Control-Allow-Origin": "*", "X-Id": string(x.ID[:]), "X-Echo": "a", "X-None": "", "Server": "", "x-amzn-Remapped-Server": "mine",
		"Transfer-Encoding": "", "Content-Type": "text/x",
	} {
		if got := r.Header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for accept, want := range map[string]string{"text/html": "html", "text/plain": "json", "": "json"} {
		if r := send(t, stage, "GET /x", "Accept: "+accept); r.Body != want {
			t.Errorf("Accept %q: %s, want %s", accept, r.Body, want)
		}
	}
	// A line break never gets out: the answer falls back to the one nobody customised.
	r = send(t, stage, "GET /x?q=a%0d%0aX-Evil:%201")
	if r.Status != 403 || r.Body != `{"message":"Missing Authentication Token"}` || r.Header("X-Echo") != "" || r.Header("Access-Control-Allow-Origin") != "" {
		t.Errorf("with a line break: %+v", r)
	}
}

func TestRequestTooLarge(t *testing.T) {
	in := mock(`{"statusCode":200}`, ok200("x"))
	stage := sketch{methods: map[string]api.Integration{"POST /": in}, edit: responses(
		api.GatewayResponse{Type: "REQUEST_TOO_LARGE", StatusCode: new("400")}, api.GatewayResponse{Type: "DEFAULT_4XX", StatusCode: new("400")},
	)}.stage(t)
	r := send(t, stage, "POST /", strings.Repeat("x", 10<<20+1))
	if r.Status != 413 || r.Body != `{"message":"Request Too Long"}` { // parity: 6.1: customising it has no effect
		t.Errorf("got %d %s, want 413", r.Status, r.Body)
	}
	if r := send(t, stage, "POST /", strings.Repeat("x", 10<<20)); r.Status != 200 {
		t.Errorf("the largest body: %d, want 200", r.Status)
	}
}
