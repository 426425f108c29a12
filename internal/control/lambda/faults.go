package lambda

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	host "github.com/stagedoor/stagedoor/internal/lambda"
)

// The texts of this package are AWS's own, as far as they are recorded.
// parity: services-observability.md 7.4, 7.5 and 7.7.1

func notFound(message string) *fault.Error {
	return fault.NotFound.Typed("ResourceNotFoundException", message)
}

func conflict(message string) *fault.Error {
	return fault.Conflict.Typed("ResourceConflictException", message)
}

func invalid(message string) *fault.Error {
	return fault.BadRequest.Typed("InvalidParameterValueException", message)
}

// noSuch is the text for things that have no better one.
func noSuch() *fault.Error { return notFound("The resource you requested does not exist.") }

// noFunction names what was asked for, with its qualifier.
func noFunction(arn string) *fault.Error { return notFound("Function not found: " + arn) }

// stale refuses a call that was made for an older revision; get names the call
// that tells the latest one.
func stale(get string) *fault.Error {
	return fault.Precondition.Typed("PreconditionFailedException",
		"The Revision Id provided does not match the latest Revision Id. Call the "+get+" API to retrieve the latest Revision Id")
}

// constraint is a validation error in the words of AWS's front, for rules that
// the model does not have.
func constraint(value, member, rule string) *fault.Error {
	return fault.BadRequest.Typed("ValidationException",
		fmt.Sprintf("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must %s", value, member, rule))
}

func invalidName(name string) *fault.Error {
	return constraint(name, "functionName", "satisfy regular expression pattern: (arn:(aws[a-zA-Z-]*)?:lambda:)?"+
		`((eusc-)?[a-z]{2}((-gov)|(-iso([a-z]?)))?-[a-z]+-\d{1}:)?(\d{12}:)?(function:)?([a-zA-Z0-9-_]+)(:(\$LATEST|[a-zA-Z0-9-_]+))?`)
}

func tooLarge(message string) *fault.Error {
	return fault.TooLarge.Typed("RequestTooLargeException", message)
}

// notJSON refuses a payload. AWS shows what its parser says; so do we.
func notJSON(payload []byte) *fault.Error {
	var v any
	why := "unexpected end of input"
	if err := json.Unmarshal(payload, &v); err != nil {
		why = err.Error()
		if at, ok := errors.AsType[*json.SyntaxError](err); ok {
			why = fmt.Sprintf("%s at byte %d", why, at.Offset)
		}
	}
	return fault.BadRequest.Typed("InvalidRequestContentException",
		"Could not parse request body into json: Could not parse payload into json: "+why)
}

// invokeFault turns what the host says of a call into what its caller is told.
func invokeFault(err error, arn string) error {
	var (
		throttled *host.Throttled
		large     *host.TooLarge
		noRuntime *host.NoRuntime
		notReady  *host.NotReady
	)
	switch {
	case errors.Is(err, host.ErrNoFunction):
		return noFunction(arn)
	case errors.As(err, &throttled):
		f := fault.TooMany.Typed("TooManyRequestsException", "Rate Exceeded.")
		wait := max(throttled.RetryAfter, time.Second)
		f.Fields = map[string]string{
			"Reason":            throttled.Reason,
			"retryAfterSeconds": strconv.Itoa(int(math.Ceil(wait.Seconds()))),
		}
		return f
	case errors.As(err, &large):
		return tooLarge(large.Error())
	case errors.As(err, &noRuntime):
		return &fault.Error{Kind: fault.Unavailable, Type: "InvalidRuntimeException", Message: noRuntime.Error(), Status: 502}
	case errors.As(err, &notReady):
		return &fault.Error{Kind: fault.Unavailable, Type: "ResourceNotReadyException", Message: notReady.Reason, Status: 502, Cause: notReady.Cause}
	default:
		return err
	}
}

// orLatest is the qualifier that documents are kept under.
func orLatest(qualifier string) string {
	if qualifier == "" {
		return api.Latest
	}
	return qualifier
}

// discreet is a fault whose message must not get into a log: it repeats what
// the caller sent, and that is secret.
type discreet struct {
	fault *fault.Error
	text  string // for logs
}

func (d discreet) Error() string { return d.text }

// Unwrap gives the fault to whoever answers the caller.
func (d discreet) Unwrap() error { return d.fault }
