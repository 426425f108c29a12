package limit

import "time"

// Clock is the time as buckets and quotas see it.
type Clock struct {
	now  func() time.Time // nil: time.Now
	base time.Time
}

// NewClock makes a clock. now nil is time.Now.
func NewClock(now func() time.Time) *Clock {
	c := &Clock{now: now}
	c.base = c.time()
	return c
}

func (c *Clock) time() time.Time {
	if c.now == nil {
		return time.Now()
	}
	return c.now()
}

// Nanos is the time since the clock was made, in nanoseconds. With time.Now it
// never goes back.
func (c *Clock) Nanos() int64 {
	if c.now == nil {
		return int64(time.Since(c.base)) // does not ask for the date, which is half of what time.Now costs
	}
	return int64(c.now().Sub(c.base))
}

// Date is today, UTC.
func (c *Clock) Date() Date { return DateOf(c.time()) }

// Read is Nanos and Date of one moment.
func (c *Clock) Read() (nanos int64, today Date) {
	now := c.time()
	return int64(now.Sub(c.base)), DateOf(now)
}
