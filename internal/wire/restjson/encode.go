package restjson

import (
	"cmp"
	"context"
	"io"
	"net/http"
	"reflect"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/eventstream"
	"github.com/stagedoor/stagedoor/internal/wire/jsonbody"
)

// Encode writes the answer to op. out is a pointer to its output, or nil for
// one that has nothing in it.
func (c *Codec) Encode(_ *wire.Request, op *wire.Operation, out any) (*wire.Answer, error) {
	s := c.service.Shape(op.Output)
	if out == nil {
		out = wire.NewRecord(s)
	}
	a := &wire.Answer{Status: op.StatusCode(), Header: http.Header{}}
	if op.NoOutput {
		return a, nil
	}
	c.message(a, reflect.ValueOf(out), s)
	if a.Status == http.StatusNoContent || (a.Status == http.StatusAccepted && len(s.Members) == 0) {
		// parity: control-plane.md 2.2, an empty body on 202 and 204
		a.Body = nil
		a.Header.Del("Content-Type")
	}
	return a, nil
}

// Fail writes a failure as the answer.
func (c *Codec) Fail(_ *wire.Request, _ *wire.Operation, f *wire.Failure) *wire.Answer {
	a := &wire.Answer{Status: f.Status, Header: http.Header{}}
	a.Header.Set("X-Amzn-Errortype", f.Code)
	if f.Value == nil {
		a.Header.Set("Content-Type", jsonType)
		a.Body = append(jsonbody.AppendString([]byte(`{"`+f.Key()+`":`), f.Message), '}')
		return a
	}
	c.message(a, reflect.ValueOf(f.Value), f.Shape)
	if len(a.Body) == 0 {
		a.Header.Set("Content-Type", jsonType)
		a.Body = []byte("{}")
	}
	a.Status = f.Status
	return a
}

// message puts the structure v into the parts of an answer.
func (c *Codec) message(a *wire.Answer, v reflect.Value, s *wire.Shape) {
	f := wire.FieldsOf(v)
	var payload *wire.Member
	var content reflect.Value
	for i := range s.Members {
		m, x := &s.Members[i], f.At(i)
		if m.At == wire.InPayload {
			payload, content = m, x
		}
		if wire.Absent(x) {
			continue
		}
		switch m.At {
		case wire.InHeader:
			if text, ok := c.headerText(x, m); ok {
				a.Header.Set(m.Wire, oneLine(text))
			}
		case wire.InHeaderPrefix:
			c.prefixHeaders(a.Header, wire.Inner(x), m)
		case wire.InStatus:
			if n := wire.Inner(x).Int(); n >= 200 && n <= 599 {
				a.Status = int(n)
			}
		default: // the body's
		}
	}
	if payload != nil {
		c.payload(a, content, payload)
		return
	}
	a.Body = jsonbody.Encoder{Service: c.service}.Structure(make([]byte, 0, 256), v, s, answered)
	a.Header.Set("Content-Type", jsonType)
}

// answered picks the members that travel in the body of an answer: places that
// only requests have do not count.
func answered(m *wire.Member) bool {
	switch m.At {
	case wire.InHeader, wire.InHeaderPrefix, wire.InPayload, wire.InStatus:
		return false
	default:
		return true
	}
}

func (c *Codec) prefixHeaders(h http.Header, v reflect.Value, m *wire.Member) {
	s := c.service.Of(m)
	for it := v.MapRange(); it.Next(); {
		if name := m.Wire + it.Key().String(); len(h.Values(name)) == 0 {
			text := wire.AppendText(nil, wire.Inner(it.Value()), c.service.Of(&s.Members[1]), wire.HTTPDate)
			h.Set(name, oneLine(string(text)))
		}
	}
}

// payload makes one member the whole body.
func (c *Codec) payload(a *wire.Answer, v reflect.Value, m *wire.Member) {
	s := c.service.Of(m)
	if wire.Absent(v) {
		return
	}
	kind := s.Media
	switch {
	case s.Has(wire.EventStream):
		kind = eventstream.ContentType
		a.Stream = c.stream(v, s)
	case s.Kind == wire.Blob:
		a.Body = wire.Inner(v).Bytes()
		kind = cmp.Or(kind, blobType)
	case s.Kind == wire.String:
		a.Body = []byte(wire.Inner(v).String())
		kind = cmp.Or(kind, textType)
	default:
		a.Body = jsonbody.Encoder{Service: c.service}.Value(nil, v, m)
		kind = cmp.Or(kind, jsonType)
	}
	if a.Header.Get("Content-Type") == "" { // a member may have set it, as GetExport's does
		a.Header.Set("Content-Type", kind)
	}
}

func (c *Codec) stream(v reflect.Value, s *wire.Shape) func(context.Context, io.Writer, func()) error {
	r, _ := reflect.TypeAssert[wire.EventReader](v)
	return func(ctx context.Context, w io.Writer, flush func()) error {
		return eventstream.Encoder{Service: c.service}.Copy(ctx, w, flush, r, s)
	}
}
