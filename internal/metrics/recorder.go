// Package metrics counts what requests came to, under the names and
// dimensions that CloudWatch has for API Gateway.
//
// Each route of each stage has a Recorder: counters and histograms that only
// grow, one copy for about every core. A Set closes a period at each full
// minute, keeps what was new in it, and answers questions about the periods by
// summing up the routes. The law: a request is counted once in every dimension
// that holds it, recording takes neither lock nor memory, and what is kept is
// bounded.
package metrics

import (
	"math"
	"math/rand/v2"
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

// cell is the counters of some of the requests.
type cell struct {
	status       [6]atomic.Uint64 // by hundreds; 0: none of them
	hits, misses atomic.Uint64
	latency      histogram
	integration  histogram
}

// Record counts a request.
func (r *Recorder) Record(s Sample) {
	at := &r.cells[rand.Uint32()&uint32(len(r.cells)-1)] //nolint:gosec // no secret: any core may have any cell
	c := at.Load()
	if c == nil {
		c = newCell()
		if !at.CompareAndSwap(nil, c) {
			c = at.Load()
		}
	}
	class := s.Status / 100
	if class < 1 || class > 5 {
		class = 0
	}
	c.status[class].Add(1)
	c.latency.add(s.Latency)
	if s.Called {
		c.integration.add(s.Integration)
	}
	switch s.Cache {
	case CacheHit:
		c.hits.Add(1)
	case CacheMiss:
		c.misses.Add(1)
	case NotCached:
	}
	if r.gone.Load() {
		r.set.revive(r)
	}
}

func newCell() *cell {
	c := &cell{}
	c.latency.min.Store(math.MaxUint64)
	c.integration.min.Store(math.MaxUint64)
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
		for j := range t.status {
			t.status[j] += c.status[j].Load()
		}
		t.hits += c.hits.Load()
		t.misses += c.misses.Load()
		c.latency.read(&t.latency, reset)
		c.integration.read(&t.integration, reset)
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
