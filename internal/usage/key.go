package usage

import (
	"bytes"
	"slices"
	"sync/atomic"
)

// Key is an API key as requests show it. Nobody may write to it.
type Key struct{ ID, Value []byte }

// key is a Key with what it may use. Its id and its value do not change: another
// takes its place.
//
// With a thousand keys in use what a request looks at is in no near cache, and
// each line of it that is only known by what stands in another costs as much as
// parsing the request. So a key and the ledger that it uses are one piece of
// memory: a request needs its first line and the one beside it, whose address
// it knows without having seen the first.
type key struct {
	cut  uint8    // where the id begins in text; 0: they are in long
	end  uint8    // where it ends
	text [62]byte // the value, then the id

	own ledger // of the plan that it came into last, when it had no other

	others  atomic.Pointer[[]*ledger] // of its other plans; nil: there are none
	long    *Key
	hash    uint64 // of the value, by the index
	enabled bool   // Meter.mu
}

// newKey is a key that is in no plan.
func newKey(hash uint64, id, value string, enabled bool) *key {
	k := &key{hash: hash, enabled: enabled}
	if end := len(value) + len(id); value == "" || end > len(k.text) {
		k.long = &Key{ID: []byte(id), Value: []byte(value)}
	} else {
		k.cut, k.end = uint8(len(value)), uint8(end)
		copy(k.text[copy(k.text[:], value):], id)
	}
	return k
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

// rest are its ledgers but its own.
func (k *key) rest() []*ledger {
	if all := k.others.Load(); all != nil {
		return *all
	}
	return nil
}

// add gives it a ledger that it does not have. Those that are gone leave.
func (k *key) add(l *ledger) {
	all := slices.DeleteFunc(slices.Clone(k.rest()), func(l *ledger) bool { return l.gone.Load() })
	all = append(all, l)
	k.others.Store(&all)
}

// heir is a key that has the ledgers of k, and room for one of its own.
func (k *key) heir(hash uint64, value string, enabled bool) *key {
	next := newKey(hash, string(k.id()), value, enabled)
	for _, l := range append([]*ledger{&k.own}, k.rest()...) {
		if l.cell != nil && !l.gone.Load() {
			next.add(l)
		}
	}
	return next
}

// renewed is k with room for a ledger of its own.
func (k *key) renewed() *key { return k.heir(k.hash, string(k.value()), k.enabled) }

// is says whether a key was read that is no other than k.
func (k *key) is(value string, enabled bool) bool {
	return k.enabled == enabled && bytes.Equal(k.value(), []byte(value))
}
