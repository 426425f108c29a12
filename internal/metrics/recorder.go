// Package metrics counts what requests came to, under the names and
// dimensions that CloudWatch has for API Gateway.
//
// Each route of each stage has a Recorder: counters and histograms that only
// grow, one copy for about every core, so that no two cores write the same
// memory in turn. A Set closes a period at each full minute, keeps what was new
// in it, and answers questions about the periods by summing up the routes. The
// law: a request is counted once in every dimension that holds it, recording
// takes no memory and waits for nobody as long as one copy of the counters is
// free, and what is kept is bounded.
package metrics

import (
	"math"
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
	// Lane is what requests of one core have in common, any number. Those that
	// differ in it seldom write to the same memory.
	Lane uint32
}

// Recorder counts the requests of one series. Its methods may be called by any
// number of goroutines.
type Recorder struct {
	mask  uint32      // how many cells are used, less one
	gone  atomic.Bool // the set has forgotten it for want of requests
	cells [maxCells]atomic.Pointer[cell]

	set    *Set
	series Series

	// the set's, under its lock
	api      string // name of the API, as CloudWatch shows it
	detailed bool   // CloudWatch has the route by itself
	before   totals // at the end of the last period
	active   int64  // the last minute with a request
}

// maxCells is how many copies of its counters a recorder has at most, a power of
// two.
const maxCells = 8

// cell is the counters of some of the requests. One lock for all of them costs
// less than as many atomic counters as a request adds to. A usual request writes
// to two cache lines: the first, and that of its buckets.
type cell struct {
	mu          sync.Mutex
	latency     extent
	integration extent
	hits        uint64

	other  [6]uint64 // requests by hundreds of their status, 0: none of them; but not 2xx, which are the rest
	misses uint64
	_      uint64 // so that the size is that of whole lines
	count  [buckets]datapoints
}

// Record counts a request.
func (r *Recorder) Record(s Sample) {
	c := r.cells[s.Lane&r.mask%maxCells].Load()
	if c == nil || !c.mu.TryLock() {
		c = r.free(s.Lane)
	}
	us := microseconds(s.Latency)
	c.latency.add(us)
	c.count[bucketOf(us)].latency++
	if class := classOf(s.Status); class != success {
		c.other[class]++
	}
	if s.Called {
		us = microseconds(s.Integration)
		c.integration.add(us)
		c.count[bucketOf(us)].integration++
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

// success is the class of the statuses 2xx.
const success = 2

// classOf is the class of a status.
func classOf(status int) uint {
	if class := uint(status) / 100; class <= 5 {
		return class
	}
	return 0
}

// free is a cell that nobody else has, locked: that of the lane, if possible. It
// waits only if all are taken.
func (r *Recorder) free(lane uint32) *cell {
	for i := range r.mask + 1 {
		if c := r.cell(lane + i); c.mu.TryLock() {
			return c
		}
	}
	c := r.cell(lane)
	c.mu.Lock()
	return c
}

// cell is the cell of a lane, which is made when it is first asked for.
func (r *Recorder) cell(lane uint32) *cell {
	at := &r.cells[lane&r.mask%maxCells]
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
		c.read(&t, reset)
		c.mu.Unlock()
	}
	return t
}

// read adds what the cell has to t.
func (c *cell) read(t *totals, reset bool) {
	c.latency.read(&t.latency, reset)
	c.integration.read(&t.integration, reset)
	rest := uint64(0)
	for i := range c.count {
		n := &c.count[i]
		t.latency.count[i] += n.latency
		t.integration.count[i] += n.integration
		rest += n.latency
	}
	for i, n := range c.other {
		t.status[i] += n
		rest -= n
	}
	t.status[success] += rest
	t.hits += c.hits
	t.misses += c.misses
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
