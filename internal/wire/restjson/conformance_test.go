package restjson_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"
	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/restjson"
	"github.com/stagedoor/stagedoor/internal/wire/smithytest"
)

// exceptions are the tests that are not held to, each with its reason.
func exceptions() map[string]string {
	const noBody = "about a client that compresses: the test has no body to read"
	return map[string]string{
		"SDKAppliedContentEncoding_restJson1":            noBody,
		"SDKAppendedGzipAfterProvidedEncoding_restJson1": noBody,
		"RestJsonOmitsEmptyListQueryValues":              "a query without a parameter does not tell an empty list from an absent one",
	}
}

// decode runs a request through routing, decoding and checking.
func decode(s *wire.Service, r *wire.Request) (*wire.Operation, *wire.Record, error) {
	c := restjson.New(s)
	op, labels := c.Match(r.Method, r.Path, r.Query)
	if op == nil {
		return nil, nil, fmt.Errorf("no operation for %s %s?%s", r.Method, r.Path, r.Query)
	}
	r.Labels = labels
	in, trail := wire.NewRecord(s.Shape(op.Input)), &wire.Trail{}
	if err := c.Decode(r, op, in, trail); err != nil {
		return op, nil, err
	}
	return op, in, wire.NewChecker(s).Check(op, in, trail)
}

func TestRequests(t *testing.T) {
	suite := smithytest.Load(t, "restJson1")
	ran := 0
	for _, tt := range suite.Requests {
		if !tt.Server() {
			continue
		}
		ran++
		t.Run(tt.ID, func(t *testing.T) {
			if why := exceptions()[tt.ID]; why != "" {
				t.Skip(why)
			}
			s := suite.Of(t, tt.Case)
			op, in, err := decode(s, tt.Wire())
			if err != nil {
				t.Fatalf("%s %s: %v", tt.Method, tt.URI, err)
			}
			if op.Name != tt.Name() {
				t.Fatalf("%s %s is %s, want %s", tt.Method, tt.URI, op.Name, tt.Name())
			}
			want := smithytest.Plain(smithytest.Record(t, s, op.Input, tt.Params))
			if diff := cmp.Diff(want, smithytest.Plain(in)); diff != "" {
				t.Errorf("input (-want +got):\n%s", diff)
			}
		})
	}
	if ran < 100 {
		t.Errorf("ran %d tests: the suite is not read right", ran)
	}
}

func TestResponses(t *testing.T) {
	suite := smithytest.Load(t, "restJson1")
	for _, tt := range suite.Responses {
		if !tt.Server() {
			continue
		}
		t.Run(tt.ID, func(t *testing.T) {
			if why := exceptions()[tt.ID]; why != "" {
				t.Skip(why)
			}
			compareAnswer(t, tt, encode(t, suite.Of(t, tt.Case), tt))
		})
	}
}

func encode(t *testing.T, s *wire.Service, tt smithytest.Response) *wire.Answer {
	t.Helper()
	c := restjson.New(s)
	if tt.Error != "" {
		return c.Fail(nil, nil, tt.Failure(t, s))
	}
	op := s.Operation(tt.Name())
	a, err := c.Encode(nil, op, smithytest.Record(t, s, op.Output, tt.Params))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func compareAnswer(t *testing.T, want smithytest.Response, got *wire.Answer) {
	t.Helper()
	want.CompareHead(t, got)
	if want.Body == nil {
		return
	}
	same := string(got.Body) == *want.Body
	if want.BodyMedia == "application/json" {
		same = smithytest.SameJSON(got.Body, []byte(*want.Body))
	}
	if !same {
		t.Errorf("body %s, want %s", got.Body, *want.Body)
	}
}

func TestMalformed(t *testing.T) {
	suite := smithytest.Load(t, "restJson1")
	if len(suite.Malformed) != 655 {
		t.Errorf("%d cases, want 655", len(suite.Malformed))
	}
	for _, tt := range suite.Malformed {
		t.Run(tt.ID, func(t *testing.T) {
			if why := exceptions()[tt.ID]; why != "" {
				t.Skip(why)
			}
			_, in, err := decode(suite.Of(t, tt.Case), tt.Request.Wire())
			if err == nil {
				t.Fatalf("%v is taken as %v", tt.Request, smithytest.Plain(in))
			}
			code, status, body := refusal(t, err)
			if status != tt.Response.Code || code != tt.Response.Headers["x-amzn-errortype"] {
				t.Errorf("%d %s (%v), want %d %v", status, code, err, tt.Response.Code, tt.Response.Headers)
			}
			if tt.Response.Body == nil {
				return
			}
			want := strings.ReplaceAll(tt.Response.Body.Assertion.Contents, "$$", "$") // the suite's escape for $
			if want != "" && !smithytest.SameJSON(body, []byte(want)) {
				t.Errorf("body %s, want %s", body, want)
			}
			if want := tt.Response.Body.Assertion.MessageRegex; want != "" && !regexp.MustCompile(want).Match(body) {
				t.Errorf("body %s does not match %s", body, want)
			}
		})
	}
}

// refusal is what a server tells of an error.
func refusal(t *testing.T, err error) (code string, status int, body []byte) {
	t.Helper()
	type field struct {
		Message string `json:"message"`
		Path    string `json:"path"`
	}
	var malformed *wire.Malformed
	var invalid *wire.Invalid
	var failure *wire.Failure
	switch {
	case errors.As(err, &malformed):
		return "SerializationException", 400, nil
	case errors.As(err, &failure):
		return failure.Code, failure.Status, nil
	case errors.As(err, &invalid):
		var fields []field
		for _, v := range invalid.Violations {
			fields = append(fields, field{v.Message, v.Path})
		}
		body, err := json.Marshal(map[string]any{"message": invalid.Message, "fieldList": fields})
		if err != nil {
			t.Fatal(err)
		}
		return "ValidationException", 400, body
	}
	return err.Error(), 0, nil
}

// events hands out the events of a test.
type events struct {
	list   []any
	closed bool
}

func (e *events) Next(context.Context) (any, error) {
	if len(e.list) == 0 {
		return nil, io.EOF
	}
	next := e.list[0]
	e.list = e.list[1:]
	return next, nil
}

func (e *events) Close() error {
	e.closed = true
	return nil
}

// TestEvents holds streams of events that a server sends to the suite, byte by
// byte. No service of ours takes a stream, so the other half is left out.
func TestEvents(t *testing.T) {
	suite := smithytest.Load(t, "restJson1")
	ran := 0
	for _, tt := range suite.Events {
		if !tt.Server() || len(tt.Events) == 0 || tt.Events[0].Type != "response" {
			continue
		}
		ran++
		t.Run(tt.ID, func(t *testing.T) {
			s := suite.Of(t, tt.Case)
			op := s.Operation(tt.Name())
			out := smithytest.Record(t, s, op.Output, tt.InitialResponseParams)
			sent := &events{}
			var want []byte
			for i, m := range out.Shape.Members {
				if !s.Of(&m).Has(wire.EventStream) {
					continue
				}
				for _, e := range tt.Events {
					sent.list = append(sent.list, smithytest.Record(t, s, m.Shape, e.Params))
					want = append(want, e.Bytes...)
				}
				out.Fields[i] = sent
			}
			a, err := restjson.New(s).Encode(nil, op, out)
			if err != nil || a.Stream == nil {
				t.Fatalf("no stream: %v", err)
			}
			var got strings.Builder
			if err := a.Stream(t.Context(), &got, func() {}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(frames(t, string(want)), frames(t, got.String())); diff != "" {
				t.Errorf("frames (-want +got):\n%s", diff)
			}
			if !sent.closed {
				t.Error("the stream is not closed")
			}
		})
	}
	if ran < 20 {
		t.Errorf("ran %d tests: the suite is not read right", ran)
	}
}

// frame is one frame as the SDK reads it, its headers in no order.
type frame struct {
	Headers map[string]string
	Payload string
}

func frames(t *testing.T, text string) []frame {
	t.Helper()
	var out []frame
	r := strings.NewReader(text)
	for r.Len() > 0 {
		msg, err := eventstream.NewDecoder().Decode(r, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := frame{Headers: map[string]string{}, Payload: string(msg.Payload)}
		for _, h := range msg.Headers {
			f.Headers[h.Name] = fmt.Sprintf("%T %v", h.Value, h.Value)
		}
		out = append(out, f)
	}
	return out
}
