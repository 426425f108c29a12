package usage

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"maps"
	"slices"
	"sync/atomic"
)

// Key is an API key as requests show it.
type Key struct{ ID, Value string }

// key is a Key with what it may use. It does not change once it is in the
// index: another takes its place.
type key struct {
	Key
	enabled bool
	digest  digest // of the value
	plans   []*membership
}

// membership is a key in a plan.
type membership struct {
	plan   *planCell
	ledger *ledger
}

// digest is the SHA-256 of a value.
type digest [sha256.Size]byte

// longestValue is the longest that a key may be, in bytes: no longer value is
// worth looking up.
const longestValue = 128

// shards is how many parts the index has. Each is small enough to be copied
// when one of its keys changes, with a million keys too.
const shards = 4096

// index finds keys by the digest of their values. The half of the digest that
// maps compare tells nobody anything: a caller can neither choose it nor get
// from it to a value. Readers never wait.
type index [shards]atomic.Pointer[map[half]*key]

type half [16]byte

func (d *digest) shard() int { return int(binary.BigEndian.Uint16(d[:])) % shards }

func (d *digest) half() half { return half(d[sha256.Size/2:]) }

// find is the key of a value, nil if there is none.
func (i *index) find(value []byte) *key {
	if len(value) == 0 || len(value) > longestValue {
		return nil
	}
	d := digest(sha256.Sum256(value))
	shard := i[d.shard()].Load()
	if shard == nil {
		return nil
	}
	k := (*shard)[d.half()]
	if k == nil || subtle.ConstantTimeCompare(k.digest[:], d[:]) != 1 {
		return nil
	}
	return k
}

// put adds a key or replaces the one with its value.
func (i *index) put(k *key) {
	i.change(k.digest, func(m map[half]*key) { m[k.digest.half()] = k })
}

// drop removes a key.
func (i *index) drop(k *key) {
	i.change(k.digest, func(m map[half]*key) { delete(m, k.digest.half()) })
}

// change replaces one shard. The caller sees to it that only one does.
func (i *index) change(d digest, edit func(map[half]*key)) {
	var next map[half]*key
	if now := i[d.shard()].Load(); now != nil {
		next = maps.Clone(*now)
	} else {
		next = make(map[half]*key, 1)
	}
	edit(next)
	i[d.shard()].Store(&next)
}

// replace makes keys the whole index.
func (i *index) replace(keys map[string]*key) {
	var next [shards]map[half]*key
	for _, k := range keys {
		at := k.digest.shard()
		if next[at] == nil {
			next[at] = make(map[half]*key, len(keys)/shards+1)
		}
		next[at][k.digest.half()] = k
	}
	for at := range next {
		if next[at] == nil {
			i[at].Store(nil)
			continue
		}
		shard := next[at]
		i[at].Store(&shard)
	}
}

// with is k with one membership more, or another in its place.
func (k *key) with(m *membership) *key {
	next := *k
	next.plans = append(slices.Clip(k.without(m.ledger.plan).plans), m)
	return &next
}

// without is k outside a plan.
func (k *key) without(plan string) *key {
	next := *k
	next.plans = slices.DeleteFunc(slices.Clone(k.plans), func(m *membership) bool { return m.ledger.plan == plan })
	return &next
}
