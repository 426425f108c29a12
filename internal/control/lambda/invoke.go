package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/stagedoor/stagedoor/internal/fault"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// Limits of a call in bytes. parity: services-observability.md 7.4
const (
	maxSync          = host.MaxRequest
	maxEvent         = 1 << 20
	maxAsync         = 256 << 10 // of the old InvokeAsync
	maxClientContext = 3583
)

// Invoke calls a function: and waits for its answer, or puts the call into the
// queue and answers once it is durable there, or only looks whether it could.
func (s *Service) Invoke(ctx context.Context, in *model.InvokeInput) (*model.InvocationResponse, error) {
	c, arn, err := s.call(in.FunctionName, in.Qualifier, in.ClientContext)
	if err != nil {
		return nil, err
	}
	kind := "RequestResponse"
	set(&kind, in.InvocationType)
	if err := checkPayload(in.Payload, kind); err != nil {
		return nil, err
	}
	c.Payload = in.Payload
	switch kind {
	case "DryRun":
		_, _, err := s.find(ctx, c.Function, c.Qualifier)
		return &model.InvocationResponse{StatusCode: new(int32(204))}, err
	case "Event":
		if err := s.enqueue(ctx, c); err != nil {
			return nil, err
		}
		return &model.InvocationResponse{StatusCode: new(int32(202))}, nil
	}
	c.Tail = wantsTail(in.LogType)
	r, err := s.host.Invoke(ctx, c)
	if err != nil {
		return nil, invokeFault(err, arn)
	}
	out := &model.InvocationResponse{StatusCode: new(int32(200)), Payload: r.Payload, ExecutedVersion: new(r.ExecutedVersion)}
	if r.FunctionError != "" {
		out.FunctionError = new(r.FunctionError)
	}
	if c.Tail {
		out.LogResult = new(base64.StdEncoding.EncodeToString(r.LogTail))
	}
	return out, nil
}

// InvokeAsync is the older form of an asynchronous call.
func (s *Service) InvokeAsync(ctx context.Context, in *model.InvokeAsyncInput) (*model.InvokeAsyncResponse, error) {
	c, _, err := s.call(in.FunctionName, nil, nil)
	if err != nil {
		return nil, err
	}
	if len(in.InvokeArgs) > maxAsync {
		return nil, tooMuch(len(in.InvokeArgs), "Event", maxAsync)
	}
	if err := checkPayload(in.InvokeArgs, "Event"); err != nil {
		return nil, err
	}
	c.Payload = in.InvokeArgs
	if err := s.enqueue(ctx, c); err != nil {
		return nil, err
	}
	return &model.InvokeAsyncResponse{Status: new(int32(202))}, nil
}

// InvokeWithResponseStream calls a function and sends its answer on as it comes.
func (s *Service) InvokeWithResponseStream(ctx context.Context, in *model.InvokeWithResponseStreamInput) (*model.InvokeWithResponseStreamResponse, error) {
	c, arn, err := s.call(in.FunctionName, in.Qualifier, in.ClientContext)
	if err != nil {
		return nil, err
	}
	if err := checkPayload(in.Payload, "RequestResponse"); err != nil {
		return nil, err
	}
	if in.InvocationType != nil && *in.InvocationType == "DryRun" {
		_, _, err := s.find(ctx, c.Function, c.Qualifier)
		return &model.InvokeWithResponseStreamResponse{StatusCode: new(int32(204))}, err
	}
	c.Payload, c.Stream, c.Tail = in.Payload, true, wantsTail(in.LogType)
	r, err := s.host.Invoke(ctx, c)
	if err != nil {
		return nil, invokeFault(err, arn)
	}
	return &model.InvokeWithResponseStreamResponse{
		StatusCode: new(int32(200)), ExecutedVersion: new(r.ExecutedVersion), EventStream: &events{result: r, tail: c.Tail},
	}, nil
}

// call reads what all calls have in common. arn is for the text if there is no
// such function.
func (s *Service) call(text string, qualifier, clientContext *string) (c host.Call, arn string, err error) {
	if c.Function, c.Qualifier, err = s.here.target(text, qualifier); err != nil {
		return c, "", err
	}
	if clientContext != nil {
		if c.ClientContext, err = decodeClientContext(*clientContext); err != nil {
			return c, "", err
		}
	}
	return c, s.here.arn(c.Function, c.Qualifier), nil
}

func wantsTail(logType *string) bool { return logType != nil && *logType == "Tail" }

func decodeClientContext(text string) ([]byte, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) > maxClientContext || !json.Valid(raw) {
		return nil, fault.BadRequest.Typed("InvalidRequestContentException", "Client context must be a valid Base64-encoded JSON object.")
	}
	return raw, nil
}

// checkPayload holds a payload to the size and the form of a call of its kind.
func checkPayload(payload []byte, kind string) error {
	limit := maxSync
	if kind == "Event" {
		limit = maxEvent
	}
	switch {
	case len(payload) > limit:
		return tooMuch(len(payload), kind, limit)
	case len(payload) > 0 && !json.Valid(payload):
		return notJSON(payload)
	}
	return nil
}

func tooMuch(size int, kind string, limit int) error {
	return tooLarge(fmt.Sprintf("%d byte payload is too large for the %s invocation type (limit %d bytes)", size, kind, limit))
}

const streamChunk = 64 << 10 // bytes of one PayloadChunk at most

// events is a streamed answer, event by event.
type events struct {
	result *host.Result
	tail   bool
	done   bool
	buf    [streamChunk]byte
}

// Next gives the next part of the answer, and after the last one how it ended.
// An event is valid until the next one is asked for.
func (e *events) Next(context.Context) (any, error) {
	if e.done {
		return nil, io.EOF
	}
	if e.result.Stream == nil {
		return e.complete(&model.InvokeWithResponseStreamCompleteEvent{
			ErrorCode: new(e.result.FunctionError), ErrorDetails: new(string(e.result.Payload)),
		}), nil
	}
	n, err := 0, error(nil)
	for n == 0 && err == nil {
		n, err = e.result.Stream.Read(e.buf[:])
	}
	if n > 0 {
		return &model.InvokeWithResponseStreamResponseEvent{
			PayloadChunk: &model.InvokeResponseStreamUpdate{Payload: e.buf[:n]},
		}, nil // an error comes again with the next read
	}
	var failed *host.StreamError
	switch {
	case errors.Is(err, io.EOF):
		return e.complete(&model.InvokeWithResponseStreamCompleteEvent{}), nil
	case errors.As(err, &failed):
		return e.complete(&model.InvokeWithResponseStreamCompleteEvent{
			ErrorCode: new(failed.Type), ErrorDetails: new(string(failed.Payload)),
		}), nil
	default:
		return nil, err
	}
}

func (e *events) complete(c *model.InvokeWithResponseStreamCompleteEvent) *model.InvokeWithResponseStreamResponseEvent {
	e.done = true
	if e.tail {
		c.LogResult = new(base64.StdEncoding.EncodeToString(e.result.LogTail))
	}
	return &model.InvokeWithResponseStreamResponseEvent{InvokeComplete: c}
}

// Close ends the answer. The function goes on.
func (e *events) Close() error {
	if e.result.Stream == nil {
		return nil
	}
	return e.result.Stream.Close()
}
