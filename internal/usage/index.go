package usage

import (
	"bytes"
	"hash/maphash"
	"iter"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// longestValue is the longest that a key may be, in bytes: no longer value is
// worth looking up.
const longestValue = 128

// index finds the keys that are enabled by their values: by a hash whose seed
// nobody outside this process has, and then by the value itself, in a time that
// does not tell how much of it was right. A caller cannot aim at a hash, and
// gets nothing from one to a value. Readers never wait.
type index struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]slot] // a power of two, at most three quarters of them in use

	// Of the one who changes the index; the caller sees to it that only one does.
	used int // slots that are not empty
}

// slot is a place for a key: the first one that is free from where its hash
// points to. An empty slot ends a search, a vacant one does not. Once there is a
// key the hash does not change: a slot that is another key's is passed without a
// look at that key.
type slot struct {
	key  atomic.Pointer[key]
	hash uint64 // of every key that comes here
}

const fewestSlots = 64

// newIndex is an index of no key.
func newIndex() index { return index{seed: maphash.MakeSeed()} }

// hash is the hash of a value.
func (i *index) hash(value string) uint64 { return maphash.String(i.seed, value) }

// find is the key of a value, nil if there is none.
func (i *index) find(value []byte) *key {
	all := i.slots.Load()
	if all == nil || len(value) == 0 || len(value) > longestValue {
		return nil
	}
	hash, mask := maphash.Bytes(i.seed, value), uint64(len(*all)-1)
	for at := hash & mask; ; at = (at + 1) & mask {
		s := &(*all)[at]
		k := s.key.Load()
		if k == nil {
			return nil
		}
		if s.hash != hash {
			continue
		}
		k.own.fetch() // while the key's value is on its way
		if limit.Same(k.value(), value) {
			return k
		}
	}
}

// put adds a key or replaces the one with its value.
func (i *index) put(k *key) {
	if !k.enabled {
		i.drop(k)
		return
	}
	if all := i.slots.Load(); all == nil || i.used >= len(*all)/4*3 {
		i.replace(i.all())
	}
	if i.add(*i.slots.Load(), k) {
		i.used++
	}
}

// add puts a key into slots that have room for it, and says whether it took an
// empty one.
func (i *index) add(slots []slot, k *key) bool {
	mask := uint64(len(slots) - 1)
	for at := k.hash & mask; ; at = (at + 1) & mask {
		s := &slots[at]
		there := s.key.Load()
		if there == nil {
			s.hash = k.hash // nobody looks at it before there is a key
			s.key.Store(k)
			return true
		}
		if s.hash == k.hash && bytes.Equal(there.value(), k.value()) {
			s.key.Store(k)
			return false
		}
	}
}

// vacant is what stands where a key was: it has no value, so nobody finds it.
//
//nolint:gochecknoglobals // constant, never written to
var vacant = &key{}

// drop removes a key, if nobody else has its value by now.
func (i *index) drop(k *key) {
	all := i.slots.Load()
	if all == nil {
		return
	}
	mask := uint64(len(*all) - 1)
	for at := k.hash & mask; ; at = (at + 1) & mask {
		s := &(*all)[at]
		there := s.key.Load()
		if there == nil {
			return
		}
		if s.hash == k.hash && bytes.Equal(there.id(), k.id()) {
			s.key.Store(vacant)
			return
		}
	}
}

// all is every key that is in the index.
func (i *index) all() iter.Seq[*key] {
	return func(yield func(*key) bool) {
		now := i.slots.Load()
		if now == nil {
			return
		}
		for at := range *now {
			if k := (*now)[at].key.Load(); k != nil && k != vacant && !yield(k) {
				return
			}
		}
	}
}

// replace makes those of keys that are enabled the whole index.
func (i *index) replace(keys iter.Seq[*key]) {
	n := 0
	for range keys {
		n++
	}
	size := fewestSlots
	for size < 2*n {
		size *= 2
	}
	next := make([]slot, size)
	i.used = 0
	for k := range keys {
		if k.enabled && i.add(next, k) {
			i.used++
		}
	}
	i.slots.Store(&next)
}
