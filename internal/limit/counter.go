package limit

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Totals is what a Counter knows of one day.
type Totals struct {
	Date  Date
	Used  int64 // on that day
	Week  int64 // on the days of its week before it
	Month int64 // on the days of its month before it
}

// InPeriod is how much was used in a period until the end of the day.
func (t Totals) InPeriod(p Period) int64 {
	return t.before(p) + t.Used
}

// before is how much was used in a period before the day.
func (t Totals) before(p Period) int64 {
	switch p {
	case Week:
		return t.Week
	case Month:
		return t.Month
	default:
		return 0
	}
}

// On is what is known at the beginning of a later day, if nothing was used
// between; on the same day it is t.
func (t Totals) On(d Date) Totals {
	if d <= t.Date {
		return t
	}
	next := Totals{Date: d}
	if d.Start(Week) == t.Date.Start(Week) {
		next.Week = t.InPeriod(Week)
	}
	if d.Start(Month) == t.Date.Start(Month) {
		next.Month = t.InPeriod(Month)
	}
	return next
}

// count is a day and what was counted on it, in one word: whoever counts sees
// both as they are at one moment, and needs no second line of memory for it.
// From the lowest bit: 43 of the count, one that says that it may be counted
// on, 20 of the date, until the year 4840.
type count uint64

const (
	countBits  = 43
	open       = count(1) << countBits
	latestDate = Date(1)<<20 - 1

	// mostKnown is the most that is taken up from elsewhere: what one day can
	// count beside that still fits.
	mostKnown = int64(1) << (countBits - 1)
)

func newCount(d Date, used int64) count {
	return count(within(d))<<(countBits+1) | open | count(min(max(used, 0), mostKnown))
}

func (c count) open() bool  { return c&open != 0 }
func (c count) date() Date  { return Date(c >> (countBits + 1)) }
func (c count) used() int64 { return int64(c & (open - 1)) }

// within is a date that a count can have.
func within(d Date) Date { return min(max(d, 0), latestDate) }

// Counter counts the use of one thing by day, week and month. Any number of
// goroutines may use it; they wait for each other only when a day begins.
type Counter struct {
	// now is the day that is counted, a count. It is not open before the first
	// day and while another one begins: then mu is to be waited for. Its date
	// never goes back, so one that was open and is the same has been all along.
	now atomic.Uint64

	// As the day began: set while now is not open. What of a day that is over is
	// returned later comes off them too.
	week, month atomic.Int64

	mu   sync.Mutex
	past []Totals // days that are over and that nobody has said Forget of
}

// Load makes the counter go on from what was known before. It is to be called
// before anything is counted.
func (c *Counter) Load(t Totals) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.week.Store(t.Week)
	c.month.Store(t.Month)
	c.now.Store(uint64(newCount(t.Date, t.Used)))
}

// Add counts one, and says on which day.
func (c *Counter) Add(today Date) Date {
	for {
		now := c.at(today)
		if c.now.CompareAndSwap(uint64(now), uint64(now+1)) {
			return now.date()
		}
	}
}

// AddWithin counts one and says on which day, unless the period has had as many
// as allowed; ok is false then. It never counts more than that, however many
// ask at a time.
func (c *Counter) AddWithin(today Date, p Period, allowed int64) (day Date, ok bool) {
	for {
		now := c.at(today)
		if now.used() >= allowed-c.before(p) {
			if c.now.Load() == uint64(now) { // else a day may have begun between the two
				return 0, false
			}
			continue
		}
		if c.now.CompareAndSwap(uint64(now), uint64(now+1)) {
			return now.date(), true
		}
	}
}

// before is how much was used in a period before the day.
func (c *Counter) before(p Period) int64 {
	switch p {
	case Week:
		return c.week.Load()
	case Month:
		return c.month.Load()
	default:
		return 0
	}
}

// Return takes one off the count of a day again.
func (c *Counter) Return(day Date) {
	if c.change(day, -1) {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.change(day, -1) {
		return
	}
	for i := range c.past {
		p := &c.past[i]
		switch {
		case p.Date == day:
			p.Used--
		case p.Date > day:
			p.Week -= oneIf(p.Date.Start(Week) == day.Start(Week))
			p.Month -= oneIf(p.Date.Start(Month) == day.Start(Month))
		}
	}
	if now := count(c.now.Load()).date(); now > day {
		c.week.Add(-oneIf(now.Start(Week) == day.Start(Week)))
		c.month.Add(-oneIf(now.Start(Month) == day.Start(Month)))
	}
}

func oneIf(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// Join adds what somebody else has counted on a day, if that is the last one
// here.
func (c *Counter) Join(day Date, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.change(day, n)
}

// change adds to the count of a day, if that is the one that is counted.
func (c *Counter) change(day Date, n int64) bool {
	for {
		now := count(c.now.Load())
		if !now.open() || now.date() != day {
			return false
		}
		if c.now.CompareAndSwap(uint64(now), uint64(newCount(day, now.used()+n))) {
			return true
		}
	}
}

// at is today's count. A day that is earlier than the last one seen, because a
// clock was set back, is that last day.
func (c *Counter) at(today Date) count {
	if now := count(c.now.Load()); now.open() && now.date() >= today {
		return now
	}
	return c.begin(today)
}

// begin begins a day, unless somebody else has.
func (c *Counter) begin(today Date) count {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := count(c.now.Load())
	if now.open() && now.date() >= within(today) {
		return now
	}
	if now.open() {
		for !c.now.CompareAndSwap(uint64(now), uint64(now&^open)) {
			now = count(c.now.Load())
		}
		over := c.totals(now)
		c.past = append(c.past, over)
		next := over.On(within(today))
		c.week.Store(next.Week)
		c.month.Store(next.Month)
	}
	now = newCount(today, 0)
	c.now.Store(uint64(now))
	return now
}

// totals is a count with what was before; mu is held.
func (c *Counter) totals(now count) Totals {
	return Totals{Date: now.date(), Used: now.used(), Week: c.week.Load(), Month: c.month.Load()}
}

// Totals is what is known of the last day that anything was counted on; ok is
// false if nothing ever was.
func (c *Counter) Totals() (t Totals, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := count(c.now.Load())
	if !now.open() {
		return Totals{}, false
	}
	return c.totals(now), true
}

// Past is the days that are over, the oldest first, until they are forgotten.
// A request that was counted before its day ended may still be returned.
func (c *Counter) Past() []Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.past)
}

// Forget drops the first n days of Past: they are kept elsewhere now.
func (c *Counter) Forget(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past = slices.Clone(c.past[n:])
}
