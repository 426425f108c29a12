package jsonbody

import (
	"reflect"
	"slices"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// scalar reads a value that holds no others; c is the byte it begins with.
func (r *reader) scalar(dst reflect.Value, s *wire.Shape, m *wire.Member, c byte) error {
	switch s.Kind {
	case wire.Boolean:
		if c != 't' && c != 'f' {
			return r.mismatch(s)
		}
		word := "true"
		if c == 'f' {
			word = "false"
		}
		if err := r.word(word); err != nil {
			return err
		}
		return wire.SetBool(dst, c == 't')
	case wire.String, wire.Blob:
		if c != '"' {
			return r.mismatch(s)
		}
		text, err := r.text()
		if err != nil {
			return err
		}
		if s.Kind == wire.String {
			return wire.SetString(dst, string(text))
		}
		blob, err := wire.ParseBase64(string(text))
		if err != nil {
			return err
		}
		return wire.SetBlob(dst, blob)
	case wire.Timestamp:
		return r.timestamp(dst, s, m, c)
	case wire.Float, wire.Double:
		return r.float(dst, s, c)
	default:
		return r.integer(dst, s, c)
	}
}

func numeric(c byte) bool { return c == '-' || (c >= '0' && c <= '9') }

func (r *reader) integer(dst reflect.Value, s *wire.Shape, c byte) error {
	if !numeric(c) {
		return r.mismatch(s)
	}
	text, err := r.number()
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil && r.lax() {
		if x, bad := strconv.ParseFloat(text, 64); bad == nil && x == float64(int64(x)) && x > -1<<53 && x < 1<<53 {
			n, err = int64(x), nil // 1.0 and 1e3 are whole as well
		}
	}
	if err != nil {
		return wire.Malformedf("%s is not a whole number in range", text)
	}
	return wire.SetInt(dst, s.Kind, n)
}

func (r *reader) float(dst reflect.Value, s *wire.Shape, c byte) error {
	var text string
	var err error
	switch {
	case c == '"':
		var b []byte
		if b, err = r.text(); err == nil && !slices.Contains([]string{"NaN", "Infinity", "-Infinity"}, string(b)) {
			return wire.Malformedf("%s", conversion("java.lang.String", s))
		}
		text = string(b)
	case numeric(c):
		text, err = r.number()
	default:
		return r.mismatch(s)
	}
	if err != nil {
		return err
	}
	x, err := wire.ParseFloat(text, wire.BitsOf(s.Kind))
	if err != nil {
		return err
	}
	return wire.SetFloat(dst, x)
}

func (r *reader) timestamp(dst reflect.Value, s *wire.Shape, m *wire.Member, c byte) error {
	format := m.Time.Or(s.Time).Or(wire.EpochSeconds)
	if epoch := format == wire.EpochSeconds; (epoch && !numeric(c)) || (!epoch && c != '"') {
		return r.mismatch(s)
	}
	text, err := r.timeText(c)
	if err != nil {
		return err
	}
	t, err := wire.ParseTime(text, format, r.Service.Dialect)
	if err != nil {
		return err
	}
	return wire.SetTime(dst, t)
}

// timeText reads the string or number that a timestamp is written as.
func (r *reader) timeText(c byte) (string, error) {
	if c == '"' {
		b, err := r.text()
		return string(b), err
	}
	n, err := r.number()
	if err == nil && r.lax() {
		n = plain(n)
	}
	return n, err
}

// plain writes a number with an exponent, as some senders print epoch seconds,
// without one.
func plain(number string) string {
	x, err := strconv.ParseFloat(number, 64)
	if err != nil || !hasExponent(number) {
		return number
	}
	return strconv.FormatFloat(x, 'f', 3, 64)
}

func hasExponent(number string) bool {
	return slices.ContainsFunc([]byte(number), func(c byte) bool { return c == 'e' || c == 'E' })
}

// mismatch says that the value at hand is not of the kind that is wanted.
func (r *reader) mismatch(s *wire.Shape) error {
	switch c := r.peek(); {
	case c == '{':
		return wire.Malformedf("Start of structure or map found where not expected.")
	case c == '[':
		return wire.Malformedf("Start of list found where not expected")
	case c == '"':
		return wire.Malformedf("%s", conversion("java.lang.String", s))
	case c == 't' || c == 'f':
		return wire.Malformedf("%s", conversion("java.lang.Boolean", s))
	case numeric(c):
		return wire.Malformedf("%s", conversion("com.amazon.coral.value.json.numbers.TruncatingBigNumber", s))
	case c == 0:
		return r.fail("Unexpected end of input")
	default:
		return r.fail("Unrecognized token")
	}
}

// conversion is Amazon's sentence for a value of the wrong type.
//
// parity: control-plane.md 2.4, SerializationException
func conversion(class string, s *wire.Shape) string {
	if s.Kind == wire.List || s.Kind == wire.Map || s.Kind == wire.Structure {
		return "Unrecognized collection type class " + class
	}
	return "class " + class + " can not be converted to an " + javaName(s.Kind)
}

func javaName(k wire.Kind) string {
	switch k {
	case wire.String:
		return "String"
	case wire.Boolean:
		return "Boolean"
	case wire.Byte:
		return "Byte"
	case wire.Short:
		return "Short"
	case wire.Integer:
		return "Integer"
	case wire.Long:
		return "Long"
	case wire.Float:
		return "Float"
	case wire.Double:
		return "Double"
	case wire.Timestamp:
		return "Date"
	default:
		return "ByteBuffer"
	}
}
