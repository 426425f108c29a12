package step

import (
	"testing"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/program/programtest"
)

// TestWriterLooksAgain: the steps refuse a value that would end its line, and
// if one of them forgot to, the writer would still look at what a template, a
// function, an authorizer or a client made of a field, even in the place of one
// that the parser had read.
func TestWriterLooksAgain(t *testing.T) {
	parsed := func(t *testing.T) *program.Exchange {
		t.Helper()
		x := programtest.Exchange(t, "GET /?p=query HTTP/1.1\r\nHost: h\r\nX-A: b\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n")
		x.Identify()
		x.Route = &program.Route{}
		return x
	}
	mapped := func(t *testing.T, x *program.Exchange, expr string) {
		t.Helper()
		m, err := Scope{}.requestMappings(map[string]string{"integration.request.header.X-A": expr}, false)
		if err != nil {
			t.Fatal(err)
		}
		x.Call.Fields = append(x.Call.Fields, x.Request.Fields...)
		if err := m.setHeaders(x); err != nil {
			t.Fatal(err)
		}
	}
	for name, fill := range map[string]func(t *testing.T, x *program.Exchange) []http1.Field{
		"authorizer": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			x.Caller = &program.Caller{Context: map[string]string{"who": "somebody"}}
			mapped(t, x, "context.authorizer.who")
			return x.Call.Fields
		},
		"client": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			mapped(t, x, "method.request.querystring.p")
			return x.Call.Fields
		},
		"template, request": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			x.Overrides = &program.Overrides{Header: map[string]string{"X-A": "c"}}
			mapped(t, x, "'b'")
			return x.Call.Fields
		},
		"template, answer": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			x.Answer.Fields = append(x.Answer.Fields, x.Request.Fields...)
			x.Overrides = &program.Overrides{ResponseHeader: map[string]string{"X-A": "c"}}
			if err := override(x); err != nil {
				t.Fatal(err)
			}
			return x.Answer.Fields
		},
		"reply": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			r := &response{status: 200}
			if err := (Scope{}).mapResponse(r, map[string]string{"method.response.header.X-A": "integration.response.body.v"}); err != nil {
				t.Fatal(err)
			}
			x.Reply.Body = []byte(`{"v":"c"}`)
			if err := r.answer(x, nil); err != nil {
				t.Fatal(err)
			}
			return x.Answer.Fields
		},
		"function": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			r := &answerReader{remap: newRemapNames()}
			if err := r.read(x, []byte(`{"headers":{"X-A":"c"}}`)); err != nil {
				t.Fatal(err)
			}
			return x.Answer.Fields
		},
		"forwarded": func(t *testing.T, x *program.Exchange) []http1.Field {
			t.Helper()
			forwardFields(x)
			x.Call.Fields = x.Call.Fields[1:] // X-A, which the parser has read
			return x.Call.Fields
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, evil := range []byte("\r\n\x00\x7f") {
				fields := fill(t, parsed(t))
				answer := http1.Response{Status: 200, Fields: fields}
				if _, err := http1.AppendResponseHead(nil, &answer, nil); err != nil {
					t.Fatal(err)
				}
				i := max(fieldAt(fields, []byte("X-A")), fieldAt(fields, nameForwardedFor))
				fields[i].Value[0] = evil // as if the step had not looked
				if got, err := http1.AppendResponseHead(nil, &answer, nil); err == nil {
					t.Errorf("a field with %q was written: %q", evil, got)
				}
			}
		})
	}
}
