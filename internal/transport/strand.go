package transport

import "time"

// strand is a coroutine of a loop. Code that is common to the drivers has one
// where it may not block; on a goroutine of its own it has none.
type strand interface {
	// aside runs f on a goroutine that may block, and goes on after it.
	aside(f func())
	// fork starts f on a strand beside this one.
	fork(f func()) branch
	// about is the moment about now: when the loop's turn began.
	about() moment
	// began is about now, by both clocks.
	began() (time.Time, moment)
	// pool is the part of a pool that belongs to the strand's loop.
	pool(p *pool) connPool
}

// phase is what a loop itself does for a connection, so that it is known what has
// panicked: looking out for that at each place costs a tenth of the driver's
// instructions.
type phase uint8

const (
	phaseOwn    phase = iota // nothing: the connection looks out for panics itself
	phaseLoop                // its own work
	phaseBegin               // the handler's
	phasePlay                // the route's
	phaseFinish              // the finishing steps'
)

// branch is something that runs beside whoever started it.
type branch interface {
	// over says that it has ended, and that what it did can be looked at.
	over() bool
	// soon is over, but waits a moment for it if that may help.
	soon() bool
	// wait waits until it has ended.
	wait()
}

// goroutine is a branch where there are no loops.
type goroutine struct{ done chan struct{} }

// fork starts f on a strand of on, or on a goroutine if that is nil.
func fork(on strand, f func()) branch {
	if on != nil {
		return on.fork(f)
	}
	g := goroutine{make(chan struct{})}
	go func() {
		defer close(g.done)
		f()
	}()
	return g
}

func (g goroutine) over() bool {
	select {
	case <-g.done:
		return true
	default:
		return false
	}
}

func (g goroutine) soon() bool {
	const moment = 20 * time.Millisecond
	wait := time.NewTimer(moment)
	defer wait.Stop()
	select {
	case <-g.done:
		return true
	case <-wait.C:
		return false
	}
}

func (g goroutine) wait() { <-g.done }
