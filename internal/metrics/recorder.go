// Package metrics counts what requests came to, under the names and
// dimensions that CloudWatch has for API Gateway.
//
// Each route of each stage has a Recorder: counters and histograms that only
// grow, one copy for about every core. A Set closes a period at each full
// minute, keeps what was new in it, and answers questions about the periods by
// summing up the routes. The law: a request is counted once in every dimension
// that holds it, recording takes no memory and waits for nobody as long as one
// copy of the counters is free, and what is kept is bounded.
package metrics

import (
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// Series says whose numbers a Recorder has.
type Series struct {
	APIID, Stage     string
	Method, Resource string // of the route; both empty: all the others of the stage
}

// Cache is what a request came to in the stage's cache.
type Cache uint8

// A method that is not cached counts neither.
const (
	NotCached Cache = iota
	CacheHit
	CacheMiss
)

// Sample is one request.
type Sample struct {
	Status      int
	Latency     time.Duration
	Integration time.Duration // of the back end
	Called      bool          // there was a call to the back end
	Cache       Cache
}

// Recorder counts the requests of one series. Its methods may be called by any
// number of goroutines.
type Recorder struct {
	set    *Set
	series Series
	cells  []atomic.Pointer[cell]
	gone   atomic.Bool // the set has forgotten it for want of requests

	// the set's, under its lock
	api      string // name of the API, as CloudWatch shows it
	detailed bool   // CloudWatch has the route by itself
	before   totals // at the end of the last period
	active   int64  // the last minute with a request
}

// cell is the counters of some of the requests. One lock for all of them costs
// less than as many atomic counters as a request adds to.
type cell struct {
	mu           sync.Mutex
	status       [6]uint64 // by hundreds; 0: none of them
	hits, misses uint64
	latency      histogram
	integration  histogram
}

// Record counts a request.
func (r *Recorder) Record(s Sample) {
	class := s.Status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	c := r.free()
	c.status[class]++
	c.latency.add(s.Latency)
	if s.Called {
		c.integration.add(s.Integration)
	}
	switch s.Cache {
	case CacheHit:
		c.hits++
	case CacheMiss:
		c.misses++
	case NotCached:
	}
	c.mu.Unlock()
	if r.gone.Load() {
		r.set.revive(r)
	}
}

// free is a cell that nobody else has, locked. It waits only if there is none.
func (r *Recorder) free() *cell {
	first := 0
	if len(r.cells) > 1 {
		first = int(rand.Uint32()) & (len(r.cells) - 1) //nolint:gosec // no secret: any core may have any cell
	}
	for i := range r.cells {
		if c := r.cell((first + i) & (len(r.cells) - 1)); c.mu.TryLock() {
			return c
		}
	}
	c := r.cell(first)
	c.mu.Lock()
	return c
}

// cell is a cell by its number, which is made when it is first asked for.
func (r *Recorder) cell(i int) *cell {
	at := &r.cells[i]
	if c := at.Load(); c != nil {
		return c
	}
	c := &cell{}
	c.latency.min, c.integration.min = math.MaxUint64, math.MaxUint64
	if !at.CompareAndSwap(nil, c) {
		return at.Load()
	}
	return c
}

// totals is all that a recorder has counted.
type totals struct {
	status       [6]uint64
	hits, misses uint64
	latency      distribution
	integration  distribution
}

// read sums up the cells. With reset the extremes begin anew.
func (r *Recorder) read(reset bool) (t totals) {
	t.latency.min, t.integration.min = math.MaxUint64, math.MaxUint64
	for i := range r.cells {
		c := r.cells[i].Load()
		if c == nil {
			continue
		}
		c.mu.Lock()
		for j := range t.status {
			t.status[j] += c.status[j]
		}
		t.hits += c.hits
		t.misses += c.misses
		c.latency.read(&t.latency, reset)
		c.integration.read(&t.integration, reset)
		c.mu.Unlock()
	}
	return t
}

// since is what is new since an earlier reading; the extremes are those of the
// later one.
func (t *totals) since(b *totals) totals {
	n := *t
	for i := range n.status {
		n.status[i] -= b.status[i]
	}
	n.hits -= b.hits
	n.misses -= b.misses
	n.latency.subtract(&b.latency)
	n.integration.subtract(&b.integration)
	return n
}

func (t *totals) count() (n uint64) {
	for _, s := range t.status {
		n += s
	}
	return n
}
