package compile_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// What AWS was recorded to make of queries, in the event of a function.
// parity: spec/rest-data-plane.md 2.4, "Recorded".
func TestEventQueries(t *testing.T) {
	var event []byte
	stage := sketch{methods: map[string]api.Integration{"GET /{proxy+}": lambdaProxy()}, functions: keeps(&event)}.stage(t)
	for sent, want := range map[string]string{
		"2023-06-12T18:05:10.123456+00:00": "2023-06-12T18:05:10.123456 00:00", "foo%20bar": "foo bar", "test%2Balias@gmail.com": "test+alias@gmail.com", "": "", "abort/": "abort/",
	} {
		send(t, stage, "GET /x?q="+sent)
		got := decode(t, event)
		if one := got["queryStringParameters"].(map[string]any)["q"]; one != want {
			t.Errorf("%q: %q, want %q", sent, one, want)
		}
		if all := got["multiValueQueryStringParameters"].(map[string]any)["q"].([]any); len(all) != 1 || all[0] != want {
			t.Errorf("%q: %q, want %q once", sent, all, want)
		}
	}
}

// A parameter that is in the URI, sent by the client and mapped comes several
// times, the client's and the mapped one in this order.
// parity: spec/rest-data-plane.md 3.7.1, row "Query".
func TestHTTPProxyQueries(t *testing.T) {
	url, got := backend(t, nil)
	in := httpTo("HTTP_PROXY", "GET", url+"/?testVar=foobar", map[string]string{
		"integration.request.querystring.testQs": "'foo'", "integration.request.querystring.testVar": "method.request.querystring.testVar",
	})
	stage := sketch{methods: map[string]api.Integration{"GET /": in}}.stage(t)
	send(t, stage, "GET /?testQs=bar")
	if want := "GET /?testVar=foobar&testQs=bar&testQs=foo"; got.Line != want {
		t.Errorf("sent %s, want %s", got.Line, want)
	}
	send(t, stage, "GET /?testVar=bar")
	if want := "GET /?testVar=foobar&testVar=bar&testQs=foo&testVar=bar"; got.Line != want {
		t.Errorf("sent %s, want %s", got.Line, want)
	}
}

// headerNames are all that the matrix of the spec knows, and one that it does not.
func headerNames() []string {
	return []string{
		"Accept", "Accept-Charset", "Accept-Encoding", "Age", "Authorization", "Connection", "Content-Encoding", "Content-Length", "Content-MD5", "Content-Type", "Date", "Expect", "Host",
		"Max-Forwards", "Pragma", "Proxy-Authenticate", "Range", "Referer", "Server", "TE", "Transfer-Encoding", "Trailer", "Upgrade", "User-Agent", "Via", "Warn", "WWW-Authenticate", "X-Custom",
	}
}

func set(names ...string) map[string]bool {
	all := map[string]bool{}
	for _, n := range names {
		all[n] = true
	}
	return all
}

// Every name as the target of a request mapping: what is sent, what is dropped
// in silence, what breaks the call.
// parity: spec/rest-data-plane.md 3.6.2, 14 item 7.
func TestRequestHeaderMatrix(t *testing.T) {
	url, got := backend(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("{}")) })
	broken := set("Content-Length", "Transfer-Encoding")
	brokenAWS := set("Content-Length", "Transfer-Encoding", "Authorization", "Connection", "Expect", "Proxy-Authenticate", "TE")
	silent := set("Connection", "Expect", "Proxy-Authenticate", "TE", "Via")
	for _, kind := range []string{"HTTP", "HTTP_PROXY", "AWS", "AWS_PROXY"} {
		for _, name := range headerNames() {
			in := httpTo(kind, "POST", url, nil)
			if strings.HasPrefix(kind, "AWS") {
				in = lambdaProxy()
				in.Type = kind
			}
			in.RequestParameters = map[string]string{"integration.request.header." + name: "'mapped.value'"}
			in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
			stage := sketch{methods: map[string]api.Integration{"POST /": in}, functions: returns("{}")}.stage(t)
			*got = received{}
			r := send(t, stage, "POST /", "Content-Type: application/json", "{}")
			breaks := broken[name]
			if strings.HasPrefix(kind, "AWS") {
				breaks = brokenAWS[name]
			}
			if (r.Status == 500) != breaks {
				t.Errorf("%s to %s: %d %s, want that it fails: %v", name, kind, r.Status, r.Body, breaks)
			}
			if breaks || strings.HasPrefix(kind, "AWS") {
				continue
			}
			sent := got.Header.Get(name)
			if name == "Host" {
				sent = got.Host
			}
			if (sent == "mapped.value") == silent[name] {
				t.Errorf("%s to %s: sent %q, want that it is dropped: %v", name, kind, sent, silent[name])
			}
		}
	}
}

// Every name as the target of a response mapping, and as a header of a
// function's answer.
// parity: spec/rest-data-plane.md 3.6.2, 14 item 7.
func TestResponseHeaderMatrix(t *testing.T) {
	remapped := set("Authorization", "Connection", "Content-Length", "Content-MD5", "Date", "Expect", "Host", "Max-Forwards", "Proxy-Authenticate", "Server", "Trailer", "Upgrade", "User-Agent", "WWW-Authenticate")
	url, _ := backend(t, nil)
	for _, kind := range []string{"HTTP", "AWS", "MOCK", "AWS_PROXY"} {
		for _, name := range headerNames() {
			in := httpTo(kind, "POST", url, nil)
			functions := returns(`{}`)
			switch kind {
			case "AWS":
				in = lambdaProxy()
				in.Type = kind
			case "AWS_PROXY":
				in, functions = lambdaProxy(), returns(`{"headers":{"`+name+`":"v/v"}}`)
			case "MOCK":
				in = mock(`{"statusCode": 200}`)
			}
			in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200", ResponseParameters: map[string]string{"method.response.header." + name: "'v/v'"}}}
			r := send(t, sketch{methods: map[string]api.Integration{"POST /": in}, functions: functions}.stage(t), "POST /", "{}")
			at, not := name, "x-amzn-Remapped-"+name
			if remapped[name] {
				at, not = not, at
			}
			want := "v/v"
			if name == "Transfer-Encoding" {
				want = "" // dropped
			}
			if r.Status != 200 || r.Header(at) != want || r.Header(not) != "" {
				t.Errorf("%s from %s: %d, %s is %q and %s %q, want %q", name, kind, r.Status, at, r.Header(at), not, r.Header(not), want)
			}
		}
	}
}

// What the client sends under the names that nobody sees.
// parity: spec/rest-data-plane.md 3.6.2, first row.
func TestUnseenHeaders(t *testing.T) {
	url, got := backend(t, nil)
	unseen := set("Connection", "Content-Length", "Content-MD5", "Expect", "Max-Forwards", "Proxy-Authenticate", "Server", "TE", "Transfer-Encoding", "Trailer", "Upgrade", "WWW-Authenticate")
	params, all := map[string]string{}, ""
	for _, name := range headerNames() {
		params["integration.request.header.X-"+name] = "method.request.header." + name
		all += name + "=$input.params('" + name + "');"
	}
	in := httpTo("HTTP", "POST", url, params)
	in.RequestTemplates = map[string]*string{"application/json": &all}
	in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
	stage := sketch{methods: map[string]api.Integration{"POST /": in}}.stage(t)
	x := request(t, stage, "POST /")
	x.Request.Fields = nil
	for _, name := range headerNames() {
		value := "v"
		if name == "Content-Encoding" {
			value = "identity"
		} else if name == "Content-Type" {
			value = "application/json"
		}
		x.Request.Fields = append(x.Request.Fields, http1.Field{Name: []byte(name), Value: []byte(value)})
	}
	x.Body, x.Request.Length = []byte("{}"), 2
	if r := programtest.Play(t, x); r.Status != 200 {
		t.Fatalf("%+v", r)
	}
	for _, name := range headerNames() {
		mapped, templated := got.Header.Get("X-"+name) != "", !strings.Contains(got.Body, name+"=;")
		if mapped == unseen[name] || templated == unseen[name] {
			t.Errorf("%s: mapped %v, in a template %v, want that it is seen: %v", name, mapped, templated, !unseen[name])
		}
	}
}

// Templates over a real request, as AWS rendered them.
// parity: spec/rest-data-plane.md 4.1, 4.2, 4.3, 4.5.
func TestRenderedPayloads(t *testing.T) {
	url, got := backend(t, nil)
	for _, tt := range []struct{ template, body, want string }{
		{"$input.body", "", "{}"},
		{"[$input.body.anything]", `{"a":1}`, "[]"},
		{"$input.body", `{"a": 1}`, `{"a": 1}`},
		{"$util.urlEncode($input.body)", "", "%7B%7D"},
		{"$util.urlEncode('a b')", "", "a+b"},
		{"$util.urlDecode('a+b%7B')", "", "a b{"},
		{"$input.json('$.missing')", `{"a":1}`, `""`},
		{`{"a": $input.json('$.missing')}`, `{"a":1}`, `{"a": ""}`},
		{"$input.json('$')", "", "{}"},
		{"$input.path('$')", "", "{}"},
		{"[$input.path('$.missing')]", `{"a":1}`, "[]"},
		{`#if($input.path('$.missing') == $null)null#end#if($input.path('$.missing') == "") empty#end`, `{"a":1}`, "null empty"},
		{`#set($m = $input.path('$'))#if($m.nullKey == "")a#end#if($m.nullKey == $null)b#end#if("$m.nullKey" == "")c#end#if($m.list == "")d#end#if($m.list == $null)e#end`, `{"nullKey":null,"list":[]}`, "abc"},
		{"$input.path('$')", `{"foo":"bar"}`, "{foo=bar}"},
		{"$input.path('$')", `{"bigger":"dict","to":"test","with":"separators"}`, "{bigger=dict, to=test, with=separators}"},
		{"$input.path('$')", `[{"foo":"bar"}]`, `[{"foo":"bar"}]`},
		{"$input.path('$')", `{"foo":[{"nested":"bar"}]}`, `{foo=[{"nested":"bar"}]}`},
		{"$input.path('$')", `[]`, "[]"},
		{"[$context.identity][$context.requestOverride][$context.responseOverride][$context.identity.caller]", "", "[][][][]"},
		{"$input.json('$.a[?(@.x > 1)]')", `{"a":[{"x":1},{"x":2}]}`, `[{"x":2}]`},
		{"$input.json('$..nothing')", `{"a":1}`, "[]"},
	} {
		in := httpTo("HTTP", "POST", url, nil)
		in.RequestTemplates = map[string]*string{"application/json": &tt.template}
		in.Responses = map[string]api.IntegrationResponse{"200": {StatusCode: "200"}}
		stage := sketch{methods: map[string]api.Integration{"POST /": in}}.stage(t)
		*got = received{}
		x := request(t, stage, "POST /", "Content-Type: application/json")
		x.Body, x.Request.Length = []byte(tt.body), int64(len(tt.body))
		if r := programtest.Play(t, x); r.Status != 200 || got.Body != tt.want {
			t.Errorf("%s of %q: %d, the back end got %q, want %q", tt.template, tt.body, r.Status, got.Body, tt.want)
		}
	}
}

// The mappings of a proxy integration change nothing in the event.
// parity: spec/rest-data-plane.md 3.4.1, "request_data_mapping".
func TestEventIgnoresMappings(t *testing.T) {
	var event []byte
	in := lambdaProxy()
	in.RequestParameters = map[string]string{
		"integration.request.header.X-Mapped": "'mapped'", "integration.request.header.X-Sent": "'mapped'",
		"integration.request.querystring.mapped": "'mapped'", "integration.request.path.proxy": "'mapped'",
	}
	stage := sketch{methods: map[string]api.Integration{"GET /{proxy+}": in}, functions: keeps(&event)}.stage(t)
	if r := send(t, stage, "GET /sent?q=sent", "X-Sent: sent"); r.Status != 200 {
		t.Fatalf("%+v", r)
	}
	got := decode(t, event)
	if headers := got["headers"].(map[string]any); headers["X-Mapped"] != nil || headers["X-Sent"] != "sent" {
		t.Errorf("headers %v", headers)
	}
	if q := got["queryStringParameters"].(map[string]any); len(q) != 1 || q["q"] != "sent" {
		t.Errorf("query %v", q)
	}
	if p := got["pathParameters"].(map[string]any); p["proxy"] != "sent" {
		t.Errorf("path %v", p)
	}
}

// On a custom domain name the event's path has the base path.
// parity: spec/rest-data-plane.md 2.2, 13.
func TestEventPathOfDomain(t *testing.T) {
	var event []byte
	stage := sketch{methods: map[string]api.Integration{"GET /{proxy+}": lambdaProxy()}, functions: keeps(&event)}.stage(t)
	for _, custom := range []bool{false, true} {
		x := request(t, stage, "GET /cats")
		x.CustomDomain, x.FullPath = custom, []byte("/shop/cats")
		programtest.Play(t, x)
		got, want := decode(t, event), map[bool]string{false: "/cats", true: "/shop/cats"}[custom]
		if got["path"] != want || got["pathParameters"].(map[string]any)["proxy"] != "cats" || got["requestContext"].(map[string]any)["path"] != "/shop/cats" {
			t.Errorf("custom domain %v: %v %v", custom, got["path"], got["requestContext"])
		}
	}
}
