package cache

import (
	"runtime"
	"sync"
	"sync/atomic"
	"weak"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// Set finds caches by name, so that a program and the one that takes its place
// share theirs. A cache lives as long as somebody holds it.
type Set struct {
	clock  *limit.Clock
	budget int64        // bytes, of all caches
	used   atomic.Int64 // bytes that they have taken

	mu   sync.Mutex
	live map[string]*named
}

// named is a cache under its name.
type named struct {
	version string
	handle  weak.Pointer[Cache]
	store   *store
}

// NewSet makes an empty set whose caches take at most budget bytes together.
func NewSet(clock *limit.Clock, budget int64) *Set {
	return &Set{clock: clock, budget: budget, live: map[string]*named{}}
}

// Cache is the cache of a name, made to hold size bytes. When the name comes
// with another version or size than before, what it held is gone: its cache is
// a new one, and the old one keeps nothing any longer.
func (s *Set) Cache(name, version string, size int64) *Cache {
	s.mu.Lock()
	old := s.live[name]
	if old != nil && old.version == version && old.store.limit == size {
		if c := old.handle.Value(); c != nil {
			s.mu.Unlock()
			return c
		}
	}
	c := &Cache{store: newStore(s, size)}
	s.live[name] = &named{version: version, handle: weak.Make(c), store: c.store}
	runtime.AddCleanup(c, s.forget, dropped{name, c.store})
	s.mu.Unlock()
	if old != nil {
		old.store.close() // without s.mu: a shard that is locked may wait for it
	}
	return c
}

// Drop empties the cache of a name, if there is one, and forgets the name. Who
// still holds it finds nothing in it and can put nothing there.
func (s *Set) Drop(name string) {
	s.mu.Lock()
	old := s.live[name]
	delete(s.live, name)
	s.mu.Unlock()
	if old != nil {
		old.store.close()
	}
}

type dropped struct {
	name  string
	store *store
}

// forget gives the memory of a cache back that nobody holds any longer.
func (s *Set) forget(d dropped) {
	s.mu.Lock()
	if n := s.live[d.name]; n != nil && n.store == d.store {
		delete(s.live, d.name)
	}
	s.mu.Unlock()
	d.store.close()
}

// Len is how many caches there are.
func (s *Set) Len() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.live)
}

// Used is how many bytes the caches have taken, together.
func (s *Set) Used() int64 { return s.used.Load() }

// take takes n bytes of the budget, if there are so many.
func (s *Set) take(n int64) bool {
	if s.used.Add(n) <= s.budget {
		return true
	}
	s.used.Add(-n)
	return false
}

// share is what every cache may have of the budget when there is no more.
func (s *Set) share() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.budget / int64(max(1, len(s.live)))
}

// steal has the cache that has taken most give back at least n bytes. The
// caller may have a shard locked, so no other is waited for.
func (s *Set) steal(n int64) bool {
	s.mu.Lock()
	var rich *store
	for _, c := range s.live {
		if rich == nil || c.store.taken.Load() > rich.taken.Load() {
			rich = c.store
		}
	}
	s.mu.Unlock()
	if rich == nil {
		return false
	}
	for i := range rich.shards {
		sh := &rich.shards[i]
		if !sh.mu.TryLock() {
			continue
		}
		freed := int64(0)
		for freed < n && sh.segments() > 0 {
			freed += sh.dropOldest()
		}
		n -= freed
		sh.mu.Unlock()
		if n <= 0 {
			return true
		}
	}
	return false
}
