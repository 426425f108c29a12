package transport

import "sync/atomic"

// lanes is how many parts a counter has that grows with each request, a power
// of two. More loops than that share them.
const lanes = 16

// LaneCounter is a counter of which each lane (program.Exchange) has a part, in a
// cache line of its own: one that two cores write in turn costs them as much as
// some hundred instructions.
type LaneCounter struct {
	_     [64]byte // what stands before it is not written with it
	parts [lanes]struct {
		atomic.Int64
		_ [120]byte // two lines: some cores fetch them in pairs
	}
}

func (c *LaneCounter) add(lane uint32) { c.parts[lane%lanes].Add(1) }

// Load is the sum.
func (c *LaneCounter) Load() (n int64) {
	for i := range c.parts {
		n += c.parts[i].Load()
	}
	return n
}

// Counters count what a server did, for whoever exports them. All only grow,
// but Open.
type Counters struct {
	Accepted atomic.Int64 // connections
	Open     atomic.Int64 // connections open now
	Crowded  atomic.Int64 // connections closed at once, because there were too many
	Paused   atomic.Int64 // times that no connection could be accepted for a while: no descriptors or no memory
	Aborted  atomic.Int64 // answers that broke off
	refused  [numStatuses]atomic.Int64
	Requests LaneCounter // requests with a complete head, over HTTP/1.1 and HTTP/2
}

// refusals of the driver itself, by status.
const numStatuses = 9

// RefusedStatuses are the statuses with which a driver refuses a request
// before it has a route.
func RefusedStatuses() [numStatuses]int {
	return [numStatuses]int{400, 408, 413, 414, 417, 431, 500, 501, 505}
}

// Refused is how many requests were refused with a status before they had a
// route.
func (c *Counters) Refused(status int) int64 {
	for i, s := range RefusedStatuses() {
		if s == status {
			return c.refused[i].Load()
		}
	}
	return 0
}

func (c *Counters) refuse(status int) {
	for i, s := range RefusedStatuses() {
		if s == status {
			c.refused[i].Add(1)
		}
	}
}
