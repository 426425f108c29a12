package limit

import (
	"runtime"
	"sync"
	"weak"
)

// Gate is a bucket with the limit that it is held to.
type Gate struct {
	bucket *Bucket
	limit  Limit
	clock  *Clock
}

// Take takes a token and reports whether there was one.
func (g *Gate) Take() bool { return g.bucket.Take(g.clock.Nanos(), g.limit) }

// Return puts back a token that was taken.
func (g *Gate) Return() { g.bucket.Return(g.limit) }

// Buckets finds buckets by name, so that a program and the one that takes its
// place share theirs. A bucket lives as long as somebody has a gate to it.
type Buckets struct {
	clock *Clock

	mu   sync.Mutex
	live map[string]weak.Pointer[Bucket]
}

// NewBuckets makes an empty set.
func NewBuckets(clock *Clock) *Buckets {
	return &Buckets{clock: clock, live: map[string]weak.Pointer[Bucket]{}}
}

// Gate is the way through the bucket of a name, held to l.
func (b *Buckets) Gate(name string, l Limit) *Gate {
	b.mu.Lock()
	defer b.mu.Unlock()
	bucket := b.live[name].Value()
	if bucket == nil {
		bucket = &Bucket{}
		b.live[name] = weak.Make(bucket)
		runtime.AddCleanup(bucket, b.forget, name)
	}
	return &Gate{bucket: bucket, limit: l, clock: b.clock}
}

// forget drops a name whose bucket is gone, unless it has a new one.
func (b *Buckets) forget(name string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live[name].Value() == nil {
		delete(b.live, name)
	}
}

// Len is how many names are known.
func (b *Buckets) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.live)
}
