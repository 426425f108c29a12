package compile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

func binary(types ...string) func(*snapshot.REST) {
	return func(s *snapshot.REST) { s.API.BinaryMediaTypes = types }
}

func TestNoSuchRoute(t *testing.T) {
	stage := sketch{methods: map[string]api.Integration{"GET /a": mock(`{"statusCode":200}`, ok200("x"))}}.stage(t)
	for _, line := range []string{"GET /b", "POST /a", "GET /", "GET /a/b", "HEAD /a", "TRACE /a"} {
		r := send(t, stage, line)
		if r.Status != 403 || r.Body != `{"message":"Missing Authentication Token"}` || len(r.Body) != 42 || r.Header("x-amzn-ErrorType") != "MissingAuthenticationTokenException" {
			t.Errorf("%s: %+v", line, r)
		}
	}
}

// A token that is no signature is told of where no method is, as clients of API
// Gateway see it that get a path wrong.
func TestNoSuchRouteWithAToken(t *testing.T) {
	stage := sketch{methods: map[string]api.Integration{"GET /a": mock(`{"statusCode":200}`, ok200("x"))}}.stage(t)
	for _, tt := range []struct{ authorization, kind, begins string }{
		{"", "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{"Bearer abc", "IncompleteSignatureException", `{"message":"Invalid key=value pair (missing equal-sign) in Authorization header (hashed`},
		{"Basic YTpi=", "IncompleteSignatureException", `{"message":"Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter. `},
		{"AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=c", "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
	} {
		r := send(t, stage, "GET /b", "Authorization: "+tt.authorization, "X-Amz-Date: 20260101T000000Z")
		if r.Status != 403 || r.Header("x-amzn-ErrorType") != tt.kind || !strings.HasPrefix(r.Body, tt.begins) {
			t.Errorf("%q: %+v, want 403 %s %s", tt.authorization, r, tt.kind, tt.begins)
		}
	}
}

// A definition that asks for protection is never served without it.
func TestFailClosed(t *testing.T) {
	in := map[string]api.Integration{"GET /": mock(`{"statusCode":200}`, ok200("secret"))}
	for name, edit := range map[string]func(*snapshot.REST){
		"IAM":            func(s *snapshot.REST) { s.Methods[0].AuthorizationType = "AWS_IAM" },
		"Lambda":         func(s *snapshot.REST) { s.Methods[0].AuthorizationType = "CUSTOM" },
		"Cognito":        func(s *snapshot.REST) { s.Methods[0].AuthorizationType = "COGNITO_USER_POOLS" },
		"unknown":        func(s *snapshot.REST) { s.Methods[0].AuthorizationType = "SOMETHING" },
		"API key":        func(s *snapshot.REST) { s.Methods[0].APIKeyRequired = true },
		"lost validator": func(s *snapshot.REST) { s.Methods[0].RequestValidatorID = new("gone") },
	} {
		stage := sketch{methods: in, edit: edit}.stage(t)
		if r := send(t, stage, "GET /"); r.Status != 403 || r.Body != `{"message":"Forbidden"}` {
			t.Errorf("%s: %d %s, want 403", name, r.Status, r.Body)
		}
		e := stage.Router.Routes()[0].Explain()
		if at := slices.IndexFunc(e.Steps, func(s program.StepNote) bool { return s.Name == "refuse" }); at < 0 || !strings.Contains(e.Steps[at].Note, "here") {
			t.Errorf("%s: explained as %+v", name, e.Steps)
		}
	}
	noPolicy := func(s *snapshot.REST) { s.API.Policy = new(`{"Version":"2012-10-17"}`) }
	if _, err := (sketch{methods: in, edit: noPolicy}).try(); err == nil || !strings.Contains(err.Error(), "resource policy") {
		t.Errorf("a resource policy that is none: %v, want an error", err)
	}
	private := sketch{methods: in, edit: func(s *snapshot.REST) { s.API.EndpointType = "PRIVATE" }}.stage(t)
	if r := send(t, private, "GET /"); r.Status != 403 || !strings.HasPrefix(r.Body, `{"Message":"User: anonymous is not authorized to perform: execute-api:Invoke on resource: `) {
		t.Errorf("a private API without a policy: %d %s, want 403", r.Status, r.Body)
	}
	idle := func(s *snapshot.REST) {
		s.Methods[0].RequestValidatorID = new("v")
		s.Validators = []api.RequestValidator{{ID: "v"}}
	}
	if r := send(t, sketch{methods: in, edit: idle}.stage(t), "GET /"); r.Status != 200 {
		t.Errorf("a validator of nothing: %d, want 200", r.Status)
	}
}

// An integration that cannot work answers 500 and leaves the rest of the stage alone.
func TestBrokenIntegrations(t *testing.T) {
	uri := func(typ, uri string) api.Integration {
		return api.Integration{Type: typ, HTTPMethod: new("POST"), URI: &uri}
	}
	for name, in := range map[string]api.Integration{
		"none":             {},
		"no host":          uri("HTTP_PROXY", "http://${stageVariables.host}/x"),
		"host of request":  uri("HTTP_PROXY", "http://{host}/x"),
		"user in the host": uri("HTTP_PROXY", "http://a@b/x"),
		"scheme":           uri("HTTP", "ftp://a/x"),
		"port":             uri("HTTP", "http://a:22/x"),
		"no URI":           {Type: "HTTP", HTTPMethod: new("GET")},
		"function":         uri("AWS_PROXY", "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:0:function:/invocations"),
		"service":          uri("AWS", "arn:aws:apigateway:us-east-1:sqs:path/0/q"),
		"firehose":         uri("AWS_PROXY", "arn:aws:apigateway:us-east-1:firehose:action/PutRecord"),
		"not POST":         {Type: "AWS_PROXY", HTTPMethod: new("GET"), URI: new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations")},
	} {
		stage := sketch{methods: map[string]api.Integration{"GET /bad": in, "GET /good": mock(`{"statusCode":200}`, ok200("x"))}}.stage(t)
		if r := send(t, stage, "GET /bad"); r.Status != 500 || r.Body != internalError || r.Header("x-amzn-ErrorType") != "InternalServerErrorException" {
			t.Errorf("%s: %+v, want 500", name, r)
		}
		if r := send(t, stage, "GET /good"); r.Status != 200 {
			t.Errorf("%s: the good method answers %d", name, r.Status)
		}
	}
}

func TestStagesThatDoNotCompile(t *testing.T) {
	for name, in := range map[string]api.Integration{
		"pattern":  {Type: "MOCK", Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200", SelectionPattern: new("(")}}},
		"source":   {Type: "HTTP_PROXY", URI: new("http://a/"), RequestParameters: map[string]string{"integration.request.header.A": "nonsense"}},
		"target":   {Type: "HTTP_PROXY", URI: new("http://a/"), RequestParameters: map[string]string{"request.header.A": "'x'"}},
		"name":     {Type: "HTTP_PROXY", URI: new("http://a/"), RequestParameters: map[string]string{"integration.request.header.A B": "'x'"}},
		"place":    {Type: "HTTP_PROXY", URI: new("http://a/"), RequestParameters: map[string]string{"integration.request.body.A": "'x'"}},
		"path":     {Type: "HTTP_PROXY", URI: new("http://a/"), RequestParameters: map[string]string{"integration.request.header.A": "method.request.body.a[?("}},
		"status":   {Type: "MOCK", Responses: map[string]api.IntegrationResponse{"abc": {StatusCode: "abc"}}},
		"handling": {Type: "MOCK", ContentHandling: new("CONVERT_TO_GOLD")},
		"newline":  {Type: "MOCK", Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.A": "'x\r\nB: c'"}}}},
	} {
		if _, err := (sketch{methods: map[string]api.Integration{"GET /": in}}).try(); err == nil || !strings.Contains(err.Error(), `compile stage "prod" of abc123: GET /`) {
			t.Errorf("%s: %v, want an error that names the method", name, err)
		}
	}
}
