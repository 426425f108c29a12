package wire

import (
	"encoding/base64"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// Malformed is a message that does not say what its schema wants: it fails
// before any constraint is looked at.
type Malformed struct {
	Message string
}

// Error is the text for the caller.
func (m *Malformed) Error() string { return m.Message }

// Malformedf makes a *Malformed.
func Malformedf(format string, args ...any) error {
	return &Malformed{Message: fmt.Sprintf(format, args...)}
}

// quote shows text in a message: bounded, and without control characters.
func quote(text string) string {
	if len(text) > 64 {
		text = text[:61] + "..."
	}
	return strconv.Quote(text)
}

// SetText reads a scalar from text, as it stands in a path, a query, a header
// or an XML element, and puts it into dst.
func SetText(dst reflect.Value, s *Shape, format TimeFormat, d Dialect, text string) error {
	switch s.Kind {
	case String:
		return SetString(dst, text)
	case Boolean:
		if text != "true" && text != "false" {
			return Malformedf("%s is not true or false", quote(text))
		}
		return SetBool(dst, text == "true")
	case Byte, Short, Integer, Long:
		n, err := strconv.ParseInt(text, 10, intBits(s.Kind))
		if err != nil || strings.HasPrefix(text, "+") {
			return Malformedf("%s is not an integer of %d bits", quote(text), intBits(s.Kind))
		}
		return SetInt(dst, s.Kind, n)
	case Float, Double:
		x, err := ParseFloat(text, BitsOf(s.Kind))
		if err != nil {
			return err
		}
		return SetFloat(dst, x)
	case Timestamp:
		t, err := ParseTime(text, format, d)
		if err != nil {
			return err
		}
		return SetTime(dst, t)
	case Blob:
		blob, err := ParseBase64(text)
		if err != nil {
			return err
		}
		return SetBlob(dst, blob)
	default:
		return Malformedf("%s cannot stand where a single value is wanted", quote(text))
	}
}

// ParseFloat reads a number in JSON's grammar, or NaN, Infinity or -Infinity.
func ParseFloat(text string, bits int) (float64, error) {
	switch text {
	case "NaN":
		return math.NaN(), nil
	case "Infinity":
		return math.Inf(1), nil
	case "-Infinity":
		return math.Inf(-1), nil
	}
	x, err := strconv.ParseFloat(text, bits)
	if err != nil || strings.Trim(text, "0123456789+-.eE") != "" || text[0] == '+' {
		return 0, Malformedf("%s is not a number", quote(text))
	}
	return x, nil
}

// ParseBase64 reads standard base64, padding and all.
func ParseBase64(text string) ([]byte, error) {
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil || strings.ContainsAny(text, "\r\n") {
		return nil, Malformedf("the value is not base64")
	}
	return blob, nil
}

// AppendText appends the scalar v as it stands in a header or an XML element.
func AppendText(b []byte, v reflect.Value, s *Shape, format TimeFormat) []byte {
	v = Inner(v)
	switch s.Kind {
	case String:
		return append(b, v.String()...)
	case Boolean:
		return strconv.AppendBool(b, v.Bool())
	case Byte, Short, Integer, Long:
		return strconv.AppendInt(b, v.Int(), 10)
	case Float, Double:
		return AppendFloat(b, v.Float(), BitsOf(s.Kind))
	case Timestamp:
		return AppendTime(b, TimeOf(v), format)
	case Blob:
		return base64.StdEncoding.AppendEncode(b, v.Bytes())
	default:
		return b
	}
}
