//go:build unix

package lambda_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// logs is a Sink that keeps everything.
type logs struct {
	mu  sync.Mutex
	all []lambda.LogLine
}

func (l *logs) take(line lambda.LogLine) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = append(l.all, line)
}

// of is the texts of one call.
func (l *logs) of(id string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []string
	for _, line := range l.all {
		if line.RequestID == id {
			out = append(out, line.Text)
		}
	}
	return out
}

func TestLog(t *testing.T) {
	l := &logs{}
	h := host(t, lambda.Config{Sink: l.take})
	v := python(t, `
import sys, logging
print("on start")
def lambda_handler(event, c):
    print("out")
    print("err", file=sys.stderr)
    logging.getLogger().warning("first\nsecond")
    print("crlf\r")
    print()
    sys.stdout.write("no end")
`)
	define(t, h, "f", v)
	r := invoke(t, h, lambda.Call{Function: "f", Tail: true, RequestID: "call-1"})
	want := []string{
		`START RequestId: call-1 Version: \$LATEST`, "out", "err", `\[WARNING\]\t\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d.\d{3}Z\tcall-1\tfirst\nsecond`, "crlf", "", "no end",
		`END RequestId: call-1`,
		`REPORT RequestId: call-1\tDuration: \d+.\d\d ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB\tMax Memory Used: [1-9]\d* MB\tInit Duration: \d+.\d\d ms\t`,
	}
	got := l.of("call-1")
	if len(got) != len(want) {
		t.Fatalf("logged %q", got)
	}
	for i := range want {
		if !regexp.MustCompile("^" + want[i] + "$").MatchString(got[i]) {
			t.Errorf("line %d is %q, want %s", i, got[i], want[i])
		}
	}
	if tail := "on start\n" + strings.Join(got, "\n") + "\n"; string(r.LogTail) != tail {
		t.Errorf("the tail is %q, want %q", r.LogTail, tail)
	}
	first := l.all[0]
	if first.Text != "on start" || first.RequestID != "" || first.Platform || first.Function != "f" || first.Version != "$LATEST" ||
		first.Group != "/aws/lambda/f" || !regexp.MustCompile(`^\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}$`).MatchString(first.Stream) || first.Time.IsZero() {
		t.Errorf("the first line is %+v", first)
	}
	if r := invoke(t, h, lambda.Call{Function: "f"}); r.LogTail != nil {
		t.Errorf("a tail that nobody asked for: %q", r.LogTail)
	}
	r = invoke(t, h, lambda.Call{Function: "f", Tail: true})
	if strings.Contains(string(r.LogTail), "call-1") || strings.Contains(string(r.LogTail), "Init Duration") {
		t.Errorf("a warm call's tail: %s", r.LogTail)
	}
}

// All that a call has printed is in its tail, however much and how late; the tail
// is the last 4 KB.
func TestTail(t *testing.T) {
	l := &logs{}
	h := host(t, lambda.Config{Sink: l.take})
	define(t, h, "f", golang(t))
	for i := range 100 {
		id := fmt.Sprint("call-", i)
		r := invoke(t, h, lambda.Call{Function: "f", Payload: []byte(`{"do":"print","text":"0123456789012345678901234567890123456789","n":200}`), Tail: true, RequestID: id})
		if len(r.LogTail) != 4096 || !strings.Contains(string(r.LogTail), "9 199\nEND RequestId: "+id) {
			t.Fatalf("call %d: %d bytes: %s", i, len(r.LogTail), r.LogTail)
		}
		if got := l.of(id); len(got) != 203 || got[201] != "END RequestId: "+id {
			t.Fatalf("call %d logged %d lines", i, len(got))
		}
	}
}

// A line without an end does not fill our memory.
func TestLongLine(t *testing.T) {
	l := &logs{}
	h := host(t, lambda.Config{Sink: l.take})
	define(t, h, "f", python(t, `
import sys
def lambda_handler(event, c):
    sys.stdout.write("x" * 1000000)
`))
	invoke(t, h, lambda.Call{Function: "f", RequestID: "call"})
	got := l.of("call")
	n := 0
	for _, text := range got[1 : len(got)-2] {
		n += len(text)
		if len(text) > 256<<10 {
			t.Errorf("a line of %d bytes", len(text))
		}
	}
	if n != 1000000 || len(got) != 3+4 {
		t.Errorf("%d bytes came in %d lines", n, len(got))
	}
}

func TestJSONLog(t *testing.T) {
	l := &logs{}
	h := host(t, lambda.Config{Sink: l.take})
	py := python(t, `
import logging
def lambda_handler(event, c):
    logging.getLogger().info("hello", extra={"more": 1})
    if event: raise KeyError("x")
`)
	py.LogFormat, py.LogLevel = "JSON", "INFO"
	js := node(t, "index.js", `exports.handler = async (e) => { console.debug('no'); console.log('hello', {a: 1}); console.info({ more: 1 }); console.error(new Error('bad')); }`)
	js.LogFormat, js.LogLevel = "JSON", "INFO"
	define(t, h, "py", py)
	define(t, h, "js", js)
	read := func(id string) []map[string]any {
		var out []map[string]any
		for _, text := range l.of(id) {
			out = append(out, object(t, []byte(text)))
		}
		return out
	}
	invoke(t, h, lambda.Call{Function: "py", RequestID: "py-1", TraceID: "Root=1-2-3"})
	got := read("py-1")
	if len(got) != 3 || got[0]["type"] != "platform.start" || got[1]["message"] != "hello" || got[1]["level"] != "INFO" || got[1]["requestId"] != "py-1" || got[1]["more"] != 1.0 || got[2]["type"] != "platform.report" {
		t.Errorf("Python logged %v", got)
	}
	if record, _ := got[2]["record"].(map[string]any); record["status"] != "success" || record["requestId"] != "py-1" || record["metrics"].(map[string]any)["memorySizeMB"] != 256.0 {
		t.Errorf("the report is %v", got[2])
	}
	invoke(t, h, lambda.Call{Function: "py", RequestID: "py-2", Payload: []byte("1")})
	got = read("py-2")
	if record, _ := got[3]["record"].(map[string]any); got[2]["errorType"] != "KeyError" || record["status"] != "error" || record["errorType"] != "KeyError" {
		t.Errorf("Python logged %v", got)
	}
	invoke(t, h, lambda.Call{Function: "js", RequestID: "js-1"})
	got = read("js-1")
	if len(got) != 5 || got[1]["message"] != "hello { a: 1 }" || got[2]["message"].(map[string]any)["more"] != 1.0 || got[3]["message"].(map[string]any)["errorMessage"] != "bad" {
		t.Errorf("Node logged %v", got)
	}
}

func TestTracedReport(t *testing.T) {
	h := host(t, lambda.Config{})
	v := golang(t)
	v.TracingActive = true
	define(t, h, "f", v)
	r := invoke(t, h, lambda.Call{Function: "f", Tail: true, TraceID: "Root=1-5759e988-bd862e3f;Parent=53995c3f42cd8ad8;Sampled=1"})
	if !strings.HasSuffix(string(r.LogTail), "\nXRAY TraceId: 1-5759e988-bd862e3f\tSegmentId: 53995c3f42cd8ad8\tSampled: true\t\n") {
		t.Errorf("log %s", r.LogTail)
	}
}

// What a function that dies had to say is in the log of its call.
func TestLastWords(t *testing.T) {
	h := host(t, lambda.Config{})
	v := python(t, `
import os, sys
def lambda_handler(event, c):
    sys.stderr.write("last words")
    sys.stderr.flush()
    os._exit(1)
`)
	define(t, h, "f", v)
	for range 5 {
		r := invoke(t, h, lambda.Call{Function: "f", Tail: true})
		want := "last words\nRequestId: " + r.RequestID + " Error: Runtime exited with error: exit status 1\nRuntime.ExitError\nEND RequestId: " + r.RequestID + "\n"
		if !strings.Contains(string(r.LogTail), want) {
			t.Errorf("log %s", r.LogTail)
		}
	}
	var reply map[string]any
	if err := json.Unmarshal(invoke(t, h, lambda.Call{Function: "f"}).Payload, &reply); err != nil || reply["errorType"] != "Runtime.ExitError" {
		t.Errorf("got %v, %v", reply, err)
	}
}
