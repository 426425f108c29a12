package transport_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestSlowOnesDelayNobody: work that is said to be long leaves the loop, so that
// one such request in a hundred is not felt by the others. How long they take is
// compared with what they take if it does not leave.
func TestSlowOnesDelayNobody(t *testing.T) {
	if engine != "epoll" {
		t.Skip("a matter of loops")
	}
	const slow = 30 * time.Millisecond
	p99 := func(leaves bool) time.Duration {
		work := program.Step{Waits: leaves, Run: func(x *program.Exchange) error {
			for end := time.Now().Add(slow); time.Now().Before(end); {
				_ = x.Keep("x") // work, not sleep: it needs a core
			}
			return nil
		}}
		ups := transport.NewUpstreams(transport.UpstreamConfig{})
		loops := transport.NewLoops(transport.LoopsConfig{Upstreams: ups, N: 1})
		addr, _, stop := start(t, transport.Config{Upstreams: ups, Loops: loops, Handler: routes{
			"/fast": fixed(200, "x"),
			"/slow": {Steps: append([]program.Step{work}, fixed(200, "x").Steps...)},
		}})
		defer stop()
		const clients, each = 4, 250
		took := make([][]time.Duration, clients)
		var wg sync.WaitGroup
		for i := range clients {
			c := dial(t, addr)
			if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
				t.Fatal(err)
			}
			wg.Go(func() {
				for range each {
					began := time.Now()
					c.send("GET /fast HTTP/1.1\r\nHost: h\r\n\r\n")
					c.response("GET")
					took[i] = append(took[i], time.Since(began))
				}
			})
		}
		done := make(chan struct{})
		go func() { // one for a hundred of the others
			c := dial(t, addr)
			_ = c.SetDeadline(time.Now().Add(time.Minute)) // it was just opened
			for range clients * each / 100 {
				c.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
				c.response("GET")
			}
			close(done)
		}()
		wg.Wait()
		<-done
		all := slices.Concat(took...)
		slices.Sort(all)
		if lag := loops.Lag(); !leaves && (lag.Longest < slow || lag.Over[3] == 0) {
			t.Errorf("loops were held up and lagged %+v", lag)
		}
		return all[len(all)*99/100]
	}
	for range 3 { // a busy machine delays everybody now and then
		stays, leaves := p99(false), p99(true)
		t.Logf("p99 of fast requests beside slow ones: %v if those stay on the loop, %v if they leave", stays, leaves)
		if leaves < stays/2 {
			return
		}
	}
	t.Error("loops that are left are not much quicker")
}

// TestSlowHandshakes: who takes long to shake hands delays nobody else.
func TestSlowHandshakes(t *testing.T) {
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	addr, s, _ := startTLS(t, transport.Config{Handler: routes{"*": fixed(200, "x")}}, &tls.Config{Certificates: []tls.Certificate{cert}})
	for range 50 {
		dial(t, addr).send("\x16\x03\x01") // a hello that goes no further
	}
	await(t, "all are there", func() bool { return s.Counters.Open.Load() == 50 })
	c, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: pool})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1000)); n == 0 {
		t.Error(err)
	}
}

// TestResumption: a client that comes again shows its ticket and is known, on
// whichever loop it arrives.
func TestResumption(t *testing.T) {
	cert, pool := transporttest.Certificate(t, "127.0.0.1")
	addr, _, _ := startTLS(t, transport.Config{Handler: routes{"*": fixed(200, "x")}}, &tls.Config{Certificates: []tls.Certificate{cert}})
	config := &tls.Config{RootCAs: pool, ClientSessionCache: tls.NewLRUClientSessionCache(1)}
	for i := range 8 {
		c, err := tls.Dial("tcp", addr, config)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.ConnectionState().DidResume; got != (i > 0) {
			t.Errorf("connection %d resumed: %v", i, got)
		}
		_, _ = io.WriteString(c, "GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		if n, err := c.Read(make([]byte, 1000)); n == 0 { // the ticket comes before the answer
			t.Error(err)
		}
		_ = c.Close()
	}
}

// TestChurn: slow readers, uploads that break off, requests in a thousand
// pieces and back ends that die in the middle of an answer. Nobody gets what is
// another's, and nothing is left of any of it.
func TestChurn(t *testing.T) {
	up := transporttest.NewUpstream(t)
	large := strings.Repeat("0123456789abcdef", 1<<15)
	up.Reply(func(r transporttest.Received) string {
		body := r.Target + large[:len(large)/(1+len(r.Target)%7)]
		whole := fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		if strings.Contains(r.Target, "dies") {
			return whole[:len(whole)/2]
		}
		return whole
	})
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	before := descriptors(t)
	addr, s, stop := start(t, transport.Config{Upstreams: ups, Timeouts: transport.Timeouts{WriteIdle: 300 * time.Millisecond}, Handler: routes{
		"*": {Body: program.BodyStream, Steps: proxy(ups.Origin("http", up.Addr, "", false))},
	}})
	end := make(chan struct{})
	var killer sync.WaitGroup
	killer.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(20 * time.Millisecond):
				up.CloseConns()
			}
		}
	})
	var whole atomic.Int64
	var wg sync.WaitGroup
	for seed := range 12 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(seed), 2))
			for i := range 40 {
				if churn(t, r, addr, fmt.Sprintf("/%d-%d", seed, i)) {
					whole.Add(1)
				}
			}
		})
	}
	wg.Wait()
	close(end)
	killer.Wait()
	t.Logf("%d of 480 answers arrived whole, %d broke off", whole.Load(), s.Counters.Aborted.Load())
	if whole.Load() < 100 {
		t.Errorf("only %d of 480 answers arrived whole", whole.Load())
	}
	await(t, "all connections are closed", func() bool { return s.Counters.Open.Load() == 0 })
	stop()
	ups.Close()
	up.CloseConns()
	await(t, "all descriptors are given back", func() bool { return descriptors(t) <= before+2 })
}

// churn makes one request in some odd way, and says whether the whole answer
// came back.
func churn(t *testing.T, r *rand.Rand, addr, target string) bool {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Error(err)
		return false
	}
	defer nc.Close()
	if err := nc.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Error(err)
	}
	c := &client{Conn: nc, t: t}
	switch r.IntN(6) {
	case 0: // an upload that breaks off
		_, _ = io.WriteString(nc, "POST "+target+" HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"+strings.Repeat("x", r.IntN(200000)))
		return false
	case 1: // a client that goes as soon as it has asked
		_, _ = io.WriteString(nc, "GET "+target+" HTTP/1.1\r\nHost: h\r\n\r\n")
		return false
	case 2:
		target += "dies"
	case 3: // byte by byte
		for _, b := range []byte("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n") {
			c.send(string(b))
		}
		return whole(t, nc, target, 0)
	case 4: // a client that reads too slowly, or just in time
		c.send("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
		return whole(t, nc, target, time.Duration(r.IntN(600))*time.Millisecond)
	}
	c.send("GET " + target + " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
	return whole(t, nc, target, 0)
}

// whole reads an answer and says whether it is whole. One that is, must be that
// to the target.
func whole(t *testing.T, nc net.Conn, target string, pause time.Duration) bool {
	t.Helper()
	time.Sleep(pause)
	res, err := http.ReadResponse(bufio.NewReader(nc), nil)
	if err != nil {
		return false
	}
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode == 504 {
		return false
	}
	if res.StatusCode != 200 || !strings.HasPrefix(string(body), target+"01234") {
		t.Errorf("%s got %d %.40q", target, res.StatusCode, body)
	}
	return true
}

// TestIdleUpstreams: idle connections to a back end are closed when their time
// is over, and when nothing is to be called any more.
func TestIdleUpstreams(t *testing.T) {
	for _, name := range []string{"time", "close"} {
		t.Run(name, func(t *testing.T) {
			up := transporttest.NewUpstream(t)
			cfg := transport.UpstreamConfig{}
			if name == "time" {
				cfg.IdleTimeout = 50 * time.Millisecond
			}
			gw, ups := gateway(t, up.Addr, cfg, nil)
			c := dial(t, gw)
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			c.response("GET")
			if name == "close" {
				ups.Close()
			}
			await(t, "the connection is closed", func() bool { return up.Conns() == 0 })
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if res, _ := c.response("GET"); res.StatusCode != 200 {
				t.Errorf("then got %d", res.StatusCode)
			}
		})
	}
}

// TestPortTaken: the loops' listeners share a port with each other, but with
// nobody else.
func TestPortTaken(t *testing.T) {
	addr, _, _ := start(t, transport.Config{Handler: routes{"*": fixed(200, "x")}})
	for range 8 { // whichever loop gets it
		c := dial(t, addr)
		c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
		c.response("GET")
	}
	if ln, err := net.Listen("tcp", addr); err == nil {
		_ = ln.Close()
		t.Error("somebody else listens there, too")
	}
}

// TestEveryAddress: a listener on all addresses has as many sockets as there are
// loops, and requests know which address they came to.
func TestEveryAddress(t *testing.T) {
	for _, at := range []string{":0", "0.0.0.0:0"} {
		ups := transport.NewUpstreams(transport.UpstreamConfig{})
		cfg := transport.Config{Upstreams: ups, Handler: routes{"*": step(program.BodyDiscard, func(x *program.Exchange) error {
			x.Answer.Status, x.Answer.Body = 200, x.Keep(x.Local.String(), " ", x.Remote.String())
			return nil
		})}}
		if engine == "epoll" {
			cfg.Loops = transport.NewLoops(transport.LoopsConfig{Upstreams: ups, N: 3})
		}
		ln, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- transport.NewServer(cfg).Serve(ctx, ln) }()
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		for range 12 {
			c := dial(t, "127.0.0.1:"+port)
			c.send("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
			if _, body := c.response("GET"); body != "127.0.0.1:"+port+" "+c.LocalAddr().String() {
				t.Errorf("%s: came to, and from: %s", at, body)
			}
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
