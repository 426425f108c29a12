package wire

import (
	"context"
	"io"
	"net/http"
)

// Request is a call as it came in, its body read whole.
type Request struct {
	ID     string // the request id that the answer carries
	Method string
	Path   string // as sent: percent-encoded
	Query  string // as sent, without the question mark
	Header http.Header
	Body   []byte
	Labels []string // what the operation's labels match in Path, still encoded; set by routing
}

// Answer is what a codec made of an output or a failure. Exactly one of Body
// and Stream says what the body is; a nil Stream means Body, which may be empty.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte

	// Stream writes a body that is made while it is sent. flush hands what was
	// written to the client.
	Stream func(ctx context.Context, w io.Writer, flush func()) error
}

// Failure is a call that went wrong, in the caller's terms.
type Failure struct {
	Code    string // AWS's error code, such as NotFoundException
	Status  int    // HTTP status
	Message string // shown to the caller
	Sender  bool   // the caller can mend it

	// Shape and Value are the error as the model describes it; both nil where
	// the model knows no such error. Value is a structure of Shape.
	Shape *Shape
	Value any
}

// Error is the failure as text.
func (f *Failure) Error() string { return f.Code + ": " + f.Message }

// Key is the JSON member that the message stands in where the model does not
// say: denials have a capital letter.
// parity: security.md 2.9, control-plane.md 2.4
func (f *Failure) Key() string {
	if f.Code == "AccessDeniedException" {
		return "Message"
	}
	return "message"
}

// HasMessage reports whether the model gives the error a message of its own.
func (f *Failure) HasMessage() bool {
	if f.Shape == nil {
		return false
	}
	for i := range f.Shape.Members {
		if name := f.Shape.Members[i].Name; name == "message" || name == "Message" {
			return true
		}
	}
	return false
}
