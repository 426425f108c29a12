package program_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/usage"
)

func get(t testing.TB, fields ...string) *program.Exchange {
	t.Helper()
	x := programtest.Exchange(t, "GET /prod/pets HTTP/1.1\r\nHost: h\r\n"+strings.Join(append(fields, ""), "\r\n")+"\r\n")
	x.Identify()
	return x
}

func answer(status int, body string) program.Step {
	return program.Step{Name: "answer", Run: func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = status, []byte(body)
		return nil
	}}
}

func TestIdentify(t *testing.T) {
	x := get(t)
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).Match(x.ID[:]) {
		t.Errorf("ID = %q, want a UUID of version 4", x.ID)
	}
	if !regexp.MustCompile(`^[A-Za-z0-9_-]{15}=$`).Match(x.ExtendedID[:]) {
		t.Errorf("ExtendedID = %q, want 15 characters and '='", x.ExtendedID)
	}
	if other := get(t); other.ID == x.ID || other.ExtendedID == x.ExtendedID {
		t.Error("two exchanges have one id")
	}
	first := x.ID
	x.Reset(t.Context())
	x.Identify()
	if x.ID == first {
		t.Error("an exchange that is used again keeps its id")
	}
}

func TestIdentifyTakesTheClientsID(t *testing.T) {
	for _, tt := range []struct {
		sent  string
		taken bool
	}{
		{"0b1a6d52-5d3c-4f55-9a1b-3f2e1d0c9b8a", true},
		{"0B1A6D52-5D3C-4F55-9A1B-3F2E1D0C9B8A", true},
		{"0b1a6d52-5d3c-4f55-9a1b-3f2e1d0c9b8", false},
		{"0b1a6d52x5d3c-4f55-9a1b-3f2e1d0c9b8a", false},
		{"0b1a6d52-5d3c-4f55-9a1b-3f2e1d0c9b8g", false},
		{"mine", false},
	} {
		if got := get(t, "X-Amzn-RequestId: "+tt.sent); (string(got.ID[:]) == tt.sent) != tt.taken {
			t.Errorf("%q sent: ID = %s, want taken %v", tt.sent, got.ID, tt.taken)
		}
	}
}

// parity: spec/rest-data-plane.md 3.6.3
func TestTraceID(t *testing.T) {
	const root, parent = `Root=1-66991fb7-[0-9a-f]{24}`, `Parent=[0-9a-f]{16}`
	for _, tt := range []struct{ sent, want string }{
		{"", root + ";" + parent + ";Sampled=0"},
		{"Root=1-3152b799-8954dae64eda91bc9a23a7e8", "Root=1-3152b799-8954dae64eda91bc9a23a7e8;" + parent + ";Sampled=0"},
		{"Root=1-a;Parent=b", "Root=1-a;Parent=b;Sampled=1"},
		{"Parent=b; Root=1-a;Sampled=0", "Root=1-a;Parent=b;Sampled=0"},
		{"root=1-a;Sampled=1;Lineage=x", "Root=1-a;" + parent + ";Sampled=1"},
		{"Root=;Parent", root + ";" + parent + ";Sampled=0"},
		{"Root=" + strings.Repeat("a", 65), root + ";" + parent + ";Sampled=0"},
		{`Root="x"`, root + ";" + parent + ";Sampled=0"},
	} {
		x := get(t, "X-Amzn-Trace-Id: "+tt.sent)
		got := string(x.TraceID())
		if !regexp.MustCompile("^" + tt.want + "$").MatchString(got) {
			t.Errorf("sent %q: %q, want %s", tt.sent, got, tt.want)
		}
		if again := string(x.TraceID()); again != got {
			t.Errorf("asked again: %q, first %q", again, got)
		}
	}
}

func TestQuery(t *testing.T) {
	for _, tt := range []struct {
		query string
		want  []string
	}{
		// parity: spec/rest-data-plane.md 2.4
		{"d=2023-06-12T18:05:10.123456+00:00", []string{"d=2023-06-12T18:05:10.123456 00:00"}},
		{"a=foo%20bar", []string{"a=foo bar"}},
		{"a=test%2Balias@gmail.com", []string{"a=test+alias@gmail.com"}},
		{"a", []string{"a="}},
		{"a=1&b=2&a=3", []string{"a=1", "b=2", "a=3"}},
		{"&&a=1&", []string{"a=1"}},
		{"a=b=c", []string{"a=b=c"}},
		{"a=%zz%2", []string{"a=%zz%2"}},
		{"%61+b=%26", []string{"a b=&"}},
		{"a=1;b=2", []string{"a=1;b=2"}},
		{"", nil},
	} {
		x := programtest.Exchange(t, "GET /?"+tt.query+" HTTP/1.1\r\nHost: h\r\n\r\n")
		var got []string
		for _, p := range x.Query() {
			got = append(got, string(p.Name)+"="+string(p.Value))
		}
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("Query(%q):\n%s", tt.query, diff)
		}
	}
}

func TestEveryAnswerHasItsFields(t *testing.T) {
	x := get(t)
	x.Route = &program.Route{Steps: []program.Step{answer(200, "x")}}
	r := programtest.Play(t, x)
	want := []string{"Content-Type: application/json", "x-amzn-RequestId: " + string(x.ID[:]), "x-amz-apigw-id: " + string(x.ExtendedID[:])}
	if diff := cmp.Diff(want, r.Fields); diff != "" {
		t.Error(diff)
	}
	x.Play()
	if len(x.Answer.Fields) != 3 {
		t.Errorf("playing again adds fields: %d", len(x.Answer.Fields))
	}
}

func TestTraceIsShownWhereABackEndWasCalled(t *testing.T) {
	x := get(t)
	x.Route = &program.Route{Steps: []program.Step{{Run: func(x *program.Exchange) error {
		x.ShowTrace = true
		return program.IntegrationTimeout.Refuse(nil)
	}}}}
	if r := programtest.Play(t, x); r.Header("X-Amzn-Trace-Id") == "" || r.Status != 504 {
		t.Errorf("got %+v, want 504 with a trace id", r)
	}
}

func TestNoIDNoFields(t *testing.T) {
	x := programtest.Exchange(t, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	x.Route = &program.Route{Steps: []program.Step{answer(200, "x")}}
	if r := programtest.Play(t, x); len(r.Fields) != 0 {
		t.Errorf("fields %q, want none", r.Fields)
	}
}

// parity: spec/rest-data-plane.md 1.2, byte for byte
func TestRefusals(t *testing.T) {
	for _, tt := range []struct {
		err       error
		status    int
		errorType string
		body      string
	}{
		{program.MissingAuthenticationToken.Refuse(nil), 403, "MissingAuthenticationTokenException", `{"message":"Missing Authentication Token"}`},
		{program.Forbidden.Refuse(nil), 403, "ForbiddenException", `{"message":"Forbidden"}`},
		{program.InvalidAPIKey.Refuse(nil), 403, "ForbiddenException", `{"message":"Forbidden"}`},
		{program.Throttled.Refuse(nil), 429, "TooManyRequestsException", `{"message":"Too Many Requests"}`},
		{program.QuotaExceeded.Refuse(nil), 429, "LimitExceededException", `{"message":"Limit Exceeded"}`},
		{program.UnsupportedMediaType.Refuse(nil), 415, "BadRequestException", `{"message": "Unsupported Media Type"}`},
		{program.IntegrationTimeout.Refuse(nil), 504, "InternalServerErrorException", `{"message": "Endpoint request timed out"}`},
		{program.IntegrationFailure.Refuse(nil), 504, "InternalServerErrorException", `{"message": "Network error communicating with endpoint"}`},
		{program.APIConfigurationError.Refuse(nil), 500, "InternalServerErrorException", `{"message": "Internal server error"}`},
		{&program.Refusal{Type: program.Default5XX, Status: 502}, 502, "InternalServerErrorException", `{"message": "Internal server error"}`},
		{&program.Refusal{Type: program.AccessDenied, Message: `say "no"`}, 403, "AccessDeniedException", `{"Message":"say \"no\""}`},
		{program.RequestTooLarge.Refuse(nil), 413, "RequestEntityTooLargeException", `{"message":"Request Too Long"}`},
		{fmt.Errorf("wrapped: %w", program.Unauthorized.Refuse(nil)), 401, "UnauthorizedException", `{"message":"Unauthorized"}`},
		{errors.New("a bug"), 500, "InternalServerErrorException", `{"message": "Internal server error"}`},
	} {
		x := get(t)
		x.Route = &program.Route{Steps: []program.Step{{Run: func(*program.Exchange) error { return tt.err }}, answer(200, "never")}}
		r := programtest.Play(t, x)
		if r.Status != tt.status || r.Body != tt.body || r.Header("x-amzn-ErrorType") != tt.errorType {
			t.Errorf("%v: %d %s %s, want %d %s %s", tt.err, r.Status, r.Header("x-amzn-ErrorType"), r.Body, tt.status, tt.errorType, tt.body)
		}
		if r.Header("content-type") != "application/json" || r.Header("x-amzn-requestid") == "" {
			t.Errorf("%v: fields %q", tt.err, r.Fields)
		}
	}
}

func TestSharedRefusalIsNotChanged(t *testing.T) {
	shared := program.Throttled.Refuse(nil)
	x := get(t)
	x.Route = &program.Route{Steps: []program.Step{{Run: func(*program.Exchange) error { return shared }}}}
	programtest.Play(t, x)
	if shared.Status != 0 || shared.Message != "" {
		t.Errorf("the refusal is now %+v", shared)
	}
	if x.Failure.Status != 429 {
		t.Errorf("Failure = %+v, want its defaults filled in", x.Failure)
	}
}

func TestCustomGatewayResponse(t *testing.T) {
	x := get(t)
	x.Stage = &program.Stage{Responses: map[program.ResponseType]*program.GatewayResponse{
		program.Throttled: {Status: 499, Render: func(x *program.Exchange, r *program.Refusal, a *program.Answer) error {
			a.Fields = append(a.Fields, http1.Field{Name: []byte("X-A"), Value: []byte("b")})
			a.Body = x.Keep("was ", r.Message)
			return nil
		}},
		program.Unauthorized: {Render: func(_ *program.Exchange, _ *program.Refusal, a *program.Answer) error {
			a.Fields = append(a.Fields, http1.Field{Name: []byte("X-A"), Value: []byte("b")})
			return errors.New("cannot")
		}},
		program.WAFFiltered: {Status: 404},
	}}
	for _, tt := range []struct {
		kind   program.ResponseType
		status int
		field  string
		body   string
	}{
		{program.Throttled, 499, "b", "was Too Many Requests"},
		{program.Unauthorized, 401, "", `{"message":"Unauthorized"}`},
		{program.WAFFiltered, 404, "", `{"message":"Forbidden"}`},
		{program.QuotaExceeded, 429, "", `{"message":"Limit Exceeded"}`},
	} {
		x.Route = &program.Route{Steps: []program.Step{{Run: func(*program.Exchange) error { return tt.kind.Refuse(nil) }}}}
		x.Fail(tt.kind.Refuse(nil))
		r := programtest.Play(t, x)
		if r.Status != tt.status || r.Header("X-A") != tt.field || r.Body != tt.body || r.Header("x-amzn-errortype") == "" {
			t.Errorf("%s: %+v, want %d %q %q", tt.kind, r, tt.status, tt.field, tt.body)
		}
	}
}

func TestContextVariables(t *testing.T) {
	x := programtest.Exchange(t, "GET /prod/pets/7 HTTP/1.1\r\nHost: abc.execute-api.us-east-1.amazonaws.com:443\r\nUser-Agent: t/1\r\n\r\n")
	x.Identify()
	x.Stage = &program.Stage{APIID: "abc", Name: "prod", DeploymentID: "d1", Account: "000000000000"}
	x.Route = &program.Route{ResourceID: "r1", Resource: "/pets/{id}", OperationName: "op"}
	x.FullPath = x.Request.Path
	x.Caller = &program.Caller{User: "u", Principal: "p", Context: map[string]string{"a": "1"}, Claims: map[string]string{"sub": "s"}}
	x.Grant = usage.Shown("kid", "k")
	for name, want := range map[string]string{
		"accountId": "000000000000", "apiId": "abc", "deploymentId": "d1", "stage": "prod", "resourceId": "r1",
		"resourcePath": "/pets/{id}", "operationName": "op", "domainName": "abc.execute-api.us-east-1.amazonaws.com",
		"domainPrefix": "abc", "extendedRequestId": string(x.ExtendedID[:]), "requestId": string(x.ID[:]),
		"httpMethod": "GET", "path": "/prod/pets/7", "protocol": "HTTP/1.1", "requestTime": "18/Jul/2024:13:59:19 +0000",
		"requestTimeEpoch": "1721311159123", "identity.sourceIp": "203.0.113.9", "identity.userAgent": "t/1",
		"identity.apiKey": "k", "identity.apiKeyId": "kid", "identity.user": "u", "identity.caller": "", "authorizer.principalId": "p",
		"authorizer.a": "1", "authorizer.claims.sub": "s", "authorizer.claims.x": "", "error.message": "",
	} {
		v := program.ContextVariable(name)
		if v == nil {
			t.Errorf("no variable %s", name)
			continue
		}
		if got := string(x.KeepVariable(v)); got != want {
			t.Errorf("$context.%s = %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"nothing", "identity.nothing", "error.nothing", "nothing.at.all", ""} {
		if program.ContextVariable(name) != nil {
			t.Errorf("there is a variable %q", name)
		}
	}
}

func TestExplain(t *testing.T) {
	route := &program.Route{Method: "GET", Resource: "/pets", Body: program.BodyBuffer, Steps: []program.Step{
		{Name: "apiKey", Note: "header x-api-key"}, {Name: "integrate", Note: "mock"}, {Name: "log"},
	}}
	var b strings.Builder
	if err := route.Explain().WriteText(&b); err != nil {
		t.Fatal(err)
	}
	if want := "apiKey     header x-api-key\nintegrate  mock\nlog\n"; b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
	doc, err := json.Marshal(route.Explain())
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"method":"GET","resource":"/pets","body":"buffer","steps":[{"name":"apiKey","note":"header x-api-key"},{"name":"integrate","note":"mock"},{"name":"log"}]}`
	if string(doc) != want {
		t.Errorf("got %s, want %s", doc, want)
	}
}

// FuzzAppendJSON: what was appended is valid JSON and decodes to the input,
// with U+FFFD for what is no UTF-8.
func FuzzAppendJSON(f *testing.F) {
	f.Add([]byte("a\"\\\x00\n\xff\xe2\x82\u2028"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var got string
		doc := program.AppendJSON(nil, in)
		if err := json.Unmarshal(doc, &got); err != nil {
			t.Fatalf("%q is no JSON: %v", doc, err)
		}
		if want := string(program.AppendText(nil, in)); got != want {
			t.Fatalf("%q decodes to %q, want %q", doc, got, want)
		}
		if !utf8.ValidString(got) || utf8.Valid(in) && got != string(in) {
			t.Fatalf("%q became %q", in, got)
		}
	})
}

func TestAppendText(t *testing.T) {
	for in, want := range map[string]string{
		"plain":             "plain",
		"\xff\xfe":          "\uFFFD\uFFFD",
		"\xe2\x82":          "\uFFFD",
		"\xe2\x82A":         "\uFFFDA",
		"\xf0\x9f\x98":      "\uFFFD",
		"\xed\xa0\x80":      "\uFFFD\uFFFD\uFFFD",
		"a\xc0\xafb\u20acc": "a\uFFFD\uFFFDb\u20acc",
	} {
		if got := string(program.AppendText(nil, []byte(in))); got != want {
			t.Errorf("AppendText(%q) = %q, want %q", in, got, want)
		}
	}
}

const refuseAllocs = 0

func TestServeAllocs(t *testing.T) {
	x := get(t, "X-Amzn-Trace-Id: Root=1-a")
	request := x.Request
	refusal := program.MissingAuthenticationToken.Refuse(nil)
	route := &program.Route{Steps: []program.Step{{Run: func(x *program.Exchange) error { x.ShowTrace = true; return refusal }}}}
	got := testing.AllocsPerRun(1000, func() {
		x.Reset(t.Context())
		x.Request, x.Route = request, route
		x.Identify()
		if x.Play() != program.Done {
			t.Fatal("not done")
		}
	})
	if got > refuseAllocs {
		t.Errorf("a refusal allocates %v times, want at most %d", got, refuseAllocs)
	}
}

func BenchmarkIdentify(b *testing.B) {
	x := get(b, "User-Agent: x", "Accept: */*", "X-Forwarded-For: 1.2.3.4")
	for b.Loop() {
		x.Identify()
	}
}
