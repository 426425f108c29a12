package limit

import (
	"sync/atomic"
	"time"
)

// Clock is the time as buckets and quotas see it.
type Clock struct {
	now  func() time.Time // nil: time.Now
	base time.Time

	// known is the date that Read says for a while, so that not each request asks
	// the system: the date in its low bits, above them until when, in ticks.
	known atomic.Int64
}

const (
	dateBits = 24 // 45,000 years
	tickBits = 20 // of nanoseconds, about a millisecond
)

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

// longestDate is how long Read says a date without a look at it: so late it
// sees that somebody has set the system's time.
const longestDate = time.Second

// Read is Nanos and Date of one moment.
func (c *Clock) Read() (nanos int64, today Date) {
	if c.now != nil {
		now := c.now()
		return int64(now.Sub(c.base)), DateOf(now)
	}
	nanos = int64(time.Since(c.base))
	if known := c.known.Load(); nanos>>tickBits < known>>dateBits {
		return nanos, Date(known & (1<<dateBits - 1))
	}
	return nanos, c.look(nanos)
}

// look finds out today's date, and until when it is that.
func (c *Clock) look(nanos int64) Date {
	now := time.Now()
	today := DateOf(now)
	left := min((today + 1).Time().Sub(now), longestDate)
	c.known.Store((nanos+int64(left))>>tickBits<<dateBits | int64(today))
	return today
}
