package lambda

import (
	"context"
	"log/slog"
	"time"
)

// Config is all that a Host is told at start. Only Dir is needed.
type Config struct {
	// Dir is scratch space: a folder of its own for each environment, merged
	// layers, runtime clients. What an earlier process left there is swept.
	Dir string
	// Account and Region are what functions see of them.
	Account, Region string
	// Endpoint is the AWS_ENDPOINT_URL given to functions; may be empty.
	Endpoint string
	// IdleAfter is how long an environment may idle before it is ended. Default 5m.
	IdleAfter time.Duration
	// AccountConcurrency is how many calls may be under way. Default 1000.
	AccountConcurrency int
	// Sink gets every log line of every function. It is called in order for one
	// log stream, from several goroutines, and must not block. May be nil.
	Sink func(LogLine)
	// Log gets the host's own log. Default discards.
	Log *slog.Logger
	// Now is the clock of log lines and deadlines. Default time.Now.
	Now func() time.Time
}

// LogLine is one line of a function's log.
type LogLine struct {
	// Function and Version are who wrote it.
	Function, Version string
	// Group and Stream are the names CloudWatch Logs would give it.
	Group, Stream string
	// RequestID is the call under way, or empty outside of calls.
	RequestID string
	// Platform tells the host's own lines (START, END, REPORT...) from the function's.
	Platform bool
	// Time is when the host read the line.
	Time time.Time
	// Text is the line without its line feed.
	Text string
}

// Host runs functions. Its methods may be called by any number of goroutines.
type Host struct{ cfg Config }

// New makes a host that has started nothing and touched nothing.
func New(c Config) *Host { return &Host{cfg: c} }

// Run owns every goroutine and process of the host until ctx is done. When it
// has returned, all processes of functions are gone. Calls made before Run wait for it.
func (h *Host) Run(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Define sets a function, whole. Warm environments of versions whose Revision
// has not changed are kept; others are drained after their current call.
func (h *Host) Define(d Definition) error { return nil }

// Remove forgets a function; calls under way may finish.
func (h *Host) Remove(name string) {}
