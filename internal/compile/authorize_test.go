package compile_test

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
)

const (
	guardARN = "arn:aws:lambda:us-east-1:000000000000:function:guard"
	guardURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + guardARN + "/invocations"
	rootARN  = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/"
)

// guarded is an API whose methods an authorizer guards. Behind them is a
// function that returns its event.
type guarded struct {
	authorizer api.Authorizer
	scopes     []string
	answer     func(event []byte) (*lambda.Result, error) // the authorizer's function
	shared     *step.Authorizers
	functions  *functions
	variables  map[string]string
	edit       func(*snapshot.REST) // nil: nothing more
	env        func(*compile.Env)   // nil: nothing more
	asked      int
	events     []string
}

// says is a function's answer.
func says(answer string) func([]byte) (*lambda.Result, error) {
	return func([]byte) (*lambda.Result, error) { return &lambda.Result{Payload: []byte(answer)}, nil }
}

func fails(message string) func([]byte) (*lambda.Result, error) {
	return func([]byte) (*lambda.Result, error) {
		return &lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":` + quoted(message) + `,"errorType":"Error"}`)}, nil
	}
}

func quoted(s string) string {
	doc, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(doc)
}

// policy is an answer with one statement.
func policy(effect, resource, more string) string {
	return `{"principalId":"user","policyDocument":{"Version":"2012-10-17","Statement":[{"Action":"execute-api:Invoke","Effect":"` +
		effect + `","Resource":"` + resource + `"}]}` + more + `}`
}

// stage compiles the API, as each deployment does.
func (g *guarded) stage(t testing.TB) *program.Stage {
	t.Helper()
	if g.shared == nil {
		g.shared = step.NewAuthorizers(jwt.NewPools(nil, nil))
	}
	proxy := api.Integration{Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: new(strings.Replace(guardURI, guardARN, arn, 1))}
	s := sketch{methods: map[string]api.Integration{"GET /pets/{id}": proxy, "GET /": proxy, "POST /": proxy}}
	snap := s.snapshot()
	kind := "CUSTOM"
	if g.authorizer.Type == "COGNITO_USER_POOLS" {
		kind = g.authorizer.Type
	}
	g.authorizer.ID = "auth1"
	snap.Authorizers = []api.Authorizer{g.authorizer}
	for i := range snap.Methods {
		snap.Methods[i].AuthorizationType, snap.Methods[i].AuthorizerID = kind, new("auth1")
		snap.Methods[i].AuthorizationScopes = g.scopes
	}
	if g.edit != nil {
		g.edit(&snap)
	}
	if g.functions == nil {
		g.functions = &functions{}
	}
	g.functions.call = map[string]func([]byte) (*lambda.Result, error){
		arn: func(event []byte) (*lambda.Result, error) {
			return &lambda.Result{Payload: []byte(`{"statusCode":200,"body":` + quoted(string(event)) + `}`)}, nil
		},
		guardARN: func(event []byte) (*lambda.Result, error) {
			g.asked++
			g.events = append(g.events, string(event))
			return g.answer(event)
		},
	}
	return g.compile(t, snap, "prod")
}

func (g *guarded) compile(t testing.TB, snap snapshot.REST, name string) *program.Stage {
	t.Helper()
	env := compile.Env{
		Account: "000000000000", Region: "us-east-1", Origins: origins{}, Functions: g.functions, Authorizers: g.shared,
	}
	if g.env != nil {
		g.env(&env)
	}
	stage, err := compile.REST(env, snap, api.Stage{Name: name, DeploymentID: "d1", Variables: g.variables})
	if err != nil {
		t.Fatal(err)
	}
	return stage
}

func tokenAuthorizer(change func(*api.Authorizer)) api.Authorizer {
	a := api.Authorizer{Name: "a", Type: "TOKEN", URI: new(guardURI), IdentitySource: new("method.request.header.Authorization")}
	if change != nil {
		change(&a)
	}
	return a
}

func requestAuthorizer(sources string) api.Authorizer {
	return api.Authorizer{Name: "a", Type: "REQUEST", URI: new(guardURI), IdentitySource: &sources}
}

// outcome is what a client sees of a refusal.
func outcome(r programtest.Result) string {
	return strings.Join([]string{r.Header("x-amzn-ErrorType"), r.Body}, " ")
}

const (
	notKnown = `UnauthorizedException {"message":"Unauthorized"}`
	broken   = `AuthorizerConfigurationException {"message":null}`
	timedOut = `AuthorizerFailureException {"message":null}`
	silent   = `AccessDeniedException {"Message":"User is not authorized to access this resource"}`
	denied   = `AccessDeniedException {"Message":"User is not authorized to access this resource with an explicit deny"}`
)

// TestLambdaAuthorizerOutcomes: every outcome of spec/security.md 4.5.
func TestLambdaAuthorizerOutcomes(t *testing.T) {
	allow := policy("Allow", rootARN+"*", "")
	for _, tt := range []struct {
		name   string
		answer func([]byte) (*lambda.Result, error)
		status int
		want   string
	}{
		{"allow", says(allow), 200, ""},
		{"allow this method", says(policy("Allow", rootARN+"GET/", "")), 200, ""},
		{"allow another method", says(policy("Allow", rootARN+"POST/", "")), 403, silent},
		{"deny", says(policy("Deny", rootARN+"*", "")), 403, denied},
		{"another action", says(strings.Replace(allow, "execute-api:Invoke", "s3:GetObject", 1)), 403, silent},
		{"condition on the address", says(strings.Replace(allow, `"Effect"`, `"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}},"Effect"`, 1)), 200, ""},
		{"condition on another", says(strings.Replace(allow, `"Effect"`, `"Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}},"Effect"`, 1)), 403, silent},
		{"Unauthorized", fails("Unauthorized"), 401, notKnown},
		{"unauthorized", fails("unauthorized"), 500, broken},
		{"[401] Unauthorized", fails("[401] Unauthorized"), 500, broken},
		{"crash", fails("boom"), 500, broken},
		{"crash without words", func([]byte) (*lambda.Result, error) { return &lambda.Result{FunctionError: "Unhandled"}, nil }, 500, broken},
		{"no function", func([]byte) (*lambda.Result, error) { return nil, lambda.ErrNoFunction }, 500, broken},
		{"trouble", func([]byte) (*lambda.Result, error) { return nil, errors.New("trouble") }, 500, broken},
		{"nothing", says(""), 500, broken},
		{"null", says("null"), 500, broken},
		{"a text", says(`"Allow"`), 500, broken},
		{"no JSON", says("<html>"), 500, broken},
		{"two documents", says(allow + allow), 500, broken},
		{"empty", says("{}"), 500, broken},
		{"no principal", says(strings.Replace(allow, `"principalId":"user",`, "", 1)), 500, broken},
		{"principal a number", says(strings.Replace(allow, `"user"`, "7", 1)), 500, broken},
		{"no policy", says(`{"principalId":"user"}`), 500, broken},
		{"policy a text", says(`{"principalId":"user","policyDocument":"{}"}`), 500, broken},
		{"policy empty", says(`{"principalId":"user","policyDocument":{}}`), 500, broken},
		{"policy without effect", says(strings.Replace(allow, `"Effect":"Allow",`, "", 1)), 500, broken},
		{"policy twice", says(strings.Replace(policy("Deny", rootARN+"*", ""), "}]}}", `}]},"policyDocument":{"Version":"2012-10-17","Statement":[]}}`, 1)), 500, broken},
		{"context a list", says(policy("Allow", rootARN+"*", `,"context":[]`)), 500, broken},
		{"context with an object", says(policy("Allow", rootARN+"*", `,"context":{"a":{}}`)), 500, broken},
		{"context with a list", says(policy("Allow", rootARN+"*", `,"context":{"a":["b"]}`)), 500, broken},
		{"context null", says(policy("Allow", rootARN+"*", `,"context":null`)), 200, ""},
		{"usage key a number", says(policy("Allow", rootARN+"*", `,"usageIdentifierKey":1`)), 500, broken},
		{"oversize", says(policy("Allow", rootARN+"*", `,"context":{"a":"`+strings.Repeat("x", 8<<10)+`"}`)), 500, broken},
		{"flood", says(strings.Repeat("[", 5<<20)), 500, broken},
	} {
		g := &guarded{authorizer: tokenAuthorizer(nil), answer: tt.answer}
		r := send(t, g.stage(t), "GET /", "Authorization: Bearer x")
		if r.Status != tt.status || tt.want != "" && outcome(r) != tt.want {
			t.Errorf("%s: %d %s, want %d %s", tt.name, r.Status, outcome(r), tt.status, tt.want)
		}
		if again := send(t, g.stage(t), "GET /", "Authorization: Bearer x"); again.Status != tt.status {
			t.Errorf("%s: %d, then %d", tt.name, r.Status, again.Status)
		}
		if kept := tt.status == 200 || tt.status == 403; kept != (g.asked == 1) {
			t.Errorf("%s: asked %d times for two requests; answers and only answers are kept", tt.name, g.asked)
		}
	}
}

// The function is called only if its policy or a role lets this authorizer.
func TestLambdaAuthorizerPermission(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", "*", "")), functions: &functions{denied: true}}
	if r := send(t, g.stage(t), "GET /", "Authorization: x"); r.Status != 500 || outcome(r) != broken || g.asked != 0 {
		t.Errorf("without permission: %d %s, asked %d times", r.Status, outcome(r), g.asked)
	}
	want := guardARN + " apigateway.amazonaws.com lambda:InvokeFunction arn:aws:execute-api:us-east-1:000000000000:abc123/authorizers/auth1 000000000000"
	if !slices.Contains(g.functions.asked, want) {
		t.Errorf("asked for %q, want %q", g.functions.asked, want)
	}
	g.authorizer.Credentials = new("arn:aws:iam::000000000000:role/r")
	g.functions.denied, g.functions.asked = false, nil
	if r := send(t, g.stage(t), "GET /", "Authorization: x"); r.Status != 200 || slices.Contains(g.functions.asked, want) {
		t.Errorf("under a role: %d, asked %q", r.Status, g.functions.asked)
	}
}

// Who does not say who they are is not worth a call.
func TestIdentityMissing(t *testing.T) {
	for _, tt := range []struct {
		name    string
		a       api.Authorizer
		line    string
		headers []string
		status  int
	}{
		{"absent", tokenAuthorizer(nil), "GET /", nil, 401},
		{"empty", tokenAuthorizer(nil), "GET /", []string{"Authorization: "}, 401},
		{"in other case", tokenAuthorizer(nil), "GET /", []string{"aUTHORIZATION: x"}, 200},
		{"twice", tokenAuthorizer(nil), "GET /", []string{"Authorization: good", "Authorization: good"}, 401},
		{"twice, one empty", tokenAuthorizer(nil), "GET /", []string{"Authorization: ", "Authorization: good"}, 401},
		{"looks alike", tokenAuthorizer(func(a *api.Authorizer) { a.IdentitySource = new("method.request.header.X-User") }), "GET /", []string{"X_User: x"}, 401},
		{"pattern", tokenAuthorizer(func(a *api.Authorizer) { a.IdentityValidationExpression = new("^Bearer [a-z]+$") }), "GET /", []string{"Authorization: Bearer abc"}, 200},
		{"pattern of the whole", tokenAuthorizer(func(a *api.Authorizer) { a.IdentityValidationExpression = new("Bearer [a-z]+") }), "GET /", []string{"Authorization: Bearer abc1"}, 401},
		{"pattern of Java", tokenAuthorizer(func(a *api.Authorizer) { a.IdentityValidationExpression = new(`(?!bad)\p{Alpha}++`) }), "GET /", []string{"Authorization: badone"}, 401},
		{"all there", requestAuthorizer("method.request.header.A, method.request.querystring.b,context.httpMethod,stageVariables.v"), "GET /?b=1", []string{"A: 1"}, 200},
		{"no header", requestAuthorizer("method.request.header.A,method.request.querystring.b"), "GET /?b=1", nil, 401},
		{"no parameter", requestAuthorizer("method.request.header.A,method.request.querystring.b"), "GET /?B=1", []string{"A: 1"}, 401},
		{"empty parameter", requestAuthorizer("method.request.querystring.b"), "GET /?b=", nil, 401},
		{"no variable", requestAuthorizer("stageVariables.w"), "GET /", nil, 401},
		{"unknown context", requestAuthorizer("context.nonsense"), "GET /", nil, 401},
		{"anonymous", requestAuthorizer("context.identity.user"), "GET /", nil, 401},
	} {
		g := &guarded{authorizer: tt.a, answer: says(policy("Allow", "*", "")), variables: map[string]string{"v": "1"}}
		r := send(t, g.stage(t), tt.line, tt.headers...)
		if r.Status != tt.status || tt.status == 401 && (outcome(r) != notKnown || g.asked != 0) {
			t.Errorf("%s: %d %s, asked %d times, want %d", tt.name, r.Status, outcome(r), g.asked, tt.status)
		}
	}
}

// An authorizer that cannot work lets nobody in.
func TestAuthorizerMisconfigured(t *testing.T) {
	for name, change := range map[string]func(*api.Authorizer){
		"no URI":      func(a *api.Authorizer) { a.URI = nil },
		"no function": func(a *api.Authorizer) { a.URI = new("https://example.org") },
		"pattern":     func(a *api.Authorizer) { a.IdentityValidationExpression = new("(") },
		"source":      func(a *api.Authorizer) { a.IdentitySource = new("method.request.body.token") },
		"no source":   func(a *api.Authorizer) { a.IdentitySource = nil },
		"two sources": func(a *api.Authorizer) { a.IdentitySource = new("method.request.header.A,method.request.header.B") },
		"no pool": func(a *api.Authorizer) {
			a.Type, a.ProviderARNs = "COGNITO_USER_POOLS", []string{"arn:aws:sqs:us-east-1:0:q"}
		},
	} {
		g := &guarded{authorizer: tokenAuthorizer(change), answer: says(policy("Allow", "*", ""))}
		if r := send(t, g.stage(t), "GET /", "Authorization: x"); r.Status != 500 || outcome(r) != broken {
			t.Errorf("%s: %d %s", name, r.Status, outcome(r))
		}
	}
	g := &guarded{authorizer: tokenAuthorizer(nil), shared: step.NewAuthorizers(jwt.NewPools(nil, nil))}
	in := map[string]api.Integration{"GET /": mock(`{"statusCode":200}`, ok200("secret"))}
	for name, edit := range map[string]func(*snapshot.REST){
		"gone":        func(s *snapshot.REST) { s.Methods[0].AuthorizerID = new("other") },
		"not named":   func(s *snapshot.REST) { s.Methods[0].AuthorizerID = nil },
		"wrong type":  func(s *snapshot.REST) { s.Methods[0].AuthorizationType = "COGNITO_USER_POOLS" },
		"of the user": func(s *snapshot.REST) { s.Methods[0].AuthorizationType = "AWS_IAM" },
	} {
		snap := sketch{methods: in}.snapshot()
		a := tokenAuthorizer(nil)
		a.ID = "auth1"
		snap.Authorizers = []api.Authorizer{a}
		snap.Methods[0].AuthorizationType, snap.Methods[0].AuthorizerID = "CUSTOM", new("auth1")
		edit(&snap)
		r := send(t, g.compile(t, snap, "prod"), "GET /", "Authorization: x")
		if r.Status != 500 && r.Status != 403 || strings.Contains(r.Body, "secret") {
			t.Errorf("%s: %d %s", name, r.Status, r.Body)
		}
	}
}

// event is a JSON document's part at a path of member names.
func part(t *testing.T, doc string, path ...string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatalf("%v in %s", err, doc)
	}
	for _, name := range path {
		o, ok := v.(map[string]any)
		if !ok {
			t.Fatalf("no %s in %s", name, doc)
		}
		v = o[name]
	}
	return v
}

func TestTokenEvent(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", "*", ""))}
	send(t, g.stage(t), `GET /pets/7?q="1"`, "Authorization: Bearer \"x\"\\")
	want := `{"type":"TOKEN","authorizationToken":"Bearer \"x\"\\","methodArn":"` + rootARN + `GET/pets/7"}`
	if len(g.events) != 1 || g.events[0] != want {
		t.Errorf("event %v, want %s", g.events, want)
	}
}

func TestRequestEvent(t *testing.T) {
	g := &guarded{authorizer: requestAuthorizer("method.request.header.X-User"), answer: says(policy("Allow", "*", "")), variables: map[string]string{"v": "1"}}
	r := send(t, g.stage(t), "GET /pets/7?a=1&a=2&b=%20", "X-User: me", "X-Two: 1", "X-Two: 2")
	if r.Status != 200 {
		t.Fatalf("%d %s", r.Status, r.Body)
	}
	e := g.events[0]
	for _, tt := range []struct {
		want string
		path []string
	}{
		{`"REQUEST"`, []string{"type"}},
		{`"` + rootARN + `GET/pets/7"`, []string{"methodArn"}},
		{`"/pets/{id}"`, []string{"resource"}},
		{`"/pets/7"`, []string{"path"}},
		{`"GET"`, []string{"httpMethod"}},
		{`"me"`, []string{"headers", "X-User"}},
		{`"2"`, []string{"headers", "X-Two"}},
		{`["1","2"]`, []string{"multiValueHeaders", "X-Two"}},
		{`{"a":"2","b":" "}`, []string{"queryStringParameters"}},
		{`{"a":["1","2"],"b":[" "]}`, []string{"multiValueQueryStringParameters"}},
		{`{"id":"7"}`, []string{"pathParameters"}},
		{`{"v":"1"}`, []string{"stageVariables"}},
		{`"/prod/pets/7"`, []string{"requestContext", "path"}},
		{`"203.0.113.9"`, []string{"requestContext", "identity", "sourceIp"}},
		{`"abc123"`, []string{"requestContext", "apiId"}},
		{`null`, []string{"requestContext", "authorizer"}},
		{`null`, []string{"body"}},
	} {
		if got, err := json.Marshal(part(t, e, tt.path...)); err != nil || string(got) != tt.want {
			t.Errorf("%v = %s, want %s", tt.path, got, tt.want)
		}
	}
	want := []string{
		"headers", "httpMethod", "methodArn", "multiValueHeaders", "multiValueQueryStringParameters", "path", "pathParameters",
		"queryStringParameters", "requestContext", "resource", "stageVariables", "type",
	}
	var all map[string]any
	if err := json.Unmarshal([]byte(e), &all); err != nil {
		t.Fatal(err)
	}
	if got := slices.Sorted(maps.Keys(all)); !slices.Equal(got, want) {
		t.Errorf("members %v, want %v", got, want)
	}
	g.variables = nil
	send(t, g.stage(t), "POST /", "X-User: you", `{"secret":"body"}`)
	for _, name := range []string{"queryStringParameters", "multiValueQueryStringParameters", "pathParameters", "stageVariables"} {
		if m, ok := part(t, g.events[1], name).(map[string]any); !ok || len(m) != 0 {
			t.Errorf("%s is not {} where there is nothing: %s", name, g.events[1])
		}
	}
	if strings.Contains(g.events[1], "secret") {
		t.Error("the body was passed to the authorizer")
	}
}

// What the authorizer says about the caller is in the event of the integration.
func TestAuthorizerContext(t *testing.T) {
	g := &guarded{authorizer: tokenAuthorizer(nil), answer: says(policy("Allow", "*",
		`,"usageIdentifierKey":"key","context":{"s":"a\u0022b","n":1,"f":1.50,"b":true,"nothing":null,"principalId":"evil"}`))}
	for range 2 { // asked, then remembered
		r := send(t, g.stage(t), "GET /", "Authorization: x")
		got, _ := part(t, r.Body, "requestContext", "authorizer").(map[string]any)
		delete(got, "integrationLatency")
		want := map[string]any{"s": `a"b`, "n": "1", "f": "1.50", "b": "true", "principalId": "user"}
		if !maps.Equal(got, want) {
			t.Errorf("authorizer = %v, want %v", got, want)
		}
	}
	if g.asked != 1 {
		t.Errorf("asked %d times, want 1", g.asked)
	}
	x := request(t, g.stage(t), "GET /", "Authorization: x")
	if programtest.Play(t, x); x.Caller == nil || x.Caller.UsageKey != "key" || x.Caller.Principal != "user" {
		t.Errorf("caller %+v", x.Caller)
	}
}
