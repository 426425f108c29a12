package lambda

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Limits of a call, in bytes.
// parity: services-observability.md 7.4
const (
	MaxRequest  = 6 << 20     // event of a synchronous call
	MaxResponse = 6<<20 + 100 // buffered result
	MaxStream   = 200 << 20   // streamed result
	maxTail     = 4 << 10     // LogTail
)

// Call is one invocation of a function.
type Call struct {
	// Function is the function's name: no ARN, no qualifier.
	Function string
	// Qualifier is a version or alias; empty means $LATEST.
	Qualifier string
	// Payload is the event, JSON by the caller's word; empty means {}. It is the
	// caller's again once Invoke has returned, also when ctx ended first.
	Payload []byte
	// ClientContext is the decoded JSON of X-Amz-Client-Context; may be empty.
	ClientContext []byte
	// TraceID is an X-Amzn-Trace-Id value; may be empty.
	TraceID string
	// Tail asks for Result.LogTail.
	Tail bool
	// Stream asks for Result.Stream.
	Stream bool
	// RequestID is the invocation's id. Default a random UUID.
	RequestID string
}

// Result is what a function answered. A function that failed is a Result too.
type Result struct {
	// Payload is the function's result, or its error's JSON; the caller owns it.
	// Nil when Stream is set.
	Payload []byte
	// FunctionError is "Unhandled" when the function failed, or empty.
	FunctionError string
	// ErrorType is the error's type when FunctionError is set.
	ErrorType string
	// ContentType is the content type that the function gave its answer; may be empty.
	ContentType string
	// ExecutedVersion is the version that ran.
	ExecutedVersion string
	// RequestID is the invocation's id.
	RequestID string
	// LogTail is the last 4 KB of the call's log if Call.Tail asked for it. With
	// Stream it is set once Stream has returned io.EOF or a *StreamError.
	LogTail []byte
	// Stream is the function's result as it comes, when Call.Stream asked for it
	// and the function did not fail before its first byte: also of a function that
	// answers in one piece. It ends in io.EOF or a *StreamError. The caller closes it.
	Stream io.ReadCloser
	// StreamContentType is ContentType; HTTPIntegration when Stream begins with a
	// Prelude.
	StreamContentType string
	// Cold tells whether the call was its environment's first.
	Cold bool
	// Duration is the time from handing over the event to the end of the answer;
	// with Stream, to its beginning.
	Duration time.Duration
	// Init is how long the environment took to start, if Cold.
	Init time.Duration
}

// Invoke calls a function and waits for its answer. Errors are ErrNoFunction,
// *Throttled, *TooLarge, *NotReady, *NoRuntime or ctx's own. When ctx ends the
// function goes on, as on AWS, and keeps its concurrency until it is done.
func (h *Host) Invoke(ctx context.Context, c Call) (*Result, error) {
	if len(c.Payload) > MaxRequest {
		return nil, &TooLarge{Size: len(c.Payload), Limit: MaxRequest}
	}
	if len(c.Payload) == 0 {
		c.Payload = []byte("{}")
	}
	c.RequestID = requestID(c.RequestID)
	select {
	case <-h.started:
	default:
		if err := h.awaitStart(ctx); err != nil {
			return nil, err
		}
	}
	h.mu.RLock()
	f, stopping := h.functions[c.Function], h.stopping
	h.mu.RUnlock()
	switch {
	case stopping:
		return nil, errStopped()
	case f == nil:
		return nil, fmt.Errorf("%w: %s", ErrNoFunction, c.Function)
	}
	going := &call{Call: c, done: make(chan outcome, 1)}
	if err := f.begin(going, rand.Float64()); err != nil { //nolint:gosec // a share of calls, no secret
		return nil, err
	}
	return going.wait(ctx)
}

func (h *Host) awaitStart(ctx context.Context) error {
	select {
	case <-h.started:
		return nil
	case <-h.stopped:
		return errStopped()
	case <-ctx.Done():
		return ctx.Err()
	}
}

func errStopped() error { return &NotReady{Reason: "the function host has stopped"} }
