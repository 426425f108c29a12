package limit

import "sync/atomic"

// Limit is what a token bucket is held to. The zero Limit is no limit.
type Limit struct {
	interval int64 // grains between two tokens; 0: no limit, or none pass
	capacity int64 // grains until an empty bucket is full
	closed   bool  // nothing passes
}

// Buckets count time in grains, 16 to a nanosecond: a rate is kept to within a
// part in 32 thousand million of it, and a process may run for 18 years.
const (
	grain   = 16
	horizon = 1 << 61 // the longest time to fill a bucket, about 4.5 years
)

// New is the limit of a bucket that holds burst tokens and gains rate a second.
// Without either of them, or with less, nothing passes at all; a rate above
// sixteen thousand million is no limit. An empty bucket is full again after 4.5
// years, however low its rate.
func New(rate float64, burst int64) Limit {
	if !(rate > 0) || burst <= 0 { // NaN is no rate
		return Limit{closed: true}
	}
	if rate > grain*1e9 {
		return Limit{}
	}
	longest := horizon / burst
	interval := longest
	if exact := grain * 1e9 / rate; exact < float64(longest) {
		interval = int64(exact + 0.5)
	}
	return Limit{interval: interval, capacity: interval * burst}
}

// None reports that everything passes.
func (l Limit) None() bool { return l.interval == 0 && !l.closed }

// Bucket is a token bucket, full when new. Any number of goroutines may use it;
// none waits for another. It is the generic cell rate algorithm: the cell is
// the time at which the bucket is full again.
type Bucket struct{ full atomic.Int64 }

// Take takes a token at a time of a Clock, in nanoseconds, and reports whether
// there was one. In any span of t seconds no more than burst + t*rate pass, and
// no fewer if they are asked for.
func (b *Bucket) Take(nanos int64, l Limit) bool {
	if l.interval == 0 {
		return !l.closed
	}
	now := nanos * grain
	latest := now + l.capacity
	for {
		full := b.full.Load()
		if full > latest { // the limit was a slower one before: the bucket is empty, not in debt
			b.full.CompareAndSwap(full, latest)
			return false
		}
		next := max(full, now) + l.interval
		if next > latest {
			return false
		}
		if b.full.CompareAndSwap(full, next) {
			return true
		}
	}
}

// Return puts back a token taken under the same limit, for a request that was
// refused elsewhere.
func (b *Bucket) Return(l Limit) { b.full.Add(-l.interval) }
