package http1_test

import (
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
)

const (
	wrkRequest = "GET / HTTP/1.1\r\nHost: 127.0.0.1:8101\r\n\r\n"

	browserRequest = "GET /prod/pets/7?limit=10&after=abc HTTP/1.1\r\n" +
		"Host: a1b2c3d4e5.execute-api.us-east-1.amazonaws.com\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0\r\n" +
		"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n" +
		"Accept-Language: en-US,en;q=0.5\r\nAccept-Encoding: gzip, deflate, br\r\n" +
		"Authorization: Bearer eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl\r\n" +
		"X-Api-Key: 0123456789abcdef0123456789abcdef\r\nConnection: keep-alive\r\nCookie: session=0123456789abcdef\r\n\r\n"

	upstreamResponse = "HTTP/1.1 200 OK\r\nDate: Mon, 02 Jan 2006 15:04:05 GMT\r\nContent-Type: application/json\r\n" +
		"Content-Length: 1024\r\nX-Request-Cost: 1\r\n\r\n"
)

func BenchmarkParseRequest(b *testing.B) {
	lim := http1.Limits{}.Defaults()
	for name, raw := range map[string][]byte{"wrk": []byte(wrkRequest), "browser": []byte(browserRequest)} {
		b.Run(name, func(b *testing.B) {
			var r http1.Request
			b.SetBytes(int64(len(raw)))
			b.ReportAllocs()
			for b.Loop() {
				if n, err := http1.ParseRequest(&r, raw, &lim); n != len(raw) {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkParseResponse(b *testing.B) {
	lim := http1.Limits{}.Defaults()
	raw := []byte(upstreamResponse)
	var r http1.Response
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if n, err := http1.ParseResponse(&r, raw, &lim, false); n != len(raw) {
			b.Fatal(err)
		}
	}
}

func BenchmarkForward(b *testing.B) {
	lim := http1.Limits{}.Defaults()
	var r http1.Request
	if _, err := http1.ParseRequest(&r, []byte(browserRequest), &lim); err != nil {
		b.Fatal(err)
	}
	out := r
	var fields []http1.Field
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		fields = http1.ForwardFields(fields[:0], r.Fields)
		out.Fields = fields
		buf, _ = http1.AppendRequestHead(buf[:0], &out)
	}
}

// TestAllocs holds the package to its promise: parsing, forwarding, decoding
// and writing allocate nothing.
func TestAllocs(t *testing.T) {
	lim := http1.Limits{}.Defaults()
	raw, resp := []byte(browserRequest), []byte(upstreamResponse)
	chunked := []byte("5;a=b\r\nhello\r\n0\r\nA: b\r\n\r\n")
	var (
		r      http1.Request
		a      http1.Response
		fields []http1.Field
		buf    []byte
	)
	date := []byte("Mon, 02 Jan 2006 15:04:05 GMT")
	got := testing.AllocsPerRun(1000, func() {
		if n, _ := http1.ParseRequest(&r, raw, &lim); n != len(raw) {
			t.Fatal("request not read")
		}
		if n, _ := http1.ParseResponse(&a, resp, &lim, false); n != len(resp) {
			t.Fatal("response not read")
		}
		fields = http1.ForwardFields(fields[:0], r.Fields)
		out := r
		out.Fields = fields
		buf, _ = http1.AppendRequestHead(buf[:0], &out)
		buf, _ = http1.AppendResponseHead(buf[:0], &a, date)
		var c http1.Chunks
		for n := 0; !c.Done(); {
			_, used, err := c.Next(chunked[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += used
		}
		buf = http1.AppendChunk(buf[:0], raw)
		if _, err := http1.ParseRequest(&r, raw[1:], &lim); err != nil {
			t.Fatal("a shorter method is a method")
		}
		if _, err := http1.ParseRequest(&r, chunked, &lim); err == nil {
			t.Fatal("a chunk is no request")
		}
	})
	if got != 0 {
		t.Errorf("the codec allocates %v times, want 0", got)
	}
}
