package transport_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// startHTTP2 serves over TLS and gives a client that speaks HTTP/2 alone.
func startHTTP2(t *testing.T, cfg transport.Config) (addr string, c *http.Client, pool *x509.CertPool, stop func()) {
	t.Helper()
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	addr, _, stop = startTLS(t, cfg, &tls.Config{Certificates: []tls.Certificate{cert}})
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, Protocols: protocols}
	t.Cleanup(tr.CloseIdleConnections)
	return addr, &http.Client{Transport: tr, Timeout: 10 * time.Second}, pool, stop
}

func get(t *testing.T, c *http.Client, method, url string, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-A", "b")
	req.Header.Set("User-Agent", "test")
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(got)
}

func TestHTTP2(t *testing.T) {
	up := transporttest.NewUpstream(t)
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	steps := proxy(ups.Origin("http", up.Addr, "", false))
	addr, c, _, _ := startHTTP2(t, transport.Config{Upstreams: ups, Handler: routes{
		"/buffer": {Body: program.BodyBuffer, Steps: steps},
		"/small":  {Body: program.BodyBuffer, MaxBody: 10, Steps: steps},
		"*":       {Body: program.BodyStream, Steps: steps},
	}})
	long := strings.Repeat("0123456789", 30000)
	for _, tt := range []struct {
		name, method, path, body string
		unknown                  bool // the length of the body
		status                   int
		want                     string
	}{
		{"get", "GET", "/a?b=c", "", false, 200, "GET /a?b=c"},
		{"head", "HEAD", "/a", "", false, 200, ""},
		{"streamed", "POST", "/a", long, false, 200, "POST /a"},
		{"streamed chunks", "POST", "/a", long, true, 200, "POST /a"},
		{"buffered", "POST", "/buffer", long, true, 200, "POST /buffer"},
		{"too large", "POST", "/small", long, false, 413, `{"message":"Request Too Long"}`},
		{"too large after all", "POST", "/small", long, true, 413, `{"message":"Request Too Long"}`},
		{"dots", "GET", "/%2e%2e/a", "", false, 400, `{"message":"Bad Request"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(up.Received())
			var body io.Reader
			if tt.unknown {
				body = struct{ io.Reader }{strings.NewReader(tt.body)}
			} else if tt.body != "" {
				body = strings.NewReader(tt.body)
			}
			res, got := get(t, c, tt.method, "https://"+addr+tt.path, body)
			if res.StatusCode != tt.status || got != tt.want || res.ProtoMajor != 2 {
				t.Errorf("got %d %q over %s, want %d %q", res.StatusCode, got, res.Proto, tt.status, tt.want)
			}
			if tt.status != 200 {
				return
			}
			seen := up.Received()[before:]
			if len(seen) != 1 || seen[0].Body != tt.body {
				t.Fatalf("upstream got %d requests", len(seen))
			}
			if d := cmp.Diff([]string{"b"}, seen[0].Get("x-a")); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestHTTP2Streams: an answer reaches the client part by part, and one that
// breaks off resets its stream but not the connection.
func TestHTTP2Streams(t *testing.T) {
	next := make(chan string)
	addr, c, _, _ := startHTTP2(t, transport.Config{Handler: routes{"*": step(program.BodyDiscard, func(x *program.Exchange) error {
		x.Answer.Status = 200
		x.Answer.Stream = parts{next}
		return nil
	})}})
	req, err := http.NewRequestWithContext(t.Context(), "GET", "https://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	buf := make([]byte, 100)
	for i := range 3 {
		want := fmt.Sprintf("data: %d\n\n", i)
		next <- want
		if n, err := res.Body.Read(buf); err != nil || string(buf[:n]) != want {
			t.Fatalf("read %q, %v, want %q", buf[:n], err, want)
		}
	}
	next <- "broken"
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the stream ended as if it were whole")
	}
}

// parts is a body whose parts come over a channel; "broken" is an error.
type parts struct{ next chan string }

func (p parts) Read(b []byte) (int, error) {
	s, ok := <-p.next
	switch {
	case !ok:
		return 0, io.EOF
	case s == "broken":
		return 0, errors.New("broken")
	}
	return copy(b, s), nil
}

func (p parts) Close() error { return nil }

// TestHTTP2Drain: a request under way is finished, and new ones are not begun.
func TestHTTP2Drain(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	addr, c, _, stop := startHTTP2(t, transport.Config{Handler: routes{"*": {Steps: []program.Step{{Waits: true, Run: func(x *program.Exchange) error {
		close(begun)
		<-finish
		x.Answer.Status, x.Answer.Body = 200, []byte("done")
		return nil
	}}}}}})
	got := make(chan string, 1)
	go func() {
		_, body := get(t, c, "GET", "https://"+addr+"/", nil)
		got <- body
	}()
	<-begun
	stopped := make(chan struct{})
	go func() {
		stop()
		close(stopped)
	}()
	time.AfterFunc(50*time.Millisecond, func() { close(finish) })
	if body := <-got; body != "done" {
		t.Errorf("got %q", body)
	}
	<-stopped
}

// TestHTTP2ClientGone: the context ends when the stream is reset.
func TestHTTP2ClientGone(t *testing.T) {
	begun, gone := make(chan struct{}), make(chan struct{})
	addr, c, _, _ := startHTTP2(t, transport.Config{Handler: routes{"*": {Steps: []program.Step{{Waits: true, Run: func(x *program.Exchange) error {
		close(begun)
		<-x.Context().Done()
		close(gone)
		return x.Context().Err()
	}}}}}})
	ctx, cancel := context.WithCancel(t.Context())
	req, err := http.NewRequestWithContext(ctx, "GET", "https://"+addr+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		<-begun
		cancel()
	}()
	if res, err := c.Do(req); err == nil {
		res.Body.Close()
		t.Error("answered, want canceled")
	}
	<-gone
}

// rawHTTP2 is a connection on which a test writes frames of its own.
type rawHTTP2 struct {
	*http2.Framer
	conn *tls.Conn
	hbuf bytes.Buffer
	henc *hpack.Encoder
}

func dialHTTP2(t *testing.T, addr string, pool *x509.CertPool) *rawHTTP2 {
	t.Helper()
	conn, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, http2.ClientPreface); err != nil {
		t.Fatal(err)
	}
	r := &rawHTTP2{Framer: http2.NewFramer(conn, conn), conn: conn}
	r.henc = hpack.NewEncoder(&r.hbuf)
	if err := r.WriteSettings(); err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *rawHTTP2) headers(pairs ...string) []byte {
	r.hbuf.Reset()
	for i := 0; i < len(pairs); i += 2 {
		_ = r.henc.WriteField(hpack.HeaderField{Name: pairs[i], Value: pairs[i+1]}) // into memory
	}
	return r.hbuf.Bytes()
}

// TestHTTP2Strict sends what a client library would not.
func TestHTTP2Strict(t *testing.T) {
	up := transporttest.NewUpstream(t)
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	addr, _, pool, _ := startHTTP2(t, transport.Config{Upstreams: ups, Handler: routes{
		"*": {Body: program.BodyStream, Steps: proxy(ups.Origin("http", up.Addr, "", false))},
	}})
	for _, tt := range []struct {
		name   string
		fields []string // beside method, scheme, path and authority
		want   string   // status, or "reset"
	}{
		{"plain", nil, "200"},
		{"connection", []string{"connection", "close"}, "reset"},
		{"transfer-encoding", []string{"transfer-encoding", "chunked"}, "reset"},
		{"te", []string{"te", "gzip"}, "reset"},
		{"upper case", []string{"X-A", "b"}, "reset"},
		{"line feed in a value", []string{"x-a", "b\r\nc: d"}, "reset"},
		{"colon in a name", []string{"x:a", "b"}, "reset"},
		{"space in a name", []string{"x a", "b"}, "reset"},
		{"blank at the end", []string{"x-a", "b "}, "400"},
		{"host that differs", []string{"host", "other"}, "400"},
		{"content-length beside no data", []string{"content-length", "5"}, "reset"},
		{"second path", []string{":path", "/b"}, "reset"},
		{"expectation", []string{"expect", "much"}, "417"},
		{"too many fields", strings.Split(strings.Repeat("x-a,b,", 201)+"x-a,b", ","), "431"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := len(up.Received())
			r := dialHTTP2(t, addr, pool)
			pairs := append([]string{":method", "GET", ":scheme", "https", ":path", "/a", ":authority", "h"}, tt.fields...)
			if err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: r.headers(pairs...), EndStream: true, EndHeaders: true}); err != nil {
				t.Fatal(err)
			}
			if got := r.outcome(t); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
			if n := len(up.Received()) - before; tt.want != "200" && n > 0 {
				t.Errorf("upstream got %d requests", n)
			}
		})
	}
}

// outcome is the status of the first answer, or "reset".
func (r *rawHTTP2) outcome(t *testing.T) string {
	t.Helper()
	r.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	for {
		f, err := r.ReadFrame()
		if err != nil {
			return "closed"
		}
		switch f := f.(type) {
		case *http2.MetaHeadersFrame:
			return f.PseudoValue("status")
		case *http2.RSTStreamFrame, *http2.GoAwayFrame:
			return "reset"
		}
	}
}

// TestHTTP2RapidReset: a client that opens and resets streams is turned out
// long before it has done it ten thousand times.
func TestHTTP2RapidReset(t *testing.T) {
	var begun atomic.Int32
	addr, _, pool, _ := startHTTP2(t, transport.Config{Handler: routes{"*": {Steps: []program.Step{{Waits: true, Run: func(x *program.Exchange) error {
		begun.Add(1)
		<-x.Context().Done()
		return x.Context().Err()
	}}}}}})
	r := dialHTTP2(t, addr, pool)
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		for {
			if _, err := r.ReadFrame(); err != nil {
				return
			}
		}
	}()
	for id := uint32(1); id < 20000; id += 2 {
		block := r.headers(":method", "GET", ":scheme", "https", ":path", "/", ":authority", "h")
		err := r.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block, EndStream: true, EndHeaders: true})
		if err == nil {
			err = r.WriteRSTStream(id, http2.ErrCodeCancel)
		}
		if err != nil {
			break
		}
	}
	<-closed // or the deadline of the connection
	if n := begun.Load(); n > 1000 {
		t.Errorf("%d streams reached the handler, want few", n)
	}
}
