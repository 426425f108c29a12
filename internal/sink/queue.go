// Package sink takes the lines that requests leave behind and writes them
// where no request waits for it.
//
// A Queue gathers records in batches, one being filled for about every core, so
// that requests do not meet at a lock or in a cache line; one goroutine writes
// full batches, and what there is after a while. The law: a request never waits
// for a writer, memory is bounded, and every record is written or counted as
// dropped.
package sink

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// batchSize is how many bytes are written at once, in one system call.
	batchSize = 64 << 10
	// spare is the room that a batch has for a record of unknown length; a longer
	// one makes its batch grow.
	spare = 4 << 10
	// maxBatches is how many batches a queue may have, being filled or waiting.
	maxBatches = 64
)

// Queue gathers records. Put may be called by any number of goroutines.
type Queue struct {
	every  time.Duration
	shards []shard
	mask   uint32

	batches atomic.Int64 // that exist
	full    chan batch
	free    chan []byte
	pending atomic.Bool // there is something, and the writer knows
	wake    chan struct{}
	dropped atomic.Int64
}

// shard is the batch that some of the requests fill.
type shard struct {
	mu sync.Mutex
	batch
	_ [88]byte // two cache lines of its own: some cores fetch them in pairs
}

// batch is records; nil bytes: there is none.
type batch struct {
	bytes   []byte
	records int
}

// NewQueue makes a queue whose records are written after every at the latest,
// unless the writer is behind.
func NewQueue(every time.Duration) *Queue {
	n := 1
	for n < runtime.GOMAXPROCS(0) && n < maxBatches/4 {
		n *= 2
	}
	return &Queue{
		every: every, shards: make([]shard, n), mask: uint32(n - 1), full: make(chan batch, maxBatches), free: make(chan []byte, 2*n),
		wake: make(chan struct{}, 1),
	}
}

// Dropped is how many records were given up because the writer was behind.
func (q *Queue) Dropped() int64 { return q.dropped.Load() }

// Put takes a record, the two parts one behind the other. It is false if there
// is no room for it.
func (q *Queue) Put(head, body []byte) bool { return q.PutAll(head, body, 1) }

// PutAll is Put for several records that stay together, in their order.
func (q *Queue) PutAll(head, body []byte, records int) bool {
	s := q.lock(rand.Uint32()) //nolint:gosec // no secret: any shard will do
	ok := q.put(s, head, body, records)
	s.mu.Unlock()
	if !ok {
		q.dropped.Add(int64(records))
		return false
	}
	if !q.pending.Load() {
		q.call()
	}
	return true
}

// call wakes the writer, if nobody has.
func (q *Queue) call() {
	if !q.pending.CompareAndSwap(false, true) {
		return
	}
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// PutOf takes the record that write appends to dst, and end behind it. It is
// false if there is no room for it. lane is what records of one core have in
// common, any number: those that differ in it seldom meet.
func (q *Queue) PutOf(lane uint32, of any, write func(of any, dst []byte) []byte, end byte) bool {
	if !q.putOf(q.lock(lane), of, write, end) {
		q.dropped.Add(1)
		return false
	}
	if !q.pending.Load() {
		q.call()
	}
	return true
}

// putOf lets write append to the batch of a shard, which is locked and will not
// be.
func (q *Queue) putOf(s *shard, of any, write func(of any, dst []byte) []byte, end byte) bool {
	defer s.mu.Unlock() // also when write panics
	if s.bytes == nil || len(s.bytes) > batchSize-spare {
		if !q.next(s) {
			return false
		}
	}
	s.bytes = append(write(of, s.bytes), end)
	s.records++
	return true
}

// next gives a shard an empty batch, false if there are too many. What the
// shard had goes to the writer.
func (q *Queue) next(s *shard) bool {
	if s.bytes != nil {
		q.full <- s.batch // it has room for every batch there may be
	}
	s.batch = batch{bytes: q.fresh()}
	return s.bytes != nil
}

// lock finds a shard that nobody else is filling just now: that of the lane, if
// possible.
func (q *Queue) lock(lane uint32) *shard {
	for i := range q.mask + 1 {
		if s := &q.shards[(lane+i)&q.mask]; s.mu.TryLock() {
			return s
		}
	}
	s := &q.shards[lane&q.mask]
	s.mu.Lock()
	return s
}

func (q *Queue) put(s *shard, head, body []byte, records int) bool {
	if s.bytes == nil || len(s.bytes)+len(head)+len(body) > batchSize {
		if !q.next(s) {
			return false
		}
	}
	s.bytes = append(append(s.bytes, head...), body...)
	s.records += records
	return true
}

// fresh is memory for a batch, nil if there are too many.
func (q *Queue) fresh() []byte {
	select {
	case b := <-q.free:
		return b
	default:
	}
	if q.batches.Add(1) > maxBatches {
		q.batches.Add(-1)
		return nil
	}
	return make([]byte, 0, batchSize)
}

// recycle gives a batch back once it is written.
func (q *Queue) recycle(b batch) {
	if cap(b.bytes) <= 2*batchSize {
		select {
		case q.free <- b.bytes[:0]:
			return
		default:
		}
	}
	q.batches.Add(-1)
}

// Run has write write what is put, until ctx is done and all is written. The
// bytes are write's only until it returns.
func (q *Queue) Run(ctx context.Context, write func(bytes []byte, records int)) {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	defer timer.Stop()
	for {
		select {
		case b := <-q.full:
			write(b.bytes, b.records)
			q.recycle(b)
		case <-q.wake:
			timer.Reset(q.every)
		case <-timer.C:
			q.sweep(write)
		case <-ctx.Done():
			q.sweep(write)
			return
		}
	}
}

// sweep writes all there is.
func (q *Queue) sweep(write func([]byte, int)) {
	q.pending.Store(false) // before the look: who comes after it wakes the writer again
	for {
		select {
		case b := <-q.full:
			write(b.bytes, b.records)
			q.recycle(b)
			continue
		default:
		}
		break
	}
	for i := range q.shards {
		s := &q.shards[i]
		s.mu.Lock()
		b := s.batch
		s.batch = batch{}
		s.mu.Unlock()
		if b.bytes != nil {
			write(b.bytes, b.records)
			q.recycle(b)
		}
	}
}
