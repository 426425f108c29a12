package transport

// tally counts the records in a stream of bytes, so that it is known when
// crypto/tls has nothing left.
type tally struct {
	head [5]byte // of a record, as far as it is there
	got  uint8   // bytes of it
	left uint16  // bytes of the record that are still to come
	n    uint8   // records that were completed since there was nothing; 2: or more
}

// add takes what comes next.
func (t *tally) add(p []byte) {
	for len(p) > 0 {
		if t.left == 0 {
			n := copy(t.head[t.got:], p)
			p = p[n:]
			if t.got += uint8(n); int(t.got) < len(t.head) {
				return
			}
			t.left = uint16(t.head[3])<<8 | uint16(t.head[4])
		}
		n := min(len(p), int(t.left))
		p = p[n:]
		if t.left -= uint16(n); t.left == 0 {
			t.got = 0
			t.n = min(t.n+1, 2)
		}
	}
}

// used takes note that one record was used up, and says whether it was the only
// one, and nothing of another is there.
func (t *tally) used() bool {
	if t.n != 1 || t.got > 0 {
		return false
	}
	t.n = 0
	return true
}

// starved takes note that whoever reads wants more than there is, and says
// whether nothing of a record is there.
func (t *tally) starved() bool {
	if t.got > 0 {
		return false
	}
	t.n = 0
	return true
}
