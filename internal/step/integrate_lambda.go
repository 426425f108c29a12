package step

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/program"
)

// function is a Lambda function as a route calls it.
type function struct {
	host    Functions
	arn     string
	stream  bool
	timeout time.Duration
	actor   actor             // if it is named, the function's own policy is not asked
	sources map[string]string // ARN of the caller, by method
	account string
}

// verbs are the methods that ANY stands for.
func verbs(method string) []string {
	if method == "ANY" {
		return []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "HEAD"}
	}
	return []string{method}
}

// function compiles the URI of a Lambda integration.
func (s Scope) function(in *api.Integration, host Functions) (*function, error) {
	uri := ""
	if in.URI != nil {
		uri = s.fillVariables(*in.URI)
	}
	arn, stream, err := functionOf(uri)
	if err != nil {
		return nil, fmt.Errorf("%w: %q", err, uri)
	}
	f := &function{
		host: host, arn: arn, timeout: milliseconds(in.TimeoutMillis),
		sources: s.sourceARNs(), account: s.Account, actor: s.actor(in.Credentials),
	}
	f.stream = stream && in.ResponseTransferMode == "STREAM"
	return f, nil
}

// sourceARNs are the ARNs that the method calls others as, by the verb of a
// request.
func (s Scope) sourceARNs() map[string]string {
	all := map[string]string{}
	for _, verb := range verbs(s.Method) {
		all[verb] = "arn:aws:execute-api:" + s.Region + ":" + s.Account + ":" + s.APIID + "/" + s.Stage + "/" + verb + s.Resource
	}
	return all
}

// isPost says whether the integration's method is the one that functions want.
func isPost(in *api.Integration) bool { return in.HTTPMethod != nil && *in.HTTPMethod == "POST" }

var (
	errPermission = errors.New("invalid permissions on Lambda function")
	errMalformed  = errors.New("malformed Lambda proxy response")
	errFailed     = program.ErrFunction
)

// notPost is the answer of a Lambda integration whose method is not POST.
// parity: spec/rest-data-plane.md 1.2, last row.
func notPost() *program.Refusal {
	return &program.Refusal{Type: program.IntegrationFailure, Status: 500, Message: "Internal server error"}
}

// IntegrateLambdaProxy hands the whole request to a function and sends what
// it returns.
// parity: spec/rest-data-plane.md 3.4, 3.10.
func (s Scope) IntegrateLambdaProxy(in *api.Integration, host Functions) (program.Step, error) {
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
	event, flow := s.proxyEvent(), s.flow(f.timeout)
	reader := &answerReader{binary: s.Binary, fieldBytes: s.Limits.Headers, remap: newRemapNames()}
	return program.Step{Name: "integrate", Note: "function " + f.note(), Waits: true, Run: func(x *program.Exchange) error {
		x.ShowTrace = true
		result, done, err := f.invoke(x, event.make(x))
		if err != nil {
			return err
		}
		if result.Stream != nil {
			x.Answer.Flow = flow
			return reader.stream(x, &endingStream{ReadCloser: result.Stream, done: done})
		}
		defer done()
		if result.FunctionError != "" {
			return malformed(errFailed)
		}
		return reader.read(x, result.Payload)
	}}, nil
}

func (f *function) note() string {
	note := f.arn
	if f.stream {
		note += " streaming"
	}
	if f.actor.role != "" {
		note += " as " + f.actor.role
	}
	return fmt.Sprintf("%s within %v", note, f.timeout)
}

// invoke calls the function. done ends the call's time limit; it is called
// when the result has been read.
func (f *function) invoke(x *program.Exchange, payload []byte) (result *lambda.Result, done context.CancelFunc, err error) {
	if err := f.permitted(x); err != nil {
		return nil, nil, program.APIConfigurationError.Refuse(err)
	}
	ctx, done := context.WithTimeout(x.Context(), f.timeout)
	start := time.Now()
	x.Call.Function, x.Call.Body = f.arn, payload
	result, err = f.host.Invoke(ctx, f.arn, payload, f.stream)
	x.Reply.Latency = time.Since(start)
	if err == nil {
		x.Reply.Response.Status, x.Reply.RequestID = 200, result.RequestID
		x.Reply.Body = result.Payload // for logs; custom integrations map it
		x.Reply.Failed = result.FunctionError != ""
		return result, done, nil
	}
	timedOut := ctx.Err() != nil && x.Context().Err() == nil
	done()
	return nil, nil, invokeFailure(err, timedOut)
}

// permitted says why this API may not call the function; nil: it may. A role
// is held to its own policies, else the function says who may call it.
// parity: spec/services-observability.md 7.5.
func (f *function) permitted(x *program.Exchange) error {
	if f.actor.role != "" {
		return f.actor.mayInvoke(x, f.arn)
	}
	if !f.host.Permits(f.arn, "apigateway.amazonaws.com", "lambda:InvokeFunction", f.sources[string(x.Method)], f.account) {
		return errPermission
	}
	return nil
}

// invokeFailure is the answer to a call that came to nothing.
// parity: spec/rest-data-plane.md 3.4.3, 13.
func invokeFailure(err error, timedOut bool) error {
	var large *lambda.TooLarge
	switch {
	case timedOut:
		return program.IntegrationTimeout.Refuse(err)
	case errors.Is(err, lambda.ErrNoFunction):
		return program.APIConfigurationError.Refuse(errors.Join(errPermission, err))
	case errors.As(err, &large):
		// parity: spec/http-websocket-domains.md, recorded size errors: over Lambda's 6 MB
		return &program.Refusal{Type: program.Default4XX, Status: 413, Message: "Request Too Long", Cause: err}
	}
	return program.APIConfigurationError.Refuse(fmt.Errorf("invoke function: %w", err))
}

// malformed is the answer to a function that failed or answered nonsense. It
// has no gateway response of its own.
// parity: spec/rest-data-plane.md 3.4.2, 6.3.
func malformed(cause error) error {
	return &program.Refusal{Type: program.Default5XX, Status: 502, Cause: cause}
}

// endingStream ends the call's time limit when the stream is closed.
type endingStream struct {
	io.ReadCloser
	done context.CancelFunc
}

func (s *endingStream) Close() error {
	err := s.ReadCloser.Close()
	s.done()
	return err
}

// IsLambda says whether a URI is that of a Lambda function, well formed or not.
func IsLambda(uri string) bool {
	parts := strings.SplitN(uri, ":", 6)
	return len(parts) == 6 && parts[2] == "apigateway" && parts[4] == "lambda"
}
