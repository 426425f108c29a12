package cache

import (
	"hash/maphash"
	"sync/atomic"
	"time"
)

// Limits of one entry, in bytes. Larger ones are not kept.
const (
	MaxKey  = 32 << 10
	maxSize = 16 << 20
)

// Cache keeps answers by key. Any number of goroutines may use it at a time.
type Cache struct{ *store }

// store is a cache without its handle: the set can hold it without keeping the
// cache alive.
type store struct {
	set    *Set
	limit  int64 // bytes
	seed   maphash.Seed
	turn   atomic.Uint64
	taken  atomic.Int64 // bytes, also of the index
	shards [shards]shard

	evicted atomic.Uint64
}

const shards = 16

func newStore(set *Set, limit int64) *store {
	s := &store{set: set, limit: limit, seed: maphash.MakeSeed()}
	segment := segmentSize(min(limit, set.budget))
	for i := range s.shards {
		s.shards[i].init(s, limit/shards, segment)
	}
	return s
}

// Key is a key with what finds it. It is valid as long as the bytes it was made of.
type Key struct {
	bytes []byte
	hash  uint64
}

// Key makes a key of bytes, which are not copied.
func (s *store) Key(b []byte) Key { return Key{b, maphash.Bytes(s.seed, b)} }

// Fits says whether an answer may be kept under the key at all.
func (k Key) Fits() bool { return len(k.bytes) <= MaxKey }

func (s *store) shard(k Key) *shard { return &s.shards[k.hash>>60%shards] }

// Find appends the value of a key to dst, if there is one.
func (s *store) Find(dst []byte, k Key) ([]byte, bool) {
	now, sh := s.set.clock.Nanos(), s.shard(k)
	sh.mu.Lock()
	dst, ok := sh.find(dst, k, now)
	sh.mu.Unlock()
	return dst, ok
}

// Turn is a moment in the life of the cache: what was asked for before an
// entry's own question never replaces the entry.
func (s *store) Turn() uint64 { return s.turn.Add(1) }

// Put keeps a value, whose parts are copied, for a while. turn is when its
// question was asked: one that comes too late, after a newer one or a flush, is
// kept and gone at once. It says whether there was room.
func (s *store) Put(k Key, turn uint64, ttl time.Duration, parts ...[]byte) bool {
	size := headerSize + len(k.bytes)
	for _, p := range parts {
		size += len(p)
	}
	if ttl <= 0 || !k.Fits() || size > maxSize {
		return false
	}
	now, sh := s.set.clock.Nanos(), s.shard(k)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.put(&pending{key: k, turn: turn, size: size, now: now, expires: now + int64(ttl), parts: parts})
}

// Flush forgets everything, also what is on its way: what was asked before the
// call is not kept after it.
func (s *store) Flush() {
	turn := s.Turn()
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.flush(turn)
		sh.mu.Unlock()
	}
}

// close is Flush for good.
func (s *store) close() {
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		sh.closed = true
		sh.flush(0)
		sh.mu.Unlock()
	}
}

// Stats is what a cache has done and holds.
type Stats struct {
	Entries               int   // also those that are over and not yet gone
	Bytes                 int64 // taken from the system, index included
	Hits, Misses, Evicted uint64
}

// Stats counts.
func (s *store) Stats() Stats {
	st := Stats{Bytes: s.taken.Load(), Evicted: s.evicted.Load()}
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.Lock()
		st.Entries += len(sh.index)
		st.Hits += sh.hits
		st.Misses += sh.misses
		sh.mu.Unlock()
	}
	return st
}
