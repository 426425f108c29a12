package transport_test

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

func TestRefuseReserved(t *testing.T) {
	for _, tt := range []struct {
		address string
		refused bool
	}{
		{"169.254.169.254", true},
		{"169.254.170.2", true},
		{"::ffff:169.254.169.254", true},
		{"fe80::1", true},
		{"fe80::1%eth0", true},
		{"fd00:ec2::254", true},
		{"0.0.0.0", true},
		{"::", true},
		{"224.0.0.1", true},
		{"ff02::1", true},
		{"127.0.0.1", false},
		{"10.0.0.1", false},
		{"fd00::1", false},
		{"192.0.2.1", false},
	} {
		err := transport.RefuseReserved(netip.AddrPortFrom(netip.MustParseAddr(tt.address), 80))
		if errors.Is(err, transport.ErrReserved) != tt.refused {
			t.Errorf("RefuseReserved(%s) = %v", tt.address, err)
		}
	}
}

// TestReservedByName: a name that leads to a reserved address is of no use,
// however it got there.
func TestReservedByName(t *testing.T) {
	ups := transport.NewUpstreams(transport.UpstreamConfig{Resolve: func(context.Context, string) ([]netip.Addr, error) {
		return []netip.Addr{netip.MustParseAddr("169.254.169.254")}, nil
	}})
	t.Cleanup(ups.Close)
	addr, _, _ := start(t, transport.Config{Upstreams: ups, Handler: routes{
		"/name":    {Body: program.BodyStream, Steps: proxy(ups.Origin("http", "back.example:80", "", false))},
		"/address": {Body: program.BodyStream, Steps: proxy(ups.Origin("http", "[::ffff:169.254.169.254]:80", "", false))},
	}})
	for _, path := range []string{"/name", "/address"} {
		c := dial(t, addr)
		c.send("GET " + path + " HTTP/1.1\r\nHost: h\r\n\r\n")
		res, body := c.response("GET")
		if res.StatusCode != 500 || body != `{"message": "Internal server error"}` {
			t.Errorf("%s: %d %s", path, res.StatusCode, body)
		}
	}
}
