package proxyproto_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/proxyproto"
)

const v2 = "\r\n\r\n\x00\r\nQUIT\n"

func header(source, destination string) proxyproto.Header {
	return proxyproto.Header{Source: netip.MustParseAddrPort(source), Destination: netip.MustParseAddrPort(destination)}
}

func TestParse(t *testing.T) {
	local := proxyproto.Header{Local: true}
	four := v2 + "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\x1f\x90\x00\x50"
	for _, tt := range []struct {
		name, sent string
		want       proxyproto.Header
		rest       string
		bad        bool
	}{
		{"v1 IPv4", "PROXY TCP4 192.0.2.1 198.51.100.1 8080 80\r\nGET", header("192.0.2.1:8080", "198.51.100.1:80"), "GET", false},
		{"v1 IPv6", "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n", header("[2001:db8::1]:1", "[2001:db8::2]:65535"), "", false},
		{"v1 IPv4 in IPv6", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:192.0.2.2 1 2\r\n", header("192.0.2.1:1", "192.0.2.2:2"), "", false},
		{"v1 unknown", "PROXY UNKNOWN\r\n\r\n", local, "\r\n", false},
		{"v1 unknown with more", "PROXY UNKNOWN ffff:: ::1 x y z\r\n", local, "", false},
		{"v2 IPv4", four + "GET", header("192.0.2.1:8080", "198.51.100.1:80"), "GET", false},
		{
			"v2 IPv6", v2 + "\x21\x21\x00\x24" + "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x01" + "\x20\x01\x0d\xb8" + strings.Repeat("\x00", 11) + "\x02\x00\x01\x00\x02",
			header("[2001:db8::1]:1", "[2001:db8::2]:2"), "", false,
		},
		{"v2 with more", v2 + "\x21\x11\x00\x0f\xc0\x00\x02\x01\xc6\x33\x64\x01\x1f\x90\x00\x50\x04\x00\x00x", header("192.0.2.1:8080", "198.51.100.1:80"), "x", false},
		{"v2 local", v2 + "\x20\x00\x00\x00x", local, "x", false},
		{"v2 local with addresses", v2 + "\x20\x11\x00\x0c" + strings.Repeat("\x01", 12), local, "", false},
		{"v2 not told", v2 + "\x21\x00\x00\x00", local, "", false},

		{"HTTP", "GET / HTTP/1.1\r\n", proxyproto.Header{}, "", true},
		{"v1 without CR", "PROXY TCP4 192.0.2.1 198.51.100.1 8080 80\n", proxyproto.Header{}, "", true},
		{"v1 in lower case", "PROXY tcp4 192.0.2.1 198.51.100.1 8080 80\r\n", proxyproto.Header{}, "", true},
		{"v1 of the other family", "PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", proxyproto.Header{}, "", true},
		{"v1 with a zone", "PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", proxyproto.Header{}, "", true},
		{"v1 with a port too many", "PROXY TCP4 192.0.2.1 198.51.100.1 1 2 3\r\n", proxyproto.Header{}, "", true},
		{"v1 with two blanks", "PROXY TCP4  192.0.2.1 198.51.100.1 1 2\r\n", proxyproto.Header{}, "", true},
		{"v1 with a wrong port", "PROXY TCP4 192.0.2.1 198.51.100.1 1 65536\r\n", proxyproto.Header{}, "", true},
		{"v1 with a port of octal form", "PROXY TCP4 192.0.2.1 198.51.100.1 01 2\r\n", proxyproto.Header{}, "", true},
		{"v1 with a wrong address", "PROXY TCP4 192.0.2.256 198.51.100.1 1 2\r\n", proxyproto.Header{}, "", true},
		{"v1 that does not end", "PROXY " + strings.Repeat("x", 120), proxyproto.Header{}, "", true},
		{"v1 of another kind", "PROXY UDP4 192.0.2.1 198.51.100.1 1 2\r\n", proxyproto.Header{}, "", true},
		{"version 3", v2 + "\x31\x11\x00\x0c" + strings.Repeat("\x01", 12), proxyproto.Header{}, "", true},
		{"v2 with a wrong command", v2 + "\x22\x11\x00\x0c" + strings.Repeat("\x01", 12), proxyproto.Header{}, "", true},
		{"v2 UDP", v2 + "\x21\x12\x00\x0c" + strings.Repeat("\x01", 12), proxyproto.Header{}, "", true},
		{"v2 too short", v2 + "\x21\x11\x00\x0b" + strings.Repeat("\x01", 12), proxyproto.Header{}, "", true},
		{"v2 too long", v2 + "\x21\x11\xff\xff" + strings.Repeat("\x01", 12), proxyproto.Header{}, "", true},
	} {
		got, n, err := proxyproto.Parse([]byte(tt.sent))
		if errors.Is(err, proxyproto.ErrMalformed) != tt.bad || got != tt.want || !tt.bad && tt.sent[n:] != tt.rest {
			t.Errorf("%s: Parse = %+v, %d, %v; want %+v, rest %q", tt.name, got, n, err, tt.want, tt.rest)
		}
		for i := range n { // a header that is not whole asks for more
			if _, m, err := proxyproto.Parse([]byte(tt.sent[:i])); m != 0 || err != nil {
				t.Errorf("%s: Parse of %d bytes = %d, %v; want it to wait", tt.name, i, m, err)
			}
		}
	}
}

// FuzzParse holds Parse to its laws: what follows a header changes nothing, no
// beginning of one is refused or taken for whole, and none is too long.
func FuzzParse(f *testing.F) {
	f.Add([]byte("PROXY TCP4 192.0.2.1 198.51.100.1 8080 80\r\nGET"))
	f.Add([]byte("PROXY UNKNOWN\r\n"))
	f.Add([]byte(v2 + "\x21\x11\x00\x0c\xc0\x00\x02\x01\xc6\x33\x64\x01\x1f\x90\x00\x50"))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, n, err := proxyproto.Parse(b)
		switch {
		case err != nil && (n != 0 || h != (proxyproto.Header{})):
			t.Fatalf("an error with a result: %+v, %d", h, n)
		case err != nil || n == 0:
			return
		case n > len(b) || n > proxyproto.MaxSize:
			t.Fatalf("%d bytes of %d", n, len(b))
		case !h.Local && (!h.Source.IsValid() || !h.Destination.IsValid() || h.Source.Addr().Is4In6() || h.Source.Addr().Zone() != ""):
			t.Fatalf("%+v", h)
		}
		again, m, err := proxyproto.Parse(append(b[:n:n], "GET / HTTP/1.1\r\n"...))
		if again != h || m != n || err != nil {
			t.Fatalf("with more behind it: %+v, %d, %v; want %+v, %d", again, m, err, h, n)
		}
		for i := range n {
			if _, m, err := proxyproto.Parse(b[:i]); m != 0 || err != nil {
				t.Fatalf("%d bytes of %d: %d, %v", i, n, m, err)
			}
		}
	})
}
