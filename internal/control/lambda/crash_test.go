package lambda_test

import (
	"archive/zip"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor/internal/control/lambda"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const victimEnv = "STAGEDOOR_TEST_VICTIM"

// TestMain is also the process that crash tests kill.
func TestMain(m *testing.M) {
	if how := os.Getenv(victimEnv); how != "" {
		if err := victim(how, os.Args[len(os.Args)-1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	// The clock of regular expressions ends by itself, some time after their last use.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock"))
}

// held is a store whose updates never come to an end once it is armed.
type held struct {
	store.Store
	armed bool
}

func (h *held) Update(ctx context.Context, fn func(store.Tx) error) error {
	if h.armed {
		fmt.Println("held")
		time.Sleep(time.Hour) // until it is killed
	}
	return h.Store.Update(ctx, fn)
}

// victim makes functions and tells of each that was acknowledged, until it is
// killed. Held, it comes as far as the transaction of the first.
func victim(how, dir string) error {
	ctx := context.Background()
	st, err := sqlite.Open(ctx, filepath.Join(dir, "store.db"))
	if err != nil {
		return err
	}
	s := &held{Store: st}
	svc := lambda.New(lambda.Config{Store: s, Host: &notes{defined: map[string]host.Definition{}}, Dir: filepath.Join(dir, "functions")})
	if err := svc.Load(ctx); err != nil {
		return err
	}
	s.armed = how == "held"
	for i := 0; ; i++ {
		name := fmt.Sprintf("f%d-%d", os.Getpid(), i)
		_, err := svc.CreateFunction(ctx, &model.CreateFunctionInput{
			FunctionName: name, Runtime: new("python3.12"), Handler: new("main.handler"), Role: role,
			Code: &model.FunctionCode{ZipFile: manyFiles(name)},
		})
		if err != nil {
			return err
		}
		fmt.Println(name)
	}
}

// manyFiles is a zip that takes a while to write.
func manyFiles(name string) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := range 20 {
		if w, err := z.Create(fmt.Sprintf("d%d/f%d", i%3, i)); err == nil {
			_, _ = io.WriteString(w, strings.Repeat(name, 200))
		}
	}
	_ = z.Close()
	return b.Bytes()
}

// start starts a victim on a folder. next gives the lines it prints; kill ends
// it and may be called at any time; bury waits for its end.
func start(t *testing.T, how, dir string) (next func() (string, bool), kill, bury func()) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, dir)
	cmd.Env = append(os.Environ(), victimEnv+"="+how)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	next = func() (string, bool) {
		ok := lines.Scan()
		return lines.Text(), ok
	}
	kill = func() { _ = cmd.Process.Kill() }
	bury = func() {
		kill()
		_ = cmd.Wait()
	}
	return next, kill, bury
}

// reopen loads what a dead process left.
func reopen(t *testing.T, dir string) *bench {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(dir, "store.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return newBench(t, func(c *lambda.Config) { c.Store, c.Dir = st, filepath.Join(dir, "functions") })
}

// folders counts what lies in the depot; what has no proper name is a mistake.
func folders(t *testing.T, dir string) (n int) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, "functions"))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, err := code.ParseSum(e.Name()); err != nil {
			t.Errorf("%s is left", e.Name())
		}
		n++
	}
	return n
}

// scratch is a folder that may hold read-only folders.
func scratch(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	t.Cleanup(func() { _ = code.Remove(filepath.Join(dir, "functions")) })
	return dir
}

// TestCrashBeforeAck: killed with the code on disk and no document, there is
// neither after the next start.
func TestCrashBeforeAck(t *testing.T) {
	dir := scratch(t)
	next, _, bury := start(t, "held", dir)
	if line, ok := next(); !ok || line != "held" {
		t.Fatalf("the victim said %q", line)
	}
	bury()
	if got := folders(t, dir); got != 1 {
		t.Fatalf("%d folders of code when the victim died, want 1", got)
	}
	b := reopen(t, dir)
	if got := must(b.ListFunctions(t.Context(), &model.ListFunctionsInput{}))(t).Functions; len(got) != 0 {
		t.Errorf("a function that was never acknowledged is there: %+v", got)
	}
	if got := folders(t, dir); got != 0 {
		t.Errorf("%d folders of code that nothing refers to after the next start", got)
	}
}

// TestCrashAnywhere: killed at any moment, every function that was
// acknowledged is there, with all of its code.
func TestCrashAnywhere(t *testing.T) {
	if testing.Short() {
		t.Skip("kills processes for some seconds")
	}
	dir := scratch(t)
	var acknowledged []string
	var doomed [8]bool
	for round := range doomed {
		next, kill, bury := start(t, "free", dir)
		for name, ok := next(); ok; name, ok = next() {
			if acknowledged = append(acknowledged, name); !doomed[round] {
				doomed[round] = true // it is in full swing now
				time.AfterFunc(time.Duration(3+29*round)*time.Millisecond, kill)
			}
		}
		bury()
	}
	if len(acknowledged) == 0 {
		t.Fatal("no victim lived long enough to make a function")
	}
	b := reopen(t, dir)
	for _, name := range acknowledged {
		if _, err := b.GetFunction(t.Context(), &model.GetFunctionInput{FunctionName: name}); err != nil {
			t.Errorf("%s was acknowledged: %v", name, err)
			continue
		}
		for i := range 20 {
			file := filepath.Join(b.host.of(name).Versions["$LATEST"].CodeDir, fmt.Sprintf("d%d/f%d", i%3, i))
			if got, err := os.ReadFile(file); err != nil || string(got) != strings.Repeat(name, 200) {
				t.Errorf("%s of %s has %d bytes (%v)", file, name, len(got), err)
			}
		}
	}
	// A victim may die between the commit and its word: one function a round more.
	if got := folders(t, dir); got < len(acknowledged) || got > len(acknowledged)+8 {
		t.Errorf("%d folders of code for %d functions", got, len(acknowledged))
	}
	t.Logf("%d functions acknowledged in 8 lives", len(acknowledged))
}

// TestRestart: a function is what it was after the next start.
func TestRestart(t *testing.T) {
	first := newBench(t)
	made := first.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	must(first.CreateAlias(t.Context(), &model.CreateAliasInput{FunctionName: "f", Name: "live", FunctionVersion: "1"}))(t)
	must(first.AddPermission(t.Context(), &model.AddPermissionInput{FunctionName: "f:live", StatementId: "s", Action: invoke, Principal: gateway}))(t)
	second := newBench(t, func(c *lambda.Config) { c.Store, c.Dir = first.store, first.dir })
	if diff := cmp.Diff(first.host.of("f"), second.host.of("f")); diff != "" {
		t.Errorf("the host is told another thing after a restart (-before +after):\n%s", diff)
	}
	if !second.Gate().Permits(arnOf+"f:live", gateway, invoke, "", "") {
		t.Error("the policy is gone")
	}
	got := must(second.GetFunctionConfiguration(t.Context(), &model.GetFunctionConfigurationInput{FunctionName: "f:1"}))(t)
	if *got.CodeSha256 != *made.CodeSha256 {
		t.Errorf("code %s after a restart, want %s", *got.CodeSha256, *made.CodeSha256)
	}
}

// TestCodeIsSwept: code that nothing refers to goes, but not while a process of
// it may live.
func TestCodeIsSwept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.create(t, "f")
		old := b.host.of("f").Versions["$LATEST"].CodeDir
		stop := b.run(t)
		defer stop()
		must(b.UpdateFunctionCode(t.Context(), &model.UpdateFunctionCodeInput{FunctionName: "f", ZipFile: archive(t, "main.py", "new")}))(t)
		there := func(dir string) bool { _, err := os.Stat(dir); return err == nil }
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		if !there(old) {
			t.Error("code went while a call of it could be under way")
		}
		time.Sleep(16 * time.Minute)
		synctest.Wait()
		if there(old) {
			t.Error("code that nothing uses is still there")
		}
		if !there(b.host.of("f").Versions["$LATEST"].CodeDir) {
			t.Error("code that is used went")
		}
	})
}

// TestTemporaryDepot: without a folder of its own the code goes with Run.
func TestTemporaryDepot(t *testing.T) {
	b := newBench(t, func(c *lambda.Config) { c.Dir = "" })
	stop := b.run(t)
	b.create(t, "f")
	dir := b.host.of("f").Versions["$LATEST"].CodeDir
	if _, err := os.Stat(dir); err != nil {
		t.Error(err)
	}
	stop()
	if _, err := os.Stat(filepath.Dir(filepath.Dir(dir))); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the code is still there: %v", err)
	}
}
