package wire

import "reflect"

// Record is a structure that has no generated Go struct, such as the shape of
// an error. Field i is member i of the shape; nil is absent. Integers of any
// size are int64, floats float64, lists []any, maps map[string]any, structures
// *Record.
type Record struct {
	Shape  *Shape
	Fields []any
}

// NewRecord makes an empty structure of shape s.
func NewRecord(s *Shape) *Record { return &Record{Shape: s, Fields: make([]any, len(s.Members))} }

// Set sets the member of that name and reports whether there is one.
func (r *Record) Set(member string, value any) bool {
	for i := range r.Shape.Members {
		if r.Shape.Members[i].Name == member {
			r.Fields[i] = value
			return true
		}
	}
	return false
}

// Fields is a structure as codecs walk it: a generated struct or a Record.
type Fields struct {
	whole, v reflect.Value
	record   bool
}

// FieldsOf takes a structure apart. v is a struct, or a pointer or interface
// that holds one.
func FieldsOf(v reflect.Value) Fields {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.Type() == reflect.TypeFor[Record]() {
		return Fields{whole: v, v: v.Field(1), record: true}
	}
	return Fields{whole: v, v: v}
}

// Whole is the structure itself.
func (f Fields) Whole() reflect.Value { return f.whole }

// At is the place of member i. It can be set if the structure can.
func (f Fields) At(i int) reflect.Value {
	if f.record {
		return f.v.Index(i)
	}
	return f.v.Field(i)
}

// Absent reports whether v holds nothing. A value that has no room for absence
// (a required string, say) is never absent.
func Absent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface, reflect.Slice, reflect.Map:
		return v.IsNil()
	default:
		return false
	}
}

// Inner follows pointers and interfaces to the value itself.
func Inner(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// Room makes dst, which can be set, hold an empty value of the structure, list
// or map shape s and gives that value. Store, when it is not nil, must be
// called once the value is filled.
func Room(dst reflect.Value, s *Shape) (v reflect.Value, store func()) {
	switch dst.Kind() {
	case reflect.Pointer:
		dst.Set(reflect.New(dst.Type().Elem()))
		return dst.Elem(), nil
	case reflect.Interface:
		return dynamic(dst, s)
	case reflect.Slice:
		dst.Set(reflect.MakeSlice(dst.Type(), 0, 0))
	case reflect.Map:
		dst.Set(reflect.MakeMap(dst.Type()))
	default: // a structure within a list or map is in its place already
	}
	return dst, nil
}

func dynamic(dst reflect.Value, s *Shape) (reflect.Value, func()) {
	switch s.Kind {
	case List:
		list := []any{}
		v := reflect.ValueOf(&list).Elem()
		return v, func() { dst.Set(v) }
	case Map:
		v := reflect.ValueOf(map[string]any{})
		dst.Set(v)
		return v, nil
	default:
		r := NewRecord(s)
		dst.Set(reflect.ValueOf(r))
		return reflect.ValueOf(r).Elem(), nil
	}
}
