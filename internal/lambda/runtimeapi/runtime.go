package runtimeapi

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// errTooLarge ends the reading of an answer that is larger than it may be.
var errTooLarge = errors.New("answer is too large")

// pollGrace is how long a second long poll waits for the end of the first.
const pollGrace = time.Second

// next opens the runtime's long poll: Invoke will answer it.
func (c *conn) next() error {
	s := c.s
	s.mu.Lock()
	if s.poll != nil { // of a client that gave up waiting and asks anew?
		gone := s.pollGone
		s.mu.Unlock()
		select {
		case <-gone:
		case <-time.After(pollGrace):
		}
		s.mu.Lock()
	}
	if s.phase == running || s.phase == answering || s.poll != nil {
		s.mu.Unlock()
		return c.fail(403, "InvalidStateTransition", "Transition from Running to Ready is not allowed")
	}
	s.phase, s.poll, s.pollGone, s.current = waiting, c, make(chan struct{}), nil
	s.settle()
	return nil
}

// claim makes the caller the one who answers invocation id; it writes the refusal itself.
func (c *conn) claim(id string) (*Invocation, error) {
	s := c.s
	s.mu.Lock()
	v := s.current
	switch {
	case v == nil && s.phase == starting:
		s.mu.Unlock()
		return nil, c.fail(403, "InvalidStateTransition", "Transition from Started to InvocationResponse is not allowed")
	case s.phase != running || v.RequestID != id:
		s.mu.Unlock()
		return nil, c.fail(400, "InvalidRequestID", "Invalid request ID")
	}
	s.phase = answering
	s.mu.Unlock()
	return v, nil
}

// settled notes that the Environment has the current invocation's answer: only
// now may the runtime ask for the next one.
func (s *Server) settled() {
	s.mu.Lock()
	if s.phase == answering {
		s.phase = answered
	}
	s.mu.Unlock()
}

// response takes the runtime's result.
func (c *conn) response(id string, q *request, b *body) error {
	v, err := c.claim(id)
	if v == nil {
		return err
	}
	if q.mode != "" && !strings.EqualFold(q.mode, "streaming") {
		const kind = "Runtime.InvalidResponseModeHeader"
		c.s.env.Answered(v, Answer{Error: true, ErrorType: kind})
		c.s.settled()
		return c.fail(400, kind, "Invalid response mode header")
	}
	if v.Stream {
		return c.stream(v, q, b)
	}
	payload, err := readAll(b, q.length, c.s.fn.MaxResponse)
	switch {
	case errors.Is(err, errTooLarge):
		return c.refuseLarge(v, b)
	case err != nil:
		c.s.env.Broken(v)
		return err
	}
	a := Answer{Payload: payload, ContentType: q.contentType}
	if b.errorType != "" {
		a = Answer{Payload: errorBody(b), Error: true, ErrorType: b.errorType}
	}
	c.s.env.Answered(v, a)
	c.s.settled()
	return c.accepted()
}

// refuseLarge answers an oversized result, once the runtime has sent all of it:
// most clients do not look for an answer before that.
func (c *conn) refuseLarge(v *Invocation, b *body) error {
	c.s.env.Answered(v, Answer{Error: true, TooLarge: true})
	_, err := io.Copy(io.Discard, b)
	c.s.settled()
	if err != nil {
		return err
	}
	return c.fail(413, "RequestEntityTooLarge", fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", c.s.fn.MaxResponse))
}

// stream passes the result on as it comes. It is begun with the first byte, so
// that a function that fails before is answered like any other.
func (c *conn) stream(v *Invocation, q *request, b *body) error {
	buf := make([]byte, 16<<10)
	n, err := b.Read(buf)
	if err != nil && b.errorType != "" {
		c.s.env.Answered(v, Answer{Payload: errorBody(b), Error: true, ErrorType: b.errorType})
		c.s.settled()
		return c.accepted()
	}
	if err != nil && !errors.Is(err, io.EOF) {
		c.s.env.Broken(v)
		return err
	}
	out := newStream()
	c.s.env.Answered(v, Answer{ContentType: q.contentType, Stream: out})
	total := 0
	for ; err == nil; n, err = b.Read(buf) {
		if total += n; total > c.s.fn.MaxStream {
			c.s.env.Streamed(v, out, "Function.ResponseSizeTooLarge", nil)
			return c.refuseStream(b)
		}
		_, _ = out.Write(buf[:n]) // never fails
	}
	if !errors.Is(err, io.EOF) {
		c.s.env.Broken(v)
		return err
	}
	c.s.env.Streamed(v, out, b.errorType, errorBody(b))
	c.s.settled()
	return c.accepted()
}

func (c *conn) refuseStream(b *body) error {
	_, err := io.Copy(io.Discard, b)
	c.s.settled()
	if err != nil {
		return err
	}
	return c.fail(413, "RequestEntityTooLarge", fmt.Sprintf("Exceeded maximum allowed payload size (%d bytes).", c.s.fn.MaxStream))
}

// invocationError takes the runtime's error.
func (c *conn) invocationError(id string, q *request, b *body) error {
	v, err := c.claim(id)
	if v == nil {
		return err
	}
	payload, err := readAll(b, q.length, c.s.fn.MaxResponse)
	switch {
	case errors.Is(err, errTooLarge):
		return c.refuseLarge(v, b)
	case err != nil:
		c.s.env.Broken(v)
		return err
	}
	c.s.env.Answered(v, Answer{Payload: payload, Error: true, ErrorType: q.errorType})
	c.s.settled()
	return c.accepted()
}

// initError takes the error that the runtime dies of before its first event.
func (c *conn) initError(q *request, b *body) error {
	payload, err := readAll(b, q.length, c.s.fn.MaxResponse)
	if errors.Is(err, errTooLarge) {
		return c.fail(413, "RequestEntityTooLarge", "Exceeded maximum allowed payload size.")
	}
	if err != nil {
		return err
	}
	c.s.mu.Lock()
	ok := c.s.phase == starting
	c.s.mu.Unlock()
	if !ok {
		return c.fail(403, "InvalidStateTransition", "Transition from Running to InitError is not allowed")
	}
	err = c.accepted()
	c.s.env.InitFailed(Answer{Payload: payload, Error: true, ErrorType: q.errorType})
	return err
}

// readAll reads a body of at most limit bytes.
func readAll(b *body, length int64, limit int) ([]byte, error) {
	if length > int64(limit) {
		return nil, errTooLarge
	}
	size := 512
	if length >= 0 {
		size = int(length) + 1 // one to spare, to see the end without growing
	}
	p := make([]byte, 0, size)
	for {
		if len(p) == cap(p) {
			p = append(p, 0)[:len(p)]
		}
		n, err := b.Read(p[len(p):cap(p)])
		p = p[:len(p)+n]
		switch {
		case len(p) > limit:
			return nil, errTooLarge
		case errors.Is(err, io.EOF):
			return p, nil
		case err != nil:
			return nil, err
		}
	}
}

// errorBody is the error's JSON out of the trailers.
// parity: services-observability.md 7.1.1
func errorBody(b *body) []byte {
	p, err := base64.StdEncoding.DecodeString(b.errorBody)
	if err != nil {
		return nil
	}
	return p
}
