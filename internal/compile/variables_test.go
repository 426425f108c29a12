package compile_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

// Stage variables stand wherever they may. An unknown one is nothing.
// parity: spec/rest-data-plane.md 8.2, 3.7.1.
func TestStageVariables(t *testing.T) {
	url, last := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`{}`)) })
	host := strings.TrimPrefix(url, "http://")
	called := ""
	call := func(name string) func([]byte) (*lambda.Result, error) {
		return func([]byte) (*lambda.Result, error) {
			called = name
			return &lambda.Result{Payload: []byte(`{}`)}, nil
		}
	}
	base := strings.TrimSuffix(arn, ":f")
	functions := &functions{call: map[string]func([]byte) (*lambda.Result, error){base + ":pets:blue": call("pets:blue"), base + ":pets-prod": call("pets-prod")}}
	function := func(kind, name string) api.Integration {
		in := lambdaProxy()
		in.Type = kind
		in.URI = new(strings.Replace(*in.URI, ":f/", ":"+name+"/", 1))
		in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
		return in
	}
	proxy := func(uri string) api.Integration {
		return api.Integration{Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: &uri}
	}
	mapped := api.Integration{
		Type: "HTTP", HTTPMethod: new("POST"), URI: new("http://${stageVariables.host}/"),
		RequestParameters: map[string]string{
			"integration.request.header.X-Color": "stageVariables.color", "integration.request.querystring.color": "stageVariables.color", "integration.request.header.X-None": "stageVariables.none",
		},
		RequestTemplates: map[string]*string{"application/json": new(`$stageVariables.color ${stageVariables.color} $stageVariables['color'] ${stageVariables['color']} [$stageVariables.none]`)},
		Responses: map[string]api.IntegrationResponse{"200": {
			StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.X-Color": "stageVariables.color", "method.response.header.X-None": "stageVariables.none"},
			ResponseTemplates: map[string]*string{"application/json": new("answered $stageVariables.color")},
		}},
	}
	role := function("AWS_PROXY", "pets-${stageVariables.stage}")
	role.Credentials = new("arn:aws:iam::000000000000:role/${stageVariables.role}")
	stage := sketch{
		functions: functions,
		variables: map[string]string{"host": host, "color": "blue", "alias": "blue", "stage": "prod", "role": "caller", "path": "v1/cats", "all": host + "/whole?x=1"},
		methods: map[string]api.Integration{
			"GET /host": proxy("http://${stageVariables.host}/a"), "GET /path": proxy("http://${stageVariables.host}/${stageVariables.path}/b"),
			"GET /query": proxy("http://${stageVariables.host}/?color=${stageVariables.color}&none=${stageVariables.none}"), "GET /whole": proxy("http://${stageVariables.all}"),
			"GET /other": proxy("http://${stageVariables.host}/${other}"), "GET /nowhere": proxy("http://${stageVariables.none}/"),
			"POST /mapped": mapped, "GET /alias": function("AWS_PROXY", "pets:${stageVariables.alias}"), "GET /custom": function("AWS", "pets-${stageVariables.stage}"), "GET /role": role,
		},
		edit: func(s *snapshot.REST) {
			s.GatewayResponses = []api.GatewayResponse{{
				Type: "MISSING_AUTHENTICATION_TOKEN", Parameters: map[string]string{"gatewayresponse.header.X-Color": "stageVariables.color"},
				Templates: map[string]string{"application/json": "refused $stageVariables.color [$stageVariables.none]"},
			}}
		},
	}.stage(t)
	for path, want := range map[string]string{
		"/host": "GET /a", "/path": "GET /v1/cats/b", "/query": "GET /?color=blue&none=", "/whole": "GET /whole?x=1", "/other": "GET /$%7Bother%7D",
	} {
		*last = received{}
		if r := send(t, stage, "GET "+path); r.Status != 200 || last.Line != want || last.Host != host {
			t.Errorf("%s: %d, the back end got %q at %s, want %q", path, r.Status, last.Line, last.Host, want)
		}
	}
	if r := send(t, stage, "GET /nowhere"); r.Status != 500 || r.Body != internalError {
		t.Errorf("a host that is nothing: %+v", r)
	}
	r := send(t, stage, "POST /mapped", "{}")
	if r.Body != "answered blue" || r.Header("x-color") != "blue" || r.Header("x-none") != "" {
		t.Errorf("response mapping: %+v", r)
	}
	if last.Line != "POST /?color=blue" || last.Header.Get("X-Color") != "blue" || last.Header["X-None"] != nil || last.Body != "blue blue blue blue []" {
		t.Errorf("request mapping: %+v", last)
	}
	for path, want := range map[string]string{"/alias": "pets:blue", "/custom": "pets-prod", "/role": "pets-prod"} {
		called = ""
		if r := send(t, stage, "GET "+path); r.Status != 200 || called != want {
			t.Errorf("%s: %d, called %q, want %q", path, r.Status, called, want)
		}
	}
	for _, e := range stage.Explain().Routes {
		if e.Resource == "/role" && !strings.Contains(e.Steps[len(e.Steps)-1].Note, "role/caller") {
			t.Errorf("role: %+v", e.Steps)
		}
	}
	if r := send(t, stage, "GET /none"); r.Body != "refused blue []" || r.Header("x-color") != "blue" {
		t.Errorf("gateway response: %+v", r)
	}
}

// The authorizer's function and role may be named by variables too.
func TestStageVariablesOfAuthorizer(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), variables: map[string]string{"name": "guard", "role": "asker"}, answer: says(policy("Allow", "*", ""))}
	g.authorizer.URI = new(strings.Replace(*g.authorizer.URI, ":guard/", ":${stageVariables.name}/", 1))
	g.authorizer.Credentials = new("arn:aws:iam::000000000000:role/${stageVariables.role}")
	stage := g.stage(t)
	if r := send(t, stage, "GET /", "Authorization: Bearer abc"); r.Status != 200 || g.asked != 1 {
		t.Errorf("%d %s, asked %d times", r.Status, r.Body, g.asked)
	}
}
