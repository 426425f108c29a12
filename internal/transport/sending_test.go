package transport_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestStaleConns: connections that the back end closed while they were idle
// cost no request, not even one that must not be repeated.
func TestStaleConns(t *testing.T) {
	up := transporttest.NewUpstream(t)
	gw, ups := gateway(t, up.Addr, transport.UpstreamConfig{}, nil)
	c := dial(t, gw)
	for i := range 3 {
		c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
		if res, _ := c.response("POST"); res.StatusCode != 200 {
			t.Fatalf("call %d got %d", i, res.StatusCode)
		}
		up.CloseConns()
		await(t, "the connection is closed", func() bool { return up.Conns() == 0 })
	}
	if n := ups.Counters.Stale.Load(); n != 2 && n != 3 { // a loop sees the end of the last one, too
		t.Errorf("%d connections were found stale, want 2 or 3", n)
	}
	if n := len(up.Received()); n != 3 {
		t.Errorf("upstream got %d requests, want 3", n)
	}
}

// TestRetry: a connection that is closed just when a request is sent on it. One
// that may be repeated is, once; another is not, since nobody knows whether it
// was acted on.
func TestRetry(t *testing.T) {
	for _, tt := range []struct {
		method string
		want   int // requests at the back end, after the first
		status int
	}{{"GET", 2, 200}, {"PUT", 2, 200}, {"POST", 1, 504}} {
		t.Run(tt.method, func(t *testing.T) {
			var conns, requests atomic.Int32
			addr := backEnd(t, func(c net.Conn, br *bufio.Reader) {
				n := conns.Add(1)
				for i := 0; ; i++ {
					if _, err := request(br); err != nil {
						return
					}
					if requests.Add(1); n == 1 && i == 1 {
						return // without an answer
					}
					_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			})
			gw, ups := gateway(t, addr, transport.UpstreamConfig{}, nil)
			c := dial(t, gw)
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			c.response("GET")
			c.send(tt.method + " / HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
			if res, _ := c.response(tt.method); res.StatusCode != tt.status {
				t.Errorf("got %d, want %d", res.StatusCode, tt.status)
			}
			if n := int(requests.Load()) - 1; n != tt.want {
				t.Errorf("the back end got %d requests, want %d", n, tt.want)
			}
			if n := int(ups.Counters.Retries.Load()); n != tt.want-1 {
				t.Errorf("%d retries counted, want %d", n, tt.want-1)
			}
		})
	}
}

// TestPoisonedConn: what comes on an idle connection is never taken for the
// answer to the next request.
func TestPoisonedConn(t *testing.T) {
	var conns atomic.Int32
	poison := make(chan struct{})
	addr := backEnd(t, func(c net.Conn, br *bufio.Reader) {
		n := conns.Add(1)
		for {
			if _, err := request(br); err != nil {
				return
			}
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood")
			if n == 1 {
				<-poison
				_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
				poison <- struct{}{}
			}
		}
	})
	gw, _ := gateway(t, addr, transport.UpstreamConfig{}, nil)
	c := dial(t, gw)
	for i := range 2 {
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if _, body := c.response("GET"); body != "good" {
			t.Errorf("answer %d is %q", i, body)
		}
		if i == 0 {
			poison <- struct{}{}
			<-poison
		}
	}
	if conns.Load() != 2 {
		t.Errorf("%d connections, want 2", conns.Load())
	}
}

// TestEarlyAnswer: a back end that answers before it has the body is heard, and
// what is left of the body is no request.
func TestEarlyAnswer(t *testing.T) {
	gw, _ := gateway(t, backEnd(t, func(c net.Conn, br *bufio.Reader) {
		if _, err := http.ReadRequest(br); err == nil {
			_, _ = io.WriteString(c, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig")
			_, _ = br.ReadByte()
			time.Sleep(20 * time.Millisecond)
		}
	}), transport.UpstreamConfig{}, nil)
	for _, framing := range []string{"Content-Length: 5000000", "Transfer-Encoding: chunked"} {
		c := dial(t, gw)
		c.send("POST / HTTP/1.1\r\nHost: h\r\n" + framing + "\r\n\r\n")
		if strings.HasPrefix(framing, "T") {
			c.send("5\r\nhello\r\n")
		}
		res, body := c.response("POST")
		if res.StatusCode != 413 || body != "big" || !res.Close {
			t.Errorf("%s: got %d %q, close %v", framing, res.StatusCode, body, res.Close)
		}
		go c.Write([]byte("GET /smuggled HTTP/1.1\r\nHost: h\r\n\r\n")) // the gateway may have closed
		if more, _ := io.ReadAll(c.br); len(more) > 0 {
			t.Errorf("%s: then came %q", framing, more)
		}
	}
}

// TestBrokenBody: a body that breaks off is never passed on as a whole one.
func TestBrokenBody(t *testing.T) {
	up := transporttest.NewUpstream(t)
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	gw, _, _ := start(t, transport.Config{Upstreams: ups, Timeouts: quick(), Handler: routes{
		"*": {Body: program.BodyStream, MaxBody: 100000, Steps: proxy(ups.Origin("http", up.Addr, "", false))},
	}})
	for _, tt := range []struct {
		name, raw string
		half      bool // the client closes its side
		status    int
	}{
		{"closed", "Content-Length: 50000\r\n\r\nhello", true, 400},
		{"stopped", "Content-Length: 50000\r\n\r\nhello", false, 408},
		{"malformed", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n", false, 400},
		{"too large", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n186a0\r\n", false, 413},
	} {
		t.Run(tt.name, func(t *testing.T) {
			before := up.Partial()
			c := dial(t, gw)
			c.send("POST / HTTP/1.1\r\nHost: h\r\n" + tt.raw)
			if tcp, ok := c.Conn.(*net.TCPConn); ok && tt.half {
				_ = tcp.CloseWrite()
			}
			if res, _ := c.response("POST"); res.StatusCode != tt.status || !res.Close {
				t.Errorf("got %d, close %v, want %d", res.StatusCode, res.Close, tt.status)
			}
			await(t, "the upstream sees it broken off", func() bool { return up.Partial() > before })
		})
	}
	if got := up.Received(); len(got) > 0 {
		t.Errorf("upstream got %+v", got)
	}
}

// TestBackPressure: the gateway takes from a client no more than the back end
// takes from it, but for what lies in buffers.
func TestBackPressure(t *testing.T) {
	release := make(chan struct{})
	gw, _ := gateway(t, backEnd(t, func(c net.Conn, br *bufio.Reader) {
		<-release
		_, _ = request(br)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
	}), transport.UpstreamConfig{}, nil)
	c := dial(t, gw)
	const size = 10 << 20
	var taken atomic.Int64
	go func() {
		c.send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n", size))
		chunk := make([]byte, 64<<10)
		for taken.Load() < size {
			n, err := c.Write(chunk)
			taken.Add(int64(n))
			if err != nil {
				return
			}
		}
	}()
	time.Sleep(200 * time.Millisecond)
	if n := taken.Load(); n == size {
		t.Errorf("the gateway took all of %d bytes that nobody reads", n)
	}
	close(release)
	if _, body := c.response("POST"); body != "ok" {
		t.Errorf("got %q", body)
	}
}

// TestTinyChunks: a body in chunks of one byte does not become as many writes.
func TestTinyChunks(t *testing.T) {
	reads := make(chan int, 1)
	gw, _ := gateway(t, backEnd(t, func(c net.Conn, _ *bufio.Reader) {
		n, got := 0, ""
		for buf := make([]byte, 1<<20); !strings.HasSuffix(got, "0\r\n\r\n"); n++ {
			m, err := c.Read(buf)
			if err != nil {
				return
			}
			got += string(buf[:m])
		}
		reads <- n
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
	}), transport.UpstreamConfig{}, nil)
	c := dial(t, gw)
	c.send("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n")
	c.send(strings.Repeat("1\r\nx\r\n", 20000) + "0\r\n\r\n")
	c.response("POST")
	if n := <-reads; n > 200 {
		t.Errorf("20000 chunks came to the back end in %d reads", n)
	}
}
