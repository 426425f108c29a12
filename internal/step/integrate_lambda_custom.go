package step

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/http1"
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
