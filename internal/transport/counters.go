package transport

import "sync/atomic"

// Counters count what a server did, for whoever exports them. All only grow,
// but Open.
type Counters struct {
	Accepted atomic.Int64 // connections
	Open     atomic.Int64 // connections open now
	Crowded  atomic.Int64 // connections closed at once, because there were too many
	Paused   atomic.Int64 // times that no connection could be accepted for a while: no descriptors or no memory
	Requests atomic.Int64 // requests with a complete head, over HTTP/1.1 and HTTP/2
	Aborted  atomic.Int64 // answers that broke off
	refused  [numStatuses]atomic.Int64
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
