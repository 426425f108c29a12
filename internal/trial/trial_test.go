package trial_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/trial"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// functions are functions written in Go.
type functions struct {
	call   func(event []byte) (*lambda.Result, error)
	denied bool
	source string // of the last that was asked
}

func (f *functions) Queue(context.Context, string, lambda.Call) error { return nil }

func (f *functions) Invoke(_ context.Context, _ string, payload []byte, _ bool) (*lambda.Result, error) {
	return f.call(payload)
}

func (f *functions) Permits(_, _, _, source, _ string) bool {
	f.source = source
	return !f.denied
}

const uri = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"

// bench is a bench, the functions that it calls and the end of its connections.
func bench(t testing.TB) (*trial.Bench, *functions) {
	t.Helper()
	up := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(up.Close)
	f := &functions{}
	env := compile.Env{Account: "000000000000", Region: "us-east-1", Origins: up, Functions: f}
	return trial.New(env, transport.Config{Upstreams: up}), f
}

// request tries GET of /pets/{petId}, which asks for all that a trial leaves out.
func request(in api.Integration) *trial.Request {
	if in.PassthroughBehavior == "" {
		in.PassthroughBehavior = "WHEN_NO_MATCH"
	}
	m := api.Method{
		ResourceID: "r1", HTTPMethod: "GET", AuthorizationType: "CUSTOM", AuthorizerID: new("a1"), APIKeyRequired: true, Integration: &in,
		RequestParameters: map[string]bool{"method.request.path.petId": true}, Responses: map[string]api.MethodResponse{"200": {StatusCode: "200"}},
	}
	other := m
	other.HTTPMethod = "POST"
	return &trial.Request{ResourceID: "r1", Method: "GET", API: snapshot.REST{
		API:       api.RestAPI{ID: "abc123", Name: "pets", EndpointType: "PRIVATE", Policy: new(`{"Statement":[]}`)},
		Resources: []api.Resource{{ID: "r0", Path: "/"}, {ID: "r1", Path: "/pets/{petId}"}},
		Methods:   []api.Method{other, m},
	}}
}

func responses(template string) map[string]api.IntegrationResponse {
	return map[string]api.IntegrationResponse{"200": {StatusCode: "200", ResponseTemplates: map[string]*string{"application/json": &template}}}
}

func mock(template string) api.Integration {
	return api.Integration{
		Type: "MOCK", RequestTemplates: map[string]*string{"application/json": new(`{"statusCode": 200}`)}, Responses: responses(template),
	}
}

var (
	uuid    = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	date    = regexp.MustCompile(`(?m)^(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d UTC \d{4} : `)
	latency = regexp.MustCompile(`latency: \d+ ms`)
	port    = regexp.MustCompile(`127\.0\.0\.1:\d+`)
	dated   = regexp.MustCompile(`(X-Amz-Date|Date)=[^,}]+(, \d\d [A-Z][^,}]+)?`)
)

// tidy is a log without what is different each time.
func tidy(log string) string {
	log = uuid.ReplaceAllString(log, "<id>")
	log = date.ReplaceAllString(log, "~ : ")
	log = latency.ReplaceAllString(log, "latency: 1 ms")
	log = dated.ReplaceAllString(log, "$1=<date>")
	return port.ReplaceAllString(log, "<host>")
}

// outcome is a result as text.
func outcome(r *trial.Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %s\n", r.Status, r.Body)
	for _, f := range r.Fields {
		fmt.Fprintf(&b, "%s: %s\n", f.Name, f.Value)
	}
	return b.String()
}

// TestRecorded is the sequence that AWS wrote.
// parity: spec/rest-data-plane.md 11.2
func TestRecorded(t *testing.T) {
	b, _ := bench(t)
	r := request(mock(`{"petId": "$input.params('petId')"}`))
	r.Target = new("/pets/123?foo=bar")
	got, err := b.Play(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	const want = `Execution log for request <id>
~ : Starting execution for request: <id>
~ : HTTP Method: GET, Resource Path: /pets/123
~ : Method request path: {petId=123}
~ : Method request query string: {foo=bar}
~ : Method request headers: {}
~ : Method request body before transformations: 
~ : Method response body after transformations: {"petId": "123"}
~ : Method response headers: {Content-Type=application/json}
~ : Successfully completed execution
~ : Method completed with status: 200
`
	if diff := cmp.Diff(want, tidy(got.Log)); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
	if want := "200 {\"petId\": \"123\"}\nContent-Type: application/json\n"; outcome(got) != want {
		t.Errorf("Play = %q, want %q", outcome(got), want)
	}
}

// TestTarget: how the parameters are cut out of what a caller gives.
func TestTarget(t *testing.T) {
	b, _ := bench(t)
	for _, tt := range []struct {
		name, target string
		want         string
	}{
		{"none", "", "{petId} GET /test-invoke-stage/pets/{petId} application/json "},
		{"match", "/pets/7?q=1", "7 GET /test-invoke-stage/pets/7 application/json 1"},
		{"escaped", "/pets/a%20b", "a%20b GET /test-invoke-stage/pets/a%20b application/json "},
		{"no match", "/random/test", " GET /test-invoke-stage/random/test application/json "},
		{"no slash", "pets/7", "7 GET /test-invoke-stage/pets/7 application/json "},
		{"hostile", "/pets/\r\nX: y #z", "%0D%0AX:%20y%20%23z GET /test-invoke-stage/pets/%0D%0AX:%20y%20%23z application/json "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := request(mock(`$input.params('petId') $context.httpMethod $context.path $input.params().header.get('Content-Type') $input.params('q')`))
			if r.Fields = []trial.Field{{Name: "Content-Type", Value: "text/plain"}}; tt.target != "" {
				r.Target = &tt.target
			}
			got, err := b.Play(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if string(got.Body) != tt.want {
				t.Errorf("Play(%q) = %q, want %q", tt.target, got.Body, tt.want)
			}
		})
	}
}

// TestEndpoint: what is called over HTTP is in the log, with its secrets starred.
func TestEndpoint(t *testing.T) {
	b, _ := bench(t)
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header()["Date"] = nil
		w.Header().Set("X-Back", r.Header.Get("Authorization"))
		_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.RequestURI, body)
	}))
	defer back.Close()
	for _, kind := range []string{"HTTP", "HTTP_PROXY"} {
		t.Run(kind, func(t *testing.T) {
			in := api.Integration{
				Type: kind, HTTPMethod: new("POST"), URI: new(back.URL + "/back"), TimeoutMillis: 5000,
				RequestParameters: map[string]string{"integration.request.header.Authorization": "'secret'"},
			}
			if kind == "HTTP" {
				in.Responses = responses("$input.body")
			}
			r := request(in)
			r.Body = []byte("ping")
			got, err := b.Play(t.Context(), r)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != 200 || string(got.Body) != "POST /back ping" {
				t.Errorf("Play = %s", outcome(got))
			}
			log := tidy(got.Log)
			if strings.Contains(strings.ReplaceAll(log, "X-Back=secret", ""), "secret") {
				t.Errorf("the log tells the secret:\n%s", log)
			}
			at := 0
			for _, line := range []string{
				"Method request body before transformations: ping", "Endpoint request URI: http://<host>/back", "Endpoint request headers: {",
				"Endpoint request body after transformations: ping", "Sending request to http://<host>/back",
				"Received response. Status: 200, Integration latency: 1 ms", "Endpoint response headers: {",
				"Endpoint response body before transformations: POST /back ping", "Method response body after transformations: POST /back ping",
				"Method response headers: {", "Successfully completed execution", "Method completed with status: 200",
			} {
				next := strings.Index(log[at:], "~ : "+line)
				if next < 0 {
					t.Fatalf("no %q after byte %d of\n%s", line, at, log)
				}
				at += next
			}
		})
	}
}

// TestFunction: what functions are given and give is in the log.
func TestFunction(t *testing.T) {
	b, f := bench(t)
	f.call = func([]byte) (*lambda.Result, error) {
		return &lambda.Result{Payload: []byte(`{"statusCode":201,"body":"made"}`), RequestID: "req", ExecutedVersion: "$LATEST"}, nil
	}
	r := request(api.Integration{Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: new(uri), TimeoutMillis: 5000})
	got, err := b.Play(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != 201 || string(got.Body) != "made" {
		t.Errorf("Play = %s", outcome(got))
	}
	if want := "arn:aws:execute-api:us-east-1:000000000000:abc123/test-invoke-stage/GET/pets/{petId}"; f.source != want {
		t.Errorf("the function was asked about %s, want %s", f.source, want)
	}
	log := tidy(got.Log)
	for _, line := range []string{
		"Endpoint request URI: https://lambda.us-east-1.amazonaws.com/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations",
		"Endpoint request headers: {x-amzn-lambda-integration-tag=<id>, Authorization=********************************, X-Amz-Date=<date>, x-amzn-apigateway-api-id=abc123",
		`Endpoint request body after transformations: {"resource":"/pets/{petId}"`,
		"Received response. Status: 200, Integration latency: 1 ms",
		`Endpoint response body before transformations: {"statusCode":201,"body":"made"}`,
		"Method response body after transformations: made",
	} {
		if !strings.Contains(log, "~ : "+line) {
			t.Errorf("no %q in\n%s", line, log)
		}
	}
	if !strings.Contains(log, " [TRUNCATED]\n") {
		t.Errorf("the event of a proxy integration is not cut in\n%s", log)
	}
}

// TestFailures: a trial that fails says why, and is no error.
func TestFailures(t *testing.T) {
	b, f := bench(t)
	proxy := api.Integration{Type: "AWS_PROXY", HTTPMethod: new("POST"), URI: new(uri), TimeoutMillis: 5000}
	gone := httptest.NewServer(nil)
	gone.Close()
	for _, tt := range []struct {
		name   string
		in     api.Integration
		call   func([]byte) (*lambda.Result, error)
		status int
		line   string
	}{
		{"address", api.Integration{Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: new("http://")}, nil, 500, "Execution failed due to configuration error: "},
		{"connection", api.Integration{Type: "HTTP_PROXY", HTTPMethod: new("GET"), URI: &gone.URL, TimeoutMillis: 5000}, nil, 504, "Execution failed due to a network error communicating with endpoint: Connection refused"},
		{"mock", api.Integration{Type: "MOCK"}, nil, 500, "Execution failed due to configuration error: "},
		{"malformed", proxy, func([]byte) (*lambda.Result, error) { return &lambda.Result{Payload: []byte(`1`)}, nil }, 502, "Execution failed due to configuration error: Malformed Lambda proxy response"},
		{
			"failed", proxy, func([]byte) (*lambda.Result, error) {
				return &lambda.Result{Payload: []byte(`{"errorMessage":"boom"}`), FunctionError: "Unhandled", RequestID: "req"}, nil
			}, 502, "Lambda execution failed with status 200 due to customer function error: boom. Lambda request id: req",
		},
		{"no function", proxy, func([]byte) (*lambda.Result, error) { return nil, lambda.ErrNoFunction }, 500, "Execution failed due to configuration error: Invalid permissions on Lambda function"},
		{"trouble", proxy, func([]byte) (*lambda.Result, error) { return nil, errors.New("trouble") }, 500, "Execution failed due to configuration error: Trouble"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.call = tt.call
			got, err := b.Play(t.Context(), request(tt.in))
			if err != nil {
				t.Fatal(err)
			}
			log := tidy(got.Log)
			if got.Status != tt.status || !strings.Contains(log, "~ : "+tt.line) || !strings.HasSuffix(log, fmt.Sprintf("Method completed with status: %d\n", tt.status)) {
				t.Errorf("Play = %slog:\n%s\nwant %d and %q", outcome(got), log, tt.status, tt.line)
			}
			if strings.Contains(log, "Successfully") || len(got.Fields) == 0 || got.Fields[0].Name != "x-amzn-ErrorType" {
				t.Errorf("Play = %slog:\n%s", outcome(got), log)
			}
		})
	}
	f.denied = true
	got, err := b.Play(t.Context(), request(proxy))
	if err != nil || got.Status != 500 || !strings.Contains(got.Log, "configuration error: Invalid permissions on Lambda function\n") {
		t.Errorf("Play of a function that does not permit it = %+v, %v", got, err)
	}
}
