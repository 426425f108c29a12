package gateway

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/snapshot"
)

const functionURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:f/invocations"

// scripted is a host whose one function does what the event asks for.
type scripted struct{}

func (scripted) Queue(context.Context, string, lambda.Call) error { return nil }

func (scripted) Permits(_, _, _, _, _ string) bool { return true }

func (scripted) Invoke(ctx context.Context, _ string, payload []byte, stream bool) (*lambda.Result, error) {
	switch event := string(payload); {
	case stream:
		r, w := io.Pipe()
		go func() {
			_, _ = io.WriteString(w, `{"statusCode":201,"headers":{"Content-Type":"text/plain"}}`+strings.Repeat("\x00", 8))
			for i := range 3 {
				_, _ = fmt.Fprintf(w, "part %d\n", i)
			}
			_ = w.Close()
		}()
		return &lambda.Result{Stream: r}, nil
	case strings.Contains(event, `"q":"slow"`):
		<-ctx.Done()
		return nil, ctx.Err()
	case strings.Contains(event, `"q":"fail"`):
		return &lambda.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"no"}`)}, nil
	}
	return &lambda.Result{Payload: []byte(`{"statusCode":202,"headers":{"Server":"mine"},"body":"from the function"}`)}, nil
}

// everyKind is an API with an integration of every kind that there is.
func everyKind(backend string) snapshot.REST {
	to := func(kind, method, path string, timeout int32) api.Integration {
		uri := backend + path
		return api.Integration{
			Type: kind, HTTPMethod: &method, URI: &uri, TimeoutMillis: timeout, PassthroughBehavior: "WHEN_NO_MATCH",
			Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}, "404": {StatusCode: "404", SelectionPattern: new("4..")}},
		}
	}
	fn := func(kind string) api.Integration {
		return api.Integration{
			Type: kind, HTTPMethod: new("POST"), URI: new(functionURI), TimeoutMillis: 200, PassthroughBehavior: "WHEN_NO_MATCH",
			Responses: map[string]api.IntegrationResponse{"200": {StatusCode: "200"}},
		}
	}
	streaming := fn("AWS_PROXY")
	streaming.ResponseTransferMode = "STREAM"
	streaming.URI = new("arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/arn:aws:lambda:us-east-1:000000000000:function:f/response-streaming-invocations")
	return frozen("abc", map[string]api.Integration{
		"GET /mock": mock(200, "mocked"), "HEAD /mock": mock(200, "mocked"),
		"ANY /proxy": to("HTTP_PROXY", "ANY", "/echo", 2000), "GET /proxy-slow": to("HTTP_PROXY", "GET", "/slow", 100),
		"POST /http": to("HTTP", "POST", "/echo", 2000), "GET /http-missing": to("HTTP", "GET", "/missing", 2000), "GET /http-slow": to("HTTP", "GET", "/slow", 100),
		"ANY /function": fn("AWS_PROXY"), "GET /stream": streaming, "GET /custom": fn("AWS"),
	})
}

// Every kind of integration over real connections on both sides.
func TestEveryKind(t *testing.T) {
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			<-r.Context().Done()
		case "/missing":
			http.Error(w, "gone", http.StatusNotFound)
		default:
			body, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "text/plain")
			w.Header().Set("X-Back", r.Header.Get("X-Front"))
			_, _ = fmt.Fprintf(w, "%s %s %s", r.Method, r.URL.RequestURI(), body)
		}
	}))
	defer backend.Close()
	b := start(t, func(c *Config) { c.Env.Functions = scripted{} })
	b.deploy(t, everyKind(backend.URL), api.Stage{Name: "prod", DeploymentID: "d"})
	b.sync(t)
	url, c := b.serve(t), client(t)
	const internal, late = `{"message": "Internal server error"}`, `{"message": "Endpoint request timed out"}`
	for _, tt := range []struct {
		line, body string
		status     int
		want       string
		field      string // "Name value"
	}{
		{"GET /mock", "", 200, "mocked", "Content-Type application/json"},
		{"HEAD /mock", "", 200, "", "Content-Length 6"},
		{"POST /mock", "", 403, `{"message":"Missing Authentication Token"}`, "x-amzn-ErrorType MissingAuthenticationTokenException"},
		{"GET /proxy?a=b%20c", "", 200, "GET /echo?a=b%20c ", "X-Back yes"},
		{"PUT /proxy", "the body", 200, "PUT /echo the body", "Content-Type text/plain"},
		{"HEAD /proxy", "", 200, "", "X-Back yes"},
		{"GET /proxy-slow", "", 504, late, "X-Amzn-Trace-Id "},
		{"POST /http", `{"a":1}`, 200, `POST /echo {"a":1}`, "Content-Type application/json"},
		{"GET /http-missing", "", 404, "gone\n", "X-Back "},
		{"GET /http-slow", "", 504, late, "x-amzn-ErrorType InternalServerErrorException"},
		{"POST /function", "x", 202, "from the function", "x-amzn-Remapped-Server mine"},
		{"GET /function?q=fail", "", 502, internal, ""},
		{"GET /function?q=slow", "", 504, late, ""},
		{"GET /stream", "", 201, "part 0\npart 1\npart 2\n", "Content-Type text/plain"},
		{"GET /custom", "", 200, `{"statusCode":202,"headers":{"Server":"mine"},"body":"from the function"}`, ""},
	} {
		method, target, _ := strings.Cut(tt.line, " ")
		r, err := http.NewRequestWithContext(t.Context(), method, url+"/_aws/execute-api/abc/prod"+target, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Front", "yes")
		resp, err := c.Do(r)
		if err != nil {
			t.Fatalf("%s: %v", tt.line, err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || string(body) != tt.want || err != nil {
			t.Errorf("%s: %d %q %v, want %d %q", tt.line, resp.StatusCode, body, err, tt.status, tt.want)
		}
		if name, want, _ := strings.Cut(tt.field, " "); resp.Header.Get(name) != want && name != "" {
			t.Errorf("%s: %s is %q, want %q", tt.line, name, resp.Header.Get(name), want)
		}
		if resp.Header.Get("x-amzn-RequestId") == "" || resp.Header.Get("Date") == "" {
			t.Errorf("%s: header %v", tt.line, resp.Header)
		}
	}
}

// large is an API with n methods.
func large(n int, deployment string) snapshot.REST {
	methods := make(map[string]api.Integration, n)
	for i := range n {
		methods[fmt.Sprintf("GET /collection%d/{id}", i)] = mock(200, deployment)
	}
	return frozen("abc", methods)
}

// BenchmarkDeploy is how long it takes from the beginning of the transaction
// that deploys to the first moment at which the deployment is served.
func BenchmarkDeploy(b *testing.B) {
	for _, n := range []int{10, 300, 5000} {
		b.Run(fmt.Sprintf("methods=%d", n), func(b *testing.B) {
			g := start(b, nil)
			snap := large(n, "x")
			for i := 0; b.Loop(); i++ {
				g.deploy(b, snap, api.Stage{Name: "prod", DeploymentID: fmt.Sprint(i)})
				g.sync(b)
			}
		})
	}
}

// A change is served within moments, not at the next poll.
func TestDeployIsQuick(t *testing.T) {
	b := start(t, nil)
	b.deploy(t, large(300, "0"), api.Stage{Name: "prod", DeploymentID: "0"})
	b.sync(t)
	begin := time.Now()
	for i := 1; i <= 10; i++ {
		b.deploy(t, large(300, fmt.Sprint(i)), api.Stage{Name: "prod", DeploymentID: fmt.Sprint(i)})
		b.sync(t)
	}
	if each := time.Since(begin) / 10; each > time.Second {
		t.Errorf("a deployment of 300 methods takes %v", each)
	}
}
