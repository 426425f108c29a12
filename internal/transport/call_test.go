package transport_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// backEnd serves each connection with f, until the test ends.
func backEnd(t testing.TB, f func(c net.Conn, br *bufio.Reader)) (addr string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			wg.Go(func() {
				defer c.Close()
				f(c, bufio.NewReader(c))
			})
		}
	})
	t.Cleanup(func() {
		_ = ln.Close()
		mu.Lock()
		for _, c := range conns {
			_ = c.Close()
		}
		mu.Unlock()
		wg.Wait()
	})
	return ln.Addr().String()
}

// request reads one request and throws its body away.
func request(br *bufio.Reader) (*http.Request, error) {
	r, err := http.ReadRequest(br)
	if err != nil {
		return nil, err
	}
	_, err = io.Copy(io.Discard, r.Body)
	return r, err
}

// gateway passes everything on to a back end. change may adjust the call.
func gateway(t testing.TB, backEnd string, cfg transport.UpstreamConfig, change func(*program.Call)) (addr string, ups *transport.Upstreams) {
	t.Helper()
	ups = transport.NewUpstreams(cfg)
	t.Cleanup(ups.Close)
	steps := proxy(ups.Origin("http", backEnd, "", false))
	pass := steps[0].Run
	steps[0].Run = func(x *program.Exchange) error {
		err := pass(x)
		if change != nil {
			change(&x.Call)
		}
		return err
	}
	addr, _, _ = start(t, transport.Config{Upstreams: ups, Handler: routes{"*": {Body: program.BodyStream, Steps: steps}}})
	return addr, ups
}

const (
	timedOut = `{"message": "Endpoint request timed out"}`
	noAnswer = `{"message": "Network error communicating with endpoint"}`
)

// TestReplies: what a back end says, and what the client gets.
func TestReplies(t *testing.T) {
	for _, tt := range []struct {
		name, reply string
		close       bool // the back end closes after it
		status      int
		body        string
		again       bool // the connection to it is used again
	}{
		{"length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "hello", true},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\nA: b\r\n\r\n", false, 200, "hello!", true},
		{"to the end", "HTTP/1.1 200 OK\r\n\r\nhello", true, 200, "hello", false},
		{"1.0", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", false, 200, "hello", false},
		{"close", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello", false, 200, "hello", false},
		{"no content", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", true},
		{"no content, but announced", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", false, 204, "", false},
		{"interim", strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n", 5) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 200, "ok", true},
		{"too many interim", strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", 6) + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false, 504, noAnswer, false},
		{"switch", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", false, 504, noAnswer, false},
		{"more than the answer", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n", false, 200, "hello", false},
		{"garbage", "SSH-2.0-OpenSSH_9.2\r\n", false, 504, noAnswer, false},
		{"both lengths", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", false, 504, noAnswer, false},
		{"endless head", "HTTP/1.1 200 OK\r\nA: " + strings.Repeat("a", 200000), false, 504, noAnswer, false},
		{"nothing", "", true, 504, noAnswer, false},
		{"half a head", "HTTP/1.1 200 OK\r\nContent-", true, 504, noAnswer, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var conns atomic.Int32
			addr := backEnd(t, func(c net.Conn, br *bufio.Reader) {
				conns.Add(1)
				for {
					if _, err := request(br); err != nil {
						return
					}
					if _, err := io.WriteString(c, tt.reply); err != nil || tt.close {
						return
					}
				}
			})
			gw, _ := gateway(t, addr, transport.UpstreamConfig{}, nil)
			c := dial(t, gw)
			for range 2 {
				c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
				if res, body := c.response("GET"); res.StatusCode != tt.status || body != tt.body {
					t.Errorf("got %d %q, want %d %q", res.StatusCode, body, tt.status, tt.body)
				}
			}
			want := int32(2)
			if tt.again {
				want = 1
			}
			if n := conns.Load(); n != want {
				t.Errorf("used %d connections for two calls, want %d", n, want)
			}
		})
	}
}

// TestBrokenReply: a client can tell an answer that broke off from a whole one.
func TestBrokenReply(t *testing.T) {
	for name, reply := range map[string]string{
		"length":     "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello",
		"chunks":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"bad chunks": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nx\r\n",
	} {
		for _, version := range []string{"1.1", "1.0"} {
			t.Run(name+" to "+version, func(t *testing.T) {
				gw, _ := gateway(t, backEnd(t, func(c net.Conn, br *bufio.Reader) {
					_, _ = request(br)
					_, _ = io.WriteString(c, reply) // and close
				}), transport.UpstreamConfig{}, nil)
				c := dial(t, gw)
				c.send("GET / HTTP/" + version + "\r\nHost: h\r\n\r\n")
				res, err := http.ReadResponse(c.br, &http.Request{Method: "GET"})
				if err != nil {
					return // not even a head
				}
				if body, err := io.ReadAll(res.Body); err == nil {
					t.Errorf("got %q as a whole answer", body)
				}
			})
		}
	}
}

// TestStalledUpstream: each wait for a back end has its end.
func TestStalledUpstream(t *testing.T) {
	stall := func(first string) func(net.Conn, *bufio.Reader) {
		return func(c net.Conn, br *bufio.Reader) {
			_, _ = request(br)
			_, _ = io.WriteString(c, first)
			_, _ = br.ReadByte() // until it is closed
		}
	}
	for _, tt := range []struct{ name, first string }{{"nothing", ""}, {"half a head", "HTTP/1.1 200 OK\r\n"}} {
		gw, ups := gateway(t, backEnd(t, stall(tt.first)), transport.UpstreamConfig{}, func(c *program.Call) { c.Timeout = 50 * time.Millisecond })
		c := dial(t, gw)
		for range 2 {
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if res, body := c.response("GET"); res.StatusCode != 504 || body != timedOut {
				t.Errorf("%s: got %d %q", tt.name, res.StatusCode, body)
			}
		}
		if n := ups.Counters.Timeouts.Load(); n != 2 {
			t.Errorf("%s: %d time-outs counted, want 2", tt.name, n)
		}
	}
	t.Run("body", func(t *testing.T) {
		gw, _ := gateway(t, backEnd(t, stall("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")), transport.UpstreamConfig{},
			func(c *program.Call) { c.Idle = 50 * time.Millisecond })
		c := dial(t, gw)
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		res, err := http.ReadResponse(c.br, &http.Request{Method: "GET"})
		if err != nil {
			t.Fatal(err)
		}
		if body, err := io.ReadAll(res.Body); err == nil || string(body) != "hello" {
			t.Errorf("got %q, %v, want a part", body, err)
		}
	})
	t.Run("buffered body", func(t *testing.T) {
		gw, _ := gateway(t, backEnd(t, stall("HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello")), transport.UpstreamConfig{},
			func(c *program.Call) { c.Timeout, c.Buffer = 50*time.Millisecond, 1000 })
		c := dial(t, gw)
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if res, body := c.response("GET"); res.StatusCode != 504 || body != timedOut {
			t.Errorf("got %d %q", res.StatusCode, body)
		}
	})
	t.Run("nobody there", func(t *testing.T) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		_ = ln.Close()
		gw, _ := gateway(t, ln.Addr().String(), transport.UpstreamConfig{}, nil)
		c := dial(t, gw)
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if res, body := c.response("GET"); res.StatusCode != 504 || body != noAnswer {
			t.Errorf("got %d %q", res.StatusCode, body)
		}
	})
}

// TestBufferedReply: a reply that a step wants whole is whole, or refused.
func TestBufferedReply(t *testing.T) {
	long := strings.Repeat("0123456789", 10000)
	for _, tt := range []struct {
		name, reply string
		status      int
		body        string
	}{
		{"none", "HTTP/1.1 204 No Content\r\n\r\n", 204, ""},
		{"small", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200, "hello"},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", 200, "hello!"},
		{"long", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + long, 200, long},
		{"long to the end", "HTTP/1.0 200 OK\r\n\r\n" + long, 200, long},
		{"too long", "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n", 504, noAnswer},
		{"too long after all", "HTTP/1.0 200 OK\r\n\r\n" + long + "x", 504, noAnswer},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addr := backEnd(t, func(c net.Conn, br *bufio.Reader) {
				_, _ = request(br)
				_, _ = io.WriteString(c, tt.reply) // and close
			})
			ups := transport.NewUpstreams(transport.UpstreamConfig{})
			t.Cleanup(ups.Close)
			steps := proxy(ups.Origin("http", addr, "", false))
			pass := steps[0].Run
			steps[0].Run = func(x *program.Exchange) error {
				err := pass(x)
				x.Call.Buffer = 100000
				return err
			}
			steps[1].Run = func(x *program.Exchange) error {
				x.Answer.Status, x.Answer.Body = x.Reply.Response.Status, x.Reply.Body
				return nil
			}
			gw, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{"*": {Steps: steps}}})
			c := dial(t, gw)
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if res, body := c.response("GET"); res.StatusCode != tt.status || body != tt.body {
				t.Errorf("got %d %.60q, want %d %.60q", res.StatusCode, body, tt.status, tt.body)
			}
		})
	}
}

// TestEvents: events reach the client one by one, each before the next is made.
func TestEvents(t *testing.T) {
	next := make(chan string)
	gw, _ := gateway(t, backEnd(t, func(c net.Conn, br *bufio.Reader) {
		_, _ = request(br)
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
		for s := range next {
			_, _ = fmt.Fprintf(c, "%x\r\n%s\r\n", len(s), s)
		}
		_, _ = io.WriteString(c, "0\r\n\r\n")
	}), transport.UpstreamConfig{}, nil)
	c := dial(t, gw)
	c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	res, err := http.ReadResponse(c.br, &http.Request{Method: "GET"})
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	for i := range 5 {
		want := fmt.Sprintf("data: %d\n\n", i)
		next <- want
		if n, err := res.Body.Read(buf); err != nil || string(buf[:n]) != want {
			t.Fatalf("read %q, %v, want %q", buf[:n], err, want)
		}
	}
	close(next)
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) > 0 {
		t.Errorf("the end is %q, %v", rest, err)
	}
}

// TestLargeReply passes on what fits in no buffer, both ways.
func TestLarge(t *testing.T) {
	up := transporttest.NewUpstream(t)
	large := strings.Repeat("0123456789abcdef", 1<<16)
	up.Reply(func(r transporttest.Received) string {
		return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r.Body), r.Body)
	})
	gw, ups := gateway(t, up.Addr, transport.UpstreamConfig{}, nil)
	c := dial(t, gw)
	for range 3 {
		go c.send(fmt.Sprintf("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s", len(large), large))
		if res, body := c.response("POST"); res.StatusCode != 200 || body != large || res.Close {
			t.Fatalf("got %d, %d bytes, close %v", res.StatusCode, len(body), res.Close)
		}
	}
	if n := ups.Counters.Dials.Load(); n != 1 {
		t.Errorf("%d connections, want 1", n)
	}
}

// TestUpstreamTLS: whom the gateway believes.
func TestUpstreamTLS(t *testing.T) {
	now := time.Now()
	for _, tt := range []struct {
		name    string
		names   []string
		end     time.Time
		trusted bool // its issuer is known
		skip    bool // insecureSkipVerification
		want    int
	}{
		{"good", []string{"127.0.0.1"}, now.Add(time.Hour), true, false, 200},
		{"unknown issuer", []string{"127.0.0.1"}, now.Add(time.Hour), false, false, 504},
		{"unknown issuer, skipped", []string{"127.0.0.1"}, now.Add(time.Hour), false, true, 200},
		{"wrong name", []string{"other"}, now.Add(time.Hour), true, false, 504},
		{"wrong name, skipped", []string{"other"}, now.Add(time.Hour), true, true, 504},
		{"expired", []string{"127.0.0.1"}, now.Add(-time.Hour), true, false, 504},
		{"expired, skipped", []string{"127.0.0.1"}, now.Add(-time.Hour), true, true, 504},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cert, pool := transporttest.CertificateUntil(t, tt.end, tt.names...)
			config := &tls.Config{Certificates: []tls.Certificate{cert}}
			addr := backEnd(t, func(c net.Conn, _ *bufio.Reader) {
				tc := tls.Server(c, config)
				br := bufio.NewReader(tc)
				for {
					r, err := request(br)
					if err != nil {
						return
					}
					_, _ = fmt.Fprintf(tc, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(r.URL.Path), r.URL.Path)
				}
			})
			cfg := transport.UpstreamConfig{}
			if tt.trusted {
				cfg.RootCAs = pool
			}
			ups := transport.NewUpstreams(cfg)
			t.Cleanup(ups.Close)
			o := ups.Origin("https", addr, "", tt.skip)
			gw, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{"*": {Body: program.BodyStream, Steps: proxy(o)}}})
			c := dial(t, gw)
			for _, path := range []string{"/a", "/b"} {
				c.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n")
				res, body := c.response("GET")
				if res.StatusCode != tt.want || tt.want == 200 && body != path {
					t.Errorf("got %d %q, want %d", res.StatusCode, body, tt.want)
				}
			}
			if n := ups.Counters.Dials.Load(); tt.want == 200 && n != 1 {
				t.Errorf("%d connections, want 1", n)
			}
		})
	}
}

// TestOrigin: one origin has one identity, and a stranger's is refused.
func TestOrigin(t *testing.T) {
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	a := ups.Origin("http", "h", "", false)
	if b := ups.Origin("http", "h:80", "ignored", true); a != b {
		t.Errorf("got %+v and %+v, want one", a, b)
	}
	want := &program.Origin{ID: 1, Scheme: "https", Address: "[::1]:443", ServerName: "::1"}
	if d := cmp.Diff(want, ups.Origin("https", "[::1]", "", false)); d != "" {
		t.Error(d)
	}
	gw, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{"*": {Steps: proxy(&program.Origin{ID: 0, Address: "x"})}}})
	c := dial(t, gw)
	c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if res, _ := c.response("GET"); res.StatusCode != 500 {
		t.Errorf("got %d, want 500", res.StatusCode)
	}
}
