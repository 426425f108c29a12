package transport_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

// TestSlowNames: a name server that says nothing costs those who ask for its
// names, within their time-out, and nobody else.
func TestSlowNames(t *testing.T) {
	up := transporttest.NewUpstream(t)
	_, port, err := net.SplitHostPort(up.Addr)
	if err != nil {
		t.Fatal(err)
	}
	ups := transport.NewUpstreams(transport.UpstreamConfig{
		Resolve: func(ctx context.Context, host string) ([]netip.Addr, error) {
			if host == "slow.example" {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			return []netip.Addr{netip.MustParseAddr("127.0.0.1")}, nil
		},
	})
	t.Cleanup(ups.Close)
	slow := proxy(ups.Origin("http", "slow.example:"+port, "", false))
	call := slow[0].Run
	slow[0].Run = func(x *program.Exchange) error {
		x.Call.Timeout = 500 * time.Millisecond
		return call(x)
	}
	addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{
		"/slow": {Steps: slow}, "*": {Steps: proxy(ups.Origin("http", "quick.example:"+port, "", false))},
	}})
	const many = 40
	began := time.Now()
	var waiting []*client
	for range many {
		c := dial(t, addr)
		c.send("GET /slow HTTP/1.1\r\nHost: h\r\n\r\n")
		waiting = append(waiting, c)
	}
	c := dial(t, addr)
	for range 5 {
		c.send("GET /x HTTP/1.1\r\nHost: h\r\n\r\n")
		if res, _ := c.response("GET"); res.StatusCode != 200 {
			t.Errorf("others got %d", res.StatusCode)
		}
	}
	if took := time.Since(began); took > 450*time.Millisecond {
		t.Logf("others were served within %s: the machine is busy", took)
	}
	for _, c := range waiting {
		if res, _ := c.response("GET"); res.StatusCode != 504 {
			t.Errorf("a name that is not found in time got %d, want 504", res.StatusCode)
		}
	}
}
