package transport_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestCountersAddUp: each request and each call is counted once, by as many loops
// as there are, and for good: loops end with the last server on them, and others
// take their numbers.
func TestCountersAddUp(t *testing.T) {
	for _, n := range []int{1, 2, 3, 20} { // 20: more than counters have parts
		t.Run(fmt.Sprint(n, " loops"), func(t *testing.T) {
			up := transporttest.NewUpstream(t)
			ups := transport.NewUpstreams(transport.UpstreamConfig{})
			defer ups.Close()
			lanes := &lanes{seen: map[uint32]int{}}
			steps := append([]program.Step{{Name: "lane", Run: lanes.note}}, proxy(ups.Origin("http", up.Addr, "", false))...)
			cfg := transport.Config{Upstreams: ups, Handler: routes{"*": {Body: program.BodyStream, Steps: steps}}}
			if engine == "epoll" {
				cfg.Loops = transport.NewLoops(transport.LoopsConfig{Upstreams: ups, N: n})
			}
			servers := [2]*transport.Server{transport.NewServer(cfg), transport.NewServer(cfg)}
			const clients, each = 16, 5
			var turns int64
			for round := range int64(3) {
				askBoth(t, servers, clients, each)
				asked := (round + 1) * clients * each
				for i, s := range servers {
					if got := s.Counters.Requests.Load(); got != asked {
						t.Errorf("server %d has counted %d requests after round %d, want %d", i, got, round, asked)
					}
				}
				c := &ups.Counters
				if dials, reused := c.Dials.Load(), c.Reused.Load(); dials+reused != 2*asked || dials == 0 || reused == 0 {
					t.Errorf("%d connections were opened, %d used again, for %d calls", dials, reused, 2*asked)
				}
				if cfg.Loops == nil {
					continue
				}
				lag := cfg.Loops.Lag()
				if lag.Turns <= turns || lag.Busy <= 0 {
					t.Errorf("after round %d loops had %d turns of %v, %d before it", round, lag.Turns, lag.Busy, turns)
				}
				if turns = lag.Turns; cfg.Loops.Lag().Turns != turns {
					t.Error("loops that have ended count on")
				}
				lanes.check(t, n)
			}
		})
	}
}

// lanes counts requests by their lanes.
type lanes struct {
	mu   sync.Mutex
	seen map[uint32]int
}

func (l *lanes) note(x *program.Exchange) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.seen[x.Lane]++
	return nil
}

// check says whether lanes are the numbers of loops.
func (l *lanes) check(t *testing.T, loops int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for lane := range l.seen {
		if int(lane) >= loops {
			t.Errorf("requests of lanes %v, though there are %d loops", l.seen, loops)
			return
		}
	}
	if loops > 1 && len(l.seen) < 2 { // the kernel deals connections out
		t.Errorf("requests of lanes %v, though there are %d loops", l.seen, loops)
	}
}

// askBoth has both servers serve, clients of each ask, and both end.
func askBoth(t *testing.T, servers [2]*transport.Server, clients, each int) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var serving, asking sync.WaitGroup
	for _, s := range servers {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		serving.Go(func() {
			if err := s.Serve(ctx, ln); err != nil {
				t.Error(err)
			}
		})
		for i := range clients {
			c := dial(t, ln.Addr().String())
			ask := func() {
				for range each {
					c.send("GET /a HTTP/1.1\r\nHost: h\r\n\r\n")
					if res, _ := c.response("GET"); res.StatusCode != 200 {
						t.Errorf("status %d", res.StatusCode)
					}
				}
				_ = c.Close() // it has all that it asked for
			}
			if i == 0 {
				ask() // once that one is served, all loops listen
			} else {
				asking.Go(ask)
			}
		}
	}
	asking.Wait()
	stop()
	serving.Wait()
}
