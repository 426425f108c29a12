package program

import (
	"errors"
	"strings"
	"unicode"
)

// Reason says why a request failed, as execution logs do.
// parity: spec/rest-data-plane.md 11.3, the texts that are known
func (r *Refusal) Reason(route *Route) string {
	switch r.Type {
	case IntegrationTimeout:
		return "Execution failed due to a timeout error"
	case IntegrationFailure:
		return "Execution failed due to a network error communicating with endpoint: " + Sentence(r.Cause)
	case APIConfigurationError, Default5XX, Internal:
		text := Sentence(r.Cause)
		if r.Cause == nil {
			text = r.asWritten(route)
		}
		return "Execution failed due to configuration error: " + text
	case BadRequestBody:
		if r.Detail != "" {
			return "Request body does not match model schema for content type application/json: " + r.Detail
		}
	default:
	}
	return ""
}

// ofIntegration says whether it was the integration that failed.
func (r *Refusal) ofIntegration() bool {
	switch r.Type {
	case IntegrationTimeout, IntegrationFailure, APIConfigurationError, Default5XX:
		return true
	default:
		return false
	}
}

// asWritten is why a step refuses every request.
func (r *Refusal) asWritten(route *Route) string {
	if route != nil {
		for _, s := range route.Steps {
			if why, ok := strings.CutPrefix(s.Note, string(r.Type)+": "); ok && s.Name == "refuse" {
				return Sentence(errors.New(why))
			}
		}
	}
	return r.Message
}

// Logged is a cause, or a part of one, that stands in execution logs as it is:
// it has AWS's words.
type Logged string

// Error is the text.
func (l Logged) Error() string { return string(l) }

// ErrFunction is the cause of an answer to a function that failed, which the
// execution log tells of when it happens.
var ErrFunction = errors.New("the function failed")

// Sentence is what an execution log says of an error: the text that is made
// for it, or the first line of the innermost error, as a sentence begins.
func Sentence(err error) string {
	if err == nil {
		return "Connection is closed"
	}
	if l, ok := errors.AsType[Logged](err); ok {
		return string(l)
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	first, _, _ := strings.Cut(err.Error(), "\n")
	text := []rune(first)
	if len(text) > 0 {
		text[0] = unicode.ToUpper(text[0])
	}
	return string(text)
}
