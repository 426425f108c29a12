package runtimeapi

import (
	"encoding/base64"
	"errors"
	"io"
	"strings"
	"testing"
)

const chunked = "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nContent-Type: t\r\nTransfer-Encoding: chunked\r\n" +
	"Lambda-Runtime-Function-Response-Mode: streaming\r\nTrailer: Lambda-Runtime-Function-Error-Type\r\n\r\n"

func trailers(kind, body string) string {
	return "Lambda-Runtime-Function-Error-Type: " + kind + "\r\nLambda-Runtime-Function-Error-Body: " +
		base64.StdEncoding.EncodeToString([]byte(body)) + "\r\n\r\n"
}

func TestStream(t *testing.T) {
	v := invocation("1")
	v.Stream = true
	s, r, address := serve(t)
	w := begin(t, s, r, address, v)
	w.send(t, chunked+"5\r\nhello\r\n")
	a := r.wait(t, "answered").answer
	if a.Stream == nil || a.ContentType != "t" {
		t.Fatalf("answer %+v", a)
	}
	buf := make([]byte, 100)
	if n, err := a.Stream.Read(buf); err != nil || string(buf[:n]) != "hello" {
		t.Fatalf("Read: %q, %v", buf[:n], err)
	}
	w.send(t, "6;x=y\r\n world\r\n0\r\n\r\n")
	w.expect(t, 202, ok)
	if got := r.wait(t, "streamed"); got.kind != "" {
		t.Errorf("streamed %+v", got)
	}
	if b, err := io.ReadAll(a.Stream); err != nil || string(b) != " world" {
		t.Errorf("rest %q, %v", b, err)
	}
}

func TestStreamErrors(t *testing.T) {
	v := invocation("1")
	v.Stream = true
	t.Run("in the middle", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, v)
		w.send(t, chunked+"5\r\nhello\r\n0\r\n"+trailers("Bad.Thing", `{"x":1}`))
		a := r.wait(t, "answered").answer
		if got := r.wait(t, "streamed"); got.kind != "Bad.Thing" || got.body != `{"x":1}` {
			t.Errorf("streamed %+v", got)
		}
		if b, err := io.ReadAll(a.Stream); err == nil || err.Error() != "Bad.Thing" || string(b) != "hello" {
			t.Errorf("read %q, %v", b, err)
		}
	})
	t.Run("before the first byte", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, v)
		w.send(t, chunked+"0\r\n"+trailers("Bad.Thing", `{"x":1}`))
		w.expect(t, 202, ok)
		if a := r.wait(t, "answered").answer; a.Stream != nil || !a.Error || a.ErrorType != "Bad.Thing" || string(a.Payload) != `{"x":1}` {
			t.Errorf("answer %+v", a)
		}
	})
	t.Run("of a call that did not ask for a stream", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, invocation("1"))
		w.send(t, chunked+"5\r\nhello\r\n0\r\n"+trailers("Bad.Thing", `{"x":1}`))
		w.expect(t, 202, ok)
		if a := r.wait(t, "answered").answer; !a.Error || a.ErrorType != "Bad.Thing" || string(a.Payload) != `{"x":1}` {
			t.Errorf("answer %+v", a)
		}
	})
	t.Run("mode", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, v)
		w.send(t, post("invocation/1/response", "Lambda-Runtime-Function-Response-Mode: odd\r\n", "x"))
		w.expect(t, 400, `{"errorType":"Runtime.InvalidResponseModeHeader","errorMessage":"Invalid response mode header"}`)
		if a := r.wait(t, "answered").answer; a.ErrorType != "Runtime.InvalidResponseModeHeader" {
			t.Errorf("answer %+v", a)
		}
	})
	t.Run("cut off", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, v)
		w.send(t, chunked+"5\r\nhel")
		r.wait(t, "answered")
		_ = w.Close()
		r.wait(t, "broken")
	})
	t.Run("too large", func(t *testing.T) {
		s, r, address := serve(t)
		w := begin(t, s, r, address, v)
		w.send(t, post("invocation/1/response", "", strings.Repeat("x", 300_001)))
		a := r.wait(t, "answered").answer
		if _, err := io.Copy(io.Discard, a.Stream); err == nil || err.Error() != "Function.ResponseSizeTooLarge" {
			t.Errorf("error %v", err)
		}
		if got := r.wait(t, "streamed"); got.kind != "Function.ResponseSizeTooLarge" {
			t.Errorf("streamed %+v", got)
		}
	})
}

// A client that leaves does not keep the function from ending its answer.
func TestStreamClosedEarly(t *testing.T) {
	v := invocation("1")
	v.Stream = true
	s, r, address := serve(t)
	w := begin(t, s, r, address, v)
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		_, _ = io.WriteString(w, post("invocation/1/response", "", strings.Repeat("x", 250_000)))
	}()
	a := r.wait(t, "answered").answer
	if err := a.Stream.Close(); err != nil {
		t.Fatal(err)
	}
	w.expect(t, 202, ok)
	r.wait(t, "streamed")
	<-sent
	if _, err := a.Stream.Read(make([]byte, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Read of a closed stream: %v", err)
	}
}
