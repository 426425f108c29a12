package vtl

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Number is a number that JSON gave with more digits than fit into int64 or
// float64: it prints as it was written, as java.math's do, and is counted with
// as a float64.
type Number string

// Float64 is the nearest float64, infinite where the number is too large.
func (n Number) Float64() (float64, error) { return strconv.ParseFloat(string(n), 64) }

// List is a Java list.
type List struct {
	Items []any
	// Plain lists are the template's own, java.util.ArrayList on AWS, and print
	// as [a, b]; lists that came from JSON print as JSON.
	Plain bool
}

// elements are what #foreach goes over: a list's items, a map's values.
func elements(v any) []any {
	switch v := v.(type) {
	case *List:
		return slices.Clone(v.Items)
	case *Map:
		return slices.Clone(v.values)
	}
	return nil
}

// Text is what a value prints as.
func Text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return string(appendText(nil, v, 0))
}

const (
	maxNesting = 200 // of values that are printed
	// A value may hold itself, or another one many times over: printing ends
	// here, in bytes, beyond what any rendering may have.
	maxPrinted = 2 * maxOutput
)

// appendText prints as Java's toString does for the classes that API Gateway
// uses: maps as {k=v}, lists as JSON.
// parity: spec/rest-data-plane.md 4.3, toString of JSON values
func appendText(dst []byte, v any, depth int) []byte {
	if depth > maxNesting || len(dst) > maxPrinted {
		return dst
	}
	switch v := v.(type) {
	case nil:
		return dst
	case string:
		return append(dst, v...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case float64:
		return appendDouble(dst, v)
	case Number:
		return append(dst, v...)
	case *Map:
		dst = append(dst, '{')
		for i, k := range v.keys {
			if len(dst) > maxPrinted {
				break
			}
			if i > 0 {
				dst = append(dst, ", "...)
			}
			dst = append(append(dst, k...), '=')
			if v.values[i] == nil {
				dst = append(dst, "null"...)
			} else {
				dst = appendText(dst, v.values[i], depth+1)
			}
		}
		return append(dst, '}')
	case *List:
		if !v.Plain {
			return AppendJSON(dst, v)
		}
		dst = append(dst, '[')
		for i, item := range v.Items {
			if len(dst) > maxPrinted {
				break
			}
			if i > 0 {
				dst = append(dst, ", "...)
			}
			if dst = appendText(dst, item, depth+1); item == nil {
				dst = append(dst, "null"...)
			}
		}
		return append(dst, ']')
	case Object:
		return append(dst, v.String()...)
	}
	return fmt.Append(dst, v)
}

// appendDouble writes a number as Java's Double.toString does.
func appendDouble(dst []byte, f float64) []byte {
	switch abs := math.Abs(f); {
	case math.IsNaN(f):
		return append(dst, "NaN"...)
	case math.IsInf(f, 0):
		if f < 0 {
			dst = append(dst, '-')
		}
		return append(dst, "Infinity"...)
	case abs == 0 || (abs >= 1e-3 && abs < 1e7):
		from := len(dst)
		dst = strconv.AppendFloat(dst, f, 'f', -1, 64)
		if bytes.IndexByte(dst[from:], '.') < 0 {
			dst = append(dst, ".0"...)
		}
		return dst
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent)
	return strconv.AppendInt(append(append(dst, mantissa...), 'E'), int64(n), 10)
}

// AppendJSON writes a value as compact JSON. Objects of the host are null.
func AppendJSON(dst []byte, v any) []byte { return appendJSON(dst, v, 0) }

func appendJSON(dst []byte, v any, depth int) []byte {
	if depth > maxNesting || len(dst) > maxPrinted {
		return append(dst, "null"...)
	}
	switch v := v.(type) {
	case string:
		return appendQuoted(dst, v)
	case float64:
		if math.IsInf(v, 0) {
			return append(dst, "null"...) // as json-smart does
		}
		return appendDouble(dst, v)
	case bool, int64, Number:
		return appendText(dst, v, 0)
	case *List:
		dst = append(dst, '[')
		for i, e := range v.Items {
			if len(dst) > maxPrinted {
				break
			}
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendJSON(dst, e, depth+1)
		}
		return append(dst, ']')
	case *Map:
		dst = append(dst, '{')
		for i, k := range v.keys {
			if len(dst) > maxPrinted {
				break
			}
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendQuoted(dst, k), ':')
			dst = appendJSON(dst, v.values[i], depth+1)
		}
		return append(dst, '}')
	}
	return append(dst, "null"...)
}

// appendQuoted writes a JSON string; '<', '>' and '&' stay as they are.
func appendQuoted(dst []byte, s string) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, '"')
	for _, c := range []byte(strings.ToValidUTF8(s, "\ufffd")) {
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, '\\', 'n')
		case c == '\r':
			dst = append(dst, '\\', 'r')
		case c == '\t':
			dst = append(dst, '\\', 't')
		case c == '\b':
			dst = append(dst, '\\', 'b')
		case c == '\f':
			dst = append(dst, '\\', 'f')
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
