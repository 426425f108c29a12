package step

import (
	"context"
	"errors"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
)

// IntegrateLambda calls a function with the payload that MapRequest made. Its
// result is the reply that MapResponse looks at.
// parity: spec/rest-data-plane.md 3.5.2.
func (s Scope) IntegrateLambda(in *api.Integration, host Functions) (program.Step, error) {
	params, err := s.requestMappings(in.RequestParameters, true)
	if err != nil {
		return program.Step{}, err
	}
	if params.breaks != "" {
		return RefuseStep(program.APIConfigurationError.Refuse(nil), params.breaks+" cannot be mapped"), nil
	}
	if !isPost(in) {
		return RefuseStep(notPost(), "the integration's method is not POST"), nil
	}
	f, err := s.function(in, host)
	if err != nil {
		return program.Step{}, err
	}
	f.stream = false
	return program.Step{Name: "integrate", Note: "function " + f.note(), Waits: true, Run: func(x *program.Exchange) error {
		x.ShowTrace = true
		if len(x.Call.Body) == 0 {
			x.Call.Body = emptyEvent
		}
		if waits, err := f.waits(x, &params); !waits || err != nil {
			return err
		}
		result, done, err := f.invoke(x, x.Call.Body)
		if err != nil {
			return err
		}
		done()
		x.Reply.Response.Status = 200
		x.Reply.Response.Fields = append(x.Reply.Response.Fields[:0], http1.Field{Name: nameContentType, Value: jsonBytes})
		x.Reply.Body = append(x.Reply.Body[:0], result.Payload...)
		x.Reply.Failed = result.FunctionError != ""
		if x.Reply.Failed {
			x.Reply.Error = errorMessage(x, result.Payload)
		}
		return nil
	}}, nil
}

// errInvocation is an X-Amz-Invocation-Type that Lambda does not know.
var errInvocation = errors.New("the invocation type is none of RequestResponse, Event and DryRun")

// waits says whether the function's result is waited for. If not the call was
// made, in the way that the mapped X-Amz-Invocation-Type names: Event hands it
// over, DryRun only asks whether it may be made.
// parity: spec/rest-data-plane.md 3.5.2; spec/services-observability.md 7.4.
func (f *function) waits(x *program.Exchange, params *requestMappings) (bool, error) {
	if len(params.headers) == 0 && x.Overrides == nil {
		return true, nil
	}
	if err := params.setHeaders(x); err != nil {
		return false, err
	}
	kind := http1.Get(x.Call.Fields, "x-amz-invocation-type")
	status := 202
	switch string(kind) {
	case "", "RequestResponse":
		return true, nil
	case "Event":
	case "DryRun":
		status = 204
	default:
		return false, program.APIConfigurationError.Refuse(errInvocation)
	}
	if err := f.permitted(x); err != nil {
		return false, program.APIConfigurationError.Refuse(err)
	}
	if status == 202 {
		ctx, done := context.WithTimeout(x.Context(), f.timeout)
		defer done()
		start := time.Now()
		x.Call.Function = f.arn
		err := f.host.Queue(ctx, f.arn, lambda.Call{Payload: x.Call.Body})
		x.Reply.Latency = time.Since(start)
		if err != nil {
			return false, invokeFailure(err, ctx.Err() != nil && x.Context().Err() == nil)
		}
	}
	x.Reply.Response.Status, x.Reply.Response.Fields, x.Reply.Body = status, x.Reply.Response.Fields[:0], x.Reply.Body[:0]
	return false, nil
}

// emptyEvent is what a function gets when there is no payload.
//
//nolint:gochecknoglobals // constant, never written to
var emptyEvent = []byte("{}")

// errorMessage is what selection patterns of a function look at.
func errorMessage(x *program.Exchange, payload []byte) []byte {
	doc, err := wholeValue(payload)
	if err != nil {
		return nil
	}
	message := child(doc, "errorMessage")
	if message == nil || message[0] != '"' {
		return message
	}
	return unquoted(x, message)
}
