package limit

import (
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

// Tally is a Counter's count of one day.
type Tally struct {
	used  atomic.Int64
	start Totals // as the day began; its Used is not in use
}

func (t *Tally) totals() Totals {
	all := t.start
	all.Used = t.used.Load()
	return all
}

// Return takes one off the count again.
func (t *Tally) Return() { t.used.Add(-1) }

// Counter counts the use of one thing by day, week and month. Any number of
// goroutines may use it; they wait for each other only when a day begins.
type Counter struct {
	today atomic.Pointer[Tally]

	mu   sync.Mutex
	past []*Tally // days that are over and that nobody has said Forget of
}

// Load makes the counter go on from what was known before. It is to be called
// before anything is counted.
func (c *Counter) Load(t Totals) {
	tally := &Tally{start: t}
	tally.used.Store(t.Used)
	c.today.Store(tally)
}

// Add counts one.
func (c *Counter) Add(today Date) *Tally {
	t := c.at(today)
	t.used.Add(1)
	return t
}

// Join adds what somebody else has counted on a day, if that is the last one
// here.
func (c *Counter) Join(day Date, n int64) {
	if t := c.today.Load(); t != nil && t.start.Date == day {
		t.used.Add(n)
	}
}

// AddWithin counts one, unless the period has had as many as allowed; it then
// answers nil. It never counts more than that, however many ask at a time.
func (c *Counter) AddWithin(today Date, p Period, allowed int64) *Tally {
	t := c.at(today)
	allowed -= t.start.before(p)
	for {
		used := t.used.Load()
		if used >= allowed {
			return nil
		}
		if t.used.CompareAndSwap(used, used+1) {
			return t
		}
	}
}

// at is today's tally. A day that is earlier than the last one seen, because a
// clock was set back, is that last day.
func (c *Counter) at(today Date) *Tally {
	if t := c.today.Load(); t != nil && t.start.Date >= today {
		return t
	}
	return c.begin(today)
}

func (c *Counter) begin(today Date) *Tally {
	c.mu.Lock()
	defer c.mu.Unlock()
	t := c.today.Load()
	switch {
	case t == nil:
		t = &Tally{start: Totals{Date: today}}
	case t.start.Date >= today:
		return t
	default:
		c.past = append(c.past, t)
		t = &Tally{start: t.totals().On(today)}
	}
	c.today.Store(t)
	return t
}

// Totals is what is known of the last day that anything was counted on; ok is
// false if nothing ever was.
func (c *Counter) Totals() (t Totals, ok bool) {
	tally := c.today.Load()
	if tally == nil {
		return Totals{}, false
	}
	return tally.totals(), true
}

// Past is the days that are over, the oldest first, until they are forgotten.
// A request that was being counted while its day ended may still change it.
func (c *Counter) Past() []Totals {
	c.mu.Lock()
	defer c.mu.Unlock()
	all := make([]Totals, len(c.past))
	for i, t := range c.past {
		all[i] = t.totals()
	}
	return all
}

// Forget drops the first n days of Past: they are kept elsewhere now.
func (c *Counter) Forget(n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.past = append([]*Tally(nil), c.past[n:]...)
}
