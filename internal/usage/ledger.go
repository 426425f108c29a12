package usage

import (
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
)

// ledger is what one key has used of one plan. It outlives every change of the
// two, as long as both are there.
type ledger struct {
	// What each request looks at, in one line of a cache.
	cell    *planCell
	buckets atomic.Pointer[named] // the first of them
	own     named                 // one of them, once it is taken
	taken   atomic.Bool
	dirty   atomic.Bool   // in the meter's stack
	counter limit.Counter // of which only the beginning is in the line

	gone  atomic.Bool  // the key or the plan is: nothing is written any more
	first atomic.Int32 // the day on which the key came into the plan
	extra atomic.Pointer[limit.Extra]

	plan, key string  // ids
	next      *ledger // below it in the stack

	// stored is what the store had when this process last read or wrote it: what
	// it has beyond that, another process has counted. Held: Meter.mu to load,
	// Meter.flushing to write.
	stored limit.Totals
}

// take takes up what the store has.
func (l *ledger) take(doc api.Usage) {
	l.stored = Totals(doc)
	l.counter.Load(l.stored)
}

// others is what other processes have counted of the present day since the
// store was last looked at. One that begins the day later is not counted with.
func (l *ledger) others(now limit.Totals, doc api.Usage) int64 {
	switch {
	case limit.Date(doc.Day) != now.Date:
		return 0
	case l.stored.Date != now.Date:
		return doc.Used
	}
	return max(0, doc.Used-l.stored.Used)
}

// named is the bucket of a throttle, and the next of the same ledger.
type named struct {
	name   string
	bucket limit.Bucket
	next   *named
}

// bucket is the bucket of a name, made when it is first asked for. A key has
// few of them: one a stage, and one for each method with a throttle of its own.
func (l *ledger) bucket(name string) *limit.Bucket {
	for {
		first := l.buckets.Load()
		for b := first; b != nil; b = b.next {
			if b.name == name {
				return &b.bucket
			}
		}
		b := &l.own
		if !l.taken.CompareAndSwap(false, true) {
			b = &named{}
		}
		b.name, b.next = name, first
		if l.buckets.CompareAndSwap(first, b) {
			return &b.bucket
		}
	}
}

// soil puts the ledger among those that are to be written.
func (m *Meter) soil(l *ledger) {
	if l.dirty.Load() || !l.dirty.CompareAndSwap(false, true) {
		return
	}
	for {
		l.next = m.dirty.Load()
		if m.dirty.CompareAndSwap(l.next, l) {
			return
		}
	}
}

// soiled empties the stack.
func (m *Meter) soiled() []*ledger {
	var all []*ledger
	for l := m.dirty.Swap(nil); l != nil; {
		next := l.next
		all = append(all, l)
		l.dirty.Store(false) // from here on l may be in the stack again
		l = next
	}
	return all
}
