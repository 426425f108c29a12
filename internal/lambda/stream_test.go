//go:build unix

package lambda_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

const nodeStreams = `
exports.handler = awslambda.streamifyResponse(async (event, stream, context) => {
  console.log('streaming');
  if (event.http) {
    stream = awslambda.HttpResponseStream.from(stream, {
      statusCode: 201, headers: { 'content-type': 'text/html', 'x-n': 5 }, cookies: ['a=b'],
    });
  } else if (event.type) {
    stream.setContentType(event.type);
  }
  if (event.early) throw new TypeError('early');
  for (let i = 0; i < event.n; i++) {
    stream.write('part' + i + ';');
    if (event.wait) await new Promise((r) => setTimeout(r, event.wait));
  }
  if (event.fail) throw new RangeError('late');
  if (event.exit) { await new Promise((r) => setTimeout(r, 300)); process.exit(3); }
  if (event.big) for (let i = 0; i < event.big; i++) {
    if (!stream.write(Buffer.alloc(1 << 20, 'x'))) await new Promise((r) => stream.once('drain', r));
  }
  stream.end();
});
exports.plain = async () => ({ plain: true });
exports.sync = awslambda.streamifyResponse(() => {});
`

// streamed calls a function whose answer must come as a stream.
func streamed(t *testing.T, h *lambda.Host, function, event string) *lambda.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	r, err := h.Invoke(ctx, lambda.Call{Function: function, Payload: []byte(event), Stream: true, Tail: true})
	if err != nil {
		t.Fatal(err)
	}
	if r.Stream == nil || r.Payload != nil || r.LogTail != nil {
		t.Fatalf("no stream: %s %s", r.ErrorType, r.Payload)
	}
	t.Cleanup(func() { _ = r.Stream.Close() })
	return r
}

func TestStreams(t *testing.T) {
	h := host(t, lambda.Config{})
	js := node(t, "index.js", nodeStreams)
	js.Timeout = 5 * time.Second
	define(t, h, "js", js)
	plain := js
	plain.Handler = "index.plain"
	define(t, h, "plain", plain)
	define(t, h, "go", golang(t))
	for _, tt := range []struct {
		name, function, event, contentType, body, failure string
	}{
		{name: "raw", function: "js", event: `{"n":3}`, contentType: "application/octet-stream", body: "part0;part1;part2;"},
		{name: "with a type", function: "js", event: `{"n":1,"type":"text/plain"}`, contentType: "text/plain", body: "part0;"},
		{name: "empty", function: "js", event: `{"n":0}`, contentType: "application/octet-stream"},
		{name: "http", function: "js", event: `{"n":1,"http":true}`, contentType: lambda.HTTPIntegration, body: `{"statusCode":201,"headers":{"content-type":"text/html","x-n":5},"cookies":["a=b"]}` + nuls + "part0;"},
		{name: "function that does not stream", function: "plain", event: `{}`, contentType: "application/json", body: `{"plain":true}`},
		{name: "fails on the way", function: "js", event: `{"n":2,"fail":true}`, contentType: "application/octet-stream", body: "part0;part1;", failure: "RangeError"},
		{name: "exits on the way", function: "js", event: `{"n":2,"exit":true}`, contentType: "application/octet-stream", body: "part0;part1;", failure: "Runtime.ExitError"},
		{name: "takes too long", function: "js", event: `{"n":1000,"wait":4000}`, contentType: "application/octet-stream", body: "part0;part1;", failure: "Sandbox.Timedout"},
		{name: "Go reader", function: "go", event: `{"do":"stream","text":"hello"}`, contentType: "application/octet-stream", body: "hello"},
		{name: "Go reader that breaks off", function: "go", event: `{"do":"broken","text":"hello"}`, contentType: lambda.HTTPIntegration, body: "hello", failure: "failed"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := streamed(t, h, tt.function, tt.event)
			b, err := io.ReadAll(r.Stream)
			if string(b) != tt.body || r.StreamContentType != tt.contentType {
				t.Errorf("%s %q, want %s %q", r.StreamContentType, b, tt.contentType, tt.body)
			}
			failure := (*lambda.StreamError)(nil)
			if asError(err, &failure); (err == nil) != (tt.failure == "") || err != nil && failure == nil || failure != nil && failure.Type != tt.failure {
				t.Errorf("ended with %v, want %q", err, tt.failure)
			}
			if failure != nil && !strings.Contains(string(failure.Payload), tt.failure) {
				t.Errorf("the failure's payload is %s", failure.Payload)
			}
			if tail := string(r.LogTail); !strings.Contains(tail, "START RequestId: "+r.RequestID) || !strings.Contains(tail, "REPORT RequestId: "+r.RequestID) || strings.Contains(tail, "Error Type: "+tt.failure) != (tt.failure != "" && tt.failure != "Sandbox.Timedout") {
				t.Errorf("log %s", tail)
			}
			if r := invoke(t, h, lambda.Call{Function: tt.function, Payload: []byte(`{"n":1}`)}); r.FunctionError != "" {
				t.Errorf("the next call fails: %s", r.Payload)
			}
		})
	}
}

// A function that fails before it has streamed anything is answered like any other,
// and one whose caller wants no stream as well.
func TestStreamsThatAreNone(t *testing.T) {
	h := host(t, lambda.Config{})
	js := node(t, "index.js", nodeStreams)
	define(t, h, "js", js)
	for _, stream := range []bool{true, false} {
		r := invoke(t, h, lambda.Call{Function: "js", Payload: []byte(`{"early":true}`), Stream: stream})
		if r.Stream != nil || r.ErrorType != "TypeError" || object(t, r.Payload)["errorMessage"] != "early" {
			t.Errorf("stream %v: %s %s", stream, r.ErrorType, r.Payload)
		}
	}
	if r := invoke(t, h, lambda.Call{Function: "js", Payload: []byte(`{"n":2}`)}); string(r.Payload) != "part0;part1;" || r.ContentType != "application/octet-stream" {
		t.Errorf("buffered: %s %s", r.ContentType, r.Payload)
	}
	if r := invoke(t, h, lambda.Call{Function: "js", Payload: []byte(`{"n":2,"fail":true}`)}); r.ErrorType != "RangeError" {
		t.Errorf("buffered failure: %s", r.Payload)
	}
	js.Handler, js.Revision = "index.sync", "2"
	define(t, h, "js", js)
	if r := invoke(t, h, lambda.Call{Function: "js", Stream: true}); r.ErrorType != "string" || object(t, r.Payload)["errorMessage"] != "Streaming does not support non-async handlers." {
		t.Errorf("a handler that is not async: %s", r.Payload)
	}
	define(t, h, "big", node(t, "index.js", nodeStreams))
	if r := invoke(t, h, lambda.Call{Function: "big", Payload: []byte(`{"big":7}`)}); r.ErrorType != "Function.ResponseSizeTooLarge" {
		t.Errorf("a large buffered answer: %s", r.ErrorType)
	}
}

// Parts come when they are written, not at the end.
func TestStreamIsPrompt(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "js", node(t, "index.js", nodeStreams))
	r := streamed(t, h, "js", `{"n":2,"wait":3000}`)
	began := time.Now()
	buf := make([]byte, 100)
	n, err := r.Stream.Read(buf)
	if err != nil || string(buf[:n]) != "part0;" || time.Since(began) > 2*time.Second {
		t.Errorf("read %q, %v after %v", buf[:n], err, time.Since(began))
	}
}

// A slow client slows the function down, and large answers pass through little memory.
func TestLargeStream(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "js", node(t, "index.js", nodeStreams))
	r := streamed(t, h, "js", `{"n":0,"big":64}`)
	n, err := io.Copy(io.Discard, r.Stream)
	if err != nil || n != 64<<20 {
		t.Errorf("%d bytes came, %v, want %d", n, err, 64<<20)
	}
}

// A client that leaves early does not keep the function from ending well.
func TestStreamLeft(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "js", node(t, "index.js", nodeStreams))
	r := streamed(t, h, "js", `{"n":1,"big":16}`)
	if err := r.Stream.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Stream.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Read of a closed stream: %v", err)
	}
	if r := invoke(t, h, lambda.Call{Function: "js", Payload: []byte(`{"n":1}`)}); r.FunctionError != "" {
		t.Errorf("the next call: %s", r.Payload)
	}
}

// The gateway's way to read a stream.
func TestPreludeOfFunction(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "js", node(t, "index.js", nodeStreams))
	r := streamed(t, h, "js", `{"n":2,"http":true}`)
	p, rest, err := lambda.ReadPrelude(r.Stream)
	if err != nil {
		t.Fatal(err)
	}
	want := lambda.Prelude{StatusCode: 201, Headers: map[string]string{"content-type": "text/html", "x-n": "5"}, Cookies: []string{"a=b"}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if b, err := io.ReadAll(rest); err != nil || string(b) != "part0;part1;" {
		t.Errorf("rest %q, %v", b, err)
	}
}
