package transport

import "time"

// flow holds an answer that comes over time to what its program.Flow allows.
type flow struct {
	sent  int64  // bytes
	began moment // when all that is free was sent; 0: it is not yet
}

// took notes that n more bytes were sent, and waits until others may follow.
// What is beyond Free goes on at Rate from then on, however fast it came.
func (f *flow) took(e *exchange, to answerer, n int) {
	limit := &e.x.Answer.Flow
	f.sent += int64(n)
	over := f.sent - limit.Free
	if limit.Rate <= 0 || over <= 0 {
		return
	}
	now := e.srv.clock.now()
	if f.began == 0 {
		f.began = now
	}
	due := f.began.plus(time.Duration(float64(over) / float64(limit.Rate) * float64(time.Second)))
	if wait := time.Duration(due - now); wait > 0 {
		to.flush()
		e.aside(func() { time.Sleep(wait) })
		e.now = e.srv.clock.now()
	}
}

// left is for how long the answer may go on, 0 or less if its time is over.
func (f *flow) left(e *exchange) time.Duration {
	most := e.x.Answer.Flow.Time
	if most <= 0 {
		return time.Duration(never)
	}
	return most - time.Since(e.x.Start)
}
