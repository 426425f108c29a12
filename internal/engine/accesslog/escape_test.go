package accesslog

import (
	"bytes"
	"strings"
	"testing"
)

// TestPlain: bytes are plain if each of them is, wherever it stands among
// others.
func TestPlain(t *testing.T) {
	for c := range 256 {
		want := c >= ' ' && c < 0x7f && !strings.ContainsRune(`"\<>&'`, rune(c))
		if got := stands(byte(c)); got != want {
			t.Errorf("stands(%#x) = %t, want %t", c, got, want)
		}
		for length := 1; length <= 20; length++ {
			for at := range length {
				for _, beside := range []byte("a ~") {
					b := bytes.Repeat([]byte{beside}, length)
					b[at] = byte(c)
					if got := plain(b); got != want {
						t.Fatalf("plain(%q) = %t, want %t", b, got, want)
					}
				}
			}
		}
	}
}

// FuzzPlain: bytes are plain if and only if each of them is.
func FuzzPlain(f *testing.F) {
	f.Add([]byte("Mozilla/5.0 (X11; Linux x86_64)"))
	f.Add([]byte(" !\x7f\x80\x00\xff\"&'<>\\"))
	f.Fuzz(func(t *testing.T, b []byte) {
		want := true
		for _, c := range b {
			want = want && stands(c)
		}
		if got := plain(b); got != want {
			t.Errorf("plain(%q) = %t, want %t", b, got, want)
		}
		for e := asText; e <= asXML; e++ {
			if got := e.apply(bytes.Clone(b), 0); want && !bytes.Equal(got, b) {
				t.Errorf("%q is written %q", b, got)
			}
		}
	})
}
