package awsjson_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"

	sdk "github.com/aws/aws-sdk-go-v2/aws/protocol/eventstream"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/awsjson"
	"github.com/stagedoor/stagedoor/internal/wire/logs"
)

func TestMatch(t *testing.T) {
	c := awsjson.New(logs.Table(), wire.AWSJSON11)
	for target, want := range map[string]string{
		"Logs_20140328.PutLogEvents": "PutLogEvents",
		"Logs_20140328.Nope":         "",
		"Logs_20140329.PutLogEvents": "",
		"PutLogEvents":               "",
		"":                           "",
		"Logs_20140328.":             "",
	} {
		got := ""
		if op := c.Match(target); op != nil {
			got = op.Name
		}
		if got != want {
			t.Errorf("Match(%q) = %q, want %q", target, got, want)
		}
	}
}

// tail is a stream of one event.
type tail struct{ sent bool }

func (s *tail) Next(context.Context) (any, error) {
	if s.sent {
		return nil, io.EOF
	}
	s.sent = true
	return &logs.StartLiveTailResponseStream{SessionStart: &logs.LiveTailSessionStart{SessionId: new("id")}}, nil
}

func (s *tail) Close() error { return nil }

// TestStream holds a stream of this protocol to begin with the rest of the
// output, since there are no headers for it.
func TestStream(t *testing.T) {
	s := logs.Table()
	a, err := awsjson.New(s, wire.AWSJSON11).Encode(nil, s.Operation("StartLiveTail"), &logs.StartLiveTailResponse{ResponseStream: &tail{}})
	if err != nil || a.Stream == nil || a.Header.Get("Content-Type") != "application/vnd.amazon.eventstream" {
		t.Fatalf("Encode = %+v, %v", a, err)
	}
	var out bytes.Buffer
	flushed := 0
	if err := a.Stream(t.Context(), &out, func() { flushed++ }); err != nil {
		t.Fatal(err)
	}
	var got []string
	for out.Len() > 0 {
		msg, err := sdk.NewDecoder().Decode(&out, nil)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, msg.Headers.Get(":event-type").String()+" "+string(msg.Payload))
	}
	const want = `initial-response {};sessionStart {"sessionId":"id"}`
	if strings.Join(got, ";") != want || flushed != 2 {
		t.Errorf("stream %q in %d flushes, want %s in 2", got, flushed, want)
	}
}
