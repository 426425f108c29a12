package control

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"net/http"
	"reflect"
	"strings"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// fail makes the answer of a call that went wrong: the one place where an
// error leaves the control plane.
func (c *call) fail(err error) *wire.Answer {
	s := c.service
	if s == nil {
		s = nowhere()
	}
	f := s.render(err)
	c.logFailure(f, err)
	if c.service == nil && c.scope.Service == "s3" {
		return c.failS3(f)
	}
	cod, bad := s.codec(c.protocol)
	if bad != nil {
		cod = s.rest()
	}
	r := c.request
	if r == nil {
		r = &wire.Request{ID: c.id}
	}
	return cod.Fail(r, c.op, f)
}

// failS3 refuses a call for S3, whose errors are XML of its own kind.
func (c *call) failS3(f *wire.Failure) *wire.Answer {
	b := bytes.NewBufferString(xml.Header)
	e := xml.NewEncoder(b)
	err := e.Encode(struct {
		XMLName                  xml.Name `xml:"Error"`
		Code, Message, RequestId string
	}{Code: f.Code, Message: f.Message, RequestId: c.id})
	if err != nil { // cannot be: three strings
		b.Reset()
	}
	return &wire.Answer{Status: f.Status, Header: http.Header{"Content-Type": {"application/xml"}}, Body: b.Bytes()}
}

func (c *call) logFailure(f *wire.Failure, err error) {
	if f.Status >= http.StatusInternalServerError && f.Status != http.StatusNotImplemented {
		c.log().Error("control call failed", "code", f.Code, "error", err)
		return
	}
	c.log().Debug("control call refused", "code", f.Code, "error", err)
}

// render says in the caller's terms what err is. Only what an error means its
// caller to see goes in.
func (s *service) render(err error) *wire.Failure {
	var flt *fault.Error
	var malformed *wire.Malformed
	var invalid *wire.Invalid
	var failure *wire.Failure
	switch {
	case errors.As(err, &flt):
		return s.fault(flt)
	case errors.As(err, &failure):
		return failure
	case errors.As(err, &malformed):
		return s.fault(fault.BadRequest.Typed(s.words.malformed, malformed.Message))
	case errors.As(err, &invalid):
		return s.fault(fault.BadRequest.Typed(s.words.invalid, invalid.Message))
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return s.fault(fault.Unavailable.New(err, "The request was given up."))
	}
	return s.fault(fault.Internal.New(err, ""))
}

// fault renders a fault by the model: its shape, code, status and members.
func (s *service) fault(e *fault.Error) *wire.Failure {
	code := e.Type
	if code == "" {
		code = s.words.code(e.Kind)
	}
	f := &wire.Failure{Code: code, Status: e.Status, Message: e.Message, Sender: e.Kind != fault.Internal && e.Kind != fault.Unavailable}
	if e.Kind == fault.Internal {
		f.Message = "An internal error occurred." // what it was is in the log
	}
	shape := s.table.Fault(code)
	if shape != nil && f.Status == 0 {
		f.Status = shape.Error.StatusCode()
	}
	if f.Status == 0 {
		f.Status = s.status(e.Kind)
	}
	if shape == nil {
		return f
	}
	f.Shape = shape
	if shape.Error.Code != "" {
		f.Code = shape.Error.Code
	}
	f.Sender = f.Status < http.StatusInternalServerError
	if f.HasMessage() || len(e.Fields) > 0 {
		f.Value = s.members(shape, f, e.Fields)
	}
	return f
}

// status is the HTTP status of a fault that the model does not know. Protocols
// with one path have two, whatever the kind.
func (s *service) status(k fault.Kind) int {
	n := status(k)
	if len(s.table.Protocols) > 0 && s.table.Protocols[0] != wire.RestJSON && n != http.StatusForbidden &&
		n < http.StatusInternalServerError && n != http.StatusRequestEntityTooLarge {
		return http.StatusBadRequest
	}
	return n
}

// members makes the structure of an error: its message, the fields of the fault
// and, for Lambda's errors, whose fault it is.
func (s *service) members(shape *wire.Shape, f *wire.Failure, fields map[string]string) *wire.Record {
	r := wire.NewRecord(shape)
	for i := range shape.Members {
		m := &shape.Members[i]
		text, given := fields[m.Name]
		switch {
		case strings.EqualFold(m.Name, "message"):
			text, given = f.Message, true
		case m.Name == "Type" && !given:
			text, given = "User", true
			if !f.Sender {
				text = "Service"
			}
		}
		if !given {
			continue
		}
		dst := reflect.ValueOf(&r.Fields[i]).Elem()
		if err := wire.SetText(dst, s.table.Of(m), m.Time, s.table.Dialect, text); err != nil {
			r.Fields[i] = nil // a field that does not fit its member is left out
		}
	}
	return r
}

// unbuilt is an operation that AWS has and stagedoor does not.
func unbuilt(s *wire.Service, op *wire.Operation) error {
	return fault.Unbuilt.New(nil, "stagedoor does not have the operation "+op.Name+" of "+s.FullName+" ("+s.Name+").")
}

// foreign is a call for a service that stagedoor does not have.
func foreign(service string) error {
	if service == "" {
		return fault.NotFound.Typed("UnknownOperationException", "The request is no call that stagedoor knows: it is not signed, and its host, path and headers name no service.")
	}
	return fault.Unbuilt.New(nil, "stagedoor does not have the service "+service+". Say where calls for it go with --aws-endpoint "+service+"=URL.")
}

// unknown is a call that names no operation of its service.
func (c *call) unknown() error {
	table := c.service.table
	if c.protocol == wire.AWSQuery {
		e := fault.BadRequest.Typed("InvalidAction", "Could not find operation "+clip(c.name)+" for version "+table.Version)
		e.Status = http.StatusBadRequest
		return e
	}
	if c.protocol == wire.RestJSON {
		e := fault.NotFound.Typed("UnknownOperationException", table.FullName+" has no operation "+c.http.Method+" "+clip(c.path))
		e.Status = http.StatusNotFound
		return e
	}
	e := fault.NotFound.Typed("UnknownOperationException", table.FullName+" has no operation "+clip(c.name))
	e.Status = http.StatusBadRequest
	if c.protocol == wire.RPCCBOR {
		e.Status = http.StatusNotFound
	}
	return e
}

// clip bounds what a message repeats of a call.
func clip(text string) string {
	const most = 200
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}
