package limit_test

import (
	"math"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// TestBucketLaw: a bucket does what one does that is filled drop by drop.
func TestBucketLaw(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := rapid.SampledFrom([]int64{1, 2, 5, 10, 64, 1000, 10000, 1_000_000}).Draw(t, "rate") // each divides 16e9
		burst := rapid.Int64Range(1, 50).Draw(t, "burst")
		interval := 16_000_000_000 / rate
		level, now := burst*interval, int64(0)
		var b limit.Bucket
		l := limit.New(float64(rate), burst)
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			wait := rapid.Int64Range(0, 3_000_000_000/rate).Draw(t, "wait")
			now += wait
			level = min(burst*interval, level+wait*16)
			want := level >= interval
			if got := b.Take(now, l); got != want {
				t.Fatalf("Take at %d = %v, want %v", now, got, want)
			}
			if want {
				level -= interval
				if rapid.IntRange(0, 9).Draw(t, "return") == 0 {
					b.Return(l)
					level += interval
				}
			}
		}
	})
}

// TestBucketLimits: what rates and bursts at their edges let pass at once, and
// how long it takes until one more does.
func TestBucketLimits(t *testing.T) {
	for _, tt := range []struct {
		name  string
		rate  float64
		burst int64
		pass  int // of 100 at once
		next  time.Duration
	}{
		{"one a second", 1, 1, 1, time.Second},
		{"three at once", 10, 3, 3, 100 * time.Millisecond},
		{"a fraction", 0.5, 2, 2, 2 * time.Second},
		{"a third", 1.0 / 3, 1, 1, 3 * time.Second},
		{"one a day", 1.0 / 86400, 5, 5, 24 * time.Hour},
		{"the lowest", math.SmallestNonzeroFloat64, 7, 7, time.Duration(1 << 61 / 16 / 7)},
		{"the largest burst", 1, math.MaxInt32, 100, 0},
		{"no rate", 0, 10, 0, 0},
		{"no burst", 10, 0, 0, 0},
		{"negative", -1, -1, 0, 0},
		{"not a number", math.NaN(), 1, 0, 0},
		{"infinite", math.Inf(1), 1, 100, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := limit.New(tt.rate, tt.burst)
			var b limit.Bucket
			passed := 0
			for range 100 {
				if b.Take(0, l) {
					passed++
				}
			}
			if passed != tt.pass {
				t.Fatalf("%d of 100 pass at once, want %d", passed, tt.pass)
			}
			if tt.next == 0 {
				return
			}
			if b.Take(int64(tt.next)-2, l) || !b.Take(int64(tt.next)+2, l) {
				t.Errorf("the next does not pass after %v", tt.next)
			}
		})
	}
	var b limit.Bucket
	if !(limit.Limit{}).None() || limit.New(0, 0).None() || !b.Take(0, limit.Limit{}) {
		t.Error("the zero Limit must let everything pass")
	}
}

// A bucket that is held to a faster limit from now on is not in debt for what
// passed under the slower one.
func TestBucketLimitChanges(t *testing.T) {
	var b limit.Bucket
	slow, fast := limit.New(0.01, 100), limit.New(100, 10)
	for b.Take(0, slow) {
	}
	if b.Take(0, fast) {
		t.Error("an empty bucket has a token")
	}
	if !b.Take(int64(11*time.Millisecond), fast) {
		t.Error("no token after the time of one")
	}
	if b.Take(int64(11*time.Millisecond), fast) {
		t.Error("a second token after the time of one")
	}
}

// TestGateRate: several goroutines that ask as fast as they can get burst and
// rate exactly, in virtual time.
func TestGateRate(t *testing.T) {
	for _, workers := range []int{1, 4, 16} {
		synctest.Test(t, func(t *testing.T) {
			gate := limit.NewBuckets(limit.NewClock(nil)).Gate("x", limit.New(500, 20))
			var passed atomic.Int64
			var wg sync.WaitGroup
			for range workers {
				wg.Go(func() {
					for range 10_000 { // ten seconds
						if gate.Take() {
							passed.Add(1)
						}
						time.Sleep(time.Millisecond)
					}
				})
			}
			wg.Wait()
			if got := passed.Load(); got != 20+4999 { // the last ask at 9.999 s
				t.Errorf("%d workers: %d passed in 10 s, want 5019", workers, got)
			}
		})
	}
}

// TestGateTogether: real goroutines on one bucket never get one token twice.
func TestGateTogether(t *testing.T) {
	gate := limit.NewBuckets(limit.NewClock(func() time.Time { return time.Unix(1, 0) })).Gate("x", limit.New(1, 1000))
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 1000 {
				if gate.Take() {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if passed.Load() != 1000 {
		t.Errorf("%d passed, want the 1000 that there were", passed.Load())
	}
	gate.Return()
	if !gate.Take() || gate.Take() {
		t.Error("what was returned can be taken once")
	}
}

func TestAllocs(t *testing.T) {
	gate := limit.NewBuckets(limit.NewClock(nil)).Gate("x", limit.New(1000, 10))
	var c limit.Counter
	today := limit.DateOf(time.Now())
	if got := testing.AllocsPerRun(1000, func() {
		gate.Take()
		c.AddWithin(today, limit.Month, 1<<40)
	}); got > 0 {
		t.Errorf("a request allocates %v times, want 0", got)
	}
}

func BenchmarkTake(b *testing.B) {
	gate := limit.NewBuckets(limit.NewClock(nil)).Gate("x", limit.New(1e6, 1000))
	b.ReportAllocs()
	for b.Loop() {
		gate.Take()
	}
}

func BenchmarkTakeTogether(b *testing.B) {
	gate := limit.NewBuckets(limit.NewClock(nil)).Gate("x", limit.New(1e6, 1000))
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			gate.Take()
		}
	})
}

func BenchmarkAddWithin(b *testing.B) {
	var c limit.Counter
	today := limit.DateOf(time.Now())
	b.ReportAllocs()
	for b.Loop() {
		c.AddWithin(today, limit.Month, 1<<60)
	}
}
