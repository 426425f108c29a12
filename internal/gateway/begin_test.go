package gateway

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
)

// parity: spec/rest-data-plane.md 2.1
func TestLocate(t *testing.T) {
	b := stopped(t, nil)
	for _, tt := range []struct {
		host, target, header string
		api, path            string
	}{
		{"abc.execute-api.us-east-1.amazonaws.com", "/prod/x", "", "abc", "/prod/x"},
		{"ABC.Execute-API.us-east-1.AmazonAWS.com:443", "/prod/x", "", "ABC", "/prod/x"},
		{"abc.execute-api.us-east-1.amazonaws.com.", "/prod", "", "abc", "/prod"},
		{"abc.execute-api.localhost.localstack.cloud:4566", "/prod", "", "abc", "/prod"},
		{"abc.execute-api.localhost", "/prod", "", "abc", "/prod"},
		{"abc.execute-api.us-east-1.localhost:4566", "/prod", "", "abc", "/prod"},
		{"my-api.execute-api.localhost", "/prod", "", "my-api", "/prod"},
		{"abc-vpce-0123.execute-api.us-east-1.amazonaws.com", "/prod", "", "abc", "/prod"},
		{"vpce-0123-ab.execute-api.us-east-1.vpce.amazonaws.com", "/prod", "x-apigw-api-id: abc", "abc", "/prod"},
		{"vpce-0123-ab.execute-api.us-east-1.vpce.amazonaws.com", "/prod", "", "", ""},
		{"localhost:4566", "/tags/x", "x-apigw-api-id: abc", "abc", "/tags/x"},
		{"abc.execute-api.evil.example", "/prod", "", "", ""},
		{"abc.execute-api.us-east-1.notamazonaws.com", "/prod", "", "", ""},
		{".execute-api.localhost", "/prod", "", "", ""},
		{"localhost:4566", "/_aws/execute-api/abc/prod/x//y", "", "abc", "/prod/x//y"},
		{"localhost:4566", "/_aws/execute-api/abc/prod", "", "abc", "/prod"},
		{"localhost:4566", "/_aws/execute-api/abc", "", "abc", ""},
		{"localhost:4566", "/restapis/abc/prod/_user_request_/x/y/", "", "abc", "/prod/x/y/"},
		{"localhost:4566", "/restapis/abc/prod/_user_request_", "", "abc", "/prod"},
		{"localhost:4566", "/restapis/abc/prod/_user_request_/", "", "abc", "/prod/"},
		{"localhost:4566", "/restapis/abc/prod/_user_request_//x", "", "abc", "/prod//x"},
		{"localhost:4566", "/restapis/abc/stages/_user_request_", "Authorization: AWS4-HMAC-SHA256 Credential=k/20240718/us-east-1/apigateway/aws4_request, x", "", ""},
		{"localhost:4566", "/restapis/abc/stages/prod", "", "", ""},
		{"localhost:4566", "/restapis/abc", "", "", ""},
		{"localhost:4566", "/", "", "", ""},
		{"[::1]:4566", "/", "", "", ""},
	} {
		lines := []string{tt.host}
		if tt.header != "" {
			lines = append(lines, tt.header)
		}
		at := b.locate(exchange(t, "GET "+tt.target, lines...))
		if at.api == nil {
			at.path = nil // means nothing
		}
		if string(at.api) != tt.api || string(at.path) != tt.path {
			t.Errorf("%s%s: API %q, path %q, want %q, %q", tt.host, tt.target, at.api, at.path, tt.api, tt.path)
		}
	}
}

func TestBegin(t *testing.T) {
	b := start(t, nil)
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, "root"), "GET /a/{x}": mock(200, "a"), "PUT /a/{x}": mock(200, "put")}), api.Stage{Name: "prod", DeploymentID: "d"})
	off := frozen("off", map[string]api.Integration{"GET /": mock(200, "root")})
	off.API.DisableExecuteEndpoint = true
	b.deploy(t, off, api.Stage{Name: "prod", DeploymentID: "d"})
	b.sync(t)
	const host, local = "abc.execute-api.us-east-1.amazonaws.com", "localhost"
	for _, tt := range []struct {
		line    string
		headers []string
		status  int
		body    string
	}{
		{"GET /prod", []string{host}, 200, "root"},
		{"GET /prod/", []string{host}, 200, "root"},
		{"GET //prod//a/7/?q=1", []string{host}, 200, "a"},
		{"GET /prod/a/7", []string{local, "x-apigw-api-id: ABC"}, 200, "a"},
		{"GET /_aws/execute-api/abc/prod/a/7", []string{local}, 200, "a"},
		{"GET /restapis/abc/prod/_user_request_/a/7", []string{local}, 200, "a"},
		{"GET /prod/a/7", []string{host, "X-HTTP-Method-Override: PUT"}, 200, "a"},
		{"GET /prod/b", []string{host}, 403, `{"message":"Missing Authentication Token"}`},
		{"POST /prod/a/7", []string{host}, 403, `{"message":"Missing Authentication Token"}`},
		{"GET /PROD/a/7", []string{host}, 403, `{"message":"Forbidden"}`},
		{"GET /nostage", []string{host}, 403, `{"message":"Forbidden"}`},
		{"GET /", []string{host}, 403, `{"message":"Forbidden"}`},
		{"GET //", []string{host}, 403, `{"message":"Forbidden"}`},
		{"OPTIONS *", []string{host}, 403, `{"message":"Forbidden"}`},
		{"GET /prod/", []string{"off.execute-api.localhost"}, 403, `{"message":"Forbidden"}`},
		{"GET /prod/", []string{"404api.execute-api.localhost"}, 404, `{"message":"The API id '404api' does not correspond to a deployed API Gateway API"}`},
		{"GET /_aws/execute-api/x%22/prod", []string{local}, 404, `{"message":"The API id 'x%22' does not correspond to a deployed API Gateway API"}`},
		{"GET /anything", []string{local}, 404, `{"message":"Not Found"}`},
		{"GET /prod/a/../b", []string{host}, 400, `{"message":"Bad Request"}`},
		{"GET /prod/a/%2e%2e", []string{host}, 400, `{"message":"Bad Request"}`},
		{"GET /prod/a/7?" + strings.Repeat("a&", 1000), []string{host}, 400, `{"message":"Bad Request"}`},
		{"GET /prod/a/7?" + strings.Repeat("a&", 999), []string{host}, 200, "a"},
	} {
		r := ask(t, b, tt.line, tt.headers...)
		if r.Status != tt.status || r.Body != tt.body {
			t.Errorf("%.60s at %v: %d %s, want %d %s", tt.line, tt.headers, r.Status, r.Body, tt.status, tt.body)
		}
		if r.Header("x-amzn-RequestId") == "" || r.Header("x-amz-apigw-id") == "" {
			t.Errorf("%.60s: fields %q", tt.line, r.Fields)
		}
	}
}

// parity: spec/rest-data-plane.md 2.4
func TestPaths(t *testing.T) {
	b := start(t, nil)
	b.deploy(t, frozen("abc", map[string]api.Integration{"ANY /{proxy+}": mock(200, "x"), "GET /": mock(200, "x")}), api.Stage{Name: "stage", DeploymentID: "d"})
	b.sync(t)
	for _, tt := range []struct{ target, path, proxy, full string }{
		{"/stage/proxy-value", "/proxy-value", "proxy-value", "/stage/proxy-value"},
		{"/stage/proxy-value/", "/proxy-value/", "proxy-value", "/stage/proxy-value/"},
		{"/stage/proxy-value//double-slash", "/proxy-value//double-slash", "proxy-value//double-slash", "/stage/proxy-value//double-slash"},
		{"/stage//proxy-value", "/proxy-value", "proxy-value", "/stage//proxy-value"},
		{"//stage/proxy-value", "/proxy-value", "proxy-value", "/stage/proxy-value"},
		{"/stage/test%2Balias@gmail.com", "/test%2Balias@gmail.com", "test%2Balias@gmail.com", "/stage/test%2Balias@gmail.com"},
		{"/stage/test+alias@gmail.com", "/test+alias@gmail.com", "test+alias@gmail.com", "/stage/test+alias@gmail.com"},
		{"/stage", "/", "", "/stage"},
		{"/stage/", "/", "", "/stage/"},
	} {
		for _, prefix := range []string{"", "/_aws/execute-api/abc"} {
			host := "localhost:4566"
			if prefix == "" {
				host = "abc.execute-api.localhost"
			}
			x := exchange(t, "GET "+prefix+tt.target, host)
			b.Begin(x)
			proxy, _ := x.Param("proxy")
			if string(x.Path) != tt.path || string(proxy) != tt.proxy || string(x.FullPath) != tt.full {
				t.Errorf("%s%s: path %q, proxy %q, full %q", prefix, tt.target, x.Path, proxy, x.FullPath)
			}
		}
	}
}

func TestInvokeServesNoAWSCalls(t *testing.T) {
	b := start(t, controlled(nil))
	if r := ask(t, b.Invoke(), "GET /restapis", "localhost"); r.Status != 404 || r.Body != `{"message":"Not Found"}` {
		t.Errorf("got %+v, want 404", r)
	}
	if r := ask(t, b, "GET /restapis", "localhost"); r.Status != 200 {
		t.Errorf("got %+v, want the control plane", r)
	}
}

const beginAllocs = 0

func TestBeginAllocs(t *testing.T) {
	b := start(t, controlled(nil))
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /pets/{id}": mock(200, "x")}), api.Stage{Name: "prod", DeploymentID: "d"})
	b.sync(t)
	for _, line := range []string{"GET /prod/pets/7", "GET /_aws/execute-api/abc/prod/pets/7"} {
		host := "abc.execute-api.us-east-1.amazonaws.com"
		if strings.HasPrefix(line, "GET /_aws") {
			host = "localhost:4566"
		}
		x := exchange(t, line, host, "User-Agent: t", "Accept: */*")
		head := x.Request
		head.Fields = append(head.Fields[:0:0], head.Fields...)
		got := testing.AllocsPerRun(1000, func() {
			x.Reset(t.Context())
			fields := append(x.Request.Fields, head.Fields...)
			x.Request = head
			x.Request.Fields = fields
			b.Begin(x)
			if x.Play() != program.Done || x.Answer.Status != 200 {
				t.Fatal("not done")
			}
		})
		if got > beginAllocs {
			t.Errorf("%s allocates %v times, want at most %d", line, got, beginAllocs)
		}
	}
}

func BenchmarkBegin(b *testing.B) {
	g := start(b, controlled(nil))
	g.deploy(b, frozen("abc", map[string]api.Integration{"GET /pets/{id}": mock(200, "x")}), api.Stage{Name: "prod", DeploymentID: "d"})
	g.sync(b)
	x := exchange(b, "GET /prod/pets/7", "abc.execute-api.us-east-1.amazonaws.com", "User-Agent: curl/8", "Accept: */*")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	b.ReportAllocs()
	for b.Loop() {
		x.Reset(b.Context())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		g.Begin(x)
	}
}
