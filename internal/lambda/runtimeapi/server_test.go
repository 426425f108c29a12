package runtimeapi

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// told is one thing that an Environment was told.
type told struct {
	what   string
	answer Answer
	kind   string
	body   string
	stream *Stream
}

// recorder is an Environment that writes down what it is told.
type recorder struct{ c chan told }

func (r *recorder) Ready()                           { r.c <- told{what: "ready"} }
func (r *recorder) Answered(_ *Invocation, a Answer) { r.c <- told{what: "answered", answer: a} }

func (r *recorder) InitFailed(a Answer) { r.c <- told{what: "init failed", answer: a} }
func (r *recorder) Broken(*Invocation)  { r.c <- told{what: "broken"} }
func (r *recorder) Streamed(_ *Invocation, s *Stream, kind string, body []byte) {
	r.c <- told{what: "streamed", kind: kind, body: string(body), stream: s}
	if kind != "" {
		s.Fail(errors.New(kind))
		return
	}
	s.Fail(io.EOF)
}

// wait is the next thing told, which must be what.
func (r *recorder) wait(t *testing.T, what string) told {
	t.Helper()
	select {
	case got := <-r.c:
		if got.what != what {
			t.Fatalf("told %q, want %q", got.what, what)
		}
		return got
	case <-time.After(10 * time.Second):
		t.Fatalf("never told %q", what)
		return told{}
	}
}

// serve runs a server and returns a client's connection to it.
func serve(t *testing.T) (*Server, *recorder, string) {
	t.Helper()
	r := &recorder{c: make(chan told, 16)}
	s := New(r, Function{Name: "f", Version: "$LATEST", Handler: "h", MaxResponse: 1000, MaxStream: 300_000})
	address, err := s.Listen(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve()
	}()
	t.Cleanup(func() {
		s.Close()
		<-done
	})
	return s, r, address
}

// wire is a connection that sends what it is told, byte for byte.
type wire struct {
	net.Conn
	r *bufio.Reader
}

func dial(t *testing.T, address string) *wire {
	t.Helper()
	var d net.Dialer
	c, err := d.DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return &wire{c, bufio.NewReader(c)}
}

func (w *wire) send(t *testing.T, text string) {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
}

// answer reads an answer as net/http does.
func (w *wire) answer(t *testing.T) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(w.r, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

func (w *wire) expect(t *testing.T, status int, body string) *http.Response {
	t.Helper()
	res, got := w.answer(t)
	if res.StatusCode != status || strings.TrimSpace(got) != body {
		t.Fatalf("answer %d %q, want %d %q", res.StatusCode, got, status, body)
	}
	return res
}

const (
	next = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n"
	ok   = `{"status":"OK"}`
)

func post(path, headers, body string) string {
	return "POST /2018-06-01/runtime/" + path + " HTTP/1.1\r\n" + headers + "Content-Length: " +
		strings.TrimSpace(itoa(len(body))) + "\r\n\r\n" + body
}

func itoa(n int) string {
	b := []byte{}
	for ; n > 9; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return string(append([]byte{byte('0' + n)}, b...))
}

func invocation(id string) *Invocation {
	return &Invocation{
		RequestID: id, ARN: "arn:f", Deadline: time.UnixMilli(1234), Event: []byte(`{"a":1}`),
	}
}

func TestInvocation(t *testing.T) {
	s, r, address := serve(t)
	if err := s.Invoke(invocation("1")); !errors.Is(err, ErrLost) {
		t.Fatalf("Invoke without a runtime: %v, want ErrLost", err)
	}
	w := dial(t, address)
	w.send(t, next)
	r.wait(t, "ready")
	v := invocation("id-1")
	v.TraceID, v.ClientContext = "Root=1", "{\r\n\"custom\":1}"
	if err := s.Invoke(v); err != nil {
		t.Fatal(err)
	}
	res := w.expect(t, 200, `{"a":1}`)
	for name, want := range map[string]string{
		"Lambda-Runtime-Aws-Request-Id": "id-1", "Lambda-Runtime-Deadline-Ms": "1234",
		"Lambda-Runtime-Invoked-Function-Arn": "arn:f", "Lambda-Runtime-Trace-Id": "Root=1",
		"Lambda-Runtime-Client-Context": `{  "custom":1}`, "Content-Type": "application/json",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	if _, there := res.Header["Lambda-Runtime-Cognito-Identity"]; there {
		t.Error("an empty header was sent")
	}
	w.send(t, post("invocation/id-1/response", "Content-Type: text/x\r\n", "result"))
	w.expect(t, 202, ok)
	a := r.wait(t, "answered").answer
	if string(a.Payload) != "result" || a.Error || a.ContentType != "text/x" {
		t.Errorf("answer %+v", a)
	}
	w.send(t, next)
	r.wait(t, "ready")
	if err := s.Invoke(invocation("id-2")); err != nil {
		t.Fatal(err)
	}
	w.expect(t, 200, `{"a":1}`)
	w.send(t, post("invocation/id-2/error", "Lambda-Runtime-Function-Error-Type: Some.Type\r\n", `{"errorMessage":"m"}`))
	w.expect(t, 202, ok)
	a = r.wait(t, "answered").answer
	if string(a.Payload) != `{"errorMessage":"m"}` || !a.Error || a.ErrorType != "Some.Type" {
		t.Errorf("answer %+v", a)
	}
}

// What a runtime may not do, and what it is told.
func TestRefusals(t *testing.T) {
	const (
		badState = `{"errorType":"InvalidStateTransition","errorMessage":"Transition from `
		badID    = `{"errorType":"InvalidRequestID","errorMessage":"Invalid request ID"}`
	)
	s, r, address := serve(t)
	w := dial(t, address)
	w.send(t, post("invocation/x/response", "", ""))
	w.expect(t, 403, badState+`Started to InvocationResponse is not allowed"}`)
	w.send(t, next)
	r.wait(t, "ready")
	if err := s.Invoke(invocation("1")); err != nil {
		t.Fatal(err)
	}
	w.expect(t, 200, `{"a":1}`)
	w.send(t, next)
	w.expect(t, 403, badState+`Running to Ready is not allowed"}`)
	w.send(t, post("init/error", "", "{}"))
	w.expect(t, 403, badState+`Running to InitError is not allowed"}`)
	w.send(t, post("invocation/2/response", "", "x"))
	w.expect(t, 400, badID)
	w.send(t, post("invocation/1/response", "", "x"))
	w.expect(t, 202, ok)
	r.wait(t, "answered")
	w.send(t, post("invocation/1/response", "", "x"))
	w.expect(t, 400, badID)
	w.send(t, post("invocation/1/error", "", "x"))
	w.expect(t, 400, badID)
	w.send(t, "GET /2018-06-01/runtime/restore/next HTTP/1.1\r\n\r\n")
	w.expect(t, 404, `{"errorType":"NotFound","errorMessage":"SnapStart is not available"}`)
	w.send(t, "GET / HTTP/1.1\r\n\r\n")
	w.expect(t, 404, `{"errorType":"NotFound","errorMessage":"404 page not found"}`)
	w.send(t, "PUT /2022-07-01/telemetry HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
	w.expect(t, 202, "OK")
	w.send(t, "PUT /2020-08-15/logs HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}")
	w.expect(t, 202, "OK")
}

// Nobody but the function's own processes is answered: no page in a browser, and
// no name that leads here.
func TestStrangers(t *testing.T) {
	_, _, address := serve(t)
	for _, header := range []string{"Origin: http://x", "Sec-Fetch-Site: cross-site", "Host: evil.example"} {
		w := dial(t, address)
		w.send(t, "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n"+header+"\r\n\r\n")
		w.expect(t, 403, `{"errorType":"Forbidden","errorMessage":"the Runtime API answers the function's own processes only"}`)
		if _, err := w.r.ReadByte(); !errors.Is(err, io.EOF) {
			t.Errorf("%s: the connection stays open", header)
		}
	}
}

func TestInitError(t *testing.T) {
	_, r, address := serve(t)
	w := dial(t, address)
	w.send(t, post("init/error", "Lambda-Runtime-Function-Error-Type: A.B\r\n", `{"errorType":"A.B"}`))
	w.expect(t, 202, ok)
	if a := r.wait(t, "init failed").answer; a.ErrorType != "A.B" || string(a.Payload) != `{"errorType":"A.B"}` {
		t.Errorf("answer %+v", a)
	}
}

// begin brings a runtime to the point where it has an event.
func begin(t *testing.T, s *Server, r *recorder, address string, v *Invocation) *wire {
	t.Helper()
	w := dial(t, address)
	w.send(t, next)
	r.wait(t, "ready")
	if err := s.Invoke(v); err != nil {
		t.Fatal(err)
	}
	w.answer(t)
	return w
}

func TestTooLarge(t *testing.T) {
	const refused = `{"errorType":"RequestEntityTooLarge","errorMessage":"Exceeded maximum allowed payload size (1000 bytes)."}`
	big := strings.Repeat("x", 1001)
	for name, request := range map[string]string{
		"length":  post("invocation/1/response", "", big),
		"chunked": "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n" + big + "\r\n0\r\n\r\n",
		"error":   post("invocation/1/error", "", big),
	} {
		t.Run(name, func(t *testing.T) {
			s, r, address := serve(t)
			w := begin(t, s, r, address, invocation("1"))
			w.send(t, request)
			w.expect(t, 413, refused)
			if a := r.wait(t, "answered").answer; !a.TooLarge || !a.Error || a.Payload != nil {
				t.Errorf("answer %+v", a)
			}
			w.send(t, next)
			r.wait(t, "ready")
		})
	}
	t.Run("as large as may be", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, invocation("1"))
		w.send(t, post("invocation/1/response", "", big[1:]))
		w.expect(t, 202, ok)
		if a := r.wait(t, "answered").answer; string(a.Payload) != big[1:] {
			t.Errorf("answer %+v", a)
		}
	})
}

// A runtime that goes away while it waits is not given an event, and one that
// asks anew is.
func TestLost(t *testing.T) {
	s, r, address := serve(t)
	w := dial(t, address)
	w.send(t, next)
	r.wait(t, "ready")
	_ = w.Close()
	again := dial(t, address) // refused for as long as the first one is open
	again.send(t, next)
	r.wait(t, "ready")
	if err := s.Invoke(invocation("1")); err != nil {
		t.Fatal(err)
	}
	again.expect(t, 200, `{"a":1}`)
	_ = again.Close()
	s.Close()
	if err := s.Invoke(invocation("2")); !errors.Is(err, ErrLost) {
		t.Errorf("Invoke of a closed server: %v, want ErrLost", err)
	}
}

// A second long poll beside the first is a thief's.
func TestSecondPoll(t *testing.T) {
	s, r, address := serve(t)
	first, second := dial(t, address), dial(t, address)
	first.send(t, next)
	r.wait(t, "ready")
	second.send(t, next)
	second.expect(t, 403, `{"errorType":"InvalidStateTransition","errorMessage":"Transition from Running to Ready is not allowed"}`)
	if err := s.Invoke(invocation("1")); err != nil {
		t.Fatal(err)
	}
	first.expect(t, 200, `{"a":1}`)
}

// Whoever sends more while a long poll is open is out of step.
func TestPipelining(t *testing.T) {
	_, r, address := serve(t)
	w := dial(t, address)
	w.send(t, next+next)
	r.wait(t, "ready")
	if _, err := w.r.ReadByte(); !errors.Is(err, io.EOF) {
		t.Errorf("read %v, want the end", err)
	}
}

func TestLargeEvent(t *testing.T) {
	s, r, address := serve(t)
	w := dial(t, address)
	w.send(t, next)
	r.wait(t, "ready")
	v := invocation("1")
	v.Event = []byte(strings.Repeat("x", 6<<20))
	if err := s.Invoke(v); err != nil { // nobody reads yet: it must not wait
		t.Fatal(err)
	}
	if _, body := w.answer(t); body != string(v.Event) {
		t.Errorf("an event of %d bytes came as %d", len(v.Event), len(body))
	}
}

func TestExpect(t *testing.T) {
	s, r, address := serve(t)
	w := begin(t, s, r, address, invocation("1"))
	w.send(t, "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
	if res, _ := w.answer(t); res.StatusCode != 100 {
		t.Fatalf("answer %d, want 100", res.StatusCode)
	}
	w.send(t, "{}")
	w.expect(t, 202, ok)
}

func TestDrain(t *testing.T) {
	s, r, address := serve(t)
	w := begin(t, s, r, address, invocation("1"))
	w.send(t, post("invocation/1/response", "", "last words"))
	_ = w.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	s.Drain(ctx)
	if ctx.Err() != nil {
		t.Error("Drain waited for a connection that had ended")
	}
	if a := r.wait(t, "answered").answer; string(a.Payload) != "last words" {
		t.Errorf("answer %+v", a)
	}
}

func TestDrainLimit(t *testing.T) {
	s, _, address := serve(t)
	dial(t, address).send(t, "GET ")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	s.Drain(ctx) // returns although the connection stays open
}

func TestConnectionLimit(t *testing.T) {
	_, _, address := serve(t)
	var all []*wire
	for range maxConns {
		w := dial(t, address)
		w.send(t, "GET / HTTP/1.1\r\n\r\n")
		w.answer(t)
		all = append(all, w)
	}
	if _, err := dial(t, address).r.ReadByte(); err == nil {
		t.Error("one connection too many was served")
	}
	_ = all[0].Close()
}
