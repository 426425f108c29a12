//go:build unix

package lambda_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda"
)

// hostAlone is this test program as a host of its own: it runs the function in
// LAMBDA_TEST_HOST, prints what it answers, and waits to be killed.
func hostAlone() {
	h := lambda.New(lambda.Config{Dir: os.Getenv("LAMBDA_TEST_DIR"), Region: "r"})
	go func() { _ = h.Run(context.Background()) }()
	v := lambda.Version{
		Runtime: "python3.11", Handler: "lambda_function.lambda_handler", CodeDir: os.Getenv("LAMBDA_TEST_HOST"), Timeout: time.Minute,
	}
	if err := h.Define(lambda.Definition{Name: "f", Versions: map[string]lambda.Version{lambda.Latest: v}}); err != nil {
		panic(err)
	}
	r, err := h.Invoke(context.Background(), lambda.Call{Function: "f"})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(r.Payload))
	_, err = h.Invoke(context.Background(), lambda.Call{Function: "f", Payload: []byte(`{"sleep":60}`)})
	panic(err)
}

// A host that is killed with signal 9 takes its functions with it. A child that a
// function left behind is found by the next host, and so is the scratch folder.
func TestOrphans(t *testing.T) {
	if _, err := os.Stat("/proc/self/environ"); err != nil {
		t.Skip("without /proc nobody cleans up after a host that was killed")
	}
	dir := t.TempDir()
	code := python(t, `
import os, subprocess, time
def lambda_handler(event, c):
    time.sleep(event.get("sleep", 0))
    child = subprocess.Popen(["sleep", "1000"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return [os.getpid(), child.pid]
`).CodeDir
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "LAMBDA_TEST_HOST="+code, "LAMBDA_TEST_DIR="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var function, child int
	line, err := bufio.NewReader(out).ReadString('\n')
	if _, scan := fmt.Sscanf(line, "[%d, %d]", &function, &child); err != nil || scan != nil {
		t.Fatalf("the host said %q, %v", line, err)
	}
	// A host beside it, in the same folder, leaves it alone.
	beside := lambda.New(lambda.Config{Dir: dir})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- beside.Run(ctx) }()
	time.Sleep(100 * time.Millisecond)
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if !alive(function) || !alive(child) {
		t.Fatal("another host ended a function that was in use")
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	eventually(t, "the function ends with its host", func() bool { return !alive(function) })
	host(t, lambda.Config{Dir: dir})
	eventually(t, "the next host ends the child", func() bool { return !alive(child) })
	eventually(t, "the next host removes the scratch folder", func() bool {
		runs, err := filepath.Glob(filepath.Join(dir, "run-*"))
		return err == nil && len(runs) == 1
	})
}
