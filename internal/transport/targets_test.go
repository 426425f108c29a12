package transport

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
)

// A host that has no address is a mistake in the definition, not trouble of the
// network. parity: spec/rest-data-plane.md 3.7.1.
func TestRefusalOfAHostWithoutAddress(t *testing.T) {
	for _, tt := range []struct {
		name   string
		cause  error
		want   program.ResponseType
		reason string
	}{
		{"not found", &net.DNSError{Err: "no such host", IsNotFound: true}, program.APIConfigurationError, "Execution failed due to configuration error: Invalid endpoint address"},
		{"server failure", &net.DNSError{Err: "server misbehaving", IsTemporary: true}, program.IntegrationFailure, "Execution failed due to a network error communicating with endpoint: Lookup : server misbehaving"},
		{"down", errors.New("down"), program.IntegrationFailure, "Execution failed due to a network error communicating with endpoint: Down"},
	} {
		u := NewUpstreams(UpstreamConfig{})
		c := &call{ups: u}
		e := &exchange{}
		e.x.Call.Origin = u.Origin("http", "name:80", "", false)
		r, ok := errors.AsType[*program.Refusal](c.refusal(e, tt.cause))
		if !ok || r.Type != tt.want || r.Reason(nil) != tt.reason {
			t.Errorf("%s: refused as %+v, log %q, want %s, %q", tt.name, r, r.Reason(nil), tt.want, tt.reason)
		}
		u.Close()
	}
}

// TestTargets: connections to a name are spread over its addresses by how many
// each has, and one that is down is left out for a while.
func TestTargets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		addrs := []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.0.0.3")}
		down := map[string]bool{}
		var tried []string
		u := NewUpstreams(UpstreamConfig{
			Resolve: func(_ context.Context, host string) ([]netip.Addr, error) {
				if host != "name" {
					t.Errorf("asked for %q", host)
				}
				return addrs, nil
			},
			Dial: func(_ context.Context, _, address string) (net.Conn, error) {
				tried = append(tried, address)
				if down[address] {
					return nil, errors.New("down")
				}
				ours, theirs := net.Pipe()
				_ = theirs.Close()
				return ours, nil
			},
		})
		p, err := u.pool(u.Origin("http", "name:80", "", false))
		if err != nil {
			t.Fatal(err)
		}
		dial := func() *upConn {
			c, err := p.dial(t.Context(), never)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		expect := func(want ...string) {
			t.Helper()
			for i := range want {
				want[i] = "10.0.0." + want[i] + ":80"
			}
			if !slices.Equal(tried, want) {
				t.Errorf("tried %v, want %v", tried, want)
			}
			tried = nil
		}
		first, second := dial(), dial()
		_ = dial()
		expect("1", "2", "3")
		second.close()
		_ = dial()
		expect("2") // it has none
		down["10.0.0.1:80"] = true
		first.close()
		first.close() // counts once
		_ = dial()
		expect("1", "2")
		_ = dial()
		_ = dial()
		expect("3", "2") // 1 is left out, though it has none
		time.Sleep(leftOut + time.Second)
		down = map[string]bool{}
		_ = dial()
		expect("1")
		addrs = addrs[1:2] // the name is answered otherwise now
		_ = dial()
		expect("2")
		down["10.0.0.2:80"] = true
		if _, err := p.dial(t.Context(), never); err == nil {
			t.Error("connected to nobody")
		}
		expect("2")
	})
}
