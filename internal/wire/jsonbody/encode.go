package jsonbody

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Encoder writes bodies of one service.
type Encoder struct {
	Service *wire.Service
}

// Structure appends the structure v of shape s. only picks the members that a
// body may hold; nil picks all. Members that are absent are left out.
func (e Encoder) Structure(b []byte, v reflect.Value, s *wire.Shape, only func(*wire.Member) bool) []byte {
	b = append(b, '{')
	f := wire.FieldsOf(v)
	n := len(b)
	for i := range s.Members {
		m := &s.Members[i]
		if only != nil && !only(m) {
			continue
		}
		x := f.At(i)
		if wire.Absent(x) && m.Default == "" {
			continue
		}
		if len(b) > n {
			b = append(b, ',')
		}
		b = append(AppendString(b, m.Wire), ':')
		if wire.Absent(x) {
			b = append(b, m.Default...)
			continue
		}
		b = e.Value(b, x, m)
	}
	return append(b, '}')
}

// Value appends v, which hangs from member m and is not absent.
func (e Encoder) Value(b []byte, v reflect.Value, m *wire.Member) []byte {
	s := e.Service.Of(m)
	v = wire.Inner(v)
	switch s.Kind {
	case wire.Structure:
		return e.Structure(b, v, s, nil)
	case wire.List:
		return e.list(b, v, s)
	case wire.Map:
		return e.mapping(b, v, s, m.Has(wire.EmptyIsNull))
	case wire.Document:
		text, err := json.Marshal(v.Interface())
		if err != nil {
			return append(b, "null"...)
		}
		return append(b, text...)
	case wire.String:
		return AppendString(b, v.String())
	case wire.Blob:
		b = append(b, '"')
		return append(wire.AppendText(b, v, s, wire.TimeUnset), '"')
	case wire.Timestamp:
		format := m.Time.Or(s.Time).Or(wire.EpochSeconds)
		if format == wire.EpochSeconds {
			return wire.AppendTime(b, wire.TimeOf(v), format)
		}
		b = append(b, '"')
		return append(wire.AppendTime(b, wire.TimeOf(v), format), '"')
	case wire.Float, wire.Double:
		return appendFloat(b, v.Float(), wire.BitsOf(s.Kind))
	default:
		return wire.AppendText(b, v, s, wire.TimeUnset)
	}
}

// appendFloat puts the numbers that JSON has no words for in quotes.
func appendFloat(b []byte, x float64, bits int) []byte {
	n := len(b)
	b = wire.AppendFloat(b, x, bits)
	if c := b[len(b)-1]; c == 'N' || c == 'y' {
		return strconv.AppendQuote(b[:n], string(b[n:]))
	}
	return b
}

func (e Encoder) list(b []byte, v reflect.Value, s *wire.Shape) []byte {
	b = append(b, '[')
	n := len(b)
	for i := range v.Len() {
		x := v.Index(i)
		if wire.Absent(x) && x.Kind() != reflect.Slice && x.Kind() != reflect.Map && !s.Has(wire.Sparse) {
			continue
		}
		if len(b) > n {
			b = append(b, ',')
		}
		b = e.element(b, x, s, &s.Members[0])
	}
	return append(b, ']')
}

// element appends what a list or map holds: null where it is sparse; a nil
// list or map in a dense one is an empty one.
func (e Encoder) element(b []byte, x reflect.Value, s *wire.Shape, m *wire.Member) []byte {
	if wire.Absent(x) && s.Has(wire.Sparse) {
		return append(b, "null"...)
	}
	return e.Value(b, x, m)
}

func (e Encoder) mapping(b []byte, v reflect.Value, s *wire.Shape, emptyIsNull bool) []byte {
	b = append(b, '{')
	n := len(b)
	keys := make([]string, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		keys = append(keys, it.Key().String())
	}
	slices.Sort(keys)
	for _, k := range keys {
		x := v.MapIndex(reflect.ValueOf(k))
		if wire.Absent(x) && x.Kind() != reflect.Slice && x.Kind() != reflect.Map && !s.Has(wire.Sparse) {
			continue
		}
		if len(b) > n {
			b = append(b, ',')
		}
		b = append(AppendString(b, k), ':')
		if emptyIsNull && x.Kind() == reflect.String && x.Len() == 0 {
			b = append(b, "null"...)
			continue
		}
		b = e.element(b, x, s, &s.Members[1])
	}
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// AppendString appends text as a JSON string. Bytes that are no UTF-8 become
// U+FFFD.
func AppendString(b []byte, text string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(text); {
		c := text[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && size == 1 {
				b = append(append(b, text[start:i]...), "\ufffd"...)
				start = i + 1
			}
			i += size
			continue
		}
		b = append(b, text[start:i]...)
		b = appendEscape(b, c)
		i++
		start = i
	}
	return append(append(b, text[start:]...), '"')
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	default:
		return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
	}
}
