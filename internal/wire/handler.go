package wire

import (
	"context"
	"fmt"
	"io"
	"reflect"
)

// Handler is one operation of a service as a codec can call it. The zero
// Handler is an operation that is not built.
type Handler struct {
	input, output reflect.Type
	call          func(ctx context.Context, in any) (any, error)
}

// Op makes a Handler of a method: f takes the operation's generated input and
// answers with its generated output.
func Op[I, O any](f func(context.Context, *I) (*O, error)) Handler {
	return Handler{
		input:  reflect.TypeFor[I](),
		output: reflect.TypeFor[O](),
		call: func(ctx context.Context, in any) (any, error) {
			x, ok := in.(*I)
			if !ok {
				return nil, fmt.Errorf("call with %T, want %T", in, x)
			}
			out, err := f(ctx, x)
			if err != nil || out == nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// Built reports whether there is a method behind h.
func (h Handler) Built() bool { return h.call != nil }

// New makes an empty input: a pointer to the operation's input struct.
func (h Handler) New() any { return reflect.New(h.input).Interface() }

// Call runs the operation. in is a pointer to its input struct; the answer is a
// pointer to its output struct, or nil when the method answered with nothing.
func (h Handler) Call(ctx context.Context, in any) (any, error) { return h.call(ctx, in) }

// Fits reports, as an error, how h differs from the row of the table that it is
// to serve: the fields of its structs must be the members of their shapes.
func (h Handler) Fits(s *Service, op *Operation) error {
	if err := fits(h.input, s.Shape(op.Input)); err != nil {
		return fmt.Errorf("input of %s: %w", op.Name, err)
	}
	if err := fits(h.output, s.Shape(op.Output)); err != nil {
		return fmt.Errorf("output of %s: %w", op.Name, err)
	}
	return nil
}

func fits(t reflect.Type, s *Shape) error {
	if t.Kind() != reflect.Struct || t.NumField() != len(s.Members) || t.Name() != GoName(s.Name) {
		return fmt.Errorf("%s is not the struct of shape %s", t, s.Name)
	}
	return nil
}

// GoName is the exported Go name of a shape or member: its own name with the
// first letter in upper case.
func GoName(name string) string {
	if name == "" || name[0] < 'a' || name[0] > 'z' {
		return name
	}
	return string(name[0]-'a'+'A') + name[1:]
}

// EventReader is an answer that is sent event by event. An operation whose
// output has an event stream sets the field; the codec drains it and closes it.
type EventReader interface {
	// Next gives the next event: a pointer to the stream's generated struct
	// with exactly one field set. It answers io.EOF after the last one.
	Next(ctx context.Context) (event any, err error)
	io.Closer
}
