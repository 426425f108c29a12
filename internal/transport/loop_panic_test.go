package transport_test

import (
	"fmt"
	"testing"

	"github.com/stagedoor/stagedoor/internal/program"
)

// faulty are routes that panic, each at another place, beside one that does not.
type faulty struct{ routes }

// Begin implements Handler.
func (f faulty) Begin(x *program.Exchange) {
	if string(x.Request.Path) == "/begin" {
		panic("on purpose")
	}
	f.routes.Begin(x)
}

// TestPanicsInBatch: a request that panics costs no more than itself, wherever it
// is: those that are found with it get their answers, and so do those that come
// after it on its connection, if its own answer can still be told.
func TestPanicsInBatch(t *testing.T) {
	panics := func(*program.Exchange) error { panic("on purpose") }
	hold := &stalled{t: t, entered: make(chan struct{}), leave: make(chan struct{})}
	hold.serve(faulty{routes{
		"/ok":     fixed(200, "fine"),
		"/step":   step(program.BodyDiscard, panics),
		"/finish": {Steps: fixed(200, "done").Steps, Finish: []program.Step{{Run: panics}}},
		"/hold":   hold.route(),
	}}, 1)
	answers := map[string]string{"/ok": "200 fine", "/finish": "200 done", "/step": `500 {"message": "Internal server error"}`, "/begin": `500 {"message":"Internal server error"}`}
	var paths []string
	var clients []*client
	for range 5 {
		for _, path := range []string{"/ok", "/step", "/finish", "/begin"} {
			paths, clients = append(paths, path), append(clients, dial(t, hold.addr))
		}
	}
	hold.hold()
	for i, c := range clients {
		c.send(fmt.Sprintf("GET %s HTTP/1.1\r\nHost: h\r\n\r\n", paths[i]))
	}
	hold.leave <- struct{}{}
	for i, c := range clients {
		res, body := c.response("GET")
		if got := fmt.Sprintf("%d %s", res.StatusCode, body); got != answers[paths[i]] {
			t.Errorf("%s: got %q, want %q", paths[i], got, answers[paths[i]])
		}
		if paths[i] == "/begin" {
			continue // its connection is closed
		}
		c.send("GET /ok HTTP/1.1\r\nHost: h\r\n\r\n")
		if _, body := c.response("GET"); body != "fine" {
			t.Errorf("after %s: got %q", paths[i], body)
		}
	}
}
