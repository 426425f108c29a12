package transport_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/transport/transporttest"
)

func TestProxy(t *testing.T) {
	up := transporttest.NewUpstream(t)
	ups := transport.NewUpstreams(transport.UpstreamConfig{})
	t.Cleanup(ups.Close)
	o := ups.Origin("http", up.Addr, "", false)
	addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{"*": {Body: program.BodyStream, Steps: proxy(o)}}})
	c := dial(t, addr)
	for range 3 {
		c.send("GET /a?b HTTP/1.1\r\nHost: h\r\nX-A: b\r\nConnection: keep-alive\r\n\r\n")
		res, body := c.response("GET")
		if res.StatusCode != 200 || body != "GET /a?b" || res.ContentLength != 8 {
			t.Fatalf("got %v %q", res, body)
		}
	}
	want := transporttest.Received{
		Method: "GET", Target: "/a?b", Fields: [][2]string{{"Host", "h"}, {"X-A", "b"}},
		Raw: "GET /a?b HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\n",
	}
	if d := cmp.Diff([]transporttest.Received{want, want, want}, up.Received()); d != "" {
		t.Error(d)
	}
	if n := ups.Counters.Dials.Load(); n != 1 {
		t.Errorf("opened %d connections for three calls, want 1", n)
	}
	if up.Conns() != 1 {
		t.Errorf("%d connections are open, want 1", up.Conns())
	}
}
