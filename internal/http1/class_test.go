package http1

import (
	"strings"
	"testing"
)

// TestClass derives the tables from the grammar again.
func TestClass(t *testing.T) {
	const (
		alpha = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		digit = "0123456789"
		hex   = "0123456789abcdef"
	)
	sets := map[byte]string{
		isToken:  alpha + digit + "!#$%&'*+-.^_`|~",
		isTarget: alpha + digit + "-._~" + ":/?[]@" + "!$&'()*+,;=" + "%",
		isHost:   alpha + digit + "-._~" + "!$&'()*+;=",
		isPlain:  alpha + digit + "-",
	}
	for c := range 256 {
		for bit, set := range sets {
			want := c < 0x80 && strings.ContainsRune(set, rune(c))
			if got := class[c]&bit != 0; got != want {
				t.Errorf("class[%#x]&%d = %v, want %v", c, bit, got, want)
			}
		}
		want := 0xff
		if c < 0x80 {
			if at := strings.Index(hex, strings.ToLower(string(rune(c)))); at >= 0 {
				want = at
			}
		}
		if int(unhex[c]) != want {
			t.Errorf("unhex[%#x] = %d, want %d", c, unhex[c], want)
		}
	}
	if len(class) != 256 || len(unhex) != 256 {
		t.Errorf("tables have %d and %d entries, want 256", len(class), len(unhex))
	}
}

// FuzzScanValue: eight bytes at a time and one at a time find the same end.
func FuzzScanValue(f *testing.F) {
	f.Add([]byte("text/html, \tapplication/json\r\n"), 0)
	f.Add([]byte("\x80\xff\x7f"), 1)
	f.Add([]byte("\x20\x1f\x21\x20\x20\x20\x20\x20\x20"), 0)
	f.Fuzz(func(t *testing.T, b []byte, from int) {
		if from < 0 || from > len(b) {
			return
		}
		want := from
		for want < len(b) && (b[want] == '\t' || b[want] >= ' ' && b[want] != 0x7f) {
			want++
		}
		if got := scanValue(b, from); got != want {
			t.Errorf("scanValue(%q, %d) = %d, want %d", b, from, got, want)
		}
	})
}
