package awsquery

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/wire"
)

const xmlType = "text/xml"

// Encode writes the answer to op. out is a pointer to its output, or nil.
func (c *Codec) Encode(r *wire.Request, op *wire.Operation, out any) (*wire.Answer, error) {
	e := encoder{service: c.service, b: make([]byte, 0, 512)}
	e.open(op.Name+"Response", c.service.XMLNS)
	if !op.NoOutput {
		if op.Wrapper != "" {
			e.open(op.Wrapper, "")
		}
		if out != nil {
			e.structure(reflect.ValueOf(out), c.service.Shape(op.Output), nil)
		}
		if op.Wrapper != "" {
			e.shut(op.Wrapper)
		}
	}
	e.open("ResponseMetadata", "")
	e.element("RequestId", id(r))
	e.shut("ResponseMetadata")
	e.shut(op.Name + "Response")
	return &wire.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {xmlType}}, Body: e.b}, nil
}

// Fail writes a failure as the answer.
func (c *Codec) Fail(r *wire.Request, _ *wire.Operation, f *wire.Failure) *wire.Answer {
	e := encoder{service: c.service}
	xmlns := c.service.XMLNS
	if c.service.Dialect == wire.DialectSmithy {
		xmlns = ""
	}
	e.open("ErrorResponse", xmlns)
	e.open("Error", "")
	side := "Receiver"
	if f.Sender {
		side = "Sender"
	}
	e.element("Type", side)
	e.element("Code", f.Code)
	if f.Message != "" || f.Value == nil {
		e.element("Message", f.Message)
	}
	if f.Value != nil {
		e.structure(reflect.ValueOf(f.Value), f.Shape, func(m *wire.Member) bool {
			return f.Message == "" || !strings.EqualFold(m.Name, "message")
		})
	}
	e.shut("Error")
	e.element("RequestId", id(r))
	e.shut("ErrorResponse")
	return &wire.Answer{Status: f.Status, Header: http.Header{"Content-Type": {xmlType}}, Body: e.b}
}

func id(r *wire.Request) string {
	if r == nil {
		return ""
	}
	return r.ID
}

// encoder writes one XML document.
type encoder struct {
	service *wire.Service
	b       []byte
}

// open writes a start tag. xmlns may be "prefix=uri".
func (e *encoder) open(name, xmlns string) {
	e.b = append(append(e.b, '<'), name...)
	if xmlns != "" {
		attr, uri := "xmlns", xmlns
		if prefix, rest, ok := strings.Cut(xmlns, "="); ok && !strings.ContainsAny(prefix, ":/") {
			attr, uri = "xmlns:"+prefix, rest
		}
		e.b = append(append(append(e.b, ' '), attr...), '=', '"')
		e.b = append(appendText(e.b, uri), '"')
	}
	e.b = append(e.b, '>')
}

func (e *encoder) shut(name string) {
	e.b = append(append(append(e.b, '<', '/'), name...), '>')
}

func (e *encoder) element(name, text string) {
	e.open(name, "")
	e.b = appendText(e.b, text)
	e.shut(name)
}

// structure writes the members that only picks; a nil only picks all.
func (e *encoder) structure(v reflect.Value, s *wire.Shape, only func(*wire.Member) bool) {
	f := wire.FieldsOf(v)
	for i := range s.Members {
		m, x := &s.Members[i], f.At(i)
		if wire.Absent(x) || (only != nil && !only(m)) {
			continue
		}
		if m.Has(wire.Flattened) {
			e.flat(x, m)
			continue
		}
		e.member(x, m, m.Wire)
	}
}

// member writes v as an element of that name.
func (e *encoder) member(v reflect.Value, m *wire.Member, name string) {
	s := e.service.Of(m)
	v = wire.Inner(v)
	e.open(name, m.XMLNS)
	switch s.Kind {
	case wire.Structure:
		e.structure(v, s, nil)
	case wire.List:
		for i := range v.Len() {
			e.item(v.Index(i), &s.Members[0], s.Members[0].Wire)
		}
	case wire.Map:
		for _, k := range keys(v) {
			e.open("entry", "")
			e.entry(k, v, s)
			e.shut("entry")
		}
	default:
		e.b = appendText(e.b, string(wire.AppendText(nil, v, s, m.Time.Or(s.Time).Or(wire.DateTime))))
	}
	e.shut(name)
}

// item writes an element of a list. A nil list within a list is an empty one.
func (e *encoder) item(v reflect.Value, m *wire.Member, name string) {
	if k := v.Kind(); wire.Absent(v) && k != reflect.Slice && k != reflect.Map {
		return
	}
	e.member(v, m, name)
}

func (e *encoder) entry(key string, v reflect.Value, s *wire.Shape) {
	e.open(s.Members[0].Wire, s.Members[0].XMLNS)
	e.b = appendText(e.b, key)
	e.shut(s.Members[0].Wire)
	e.item(v.MapIndex(reflect.ValueOf(key)), &s.Members[1], s.Members[1].Wire)
}

// flat writes a list or map without an element of its own around it.
func (e *encoder) flat(v reflect.Value, m *wire.Member) {
	s := e.service.Of(m)
	v = wire.Inner(v)
	if s.Kind == wire.List {
		for i := range v.Len() {
			e.item(v.Index(i), &s.Members[0], m.Wire)
		}
		return
	}
	for _, k := range keys(v) {
		e.open(m.Wire, m.XMLNS)
		e.entry(k, v, s)
		e.shut(m.Wire)
	}
}

func keys(v reflect.Value) []string {
	out := make([]string, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		out = append(out, it.Key().String())
	}
	slices.Sort(out)
	return out
}

// appendText appends text as XML 1.0 can hold it: characters that it cannot
// become U+FFFD.
func appendText(b []byte, text string) []byte {
	for _, r := range text {
		switch {
		case r == '&':
			b = append(b, "&amp;"...)
		case r == '<':
			b = append(b, "&lt;"...)
		case r == '>':
			b = append(b, "&gt;"...)
		case r == '"':
			b = append(b, "&quot;"...)
		case r == '\r':
			b = append(b, "&#xD;"...)
		case r < ' ' && r != '\t' && r != '\n', r == 0xfffe, r == 0xffff:
			b = append(b, "\ufffd"...)
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return b
}
