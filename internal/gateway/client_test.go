package gateway

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

func TestClient(t *testing.T) {
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
	for _, tt := range []struct {
		name, peer string
		sent       []string // values of X-Forwarded-For
		want       string   // empty: the peer
	}{
		{"no proxy", "192.0.2.1", []string{"203.0.113.1"}, ""},
		{"a proxy that says nothing", "10.0.0.1", nil, ""},
		{"one hop", "10.0.0.1", []string{"203.0.113.1"}, "203.0.113.1"},
		{"the client wrote one itself", "10.0.0.1", []string{"127.0.0.1, 203.0.113.1"}, "203.0.113.1"},
		{"the client claims to be a proxy", "10.0.0.1", []string{"10.9.9.9, 203.0.113.1"}, "203.0.113.1"},
		{"two proxies", "10.0.0.1", []string{"203.0.113.1, 10.0.0.2"}, "203.0.113.1"},
		{"two fields", "10.0.0.1", []string{"198.51.100.1, 203.0.113.1", "10.0.0.2"}, "203.0.113.1"},
		{"proxies alone", "10.0.0.1", []string{"10.0.0.3,10.0.0.2"}, "10.0.0.3"},
		{"nonsense last", "10.0.0.1", []string{"203.0.113.1, x"}, ""},
		{"nonsense behind a proxy", "10.0.0.1", []string{"203.0.113.1, x, 10.0.0.2"}, "10.0.0.2"},
		{"nothing behind a comma", "10.0.0.1", []string{"203.0.113.1,"}, ""},
		{"IPv6", "2001:db8::1", []string{"2a00::1"}, "2a00::1"},
		{"IPv6 with a port", "10.0.0.1", []string{"[2a00::1]:443"}, "2a00::1"},
		{"IPv4 with a port", "10.0.0.1", []string{"203.0.113.1:80"}, "203.0.113.1"},
		{"IPv4 in IPv6", "::ffff:10.0.0.1", []string{"::ffff:203.0.113.1"}, "203.0.113.1"},
		{"this machine in IPv6", "10.0.0.1", []string{"::ffff:127.0.0.1"}, "127.0.0.1"},
		{"a zone", "10.0.0.1", []string{"fe80::1%eth0"}, "fe80::1"},
		{"octal", "10.0.0.1", []string{"0177.0.0.1"}, ""},
		{"a hundred", "10.0.0.1", []string{strings.Repeat("10.0.0.2,", 100) + "10.0.0.2"}, "10.0.0.2"},
	} {
		x := &program.Exchange{Remote: netip.AddrPortFrom(netip.MustParseAddr(tt.peer), 1)}
		for _, v := range tt.sent {
			x.Request.Fields = append(x.Request.Fields, http1.Field{Name: []byte("X-FORWARDED-For"), Value: []byte(v)})
		}
		got := spokenFor(x, proxies)
		if want, err := netip.ParseAddr(tt.want); (err == nil) != got.IsValid() || got != want {
			t.Errorf("%s: %v, want %q", tt.name, got, tt.want)
		}
	}
}

// FuzzClient holds the walk to its law: what stands before an address that is
// no proxy's changes nothing.
func FuzzClient(f *testing.F) {
	f.Add("10.0.0.2, x")
	f.Add("203.0.113.7")
	proxies := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	f.Fuzz(func(t *testing.T, forged string) {
		for _, tail := range []string{"203.0.113.1", "203.0.113.1, 10.0.0.2"} {
			x := &program.Exchange{Remote: netip.MustParseAddrPort("10.0.0.1:1")}
			x.Request.Fields = []http1.Field{{Name: []byte("x-forwarded-for"), Value: []byte(forged)}, {Name: []byte("x-forwarded-for"), Value: []byte(forged + "," + tail)}}
			if got := spokenFor(x, proxies); got != netip.MustParseAddr("203.0.113.1") {
				t.Fatalf("%q before %s: %v", forged, tail, got)
			}
		}
	})
}
