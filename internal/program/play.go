package program

import (
	"errors"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// Step is one thing that a route does to an exchange. What it learned at
// deployment is in Run's closure.
type Step struct {
	Name string // what: authorize, integrate, ...
	Note string // how, for explain: "mock", "function arn:..."
	// Run does it. It may call x.Await after filling x.Call: the driver then
	// makes the call and the route goes on with the next step. An error that
	// is not a *Refusal is an internal failure.
	Run func(x *Exchange) error
	// Body says for which requests the step needs the whole body. Nil: for none
	// beyond those of a route that reads it anyway.
	Body func(x *Exchange) bool
	// Waits says that Run may block or work for more than 200 us; it is then
	// run off the driver's loop.
	Waits bool
	// Quick says of a step that Waits that it will not for this request. Nil:
	// it may for any.
	Quick func(x *Exchange) bool
}

// Compact drops the steps that have nothing to do.
func Compact(steps ...Step) []Step {
	kept := make([]Step, 0, len(steps))
	for _, s := range steps {
		if s.Run != nil {
			kept = append(kept, s)
		}
	}
	return kept
}

// Await asks the driver to make x.Call before the next step.
func (x *Exchange) Await() { x.waiting = true }

// Finish ends the route's steps, but for those of its tail: the answer stands.
func (x *Exchange) Finish() { x.next = max(x.next, len(x.Route.Steps)-x.Route.Tail) }

// Skip leaves out the next step. A step calls it that has done what the next
// one is for.
func (x *Exchange) Skip() { x.next++ }

// Play goes on with the exchange until it needs something or is done. A
// driver calls it again when it has what was wanted.
func (x *Exchange) Play() Want {
	unread := !x.bodyIn && x.Request.Length != http1.NoBody && x.Failure == nil
	if unread && x.Route.Body == BodyBuffer {
		return WantBody
	}
	for !x.waiting {
		if x.next >= len(x.Route.Steps) {
			x.seal()
			return Done
		}
		s := &x.Route.Steps[x.next]
		if unread && s.Body != nil && s.Body(x) {
			return WantBody
		}
		if s.Waits && (s.Quick == nil || !s.Quick(x)) {
			return WantWork
		}
		x.next++
		if err := s.Run(x); err != nil {
			x.Fail(err)
		}
	}
	x.waiting = false
	return WantCall
}

// Work runs the next step, which may wait; Play goes on after it.
func (x *Exchange) Work() {
	step := &x.Route.Steps[x.next]
	x.next++
	if err := step.Run(x); err != nil {
		x.Fail(err)
	}
}

// HasBody says whether the whole body of the request is in Body.
func (x *Exchange) HasBody() bool { return x.bodyIn }

// SetBody hands over the whole request body; Play goes on after it. A step
// that has the body may replace it.
func (x *Exchange) SetBody(body []byte) { x.Body, x.bodyIn = body, true }

// Fail ends the route with err as the answer: the only place where an error
// becomes a response. Drivers call it with what went wrong in a call.
func (x *Exchange) Fail(err error) {
	if x.elsewhere(err) {
		return
	}
	x.next = len(x.Route.Steps)
	x.waiting = false
	x.Land(false)
	x.Failure = &x.seldom().failed
	*x.Failure = refusalOf(err)
	x.refuse(x.Failure)
}

// refusalOf is the refusal that err is or wraps, as a copy: refusals may be
// shared by many exchanges.
func refusalOf(err error) Refusal {
	if r, ok := err.(*Refusal); ok { //nolint:errorlint // the common case, without an allocation
		return *r
	}
	if r, ok := errors.AsType[*Refusal](err); ok {
		return *r
	}
	return Refusal{Type: Internal, Cause: err}
}

// Finished runs the finishing steps, after the answer was sent.
func (x *Exchange) Finished() {
	x.Land(false)
	for i := range x.Route.Finish {
		_ = x.Route.Finish[i].Run(x) // a finishing step logs its own trouble; the client has its answer
	}
}
