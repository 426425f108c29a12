package wire

import (
	"reflect"
	"strconv"
)

// unique reports whether a list's elements differ from each other, whole
// structures included.
func (w *walk) unique(v reflect.Value, s *Shape) bool {
	seen := make(map[string]struct{}, v.Len())
	var b []byte
	for i := range v.Len() {
		b = w.canonical(b[:0], v.Index(i), w.service.Of(&s.Members[0]))
		if _, ok := seen[string(b)]; ok {
			return false
		}
		seen[string(b)] = struct{}{}
	}
	return true
}

// canonical appends a form of v that equal values share and others do not.
func (w *walk) canonical(b []byte, v reflect.Value, s *Shape) []byte {
	if Absent(v) {
		return append(b, '~')
	}
	v = Inner(v)
	switch s.Kind {
	case Structure:
		f := FieldsOf(v)
		b = append(b, '{')
		for i := range s.Members {
			b = w.canonical(b, f.At(i), w.service.Of(&s.Members[i]))
		}
		return append(b, '}')
	case List:
		b = append(b, '[')
		for i := range v.Len() {
			b = w.canonical(b, v.Index(i), w.service.Of(&s.Members[0]))
		}
		return append(b, ']')
	case Map:
		b = append(b, '(')
		for _, k := range sortedKeys(v) {
			b = scalarForm(b, []byte(k))
			b = w.canonical(b, v.MapIndex(reflect.ValueOf(k)), w.service.Of(&s.Members[1]))
		}
		return append(b, ')')
	default:
		return scalarForm(b, AppendText(nil, v, s, DateTime))
	}
}

// scalarForm appends text behind its length, so that no two lists of texts
// look alike.
func scalarForm(b, text []byte) []byte {
	b = strconv.AppendInt(b, int64(len(text)), 10)
	return append(append(b, ':'), text...)
}
