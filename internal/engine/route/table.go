package route

import "hash/maphash"

// table finds the child for a literal segment: open addressing over all edges
// of a tree, so that a look-up costs the same whatever the fan-out is.
type table struct {
	seed  maphash.Seed
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
	t := table{seed: maphash.MakeSeed(), slots: make([]slot, size)}
	for e, child := range edges {
		i := t.at(e.parent, []byte(e.segment))
		for t.slots[i].child != 0 {
			i = (i + 1) & (len(t.slots) - 1)
		}
		t.slots[i] = slot{segment: e.segment, parent: e.parent, child: child}
	}
	return t
}

func (t *table) at(parent int32, segment []byte) int {
	const odd = 0x9E3779B97F4A7C15 // spreads neighbouring parents
	h := maphash.Bytes(t.seed, segment) ^ uint64(uint32(parent))*odd
	return int(h & uint64(len(t.slots)-1))
}

func (t *table) find(parent int32, segment []byte) int32 {
	for i := t.at(parent, segment); ; i = (i + 1) & (len(t.slots) - 1) {
		s := &t.slots[i]
		if s.child == 0 || s.parent == parent && s.segment == string(segment) {
			return s.child
		}
	}
}
