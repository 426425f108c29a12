package smithytest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Of is the service that a test is about, made once.
func (s *Suite) Of(t testing.TB, c Case) *wire.Service {
	t.Helper()
	key := c.Service
	if key == "" {
		key = c.Operation
	}
	if s.made[key] == nil {
		s.made[key] = s.Service(t, c.Service, c.Operation)
	}
	return s.made[key]
}

// Name is the name of the operation that a test is about.
func (c Case) Name() string { return local(c.Operation) }

// Wire is what a server sees of the request. The tests name only the headers
// that they are about, so the media type of the body is added.
func (r Request) Wire() *wire.Request {
	path, query, _ := strings.Cut(r.URI, "?")
	params := r.Query
	if query != "" {
		params = append([]string{query}, params...)
	}
	out := &wire.Request{Method: r.Method, Path: path, Query: strings.Join(params, "&"), Header: http.Header{}}
	for name, value := range r.Headers {
		out.Header.Set(name, value)
	}
	if r.Body != nil {
		out.Body = []byte(*r.Body)
	}
	if out.Header.Get("Content-Type") == "" && len(out.Body) > 0 && r.BodyMedia != "" {
		out.Header.Set("Content-Type", r.BodyMedia)
	}
	return out
}

// Failure is the error of a response test, as a server would hand it to a codec.
func (r Response) Failure(t testing.TB, s *wire.Service) *wire.Failure {
	t.Helper()
	i := Index(t, s, r.Error)
	sh := s.Shape(i)
	f := &wire.Failure{
		Code: sh.Name, Status: sh.Error.StatusCode(), Sender: !sh.Error.Server, Shape: sh, Value: Record(t, s, i, r.Params),
	}
	if s.Speaks(wire.AWSQuery) && sh.Error.Code != "" {
		f.Code = sh.Error.Code
	}
	return f
}

// CompareHead holds the status and the headers of an answer to the test.
func (r Response) CompareHead(t testing.TB, got *wire.Answer) {
	t.Helper()
	if got.Status != r.Code {
		t.Errorf("status %d, want %d", got.Status, r.Code)
	}
	for name, value := range r.Headers {
		if name == "Content-Length" || strings.EqualFold(name, "X-Amzn-Requestid") {
			continue // the server's to add
		}
		if have := strings.Join(got.Header.Values(name), ", "); have != value {
			t.Errorf("header %s is %q, want %q", name, have, value)
		}
	}
	for _, name := range r.Forbidden {
		if got.Header.Get(name) != "" {
			t.Errorf("header %s is %q, want none", name, got.Header.Get(name))
		}
	}
}
