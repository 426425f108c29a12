package control

import (
	"bytes"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Guard finds out who makes a call and whether they may. Its errors are faults,
// in the words of the protocol that was called.
type Guard interface {
	// Identify tells who signed a call.
	Identify(in *Incoming) (Caller, error)
	// Authorise refuses a caller who may not make the call. input is the
	// operation's input, not yet checked against the constraints of the model;
	// nil for a call that is passed on.
	Authorise(in *Incoming, who Caller, input any) error
}

// Incoming is a call as it came, for a Guard.
type Incoming struct {
	HTTP      *http.Request // its body is read already
	Body      []byte        // as sent: before a content coding is undone
	Scope     Scope
	Protocol  wire.Protocol
	Service   *wire.Service   // nil: the call is to be passed on
	Operation *wire.Operation // nil: not known
	Labels    []string        // of the operation's path, in their order, decoded
	Elsewhere string          // of a call to be passed on: SERVICE:OPERATION
}

// incoming is the call for the guard.
func (c *call) incoming() *Incoming {
	in := &Incoming{HTTP: c.http, Body: c.raw, Scope: c.scope, Protocol: c.protocol, Operation: c.op}
	if c.service != nil {
		in.Service = c.service.table
	}
	for _, label := range c.labels {
		in.Labels = append(in.Labels, decodedLabel(label))
	}
	return in
}

// identify tells who makes the call.
func (c *call) identify() (Caller, error) {
	switch {
	case c.server.guard == nil:
		return c.server.identify(c.http, c.scope)
	case c.op != nil && c.op.Open:
		return Caller{}, nil
	}
	return c.server.guard.Identify(c.incoming())
}

// authorise asks whether the caller may do what the input says.
func (c *call) authorise(who Caller, input any) error {
	if c.server.guard == nil || c.op.Open {
		return nil
	}
	return c.server.guard.Authorise(c.incoming(), who, input)
}

// guarded gives a handler that passes the call on once it is known that the
// caller may make it. The body is then read whole: a signature covers it.
func (c *call) guarded(service string, next http.Handler) http.Handler {
	if c.server.guard == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := c.admit(service); err != nil {
			c.protocol = c.guess()
			c.send(w, c.fail(err))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(c.raw))
		next.ServeHTTP(w, r)
	})
}

// admit asks whether a call to be passed on may be made.
func (c *call) admit(service string) (err error) {
	if c.raw, err = readAll(c.http.Body, lambdaLimit, c.http.ContentLength); err != nil {
		return c.tooLarge(lambdaLimit)
	}
	in := c.incoming()
	in.Protocol = c.guess()
	in.Elsewhere = service + ":" + c.elsewhere()
	who, err := c.server.guard.Identify(in)
	if err != nil {
		return err
	}
	return c.server.guard.Authorise(in, who, nil)
}

// elsewhere is the name of an operation of a service that is not known here,
// as far as the call tells it; else its method.
func (c *call) elsewhere() string {
	if target := c.http.Header.Values("X-Amz-Target"); len(target) == 1 {
		return target[0][strings.LastIndexByte(target[0], '.')+1:]
	}
	if isForm(c.http) {
		form, err := url.ParseQuery(string(c.raw) + "&" + c.query)
		if action := form["Action"]; err == nil && len(action) == 1 { // of two, the other end may read the other one
			return action[0]
		}
	}
	return c.http.Method
}

// decodedLabel is a label of a path without its percent-encoding, as the
// operation gets it.
func decodedLabel(label string) string {
	if text, err := url.PathUnescape(label); err == nil {
		return text
	}
	return label
}
