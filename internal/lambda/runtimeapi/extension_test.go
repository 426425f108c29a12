package runtimeapi

import (
	"errors"
	"testing"
	"time"
)

func register(name, events string) string {
	return "POST /2020-01-01/extension/register HTTP/1.1\r\nLambda-Extension-Name: " + name + "\r\nContent-Length: " + itoa(len(events)) + "\r\n\r\n" + events
}

func eventNext(id string) string {
	return "GET /2020-01-01/extension/event/next HTTP/1.1\r\nLambda-Extension-Identifier: " + id + "\r\n\r\n"
}

func TestExtensions(t *testing.T) {
	s, r, address := serve(t)
	x, w := dial(t, address), dial(t, address)
	x.send(t, register("x", `{"events":["INVOKE","SHUTDOWN"]}`))
	res := x.expect(t, 200, `{"functionName":"f","functionVersion":"$LATEST","handler":"h"}`)
	id := res.Header.Get("Lambda-Extension-Identifier")
	if len(id) != 36 {
		t.Fatalf("identifier %q", id)
	}
	for _, bad := range []struct {
		request string
		status  int
	}{
		{register("x", `{"events":[]}`), 403},
		{register("", `{}`), 400},
		{register("y", `{"events":["?"]}`), 400},
		{register("y", `{`), 400},
		{eventNext("unknown"), 403},
	} {
		w.send(t, bad.request)
		if res, body := w.answer(t); res.StatusCode != bad.status {
			t.Errorf("%q: %d %s, want %d", bad.request, res.StatusCode, body, bad.status)
		}
	}
	w.send(t, next)
	time.Sleep(20 * time.Millisecond)
	if err := s.Invoke(invocation("1")); !errors.Is(err, ErrLost) {
		t.Fatalf("Invoke before the extension is ready: %v", err)
	}
	x.send(t, eventNext(id))
	r.wait(t, "ready")
	if err := s.Invoke(invocation("1")); err != nil {
		t.Fatal(err)
	}
	w.answer(t)
	x.expect(t, 200, `{"eventType":"INVOKE","deadlineMs":1234,"requestId":"1","invokedFunctionArn":"arn:f","tracing":{"type":"X-Amzn-Trace-Id","value":""}}`)
	w.send(t, post("invocation/1/response", "", "x"))
	w.expect(t, 202, ok)
	r.wait(t, "answered")
	w.send(t, next)
	x.send(t, eventNext(id))
	r.wait(t, "ready")
	if !s.Shutdown("spindown", time.UnixMilli(5)) {
		t.Error("Shutdown: no extensions")
	}
	x.expect(t, 200, `{"eventType":"SHUTDOWN","shutdownReason":"spindown","deadlineMs":5}`)
	x.send(t, "POST /2020-01-01/extension/exit/error HTTP/1.1\r\nLambda-Extension-Identifier: "+id+"\r\n\r\n")
	x.expect(t, 202, ok)
	if s.Shutdown("spindown", time.UnixMilli(5)) {
		t.Error("Shutdown: an extension that has left")
	}
}
