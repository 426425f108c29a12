package stagedoor_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// backEnd is one that writes down what reached it.
type backEnd struct {
	url string

	mu   sync.Mutex
	seen []*http.Request
}

func newBackEnd(t testing.TB) *backEnd {
	t.Helper()
	w := &backEnd{}
	w.url = serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.mu.Lock()
		w.seen = append(w.seen, r)
		w.mu.Unlock()
		_, _ = fmt.Fprint(rw, "reached ", r.URL.Path)
	}))
	w.take()
	return w
}

// take gives the requests since it was last called.
func (w *backEnd) take() []*http.Request {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := w.seen
	w.seen = nil
	return all
}

// addr is host:port of both planes.
func (r *running) addr() string { return strings.TrimPrefix(r.endpoint, "http://") }

// request is one as text, whose fields are written as they are.
func request(line string, fields ...string) string {
	return line + " HTTP/1.1\r\n" + strings.Join(append(fields, "Connection: close"), "\r\n") + "\r\n\r\n"
}

// statusOf is the status of a raw answer; 0: there was none.
func statusOf(answer string) (status int) {
	_, _ = fmt.Sscanf(answer, "HTTP/1.1 %d", &status)
	return status
}

// deployed starts a stagedoor with one template.
func deployed(t testing.TB, template string) *running {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, "template.yaml", template)
	r := startWith(t, dir+"/template.yaml")
	if a := r.next(t); len(a.Problems) > 0 {
		t.Fatal(a.Problems)
	}
	return r
}
