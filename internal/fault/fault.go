// Package fault is the control plane's one error.
//
// A handler returns an *Error (or any other error, which then counts as ours
// and shows no detail); control/render.go is the only place that writes one
// out in the wire form of the protocol that was called.
package fault

import "errors"

// Kind says what a caller can do about an error.
type Kind uint8

const (
	Internal     Kind = iota // ours; the caller sees no detail
	BadRequest               // fix the input
	NotFound                 // name something that exists
	Conflict                 // read again, then retry
	TooMany                  // wait, then retry
	Denied                   // ask for permission
	Precondition             // the revision moved on: read again
	TooLarge                 // send less
	Unavailable              // wait: a part that is needed is away
	Unbuilt                  // the operation exists on AWS and not here
)

// Error is a failed call, as its caller may see it.
type Error struct {
	Kind    Kind
	Type    string            // AWS's error code, such as ResourceConflictException; empty: the service's default for Kind
	Message string            // shown to the caller: no secret, no cause
	Status  int               // HTTP status; 0: the service's default for Kind
	Fields  map[string]string // further members of the error's shape, such as Reason
	Cause   error             // logged, never shown; may be nil
}

// New makes an error of kind k. cause is logged and never shown; it may be nil.
func (k Kind) New(cause error, message string) *Error {
	return &Error{Kind: k, Message: message, Cause: cause}
}

// Typed makes an error of kind k with AWS's error code.
func (k Kind) Typed(code, message string) *Error {
	return &Error{Kind: k, Type: code, Message: message}
}

// Error is the text for logs; callers see Message only.
func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	return e.Message
}

// Unwrap is the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether err is a fault of kind k.
func (k Kind) Is(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Kind == k
}
