package limit_test

import (
	"bytes"
	"testing"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// TestSame: each bit of each byte makes a difference, and the length does.
func TestSame(t *testing.T) {
	for length := range 150 {
		text := bytes.Repeat([]byte("x"), length)
		if !limit.Same(text, bytes.Clone(text)) {
			t.Errorf("%d bytes are not the same as themselves", length)
		}
		for bit := range 8 * length {
			other := bytes.Clone(text)
			other[bit/8] ^= 1 << (bit % 8)
			if limit.Same(text, other) || limit.Same(other, text) {
				t.Errorf("bit %d of %d bytes makes no difference", bit, length)
			}
		}
		if limit.Same(text, append(text, 'x')) || limit.Same(append(text, 'x'), text) {
			t.Errorf("%d bytes and one more are the same", length)
		}
	}
}

// FuzzSame: it says what bytes.Equal says.
func FuzzSame(f *testing.F) {
	f.Add([]byte("a"), []byte("b"))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if got := limit.Same(a, b); got != bytes.Equal(a, b) {
			t.Errorf("Same(%q, %q) = %t", a, b, got)
		}
		if !limit.Same(a, bytes.Clone(a)) {
			t.Errorf("%q is not the same as itself", a)
		}
	})
}
