// Package awsjson is AWS's protocols awsJson1_0 and awsJson1_1: every call is a
// POST to /, the header X-Amz-Target names the operation, and input, output and
// errors are JSON objects.
package awsjson

import (
	"context"
	"io"
	"net/http"
	"reflect"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/eventstream"
	"github.com/stagedoor/stagedoor/internal/wire/jsonbody"
)

// Codec speaks awsJson for one service. It may be used by any number of calls
// at a time.
type Codec struct {
	service *wire.Service
	version wire.Protocol
}

// New makes the codec of a service; version is wire.AWSJSON10 or wire.AWSJSON11.
func New(s *wire.Service, version wire.Protocol) *Codec { return &Codec{service: s, version: version} }

// Match finds the operation that a value of X-Amz-Target names; nil: none.
func (c *Codec) Match(target string) *wire.Operation {
	prefix, name, ok := cutLast(target, '.')
	if !ok || prefix != c.service.Target {
		return nil
	}
	return c.service.Operation(name)
}

func cutLast(s string, sep byte) (before, after string, ok bool) {
	if i := strings.LastIndexByte(s, sep); i >= 0 {
		return s[:i], s[i+1:], true
	}
	return s, "", false
}

// contentType is the media type of bodies.
func (c *Codec) contentType() string {
	if c.version == wire.AWSJSON10 {
		return "application/x-amz-json-1.0"
	}
	return "application/x-amz-json-1.1"
}

// Decode reads the body of r into in, the input of op. The error is a
// *wire.Malformed.
func (c *Codec) Decode(r *wire.Request, op *wire.Operation, in any, trail *wire.Trail) error {
	body := r.Body
	if len(body) == 0 {
		body = []byte("{}")
	}
	d := jsonbody.Decoder{Service: c.service, Trail: trail}
	return d.Structure(body, wire.FieldsOf(reflect.ValueOf(in)).Whole(), c.service.Shape(op.Input), nil)
}

// Encode writes the answer to op. out is a pointer to its output, or nil.
func (c *Codec) Encode(_ *wire.Request, op *wire.Operation, out any) (*wire.Answer, error) {
	s := c.service.Shape(op.Output)
	if out == nil {
		out = wire.NewRecord(s)
	}
	a := &wire.Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {c.contentType()}}}
	if op.NoOutput {
		return a, nil
	}
	f := wire.FieldsOf(reflect.ValueOf(out))
	for i := range s.Members {
		stream := c.service.Of(&s.Members[i])
		if r, ok := reflect.TypeAssert[wire.EventReader](f.At(i)); ok && stream.Has(wire.EventStream) {
			a.Header.Set("Content-Type", eventstream.ContentType)
			a.Stream = c.stream(out, s, r, stream)
			return a, nil
		}
	}
	a.Body = jsonbody.Encoder{Service: c.service}.Structure(make([]byte, 0, 256), f.Whole(), s, nil)
	return a, nil
}

// stream sends the rest of the output as the first event, then the events.
func (c *Codec) stream(out any, s *wire.Shape, r wire.EventReader, union *wire.Shape) func(context.Context, io.Writer, func()) error {
	return func(ctx context.Context, w io.Writer, flush func()) error {
		e := eventstream.Encoder{Service: c.service}
		first, err := e.Initial(nil, out, s)
		if err != nil {
			return err
		}
		if _, err := w.Write(first); err != nil {
			return err
		}
		flush()
		return e.Copy(ctx, w, flush, r, union)
	}
}

// Fail writes a failure as the answer.
func (c *Codec) Fail(_ *wire.Request, _ *wire.Operation, f *wire.Failure) *wire.Answer {
	a := &wire.Answer{Status: f.Status, Header: http.Header{"Content-Type": {c.contentType()}}}
	a.Header.Set("X-Amzn-Errortype", f.Code)
	name := f.Code
	if f.Shape != nil {
		name = f.Shape.Name
		c.queryError(a.Header, f)
	}
	if c.version == wire.AWSJSON10 && c.service.Namespace != "" {
		name = c.service.Namespace + "#" + name
	}
	a.Body = jsonbody.AppendString([]byte(`{"__type":`), name)
	if f.Value == nil {
		a.Body = append(jsonbody.AppendString(append(a.Body, `,"`+f.Key()+`":`...), f.Message), '}')
		return a
	}
	rest := jsonbody.Encoder{Service: c.service}.Structure(nil, reflect.ValueOf(f.Value), f.Shape, nil)
	if len(rest) > len("{}") {
		a.Body = append(a.Body, ',')
	}
	a.Body = append(a.Body, rest[1:]...)
	return a
}

// queryError tells the error's code in awsQuery, for services that once spoke
// it and clients that look for it.
func (c *Codec) queryError(h http.Header, f *wire.Failure) {
	if !c.service.QueryErrors || f.Shape.Error == nil || f.Shape.Error.Code == "" {
		return
	}
	side := "Sender"
	if f.Shape.Error.Server {
		side = "Receiver"
	}
	h.Set("X-Amzn-Query-Error", f.Shape.Error.Code+";"+side)
}
