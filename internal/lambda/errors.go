package lambda

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// ErrNoFunction says that the function, version or alias is not defined.
var ErrNoFunction = errors.New("function not found")

// The reasons of a Throttled, as AWS names them.
// parity: services-observability.md 7.4
const (
	ReservedLimit = "ReservedFunctionConcurrentInvocationLimitExceeded"
	AccountLimit  = "ConcurrentInvocationLimitExceeded"
)

// Throttled says that a concurrency limit is reached. It is immediate: the host
// never queues a call for want of concurrency.
type Throttled struct {
	// Reason is ReservedLimit or AccountLimit.
	Reason string
	// RetryAfter is a hint for the caller.
	RetryAfter time.Duration
}

func (e *Throttled) Error() string { return "Rate Exceeded." }

// TooLarge says that the event is larger than a call may carry.
type TooLarge struct {
	// Size and Limit are in bytes.
	Size, Limit int
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("%d byte payload is too large for the RequestResponse invocation type (limit %d bytes)", e.Size, e.Limit)
}

// NotReady says that the function cannot run here now: the host has stopped, or
// a process could not be started.
type NotReady struct {
	// Reason may be shown to the caller.
	Reason string
	// Cause may be nil.
	Cause error
}

func (e *NotReady) Error() string {
	if e.Cause != nil {
		return e.Reason + ": " + e.Cause.Error()
	}
	return e.Reason
}

func (e *NotReady) Unwrap() error { return e.Cause }

// NoRuntime says that this machine has nothing to run the runtime with.
type NoRuntime struct {
	// Runtime is the function's runtime.
	Runtime string
	// Found is what the machine has instead, for example "python3.11 (/usr/bin/python3)".
	Found []string
}

func (e *NoRuntime) Error() string {
	found := "no runtime at all"
	if len(e.Found) > 0 {
		found = strings.Join(e.Found, ", ")
	}
	return fmt.Sprintf("runtime %s is not on this machine, which has: %s", e.Runtime, found)
}

// StreamError is what Result.Stream ends with when the function failed after it
// had begun to answer.
type StreamError struct {
	// Type is the error type, for example "Sandbox.Timedout".
	Type string
	// Payload is the error's JSON; may be empty.
	Payload []byte
}

func (e *StreamError) Error() string { return "function failed while streaming: " + e.Type }
