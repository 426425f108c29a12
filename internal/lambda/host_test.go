//go:build unix

package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

func TestMain(m *testing.M) {
	if os.Getenv("LAMBDA_TEST_HOST") != "" {
		hostAlone()
		return
	}
	code := m.Run()
	if goBootstrap.dir != "" {
		_ = os.RemoveAll(goBootstrap.dir)
	}
	if n, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil); !errors.Is(err, syscall.ECHILD) {
		_, _ = fmt.Fprintf(os.Stderr, "a child is left: %d, %v\n", n, err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(); err != nil {
			_, _ = os.Stderr.WriteString(err.Error() + "\n")
			code = 1
		}
	}
	os.Exit(code)
}

// need skips a test whose program this machine lacks, and all that start another
// interpreter where time is short.
func need(t testing.TB, program string) {
	t.Helper()
	if testing.Short() {
		t.Skipf("starts %s: not in short mode", program)
	}
	if _, err := exec.LookPath(program); err != nil {
		t.Skipf("%s is not on this machine", program)
	}
}

// host runs a host for the length of a test.
func host(t testing.TB, c lambda.Config) *lambda.Host {
	t.Helper()
	if c.Dir == "" {
		c.Dir = t.TempDir()
	}
	if c.Region == "" {
		c.Region, c.Account = "us-east-1", "000000000000"
	}
	h := lambda.New(c)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
		if left, _ := filepath.Glob(filepath.Join(c.Dir, "run-*")); len(left) > 0 {
			t.Errorf("Run left %v", left)
		}
	})
	return h
}

// define defines a function of one version.
func define(t testing.TB, h *lambda.Host, name string, v lambda.Version) {
	t.Helper()
	d := lambda.Definition{
		Name: name, ARN: "arn:aws:lambda:us-east-1:000000000000:function:" + name,
		Versions: map[string]lambda.Version{lambda.Latest: v},
	}
	if err := h.Define(d); err != nil {
		t.Fatal(err)
	}
}

// files writes a package and returns its folder.
func files(t testing.TB, all map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range all {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if strings.HasPrefix(text, "#!") {
			mode = 0o755
		}
		if err := os.WriteFile(path, []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func python(t testing.TB, code string) lambda.Version {
	t.Helper()
	need(t, "python3")
	return lambda.Version{
		Revision: "1", Runtime: "python3.11", Handler: "lambda_function.lambda_handler",
		CodeDir: files(t, map[string]string{"lambda_function.py": code}), Timeout: 20 * time.Second, MemoryMB: 256,
	}
}

func node(t testing.TB, name, code string) lambda.Version {
	t.Helper()
	need(t, "node")
	return lambda.Version{
		Revision: "1", Runtime: "nodejs20.x", Handler: "index.handler",
		CodeDir: files(t, map[string]string{name: code}), Timeout: 20 * time.Second, MemoryMB: 256,
	}
}

// goBootstrap is built once for all tests.
var goBootstrap struct {
	once sync.Once
	dir  string
	err  error
}

// golang is the function in testdata/echo.
func golang(t testing.TB) lambda.Version {
	t.Helper()
	b := &goBootstrap
	b.once.Do(func() {
		if b.dir, b.err = os.MkdirTemp("", "echo-"); b.err != nil { //nolint:usetesting // of all tests
			return
		}
		cmd := exec.Command("go", "build", "-o", filepath.Join(b.dir, "bootstrap"), "./testdata/echo")
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		var out []byte
		if out, b.err = cmd.CombinedOutput(); b.err != nil {
			_, _ = os.Stderr.Write(out)
		}
	})
	if b.err != nil {
		t.Fatalf("build the Go function: %v", b.err)
	}
	return lambda.Version{
		Revision: "1", Runtime: "provided.al2023", Handler: "any", CodeDir: b.dir, Timeout: 20 * time.Second, MemoryMB: 256,
	}
}

// invoke calls a function that must answer.
func invoke(t testing.TB, h *lambda.Host, c lambda.Call) *lambda.Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := h.Invoke(ctx, c)
	if err != nil {
		t.Fatalf("Invoke(%s): %v", c.Function, err)
	}
	return r
}

// object reads a payload that must be a JSON object.
func object(t testing.TB, payload []byte) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(payload, &o); err != nil {
		t.Fatalf("payload %q: %v", payload, err)
	}
	return o
}

func asError[E error](err error, target *E) bool { return errors.As(err, target) }

// run runs a program that must succeed.
func run(t testing.TB, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
}
