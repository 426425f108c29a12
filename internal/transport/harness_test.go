package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// engine is the driver that the tests use now.
var engine string

// engines are all drivers, or the one that STAGEDOOR_ENGINE names.
type engines struct{ m *testing.M }

// Run implements goleak.TestingM.
func (e engines) Run() (code int) {
	names := []string{"goroutine"}
	if transport.HasLoops {
		names = append(names, "epoll")
	}
	if one := os.Getenv("STAGEDOOR_ENGINE"); one != "" {
		names = []string{one}
	}
	for _, engine = range names {
		fmt.Println("engine", engine)
		code |= e.m.Run()
	}
	return code
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(engines{m}) }

// routes is a small handler: a table of routes by path, made by hand.
type routes map[string]*program.Route

func (r routes) Begin(x *program.Exchange) {
	x.Path, x.Method = x.Request.Path, x.Request.Method
	path := string(x.Path)
	x.Route = r[path]
	if at := strings.LastIndexByte(path, '/'); x.Route == nil && at > 0 {
		x.Route = r[path[:strings.IndexByte(path[1:], '/')+1]+"/*"]
	}
	if x.Route == nil {
		x.Route = r["*"]
	}
}

// proxy is a step that passes a request on as it is.
func proxy(o *program.Origin) []program.Step {
	return []program.Step{
		{Name: "integrate", Run: func(x *program.Exchange) error {
			c := &x.Call
			c.Origin, c.Method, c.Target, c.Host = o, x.Request.Method, x.Request.Target, x.Request.Host
			c.Fields = http1.ForwardFields(c.Fields[:0], x.Request.Fields)
			c.Stream = true
			x.Await()
			return nil
		}},
		{Name: "answer", Run: func(x *program.Exchange) error {
			x.Answer.Status = x.Reply.Response.Status
			x.Answer.Fields = http1.ForwardFields(x.Answer.Fields, x.Reply.Response.Fields)
			x.Answer.Relay = true
			return nil
		}},
	}
}

// fixed is a route that answers by itself.
func fixed(status int, body string) *program.Route {
	b := []byte(body)
	return &program.Route{Steps: []program.Step{{Name: "fixed", Run: func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = status, b
		return nil
	}}}}
}

// step is a route with one step.
func step(body program.BodyMode, run func(x *program.Exchange) error) *program.Route {
	return &program.Route{Body: body, Steps: []program.Step{{Name: "step", Run: run}}}
}

// quick are time-outs for tests that wait for them.
func quick() transport.Timeouts {
	const d = 100 * time.Millisecond
	return transport.Timeouts{
		FirstByte: d, Handshake: d, Header: d, BodyIdle: d, BodyGrace: d, WriteIdle: d, KeepAlive: d, Linger: d,
	}
}

// start serves on loopback until the test ends.
func start(t testing.TB, cfg transport.Config) (addr string, s *transport.Server, stop func()) {
	t.Helper()
	return startTLS(t, cfg, nil)
}

// startTLS is start, over TLS if there is a config.
func startTLS(t testing.TB, cfg transport.Config, config *tls.Config) (addr string, s *transport.Server, stop func()) {
	t.Helper()
	if cfg.Upstreams == nil {
		cfg.Upstreams = transport.NewUpstreams(transport.UpstreamConfig{})
		t.Cleanup(cfg.Upstreams.Close)
	}
	if engine == "epoll" && cfg.Loops == nil {
		cfg.Loops = transport.NewLoops(transport.LoopsConfig{Upstreams: cfg.Upstreams, N: 2})
	}
	s = transport.NewServer(cfg)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		if config != nil {
			done <- s.ServeTLS(ctx, ln, config)
		} else {
			done <- s.Serve(ctx, ln)
		}
	}()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
	t.Cleanup(stop)
	return ln.Addr().String(), s, stop
}

// client is a raw connection.
type client struct {
	net.Conn
	t  testing.TB
	br *bufio.Reader
}

func dial(t testing.TB, addr string) *client {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &client{c, t, bufio.NewReader(c)}
}

func (c *client) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Error(err)
	}
}

// response reads one answer, to a request of a method.
func (c *client) response(method string) (*http.Response, string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.br, &http.Request{Method: method})
	if err != nil {
		c.t.Fatalf("read answer: %v", err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatalf("read body: %v", err)
	}
	return res, string(body)
}

// rest reads to the end of the connection.
func (c *client) rest() string {
	c.t.Helper()
	b, err := io.ReadAll(c.br)
	if err != nil {
		c.t.Errorf("read to the end: %v, got %q", err, b)
	}
	return string(b)
}

var await = transporttest.Await
