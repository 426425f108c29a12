package transport

import "time"

// LoopsConfig is all that Loops are told. Upstreams is needed.
type LoopsConfig struct {
	// Upstreams are where calls go. Servers on the loops use them, too; each
	// loop has connections of its own to them.
	Upstreams *Upstreams

	// N is how many loops there are. Default: as many as goroutines may run at a
	// time (GOMAXPROCS).
	N int

	// Helpers is how many goroutines of one loop may do work that waits; more
	// work waits in line. Default 8192.
	Helpers int
}

// Lag is how long a loop took for the connections that had something for it
// before it looked again: what a connection has to wait because of others.
type Lag struct {
	Turns   int64         // how often a loop looked and found something
	Busy    time.Duration // in all
	Longest time.Duration // since it was last asked for
	// Over counts turns by how long they took: Over[i] took more than
	// LagSteps()[i].
	Over [4]int64
}

// LagSteps are the steps of Lag.Over.
func LagSteps() [4]time.Duration {
	return [...]time.Duration{200 * time.Microsecond, time.Millisecond, 5 * time.Millisecond, 25 * time.Millisecond}
}
