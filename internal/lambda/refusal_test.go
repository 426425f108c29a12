//go:build unix

package lambda_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

func TestTooLarge(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "f", golang(t))
	event := []byte(`{"do":"print","text":"` + strings.Repeat("x", lambda.MaxRequest-24) + `"}`)
	if r := invoke(t, h, lambda.Call{Function: "f", Payload: event}); r.FunctionError != "" {
		t.Errorf("the largest event: %s", r.Payload)
	}
	_, err := h.Invoke(t.Context(), lambda.Call{Function: "f", Payload: append(event, ' ')})
	if large := (*lambda.TooLarge)(nil); !asError(err, &large) || err.Error() != "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)" {
		t.Errorf("a larger event: %v", err)
	}
}

func TestNoRuntime(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "f", lambda.Version{Runtime: "ruby3.3", Handler: "a.b", CodeDir: t.TempDir()})
	_, err := h.Invoke(t.Context(), lambda.Call{Function: "f"})
	if missing := (*lambda.NoRuntime)(nil); !asError(err, &missing) || missing.Runtime != "ruby3.3" || !strings.HasPrefix(err.Error(), "runtime ruby3.3 is not on this machine, which has: ") {
		t.Errorf("error %v, want NoRuntime", err)
	}
}

func TestBadDefinitions(t *testing.T) {
	h := lambda.New(lambda.Config{})
	v, minus := lambda.Version{Runtime: "r", CodeDir: "d"}, -1
	for _, tt := range []struct {
		d    lambda.Definition
		want string
	}{
		{lambda.Definition{}, `define function "": it has no name`},
		{lambda.Definition{Name: "f", Reserved: &minus}, `define function "f": reserved concurrency -1 is negative`},
		{lambda.Definition{Name: "f", Versions: map[string]lambda.Version{"1": {}}}, `define function "f": version 1 lacks a runtime or a code folder`},
		{lambda.Definition{Name: "f", Aliases: map[string]lambda.Alias{"a": {Version: "1"}}}, `define function "f": alias a stands for version "1", which there is not`},
		{lambda.Definition{Name: "f", Versions: map[string]lambda.Version{"1": v}, Aliases: map[string]lambda.Alias{"a": {Version: "1", Weights: map[string]float64{"2": 1}}}}, `define function "f": alias a weighs version "2", which there is not`},
	} {
		if err := h.Define(tt.d); err == nil || err.Error() != tt.want {
			t.Errorf("error %v, want %s", err, tt.want)
		}
	}
}

// Calls before Run wait for it, calls after it are refused, and calls under way at
// its end are answered.
func TestLife(t *testing.T) {
	h := lambda.New(lambda.Config{Dir: t.TempDir()})
	define(t, h, "f", golang(t))
	define(t, h, "slow", python(t, "import time\ntime.sleep(20)\ndef lambda_handler(e, c): pass\n"))
	early := make(chan error, 1)
	go func() {
		_, err := h.Invoke(context.Background(), lambda.Call{Function: "f"})
		early <- err
	}()
	impatient, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := h.Invoke(impatient, lambda.Call{Function: "f"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("before Run: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	if err := <-early; err != nil {
		t.Errorf("the call that waited for Run: %v", err)
	}
	under := make(chan error, 2)
	go func() {
		_, err := h.Invoke(context.Background(), lambda.Call{Function: "f", Payload: []byte(`{"do":"sleep","n":20000}`)})
		under <- err
	}()
	go func() {
		_, err := h.Invoke(context.Background(), lambda.Call{Function: "slow"})
		under <- err
	}()
	time.Sleep(500 * time.Millisecond)
	stop()
	if err := <-done; err != nil {
		t.Errorf("Run: %v", err)
	}
	stopped := func(err error, when string) {
		t.Helper()
		if notReady := (*lambda.NotReady)(nil); !asError(err, &notReady) || err.Error() != "the function host has stopped" {
			t.Errorf("%s: %v", when, err)
		}
	}
	stopped(<-under, "under way at the end")
	stopped(<-under, "under way at the end")
	_, err := h.Invoke(t.Context(), lambda.Call{Function: "f"})
	stopped(err, "after the end")
	if err := h.Run(t.Context()); err == nil {
		t.Error("Run runs twice")
	}
}

func TestRunFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", filepath.Join(file, "sub")} {
		h := lambda.New(lambda.Config{Dir: dir})
		define(t, h, "f", lambda.Version{Runtime: "provided", CodeDir: "/"})
		if err := h.Run(t.Context()); err == nil {
			t.Errorf("Run with %q as its folder does not fail", dir)
		}
		_, err := h.Invoke(t.Context(), lambda.Call{Function: "f"})
		if notReady := (*lambda.NotReady)(nil); !asError(err, &notReady) {
			t.Errorf("Invoke of a host that did not run: %v", err)
		}
	}
}

// A call whose caller leaves goes on, and counts until it is done.
func TestCancel(t *testing.T) {
	h := host(t, lambda.Config{})
	one := 1
	v := golang(t)
	d := lambda.Definition{Name: "f", Versions: map[string]lambda.Version{lambda.Latest: v}, Reserved: &one}
	if err := h.Define(d); err != nil {
		t.Fatal(err)
	}
	first := pid(t, h, "f", "{}")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := h.Invoke(ctx, lambda.Call{Function: "f", Payload: []byte(`{"do":"sleep","n":1500}`)}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller that left: %v", err)
	}
	_, err := h.Invoke(t.Context(), lambda.Call{Function: "f"})
	if limit := (*lambda.Throttled)(nil); !asError(err, &limit) {
		t.Errorf("while the function goes on: %v, want Throttled", err)
	}
	eventually(t, "the function is free again", func() bool {
		r, err := h.Invoke(t.Context(), lambda.Call{Function: "f"})
		return err == nil && int(object(t, r.Payload)["pid"].(float64)) == first
	})
	// One that waits for a process leaves the queue.
	slow := python(t, "import time\ntime.sleep(1)\ndef lambda_handler(e, c): return 1\n")
	if err := h.Define(lambda.Definition{Name: "slow", Versions: map[string]lambda.Version{lambda.Latest: slow}, Reserved: &one}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := h.Invoke(ctx, lambda.Call{Function: "slow"}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the caller that left the queue: %v", err)
	}
	if r := invoke(t, h, lambda.Call{Function: "slow"}); string(r.Payload) != "1" {
		t.Errorf("the next call got %s", r.Payload)
	}
}

// A caller that has left may use its event's memory for something else.
func TestEventIsNotKept(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "f", python(t, `
import time
time.sleep(0.5)
def lambda_handler(event, context):
    print("got", len(event), set(event))
`))
	for _, size := range []int{10, 1 << 20} {
		for _, wait := range []time.Duration{50 * time.Millisecond, time.Microsecond} { // in the queue, then perhaps on the way
			event := []byte(`"` + strings.Repeat("a", size) + `"`)
			ctx, cancel := context.WithTimeout(t.Context(), wait)
			_, err := h.Invoke(ctx, lambda.Call{Function: "f", Payload: event})
			cancel()
			for i := range event { // the race detector would see the host read it
				event[i] = 'b'
			}
			if err == nil {
				t.Error("the call was faster than its caller")
			}
		}
	}
}

// A start that takes too long is tried once more within the function's time-out.
func TestSlowStart(t *testing.T) {
	h := host(t, lambda.Config{InitTimeout: time.Second})
	count := filepath.Join(t.TempDir(), "count")
	v := python(t, `
import os, time
with open(os.environ["COUNT"], "a") as f: f.write("x")
if os.path.getsize(os.environ["COUNT"]) <= int(os.environ["SLOW"]): time.sleep(30)
def lambda_handler(e, c): return c.get_remaining_time_in_millis()
`)
	v.Timeout = 4 * time.Second
	v.Env = map[string]string{"COUNT": count, "SLOW": "1"}
	define(t, h, "f", v)
	r := invoke(t, h, lambda.Call{Function: "f", Tail: true})
	if b, err := os.ReadFile(count); err != nil || string(b) != "xx" {
		t.Errorf("started %q times", b)
	}
	if left := string(r.Payload); r.FunctionError != "" || len(left) != 4 || left[0] > '3' {
		t.Errorf("got %s, want some time less than 4000", left)
	}
	if !strings.Contains(string(r.LogTail), "Phase: init\tStatus: timeout\n") {
		t.Errorf("log %s", r.LogTail)
	}
	v.Revision, v.Timeout, v.Env = "2", time.Second, map[string]string{"COUNT": count, "SLOW": "100"}
	define(t, h, "f", v)
	r = invoke(t, h, lambda.Call{Function: "f"})
	if want := `{"errorType":"Sandbox.Timedout","errorMessage":"RequestId: ` + r.RequestID + ` Error: Task timed out after 1.00 seconds"}`; string(r.Payload) != want {
		t.Errorf("got %s, want %s", r.Payload, want)
	}
}
