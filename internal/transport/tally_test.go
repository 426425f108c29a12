package transport

import "testing"

// TestTallyLong: many records without a pause are more than one. Their count
// began anew after 65536.
func TestTallyLong(t *testing.T) {
	record := []byte{23, 3, 3, 0, 1, 'x'}
	for _, n := range []int{2, 257, 65537} {
		var y tally
		for range n {
			y.add(record)
		}
		if y.used() {
			t.Errorf("of %d records, one is said to be the only one", n)
		}
	}
}
