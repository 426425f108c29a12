package stagedoor_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"go.uber.org/goleak"

	"github.com/stagedoor/stagedoor"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("github.com/dlclark/regexp2/v2.runClock")) // ends by itself
}

// running is a whole stagedoor in this process.
type running struct {
	endpoint string
	first    stagedoor.Announcement // that it is ready
	said     chan stagedoor.Announcement
	client   *http.Client
}

// start runs a stagedoor in memory until the test ends. change may be nil.
func start(t testing.TB, change func(*stagedoor.Config)) *running {
	t.Helper()
	r := &running{said: make(chan stagedoor.Announcement, 64), client: &http.Client{Transport: &http.Transport{}}}
	cfg := stagedoor.Default()
	cfg.Listen, cfg.AdminListen, cfg.Data, cfg.Grace = "127.0.0.1:0", "off", ":memory:", 5*time.Second
	cfg.Engine = os.Getenv("STAGEDOOR_ENGINE") // both are to pass all tests
	cfg.Announce = func(a stagedoor.Announcement) { r.said <- a }
	if change != nil {
		change(&cfg)
	}
	server, err := stagedoor.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		r.client.CloseIdleConnections()
		stop()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Run = %v", err)
			}
		case <-time.After(30 * time.Second):
			t.Error("Run did not return")
		}
	})
	select {
	case a := <-r.said:
		r.endpoint, r.first = a.Ready, a
	case err := <-ended:
		ended <- err
		t.Fatalf("Run = %v before it was ready", err)
	case <-time.After(30 * time.Second):
		t.Fatal("not ready")
	}
	return r
}

// next is what stagedoor says next.
func (r *running) next(t testing.TB) stagedoor.Announcement {
	t.Helper()
	select {
	case a := <-r.said:
		return a
	case <-time.After(60 * time.Second):
		t.Fatal("nothing was announced")
		return stagedoor.Announcement{}
	}
}

// answer is what an API answered.
type answer struct {
	status int
	header http.Header
	body   string
}

// call calls an API: "GET /prod/pets", with header fields "Name: value".
func (r *running) call(t testing.TB, api, what string, fields ...string) answer {
	t.Helper()
	method, path, _ := strings.Cut(what, " ")
	path, body, _ := strings.Cut(path, " ")
	req, err := http.NewRequestWithContext(t.Context(), method, r.endpoint+"/_aws/execute-api/"+api+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range fields {
		if name, value, ok := strings.Cut(f, ": "); ok {
			req.Header.Add(name, value)
		}
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// shared is a folder of the public test vectors; the test skips without it.
func shared(t testing.TB, name string) string {
	t.Helper()
	root := os.Getenv("STAGEDOOR_SHARED")
	if root == "" {
		root = filepath.Join("..", "shared")
	}
	path := filepath.Join(root, name)
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) {
		t.Skipf("no %s: set STAGEDOOR_SHARED", path)
	}
	return path
}

// write writes a file below dir, with its folders.
func write(t testing.TB, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// freePort is a port that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	return ln.Addr().String()
}

func replaceAll(s, old, now string) string { return strings.ReplaceAll(s, old, now) }

// rawGet sends a GET with a Host of its own and gives the body.
func rawGet(t testing.TB, addr, host, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// replaceOp is a PATCH that replaces one value.
func replaceOp(path, value string) []types.PatchOperation {
	return []types.PatchOperation{{Op: types.OpReplace, Path: &path, Value: &value}}
}
