package program

import (
	"math"
	"net/netip"
	"strconv"
	"testing"
)

// TestAppendIP: addresses read as netip writes them.
func TestAppendIP(t *testing.T) {
	for b := range 256 {
		for _, ip := range []netip.Addr{
			netip.AddrFrom4([4]byte{byte(b), 0, 10, 255}), netip.AddrFrom4([4]byte{1, byte(b), 99, byte(b)}),
			netip.AddrFrom16([16]byte{0x20, 1, byte(b), 15: byte(b)}),
		} {
			if got := string(appendIP([]byte("-"), ip)); got != "-"+ip.String() {
				t.Fatalf("appendIP(%v) = %q", ip, got)
			}
		}
	}
	if got := appendIP(nil, netip.Addr{}); len(got) != 0 {
		t.Errorf("no address reads %q", got)
	}
}

// TestLocalPort: the text is that of the port, also when the exchange has
// served another one before.
func TestLocalPort(t *testing.T) {
	var x Exchange
	for _, port := range []uint16{0, 443, 443, 8080, 65535, 80} {
		x.Reset(t.Context())
		x.Local = netip.AddrPortFrom(netip.IPv4Unspecified(), port)
		if got := string(x.LocalPort()); got != strconv.Itoa(int(port)) {
			t.Errorf("port %d reads %q", port, got)
		}
	}
}

// TestPeer: the text is that of the connection's address, also when the
// exchange has served another one before; zones count for nothing.
func TestPeer(t *testing.T) {
	var x Exchange
	for addr, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.2": "192.0.2.2", "fe80::1%eth0": "fe80::1", "fe80::1%eth1": "fe80::1",
		"2001:db8:1111:2222:3333:4444:5555:6666": "2001:db8:1111:2222:3333:4444:5555:6666",
	} {
		for range 2 {
			x.Reset(t.Context())
			x.Remote = netip.AddrPortFrom(netip.MustParseAddr(addr), 1)
			if got, source := string(x.Peer()), string(x.AppendSourceIP(nil)); got != want || source != want {
				t.Errorf("%s reads %q, as a source %q, want %q", addr, got, source, want)
			}
		}
		x.Reset(t.Context())
		if got := x.Peer(); len(got) != 0 {
			t.Errorf("no address reads %q", got)
		}
	}
}

// TestAppendNumber: numbers read as strconv writes them.
func TestAppendNumber(t *testing.T) {
	check := func(n int64) {
		if got, want := string(appendNumber([]byte("-"), n)), "-"+strconv.FormatInt(n, 10); got != want {
			t.Errorf("%d reads %q", n, got)
		}
	}
	for n := int64(-2); n < 10_010; n++ {
		check(n)
	}
	for _, n := range []int64{math.MinInt64, math.MaxInt64, 1 << 32, 1<<32 + 7, -(1 << 32)} {
		check(n)
	}
}
