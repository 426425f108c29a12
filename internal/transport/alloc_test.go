package transport_test

import (
	"bytes"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// canned answers each read with the same bytes, without an allocation.
func canned(t testing.TB, answer string) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	var conn atomic.Pointer[net.Conn]
	go func() {
		defer close(done)
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		conn.Store(&c)
		buf := make([]byte, 64<<10)
		out := []byte(answer)
		for {
			if _, err := c.Read(buf); err != nil {
				return
			}
			if _, err := c.Write(out); err != nil {
				return
			}
		}
	}()
	t.Cleanup(func() {
		_ = ln.Close()
		if c := conn.Load(); c != nil {
			_ = (*c).Close()
		}
		<-done
	})
	return ln.Addr().String()
}

// serving is a gateway on loopback and a client that asks it the same again
// and again.
func serving(t testing.TB, request string, r func(*transport.Upstreams) *program.Route) (ask func()) {
	t.Helper()
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{"*": r(ups)}})
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	out, buf := []byte(request), make([]byte, 64<<10)
	size := 0
	return func() {
		if _, err := c.Write(out); err != nil {
			t.Fatal(err)
		}
		n, err := c.Read(buf)
		if err == nil && size > 0 && n < size {
			_, err = io.ReadFull(c, buf[n:size])
		}
		if size == 0 {
			size = n
		}
		if err != nil || !bytes.HasPrefix(buf, []byte("HTTP/1.1 200")) {
			t.Fatalf("got %q, %v", buf[:n], err)
		}
	}
}

const (
	getRequest  = "GET /pets?limit=10 HTTP/1.1\r\nHost: api.test\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"
	postRequest = "POST /pets HTTP/1.1\r\nHost: api.test\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"name\":\"Bo\"}"
	reply       = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n{\"ok\":true}"
	chunkyReply = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n{\"ok\":true}\r\n0\r\n\r\n"
)

// TestServeAllocs: what is done for each request of a kept connection
// allocates nothing.
func TestServeAllocs(t *testing.T) {
	if raced || transport.LoopsChecked {
		t.Skip("the race detector makes pools forget, and checks of loops allocate")
	}
	for _, tt := range []struct {
		name, request, reply string
		mode                 program.BodyMode
	}{
		{"fixed", getRequest, "", program.BodyDiscard},
		{"fixed, after work", getRequest, "work", program.BodyDiscard},
		{"proxy", getRequest, reply, program.BodyStream},
		{"proxy, streamed body", postRequest, reply, program.BodyStream},
		{"proxy, buffered body", postRequest, reply, program.BodyBuffer},
		{"proxy, chunked reply", getRequest, chunkyReply, program.BodyStream},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ask := serving(t, tt.request, func(ups *transport.Upstreams) *program.Route {
				switch tt.reply {
				case "":
					return fixed(200, "hello")
				case "work":
					r := fixed(200, "hello")
					r.Steps[0].Waits = true
					return r
				}
				return &program.Route{Body: tt.mode, Steps: proxy(ups.Origin("http", canned(t, tt.reply), "", false))}
			})
			for range 10 {
				ask()
			}
			if got := testing.AllocsPerRun(2000, ask); got > 0 {
				t.Errorf("a request allocates %v times, want 0", got)
			}
		})
	}
}

// BenchmarkServe is one request at a time over loopback, client and upstream
// included; see TestLoad for what a gateway costs by itself.
func BenchmarkServe(b *testing.B) {
	for _, name := range []string{"fixed", "proxy"} {
		b.Run(name, func(b *testing.B) {
			ask := serving(b, getRequest, func(ups *transport.Upstreams) *program.Route {
				if name == "fixed" {
					return fixed(200, "hello")
				}
				return &program.Route{Body: program.BodyStream, Steps: proxy(ups.Origin("http", canned(b, reply), "", false))}
			})
			b.ReportAllocs()
			for b.Loop() {
				ask()
			}
		})
	}
}
