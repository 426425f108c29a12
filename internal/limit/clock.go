package limit

import "time"

// Clock is the time as buckets and quotas see it.
type Clock struct {
	now  func() time.Time
	base time.Time
}

// NewClock makes a clock. now nil is time.Now.
func NewClock(now func() time.Time) *Clock {
	if now == nil {
		now = time.Now
	}
	return &Clock{now: now, base: now()}
}

// Nanos is the time since the clock was made, in nanoseconds. With time.Now it
// never goes back.
func (c *Clock) Nanos() int64 { return int64(c.now().Sub(c.base)) }

// Date is today, UTC.
func (c *Clock) Date() Date { return DateOf(c.now()) }

// Read is Nanos and Date of one moment.
func (c *Clock) Read() (nanos int64, today Date) {
	now := c.now()
	return int64(now.Sub(c.base)), DateOf(now)
}
