package transport

import "time"

// h2flood counts what costs more to take than to send.
// parity: security.md 9.6 (rapid reset and its server-side twin, PING and
// SETTINGS floods, empty frames)
type h2flood struct {
	clock   *clock
	since   moment // start of the period that is counted
	broken  int    // streams that the client or we reset in it
	streams int    // streams that ended in it
	frames  int    // PING, SETTINGS, PRIORITY, empty DATA
}

// Beyond these in a period, a connection ends.
const (
	floodPeriod = 10 * time.Second
	resetLimit  = 100
	cheapLimit  = 1000
)

func (f *h2flood) begin(c *clock) { f.clock, f.since = c, c.now() }

func (f *h2flood) period() {
	if now := f.clock.now(); now > f.since.plus(floodPeriod) {
		*f = h2flood{clock: f.clock, since: now}
	}
}

// cheap takes note of a frame that asks for nothing, and says whether they are
// too many.
func (f *h2flood) cheap() bool {
	f.period()
	f.frames++
	return f.frames > cheapLimit
}

// resets takes note of a reset, and says whether they are too many: more than
// the limit, or half of it if most streams end so.
func (f *h2flood) resets() bool {
	f.period()
	f.broken++
	return f.broken > resetLimit || f.broken > resetLimit/2 && 2*f.broken > f.streams
}

// ended takes note of the end of a stream.
func (f *h2flood) ended() {
	f.period()
	f.streams++
}
