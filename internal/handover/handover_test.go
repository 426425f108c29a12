package handover_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/handover"
)

// TestMain makes this test program the new process as well, where it is told to.
func TestMain(m *testing.M) {
	if os.Getenv(handover.Env) != "" {
		os.Exit(successor())
	}
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("syscall.syscall6"))
}

// successor does what HANDOVER_TEST says.
func successor() int {
	e, err := handover.Inherit(os.Getenv(handover.Env))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	switch os.Getenv("HANDOVER_TEST") {
	case "serves":
		files := e.Files("listen 127.0.0.1:0")
		ln, err := net.FileListener(files[0])
		if err != nil || e.Ready() != nil {
			return 3
		}
		c, err := ln.Accept()
		if err != nil {
			return 3
		}
		fmt.Fprint(c, "hello")
		_ = c.Close()
		<-e.Gone()
		return 0
	case "fails":
		_ = e.Fail(errors.New("no such table"))
		return 1
	case "ends":
		return 7
	case "reads":
		text, err := e.Text("keys")
		again, _ := e.Text("keys")
		if err != nil || string(text) != "a secret" || again != nil || strings.Contains(strings.Join(os.Environ(), " "), "a secret") {
			return 3
		}
		if leaks() {
			return 5
		}
		if e.Ready() != nil {
			return 3
		}
		<-e.Gone()
		return 0
	}
	time.Sleep(time.Minute) // says nothing
	return 0
}

// leaks says whether a process that is started gets what we were handed.
func leaks() bool {
	fds := strings.FieldsFunc(os.Getenv(handover.Env), func(r rune) bool { return r < '0' || r > '9' })
	for _, fd := range fds {
		if exec.Command("test", "-e", "/dev/fd/"+fd).Run() == nil {
			return true
		}
	}
	return len(fds) < 4
}

func start(t *testing.T, does string, files map[string][]int) *handover.Successor {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("sockets cannot be handed over")
	}
	s, err := handover.Start(handover.Plan{
		Binary: os.Args[0], Args: os.Args[:1], Env: append(os.Environ(), "HANDOVER_TEST="+does, handover.Env+"=old"), Files: files,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestServes: the new process accepts from the socket that it got, whose old
// holder does not notice.
func TestServes(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	raw, err := ln.(*net.TCPListener).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var s *handover.Successor
	err = raw.Control(func(fd uintptr) { s = start(t, "serves", map[string][]int{"listen 127.0.0.1:0": {int(fd)}}) })
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := s.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if b, err := io.ReadAll(c); string(b) != "hello" {
		t.Errorf("the new process answered %q, %v", b, err)
	}
	if p, err := os.FindProcess(s.PID()); err == nil { // it would wait for the end of this one
		_ = p.Kill()
	}
}

// TestTexts: what is told through a pipe arrives, and nowhere else.
func TestTexts(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("nothing can be handed over")
	}
	plan := handover.Plan{
		Binary: os.Args[0], Args: os.Args[:1], Env: append(os.Environ(), "HANDOVER_TEST=reads"),
		Texts: map[string][]byte{"keys": []byte("a secret"), "nobody's": []byte("not asked for")},
	}
	s, err := handover.Start(plan)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	if err := s.Wait(ctx); err != nil {
		t.Fatal(err)
	}
	if p, err := os.FindProcess(s.PID()); err == nil { // it would wait for the end of this one
		_ = p.Kill()
	}
	plan.Texts = map[string][]byte{"keys": make([]byte, 5000)}
	if _, err := handover.Start(plan); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("a text that no pipe holds: %v", err)
	}
	var none *handover.Estate
	if text, err := none.Text("keys"); text != nil || err != nil {
		t.Errorf("nobody's text is %q, %v", text, err)
	}
}

// TestFails: whatever becomes of the new process, the old one hears of it.
func TestFails(t *testing.T) {
	for _, tt := range []struct{ does, says string }{
		{"fails", "no such table"},
		{"ends", "ended before it was ready: exit status 7"},
		{"hangs", "is not ready: too long"},
	} {
		t.Run(tt.does, func(t *testing.T) {
			s := start(t, tt.does, nil)
			within := 30 * time.Second
			if tt.does == "hangs" {
				within = 300 * time.Millisecond
			}
			ctx, stop := context.WithTimeoutCause(t.Context(), within, errors.New("too long"))
			defer stop()
			if err := s.Wait(ctx); err == nil || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("Wait = %v, want %q", err, tt.says)
			}
		})
	}
	if _, err := handover.Start(handover.Plan{Binary: "/nowhere"}); err == nil {
		t.Error("a binary that is not there was started")
	}
}

// TestNotify: the service manager gets what is said, and none is no error.
func TestNotify(t *testing.T) {
	if err := handover.Notify("", "READY=1"); err != nil {
		t.Error(err)
	}
	if err := handover.Notify("relative", "READY=1"); err == nil {
		t.Error("a socket that is no path was taken")
	}
	at := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at, Net: "unixgram"})
	if err != nil {
		t.Skip("no datagram sockets:", err)
	}
	defer func() { _ = c.Close() }()
	if err := handover.Notify(at, "READY=1\nMAINPID=7"); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 100)
	n, err := c.Read(b)
	if got := string(b[:n]); got != "READY=1\nMAINPID=7" {
		t.Errorf("it got %q, %v", got, err)
	}
}

// FuzzInherit: what is not well formed is an error, never a panic, and no
// descriptor of the process itself is taken.
func FuzzInherit(f *testing.F) {
	for _, s := range []string{"", "told=3 life=4", "told=1 life=2", "a+b=5,6 told=x", "=", "told=3,4", "%zz=9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, n := range strings.FieldsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
			if fd, err := strconv.Atoi(n); err == nil && fd > 2 && fd < 1_000_000 { // 0003 too
				t.Skip("may name a descriptor that is somebody's")
			}
		}
		if e, err := handover.Inherit(s); err == nil && (e == nil) != (s == "") {
			t.Errorf("Inherit(%q) = %v", s, e)
		}
	})
}
