package eventstream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"github.com/stagedoor/stagedoor/internal/wire/eventstream"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// FuzzAppend holds frames to the SDK's reading of them.
func FuzzAppend(f *testing.F) {
	f.Add("name", "value", []byte("payload"), int64(5))
	f.Fuzz(func(t *testing.T, name, value string, payload []byte, n int64) {
		name = strings.TrimLeft(name, "bity") // the names of the others: a reader keeps one header of a name
		at := time.UnixMilli(n % (1 << 50)).UTC()
		b, err := eventstream.Append([]byte("before"), eventstream.Message{Payload: payload, Headers: []eventstream.Header{
			{Name: name, Value: value},
			{Name: "b", Value: []byte(value)},
			{Name: "i", Value: n},
			{Name: "t", Value: at},
			{Name: "y", Value: n%2 == 0},
		}})
		if name == "" || len(name) > 255 || len(value) > 65535 {
			if err == nil {
				t.Errorf("a header %q of %d bytes is framed", name, len(value))
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		rest, ok := bytes.CutPrefix(b, []byte("before"))
		if !ok {
			t.Fatalf("%q is overwritten", b)
		}
		msg, err := sdk.NewDecoder().Decode(bytes.NewReader(rest), nil)
		if err != nil {
			t.Fatalf("%x: %v", rest, err)
		}
		if string(msg.Payload) != string(payload) || len(msg.Headers) != 5 {
			t.Errorf("%x is read as %+v", rest, msg)
		}
		if h := msg.Headers[0]; h.Name != name || h.Value.Get() != value {
			t.Errorf("header %q %v, want %q %q", h.Name, h.Value.Get(), name, value)
		}
		if got, ok := msg.Headers[3].Value.Get().(time.Time); !ok || !got.Equal(at) {
			t.Errorf("time %v, want %v", got, at)
		}
	})
}

func TestAppendRefuses(t *testing.T) {
	for _, h := range []eventstream.Header{{Name: "", Value: "x"}, {Name: strings.Repeat("n", 256), Value: "x"}, {Name: "n", Value: 1.5}, {Name: "n", Value: strings.Repeat("v", 1<<16)}} {
		if _, err := eventstream.Append(nil, eventstream.Message{Headers: []eventstream.Header{h}}); err == nil {
			t.Errorf("%q: %T is framed", h.Name, h.Value)
		}
	}
}

// broken is a stream that fails after one event.
type broken struct{ sent, closed bool }

func (b *broken) Next(context.Context) (any, error) {
	if b.sent {
		return nil, errors.New("a secret cause")
	}
	b.sent = true
	return &lambda.InvokeWithResponseStreamResponseEvent{InvokeComplete: &lambda.InvokeWithResponseStreamCompleteEvent{}}, nil
}

func (b *broken) Close() error {
	b.closed = true
	return io.ErrClosedPipe
}

// TestCopyBroken holds a stream that breaks to end with a message that clients
// raise and that tells nothing of the cause.
func TestCopyBroken(t *testing.T) {
	s := lambda.Table()
	op := s.Operation("InvokeWithResponseStream")
	var out bytes.Buffer
	flushed := 0
	b := &broken{}
	for i := range s.Shape(op.Output).Members {
		if sh := s.Of(&s.Shape(op.Output).Members[i]); sh.Name == "InvokeWithResponseStreamResponseEvent" {
			err := eventstream.Encoder{Service: s}.Copy(t.Context(), &out, func() { flushed++ }, b, sh)
			if err == nil || !strings.Contains(err.Error(), "a secret cause") || !errors.Is(err, io.ErrClosedPipe) {
				t.Errorf("Copy = %v", err)
			}
		}
	}
	if flushed != 2 || !b.closed || strings.Contains(out.String(), "secret") {
		t.Errorf("flushed %d times, closed %v: %q", flushed, b.closed, out.String())
	}
	var kinds []string
	for out.Len() > 0 {
		msg, err := sdk.NewDecoder().Decode(&out, nil)
		if err != nil {
			t.Fatal(err)
		}
		kinds = append(kinds, msg.Headers.Get(":message-type").String()+" "+string(msg.Payload))
	}
	if got := strings.Join(kinds, ";"); got != "event {};error " {
		t.Errorf("messages %q", got)
	}
}
