package runtimeapi

import (
	"strconv"
	"time"
)

// Invocation is one event for the runtime.
type Invocation struct {
	// RequestID names it; the runtime's answer must carry it.
	RequestID string
	// ARN is the function's, with the qualifier that its caller used.
	ARN string
	// TraceID and ClientContext may be empty.
	TraceID, ClientContext string
	// Deadline is when the function is ended.
	Deadline time.Time
	// Event is the payload. It is not read after Invoke has returned.
	Event []byte
	// Stream asks for the answer as it comes.
	Stream bool
}

// Answer is what the runtime said, once in full or with a Stream begun.
type Answer struct {
	// Payload is the result, or the error's JSON. The receiver owns it.
	Payload []byte
	// Error tells that the function failed; ErrorType is what its header said.
	Error     bool
	ErrorType string
	// ContentType is the result's, as the runtime gave it.
	ContentType string
	// TooLarge tells that the result was too large, and is dropped.
	TooLarge bool
	// Stream is the result when the invocation asked for one and it began well.
	Stream *Stream
}

// head is the answer to `next`, up to the event.
func (v *Invocation) head(b []byte) []byte {
	b = append(b, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"...)
	b = header(b, "Lambda-Runtime-Aws-Request-Id", v.RequestID)
	b = header(b, "Lambda-Runtime-Deadline-Ms", strconv.FormatInt(v.Deadline.UnixMilli(), 10))
	b = header(b, "Lambda-Runtime-Invoked-Function-Arn", v.ARN)
	b = header(b, "Lambda-Runtime-Trace-Id", v.TraceID)
	b = header(b, "Lambda-Runtime-Client-Context", v.ClientContext)
	b = append(b, "Content-Length: "...)
	b = strconv.AppendInt(b, int64(len(v.Event)), 10)
	return append(b, "\r\n\r\n"...)
}

// header writes a header unless its value is empty. What would end the line
// becomes a space: between the tokens of JSON that means the same.
// parity: services-observability.md 7.1, empty ones are left out
func header(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	b = append(append(b, name...), ": "...)
	for i := range len(value) {
		c := value[i]
		if c < ' ' || c == 0x7f {
			c = ' '
		}
		b = append(b, c)
	}
	return append(b, "\r\n"...)
}
