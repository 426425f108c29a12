package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestClientGone: the context of a waiting step ends when the client goes, and
// what the client sent meanwhile is not lost.
func TestClientGone(t *testing.T) {
	for _, name := range []string{"plain", "tls"} {
		t.Run(name, func(t *testing.T) { testClientGone(t, name == "tls") })
	}
}

// waiting are routes whose steps tell that they began, and then wait: for the
// client to go, or to be released.
type waiting struct {
	began, release chan struct{}
	ended          chan error
}

func (w waiting) untilGone(x *program.Exchange) error {
	ctx, cancel := context.WithTimeout(x.Context(), time.Minute)
	defer cancel()
	w.began <- struct{}{}
	<-ctx.Done()
	w.ended <- ctx.Err()
	return ctx.Err()
}

func (w waiting) untilReleased(x *program.Exchange) error {
	w.began <- struct{}{}
	select {
	case <-x.Context().Done():
		return x.Context().Err()
	case <-w.release:
		return nil
	}
}

func (w waiting) routes() routes {
	return routes{
		"*":     fixed(200, "next"),
		"/gone": {Steps: []program.Step{{Waits: true, Run: w.untilGone}}},
		"/stays": {Steps: []program.Step{
			{Waits: true, Run: w.untilReleased},
			{Run: func(x *program.Exchange) error {
				if err := x.Context().Err(); err != nil {
					return err
				}
				x.Answer.Status, x.Answer.Body = 200, []byte("first")
				return nil
			}},
		}},
	}
}

func testClientGone(t *testing.T, secure bool) {
	t.Helper()
	var config *tls.Config
	var pool *x509.CertPool
	if secure {
		var cert tls.Certificate
		cert, pool = transporttest.Certificate(t, "127.0.0.1")
		config = &tls.Config{Certificates: []tls.Certificate{cert}}
	}
	w := waiting{make(chan struct{}), make(chan struct{}), make(chan error)}
	addr, _, _ := startTLS(t, transport.Config{Handler: w.routes()}, config)
	connect := func() *client {
		c := dial(t, addr)
		if secure {
			c.Conn = tls.Client(c.Conn, &tls.Config{RootCAs: pool, ServerName: "127.0.0.1"})
			c.br = bufio.NewReader(c.Conn)
		}
		return c
	}
	c := connect()
	c.send("GET /gone HTTP/1.1\r\nHost: h\r\n\r\n")
	<-w.began
	_ = c.Close()
	if err := <-w.ended; !errors.Is(err, context.Canceled) {
		t.Errorf("context ended with %v", err)
	}

	c = connect()
	c.send("GET /stays HTTP/1.1\r\nHost: h\r\n\r\n")
	<-w.began
	c.send("GET /stays HTTP/1.1\r\nHost: h\r\n\r\nGET / HT")
	time.Sleep(20 * time.Millisecond) // so that the watch reads it
	w.release <- struct{}{}
	if _, body := c.response("GET"); body != "first" {
		t.Errorf("got %q", body)
	}
	<-w.began
	w.release <- struct{}{}
	if _, body := c.response("GET"); body != "first" {
		t.Errorf("got %q", body)
	}
	c.send("TP/1.1\r\nHost: h\r\n\r\n")
	if _, body := c.response("GET"); body != "next" {
		t.Errorf("got %q", body)
	}
}

// TestDrain: idle connections are closed at once, a request under way is
// finished, and one that takes longer than Grace is not.
func TestDrain(t *testing.T) {
	began := make(chan struct{})
	release := make(chan struct{})
	var canceled atomic.Bool
	route := &program.Route{Steps: []program.Step{{Waits: true, Run: func(x *program.Exchange) error {
		began <- struct{}{}
		select {
		case <-release:
		case <-x.Context().Done():
			canceled.Store(true)
		}
		x.Answer.Status, x.Answer.Body = 200, []byte("done")
		return nil
	}}}}
	for _, tt := range []struct {
		name  string
		grace time.Duration
	}{{"in time", 5 * time.Second}, {"too late", 50 * time.Millisecond}} {
		t.Run(tt.name, func(t *testing.T) {
			canceled.Store(false)
			addr, s, stop := start(t, transport.Config{Grace: tt.grace, Handler: routes{"/": fixed(200, "x"), "*": route}})
			idle := dial(t, addr)
			idle.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			idle.response("GET")
			busy := dial(t, addr)
			busy.send("GET /wait HTTP/1.1\r\nHost: h\r\n\r\n")
			<-began
			stopped := make(chan struct{})
			go func() {
				stop()
				close(stopped)
			}()
			if got := idle.rest(); got != "" {
				t.Errorf("the idle connection got %q", got)
			}
			if _, err := net.DialTimeout("tcp", addr, time.Second); err == nil {
				t.Error("a new connection was accepted")
			}
			if tt.name == "in time" {
				release <- struct{}{}
				if res, body := busy.response("GET"); body != "done" || !res.Close {
					t.Errorf("got %q, close %v", body, res.Close)
				}
			}
			<-stopped
			if late := tt.name == "too late"; canceled.Load() != late {
				t.Errorf("canceled: %v, want %v", canceled.Load(), late)
			}
			if n := s.Counters.Open.Load(); n != 0 {
				t.Errorf("%d connections are open", n)
			}
		})
	}
}

// TestTooManyConns: one connection too many is closed at once, and its place
// is free again when another ends.
func TestTooManyConns(t *testing.T) {
	addr, s, _ := start(t, transport.Config{MaxConnsPerAddr: 2, Handler: routes{"*": fixed(200, "x")}})
	ask := func(c *client) {
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		c.response("GET")
	}
	a, b := dial(t, addr), dial(t, addr)
	ask(a)
	ask(b)
	if got := dial(t, addr).rest(); got != "" || s.Counters.Crowded.Load() != 1 {
		t.Errorf("the third connection got %q, crowded %d", got, s.Counters.Crowded.Load())
	}
	_ = a.Close()
	await(t, "a place is free", func() bool { return s.Counters.Open.Load() == 1 })
	ask(dial(t, addr))
}

// TestHandlerPanics: it costs one connection, with an answer.
func TestHandlerPanics(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Handler: routes{}}) // there is not even a route for the rest
	c := dial(t, addr)
	c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
	if res, body := c.response("GET"); res.StatusCode != 500 || !strings.Contains(body, "Internal server error") {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
}
