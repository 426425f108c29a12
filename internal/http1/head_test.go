package http1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/http1"
)

func parse(raw string) (*http1.Request, int, *http1.Error) {
	lim := http1.Limits{}.Defaults()
	var r http1.Request
	n, err := http1.ParseRequest(&r, []byte(raw), &lim)
	return &r, n, err
}

func TestParseRequest(t *testing.T) {
	for _, tt := range []struct {
		name, raw string
		want      message
	}{
		{"plain", "GET /a?b=c HTTP/1.1\r\nHost: h:80\r\nX-A: \t b \t\r\n\r\n", message{
			Method: "GET", Target: "/a?b=c", Path: "/a", Query: "b=c", Host: "h:80", KeepAlive: true,
			Fields: [][2]string{{"Host", "h:80"}, {"X-A", "b"}},
		}},
		{"absolute", "GET http://H/a HTTP/1.1\r\nHost: h\r\n\r\n", message{
			Method: "GET", Target: "/a", Path: "/a", Host: "h", KeepAlive: true, Fields: [][2]string{{"Host", "h"}},
		}},
		{"absolute without path", "GET HTTPS://h HTTP/1.1\r\nHost: h\r\n\r\n", message{
			Method: "GET", Target: "/", Path: "/", Host: "h", KeepAlive: true, Fields: [][2]string{{"Host", "h"}},
		}},
		{"absolute with a query alone", "GET http://h?x HTTP/1.1\r\nHost: h\r\n\r\n", message{
			Method: "GET", Target: "/?x", Path: "/", Query: "x", Host: "h", KeepAlive: true, Fields: [][2]string{{"Host", "h"}},
		}},
		{"options of the server", "OPTIONS * HTTP/1.0\r\n\r\n", message{Method: "OPTIONS", Target: "*", Path: "*"}},
		{"websocket", "GET / HTTP/1.1\r\nHost: h\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", message{
			Method: "GET", Target: "/", Path: "/", Host: "h", KeepAlive: true, Upgrade: "websocket",
			Fields: [][2]string{{"Host", "h"}, {"Connection", "keep-alive, Upgrade"}, {"Upgrade", "websocket"}},
		}},
		{"expect", "PUT / HTTP/1.1\r\nHost: h\r\nExpect: 100-Continue\r\nContent-Length: 1\r\nConnection: close\r\n\r\n", message{
			Method: "PUT", Target: "/", Path: "/", Host: "h", Expect: true,
			Fields: [][2]string{{"Host", "h"}, {"Expect", "100-Continue"}, {"Content-Length", "1"}, {"Connection", "close"}},
		}},
		{"1.0 stays open", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", message{
			Method: "GET", Target: "/", Path: "/", KeepAlive: true, Fields: [][2]string{{"Connection", "Keep-Alive"}},
		}},
		{"dots inside segments", "GET /...?/../a HTTP/1.0\r\n\r\n", message{Method: "GET", Target: "/...?/../a", Path: "/...", Query: "/../a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, n, err := parse(tt.raw + "rest")
			if err != nil || n != len(tt.raw) {
				t.Fatalf("ParseRequest = %d, %v, want %d", n, err, len(tt.raw))
			}
			if d := cmp.Diff(tt.want, *newMessage(r)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestParseRequestRefuses(t *testing.T) {
	const rest = " HTTP/1.1\r\nHost: h\r\n\r\n"
	field := func(line string) string { return "GET / HTTP/1.1\r\nHost: h\r\n" + line + "\r\n\r\n" }
	for raw, status := range map[string]int{
		"GET /../a" + rest:                                     400,
		"GET /a/." + rest:                                      400,
		"GET /%2e%2E/" + rest:                                  400,
		"GET /a%2f..%5cb" + rest:                               400,
		"GET /..;x/a" + rest:                                   400,
		"GET /%00" + rest:                                      400,
		"GET /?%00" + rest:                                     400,
		"GET /?%0" + rest:                                      400,
		"GET /a%0d%0a" + rest:                                  400,
		"GET /%c0%ae" + rest:                                   400,
		"GET /a\\b" + rest:                                     400,
		"GET ftp://h/" + rest:                                  400,
		"GET http://other/" + rest:                             400,
		"GET http://u@h/" + rest:                               400,
		"CONNECT h:443" + rest:                                 501,
		"TRACE /" + rest:                                       501,
		strings.Repeat("A", 33) + " /" + rest:                  501,
		"GET / HTTP/2.0\r\n":                                   505,
		"GET / HTTP/1.1\n":                                     400,
		"\n":                                                   400,
		"GET / HTTP/1.1\r\n\r\n":                               400,
		field("Expect: later"):                                 417,
		field("Transfer-Encoding: gzip, chunked"):              501,
		field("Content-Length: 9223372036854775808"):           400,
		field("Content-Length: 1\r\nContent-Length: 1"):        400,
		field("Connection:" + strings.Repeat("a,", 65)):        400,
		field("X: " + strings.Repeat("a", 10240)):              431,
		field(strings.Repeat("A:\r\n", 201)):                   431,
		field(strings.Repeat("A", 17000)):                      431,
		"GET /" + strings.Repeat("a", 10240) + rest:            414,
		"GET /" + strings.Repeat("a", 20000):                   414,
		"GET / HTTP/1.1\r\nHost: h:99999\r\n\r\n":              400,
		"GET / HTTP/1.1\r\nHost: [::1]:80x\r\n\r\n":            400,
		"GET / HTTP/1.1\r\nHost: [g]\r\n\r\n":                  400,
		"POST / HTTP/1.0\r\nTransfer-Encoding:chunked\r\n\r\n": 400,
	} {
		_, n, err := parse(raw)
		if err == nil || err.Status != status {
			t.Errorf("ParseRequest(%.60q) = %d, %v, want status %d", raw, n, err, status)
		}
	}
}

func TestParseResponse(t *testing.T) {
	lim := http1.Limits{}.Defaults()
	for _, tt := range []struct {
		raw    string
		toHead bool
		want   http1.Response // without fields
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false, http1.Response{Status: 200, Minor: 1, Length: 5, Declared: 5, KeepAlive: true}},
		{"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true, http1.Response{Status: 200, Minor: 1, Declared: 5, KeepAlive: true}},
		{"HTTP/1.1 304\r\nContent-Length: 5\r\n\r\n", false, http1.Response{Status: 304, Minor: 1, Declared: 5, KeepAlive: true}},
		{"HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n", false, http1.Response{Status: 204, Minor: 1, Declared: 5}},
		{"HTTP/1.1 200 ok\r\n\r\n", false, http1.Response{Status: 200, Minor: 1, Length: http1.ToClose, Declared: -1}},
		{"HTTP/1.0 200 ok\r\nContent-Length: 0\r\n\r\n", false, http1.Response{Status: 200}},
		{"HTTP/1.0 200 ok\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n", false, http1.Response{Status: 200, KeepAlive: true}},
		{"HTTP/1.1 200 \xff\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n", false, http1.Response{Status: 200, Minor: 1, Length: http1.Chunked, Declared: -1}},
	} {
		var got http1.Response
		n, err := http1.ParseResponse(&got, []byte(tt.raw), &lim, tt.toHead)
		if err != nil || n != len(tt.raw) {
			t.Errorf("ParseResponse(%q) = %d, %v", tt.raw, n, err)
		}
		got.Fields = nil
		if d := cmp.Diff(tt.want, got); d != "" {
			t.Errorf("ParseResponse(%q): %s", tt.raw, d)
		}
	}
	for _, raw := range []string{
		"HTTP/2 200\r\n\r\n", "ICY 200 OK\r\n", "HTTP/1.1 20 OK\r\n", "HTTP/1.1 2000\r\n", "HTTP/1.1 099\r\n", "HTTP/1.1  200\r\n",
		"HTTP/1.1 200 OK\n", "HTTP/1.1 200 O\x00\r\n", "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
		"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		"HTTP/1.1 200 " + strings.Repeat("a", 11000), "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 20000),
	} {
		var got http1.Response
		if n, err := http1.ParseResponse(&got, []byte(raw), &lim, false); err == nil {
			t.Errorf("ParseResponse(%.60q) = %d, want an error", raw, n)
		}
	}
}

func TestForwardFields(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"end to end", "Accept: a|Cookie: b|cookie: c", "Accept: a|Cookie: b|cookie: c"},
		{"hop by hop", "Connection: keep-alive|Keep-Alive: 1|TE: a|Trailer: a|Upgrade: a|Proxy-Connection: a|HTTP2-Settings: a|Proxy-Authorization: a|A: b", "A: b"},
		{"framing", "Host: h|Content-Length: 1|Transfer-Encoding: chunked|Expect: 100-continue|Content-Type: a", "Content-Type: a"},
		{"named", "X-Hop: 1|Connection: close, x-hop|Connection:  , Authorization ,|authorization: x|A: b", "A: b"},
		{"odd names", "X.A: 1|!: 1|A: b", "A: b"},
		{"underscore", "X_A: 1|B: 2", "X_A: 1|B: 2"},
		{"underscore with a sibling", "X_A: 1|X-A: 2|x-b_c: 3", "X-A: 2|x-b_c: 3"},
		{"underscore of a gateway's field", "X_Forwarded-For: 1|x_amzn_trace_id: 1|Transfer_Encoding: chunked|Content_Length: 5|X_API_KEY: k|A: b", "A: b"},
	} {
		var in []http1.Field
		for f := range strings.SplitSeq(tt.in, "|") {
			name, value, _ := strings.Cut(f, ": ")
			in = append(in, http1.Field{Name: []byte(name), Value: []byte(value)})
		}
		var got []string
		for _, f := range http1.ForwardFields(nil, in) {
			got = append(got, fmt.Sprintf("%s: %s", f.Name, f.Value))
		}
		if d := cmp.Diff(tt.want, strings.Join(got, "|")); d != "" {
			t.Errorf("%s: %s", tt.name, d)
		}
	}
}
