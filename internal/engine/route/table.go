package route

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// table finds the child for a literal segment: open addressing over all edges
// of a tree, so that a look-up costs the same whatever the fan-out is.
type table struct {
	seed  uint64 // of the hash
	slots []slot // a power of two, at most half full
}

type slot struct {
	segment string
	parent  int32
	child   int32 // 0: free
}

func newTable(edges map[edge]int32) table {
	size := 1
	for size < 2*len(edges)+1 {
		size *= 2
	}
	t := table{seed: rand.Uint64(), slots: make([]slot, size)} //nolint:gosec // no secret: see at
	for e, child := range edges {
		i := t.at(e.parent, []byte(e.segment))
		for t.slots[i].child != 0 {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = slot{segment: e.segment, parent: e.parent, child: child}
	}
	return t
}

// at is where the search for a segment begins. What clients send does not make
// the table: a segment of theirs that is made to collide costs no more than the
// longest run of slots that the routes have.
func (t *table) at(parent int32, segment []byte) int {
	h := t.seed ^ uint64(uint32(parent))<<32 ^ uint64(len(segment))
	for len(segment) > 8 {
		h = mix(h ^ binary.LittleEndian.Uint64(segment))
		segment = segment[8:]
	}
	return int(mix(h^short(segment)) & uint64(len(t.slots)-1))
}

// mix folds the product of h with an odd number.
func mix(h uint64) uint64 {
	high, low := bits.Mul64(h, 0x9E3779B97F4A7C15)
	return high ^ low
}

func (t *table) find(parent int32, segment []byte) int32 {
	for i := t.at(parent, segment); ; i = (i + 1) & (len(t.slots) - 1) {
		s := &t.slots[i]
		if s.child == 0 || s.parent == parent && s.segment == string(segment) {
			return s.child
		}
	}
}
