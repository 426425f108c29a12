package http1_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httputil"
	"net/textproto"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/http1"
)

func seeds(f *testing.F) [][]byte {
	f.Helper()
	raw := []string{
		"GET /a?b=%20c HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\nGET / HTTP/1.0\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nhello\r\nPUT /x HTTP/1.1\r\nhost: H\r\nConnection: close\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\\\"\"\r\nhello\r\n0\r\nA: b\r\n\r\n",
		"GET http://h?x HTTP/1.1\r\nHost: h\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 0\r\n\r\n",
		"GET /..%2f HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	}
	out := make([][]byte, len(raw))
	for i, s := range raw {
		out[i] = []byte(s)
	}
	return out
}

// FuzzSplit states that where a stream is cut does not matter: messages,
// refusal and what is left open are those of the stream in one piece.
func FuzzSplit(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s, uint16(7), uint16(30))
	}
	lim := http1.Limits{Line: 60, Values: 100, Head: 200, Fields: 5}
	f.Fuzz(func(t *testing.T, raw []byte, a, b uint16) {
		want, wantOpen, wantErr := readAll([][]byte{raw}, &lim)
		i := int(a) % (len(raw) + 1)
		j := i + int(b)%(len(raw)-i+1)
		for _, pieces := range [][][]byte{{raw[:i], raw[i:]}, {raw[:i], raw[i:j], raw[j:]}, everyByte(raw)} {
			got, open, err := readAll(pieces, &lim)
			if d := cmp.Diff(want, got); d != "" || open != wantOpen && len(raw) > 0 || err != wantErr {
				t.Fatalf("cut: open %v, %v; whole: open %v, %v\n%s", open, err, wantOpen, wantErr, d)
			}
		}
	})
}

// FuzzNetHTTP states that whatever the codec accepts, net/http reads to the
// same method, target, host, fields and body. Deliberate differences: net/http
// takes no empty lines before a request, keeps an absolute target and a
// trailer's names, and adds Cache-Control to Pragma: no-cache.
func FuzzNetHTTP(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	lim := http1.Limits{}.Defaults()
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r http1.Request
		n, err := http1.ParseRequest(&r, bytes.Clone(raw), &lim)
		if n == 0 || err != nil {
			return
		}
		var body string
		var chunks http1.Chunks
		m, left := newMessage(&r), r.Length
		if _, done, err := readBody(m, &chunks, &left, raw[n:]); err != nil || !done {
			return
		}
		body = m.Body
		theirs, herr := http.ReadRequest(bufio.NewReader(bytes.NewReader(bytes.TrimLeft(raw, "\r\n"))))
		if herr != nil {
			if http1.Get(r.Fields, "trailer") != nil {
				return // it judges the names announced
			}
			t.Fatalf("accepted, but net/http says %v", herr)
		}
		their, herr := io.ReadAll(theirs.Body)
		if herr != nil || string(their) != body {
			t.Fatalf("body %q, net/http reads %q, %v", body, their, herr)
		}
		target := theirs.RequestURI
		if !strings.HasPrefix(target, "/") && target != "*" {
			target = theirs.URL.RequestURI()
			if theirs.URL.ForceQuery || strings.Contains(target, "%") {
				target = m.Target
			}
		}
		if m.Method != theirs.Method || m.Target != target || !strings.EqualFold(m.Host, theirs.Host) {
			t.Errorf("%q %q %q, net/http reads %q %q %q", m.Method, m.Target, m.Host, theirs.Method, target, theirs.Host)
		}
		if d := cmp.Diff(theirFields(theirs.Header), ourFields(m)); d != "" {
			t.Error(d)
		}
	})
}

func theirFields(h http.Header) map[string][]string {
	out := map[string][]string{}
	for k, v := range h {
		if k != "Cache-Control" {
			out[k] = v
		}
	}
	return out
}

func ourFields(m *message) map[string][]string {
	out := map[string][]string{}
	for _, f := range m.Fields {
		k := textproto.CanonicalMIMEHeaderKey(f[0])
		switch k {
		case "Host", "Transfer-Encoding", "Cache-Control", "Trailer":
		default:
			out[k] = append(out[k], f[1])
		}
	}
	return out
}

// FuzzRequestAgain states that a request written from its parts is read to the
// same parts, and written again to the same bytes.
func FuzzRequestAgain(f *testing.F) {
	for _, s := range seeds(f) {
		f.Add(s)
	}
	lim := http1.Limits{}.Defaults()
	wide := http1.Limits{Line: 1 << 20, Values: 1 << 20, Head: 1 << 20, Fields: 1000}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var r, again http1.Request
		if n, err := http1.ParseRequest(&r, raw, &lim); n == 0 || err != nil {
			return
		}
		r.Fields = http1.ForwardFields(nil, r.Fields)
		first, err := http1.AppendRequestHead(nil, &r)
		if err != nil {
			t.Fatalf("write what was parsed: %v", err)
		}
		n, err := http1.ParseRequest(&again, first, &wide)
		if r.Host == nil && err != nil {
			return // HTTP/1.0 needs no Host, what is written is HTTP/1.1
		}
		if err != nil || n != len(first) {
			t.Fatalf("parse %q = %d, %v", first, n, err)
		}
		again.Fields = http1.ForwardFields(nil, again.Fields)
		second, err := http1.AppendRequestHead(nil, &again)
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("wrote %q, then %q, %v", first, second, err)
		}
		if again.Length != r.Length || again.KeepAlive != r.KeepAlive || !bytes.Equal(again.Path, r.Path) || !bytes.Equal(again.Query, r.Query) {
			t.Errorf("read again as %+v, was %+v", again, r)
		}
	})
}

// FuzzResponse states for responses what FuzzSplit and FuzzRequestAgain state
// for requests.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello", "HTTP/1.0 404\r\n\r\n",
		"HTTP/1.1 304 x\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
	} {
		f.Add([]byte(s), uint16(9), false)
	}
	lim := http1.Limits{}.Defaults()
	f.Fuzz(func(t *testing.T, raw []byte, cut uint16, toHead bool) {
		var part, whole http1.Response
		n, err := http1.ParseResponse(&whole, raw, &lim, toHead)
		at := int(cut) % (len(raw) + 1)
		if m, perr := http1.ParseResponse(&part, raw[:at], &lim, toHead); (m > 0 || perr != nil) && (m != n || perr != err) {
			t.Fatalf("prefix gives %d, %v; whole %d, %v", m, perr, n, err)
		}
		if n == 0 || err != nil {
			return
		}
		first, err := http1.AppendResponseHead(nil, &whole, []byte("D"))
		if err != nil {
			t.Fatalf("write what was parsed: %v", err)
		}
		var again http1.Response
		wide := http1.Limits{Line: 1 << 20, Values: 1 << 20, Head: 1 << 20, Fields: 1000}
		if n, err := http1.ParseResponse(&again, first, &wide, false); err != nil || n != len(first) || again.Status != whole.Status {
			t.Fatalf("parse %q = %d, %v", first, n, err)
		}
		again.Minor = whole.Minor
		if again.Length != whole.Length && whole.Length != http1.ToClose {
			t.Errorf("read again with length %d, was %d", again.Length, whole.Length)
		}
		second, err := http1.AppendResponseHead(nil, &again, []byte("D"))
		if err != nil || !bytes.Equal(first, second) {
			t.Fatalf("wrote %q, then %q, %v", first, second, err)
		}
	})
}

// FuzzChunks states that a body is decoded alike however it is cut, as
// net/http decodes it, and to itself once it was encoded again. Deliberate
// difference: net/http refuses white space before the ';' of an extension,
// which RFC 9112 7.1.1 makes a recipient take.
func FuzzChunks(f *testing.F) {
	for _, s := range []string{
		"5\r\nhello\r\n0\r\n\r\n", "5 ; a = b\r\nhello\r\n0;c\r\nA: b\r\n\r\n", "1;a=\"\\\"\"\r\nx\r\n00\r\n\r\nrest",
		"a\r\n0123456789\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n", "7fffffffffffffff\r\n", "8000000000000000\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		body, n, done, err := decode(raw, len(raw))
		body1, n1, done1, err1 := decode(raw, 1)
		if body != body1 || err != err1 || done != done1 || err == nil && n != n1 {
			t.Fatalf("whole: %q %d %v %v; by byte: %q %d %v %v", body, n, done, err, body1, n1, done1, err1)
		}
		if err != nil || !done {
			return
		}
		theirs, herr := io.ReadAll(httputil.NewChunkedReader(bytes.NewReader(raw)))
		if herr != nil && (bytes.Contains(raw, []byte(" ;")) || bytes.Contains(raw, []byte("\t;"))) {
			return
		}
		if herr != nil && !errors.Is(herr, io.EOF) || string(theirs) != body {
			t.Errorf("decoded %q, net/http %q, %v", body, theirs, herr)
		}
		encoded := append(http1.AppendChunk(nil, []byte(body)), http1.LastChunk...)
		if again, n, done, err := decode(encoded, len(encoded)); again != body || n != len(encoded) || !done || err != nil {
			t.Errorf("decoded again: %q %d %v %v, want %q", again, n, done, err, body)
		}
	})
}

func decode(raw []byte, step int) (body string, n int, done bool, err *http1.Error) {
	var c http1.Chunks
	for n < len(raw) && !c.Done() {
		piece, used, err := c.Next(raw[n:min(len(raw), n+step)])
		if err != nil {
			return body, n, false, err
		}
		if len(piece) > 0 && int64(len(piece)) > int64(len(raw)) || c.Left() < 0 {
			return body, n, false, err
		}
		body += string(piece)
		n += used
	}
	return body, n, c.Done(), nil
}
