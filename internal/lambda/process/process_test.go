//go:build unix

package process_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// printed is an Output that keeps everything.
type printed struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (p *printed) take(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.b.Write(b)
}

func (p *printed) String() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.b.String()
}

func spawner(t *testing.T) *process.Spawner {
	t.Helper()
	s := process.NewSpawner()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	return s
}

// shell starts a script.
func shell(t *testing.T, s *process.Spawner, script string) (*process.Process, *printed) {
	t.Helper()
	out := &printed{}
	p, err := s.Start(t.Context(), process.Command{
		Path: "/bin/sh", Args: []string{"-c", script}, Dir: t.TempDir(),
		Env: []string{"PATH=/usr/bin:/bin", "MARK=" + t.TempDir()}, Output: out.take, Marker: "MARK=" + t.TempDir(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return p, out
}

func TestExit(t *testing.T) {
	for _, tt := range []struct {
		script string
		want   process.Exit
		text   string
	}{
		{"true", process.Exit{}, "exited without providing a reason"},
		{"exit 3", process.Exit{Code: 3}, "exited with error: exit status 3"},
		{"kill -9 $$", process.Exit{Code: -1, Signal: "killed"}, "exited with error: signal: killed"},
		{"kill -6 $$", process.Exit{Code: -1, Signal: "aborted"}, "exited with error: signal: aborted"},
	} {
		t.Run(tt.script, func(t *testing.T) {
			p, _ := shell(t, spawner(t), tt.script)
			if got := p.Wait(); got != tt.want || got.String() != tt.text {
				t.Errorf("Wait: %+v %q, want %+v %q", got, got, tt.want, tt.text)
			}
			p.Kill() // of a process that is gone: nothing
			p.Terminate()
			if p.Resident() != 0 || p.Peak() != 0 {
				t.Error("a process that is gone has memory")
			}
		})
	}
}

func TestStartFails(t *testing.T) {
	s := spawner(t)
	_, err := s.Start(t.Context(), process.Command{Path: filepath.Join(t.TempDir(), "none"), Output: func([]byte) {}})
	if !os.IsNotExist(unwrapAll(err)) {
		t.Errorf("error %v, want that there is no such file", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := process.NewSpawner().Start(ctx, process.Command{Path: "/bin/true", Output: func([]byte) {}}); err == nil {
		t.Error("a spawner that does not run started a process")
	}
}

func unwrapAll(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok || u.Unwrap() == nil {
			return err
		}
		err = u.Unwrap()
	}
}

// stdout and stderr come in the order they were written, and all of it has come
// when Wait returns.
func TestOutput(t *testing.T) {
	p, out := shell(t, spawner(t), "for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done; printf end; cat; env")
	p.Wait()
	want := "out 1\nerr 1\nout 2\nerr 2\nout 3\nerr 3\nout 4\nerr 4\nout 5\nerr 5\nend"
	got, env, _ := strings.Cut(out.String(), "PATH=")
	if !strings.HasPrefix(got, want) {
		t.Errorf("printed %q, want %q", got, want)
	}
	if strings.Contains(env, "HOME") || strings.Contains(got, "HOME") {
		t.Error("the process knows our HOME")
	}
}

// What a process has printed before it told so is there after Drain.
func TestDrain(t *testing.T) {
	dir := t.TempDir()
	p, out := shell(t, spawner(t), "for i in $(seq 200); do echo line $i; : > "+dir+"/$i; done; sleep 1000")
	defer p.Wait()
	defer p.Kill()
	for i := 1; i <= 200; i++ {
		for tries := 0; ; tries++ {
			if _, err := os.Stat(filepath.Join(dir, strconv.Itoa(i))); err == nil {
				break
			} else if tries > 10000 {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		p.Drain()
		if want := "line " + strconv.Itoa(i) + "\n"; !strings.Contains(out.String(), want) {
			t.Fatalf("%q was printed, and is not there: %q", want, out.String())
		}
	}
}

// Much output, written by a program that does not expect a full pipe, comes whole.
func TestMuchOutput(t *testing.T) {
	p, out := shell(t, spawner(t), "i=0; while [ $i -lt 20000 ]; do echo 0123456789012345678901234567890123456789012345678; i=$((i+1)); done")
	p.Wait()
	if n := len(out.String()); n != 20000*50 {
		t.Errorf("%d bytes came, want %d", n, 20000*50)
	}
}

// gone tells whether a process has ended: a zombie that is not ours has.
func gone(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return true
	}
	b, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err != nil || strings.Contains(string(b), ") Z ")
}

func waitGone(t *testing.T, pid int) {
	t.Helper()
	for range 500 {
		if gone(pid) {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("process %d lives on", pid)
}

// firstNumber waits until a process has printed a number.
func firstNumber(t *testing.T, out *printed) int {
	t.Helper()
	for range 500 {
		if l, _, ok := strings.Cut(out.String(), "\n"); ok {
			n, err := strconv.Atoi(l)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("nothing was printed")
	return 0
}

// The children of a process end with it, whether it is killed or leaves them.
func TestGroup(t *testing.T) {
	for name, script := range map[string]string{
		"killed": "sleep 1000 & echo $!; wait",
		"left":   "sleep 1000 & echo $!",
	} {
		t.Run(name, func(t *testing.T) {
			p, out := shell(t, spawner(t), script)
			child := firstNumber(t, out)
			if name == "killed" {
				p.Kill()
			}
			p.Wait()
			waitGone(t, child)
		})
	}
}

// A child in a session of its own is found as long as it holds the output open.
func TestStray(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("strays are found on Linux only")
	}
	s, out := spawner(t), &printed{}
	mark := "MARK=" + t.TempDir()
	p, err := s.Start(t.Context(), process.Command{
		Path: "/bin/sh", Args: []string{"-c", "setsid sleep 1000 & echo $!; sleep 0.1"}, Dir: "/",
		Env: []string{"PATH=/usr/bin:/bin", mark}, Output: out.take, Marker: mark,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Wait()
	waitGone(t, firstNumber(t, out))
}

// A process gets no file of ours beside its input and output, and no core file.
func TestInheritsNothing(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("/proc is on Linux only")
	}
	f, err := os.Open("/dev/null")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	fd, err := syscall.Dup(int(f.Fd())) // without close-on-exec, as a shell may have given us one
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(fd) }()
	process.Seal()
	p, out := shell(t, spawner(t), "sleep 0.1; ls -l /proc/$$/fd; ulimit -c")
	p.Wait()
	var names []string
	for l := range strings.Lines(out.String()) {
		if name, _, ok := strings.Cut(l, " -> "); ok {
			names = append(names, name[strings.LastIndex(name, " ")+1:])
		}
	}
	if got := strings.Join(names, " "); got != "0 1 2" {
		t.Errorf("open files %q, want 0 1 2\n%s", got, out)
	}
	if !strings.HasSuffix(out.String(), "\n0\n") {
		t.Errorf("core files are not off: %s", out)
	}
}

func TestMemory(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("memory is known on Linux only")
	}
	p, out := shell(t, spawner(t), "sleep 1000 & echo $!; wait")
	firstNumber(t, out)
	if now, peak := p.Resident(), p.Peak(); now < 100<<10 || peak < now || peak > 100<<20 {
		t.Errorf("memory %d, peak %d", now, peak)
	}
	if group := process.Groups()[p.ID()]; group <= p.Resident() {
		t.Errorf("the group takes %d, its first process alone %d", group, p.Resident())
	}
	p.Kill()
	p.Wait()
}

func TestSweep(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("strays are found on Linux only")
	}
	mark := t.TempDir()
	cmd := exec.Command("sleep", "1000")
	cmd.Env = []string{"MARK=" + mark}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if n := process.Sweep("MARK=" + mark + "x"); n != 0 {
		t.Errorf("Sweep of another marker found %d", n)
	}
	if n := process.Sweep(""); n != 0 {
		t.Errorf("Sweep of nothing found %d", n)
	}
	if n := process.Sweep("MARK=" + mark); n < 1 {
		t.Error("Sweep found nothing")
	}
	if err := cmd.Wait(); err == nil || err.Error() != "signal: killed" {
		t.Errorf("the process ended with %v", err)
	}
}
