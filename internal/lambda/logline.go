package lambda

import "time"

// LogLine is one event of a function's log.
type LogLine struct {
	// Function and Version are who wrote it.
	Function, Version string
	// Group and Stream are the names that CloudWatch Logs gives its place.
	Group, Stream string
	// RequestID is the call under way, or empty outside of calls.
	RequestID string
	// Platform tells the host's own lines (START, END, REPORT...) from the function's.
	Platform bool
	// Time is when the host read the line.
	Time time.Time
	// Text is the line without the line feed at its end; there may be some inside.
	Text string
}
