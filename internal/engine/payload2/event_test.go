package payload2_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/payload2"
)

func fields(pairs ...string) []payload2.Field {
	var all []payload2.Field
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, payload2.Field{Name: []byte(pairs[i]), Value: []byte(pairs[i+1])})
	}
	return all
}

// event is the skeleton of http-websocket-domains.md A5.1.
func event() *payload2.Event {
	return &payload2.Event{
		RouteKey: "ANY /things/{proxy+}", Stage: "$default", Path: []byte("/things/a b"), Query: []byte("k=1&k=two%2Bplus"),
		Fields: fields(
			"Host", "abc123.execute-api.us-east-1.amazonaws.com", "Accept", "*/*", "Cookie", "c1=v1; c2=v2", "content-length", "0",
			"X-Amzn-Trace-Id", "Root=1-68000000-000000000000000000000000", "X-Forwarded-For", "203.0.113.9",
			"X-Forwarded-Port", "443", "X-Forwarded-Proto", "https",
		),
		AccountID: "111122223333", APIID: "abc123", Domain: "abc123.execute-api.us-east-1.amazonaws.com",
		Method: []byte("GET"), Protocol: "HTTP/1.1", SourceIP: "203.0.113.9", UserAgent: []byte("curl/8.0"),
		RequestID: "ATfSmjLgPHcESJw=", Time: time.UnixMilli(1773342238000),
		Params: []payload2.Pair{{Name: "proxy", Value: "a b"}},
	}
}

const skeleton = `{
  "version": "2.0", "routeKey": "ANY /things/{proxy+}", "rawPath": "/things/a b", "rawQueryString": "k=1&k=two%2Bplus",
  "cookies": ["c1=v1", "c2=v2"],
  "headers": {"accept": "*/*", "content-length": "0", "host": "abc123.execute-api.us-east-1.amazonaws.com",
              "x-amzn-trace-id": "Root=1-68000000-000000000000000000000000",
              "x-forwarded-for": "203.0.113.9", "x-forwarded-port": "443", "x-forwarded-proto": "https"},
  "queryStringParameters": {"k": "1,two+plus"},
  "requestContext": {
    "accountId": "111122223333", "apiId": "abc123",
    "domainName": "abc123.execute-api.us-east-1.amazonaws.com", "domainPrefix": "abc123",
    "http": {"method": "GET", "path": "/things/a b", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.9", "userAgent": "curl/8.0"},
    "requestId": "ATfSmjLgPHcESJw=", "routeKey": "ANY /things/{proxy+}", "stage": "$default",
    "time": "12/Mar/2026:19:03:58 +0000", "timeEpoch": 1773342238000
  },
  "pathParameters": {"proxy": "a b"},
  "isBase64Encoded": false
}`

func decode(t *testing.T, text string) any {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatalf("not JSON: %v\n%s", err, text)
	}
	return v
}

func TestAppend(t *testing.T) {
	got := string(event().Append(nil))
	if diff := cmp.Diff(decode(t, skeleton), decode(t, got)); diff != "" {
		t.Errorf("event differs from the recorded skeleton (-want +got):\n%s", diff)
	}
}

func TestAppendMembers(t *testing.T) {
	for _, tt := range []struct {
		name string
		edit func(*payload2.Event)
		path string // member, dots between
		want any    // nil: absent
	}{
		{"no query, no parameters", func(e *payload2.Event) { e.Query = nil }, "queryStringParameters", nil},
		{"no query is an empty string", func(e *payload2.Event) { e.Query = nil }, "rawQueryString", ""},
		{"only ampersands", func(e *payload2.Event) { e.Query = []byte("&&") }, "queryStringParameters", nil},
		{"name without value", func(e *payload2.Event) { e.Query = []byte("a&b=") }, "queryStringParameters", map[string]any{"a": "", "b": ""}},
		{"plus and escapes", func(e *payload2.Event) { e.Query = []byte("a+b=%41%zz%4") }, "queryStringParameters", map[string]any{"a b": "A%zz%4"}},
		{"escape that is no UTF-8", func(e *payload2.Event) { e.Query = []byte("a=%ff") }, "queryStringParameters", map[string]any{"a": "\uFFFD"}},
		{"repeats keep their order", func(e *payload2.Event) { e.Query = []byte("b=2&a=9&b=1") }, "queryStringParameters", map[string]any{"a": "9", "b": "2,1"}},
		{"repeated header", func(e *payload2.Event) { e.Fields = fields("X-A", "1", "b", "", "x-a", "2") }, "headers", map[string]any{"x-a": "1,2", "b": ""}},
		{"no cookie", func(e *payload2.Event) { e.Fields = nil }, "cookies", nil},
		{"empty cookies", func(e *payload2.Event) { e.Fields = fields("Cookie", " ; ") }, "cookies", nil},
		{"two cookie headers", func(e *payload2.Event) { e.Fields = fields("Cookie", "a=1;b=2", "COOKIE", "c=3") }, "cookies", []any{"a=1", "b=2", "c=3"}},
		{"no body", func(*payload2.Event) {}, "body", nil},
		{"text body", func(e *payload2.Event) { e.Body = []byte("a\"\n") }, "body", "a\"\n"},
		{"binary body", func(e *payload2.Event) { e.Body, e.Binary = []byte{0xff, 0}, true }, "body", "/wA="},
		{"binary flag", func(e *payload2.Event) { e.Body, e.Binary = []byte{0xff, 0}, true }, "isBase64Encoded", true},
		{"binary without body", func(e *payload2.Event) { e.Binary = true }, "isBase64Encoded", false},
		{"authorizer", func(e *payload2.Event) { e.Authorizer = []byte(`{"jwt":{"claims":{}}}`) }, "requestContext.authorizer", map[string]any{"jwt": map[string]any{"claims": map[string]any{}}}},
		{"authentication", func(e *payload2.Event) { e.Authentication = []byte(`{"clientCert":{}}`) }, "requestContext.authentication", map[string]any{"clientCert": map[string]any{}}},
		{"variables", func(e *payload2.Event) { e.Variables = []payload2.Pair{{Name: "v", Value: "1"}} }, "stageVariables", map[string]any{"v": "1"}},
		{"no variables", func(*payload2.Event) {}, "stageVariables", nil},
		{"prefix of a name with a port", func(e *payload2.Event) { e.Domain = "localhost:4566" }, "requestContext.domainPrefix", "localhost"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			e := event()
			tt.edit(e)
			got := decode(t, string(e.Append(nil)))
			for name := range strings.SplitSeq(tt.path, ".") {
				m, _ := got.(map[string]any)
				got = m[name]
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", tt.path, diff)
			}
		})
	}
}

func TestTextBody(t *testing.T) {
	for _, tt := range []struct {
		contentType string
		want        bool
	}{
		{"application/json", true},
		{"Application/JSON; charset=utf-8", true},
		{" text/html ", true},
		{"text/", true},
		{"application/xml", true},
		{"application/javascript", true},
		{"application/x-www-form-urlencoded", false},
		{"application/octet-stream", false},
		{"application/vnd.api+json", false},
		{"", false},
	} {
		if got := payload2.TextBody([]byte(tt.contentType)); got != tt.want {
			t.Errorf("TextBody(%q) = %v, want %v", tt.contentType, got, tt.want)
		}
	}
}

// FuzzAppend: an event is JSON whatever came in, and what is UTF-8 comes out
// as it came in.
func FuzzAppend(f *testing.F) {
	f.Add([]byte("/p"), []byte("a=%20&a=b"), "X-H", "v\x00\xff", []byte("body"), false)
	f.Add([]byte("\"\\\u2028"), []byte("%"), "cookie", ";a;", []byte{0xc3, 0x28}, true)
	f.Fuzz(func(t *testing.T, path, query []byte, name, value string, body []byte, binary bool) {
		e := event()
		e.Path, e.Query, e.Body, e.Binary = path, query, body, binary
		e.Fields = fields(name, value, "Host", "h", name, "again")
		var got struct {
			RawPath         string            `json:"rawPath"`
			RawQueryString  string            `json:"rawQueryString"`
			Headers         map[string]string `json:"headers"`
			Body            string            `json:"body"`
			IsBase64Encoded bool              `json:"isBase64Encoded"`
		}
		text := e.Append([]byte("kept"))
		if !strings.HasPrefix(string(text), "kept") {
			t.Fatalf("Append overwrote what was there")
		}
		if err := json.Unmarshal(text[4:], &got); err != nil {
			t.Fatalf("event is not JSON: %v\n%s", err, text)
		}
		same(t, "rawPath", got.RawPath, path)
		same(t, "rawQueryString", got.RawQueryString, query)
		if binary {
			back, err := base64.StdEncoding.DecodeString(got.Body)
			if err != nil || string(back) != string(body) || got.IsBase64Encoded != (len(body) > 0) {
				t.Errorf("body = %q (%v), want %q in base64", got.Body, got.IsBase64Encoded, body)
			}
		} else {
			same(t, "body", got.Body, body)
		}
		if got.Headers["host"] == "" {
			t.Errorf("headers lost host: %v", got.Headers)
		}
	})
}

func same(t *testing.T, what, got string, want []byte) {
	t.Helper()
	if utf8.Valid(want) && got != string(want) {
		t.Errorf("%s = %q, want %q", what, got, want)
	}
}

const appendAllocs = 1 // the decoded query

// TestAppendAllocs holds BenchmarkAppend to its promise.
func TestAppendAllocs(t *testing.T) {
	e, buf := event(), make([]byte, 0, 4096)
	if got := testing.AllocsPerRun(200, func() { buf = e.Append(buf[:0]) }); got > appendAllocs {
		t.Errorf("Append allocates %v times, want at most %d", got, appendAllocs)
	}
}

func BenchmarkAppend(b *testing.B) {
	e, buf := event(), make([]byte, 0, 4096)
	b.ReportAllocs()
	for b.Loop() {
		buf = e.Append(buf[:0])
	}
}
