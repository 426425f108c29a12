package usage

import (
	"bytes"
	"hash/maphash"
	"iter"
	"slices"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// Key is an API key as requests show it. Nobody may write to it.
type Key struct{ ID, Value []byte }

// key is a Key with what it may use. It does not change once it is in the
// index: another takes its place.
//
// With a thousand keys in use what a request looks at is in no near cache, so it
// stands together: a key as they are made has its value in its first line, its
// id in the next, and its ledger behind that.
type key struct {
	hash    uint64  // of the value, by the index
	first   *ledger // of a plan that it is in; nil: it is in none
	cut     uint8   // where the id begins in text; 0: they are in long
	end     uint8   // where it ends
	enabled bool
	text    [85]byte // the value, then the id
	long    *Key
	others  *[]*ledger // but the first; nil: there are none
	room    *ledger    // beside it, for the first plan that it comes into; nil: there is none
}

// account is a key with room for a ledger.
type account struct {
	key    key
	ledger ledger
}

// newAccount is a key that is in no plan.
func newAccount(hash uint64, id, value string, enabled bool) *key {
	a := &account{}
	a.key.room = &a.ledger
	a.key.fill(hash, id, value, enabled)
	return &a.key
}

func (k *key) fill(hash uint64, id, value string, enabled bool) {
	k.hash, k.enabled = hash, enabled
	if end := len(value) + len(id); value == "" || end > len(k.text) {
		k.long = &Key{ID: []byte(id), Value: []byte(value)}
	} else {
		k.cut, k.end = uint8(len(value)), uint8(end)
		copy(k.text[copy(k.text[:], value):], id)
	}
}

func (k *key) value() []byte {
	if k.cut == 0 {
		return k.longKey().Value
	}
	return k.text[:k.cut:k.cut]
}

func (k *key) id() []byte {
	if k.cut == 0 {
		return k.longKey().ID
	}
	return k.text[k.cut:k.end:k.end]
}

// longKey is what text has no room for.
func (k *key) longKey() Key {
	if k.long == nil {
		return Key{}
	}
	return *k.long
}

// rest are its ledgers but the first.
func (k *key) rest() []*ledger {
	if k.others == nil {
		return nil
	}
	return *k.others
}

// plans are the ledgers of the plans that it is in.
func (k *key) plans() []*ledger {
	if k.first == nil {
		return nil
	}
	return append([]*ledger{k.first}, k.rest()...)
}

// join adds a plan to a key that is not in the index yet.
func (k *key) join(l *ledger) {
	if k.first == nil {
		k.first = l
		return
	}
	all := append(slices.Clip(k.rest()), l)
	k.others = &all
}

// longestValue is the longest that a key may be, in bytes: no longer value is
// worth looking up.
const longestValue = 128

// index finds the keys that are enabled by their values: by a hash whose seed
// nobody outside this process has, and then by the value itself, in a time that
// does not tell how much of it was right. A caller cannot aim at a hash, and
// gets nothing from one to a value. Readers never wait.
type index struct {
	seed  maphash.Seed
	slots atomic.Pointer[[]slot] // a power of two, at most half of them in use

	// Of the one who changes the index; the caller sees to it that only one does.
	used int // slots that are not empty
}

// slot is a place for a key: the first one that is free from where its hash
// points to. An empty slot ends a search, a vacant one does not.
type slot = atomic.Pointer[key]

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
		k := (*all)[at].Load()
		if k == nil {
			return nil
		}
		if k.hash == hash && limit.Same(k.value(), value) {
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
	if all := i.slots.Load(); all == nil || i.used >= len(*all)/2 {
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
		there := slots[at].Load()
		if there == nil || there.hash == k.hash && bytes.Equal(there.value(), k.value()) {
			slots[at].Store(k)
			return there == nil
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
		there := (*all)[at].Load()
		if there == nil {
			return
		}
		if there.hash == k.hash && bytes.Equal(there.id(), k.id()) {
			(*all)[at].Store(vacant)
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
			if k := (*now)[at].Load(); k != nil && k != vacant && !yield(k) {
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
	for size < 4*n {
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

// with is k in one plan more.
func (k *key) with(l *ledger) *key {
	next := k.without(l.plan)
	next.join(l)
	return next
}

// without is k outside a plan.
func (k *key) without(plan string) *key {
	next := *k
	next.first, next.others, next.room = nil, nil, nil
	for _, l := range k.plans() {
		if l.plan != plan {
			next.join(l)
		}
	}
	return &next
}
