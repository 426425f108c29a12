package compile_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

const modelURL = "https://apigateway.amazonaws.com/restapis/abc123/models/"

// validated gives all methods of a snapshot a validator, what they declare,
// and the API its models.
func validated(v api.RequestValidator, parameters map[string]bool, bodies map[string]string) func(*snapshot.REST) {
	v.ID = "v1"
	return func(s *snapshot.REST) {
		s.Validators = []api.RequestValidator{v}
		for i := range s.Methods {
			s.Methods[i].RequestValidatorID = new("v1")
			s.Methods[i].RequestParameters, s.Methods[i].RequestModels = parameters, bodies
		}
		s.Models = []api.Model{
			{Name: "Empty", Schema: `{"$schema":"http://json-schema.org/draft-04/schema#","title":"Empty Schema","type":"object"}`},
			{Name: "User", Schema: `{"type":"object","required":["email"],"properties":{"email":{"type":"string"},"age":{"type":"number"}}}`},
			{Name: "Team", Schema: `{"type":"object","properties":{
				"lead":{"oneOf":[{"type":"null"},{"$ref":"` + modelURL + `User"}]},
				"parent":{"$ref":"https://apigateway.amazonaws.com/restapis/fromaws/models/Team"}}}`},
			{Name: "Odd", Schema: `{"$ref":"` + modelURL + `Lost"}`},
		}
	}
}

func bodies(media, model string) map[string]string { return map[string]string{media: model} }

const (
	badBody = `{"message": "Invalid request body"}`
	typed   = "Content-Type: "
)

// parity: spec/rest-data-plane.md 5.1 and 1.2.
func TestValidateParameters(t *testing.T) {
	edit := validated(api.RequestValidator{ValidateParameters: true}, map[string]bool{
		"method.request.querystring.qs1": true, "method.request.path.issuer": true,
		"method.request.header.x-header-param": true, "method.request.header.X-Free": false,
	}, bodies("application/json", "User"))
	stage := sketch{methods: map[string]api.Integration{
		"GET /{issuer}": mock(`{"statusCode":200}`, ok200("in")), "GET /": mock(`{"statusCode":200}`, ok200("in")),
		"POST /{issuer}": mock(`{"statusCode":200}`, ok200("in")),
	}, edit: edit}.stage(t)
	missing := func(names string) string {
		return `{"message": "Missing required request parameters: [` + names + `]"}`
	}
	for _, tt := range []struct {
		name, line string
		rest       []string
		want       string
	}{
		{"all missing", "GET /", nil, missing("x-header-param, issuer, qs1")},
		{"all there", "GET /me?qs1=a", []string{"x-header-param: b"}, "in"},
		{"no query", "GET /me", []string{"x-header-param: b"}, missing("qs1")},
		{"blank query", "GET /me?qs1=", []string{"x-header-param: b"}, missing("qs1")},
		{"query of spaces", "GET /me?qs1=+%20", []string{"x-header-param: b"}, missing("qs1")},
		{"query without a value", "GET /me?qs1", []string{"x-header-param: b"}, missing("qs1")},
		{"several in the query", "GET /me?qs1=a&qs1=", []string{"x-header-param: b"}, "in"},
		{"escaped name in the query", "GET /me?%71s1=a", []string{"x-header-param: b"}, "in"},
		{"case of the query", "GET /me?QS1=a", []string{"x-header-param: b"}, missing("qs1")},
		{"case of the header", "GET /me?qs1=a", []string{"X-Header-Param: b"}, missing("x-header-param")},
		{"blank header", "GET /me?qs1=a", []string{"x-header-param: "}, missing("x-header-param")},
		{"blank path", "GET /%20?qs1=a", []string{"x-header-param: b"}, missing("issuer")},
		{"the body is not looked at", "POST /me?qs1=a", []string{"x-header-param: b", `[1, "no user"]`}, "in"},
	} {
		r := send(t, stage, tt.line, tt.rest...)
		status, kind := 200, ""
		if tt.want != "in" {
			status, kind = 400, "BadRequestException"
		}
		if r.Status != status || r.Body != tt.want || r.Header("x-amzn-ErrorType") != kind {
			t.Errorf("%s: %d %s %s, want %d %s", tt.name, r.Status, r.Header("x-amzn-ErrorType"), r.Body, status, tt.want)
		}
	}

	x := request(t, stage, "GET /me?qs1=a", "X-HEADER-PARAM: b")
	x.Request.HTTP2 = true // which has no case to be sensitive of
	if want := x.Play(); want != program.Done || x.Answer.Status != 200 {
		t.Errorf("HTTP/2: %d", x.Answer.Status)
	}
}

// parity: spec/rest-data-plane.md 5.1, 5.2.
func TestValidateBody(t *testing.T) {
	for _, tt := range []struct {
		name   string
		models map[string]string
		rest   []string
		status int
	}{
		{"valid", bodies("application/json", "User"), []string{typed + "application/json", `{"email": "a"}`}, 200},
		{"required is missing", bodies("application/json", "User"), []string{typed + "application/json", `{"name": "a"}`}, 400},
		{"wrong type", bodies("application/json", "User"), []string{`{"email": "a", "age": "b"}`}, 400},
		{"no JSON", bodies("application/json", "User"), []string{`{"email": "a"`}, 400},
		{"empty", bodies("application/json", "User"), nil, 400},
		{"no Content-Type is JSON", bodies("application/json", "User"), []string{`{"no": 1}`}, 400},
		{"parameters of the type", bodies("application/json", "User"), []string{typed + "application/json; charset=utf-8", `{"no": 1}`}, 400},
		{"case of the type", bodies("application/json", "User"), []string{typed + "Application/JSON", `{"no": 1}`}, 400},
		{"a type without a model", bodies("application/json", "User"), []string{typed + "text/plain", `{"no": 1}`}, 200},
		{"a type of its own", bodies("application/vnd.user+json", "User"), []string{typed + "application/vnd.user+json", `{"no": 1}`}, 400},
		{"$default takes the others", map[string]string{"application/json": "Empty", "$default": "User"}, []string{typed + "text/plain", `{"no": 1}`}, 400},
		{"$default leaves what has a model", map[string]string{"application/json": "Empty", "$default": "User"}, []string{`{"no": 1}`}, 200},
		{"Empty wants an object", bodies("application/json", "Empty"), []string{`[]`}, 400},
		{"oneOf with null", bodies("application/json", "Team"), []string{`{"lead": null}`}, 200},
		{"another model by its URL", bodies("application/json", "Team"), []string{`{"lead": {"email": "a"}}`}, 200},
		{"another model, not valid", bodies("application/json", "Team"), []string{`{"lead": {"mail": "a"}}`}, 400},
		{"a model in a circle", bodies("application/json", "Team"), []string{`{"parent": {"parent": {"lead": 1}}}`}, 400},
		{"the id of the API it came from", bodies("application/json", "Team"), []string{`{"parent": {"parent": {}}}`}, 200},
		{"a model that cannot work", bodies("application/json", "Odd"), []string{`{}`}, 500},
		{"and leaves other types alone", bodies("application/json", "Odd"), []string{typed + "text/plain", `x`}, 200},
		{"a model that is not there", bodies("application/json", "Gone"), []string{`{}`}, 500},
	} {
		edit := validated(api.RequestValidator{ValidateBody: true}, map[string]bool{"method.request.header.unchecked": true}, tt.models)
		in := mock(`{"statusCode":200}`, ok200("in"))
		in.RequestTemplates["text/plain"] = in.RequestTemplates["application/json"]
		stage := sketch{methods: map[string]api.Integration{"POST /": in}, edit: edit}.stage(t)
		r := send(t, stage, "POST /", tt.rest...)
		want := map[int]string{200: "in", 400: badBody, 500: internalError}[tt.status]
		if r.Status != tt.status || r.Body != want {
			t.Errorf("%s: %d %s, want %d %s", tt.name, r.Status, r.Body, tt.status, want)
		}
	}
}

// What fails both is told of its parameters only; what fails either never
// reaches the integration.
func TestValidateComesFirst(t *testing.T) {
	url, last := backend(t, nil)
	in := func(typ string) api.Integration {
		return api.Integration{Type: typ, HTTPMethod: new("POST"), URI: new(url + "/x"), Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}}
	}
	edit := validated(api.RequestValidator{ValidateBody: true, ValidateParameters: true},
		map[string]bool{"method.request.querystring.q": true}, bodies("application/json", "User"))
	stage := sketch{methods: map[string]api.Integration{"POST /http": in("HTTP"), "POST /proxy": in("HTTP_PROXY")}, edit: edit}.stage(t)
	for _, path := range []string{"/http", "/proxy"} {
		*last = received{}
		if r := send(t, stage, "POST "+path, `{"no": 1}`); !strings.Contains(r.Body, "parameters: [q]") {
			t.Errorf("%s: both wrong: %d %s", path, r.Status, r.Body)
		}
		if r := send(t, stage, "POST "+path+"?q=1", `{"no": 1}`); r.Status != 400 || r.Body != badBody {
			t.Errorf("%s: body wrong: %d %s", path, r.Status, r.Body)
		}
		if last.Line != "" {
			t.Errorf("%s: the back end got %q", path, last.Line)
		}
		if r := send(t, stage, "POST "+path+"?q=1", `{"email": "a"}`); r.Status != 200 || last.Body != `{"email": "a"}` {
			t.Errorf("%s: %d %s, the back end got %q", path, r.Status, r.Body, last.Body)
		}
		*last = received{}
	}
	for _, e := range stage.Explain().Routes[:2] {
		if e.Body != "buffer" || e.Steps[1].Name != "validate" || e.Steps[1].Note != "querystring.q, body application/json as User" {
			t.Errorf("%s: body %s, steps %+v", e.Resource, e.Body, e.Steps)
		}
	}
}

// A type that has neither model nor template is 415 where the integration
// passes nothing through.
func TestValidateLeavesPassthrough(t *testing.T) {
	in := mock(`{"statusCode":200}`, ok200("in"))
	in.PassthroughBehavior = "NEVER"
	edit := validated(api.RequestValidator{ValidateBody: true}, nil, bodies("application/json", "User"))
	stage := sketch{methods: map[string]api.Integration{"POST /": in}, edit: edit}.stage(t)
	if r := send(t, stage, "POST /", typed+"text/plain", `x`); r.Status != 415 || r.Body != `{"message": "Unsupported Media Type"}` {
		t.Errorf("no model, NEVER: %d %s, want 415", r.Status, r.Body)
	}
	if r := send(t, stage, "POST /", typed+"application/json", `[1]`); r.Status != 400 || r.Body != badBody {
		t.Errorf("not valid: %d %s, want 400", r.Status, r.Body)
	}
}

// The reasons are for gateway responses, not for everybody.
// parity: spec/rest-data-plane.md 5.1, 6.3.
func TestValidationErrorString(t *testing.T) {
	edit := validated(api.RequestValidator{ValidateBody: true, ValidateParameters: true}, map[string]bool{"method.request.header.a": true}, bodies("application/json", "User"))
	stage := sketch{methods: map[string]api.Integration{"POST /": mock(`{"statusCode":200}`, ok200("in"))}, edit: func(s *snapshot.REST) {
		edit(s)
		s.GatewayResponses = []api.GatewayResponse{
			{Type: "BAD_REQUEST_BODY", StatusCode: new("422"), Templates: map[string]string{"text/plain": `$context.error.responseType $context.error.message $context.error.validationErrorString`}},
			{Type: "BAD_REQUEST_PARAMETERS", Templates: map[string]string{"application/json": `{"why":$context.error.messageString}`}},
		}
	}}.stage(t)
	for body, want := range map[string]string{
		`{"age": 1}`:                 `BAD_REQUEST_BODY Invalid request body [object has missing required properties (["email"])]`,
		`{"email": "a", "age": "b"}`: `BAD_REQUEST_BODY Invalid request body [instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]`,
		`{"email"`:                   `BAD_REQUEST_BODY Invalid request body [Unknown error parsing request body]`,
	} {
		if r := send(t, stage, "POST /", "a: b", body); r.Status != 422 || r.Body != want {
			t.Errorf("%s: %d %s, want 422 %s", body, r.Status, r.Body, want)
		}
	}
	if r := send(t, stage, "POST /", `{}`); r.Status != 400 || r.Body != `{"why":"Missing required request parameters: [a]"}` {
		t.Errorf("parameters: %d %s", r.Status, r.Body)
	}
}
