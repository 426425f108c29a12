package program

import "errors"

// notSent marks the failure of a call that did not reach its origin.
type notSent struct{ error }

// Unwrap is the failure itself.
func (e notSent) Unwrap() error { return e.error }

// NotSent marks the failure of a call of which nothing has reached its origin,
// as no connection could be made. Drivers mark such failures, so that another
// origin may be asked; the text stays what it is.
func NotSent(err error) error { return notSent{err} }

// Alternates gives a call that could not be sent another origin.
type Alternates interface {
	// Other is another origin than failed, which could not be reached; tried
	// says how many were asked. Nil: there is none left.
	Other(failed *Origin, tried int) *Origin
}

// elsewhere has a call that was not sent made once more, to another origin. It
// does not where a body is relayed, part of which may be gone.
func (x *Exchange) elsewhere(err error) bool {
	if x.Call.Others == nil || x.Call.Stream {
		return false
	}
	if _, unsent := errors.AsType[notSent](err); !unsent {
		return false
	}
	x.Call.Tried++
	next := x.Call.Others.Other(x.Call.Origin, x.Call.Tried)
	if next == nil {
		return false
	}
	x.Call.Origin, x.waiting = next, true
	return true
}
