package program

import (
	"math"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
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

// TestPutNumber: numbers read as strconv writes them, times as their milliseconds.
func TestPutNumber(t *testing.T) {
	check := func(n int64) {
		var to [ShortSize]byte
		if got, want := string(to[:putNumber(&to, n)]), strconv.FormatInt(n, 10); got != want {
			t.Errorf("%d reads %q", n, got)
		}
		d := time.Duration(n) * 1001
		if got, want := string(to[:putMilliseconds(&to, d)]), strconv.FormatInt(d.Milliseconds(), 10); got != want {
			t.Errorf("%v reads %q, want %s", d, got, want)
		}
	}
	for n := int64(-2); n < 20_010; n++ {
		check(n)
	}
	for _, n := range []int64{math.MinInt64, math.MaxInt64, 1 << 32, 1<<32 + 7, -(1 << 32)} {
		check(n)
	}
}

// TestShortInLogs: a short value of a log fits, has nothing to escape, and is
// the one that others append.
func TestShortInLogs(t *testing.T) {
	x := &Exchange{Start: time.Unix(1721311159, 123e6), Sent: 12345, Answer: Answer{Status: 200}, took: 12 * time.Millisecond}
	x.Identify()
	x.Reply.Response.Status, x.Reply.Latency = 201, 7*time.Millisecond
	for name, want := range map[string]string{
		"requestId": string(x.ID[:]), "extendedRequestId": string(x.ExtendedID[:]), "requestTime": "18/Jul/2024:13:59:19 +0000",
		"requestTimeEpoch": "1721311159123", "status": "200", "responseLength": "12345", "responseLatency": "12", "integrationLatency": "7",
		"integration.latency": "7", "integrationStatus": "201", "integration.integrationStatus": "201", "identity.sourceIp": "1:2:3:4:5:6:7:ffff",
	} {
		x.Client = netip.MustParseAddr("1:2:3:4:5:6:7:ffff%" + strings.Repeat("z", 99))
		var to [ShortSize]byte
		short := ShortInLogs(name)
		if got := string(to[:short(x, &to)]); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
		if got := string(LogVariable(name)(x, []byte("-"))); got != "-"+want {
			t.Errorf("%s appended is %q, want %q", name, got, want)
		}
	}
	for _, name := range []string{"integrationLatency", "integrationStatus", "identity.sourceIp"} {
		var to [ShortSize]byte
		if n := ShortInLogs(name)(&Exchange{}, &to); n != 0 {
			t.Errorf("%s is %q where there is none", name, to[:n])
		}
	}
	if ShortInLogs("path") != nil || ShortInLogs("identity.userAgent") != nil {
		t.Error("what a client sends may be long, and have anything in it")
	}
}
