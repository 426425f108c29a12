package compile_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

func httpTo(kind, method, uri string, params map[string]string) api.Integration {
	return api.Integration{Type: kind, HTTPMethod: &method, URI: &uri, RequestParameters: params, TimeoutMillis: 5000}
}

// parity: spec/rest-data-plane.md 3.7.1, column HTTP_PROXY
func TestHTTPProxySends(t *testing.T) {
	url, got := backend(t, nil)
	stage := sketch{
		variables: map[string]string{"host": strings.TrimPrefix(url, "http://"), "v": "1"},
		methods: map[string]api.Integration{
			"ANY /{proxy+}": httpTo("HTTP_PROXY", "ANY", "http://${stageVariables.host}/base/{proxy}?own=1", map[string]string{
				"integration.request.path.proxy":           "method.request.path.proxy",
				"integration.request.header.X-Mapped":      "'static'",
				"integration.request.header.X-Client":      "context.apiId",
				"integration.request.header.X-Missing":     "method.request.header.X-None",
				"integration.request.querystring.testVar":  "stageVariables.v",
				"integration.request.querystring.fromPath": "method.request.path.proxy",
			}),
			"POST /{proxy+}": httpTo("HTTP_PROXY", "PUT", url+"/fixed", nil),
		},
	}.stage(t)
	r := send(t, stage, "GET /a/b?testVar=bar&q=x%20y|z", "X-Client: mine", "X-Other: kept", "Accept: text/html", "Cookie: a=b", "Authorization: Basic x")
	if r.Status != 200 {
		t.Fatalf("got %+v", r)
	}
	if want := "GET /base/a/b?own=1&testVar=bar&q=x%20y%7Cz&fromPath=a%2Fb&testVar=1"; got.Line != want {
		t.Errorf("line %q, want %q", got.Line, want)
	}
	if got.Host != strings.TrimPrefix(url, "http://") {
		t.Errorf("Host %q, want the endpoint's", got.Host)
	}
	trace := got.Header.Get("X-Amzn-Trace-Id")
	got.Header.Del("X-Amzn-Trace-Id")
	want := http.Header{
		"X-Mapped": {"static"}, "X-Client": {"abc123"}, "X-Other": {"kept"}, "Accept": {"text/html"}, "Cookie": {"a=b"}, "Authorization": {"Basic x"},
		"X-Forwarded-For": {"203.0.113.9"}, "X-Forwarded-Port": {"4566"}, "X-Forwarded-Proto": {"http"}, "X-Amzn-Apigateway-Api-Id": {"abc123"},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" || !strings.HasPrefix(trace, "Root=1-") {
		t.Errorf("trace %q, headers:\n%s", trace, diff)
	}
	r = send(t, stage, "POST /x", "Content-Type: text/plain", "hello body")
	if got.Line != "PUT /fixed" || got.Body != "hello body" || got.Header.Get("Content-Type") != "text/plain" {
		t.Errorf("%+v sent %+v", r, got)
	}
	r = send(t, stage, "GET /x", "a body nobody wants")
	if r.Status != 200 || got.Body != "a body nobody wants" {
		t.Errorf("GET with a body: %d, sent %+v", r.Status, got)
	}
	send(t, stage, "DELETE /x", "X-HTTP-Method-Override: PATCH")
	if !strings.HasPrefix(got.Line, "DELETE ") { // the gateway overrides, not the route
		t.Errorf("line %q", got.Line)
	}
}

// parity: spec/rest-data-plane.md 3.6.2 and spec/security.md 9.3
func TestHTTPProxyDropsRequestHeaders(t *testing.T) {
	url, got := backend(t, nil)
	stage := sketch{methods: map[string]api.Integration{"GET /": httpTo("HTTP_PROXY", "GET", url, nil)}}.stage(t)
	send(t, stage, "GET /", "Connection: X-Hop, X-Forwarded-For, X-Amzn-Trace-Id, close", "X-Hop: 1", "Content-MD5: x", "Expect: x",
		"Max-Forwards: 1", "Proxy-Authenticate: x", "Proxy-Authorization: x", "Server: x", "TE: trailers", "Trailer: x", "Upgrade: h2c", "WWW-Authenticate: x",
		"Via: x", "Referer: x", "Keep-Alive: 5", "Proxy-Connection: x", "HTTP2-Settings: x", "X-Amzn-Apigateway-Api-Id: spoofed",
		"X_Forwarded_For: 1.1.1.1", "X-Forwarded-For: 198.51.100.7", "X-Forwarded-For: 198.51.100.8", "X-Forwarded-Proto: https", "X_Both: 1", "X-Both: 2", "X_Alone: 3", "X.Dot: 4",
		"X-Amzn-Trace-Id: Root=1-a;Parent=b", "Pragma: x", "Range: bytes=0-1", "Date: x", "Age: 1", "Warn: x", "Accept-Encoding: gzip")
	want := http.Header{
		"X-Forwarded-For": {"198.51.100.7, 198.51.100.8, 203.0.113.9"}, "X-Forwarded-Port": {"4566"}, "X-Forwarded-Proto": {"http"},
		"X-Amzn-Apigateway-Api-Id": {"abc123"}, "X-Amzn-Trace-Id": {"Root=1-a;Parent=b;Sampled=1"}, "X-Both": {"2"}, "X_alone": {"3"},
		"Pragma": {"x"}, "Range": {"bytes=0-1"}, "Date": {"x"}, "Age": {"1"}, "Warn": {"x"}, "Accept-Encoding": {"gzip"},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
}

// parity: spec/rest-data-plane.md 3.6.1, 3.6.2 "HTTP_PROXY answer"
func TestHTTPProxyAnswer(t *testing.T) {
	stage := sketch{methods: map[string]api.Integration{"GET /": httpTo("HTTP_PROXY", "GET", "http://127.0.0.1:8080", nil)}}.stage(t)
	x := request(t, stage, "GET /")
	if x.Play() != program.WantCall {
		t.Fatal("no call")
	}
	x.Reply.Response.Status = 418
	for _, name := range []string{
		"Server", "Via", "X-Custom", "WWW-Authenticate", "Keep-Alive", "Content-Encoding", "x-amzn-requestid", "X-Amz-Apigw-Id", "Authorization",
		"Pragma", "X-Hop", "Date", "Content-Length", "Expect", "Host", "Proxy-Authenticate", "TE", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent",
		"Max-Forwards", "Content-MD5", "Age", "X-Twice", "X-Twice",
	} {
		x.Reply.Response.Fields = append(x.Reply.Response.Fields, http1.Field{Name: []byte(name), Value: []byte("v")})
	}
	x.Reply.Response.Fields = append(x.Reply.Response.Fields, http1.Field{Name: []byte("connection"), Value: []byte("x-hop, close")})
	r := programtest.Play(t, x)
	if r.Status != 418 || !x.Answer.Relay {
		t.Errorf("got %+v", r)
	}
	for name, want := range map[string]string{
		"x-amzn-Remapped-Server": "v", "x-amzn-Remapped-Date": "v", "x-amzn-Remapped-Content-Length": "v", "x-amzn-Remapped-Connection": "x-hop, close",
		"x-amzn-Remapped-x-amzn-RequestId": "v", "x-amzn-Remapped-x-amz-apigw-id": "v", "x-amzn-Remapped-WWW-Authenticate": "v", "x-amzn-Remapped-Authorization": "v",
		"x-amzn-Remapped-User-Agent": "v", "x-amzn-Remapped-Max-Forwards": "v", "x-amzn-Remapped-Content-MD5": "v",
		"X-Custom": "v", "Pragma": "v", "Age": "v", "Content-Encoding": "v", "X-Twice": "v|v", "Content-Type": "application/json",
		"Server": "", "Via": "", "Keep-Alive": "", "X-Hop": "", "Date": "", "Connection": "", "Content-Length": "", "Expect": "", "Host": "",
		"Proxy-Authenticate": "", "TE": "", "Trailer": "", "Transfer-Encoding": "", "Upgrade": "",
		"x-amzn-RequestId": string(x.ID[:]), "x-amz-apigw-id": string(x.ExtendedID[:]), "X-Amzn-Trace-Id": "",
	} {
		if got := r.Header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// The status and the body of a real back end come through as they are.
func TestHTTPProxyRelays(t *testing.T) {
	url, _ := backend(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(418)
		_, _ = w.Write([]byte("short and stout"))
	})
	stage := sketch{methods: map[string]api.Integration{"GET /": httpTo("HTTP_PROXY", "GET", url, nil)}}.stage(t)
	if r := send(t, stage, "GET /"); r.Status != 418 || r.Body != "short and stout" || r.Header("Content-Type") != "text/plain" || r.Header("x-amzn-Remapped-Content-Length") != "15" {
		t.Errorf("got %+v", r)
	}
}

func TestHTTPFailures(t *testing.T) {
	slow, _ := backend(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	late := httpTo("HTTP_PROXY", "GET", slow, nil)
	late.TimeoutMillis = 50
	lateHTTP := late
	lateHTTP.Type = "HTTP"
	gone := httpTo("HTTP_PROXY", "GET", "http://127.0.0.1:1025", nil) // nobody listens there
	stage := sketch{methods: map[string]api.Integration{"GET /late": late, "GET /lateHTTP": lateHTTP, "GET /gone": gone}}.stage(t)
	for path, want := range map[string]struct {
		body  string
		trace bool
	}{
		"/late":     {`{"message": "Endpoint request timed out"}`, false},
		"/lateHTTP": {`{"message": "Endpoint request timed out"}`, true},
		"/gone":     {`{"message": "Network error communicating with endpoint"}`, false},
	} {
		r := send(t, stage, "GET "+path)
		if r.Status != 504 || r.Body != want.body || (r.Header("X-Amzn-Trace-Id") != "") != want.trace {
			t.Errorf("%s: %+v, want 504 %s, trace %v", path, r, want.body, want.trace)
		}
	}
}

// parity: spec/rest-data-plane.md 3.7.1, column HTTP, and 3.7.2
func TestHTTPSends(t *testing.T) {
	url, got := backend(t, nil)
	in := httpTo("HTTP", "POST", url+"/x/{id}/{unmapped}?own=1", map[string]string{
		"integration.request.path.id":                "method.request.path.id",
		"integration.request.querystring.q":          "method.request.querystring.q",
		"integration.request.querystring.all":        "method.request.multivaluequerystring.q",
		"integration.request.querystring.body":       "method.request.body.a.b[1]",
		"integration.request.header.X-Last":          "method.request.header.X-In",
		"integration.request.header.X-All":           "method.request.multivalueheader.X-In",
		"integration.request.header.X-Object":        "method.request.body.a",
		"integration.request.header.X-Case":          "method.request.header.x-in",
		"integration.request.header.X-Ctx":           "context.identity.sourceIp",
		"integration.request.header.X-Unseen":        "method.request.header.Connection",
		"integration.request.header.Connection":      "'upgrade'",
		"integration.request.header.TE":              "'x'",
		"integration.request.header.Via":             "'x'",
		"integration.request.header.Server":          "'mapped'",
		"integration.request.header.Host":            "'other.example:8080'",
		"integration.request.header.User-Agent":      "'mine'",
		"integration.request.header.Authorization":   "'Bearer x'",
		"integration.request.header.X-Empty":         "''",
		"integration.request.header.x-amzn-trace-id": "'spoofed'",
	})
	in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
	stage := sketch{methods: map[string]api.Integration{"POST /p/{id}": in}}.stage(t)
	r := send(t, stage, "POST /p/7%2F8?q=1&q=a%20%26b", "X-In: one", "X-In: two", "Connection: x", "X-Not-Mapped: 1", "Content-Type: application/json", `{"a":{"b":[1,"zwei"]}}`)
	if r.Status != 200 || r.Header("X-Amzn-Trace-Id") == "" {
		t.Fatalf("got %+v", r)
	}
	if want := "POST /x/7%2F8/%7Bunmapped%7D?own=1&all=1&all=a%20%26b&body=zwei&q=a%20%26b"; got.Line != want {
		t.Errorf("line %q, want %q", got.Line, want)
	}
	if got.Host != "other.example:8080" || got.Body != `{"a":{"b":[1,"zwei"]}}` {
		t.Errorf("got %+v", got)
	}
	if v := got.Header.Get("X-Amzn-Trace-Id"); !strings.HasPrefix(v, "Root=1-") {
		t.Errorf("trace id %q", v)
	}
	got.Header.Del("X-Amzn-Trace-Id")
	want := http.Header{
		"X-Last": {"two"}, "X-All": {"one,two"}, "X-Object": {`{"b":[1,"zwei"]}`}, "X-Ctx": {"203.0.113.9"}, "Server": {"mapped"}, "User-Agent": {"mine"},
		"Authorization": {"Bearer x"}, "Accept": {"application/json"}, "X-Amzn-Apigateway-Api-Id": {"abc123"}, "Content-Type": {"application/json"},
		"Content-Length": {"22"},
	}
	if diff := cmp.Diff(want, got.Header); diff != "" {
		t.Error(diff)
	}
}

func TestHTTPDefaults(t *testing.T) {
	url, got := backend(t, nil)
	get, post := httpTo("HTTP", "GET", url, nil), httpTo("HTTP", "POST", url, nil)
	get.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
	post.Responses = get.Responses
	stage := sketch{methods: map[string]api.Integration{"POST /get": get, "POST /post": post}}.stage(t)
	send(t, stage, "POST /get", "body")
	if got.Line != "GET /" || got.Body != "" || got.Header.Get("Content-Type") != "" || got.Header.Get("User-Agent") != "AmazonAPIGateway_abc123" {
		t.Errorf("got %+v", got)
	}
	send(t, stage, "POST /post", "body")
	if got.Body != "body" || got.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %+v", got)
	}
}

// parity: spec/rest-data-plane.md 3.8
func TestHTTPChoosesTheResponse(t *testing.T) {
	url, _ := backend(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Back", r.URL.Query().Get("status"))
		w.Header()["X-Multi"] = []string{"1", "2"}
		w.Header().Set("Content-Type", "text/plain")
		status := 0
		for _, c := range r.URL.Query().Get("status") {
			status = status*10 + int(c-'0')
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(`{"deep":{"er":"value"},"n":1}`))
	})
	in := httpTo("HTTP", "GET", url, map[string]string{"integration.request.querystring.status": "method.request.querystring.status"})
	in.Responses = map[string]api.IntegrationResponse{
		"200": {StatusCode: "200"},
		"404": {StatusCode: "404", SelectionPattern: new("4\\d{2}"), ResponseParameters: map[string]string{
			"method.response.header.X-Out":            "integration.response.header.X-Back",
			"method.response.header.X-All":            "integration.response.multivalueheader.x-multi",
			"method.response.header.X-Deep":           "integration.response.body.deep.er",
			"method.response.header.X-None":           "integration.response.body.none",
			"method.response.header.User-Agent":       "integration.response.header.x-back",
			"method.response.header.WWW-Authenticate": "'Basic'",
		}},
		"502": {StatusCode: "502", SelectionPattern: new("5.."), ResponseTemplates: map[string]*string{"text/plain": new("sorry")}},
	}
	stage := sketch{methods: map[string]api.Integration{"GET /": in}, declared: []string{"404", "502"}}.stage(t)
	for sent, want := range map[string]int{"200": 200, "400": 404, "404": 404, "503": 502, "302": 200} {
		if r := send(t, stage, "GET /?status="+sent); r.Status != want {
			t.Errorf("the back end answers %s: %d, want %d", sent, r.Status, want)
		}
	}
	r := send(t, stage, "GET /?status=404")
	for name, want := range map[string]string{
		"X-Out": "404", "X-All": "1,2", "X-Deep": "value", "X-None": "", "x-amzn-Remapped-User-Agent": "404", "x-amzn-Remapped-WWW-Authenticate": "Basic",
		"X-Back": "", "Content-Type": "application/json",
	} {
		if got := r.Header(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if r.Body != `{"deep":{"er":"value"},"n":1}` {
		t.Errorf("body %s", r.Body)
	}
	if r := send(t, stage, "GET /?status=500"); r.Body != "sorry" || r.Header("Content-Type") != "text/plain" {
		t.Errorf("with a template: %+v", r)
	}
}

// parity: spec/rest-data-plane.md 3.6.2: targets that break the call
func TestBreakingMappings(t *testing.T) {
	url, _ := backend(t, nil)
	for _, tt := range []struct {
		kind, header string
		want         int
	}{
		{"HTTP", "Content-Length", 500},
		{"HTTP", "Transfer-Encoding", 500},
		{"HTTP_PROXY", "content-length", 500},
		{"HTTP_PROXY", "Authorization", 200},
		{"AWS_PROXY", "Transfer-Encoding", 500},
		{"AWS_PROXY", "Authorization", 500},
		{"AWS_PROXY", "x-amzn-trace-id", 500},
		{"AWS", "TE", 500},
		{"AWS_PROXY", "X-Other", 200},
	} {
		in := httpTo(tt.kind, "POST", url, map[string]string{"integration.request.header." + tt.header: "'1'"})
		if strings.HasPrefix(tt.kind, "AWS") {
			in = lambdaProxy()
			in.Type, in.RequestParameters = tt.kind, map[string]string{"integration.request.header." + tt.header: "'1'"}
		}
		in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
		stage := sketch{methods: map[string]api.Integration{"POST /": in}, functions: echo()}.stage(t)
		if r := send(t, stage, "POST /"); r.Status != tt.want {
			t.Errorf("%s with %s mapped: %d, want %d", tt.kind, tt.header, r.Status, tt.want)
		}
	}
}

// Nothing that a client sends gets a line break into a field, or out of the
// integration's path.
func TestHTTPInjection(t *testing.T) {
	url, got := backend(t, nil)
	in := httpTo("HTTP_PROXY", "GET", url+"/safe/{where}/x", map[string]string{
		"integration.request.header.X-From-Query": "method.request.querystring.h",
		"integration.request.header.Host":         "method.request.querystring.host",
		"integration.request.path.where":          "method.request.querystring.where",
	})
	stage := sketch{methods: map[string]api.Integration{"GET /": in}}.stage(t)
	for query, want := range map[string]int{
		"h=a%0d%0aX-Evil:%201": 500,
		"h=a%0ab":              500,
		"h=a%00":               500,
		"h=caf%C3%A9":          200,
		"host=a%20b":           500,
		"host=a/b":             500,
		"host=ok.example":      200,
		"where=..":             400,
		"where=.":              400,
		"where=a%2F..%2Fb":     400,
		"where=%252e%252e":     400,
		"where=a%3Fb%23c":      200,
	} {
		got.Line = ""
		r := send(t, stage, "GET /?"+query)
		if r.Status != want || want != 200 && got.Line != "" {
			t.Errorf("%s: %d, sent %q, want %d", query, r.Status, got.Line, want)
		}
		if query == "where=a%3Fb%23c" && !strings.HasPrefix(got.Line, "GET /safe/a%3Fb%23c/x?") {
			t.Errorf("%s: sent %q", query, got.Line)
		}
	}
}

// parity: spec/rest-data-plane.md 3.7.2, bodies
func TestBodyMappings(t *testing.T) {
	url, got := backend(t, nil)
	in := httpTo("HTTP_PROXY", "POST", url, map[string]string{"integration.request.header.X-Body": "method.request.body", "integration.request.header.X-Field": "method.request.body.a", "integration.request.header.X-All": "method.request.body..b"})
	stage := sketch{methods: map[string]api.Integration{"POST /": in}}.stage(t)
	for _, tt := range []struct{ body, whole, field string }{
		{`{"a":"b"}`, `{"a":"b"}`, "b"},
		{`{"a":1.50}`, `{"a":1.50}`, "1.50"},
		{`{"a":null}`, `{"a":null}`, ""},
		{`{"a":"\u00e9\"","a":"last"}`, `{"a":"\u00e9\"","a":"last"}`, "last"},
		{"plain text", "plain text", ""},
		{"", "{}", ""},
	} {
		r := send(t, stage, "POST /", tt.body)
		if r.Status != 200 || got.Header.Get("X-Body") != tt.whole || got.Header.Get("X-Field") != tt.field || got.Body != tt.body {
			t.Errorf("%q: %d, sent %+v", tt.body, r.Status, got)
		}
	}
	send(t, stage, "POST /", `{"a":{"b":1},"c":[{"b":"x"}]}`)
	if all := got.Header.Get("X-All"); all != `[1,"x"]` {
		t.Errorf("a path that finds several: %q", all)
	}
	for _, body := range []string{`{"a"`, `[1`, `'x'`, `"x`} {
		if r := send(t, stage, "POST /", body); r.Status != 400 || r.Body != `{"message": "Invalid JSON in request body"}` {
			t.Errorf("%q: %+v, want 400", body, r)
		}
	}
}

const proxyAllocs = 0

// TestHTTPProxyAllocs: preparing the call and making the answer allocate nothing.
func TestHTTPProxyAllocs(t *testing.T) {
	in := httpTo("HTTP_PROXY", "ANY", "http://127.0.0.1:8080/base/{proxy}", map[string]string{
		"integration.request.path.proxy":      "method.request.path.proxy",
		"integration.request.header.X-Mapped": "context.requestId",
	})
	stage := sketch{methods: map[string]api.Integration{"ANY /{proxy+}": in}}.stage(t)
	x := request(t, stage, "POST /a/b?q=1", "User-Agent: t", "Accept: */*", "X-Forwarded-For: 198.51.100.7", "Connection: keep-alive", "Content-Type: x/y", "body")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	reply := []http1.Field{{Name: []byte("Date"), Value: []byte("x")}, {Name: []byte("Content-Type"), Value: []byte("x/y")}, {Name: []byte("Content-Length"), Value: []byte("3")}}
	got := testing.AllocsPerRun(1000, func() {
		x.Reset(t.Context())
		fields := append(x.Request.Fields, head.Fields...)
		remote, local, start := x.Remote, x.Local, x.Start
		x.Request = head
		x.Request.Fields = fields
		x.Remote, x.Local, x.Start = remote, local, start
		enter(x, stage)
		if x.Play() != program.WantCall || !x.Call.Stream {
			t.Fatal("no call")
		}
		x.Reply.Response.Status = 200
		x.Reply.Response.Fields = append(x.Reply.Response.Fields, reply...)
		if x.Play() != program.Done || !x.Answer.Relay {
			t.Fatal("not done")
		}
	})
	if got > proxyAllocs {
		t.Errorf("a proxied request allocates %v times, want at most %d", got, proxyAllocs)
	}
}

func BenchmarkHTTPProxy(b *testing.B) {
	in := httpTo("HTTP_PROXY", "ANY", "http://127.0.0.1:8080/base/{proxy}", map[string]string{"integration.request.path.proxy": "method.request.path.proxy"})
	stage := sketch{methods: map[string]api.Integration{"ANY /{proxy+}": in}}.stage(b)
	x := request(b, stage, "GET /a/b?q=1", "User-Agent: curl/8", "Accept: */*", "Accept-Encoding: gzip", "Connection: keep-alive")
	head := x.Request
	head.Fields = append(head.Fields[:0:0], head.Fields...)
	reply := []http1.Field{{Name: []byte("Date"), Value: []byte("x")}, {Name: []byte("Content-Type"), Value: []byte("x/y")}, {Name: []byte("Content-Length"), Value: []byte("3")}}
	b.ReportAllocs()
	for b.Loop() {
		x.Reset(b.Context())
		fields := append(x.Request.Fields, head.Fields...)
		x.Request = head
		x.Request.Fields = fields
		enter(x, stage)
		x.Play()
		x.Reply.Response.Status = 200
		x.Reply.Response.Fields = append(x.Reply.Response.Fields, reply...)
		x.Play()
	}
}
