package http1_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/http1"
)

func fields(pairs ...string) (f []http1.Field) {
	for i := 0; i < len(pairs); i += 2 {
		f = append(f, http1.Field{Name: []byte(pairs[i]), Value: []byte(pairs[i+1])})
	}
	return f
}

func TestAppendRequestHead(t *testing.T) {
	r := http1.Request{
		Method: []byte("POST"), Target: []byte("/a?b"), Host: []byte("h"), KeepAlive: true,
		Fields: fields("A", "b", "Content-Length", "9", "connection", "close"),
	}
	got, err := http1.AppendRequestHead([]byte("x"), &r)
	if want := "xPOST /a?b HTTP/1.1\r\nHost: h\r\nA: b\r\nContent-Length: 0\r\n\r\n"; err != nil || string(got) != want {
		t.Errorf("AppendRequestHead = %q, %v, want %q", got, err, want)
	}
	r.Length, r.KeepAlive = http1.Chunked, false
	got, _ = http1.AppendRequestHead(nil, &r)
	if want := "POST /a?b HTTP/1.1\r\nHost: h\r\nA: b\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"; string(got) != want {
		t.Errorf("AppendRequestHead = %q, want %q", got, want)
	}
}

func TestAppendResponseHead(t *testing.T) {
	for _, tt := range []struct {
		r    http1.Response
		want string
	}{
		{http1.Response{Status: 200, Minor: 1, Length: 3, KeepAlive: true, Fields: fields("A", "b", "Date", "x", "TE", "y")}, "HTTP/1.1 200 OK\r\nDate: D\r\nA: b\r\nContent-Length: 3\r\n\r\n"},
		{http1.Response{Status: 204, Minor: 1, Length: 3, KeepAlive: true}, "HTTP/1.1 204 No Content\r\nDate: D\r\n\r\n"},
		{http1.Response{Status: 599, Minor: 1, Length: http1.Chunked}, "HTTP/1.1 599 \r\nDate: D\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"},
		{http1.Response{Status: 200, Length: http1.ToClose}, "HTTP/1.1 200 OK\r\nDate: D\r\nConnection: close\r\n\r\n"},
		{http1.Response{Status: 200, KeepAlive: true}, "HTTP/1.1 200 OK\r\nDate: D\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
	} {
		got, err := http1.AppendResponseHead(nil, &tt.r, []byte("D"))
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(tt.want, string(got)); d != "" {
			t.Error(d)
		}
	}
}

// TestWriterTrustsNobody: nothing that would split a message gets out, and
// what was there before stays.
func TestWriterTrustsNobody(t *testing.T) {
	for _, r := range []http1.Request{
		{Method: []byte("GET /"), Target: []byte("/"), Host: []byte("h")},
		{Method: []byte("GET"), Target: []byte("/ HTTP/1.1"), Host: []byte("h")},
		{Method: []byte("GET"), Target: nil, Host: []byte("h")},
		{Method: []byte("GET"), Target: []byte("/"), Host: []byte("h\r\nA: b")},
		{Method: []byte("GET"), Target: []byte("/"), Host: []byte("h"), Fields: fields("A:", "b")},
		{Method: []byte("GET"), Target: []byte("/"), Host: []byte("h"), Fields: fields("A", "b\r\nC: d")},
		{Method: []byte("GET"), Target: []byte("/"), Host: []byte("h"), Fields: fields("", "b")},
	} {
		if got, err := http1.AppendRequestHead([]byte("x"), &r); err == nil || string(got) != "x" {
			t.Errorf("AppendRequestHead(%q %q %q) = %q, %v, want an error", r.Method, r.Target, r.Fields, got, err)
		}
	}
	for _, r := range []http1.Response{
		{Status: 99},
		{Status: 600},
		{Status: 200, Fields: fields("A", "b\nC: d")},
		{Status: 200, Fields: fields("A B", "c")},
		{Status: 200, Fields: fields("A", "\x00")},
	} {
		if got, err := http1.AppendResponseHead([]byte("x"), &r, nil); err == nil || string(got) != "x" {
			t.Errorf("AppendResponseHead(%d %q) = %q, %v, want an error", r.Status, r.Fields, got, err)
		}
	}
}
