package transport_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/transport"
)

// follower plays a route and keeps what it saw.
type follower struct {
	route *program.Route
	seen  []string
	body  string
}

func (f *follower) Begin(x *program.Exchange) {
	x.Request.Method, x.Request.Path, x.Request.Target, x.Request.Host = []byte("GET"), []byte("/"), []byte("/"), []byte("h")
	x.Route = f.route
}

func (f *follower) Calling(*program.Exchange) { f.seen = append(f.seen, "calling") }

func (f *follower) Called(x *program.Exchange, err error) {
	f.seen = append(f.seen, fmt.Sprint("called ", x.Reply.Response.Status, " ", err != nil))
}

func (f *follower) Done(x *program.Exchange, body []byte) {
	f.seen, f.body = append(f.seen, fmt.Sprint("done ", x.Answer.Status)), string(body)
}

// endless is a body that comes in dribbles and never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return copy(p, "x"), nil
}
func (endless) Close() error { return nil }

func TestMemory(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		_, _ = w.Write(bytes.ToUpper(body))
	}))
	defer back.Close()
	up := transport.NewUpstreams(transport.UpstreamConfig{})
	defer up.Close()
	relay := proxy(up.Origin("http", strings.TrimPrefix(back.URL, "http://"), "", false))
	lost := proxy(up.Origin("http", "127.0.0.1:1", "", false))
	echo := func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Body = 200, x.Body
		return nil
	}
	for _, tt := range []struct {
		name       string
		route      *program.Route
		send, body string
		seen       []string
	}{
		{"answer", fixed(201, "made"), "", "made", []string{"done 201"}},
		{"body", step(program.BodyBuffer, echo), "ping", "ping", []string{"done 200"}},
		{"body too large", step(program.BodyBuffer, echo), strings.Repeat("x", 101), `{"message":"Request Too Long"}`, []string{"done 413"}},
		{"relay", &program.Route{Body: program.BodyStream, Steps: relay}, "ping", "PING", []string{"calling", "called 200 false", "done 200"}},
		{
			"no connection", &program.Route{Body: program.BodyStream, Steps: lost}, "", `{"message": "Network error communicating with endpoint"}`,
			[]string{"calling", "called 0 true", "done 504"},
		},
		{"failure", step(0, func(*program.Exchange) error { return errors.New("x") }), "", `{"message": "Internal server error"}`, []string{"done 500"}},
		{"panic", step(0, func(*program.Exchange) error { panic("x") }), "", `{"message": "Internal server error"}`, []string{"done 500"}},
		{"answer cut", fixed(200, strings.Repeat("x", 200)), "", strings.Repeat("x", 100), []string{"done 200"}},
		{
			"endless answer", step(0, func(x *program.Exchange) error {
				x.Answer.Status, x.Answer.Stream = 200, endless{}
				return nil
			}), "", strings.Repeat("x", 100), []string{"done 200"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := &follower{route: tt.route}
			transport.NewMemory(transport.Config{Upstreams: up, MaxBody: 100}).Play(t.Context(), []byte(tt.send), f)
			if diff := cmp.Diff(tt.seen, f.seen); diff != "" {
				t.Errorf("what was seen (-want +got):\n%s", diff)
			}
			if f.body != tt.body {
				t.Errorf("body = %q, want %q", f.body, tt.body)
			}
		})
	}
}

// TestMemoryEnds: an answer that never ends ends with its context.
func TestMemoryEnds(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	f := &follower{route: step(0, func(x *program.Exchange) error {
		x.Answer.Status, x.Answer.Stream = 200, endless{}
		return nil
	})}
	transport.NewMemory(transport.Config{}).Play(ctx, nil, f)
	if f.body == "" || len(f.body) > 1000 {
		t.Errorf("%d bytes of an answer that never ends", len(f.body))
	}
}
