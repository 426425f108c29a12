package lambda_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/fault"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

func TestInvoke(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	var called host.Call
	b.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) {
		called = c
		r := &host.Result{Payload: []byte(`{"a":1}`), ExecutedVersion: "1", LogTail: []byte("END")}
		if string(c.Payload) == `"fail"` {
			r.Payload, r.FunctionError = []byte(`{"errorMessage":"x"}`), "Unhandled"
		}
		return r, nil
	}
	got := must(b.Invoke(ctx, &model.InvokeInput{
		FunctionName: "f", Qualifier: new("1"), Payload: []byte(`{"b":2}`), LogType: new("Tail"),
		ClientContext: new(base64.StdEncoding.EncodeToString([]byte(`{"c":3}`))),
	}))(t)
	want := &model.InvocationResponse{StatusCode: new(int32(200)), Payload: []byte(`{"a":1}`), ExecutedVersion: new("1"), LogResult: new("RU5E")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Invoke (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(host.Call{Function: "f", Qualifier: "1", Payload: []byte(`{"b":2}`), ClientContext: []byte(`{"c":3}`), Tail: true}, called); diff != "" {
		t.Errorf("the host was called with (-want +got):\n%s", diff)
	}
	got = must(b.Invoke(ctx, &model.InvokeInput{FunctionName: arnOf + "f", Payload: []byte(`"fail"`)}))(t)
	if *got.FunctionError != "Unhandled" || *got.StatusCode != 200 || got.LogResult != nil {
		t.Errorf("Invoke of a function that fails = %+v", got)
	}
	called = host.Call{}
	if got := must(b.Invoke(ctx, &model.InvokeInput{FunctionName: "f", InvocationType: new("DryRun")}))(t); *got.StatusCode != 204 || called.Function != "" {
		t.Errorf("a dry run = %d and called %q", *got.StatusCode, called.Function)
	}
}

func TestInvokeRefuses(t *testing.T) {
	b := newBench(t)
	b.create(t, "f")
	json := func(n int) []byte { return []byte(`"` + strings.Repeat("x", n-2) + `"`) }
	for _, tt := range []struct {
		name string
		in   model.InvokeInput
		want string
	}{
		{"large payload", model.InvokeInput{FunctionName: "f", Payload: json(6<<20 + 1)}, "RequestTooLargeException: 6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)"},
		{"large event", model.InvokeInput{FunctionName: "f", Payload: json(1<<20 + 1), InvocationType: new("Event")}, "RequestTooLargeException: 1048577 byte payload is too large for the Event invocation type (limit 1048576 bytes)"},
		{"no JSON", model.InvokeInput{FunctionName: "f", Payload: []byte("{x")}, "InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: invalid character 'x' looking for beginning of object key string at byte 2"},
		{"half of JSON", model.InvokeInput{FunctionName: "f", Payload: []byte("{")}, "InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: unexpected end of JSON input at byte 1"},
		{"no JSON event", model.InvokeInput{FunctionName: "f", Payload: []byte("x"), InvocationType: new("Event")}, "InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: invalid character 'x' looking for beginning of value at byte 1"},
		{"client context", model.InvokeInput{FunctionName: "f", ClientContext: new("?")}, "InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object."},
		{"large client context", model.InvokeInput{FunctionName: "f", ClientContext: new(base64.StdEncoding.EncodeToString(json(3584)))}, "InvalidRequestContentException: Client context must be a valid Base64-encoded JSON object."},
		{"two qualifiers", model.InvokeInput{FunctionName: "f:1", Qualifier: new("2")}, "InvalidParameterValueException: The derived qualifier from the function name does not match the specified qualifier."},
		{"no alias", model.InvokeInput{FunctionName: "f:live"}, "ResourceNotFoundException: Function not found: " + arnOf + "f:live"},
		{"no alias for an event", model.InvokeInput{FunctionName: "f:live", InvocationType: new("Event")}, "ResourceNotFoundException: Function not found: " + arnOf + "f:live"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := b.Invoke(t.Context(), &tt.in)
			refused(t, "Invoke", err, tt.want)
		})
	}
	_, err := b.InvokeAsync(t.Context(), &model.InvokeAsyncInput{FunctionName: "f", InvokeArgs: json(256<<10 + 1)})
	refused(t, "InvokeAsync", err, "RequestTooLargeException: 262145 byte payload is too large for the Event invocation type (limit 262144 bytes)")
}

// TestInvokeHostErrors: what the host says becomes what AWS says.
func TestInvokeHostErrors(t *testing.T) {
	b := newBench(t)
	b.create(t, "f")
	for _, tt := range []struct {
		name   string
		err    error
		want   string
		status int
	}{
		{"throttled", &host.Throttled{Reason: host.ReservedLimit, RetryAfter: 1500 * time.Millisecond}, "TooManyRequestsException: Rate Exceeded.", 0},
		{"too large", &host.TooLarge{Size: 7, Limit: 6}, "RequestTooLargeException: 7 byte payload is too large for the RequestResponse invocation type (limit 6 bytes)", 0},
		{"no runtime", &host.NoRuntime{Runtime: "ruby3.4"}, "InvalidRuntimeException: runtime ruby3.4 is not on this machine, which has: no runtime at all", 502},
		{"not ready", &host.NotReady{Reason: "the host stops", Cause: errors.New("secret")}, "ResourceNotReadyException: the host stops", 502},
		{"gone", host.ErrNoFunction, "ResourceNotFoundException: Function not found: " + arnOf + "f", 0},
	} {
		b.host.answer = func(context.Context, host.Call) (*host.Result, error) { return nil, fmt.Errorf("wrapped: %w", tt.err) }
		_, err := b.Invoke(t.Context(), &model.InvokeInput{FunctionName: "f"})
		refused(t, tt.name, err, tt.want)
		var f *fault.Error
		if !errors.As(err, &f) || f.Status != tt.status {
			t.Errorf("%s: status %d, want %d", tt.name, f.Status, tt.status)
		}
		if tt.name == "throttled" && (f.Fields["Reason"] != host.ReservedLimit || f.Fields["retryAfterSeconds"] != "2") {
			t.Errorf("throttled: fields %v", f.Fields)
		}
	}
}

// body is a stream that ends in an error of its own.
type body struct {
	io.Reader
	end    error
	closed bool
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.Reader.Read(p)
	if errors.Is(err, io.EOF) && b.end != nil {
		err = b.end
	}
	return n, err
}

func (b *body) Close() error { b.closed = true; return nil }

func TestInvokeWithResponseStream(t *testing.T) {
	b := newBench(t)
	b.create(t, "f")
	for _, tt := range []struct {
		name   string
		result *host.Result
		want   []model.InvokeWithResponseStreamResponseEvent
		err    bool
	}{
		{"whole", &host.Result{Stream: &body{Reader: strings.NewReader("hello")}, LogTail: []byte("END")}, []model.InvokeWithResponseStreamResponseEvent{
			{PayloadChunk: &model.InvokeResponseStreamUpdate{Payload: []byte("hello")}},
			{InvokeComplete: &model.InvokeWithResponseStreamCompleteEvent{LogResult: new("RU5E")}},
		}, false},
		{"fails midway", &host.Result{Stream: &body{Reader: strings.NewReader("hel"), end: &host.StreamError{Type: "Sandbox.Timedout", Payload: []byte("{}")}}}, []model.InvokeWithResponseStreamResponseEvent{
			{PayloadChunk: &model.InvokeResponseStreamUpdate{Payload: []byte("hel")}},
			{InvokeComplete: &model.InvokeWithResponseStreamCompleteEvent{ErrorCode: new("Sandbox.Timedout"), ErrorDetails: new("{}"), LogResult: new("")}},
		}, false},
		{"fails at once", &host.Result{FunctionError: "Unhandled", Payload: []byte(`{"errorMessage":"x"}`)}, []model.InvokeWithResponseStreamResponseEvent{
			{InvokeComplete: &model.InvokeWithResponseStreamCompleteEvent{ErrorCode: new("Unhandled"), ErrorDetails: new(`{"errorMessage":"x"}`), LogResult: new("")}},
		}, false},
		{"breaks", &host.Result{Stream: &body{Reader: strings.NewReader(""), end: errors.New("broken")}}, nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) {
				if !c.Stream || !c.Tail {
					t.Errorf("the host was called with %+v", c)
				}
				return tt.result, nil
			}
			out := must(b.InvokeWithResponseStream(t.Context(), &model.InvokeWithResponseStreamInput{FunctionName: "f", LogType: new("Tail")}))(t)
			var got []model.InvokeWithResponseStreamResponseEvent
			var failed error
			for {
				e, err := out.EventStream.Next(t.Context())
				if err != nil {
					failed = err
					break
				}
				event, ok := e.(*model.InvokeWithResponseStreamResponseEvent)
				if !ok {
					t.Fatalf("Next = %T", e)
				}
				if event.PayloadChunk != nil {
					event.PayloadChunk.Payload = []byte(string(event.PayloadChunk.Payload)) // good until the next one
				}
				got = append(got, *event)
			}
			if errors.Is(failed, io.EOF) == tt.err {
				t.Errorf("the stream ends with %v", failed)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("events (-want +got):\n%s", diff)
			}
			if err := out.EventStream.Close(); err != nil {
				t.Error(err)
			}
			if s, ok := tt.result.Stream.(*body); ok && !s.closed {
				t.Error("the function's stream is open")
			}
		})
	}
}

func TestGateInvoke(t *testing.T) {
	b := newBench(t)
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	g := b.Gate()
	for name, want := range map[string]string{arnOf + "f": "$LATEST", arnOf + "f:1": "1", "f": "$LATEST", account + ":function:f:1": "1"} {
		if r, err := g.Invoke(t.Context(), name, []byte("{}"), false); err != nil || r.ExecutedVersion != want {
			t.Errorf("Invoke(%q) = %+v, %v, want version %s", name, r, err, want)
		}
	}
	for _, name := range []string{arnOf + "g", arnOf + "f:live", "arn:aws:lambda:us-east-1:111111111111:function:f", "arn:aws:lambda:eu-west-1:000000000000:function:f", "", "f/../g"} {
		if _, err := g.Invoke(t.Context(), name, nil, false); !errors.Is(err, host.ErrNoFunction) {
			t.Errorf("Invoke(%q) = %v, want ErrNoFunction", name, err)
		}
		if err := g.Queue(t.Context(), name, host.Call{}); !errors.Is(err, host.ErrNoFunction) {
			t.Errorf("Queue(%q) = %v, want ErrNoFunction", name, err)
		}
	}
}
