//go:build unix

package lambda_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// pid is which process answered.
func pid(t testing.TB, h *lambda.Host, function, event string) int {
	t.Helper()
	n, ok := object(t, invoke(t, h, lambda.Call{Function: function, Payload: []byte(event)}).Payload)["pid"].(float64)
	if !ok {
		t.Fatal("no pid")
	}
	return int(n)
}

// alive tells whether a process runs.
func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || !strings.Contains(string(b), ") Z ")
}

// One caller after another is served by one process, and is never turned away for
// the call before.
func TestReuse(t *testing.T) {
	h := host(t, lambda.Config{})
	one := 1
	d := lambda.Definition{Name: "f", Versions: map[string]lambda.Version{lambda.Latest: golang(t)}, Reserved: &one}
	if err := h.Define(d); err != nil {
		t.Fatal(err)
	}
	pids := map[int]bool{}
	for range 300 {
		pids[pid(t, h, "f", "{}")] = true
	}
	if len(pids) > 2 { // one more than needed where a machine is very slow
		t.Errorf("%d processes served one caller", len(pids))
	}
	if r := invoke(t, h, lambda.Call{Function: "f"}); r.Cold || r.Init != 0 {
		t.Error("a warm call is said to be cold")
	}
}

func TestScaleOut(t *testing.T) {
	h := host(t, lambda.Config{Starts: 3})
	define(t, h, "f", golang(t))
	const n = 12
	var wg sync.WaitGroup
	pids := make(chan int, n)
	for range n {
		wg.Go(func() { pids <- pid(t, h, "f", `{"do":"sleep","n":3000}`) })
	}
	wg.Wait()
	close(pids)
	all := map[int]bool{}
	for p := range pids {
		all[p] = true
	}
	if len(all) != n {
		t.Errorf("%d calls at a time were served by %d processes", n, len(all))
	}
}

func TestManyCalls(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "f", golang(t))
	var wg sync.WaitGroup
	var cold atomic.Int64
	for i := range 200 {
		wg.Go(func() {
			r := invoke(t, h, lambda.Call{Function: "f", Payload: fmt.Appendf(nil, `{"do":"sleep","n":1,"echo":%d}`, i)})
			if got := object(t, r.Payload)["echo"]; got != float64(i) {
				t.Errorf("call %d got the answer to %v", i, got)
			}
			if r.Cold {
				cold.Add(1)
			}
		})
	}
	wg.Wait()
	t.Logf("200 calls at a time took %d environments", cold.Load())
}

func TestThrottling(t *testing.T) {
	h := host(t, lambda.Config{AccountConcurrency: 3})
	v := golang(t)
	reserve := func(name string, n int) {
		t.Helper()
		d := lambda.Definition{Name: name, Versions: map[string]lambda.Version{lambda.Latest: v}, Reserved: &n}
		if err := h.Define(d); err != nil {
			t.Fatal(err)
		}
	}
	reserve("blocked", 0)
	reserve("one", 1)
	define(t, h, "a", v)
	define(t, h, "b", v)
	throttled := func(name string) string {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := h.Invoke(ctx, lambda.Call{Function: name})
		if limit := (*lambda.Throttled)(nil); asError(err, &limit) {
			if err.Error() != "Rate Exceeded." {
				t.Errorf("the error is %q", err)
			}
			return limit.Reason
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return ""
	}
	expect := func(name, want string) {
		t.Helper()
		if got := throttled(name); got != want {
			t.Errorf("%s: throttled for %q, want %q", name, got, want)
		}
	}
	expect("blocked", lambda.ReservedLimit)
	var wg sync.WaitGroup
	occupy := func(name string) {
		began := make(chan struct{})
		wg.Go(func() {
			close(began)
			invoke(t, h, lambda.Call{Function: name, Payload: []byte(`{"do":"sleep","n":2000}`)})
		})
		<-began
	}
	for _, name := range []string{"one", "a", "b"} { // 1 of its own, 2 of the account's 3 less 1
		occupy(name)
	}
	time.Sleep(500 * time.Millisecond)
	expect("one", lambda.ReservedLimit)
	expect("a", lambda.AccountLimit)
	expect("b", lambda.AccountLimit)
	wg.Wait()
	for _, name := range []string{"one", "a", "b"} {
		expect(name, "")
	}
	h.Remove("one")
	reserve("blocked", 3)
	expect("a", lambda.AccountLimit) // all is reserved
}

// A new revision takes over at once; the call under way ends on the old one.
func TestReload(t *testing.T) {
	h := host(t, lambda.Config{})
	v := python(t, "import time\ndef lambda_handler(e, c):\n    time.sleep(e)\n    return 'old'\n")
	define(t, h, "f", v)
	invoke(t, h, lambda.Call{Function: "f", Payload: []byte("0")})
	old := make(chan string)
	go func() {
		old <- string(invoke(t, h, lambda.Call{Function: "f", Payload: []byte("1.5")}).Payload)
	}()
	time.Sleep(300 * time.Millisecond)
	v.Revision, v.CodeDir = "2", python(t, "def lambda_handler(e, c): return 'new'").CodeDir
	define(t, h, "f", v)
	if got := string(invoke(t, h, lambda.Call{Function: "f"}).Payload); got != `"new"` {
		t.Errorf("after the change: %s", got)
	}
	if got := <-old; got != `"old"` {
		t.Errorf("the call under way: %s", got)
	}
}

// A definition that leaves a version as it is leaves its processes alone.
func TestDefineKeepsWarm(t *testing.T) {
	h := host(t, lambda.Config{})
	v := golang(t)
	define(t, h, "f", v)
	first := pid(t, h, "f", "{}")
	d := lambda.Definition{Name: "f", Versions: map[string]lambda.Version{lambda.Latest: v, "1": v}}
	if err := h.Define(d); err != nil {
		t.Fatal(err)
	}
	if got := pid(t, h, "f", "{}"); got != first {
		t.Error("the process was replaced")
	}
	v.Revision = "2"
	define(t, h, "f", v)
	eventually(t, "the old process ends", func() bool { return !alive(first) })
}

// Nothing of a definition that was replaced stays in the scratch folder, whether
// its environments were idle, gone or never there.
func TestScratchOfOldRevisions(t *testing.T) {
	dir := t.TempDir()
	h := host(t, lambda.Config{Dir: dir, IdleAfter: 100 * time.Millisecond})
	v := golang(t)
	for i := range 5 {
		v.Revision = fmt.Sprint(i)
		define(t, h, "f", v)
		if i == 1 {
			continue
		}
		first := pid(t, h, "f", "{}")
		if i%2 == 0 {
			eventually(t, "the process ends", func() bool { return !alive(first) })
		}
	}
	h.Remove("f")
	eventually(t, "the scratch folders are removed", func() bool {
		left, err := filepath.Glob(filepath.Join(dir, "run-*", "version-*"))
		return err == nil && len(left) == 0
	})
}

func TestQualifiers(t *testing.T) {
	h := host(t, lambda.Config{})
	say := func(what string) lambda.Version {
		v := python(t, "def lambda_handler(e, c): return ['"+what+"', c.function_version, c.invoked_function_arn[-5:]]")
		v.Revision = what
		return v
	}
	d := lambda.Definition{
		Name: "f", ARN: "arn:f",
		Versions: map[string]lambda.Version{lambda.Latest: say("latest"), "1": say("one"), "2": say("two")},
		Aliases: map[string]lambda.Alias{
			"live": {Name: "live", Version: "1"}, "half": {Name: "half", Version: "1", Weights: map[string]float64{"2": 0.5}},
			"all": {Name: "all", Version: "1", Weights: map[string]float64{"2": 1}},
		},
	}
	if err := h.Define(d); err != nil {
		t.Fatal(err)
	}
	for qualifier, want := range map[string]string{
		"": `["latest", "$LATEST", "arn:f"]`, "$LATEST": `["latest", "$LATEST", "ATEST"]`, "2": `["two", "2", "n:f:2"]`,
		"live": `["one", "1", ":live"]`, "all": `["two", "2", "f:all"]`,
	} {
		r := invoke(t, h, lambda.Call{Function: "f", Qualifier: qualifier})
		if string(r.Payload) != want {
			t.Errorf("%q: %s, want %s", qualifier, r.Payload, want)
		}
	}
	served := map[string]int{}
	for range 100 {
		served[invoke(t, h, lambda.Call{Function: "f", Qualifier: "half"}).ExecutedVersion]++
	}
	if served["1"] < 20 || served["2"] < 20 { // fails once in 10^10 runs
		t.Errorf("an alias of two halves served %v", served)
	}
	for _, c := range []lambda.Call{{Function: "f", Qualifier: "3"}, {Function: "f", Qualifier: "dead"}, {Function: "g"}} {
		if _, err := h.Invoke(t.Context(), c); !errors.Is(err, lambda.ErrNoFunction) {
			t.Errorf("%s:%s: %v, want ErrNoFunction", c.Function, c.Qualifier, err)
		}
	}
}

func TestIdle(t *testing.T) {
	h := host(t, lambda.Config{IdleAfter: 200 * time.Millisecond})
	define(t, h, "f", golang(t))
	first := pid(t, h, "f", "{}")
	eventually(t, "an idle process ends", func() bool { return !alive(first) })
	if got := pid(t, h, "f", "{}"); got == first {
		t.Error("a process that has ended answers")
	}
}

// Environments make room for others when there are too many.
func TestRoom(t *testing.T) {
	h := host(t, lambda.Config{AccountConcurrency: 2})
	v := golang(t)
	var pids []int
	for i := range 3 {
		name := fmt.Sprint("f", i)
		define(t, h, name, v)
		pids = append(pids, pid(t, h, name, "{}"))
	}
	eventually(t, "the oldest process ends", func() bool { return !alive(pids[0]) })
	if !alive(pids[1]) || !alive(pids[2]) {
		t.Error("more processes than needed have ended")
	}
}

func TestKilledFromOutside(t *testing.T) {
	h := host(t, lambda.Config{})
	define(t, h, "f", golang(t))
	first := pid(t, h, "f", "{}")
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = syscall.Kill(first, syscall.SIGKILL)
	}()
	r := invoke(t, h, lambda.Call{Function: "f", Payload: []byte(`{"do":"sleep","n":20000}`)})
	if want := `{"errorType":"Runtime.ExitError","errorMessage":"RequestId: ` + r.RequestID + ` Error: Runtime exited with error: signal: killed"}`; string(r.Payload) != want {
		t.Errorf("killed in a call: %s", r.Payload)
	}
	for range 20 { // while idle: nobody notices
		victim := pid(t, h, "f", "{}")
		_ = syscall.Kill(victim, syscall.SIGKILL)
		// A zombie may still have threads that hold its connections open.
		eventually(t, "the process is reaped", func() bool { return syscall.Kill(victim, 0) != nil })
		if got := pid(t, h, "f", "{}"); got == victim {
			t.Fatal("a dead process answers")
		}
	}
}

// Children of a function end with it: with the environment that times out, and
// with the host.
func TestChildren(t *testing.T) {
	need(t, "sleep")
	v := python(t, `
import subprocess, time
def lambda_handler(event, c):
    p = subprocess.Popen(["sleep", "1000"], start_new_session=event.get("own", False))
    if "file" in event: open(event["file"], "w").write(str(p.pid))
    time.sleep(event.get("sleep", 0))
    return {"pid": p.pid}
`)
	v.Timeout = 2 * time.Second
	file := filepath.Join(t.TempDir(), "pid")
	var left []int
	t.Run("host", func(t *testing.T) {
		h := host(t, lambda.Config{})
		define(t, h, "f", v)
		left = append(left, pid(t, h, "f", "{}"), pid(t, h, "f", `{"own":true}`))
		if r := invoke(t, h, lambda.Call{Function: "f", Payload: fmt.Appendf(nil, `{"sleep":20,"file":%q}`, file)}); r.ErrorType != "Sandbox.Timedout" {
			t.Errorf("the call ended with %s", r.Payload)
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var child int
		if _, err := fmt.Sscan(string(b), &child); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the child of a call that timed out ends", func() bool { return !alive(child) })
		eventually(t, "the child of an earlier call ends too", func() bool { return !alive(left[0]) })
		left = append(left, pid(t, h, "f", "{}"), pid(t, h, "f", `{"own":true}`))
	})
	for _, child := range left {
		if alive(child) {
			t.Errorf("process %d is left after Run", child)
			_ = syscall.Kill(child, syscall.SIGKILL)
		}
	}
}

// Memory of children counts.
func TestMemoryOfChildren(t *testing.T) {
	v := python(t, `
import subprocess, sys
def lambda_handler(event, c):
    subprocess.run([sys.executable, "-c", "x = bytearray(300 << 20); import time; time.sleep(30)"])
`)
	h := host(t, lambda.Config{})
	define(t, h, "f", v)
	r := invoke(t, h, lambda.Call{Function: "f"})
	if !strings.HasSuffix(string(r.Payload), `Runtime exited with error: signal: killed"}`) {
		t.Errorf("got %s", r.Payload)
	}
}
