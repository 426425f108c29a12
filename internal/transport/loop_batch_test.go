package transport_test

import (
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// stalled is a gateway with one loop, and a step that holds it up: what comes
// meanwhile is found together, in the order in which it came.
type stalled struct {
	t       *testing.T
	addr    string
	ups     *transport.Upstreams
	entered chan struct{}
	leave   chan struct{}
	holders []*client
}

// stalling is a gateway for an upstream, of whom each holder can hold up the
// loop once.
func stalling(t *testing.T, upstream string, holders int) *stalled {
	t.Helper()
	s := &stalled{t: t, entered: make(chan struct{}), leave: make(chan struct{})}
	s.ups = transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(s.ups.Close)
	s.serve(routes{
		"*":     {Body: program.BodyStream, Steps: proxy(s.ups.Origin("http", upstream, "", false))},
		"/hold": s.route(),
	}, holders)
	return s
}

// route is one that holds up the loop.
func (s *stalled) route() *program.Route {
	return step(program.BodyDiscard, func(x *program.Exchange) error {
		s.entered <- struct{}{}
		<-s.leave
		x.Answer.Status = 204
		return nil
	})
}

// serve starts the gateway and its holders.
func (s *stalled) serve(h transport.Handler, holders int) {
	s.t.Helper()
	if engine != "epoll" {
		s.t.Skip("a matter of loops")
	}
	if s.ups == nil {
		s.ups = transport.NewUpstreams(transport.UpstreamConfig{})
		s.t.Cleanup(s.ups.Close)
	}
	s.addr, _, _ = start(s.t, transport.Config{
		Upstreams: s.ups, Loops: transport.NewLoops(transport.LoopsConfig{Upstreams: s.ups, N: 1}), Handler: h,
	})
	for range holders {
		s.holders = append(s.holders, dial(s.t, s.addr))
	}
}

// ask has the loop held up by the next holder, as soon as it is its turn.
func (s *stalled) ask() {
	s.t.Helper()
	s.holders[0].send("GET /hold HTTP/1.1\r\nHost: h\r\n\r\n")
	s.holders = s.holders[1:]
}

// hold returns when the loop is held up.
func (s *stalled) hold() {
	s.t.Helper()
	s.ask()
	<-s.entered
}

// byHand is an upstream whose connections a test serves itself.
func byHand(t *testing.T) (addr string, accept func() net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	return ln.Addr().String(), func() net.Conn {
		t.Helper()
		c, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		_ = c.SetDeadline(time.Now().Add(5 * time.Second)) // it was just opened
		return c
	}
}

// readHead reads to the end of a head.
func readHead(t *testing.T, c net.Conn) string {
	t.Helper()
	var head []byte
	for b := make([]byte, 1); !strings.HasSuffix(string(head), "\r\n\r\n"); head = append(head, b[0]) {
		if _, err := io.ReadFull(c, b); err != nil {
			t.Fatalf("read a request: %v, got %q", err, head)
		}
	}
	return string(head)
}

const smallAnswer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

// TestAnswerBeforeRequest: what an upstream has said before it got a request is
// no answer to it, though both are found at the same time. It was taken for one.
func TestAnswerBeforeRequest(t *testing.T) {
	addr, accept := byHand(t)
	g := stalling(t, addr, 1)
	c := dial(t, g.addr)
	c.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
	up := accept()
	readHead(t, up)
	_, _ = io.WriteString(up, smallAnswer)
	c.response("GET")

	g.hold()
	c.send("GET /2 HTTP/1.1\r\nHost: h\r\n\r\n")
	_, _ = io.WriteString(up, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil")
	g.leave <- struct{}{}
	var wg sync.WaitGroup
	wg.Go(func() {
		next := accept()
		readHead(t, next)
		_, _ = io.WriteString(next, smallAnswer)
	})
	if _, body := c.response("GET"); body != "ok" {
		t.Errorf("got %q", body)
		_, _ = net.Dial("tcp", addr)
		return
	}
	wg.Wait()
	if n := g.ups.Counters.Stale.Load(); n != 1 {
		t.Errorf("%d connections were stale, want 1", n)
	}
}

// TestAnswerBeforeReset: an upstream that answers before it has the whole
// request, and takes no more of it, has answered. What could not be sent to it
// any more made the answer that had come get lost.
func TestAnswerBeforeReset(t *testing.T) {
	addr, accept := byHand(t)
	g := stalling(t, addr, 2)
	c := dial(t, g.addr)
	c.send("POST /1 HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat("x", 1000))
	up := accept()
	readHead(t, up)

	g.hold()
	c.send(strings.Repeat("x", 2000))
	g.ask()
	g.leave <- struct{}{}
	<-g.entered // what came is about to be sent
	_, _ = io.WriteString(up, "HTTP/1.1 413 No\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")
	_ = up.Close() // with something unread, so this is a reset
	g.leave <- struct{}{}
	if res, body := c.response("POST"); res.StatusCode != 413 || body != "no" {
		t.Errorf("got %d %q, want what the upstream has answered", res.StatusCode, body)
	}
}

// TestStaleTogether: an idle connection that ends at the same time as a request
// comes is not used for it, so that even one that must not be made twice is
// answered.
func TestStaleTogether(t *testing.T) {
	addr, accept := byHand(t)
	g := stalling(t, addr, 1)
	c := dial(t, g.addr)
	c.send("GET /1 HTTP/1.1\r\nHost: h\r\n\r\n")
	up := accept()
	readHead(t, up)
	_, _ = io.WriteString(up, smallAnswer)
	c.response("GET")

	for _, method := range []string{"POST"} {
		g.hold()
		c.send(method + " /2 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx")
		_ = up.Close()
		g.leave <- struct{}{}
		up = accept()
		readHead(t, up)
		_, _ = io.WriteString(up, smallAnswer)
		if res, _ := c.response(method); res.StatusCode != 200 {
			t.Errorf("%s got %d", method, res.StatusCode)
		}
	}
	if n := g.ups.Counters.Retries.Load(); n != 0 {
		t.Errorf("%d calls were made again, want none: nothing was sent", n)
	}
}

// TestSpareMemory: large bodies leave no large memory behind. Exchanges that
// spare tasks kept held on to it.
func TestSpareMemory(t *testing.T) {
	const clients, size = 40, 4 << 20
	var all sync.WaitGroup
	all.Add(clients)
	addr, _, _ := start(t, transport.Config{Handler: routes{"*": {Body: program.BodyBuffer, Steps: []program.Step{
		{Waits: true, Run: func(*program.Exchange) error {
			all.Done()
			all.Wait()
			return nil
		}},
		fixed(200, "x").Steps[0],
	}}}})
	before := inUse()
	body := strings.Repeat("x", size)
	var wg sync.WaitGroup
	for range clients {
		c := dial(t, addr)
		_ = c.SetDeadline(time.Now().Add(time.Minute)) // it was just opened
		wg.Go(func() {
			c.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 4194304\r\n\r\n" + body)
			c.response("POST")
		})
	}
	wg.Wait()
	if left := inUse() - before; left > clients*size/4 {
		t.Errorf("%d MB are left of %d bodies of %d MB", left>>20, clients, size>>20)
	}
}
