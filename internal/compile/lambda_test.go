package compile_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/usage"
)

func lambdaProxy() api.Integration {
	return api.Integration{
		Type: "AWS_PROXY", HTTPMethod: new("POST"), TimeoutMillis: 1000,
		URI: new("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + arn + "/invocations"),
	}
}

func lambdaStream() api.Integration {
	in := lambdaProxy()
	in.URI = new("arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/" + arn + "/response-streaming-invocations")
	in.ResponseTransferMode = "STREAM"
	return in
}

// returns is a function that always answers the same.
func returns(payload string) *functions {
	return &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func([]byte) (*lambda.Result, error) {
		return &lambda.Result{Payload: []byte(payload)}, nil
	}}}
}

func echo() *functions { return returns(`{"statusCode":200}`) }

// keeps is a function that keeps the last event.
func keeps(event *[]byte) *functions {
	return &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func(e []byte) (*lambda.Result, error) {
		*event = append((*event)[:0], e...)
		return &lambda.Result{Payload: []byte(`{}`)}, nil
	}}}
}

func decode(t testing.TB, doc []byte) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("event is no JSON: %v\n%s", err, doc)
	}
	return v
}

// parity: spec/rest-data-plane.md 3.4.1, a GET without query, exactly
func TestEventOfAPlainGet(t *testing.T) {
	var event []byte
	stage := sketch{
		methods: map[string]api.Integration{"ANY /{proxy+}": lambdaProxy()}, functions: keeps(&event),
	}.stage(t)
	x := request(t, stage, "GET /proxy-value/", "user-agent: agent/1", "aUtHoRiZaTiOn: secret", "tEsT-HEADeR: aValUE", "Accept-Encoding: gzip, deflate",
		"Connection: keep-alive", "X-Amzn-Trace-Id: Root=1-r;Parent=p;Sampled=1")
	if r := programtest.Play(t, x); r.Status != 200 || r.Body != "" || r.Header("X-Amzn-Trace-Id") != "Root=1-r;Parent=p;Sampled=1" {
		t.Fatalf("got %+v", r)
	}
	host := "abc123.execute-api.us-east-1.amazonaws.com"
	want := map[string]any{
		"resource": "/{proxy+}", "path": "/proxy-value/", "httpMethod": "GET",
		"headers": map[string]any{
			"Host": host, "User-Agent": "agent/1", "Authorization": "secret", "tEsT-HEADeR": "aValUE", "Accept-Encoding": "gzip, deflate",
			"X-Amzn-Trace-Id": "Root=1-r;Parent=p;Sampled=1", "X-Forwarded-For": "203.0.113.9", "X-Forwarded-Port": "4566", "X-Forwarded-Proto": "http",
		},
		"multiValueHeaders": map[string]any{
			"Host": []any{host}, "User-Agent": []any{"agent/1"}, "Authorization": []any{"secret"}, "tEsT-HEADeR": []any{"aValUE"}, "Accept-Encoding": []any{"gzip, deflate"},
			"X-Amzn-Trace-Id": []any{"Root=1-r;Parent=p;Sampled=1"}, "X-Forwarded-For": []any{"203.0.113.9"}, "X-Forwarded-Port": []any{"4566"}, "X-Forwarded-Proto": []any{"http"},
		},
		"queryStringParameters": nil, "multiValueQueryStringParameters": nil,
		"pathParameters": map[string]any{"proxy": "proxy-value"}, "stageVariables": nil,
		"requestContext": map[string]any{
			"accountId": "000000000000", "apiId": "abc123", "deploymentId": "d1", "domainName": host, "domainPrefix": "abc123",
			"extendedRequestId": string(x.ExtendedID[:]), "httpMethod": "GET", "path": "/prod/proxy-value/", "protocol": "HTTP/1.1",
			"requestId": string(x.ID[:]), "requestTime": "18/Jul/2024:13:59:19 +0000", "requestTimeEpoch": float64(1721311159123),
			"resourceId": "r/{proxy+}", "resourcePath": "/{proxy+}", "stage": "prod",
			"identity": map[string]any{
				"accessKey": nil, "accountId": nil, "caller": nil, "cognitoAuthenticationProvider": nil, "cognitoAuthenticationType": nil,
				"cognitoIdentityId": nil, "cognitoIdentityPoolId": nil, "principalOrgId": nil, "sourceIp": "203.0.113.9", "user": nil,
				"userAgent": "agent/1", "userArn": nil,
			},
		},
		"body": nil, "isBase64Encoded": false,
	}
	if diff := cmp.Diff(want, decode(t, event)); diff != "" {
		t.Error(diff)
	}
}

func TestEventOfARichPost(t *testing.T) {
	var event []byte
	stage := sketch{
		methods: map[string]api.Integration{"POST /a/{id}": lambdaProxy()}, functions: keeps(&event), variables: map[string]string{"v1": "1", "v0": "0"},
		edit: func(s *snapshot.REST) {
			s.Methods[0].OperationName = new("makeA")
			s.API.BinaryMediaTypes = []string{"image/*"}
		},
	}.stage(t)
	x := request(t, stage, "POST /a/%2F%20?b=2&a=1&b=%C3%A9+%26&c", "X-Two: 1", "x-two: 2", "X-Forwarded-For: 198.51.100.7", "Content-Type: image/png; x=y", "\x00\xff\"")
	x.Caller = &program.Caller{
		User: "u", Authorized: true, Principal: "me",
		Context: map[string]string{"n": "1", "b": "true"}, AuthorizerLatency: 12e6,
	}
	x.Grant = usage.Shown("kid", "k")
	programtest.Play(t, x)
	got := decode(t, event)
	context := got["requestContext"].(map[string]any)
	headers := got["headers"].(map[string]any)
	multi := got["multiValueHeaders"].(map[string]any)
	for _, tt := range []struct {
		what      string
		got, want any
	}{
		{"body", got["body"], base64.StdEncoding.EncodeToString([]byte("\x00\xff\""))},
		{"isBase64Encoded", got["isBase64Encoded"], true},
		{"query", got["queryStringParameters"], map[string]any{"a": "1", "b": "é &", "c": ""}},
		{"multi query", got["multiValueQueryStringParameters"], map[string]any{"a": []any{"1"}, "b": []any{"2", "é &"}, "c": []any{""}}},
		{"path parameters", got["pathParameters"], map[string]any{"id": "%2F%20"}},
		{"path", got["path"], "/a/%2F%20"},
		{"stage variables", got["stageVariables"], map[string]any{"v0": "0", "v1": "1"}},
		{"last header", headers["X-Two"], "2"},
		{"all headers", multi["X-Two"], []any{"1", "2"}},
		{"forwarded for", headers["X-Forwarded-For"], "198.51.100.7, 203.0.113.9"},
		{"operation", context["operationName"], "makeA"},
		{"authorizer", context["authorizer"], map[string]any{"principalId": "me", "n": "1", "b": "true", "integrationLatency": float64(12)}},
		{"api key", context["identity"].(map[string]any)["apiKeyId"], "kid"},
		{"user", context["identity"].(map[string]any)["user"], "u"},
		{"account", context["identity"].(map[string]any)["accountId"], nil},
		{"user agent", context["identity"].(map[string]any)["userAgent"], nil},
	} {
		if diff := cmp.Diff(tt.want, tt.got); diff != "" {
			t.Errorf("%s:\n%s", tt.what, diff)
		}
	}
	x = request(t, stage, "POST /a/1", "Content-Type: text/plain", "caf\xe9 \u2028")
	x.Caller = &program.Caller{Authorized: true, Claims: map[string]string{"sub": "s"}}
	programtest.Play(t, x)
	got = decode(t, event)
	if got["body"] != "caf\uFFFD \u2028" || got["isBase64Encoded"] != false {
		t.Errorf("text body: %q, %v", got["body"], got["isBase64Encoded"])
	}
	if diff := cmp.Diff(map[string]any{"claims": map[string]any{"sub": "s"}}, got["requestContext"].(map[string]any)["authorizer"]); diff != "" {
		t.Error(diff)
	}
}

// parity: spec/rest-data-plane.md 2.4
func TestEventPaths(t *testing.T) {
	var event []byte
	stage := sketch{methods: map[string]api.Integration{"GET /{proxy+}": lambdaProxy()}, functions: keeps(&event)}.stage(t)
	for _, tt := range []struct{ sent, path, proxy, full string }{
		{"/proxy-value", "/proxy-value", "proxy-value", "/prod/proxy-value"},
		{"/proxy-value/", "/proxy-value/", "proxy-value", "/prod/proxy-value/"},
		{"/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash", "/prod/proxy-value//double-slash"},
		{"//proxy-value", "/proxy-value", "proxy-value", "/prod//proxy-value"},
		{"/test%2Balias@gmail.com", "/test%2Balias@gmail.com", "test%2Balias@gmail.com", "/prod/test%2Balias@gmail.com"},
		{"/test+alias@gmail.com", "/test+alias@gmail.com", "test+alias@gmail.com", "/prod/test+alias@gmail.com"},
	} {
		send(t, stage, "GET "+tt.sent)
		got := decode(t, event)
		full := got["requestContext"].(map[string]any)["path"]
		if got["path"] != tt.path || got["pathParameters"].(map[string]any)["proxy"] != tt.proxy || full != tt.full {
			t.Errorf("%s: path %v, parameters %v, full path %v", tt.sent, got["path"], got["pathParameters"], full)
		}
	}
}

// parity: spec/rest-data-plane.md 3.6.2, first row
func TestEventLeavesHeadersOut(t *testing.T) {
	var event []byte
	stage := sketch{methods: map[string]api.Integration{"GET /": lambdaProxy()}, functions: keeps(&event)}.stage(t)
	out := []string{"Connection", "Content-MD5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "TE", "Trailer", "Upgrade", "WWW-Authenticate"}
	in := []string{"Accept", "Age", "Date", "Host", "Pragma", "Range", "Referer", "Via", "Warn", "X-Custom", "Content-Encoding"}
	var lines []string
	for _, name := range append(out, in...) {
		if name != "Host" {
			lines = append(lines, name+": v")
		}
	}
	send(t, stage, "GET /", lines...)
	headers := decode(t, event)["headers"].(map[string]any)
	for _, name := range out {
		if _, there := headers[name]; there {
			t.Errorf("%s is in the event", name)
		}
	}
	for _, name := range in {
		if _, there := headers[name]; !there {
			t.Errorf("%s is not in the event", name)
		}
	}
}

func TestPermission(t *testing.T) {
	f := echo()
	stage := sketch{methods: map[string]api.Integration{"ANY /a/{id}": lambdaProxy(), "GET /": lambdaProxy()}, functions: f}.stage(t)
	send(t, stage, "PUT /a/7")
	send(t, stage, "GET /")
	want := []string{
		arn + " apigateway.amazonaws.com lambda:InvokeFunction arn:aws:execute-api:us-east-1:000000000000:abc123/prod/PUT/a/{id} 000000000000",
		arn + " apigateway.amazonaws.com lambda:InvokeFunction arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/ 000000000000",
	}
	if diff := cmp.Diff(want, f.asked); diff != "" {
		t.Error(diff)
	}
	f.denied = true
	if r := send(t, stage, "GET /"); r.Status != 500 || r.Body != internalError || r.Header("X-Amzn-Trace-Id") == "" {
		t.Errorf("denied: %+v, want 500 with a trace id", r)
	}
}

// parity: spec/rest-data-plane.md 3.4.2
func TestLambdaAnswers(t *testing.T) {
	for _, tt := range []struct {
		returned string
		status   int
		body     string
		header   string // "name value"
	}{
		{`{"statusCode":200}`, 200, "", "Content-Type application/json"},
		{`{}`, 200, "", "Content-Type application/json"},
		{` {"headers":{"test-header":"value"}} `, 200, "", "test-header value"},
		{`{"statusCode":200,"headers":null}`, 200, "", ""},
		{`{"headers":{"X-Bool":true}}`, 200, "", "X-Bool true"},
		{`{"headers":{"X-Number":1.50}}`, 200, "", "X-Number 1.50"},
		{`{"headers":{"X-Null":null}}`, 200, "", "X-Null "},
		{`{"statusCode":"201"}`, 201, "", ""},
		{`{"statusCode":418,"body":"tea\n\u00e9\ud83d\ude00"}`, 418, "tea\né😀", ""},
		{`{"body":"x","headers":{"Content-Type":"text/plain"}}`, 200, "x", "Content-Type text/plain"},
		{`{"headers":{"content-type":"text/plain"}}`, 200, "", "content-type text/plain"},
		{`{"headers":{"Test":"value-solo"},"multiValueHeaders":{"teST":["value-multi"]}}`, 200, "", "teST value-multi|value-solo"},
		{`{"multiValueHeaders":{"A":["value1","value2"]}}`, 200, "", "A value1|value2"},
		{`{"headers":{"Server":"x"}}`, 200, "", "x-amzn-Remapped-Server x"},
		{`{"headers":{"content-length":"x"}}`, 200, "", "x-amzn-Remapped-Content-Length x"},
		{`{"headers":{"Connection":"x"}}`, 200, "", "x-amzn-Remapped-Connection x"},
		{`{"headers":{"WWW-Authenticate":"Basic"}}`, 200, "", "x-amzn-Remapped-WWW-Authenticate Basic"},
		{`{"headers":{"Transfer-Encoding":"chunked"}}`, 200, "", "Transfer-Encoding "},
		{`{"headers":{"X":" padded\t"}}`, 200, "", "X padded"},
		{`{"body":null,"isBase64Encoded":null}`, 200, "", ""},
		{`{"body":12}`, 200, "12", ""},
		{`{"body":"YQ==","isBase64Encoded":true}`, 200, "YQ==", ""},
		{"{\"statusCode\":201,\"headers\":{\"A\":\"b\"}}\x00\x00\x00\x00\x00\x00\x00\x00body", 201, "", "A b"},

		{`{"statusCode":"test"}`, 502, internalError, "x-amzn-ErrorType InternalServerErrorException"},
		{`{"statusCode":200.5}`, 502, internalError, ""},
		{`{"statusCode":101}`, 502, internalError, ""},
		{`{"statusCode":1000}`, 502, internalError, ""},
		{`{"statusCode":{}}`, 502, internalError, ""},
		{`{"wrongValue":1}`, 502, internalError, ""},
		{`{"statusCode":200,"cookies":[]}`, 502, internalError, ""},
		{`"text"`, 502, internalError, ""},
		{`1`, 502, internalError, ""},
		{`[]`, 502, internalError, ""},
		{`null`, 502, internalError, ""},
		{``, 502, internalError, ""},
		{`{"statusCode":200`, 502, internalError, ""},
		{`{"statusCode":200}x`, 502, internalError, ""},
		{`{"multiValueHeaders":{"A":"b"}}`, 502, internalError, ""},
		{`{"multiValueHeaders":{"A":[["b"]]}}`, 502, internalError, ""},
		{`{"headers":{"A":{}}}`, 502, internalError, ""},
		{`{"headers":[]}`, 502, internalError, ""},
		{`{"body":{}}`, 502, internalError, ""},
		{`{"body":[]}`, 502, internalError, ""},
		{`{"isBase64Encoded":"maybe"}`, 502, internalError, ""},
		{`{"headers":{"A":"b\r\nX-Evil: 1"}}`, 502, internalError, "A "},
		{`{"multiValueHeaders":{"A":["fine","b\nc"]}}`, 502, internalError, "A "},
		{`{"headers":{"A\r\nB":"c"}}`, 502, internalError, ""},
		{`{"headers":{"":"c"}}`, 502, internalError, ""},
		{`{"headers":{"A B":"c"}}`, 502, internalError, ""},
		{`{"headers":{"A":"\u0000"}}`, 502, internalError, ""},
		{`{"body":` + strings.Repeat("[", 1<<20), 502, internalError, ""},
	} {
		stage := sketch{methods: map[string]api.Integration{"GET /": lambdaProxy()}, functions: returns(tt.returned)}.stage(t)
		r := send(t, stage, "GET /")
		if r.Status != tt.status || r.Body != tt.body {
			t.Errorf("%.60q: %d %s, want %d %s", tt.returned, r.Status, r.Body, tt.status, tt.body)
		}
		if name, want, _ := strings.Cut(tt.header, " "); r.Header(name) != want {
			t.Errorf("%.60q: %s is %q, want %q", tt.returned, name, r.Header(name), want)
		}
		if name, _, _ := strings.Cut(tt.header, " "); name == "teST" && !r.Has("teST: value-solo") {
			t.Errorf("spelling: %q", r.Fields)
		}
	}
}

// parity: spec/rest-data-plane.md 7.3
func TestLambdaBinaryAnswers(t *testing.T) {
	const encoded = "aGVsbG8=" // hello
	for _, tt := range []struct {
		types  []string
		accept string
		base64 bool
		want   string
	}{
		{nil, "image/png", true, encoded},
		{[]string{"image/png"}, "image/png", true, "hello"},
		{[]string{"image/png"}, "image/jpg", true, encoded},
		{[]string{"image/png"}, "image/*", true, encoded},
		{[]string{"image/png"}, "*/*", true, encoded},
		{[]string{"image/png"}, "", true, encoded},
		{[]string{"image/png"}, "image/png,image/*,*/*;q=0.8", true, "hello"},
		{[]string{"image/png"}, "image/png;q=0.9", true, "hello"},
		{[]string{"image/png"}, "image/webp,image/png,*/*;q=0.8", true, encoded},
		{[]string{"application/*"}, "application/whatever", true, "hello"},
		{[]string{"application/*"}, "application/*", true, "hello"},
		{[]string{"application/*"}, "application", true, encoded},
		{[]string{"*/test"}, "random/test", true, encoded},
		{[]string{"*/test"}, "*/test", true, encoded},
		{[]string{"*/*"}, "", true, "hello"},
		{[]string{"image/png"}, "image/png", false, encoded},
	} {
		payload := `{"body":"` + encoded + `","isBase64Encoded":` + map[bool]string{true: "true", false: "false"}[tt.base64] + `}`
		stage := sketch{methods: map[string]api.Integration{"GET /": lambdaProxy()}, functions: returns(payload), edit: binary(tt.types...)}.stage(t)
		head := "X: 1"
		if tt.accept != "" {
			head = "Accept: " + tt.accept
		}
		if r := send(t, stage, "GET /", head); r.Status != 200 || r.Body != tt.want {
			t.Errorf("%v, Accept %q, encoded %v: %d %q, want %q", tt.types, tt.accept, tt.base64, r.Status, r.Body, tt.want)
		}
	}
	stage := sketch{methods: map[string]api.Integration{"GET /": lambdaProxy()}, functions: returns(`{"body":"not base64!","isBase64Encoded":true}`), edit: binary("image/png")}.stage(t)
	if r := send(t, stage, "GET /", "Accept: image/png"); r.Status != 500 {
		t.Errorf("what is no base64: %d, want 500", r.Status)
	}
}

// parity: spec/rest-data-plane.md 3.4.3
func TestLambdaOutcomes(t *testing.T) {
	outcome := func(r *lambda.Result, err error) *functions {
		return &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func([]byte) (*lambda.Result, error) { return r, err }}}
	}
	for name, tt := range map[string]struct {
		f      *functions
		status int
		body   string
	}{
		"failed":    {outcome(&lambda.Result{Payload: []byte(`{"errorMessage":"x"}`), FunctionError: "Unhandled"}, nil), 502, internalError},
		"missing":   {&functions{}, 500, internalError},
		"throttled": {outcome(nil, &lambda.Throttled{}), 500, internalError},
		"not ready": {outcome(nil, &lambda.NotReady{}), 500, internalError},
		"too large": {outcome(nil, &lambda.TooLarge{}), 413, `{"message": "Request Too Long"}`},
		"timed out": {outcome(nil, nil), 504, `{"message": "Endpoint request timed out"}`},
	} {
		in := lambdaProxy()
		in.TimeoutMillis = 50
		stage := sketch{methods: map[string]api.Integration{"GET /": in}, functions: tt.f}.stage(t)
		if r := send(t, stage, "GET /"); r.Status != tt.status || r.Body != tt.body || r.Header("X-Amzn-Trace-Id") == "" {
			t.Errorf("%s: %+v, want %d", name, r, tt.status)
		}
	}
}

// parity: spec/rest-data-plane.md 3.10
func TestLambdaStreams(t *testing.T) {
	const end = "\x00\x00\x00\x00\x00\x00\x00\x00"
	for name, tt := range map[string]struct {
		stream string
		status int
		body   string
		header string
	}{
		"whole":    {`{"statusCode":201,"headers":{"A":"b"},"cookies":["c=d","e=f"]}` + end + "payload \x00 bytes", 201, "payload \x00 bytes", "Set-Cookie c=d|e=f"},
		"empty":    {`{}` + end, 200, "", "Content-Type application/json"},
		"no end":   {`{"statusCode":201}`, 500, internalError, ""},
		"no head":  {end + "x", 500, internalError, ""},
		"body key": {`{"body":"x"}` + end, 500, internalError, ""},
		"too late": {`{"headers":{"A":"` + strings.Repeat("x", 17<<10) + `"}}` + end, 500, internalError, ""},
		"no JSON":  {`{"statusCode":` + end, 500, internalError, ""},
	} {
		for _, whole := range []bool{true, false} {
			closed := 0
			f := &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func([]byte) (*lambda.Result, error) {
				return &lambda.Result{Stream: &stream{Reader: pieces(tt.stream, whole), closed: &closed}}, nil
			}}}
			stage := sketch{methods: map[string]api.Integration{"GET /": lambdaStream()}, functions: f}.stage(t)
			x := request(t, stage, "GET /")
			r := programtest.Play(t, x)
			if r.Status != tt.status || r.Body != tt.body {
				t.Errorf("%s: %d %q, want %d %q", name, r.Status, r.Body, tt.status, tt.body)
			}
			if h, want, _ := strings.Cut(tt.header, " "); r.Header(h) != want {
				t.Errorf("%s: %s is %q, want %q", name, h, r.Header(h), want)
			}
			if x.Answer.Stream != nil {
				_ = x.Answer.Stream.Close()
			}
			if closed != 1 {
				t.Errorf("%s: the stream was closed %d times", name, closed)
			}
		}
	}
}

// pieces is a reader of s, whole or byte by byte.
func pieces(s string, whole bool) io.Reader {
	if whole {
		return strings.NewReader(s)
	}
	return &oneByte{s}
}

type oneByte struct{ s string }

func (o *oneByte) Read(p []byte) (int, error) {
	if o.s == "" {
		return 0, io.EOF
	}
	p[0], o.s = o.s[0], o.s[1:]
	return 1, nil
}

type stream struct {
	io.Reader
	closed *int
}

func (s *stream) Close() error { *s.closed++; return nil }

// parity: spec/rest-data-plane.md 3.5.2
func TestLambdaCustom(t *testing.T) {
	var event []byte
	result := &lambda.Result{}
	f := &functions{call: map[string]func([]byte) (*lambda.Result, error){arn: func(e []byte) (*lambda.Result, error) {
		event = append(event[:0], e...)
		return result, nil
	}}}
	in := lambdaProxy()
	in.Type = "AWS"
	in.Responses = map[string]api.IntegrationResponse{
		"200": {StatusCode: "200", ResponseParameters: map[string]string{"method.response.header.X-Field": "integration.response.body.a"}},
		"201": {StatusCode: "201", SelectionPattern: new("200")},
		"404": {StatusCode: "404", SelectionPattern: new("(\n|.)*not found(\n|.)*")},
	}
	stage := sketch{methods: map[string]api.Integration{"GET /": in, "POST /": in}, functions: f, declared: []string{"404", "201"}}.stage(t)
	for _, tt := range []struct {
		payload string
		failed  bool
		status  int
	}{
		{`{"a":"b"}`, false, 200},
		{`{"errorMessage":"not found"}`, false, 200},
		{`{"errorMessage":"it was\nnot found","errorType":"E"}`, true, 404},
		{`{"errorMessage":"something else"}`, true, 200},
		{`"not found"`, false, 200},
	} {
		*result = lambda.Result{Payload: []byte(tt.payload)}
		if tt.failed {
			result.FunctionError = "Unhandled"
		}
		r := send(t, stage, "GET /")
		if r.Status != tt.status || r.Body != tt.payload || string(event) != "{}" {
			t.Errorf("%s failed %v: %d %s, event %s; want %d and the payload", tt.payload, tt.failed, r.Status, r.Body, event, tt.status)
		}
	}
	*result = lambda.Result{Payload: []byte(`{"a":"b"}`)}
	if r := send(t, stage, "POST /", `{"in": 1}`); r.Header("X-Field") != "b" || string(event) != `{"in": 1}` {
		t.Errorf("got %+v, event %s", r, event)
	}
	f.denied = true
	if r := send(t, stage, "GET /"); r.Status != 500 || r.Body != internalError {
		t.Errorf("denied: %+v", r)
	}
}

func BenchmarkLambdaProxy(b *testing.B) {
	stage := sketch{methods: map[string]api.Integration{"ANY /{proxy+}": lambdaProxy()}, functions: returns(`{"statusCode":200,"headers":{"Content-Type":"text/plain"},"body":"hello"}`)}.stage(b)
	x := request(b, stage, "GET /a/b?q=1", "User-Agent: curl/8", "Accept: */*", "Accept-Encoding: gzip", "Connection: keep-alive")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	b.ReportAllocs()
	for b.Loop() {
		x.Reset(b.Context())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		enter(x, stage)
		if x.Play() != program.WantWork {
			b.Fatal("no work")
		}
		x.Work()
		x.Play()
	}
}
