package usage

import (
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
)

// ledger is what one key has used of one plan. It outlives every change of the
// two, as long as both are there, also while the key is not in the plan.
type ledger struct {
	// What each request looks at, in one line of a cache.
	cell    *planCell // set before in ever is, then never again; nil: nobody has the ledger
	name    string    // of own, once it is named
	own     limit.Bucket
	extra   atomic.Pointer[limit.Extra]
	named   atomic.Bool
	in      atomic.Bool   // the key is in the plan
	dirty   atomic.Bool   // in the meter's stack
	first   atomic.Int32  // the day on which the key came into the plan
	counter limit.Counter // of which only the beginning is in the line

	key     string // its id
	buckets atomic.Pointer[bucket]
	next    *ledger // below it in the stack

	// What the store had when this process last read or wrote it: what it has
	// beyond that, another process has counted. Held: Meter.mu to load,
	// Meter.flushing to write.
	storedUsed int64
	storedDay  limit.Date
	gone       atomic.Bool // the key or the plan is: nothing is written any more
}

// fetch begins to bring the line that a request looks at near, and does not wait
// for it: an atomic load is never left out.
func (l *ledger) fetch() { l.in.Load() }

// take takes up what the store has.
func (l *ledger) take(doc api.Usage) {
	l.store(doc)
	l.counter.Load(Totals(doc))
}

// store takes note of what the store has.
func (l *ledger) store(doc api.Usage) { l.storedDay, l.storedUsed = limit.Date(doc.Day), doc.Used }

// others is what other processes have counted of the present day since the
// store was last looked at. One that begins the day later is not counted with.
func (l *ledger) others(now limit.Totals, doc api.Usage) int64 {
	switch {
	case limit.Date(doc.Day) != now.Date:
		return 0
	case l.storedDay != now.Date:
		return doc.Used
	}
	return max(0, doc.Used-l.storedUsed)
}

// bucket is the bucket of a throttle, and the next of the same ledger.
type bucket struct {
	name   string
	bucket limit.Bucket
	next   *bucket
}

// bucket is the bucket of a name, made when it is first asked for. A key has
// few of them: one a stage, and one for each method with a throttle of its own.
func (l *ledger) bucket(name string) *limit.Bucket {
	if l.named.Load() && l.name == name {
		return &l.own
	}
	if b := l.known(name); b != nil {
		return b
	}
	l.cell.naming.Lock()
	defer l.cell.naming.Unlock()
	if !l.named.Load() {
		l.name = name
		l.named.Store(true)
	}
	if l.name == name {
		return &l.own
	}
	if b := l.known(name); b != nil {
		return b
	}
	b := &bucket{name: name, next: l.buckets.Load()}
	l.buckets.Store(b)
	return &b.bucket
}

// known is the bucket of a name among those that stand elsewhere.
func (l *ledger) known(name string) *limit.Bucket {
	for b := l.buckets.Load(); b != nil; b = b.next {
		if b.name == name {
			return &b.bucket
		}
	}
	return nil
}

// soil puts the ledger among those that are to be written.
func (l *ledger) soil() {
	if l.dirty.Load() || !l.dirty.CompareAndSwap(false, true) {
		return
	}
	m := l.cell.meter
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
