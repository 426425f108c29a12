// Package programtest plays exchanges without a listener: requests are given
// as text, calls go to real upstreams over TCP.
package programtest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Exchange is an exchange for a request given as it stands on the wire. What
// comes after the empty line is the body. The client is 203.0.113.9:50000.
func Exchange(tb testing.TB, raw string) *program.Exchange {
	tb.Helper()
	x := &program.Exchange{}
	x.Reset(tb.Context())
	Fill(tb, x, raw)
	return x
}

// Fill fills the request of x, which was reset before.
func Fill(tb testing.TB, x *program.Exchange, raw string) {
	tb.Helper()
	head, body, ok := strings.Cut(raw, "\r\n\r\n")
	if !ok {
		tb.Fatalf("no end of the head in %q", raw)
	}
	lines := strings.Split(head, "\r\n")
	first := strings.Split(lines[0], " ")
	if len(first) != 3 {
		tb.Fatalf("no request line in %q", raw)
	}
	r := &x.Request
	r.Method, r.Target, r.Minor, r.KeepAlive = []byte(first[0]), []byte(first[1]), 1, true
	path, query, _ := bytes.Cut(r.Target, []byte("?"))
	r.Path, r.Query = path, query
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		f := http1.Field{Name: []byte(name), Value: []byte(strings.Trim(value, " \t"))}
		r.Fields = append(r.Fields, f)
		switch strings.ToLower(name) {
		case "host":
			r.Host = f.Value
		case "content-length":
			n, err := strconv.Atoi(string(f.Value))
			if err != nil {
				tb.Fatal(err)
			}
			r.Length = int64(n)
		}
	}
	if r.Length == 0 && body != "" {
		r.Length = int64(len(body))
	}
	x.Body = []byte(body)
	x.Remote = netip.MustParseAddrPort("203.0.113.9:50000")
	x.Local = netip.MustParseAddrPort("192.0.2.1:4566")
	x.Start = time.Date(2024, 7, 18, 13, 59, 19, 123e6, time.UTC)
}

// Result is an answer as the client sees it.
type Result struct {
	Status int
	Fields []string // "Name: value", in order
	Body   string
	Close  bool
}

// Header is all values of a field, in order, joined with "|".
func (r Result) Header(name string) string {
	var values []string
	for _, f := range r.Fields {
		if n, v, _ := strings.Cut(f, ": "); strings.EqualFold(n, name) {
			values = append(values, v)
		}
	}
	return strings.Join(values, "|")
}

// Has says whether a field is there, spelled like this.
func (r Result) Has(field string) bool { return slices.Contains(r.Fields, field) }

// Play plays x, whose route is set, to its end and reads the answer.
func Play(tb testing.TB, x *program.Exchange) Result {
	tb.Helper()
	body, upstream := x.Body, io.ReadCloser(nil)
	x.Body = nil
	for {
		switch x.Play() {
		case program.Done:
			return result(tb, x, upstream)
		case program.WantBody:
			if x.Route.MaxBody > 0 && int64(len(body)) > x.Route.MaxBody {
				x.Fail(program.RequestTooLarge.Refuse(nil))
				continue
			}
			x.SetBody(body)
		case program.WantWork:
			x.Work()
		case program.WantCall:
			var err error
			if upstream, err = Call(x, body); err != nil {
				x.Fail(err)
			}
		}
	}
}

func result(tb testing.TB, x *program.Exchange, upstream io.ReadCloser) Result {
	tb.Helper()
	r := Result{Status: x.Answer.Status, Body: string(x.Answer.Body), Close: x.Answer.Close}
	for _, f := range x.Answer.Fields {
		r.Fields = append(r.Fields, string(f.Name)+": "+string(f.Value))
	}
	var body io.ReadCloser
	switch {
	case x.Answer.Stream != nil:
		body = x.Answer.Stream
	case x.Answer.Relay:
		body = upstream
	}
	if body != nil {
		all, err := io.ReadAll(body)
		if err != nil {
			tb.Errorf("read the answer's body: %v", err)
		}
		r.Body = string(all)
	}
	if upstream != nil {
		_ = upstream.Close()
	}
	return r
}

// Call makes x.Call and fills x.Reply. The body is returned if it is to be relayed.
func Call(x *program.Exchange, client []byte) (io.ReadCloser, error) {
	c := &x.Call
	ctx, cancel := context.WithTimeout(x.Context(), max(c.Timeout, time.Millisecond))
	start := time.Now()
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", c.Origin.Address)
	if err != nil {
		cancel()
		return nil, failure(err)
	}
	closer := func() { cancel(); _ = conn.Close() }
	if deadline, ok := ctx.Deadline(); ok {
		_ = conn.SetDeadline(deadline)
	}
	body := c.Body
	if c.Stream {
		body = client
	}
	if _, err := conn.Write(Wire(x, body)); err != nil {
		closer()
		return nil, failure(err)
	}
	response, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: string(c.Method)}) //nolint:bodyclose // closed with the connection
	if err != nil {
		closer()
		return nil, failure(err)
	}
	x.Reply.Latency = time.Since(start)
	x.Reply.Response.Status = response.StatusCode
	x.Reply.Response.Length = response.ContentLength
	for name, values := range response.Header {
		for _, v := range values {
			x.Reply.Response.Fields = append(x.Reply.Response.Fields, http1.Field{Name: []byte(name), Value: []byte(v)})
		}
	}
	if response.ContentLength >= 0 && response.Header.Get("Content-Length") == "" {
		x.Reply.Response.Fields = append(x.Reply.Response.Fields,
			http1.Field{Name: []byte("Content-Length"), Value: strconv.AppendInt(nil, response.ContentLength, 10)})
	}
	if c.Buffer == 0 {
		return readCloser{response.Body, closer}, nil
	}
	defer closer()
	if x.Reply.Body, err = io.ReadAll(io.LimitReader(response.Body, c.Buffer+1)); err != nil {
		return nil, failure(err)
	}
	if int64(len(x.Reply.Body)) > c.Buffer {
		return nil, program.IntegrationFailure.Refuse(errors.New("the answer is too large"))
	}
	return nil, nil
}

// Wire is x.Call as it stands on the wire.
func Wire(x *program.Exchange, body []byte) []byte {
	c := &x.Call
	var b bytes.Buffer
	b.WriteString(string(c.Method) + " " + string(c.Target) + " HTTP/1.1\r\nHost: " + string(c.Host) + "\r\n")
	for _, f := range c.Fields {
		b.WriteString(string(f.Name) + ": " + string(f.Value) + "\r\n")
	}
	if len(body) > 0 {
		b.WriteString("Content-Length: " + strconv.Itoa(len(body)) + "\r\n")
	}
	b.WriteString("\r\n")
	b.Write(body)
	return b.Bytes()
}

func failure(err error) error {
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() {
		return program.IntegrationTimeout.Refuse(err)
	}
	return program.IntegrationFailure.Refuse(err)
}

type readCloser struct {
	io.Reader
	close func()
}

func (r readCloser) Close() error { r.close(); return nil }
