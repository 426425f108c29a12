package metrics

import (
	"math"
	"math/bits"
	"time"
)

// buckets is how many a histogram has: four for each power of two of
// microseconds, up to half an hour. A quantile is exact to within a tenth.
const buckets = 120

// datapoints is how many durations fell into a bucket. Those of a request mostly
// fall into the same bucket, or into two that are near each other.
type datapoints struct{ latency, integration uint64 }

// extent is what a histogram has beside its buckets.
type extent struct {
	sum      uint64 // microseconds
	min, max uint64 // since the period began
}

// microseconds is a duration as it is counted.
func microseconds(d time.Duration) uint64 { return uint64(max(d.Microseconds(), 0)) }

// bucketOf is the bucket of a duration in microseconds.
func bucketOf(us uint64) int {
	if us < 4 {
		return int(us)
	}
	shift := bits.Len64(us) - 3
	return min(shift*4+int(us>>shift), buckets-1)
}

// lowest is the least duration in a bucket, in microseconds.
func lowest(bucket int) uint64 {
	if bucket < 4 {
		return uint64(bucket)
	}
	shift := bucket/4 - 1
	return uint64(bucket%4+4) << shift
}

func (h *extent) add(us uint64) {
	h.sum += us
	h.min, h.max = min(h.min, us), max(h.max, us)
}

func (h *extent) read(d *distribution, reset bool) {
	d.min, d.max = min(d.min, h.min), max(d.max, h.max)
	if reset {
		h.min, h.max = math.MaxUint64, 0
	}
	d.sum += h.sum
}

// distribution is a histogram that stands still.
type distribution struct {
	sum, min, max uint64 // microseconds
	count         [buckets]uint64
}

func (d *distribution) subtract(b *distribution) {
	d.sum -= b.sum
	for i := range d.count {
		d.count[i] -= b.count[i]
	}
}

// stretch is a distribution that is kept: the buckets that have something.
type stretch struct {
	sum, min, max uint64
	filled        []filled
}

type filled struct {
	bucket uint8
	n      uint32
}

func (d *distribution) stretch() stretch {
	s := stretch{sum: d.sum, min: d.min, max: d.max}
	for i, n := range d.count {
		if n > 0 {
			s.filled = append(s.filled, filled{uint8(i), uint32(min(n, math.MaxUint32))})
		}
	}
	return s
}

// Quantile is the value that a share of the datapoints, from 0 to 1, does not
// exceed. It is 0 if there are none.
func (p *Period) Quantile(share float64) float64 {
	rank := share * p.SampleCount
	for i, n := range p.count {
		if n == 0 {
			continue
		}
		if rank > float64(n) {
			rank -= float64(n)
			continue
		}
		low, high := float64(lowest(i)), float64(lowest(i+1))
		v := (low + (high-low)*max(rank, 0)/float64(n)) / 1000
		return min(max(v, p.Minimum), p.Maximum)
	}
	return p.Maximum
}
