package eventstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"reflect"

	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/jsonbody"
)

// Encoder writes the events of one service, with JSON payloads.
type Encoder struct {
	Service *wire.Service
}

// Initial appends the message that protocols without HTTP bindings send first:
// the members of the output that are no stream.
func (e Encoder) Initial(b []byte, out any, s *wire.Shape) ([]byte, error) {
	body := jsonbody.Encoder{Service: e.Service}.Structure(nil, reflect.ValueOf(out), s, func(m *wire.Member) bool {
		return !e.Service.Of(m).Has(wire.EventStream)
	})
	return Append(b, Message{Headers: []Header{
		{":message-type", "event"},
		{":event-type", "initial-response"},
		{":content-type", "application/json"},
	}, Payload: body})
}

// Event appends the frame of one event: a structure of the stream's union s
// with one member set.
func (e Encoder) Event(b []byte, event any, s *wire.Shape) ([]byte, error) {
	f := wire.FieldsOf(reflect.ValueOf(event))
	for i := range s.Members {
		if v := f.At(i); !wire.Absent(v) {
			return e.member(b, v, &s.Members[i])
		}
	}
	return nil, fmt.Errorf("frame an event of %s: no member is set", s.Name)
}

func (e Encoder) member(b []byte, v reflect.Value, m *wire.Member) ([]byte, error) {
	s := e.Service.Of(m)
	msg := Message{Headers: []Header{{":message-type", "event"}, {":event-type", m.Name}}}
	if s.Error != nil {
		msg.Headers = []Header{{":message-type", "exception"}, {":exception-type", m.Name}}
	}
	f := wire.FieldsOf(v)
	implicit := false
	var headers []Header
	for i := range s.Members {
		em := &s.Members[i]
		x := f.At(i)
		switch {
		case em.Has(wire.EventHeader):
			if !wire.Absent(x) {
				headers = append(headers, Header{em.Name, headerValue(wire.Inner(x), e.Service.Of(em))})
			}
		case em.Has(wire.EventPayload):
			if !wire.Absent(x) {
				e.payload(&msg, x, em)
			}
		default:
			implicit = true
		}
	}
	if implicit {
		msg.Headers = append(msg.Headers, Header{":content-type", "application/json"})
		msg.Payload = jsonbody.Encoder{Service: e.Service}.Structure(nil, v, s, func(m *wire.Member) bool { return !m.Has(wire.EventHeader) })
	}
	msg.Headers = append(msg.Headers, headers...)
	return Append(b, msg)
}

// payload makes the member the event's payload.
func (e Encoder) payload(msg *Message, v reflect.Value, m *wire.Member) {
	kind := "application/json"
	switch v = wire.Inner(v); e.Service.Of(m).Kind {
	case wire.Blob:
		kind, msg.Payload = "application/octet-stream", v.Bytes()
	case wire.String:
		kind, msg.Payload = "text/plain", []byte(v.String())
	default:
		msg.Payload = jsonbody.Encoder{Service: e.Service}.Value(nil, v, m)
	}
	msg.Headers = append(msg.Headers, Header{":content-type", kind})
}

func headerValue(v reflect.Value, s *wire.Shape) any {
	switch s.Kind {
	case wire.Boolean:
		return v.Bool()
	case wire.Byte:
		return int8(v.Int())
	case wire.Short:
		return int16(v.Int())
	case wire.Integer:
		return int32(v.Int())
	case wire.Long:
		return v.Int()
	case wire.Blob:
		return v.Bytes()
	case wire.Timestamp:
		return wire.TimeOf(v)
	default:
		return string(wire.AppendText(nil, v, s, wire.TimeUnset))
	}
}

// Copy sends all events of r, whose union is s, and closes r. An event that
// cannot be had ends the stream with an error message, which clients raise.
func (e Encoder) Copy(ctx context.Context, w io.Writer, flush func(), r wire.EventReader, s *wire.Shape) (err error) {
	defer func() { err = errors.Join(err, r.Close()) }()
	var b []byte
	for {
		event, err := r.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			b, err = e.Event(b[:0], event, s)
		}
		if err != nil {
			return errors.Join(fmt.Errorf("read the next event: %w", err), e.abort(w, flush))
		}
		if _, err := w.Write(b); err != nil {
			return fmt.Errorf("write an event: %w", err)
		}
		flush()
	}
}

func (e Encoder) abort(w io.Writer, flush func()) error {
	b, err := Append(nil, Message{Headers: []Header{
		{":message-type", "error"},
		{":error-code", "InternalFailure"},
		{":error-message", "An internal error occurred."},
	}})
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	flush()
	return err
}
