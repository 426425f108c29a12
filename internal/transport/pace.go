package transport

import "time"

// pace is how fast a body comes. Slow is a client that makes us wait longer
// than BodyGrace for fewer bytes than BodyRate allows; time that an upstream
// took does not count.
type pace struct {
	seen   int64         // bytes
	waited time.Duration // for the client
}

// wait is how long the next part may take; nothing, if the client was too slow.
func (p *pace) wait(t *Timeouts) time.Duration {
	allowed := max(t.BodyGrace, time.Duration(p.seen/t.BodyRate)*time.Second)
	return min(t.BodyIdle, allowed-p.waited)
}

// add takes note of n bytes and how long they took.
func (p *pace) add(n int, took time.Duration) {
	p.seen += int64(n)
	p.waited += took
}
