package lambda_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/lambda"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/fault"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const (
	account = "000000000000"
	role    = "arn:aws:iam::000000000000:role/r"
	arnOf   = "arn:aws:lambda:us-east-1:000000000000:function:"
)

// bench is a service on a store in memory, and a host that only takes notes.
type bench struct {
	*lambda.Service
	host  *notes
	store store.Store
	dir   string
}

// notes is a host without processes: what was defined can be looked at, and
// calls are answered by a function of the test's.
type notes struct {
	mu      sync.Mutex
	defined map[string]host.Definition
	defines int
	answer  func(ctx context.Context, c host.Call) (*host.Result, error)
}

func (n *notes) Define(d host.Definition) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.defined[d.Name] = d
	n.defines++
	return nil
}

func (n *notes) Remove(name string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.defined, name)
}

func (n *notes) Invoke(ctx context.Context, c host.Call) (*host.Result, error) {
	n.mu.Lock()
	d, ok := n.defined[c.Function]
	answer := n.answer
	n.mu.Unlock()
	if !ok {
		return nil, host.ErrNoFunction
	}
	version := c.Qualifier
	if version == "" {
		version = "$LATEST"
	}
	if a, ok := d.Aliases[version]; ok {
		version = a.Version
	}
	if _, ok := d.Versions[version]; !ok {
		return nil, host.ErrNoFunction
	}
	if answer != nil {
		return answer(ctx, c)
	}
	return &host.Result{Payload: c.Payload, ExecutedVersion: version, RequestID: c.RequestID, LogTail: []byte("tail")}, nil
}

func (n *notes) of(name string) host.Definition {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.defined[name]
}

// memory is a store in memory that ends with the test.
func memory(tb testing.TB) store.Store {
	tb.Helper()
	st, err := sqlite.Open(tb.Context(), sqlite.Memory)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := st.Close(); err != nil {
			tb.Error(err)
		}
	})
	return st
}

// newBench is a service that has been loaded. edits may change its settings.
func newBench(tb testing.TB, edits ...func(*lambda.Config)) *bench {
	tb.Helper()
	dir := filepath.Join(tb.TempDir(), "functions")
	tb.Cleanup(func() { _ = code.Remove(dir) }) // read-only folders are more than TempDir can remove
	b := &bench{host: &notes{defined: map[string]host.Definition{}}, dir: dir}
	c := lambda.Config{Host: b.host, Dir: dir}
	for _, edit := range edits {
		edit(&c)
	}
	if c.Store == nil {
		c.Store = memory(tb)
	}
	b.store, b.Service = c.Store, lambda.New(c)
	if err := b.Load(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return b
}

// archive is a zip of files by name, in pairs of name and content.
func archive(tb testing.TB, files ...string) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &zip.FileHeader{Name: files[i], Method: zip.Deflate}
		h.SetMode(0o755)
		w, err := z.CreateHeader(h)
		if err != nil {
			tb.Fatal(err)
		}
		if _, err := w.Write([]byte(files[i+1])); err != nil {
			tb.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// creation is a valid CreateFunction call.
func creation(tb testing.TB, name string) *model.CreateFunctionInput {
	tb.Helper()
	return &model.CreateFunctionInput{
		FunctionName: name, Runtime: new("python3.12"), Handler: new("main.handler"), Role: role,
		Code: &model.FunctionCode{ZipFile: archive(tb, "main.py", "def handler(e, c): return e\n")},
	}
}

// create makes a function, with whatever edits change in the call.
func (b *bench) create(tb testing.TB, name string, edits ...func(*model.CreateFunctionInput)) *model.FunctionConfiguration {
	tb.Helper()
	in := creation(tb, name)
	for _, edit := range edits {
		edit(in)
	}
	return must(b.CreateFunction(tb.Context(), in))(tb)
}

// must is for calls that are to succeed: must(call())(t).
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// said is what a caller is told of an error: its code and its text.
func said(err error) string {
	if err == nil {
		return ""
	}
	var f *fault.Error
	if !errors.As(err, &f) {
		return "internal: " + err.Error()
	}
	return f.Type + ": " + f.Message
}

// refused checks the words of an error; want is "Code: message".
func refused(tb testing.TB, what string, err error, want string) {
	tb.Helper()
	if got := said(err); got != want {
		tb.Errorf("%s:\n got %s\nwant %s", what, got, want)
	}
}

// writeFile makes a file and the folders above it.
func writeFile(tb testing.TB, name, body string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(body), 0o755); err != nil {
		tb.Fatal(err)
	}
}

// eventually waits for something that another process does.
func eventually(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); !done(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			tb.Fatalf("%s: not within 30 seconds", what)
		}
	}
}

func fileSize(name string) (int64, error) {
	info, err := os.Stat(name)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}
