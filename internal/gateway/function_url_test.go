package gateway

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/step"
)

// oneFunction is a host of one function, which answers what it is told to.
type oneFunction struct {
	event  []byte
	result lambda.Result
	err    error
}

func (f *oneFunction) Invoke(_ context.Context, _ string, payload []byte, _ bool) (*lambda.Result, error) {
	f.event = append(f.event[:0], payload...)
	r := f.result
	return &r, f.err
}

func (f *oneFunction) Queue(context.Context, string, lambda.Call) error { return nil }

func (f *oneFunction) Permits(_, _, _, _, _ string) bool { return false }

func urls(f *oneFunction) func(*Config) {
	return func(c *Config) {
		c.Env.Functions = f
		c.FunctionURL = func(id string) (step.FunctionURL, bool) {
			u := step.FunctionURL{ID: id, FunctionARN: "arn", Open: true}
			switch id {
			case "open":
			case "cors":
				u.CORS = &api.FunctionCORS{AllowOrigins: []string{"https://a.example"}, AllowMethods: []string{"GET", "PUT"}, AllowHeaders: []string{"x-a"}, MaxAge: new(int32(60)), AllowCredentials: new(true)}
			case "closed":
				u.Open = false
			default:
				return u, false
			}
			return u, true
		}
	}
}

// parity: spec/http-websocket-domains.md A5
func TestFunctionURLEvent(t *testing.T) {
	f := &oneFunction{result: lambda.Result{Payload: []byte(`{"statusCode":201,"headers":{"X-A":"b"},"cookies":["c=d"],"body":"aGk=","isBase64Encoded":true,"unknown":1}`)}}
	b := start(t, urls(f))
	x := exchange(t, "POST /a%20b/?k=1&k=two%2Bplus", "OPEN.lambda-url.us-east-1.on.aws", "User-Agent: t", "Cookie: c1=v1; c2=v2", "X-Two: 1", "x-two: 2",
		"Content-Type: application/x-www-form-urlencoded", "Content-Length: 2", "Connection: keep-alive", "X-Amzn-Trace-Id: Root=1-a;Parent=b;Sampled=0")
	x.Body = []byte("hi")
	b.Begin(x)
	r := programtest.Play(t, x)
	if r.Status != 201 || r.Body != "hi" || r.Header("X-A") != "b" || r.Header("Set-Cookie") != "c=d" || r.Header("x-amzn-RequestId") == "" || r.Header("x-amz-apigw-id") != "" {
		t.Errorf("answer %+v", r)
	}
	var got map[string]any
	if err := json.Unmarshal(f.event, &got); err != nil {
		t.Fatalf("%v in %s", err, f.event)
	}
	host := "OPEN.lambda-url.us-east-1.on.aws"
	want := map[string]any{
		"version": "2.0", "routeKey": "$default", "rawPath": "/a%20b/", "rawQueryString": "k=1&k=two%2Bplus", "cookies": []any{"c1=v1", "c2=v2"},
		"headers": map[string]any{
			"host": host, "user-agent": "t", "x-two": "1,2", "content-type": "application/x-www-form-urlencoded", "content-length": "2",
			"x-amzn-trace-id": "Root=1-a;Parent=b;Sampled=0", "x-forwarded-for": "203.0.113.9", "x-forwarded-port": "4566", "x-forwarded-proto": "http",
		},
		"queryStringParameters": map[string]any{"k": "1,two+plus"},
		"requestContext": map[string]any{
			"accountId": "anonymous", "apiId": "open", "domainName": host, "domainPrefix": "OPEN",
			"http":      map[string]any{"method": "POST", "path": "/a%20b/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "t"},
			"requestId": string(x.ID[:]), "routeKey": "$default", "stage": "$default", "time": "18/Jul/2024:13:59:19 +0000", "timeEpoch": float64(1721311159123),
		},
		"body": "aGk=", "isBase64Encoded": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// parity: spec/http-websocket-domains.md A5.5
func TestFunctionURLAnswers(t *testing.T) {
	f := &oneFunction{}
	b := start(t, urls(f))
	const host = "open.lambda-url.us-east-1.localhost"
	for _, tt := range []struct {
		result lambda.Result
		err    error
		status int
		body   string
	}{
		{lambda.Result{Payload: []byte(`{"a": 1}`)}, nil, 200, `{"a": 1}`},
		{lambda.Result{Payload: []byte(`"Hello\n"`)}, nil, 200, "Hello\n"},
		{lambda.Result{Payload: []byte(`2`)}, nil, 200, "2"},
		{lambda.Result{Payload: []byte(`{"statusCode":"404","body":"x"}`)}, nil, 404, "x"},
		{lambda.Result{Payload: []byte(`{"statusCode":true}`)}, nil, 502, `{"message": "Internal Server Error"}`},
		{lambda.Result{Payload: []byte(`{"statusCode":200,"headers":{"A":"b\nc"}}`)}, nil, 502, `{"message": "Internal Server Error"}`},
		{lambda.Result{Payload: []byte(`{`)}, nil, 502, `{"message": "Internal Server Error"}`},
		{lambda.Result{Payload: []byte(`{}`), FunctionError: "Unhandled"}, nil, 502, `{"message": "Internal Server Error"}`},
		{lambda.Result{}, &lambda.Throttled{}, 429, `{"message":"Rate Exceeded."}`},
		{lambda.Result{}, lambda.ErrNoFunction, 502, `{"message": "Internal Server Error"}`},
		{lambda.Result{Stream: io.NopCloser(strings.NewReader("raw"))}, nil, 200, "raw"},
		{lambda.Result{Stream: io.NopCloser(strings.NewReader("{\"statusCode\":418}\x00\x00\x00\x00\x00\x00\x00\x00tea")), StreamContentType: lambda.HTTPIntegration}, nil, 418, "tea"},
	} {
		f.result, f.err = tt.result, tt.err
		if r := ask(t, b, "GET /", host); r.Status != tt.status || r.Body != tt.body {
			t.Errorf("%s %v: %d %s, want %d %s", tt.result.Payload, tt.err, r.Status, r.Body, tt.status, tt.body)
		}
	}
	for _, host := range []string{"closed.lambda-url.us-east-1.localhost", "none.lambda-url.us-east-1.localhost"} {
		f.event = nil
		if r := ask(t, b, "GET /", host); r.Status != 403 || f.event != nil {
			t.Errorf("%s: %+v", host, r)
		}
	}
}

func TestFunctionURLCORS(t *testing.T) {
	f := &oneFunction{result: lambda.Result{Payload: []byte(`{"statusCode":200,"headers":{"access-control-allow-origin":"*"}}`)}}
	b := start(t, urls(f))
	const host = "cors.lambda-url.us-east-1.localhost"
	r := ask(t, b, "OPTIONS /", host, "Origin: https://a.example", "Access-Control-Request-Method: PUT")
	if r.Status != 200 || f.event != nil || r.Header("Access-Control-Allow-Origin") != "https://a.example" || r.Header("Access-Control-Allow-Methods") != "GET,PUT" || r.Header("Access-Control-Max-Age") != "60" {
		t.Errorf("preflight %+v", r)
	}
	r = ask(t, b, "OPTIONS /", host, "Origin: https://evil.example", "Access-Control-Request-Method: PUT")
	if r.Status != 200 || r.Header("Access-Control-Allow-Origin") != "" || r.Header("Access-Control-Allow-Methods") != "" {
		t.Errorf("preflight of a stranger %+v", r)
	}
	r = ask(t, b, "GET /", host, "Origin: https://a.example")
	if r.Header("Access-Control-Allow-Origin") != "https://a.example" || r.Header("Access-Control-Allow-Credentials") != "true" || r.Header("Vary") != "Origin" {
		t.Errorf("answer %+v", r)
	}
}
