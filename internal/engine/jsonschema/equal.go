package jsonschema

import (
	"bytes"
	"encoding/binary"
	"hash/maphash"
	"slices"
)

// equal says whether the value at i equals that at j of another document.
// Numbers are equal by their value, objects whatever the order of their
// members; of members with one name the last counts.
func (v *validation) equal(i uint32, other *document, j uint32) bool {
	if !v.spend(1) {
		return false
	}
	d := &v.doc
	k, l := d.nodes[i].kind(), other.nodes[j].kind()
	switch {
	case isNumber(k) && isNumber(l):
		return equalNumbers(d.raw(i), other.raw(j))
	case k != l:
		return false
	case k == text:
		return v.equalTexts(i, other, j)
	case k == boolean:
		return d.isTrue(i) == other.isTrue(j)
	case k == array:
		return v.equalElements(i, other, j)
	case k == object:
		return v.equalMembers(i, other, j)
	}
	return true // null
}

func isNumber(k kind) bool { return k == integer || k == number }

func equalNumbers(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	if x, ok := smallInteger(a); ok {
		if y, ok := smallInteger(b); ok {
			return x == y
		}
	}
	x, y := parseDecimal(a), parseDecimal(b)
	return x.compare(&y) == 0
}

func (v *validation) equalTexts(i uint32, other *document, j uint32) bool {
	if !v.doc.nodes[i].escaped() && !other.nodes[j].escaped() {
		return bytes.Equal(v.doc.raw(i), other.raw(j))
	}
	return string(v.text(i)) == other.string(j)
}

func (v *validation) equalElements(i uint32, other *document, j uint32) bool {
	d := &v.doc
	end, last := d.nodes[i].tail, other.nodes[j].tail
	for i, j = i+1, j+1; i < end && j < last; i, j = d.next(i), other.next(j) {
		if !v.equal(i, other, j) {
			return false
		}
	}
	return i == end && j == last
}

func (v *validation) equalMembers(i uint32, other *document, j uint32) bool {
	a, b := v.doc.distinct(i), other.distinct(j)
	if len(a) != len(b) || !v.spend(len(a)) {
		return false
	}
	for n := range a {
		if a[n].name != b[n].name || !v.equal(a[n].value, other, b[n].value) {
			return false
		}
	}
	return true
}

// distinct are the members of an object by their names, each name once: the
// last member that has it.
func (d *document) distinct(at uint32) []entry {
	all := d.sorted(at)
	slices.Reverse(all)
	all = slices.CompactFunc(all, func(a, b entry) bool { return a.name == b.name })
	slices.Reverse(all)
	return all
}

// hash is the same for values that are equal. Nobody outside can choose values
// whose hashes collide.
func (v *validation) hash(i uint32) uint64 {
	var h maphash.Hash
	h.SetSeed(v.seed)
	v.hashInto(&h, i)
	return h.Sum64()
}

func (v *validation) hashInto(h *maphash.Hash, i uint32) {
	if !v.spend(1) {
		return
	}
	d := &v.doc
	k := d.nodes[i].kind()
	if k == integer {
		k = number
	}
	_ = h.WriteByte(byte(k)) // never fails
	switch k {
	case number:
		n := parseDecimal(d.raw(i))
		hashNumber(h, &n)
	case text:
		hashText(h, v.text(i))
	case boolean:
		_ = h.WriteByte(d.text[d.nodes[i].start()])
	case array:
		for e := i + 1; e < d.nodes[i].tail; e = d.next(e) {
			v.hashInto(h, e)
		}
		_ = h.WriteByte(byte(kinds))
	case object:
		for _, m := range d.distinct(i) {
			hashText(h, []byte(m.name))
			v.hashInto(h, m.value)
		}
		_ = h.WriteByte(byte(kinds))
	default: // null has no content
	}
}

func hashText(h *maphash.Hash, s []byte) {
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], uint64(len(s)))
	_, _ = h.Write(n[:])
	_, _ = h.Write(s)
}

func hashNumber(h *maphash.Hash, n *decimal) {
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], uint64(n.point))
	_, _ = h.Write(b[:])
	_ = h.WriteByte(byte(n.sign() + 1))
	_, _ = h.Write(n.high)
	_, _ = h.Write(n.low)
}

// unique says whether no element of an array equals another.
func (v *validation) unique(at uint32) bool {
	d := &v.doc
	n := d.elements(at)
	if n < 2 {
		return true
	}
	if !v.spend(int(d.nodes[at].tail - at)) {
		return false
	}
	seen := make(map[uint64]uint32, n)
	for i := at + 1; i < d.nodes[at].tail; i = d.next(i) {
		h := v.hash(i)
		if first, ok := seen[h]; ok && v.equal(i, d, first) {
			return false
		}
		seen[h] = i
	}
	return !v.spent
}
