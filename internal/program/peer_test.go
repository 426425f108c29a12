package program

import (
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
