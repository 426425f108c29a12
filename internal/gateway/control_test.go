package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
)

// controlled gives a gateway a control plane; without a handler of its own it
// answers with what it was asked.
func controlled(h http.Handler) func(*Config) {
	if h == nil {
		h = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
			w.Header().Set("X-Control", "yes")
			w.Header()["X-Twice"] = []string{"1", "2"}
			_ = json.NewEncoder(w).Encode(map[string]any{
				"method": r.Method, "uri": r.RequestURI, "path": r.URL.Path, "host": r.Host, "header": r.Header, "body": string(body),
				"length": r.ContentLength, "remote": r.RemoteAddr,
			})
		})
	}
	return func(c *Config) {
		c.Control = h
		c.Owns = func(_, path, _ string, header func(string) string) bool {
			return strings.HasPrefix(path, "/restapis") || header("X-Amz-Target") != ""
		}
	}
}

func TestControlSeesTheRequest(t *testing.T) {
	b := start(t, controlled(nil))
	r := ask(t, b, "GET /restapis/a%2Fb?position=1&x", "localhost:4566", "X-Amz-Date: d", "X-Two: 1", "x-two: 2")
	var got struct {
		Method, URI, Path, Host, Body, Remote string
		Header                                http.Header
		Length                                int64
	}
	if err := json.Unmarshal([]byte(r.Body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Method != "GET" || got.URI != "/restapis/a%2Fb?position=1&x" || got.Path != "/restapis/a/b" || got.Host != "localhost:4566" || got.Remote != "203.0.113.9:50000" {
		t.Errorf("got %+v", got)
	}
	if got.Header.Get("X-Amz-Date") != "d" || fmt.Sprint(got.Header["X-Two"]) != "[1 2]" || got.Header.Get("Host") != "" {
		t.Errorf("header %v", got.Header)
	}
	if r.Status != 200 || r.Header("X-Control") != "yes" || r.Header("X-Twice") != "1|2" || r.Header("x-amz-apigw-id") != "" {
		t.Errorf("answer %+v", r)
	}
	x := exchange(t, "POST /", "localhost", "X-Amz-Target: T", "Content-Length: 5")
	x.Body = []byte("hello")
	b.Begin(x)
	if x.Route.MaxBody != 80<<20 || x.Play() != program.WantBody {
		t.Fatal("no body is asked for")
	}
	x.SetBody([]byte("hello"))
	for x.Play() == program.WantWork {
		x.Work()
	}
	if err := json.Unmarshal(x.Answer.Body, &got); err != nil || got.Body != "hello" || got.Length != 5 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestControlAnswers(t *testing.T) {
	large := strings.Repeat("x", 3<<20)
	b := start(t, controlled(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/restapis/empty":
			w.WriteHeader(http.StatusAccepted)
		case "/restapis/large":
			w.Header().Set("Content-Length", fmt.Sprint(len(large)))
			_, _ = io.WriteString(w, large)
		case "/restapis/panic":
			panic("a bug")
		case "/restapis/late-panic":
			w.(http.Flusher).Flush()
			panic("a bug")
		case "/restapis/close":
			w.Header().Set("Connection", "close")
		case "/restapis/late-header":
			w.WriteHeader(http.StatusTeapot)
			w.Header().Set("X-Late", "never")
			w.WriteHeader(http.StatusOK)
		}
	})))
	if r := ask(t, b, "GET /restapis/empty"); r.Status != 202 || r.Body != "" {
		t.Errorf("empty: %+v", r)
	}
	if r := ask(t, b, "GET /restapis/large"); r.Status != 200 || r.Body != large || r.Header("Content-Length") != "" {
		t.Errorf("large: %d, %d bytes", r.Status, len(r.Body))
	}
	if r := ask(t, b, "GET /restapis/panic"); r.Status != 500 || r.Body != `{"message": "Internal server error"}` {
		t.Errorf("panic: %+v", r)
	}
	if r := ask(t, b, "GET /restapis/close"); !r.Close {
		t.Errorf("close: %+v", r)
	}
	if r := ask(t, b, "GET /restapis/late-header"); r.Status != 418 || r.Header("X-Late") != "" {
		t.Errorf("late header: %+v", r)
	}
	x := exchange(t, "GET /restapis/late-panic")
	b.Begin(x)
	for x.Play() == program.WantWork {
		x.Work()
	}
	if _, err := io.ReadAll(x.Answer.Stream); err == nil {
		t.Error("a stream whose handler panicked ends as if nothing was")
	}
	if err := x.Answer.Stream.Close(); err != nil {
		t.Error(err)
	}
}

// An answer that is flushed comes as it is written, and closing it ends the call.
func TestControlStreams(t *testing.T) {
	ended := make(chan error, 1)
	b := start(t, controlled(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		_, err := io.WriteString(w, "never\n")
		ended <- err
	})))
	x := exchange(t, "GET /restapis")
	b.Begin(x)
	for x.Play() == program.WantWork {
		x.Work()
	}
	line, err := bufio.NewReader(x.Answer.Stream).ReadString('\n')
	if line != "first\n" || err != nil {
		t.Fatalf("read %q, %v", line, err)
	}
	if err := x.Answer.Stream.Close(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("a handler writes to a stream that was closed and is not told")
	}
}

// What a control call has changed is served when its answer is there.
func TestReadYourWrites(t *testing.T) {
	var b *bench
	n := 0
	b = start(t, controlled(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n++
		b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": mock(200, fmt.Sprint(n))}), api.Stage{Name: "prod", DeploymentID: fmt.Sprint(n)})
		w.WriteHeader(http.StatusCreated)
	})))
	for range 50 {
		if r := ask(t, b, "POST /restapis/abc/deployments"); r.Status != 201 {
			t.Fatalf("got %+v", r)
		}
		if r := ask(t, b, "GET /prod", "abc.execute-api.localhost"); r.Body != fmt.Sprint(n) {
			t.Fatalf("deployment %d is answered, %s is served", n, r.Body)
		}
	}
}

func TestSyncWithoutRun(t *testing.T) {
	b := stopped(t, nil)
	if err := b.Sync(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("Sync = %v, want ErrStopped", err)
	}
	run(t, b.Run)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	<-b.Ready()
	if err := b.Sync(ctx); err != nil {
		t.Errorf("Sync of an empty store: %v", err)
	}
	if err := b.Run(ctx); err == nil {
		t.Error("it runs twice")
	}
}
