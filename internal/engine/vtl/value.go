package vtl

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
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

// Map is a Java map that keeps the order of its keys.
type Map struct {
	keys   []string
	values map[string]any
}

// NewMap makes an empty map.
func NewMap() *Map { return &Map{values: map[string]any{}} }

// Get reads a key.
func (m *Map) Get(key string) (any, bool) {
	v, ok := m.values[key]
	return v, ok
}

// Put sets a key.
func (m *Map) Put(key string, v any) error {
	if _, ok := m.values[key]; !ok {
		if len(m.keys) >= maxElements {
			return fmt.Errorf("%w: map of more than %d", ErrTemplate, maxElements)
		}
		m.keys = append(m.keys, key)
	}
	m.values[key] = v
	return nil
}

// Remove takes a key out.
func (m *Map) Remove(key string) {
	if _, ok := m.values[key]; ok {
		delete(m.values, key)
		m.keys = slices.DeleteFunc(m.keys, func(k string) bool { return k == key })
	}
}

// Keys are the keys in their order.
func (m *Map) Keys() []string { return m.keys }

// Len is the number of keys.
func (m *Map) Len() int { return len(m.keys) }

// elements are what #foreach goes over: a list's items, a map's values.
func elements(v any) []any {
	switch v := v.(type) {
	case *List:
		return slices.Clone(v.Items)
	case *Map:
		out := make([]any, 0, len(v.keys))
		for _, k := range v.keys {
			out = append(out, v.values[k])
		}
		return out
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
			if v.values[k] == nil {
				dst = append(dst, "null"...)
			} else {
				dst = appendText(dst, v.values[k], depth+1)
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
			dst = appendJSON(dst, v.values[k], depth+1)
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

// FromJSON reads JSON text into values; whole numbers are int64 where they fit.
func FromJSON(text []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	v, err := fromJSON(dec, 0)
	if err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, fmt.Errorf("read JSON: text follows the value")
	}
	return v, nil
}

const maxJSONDepth = 64 // parity: security limits table

func fromJSON(dec *json.Decoder, depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxJSONDepth)
	}
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch tok := tok.(type) {
	case json.Number:
		return numberOf(tok), nil
	case json.Delim:
		if tok == '[' {
			l := &List{Items: []any{}}
			for dec.More() {
				v, err := fromJSON(dec, depth+1)
				if err != nil {
					return nil, err
				}
				l.Items = append(l.Items, v)
			}
			_, err := dec.Token()
			return l, err
		}
		m := NewMap()
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			v, err := fromJSON(dec, depth+1)
			if err != nil {
				return nil, err
			}
			if err := m.Put(k.(string), v); err != nil { //nolint:forcetypeassert // the decoder only gives strings here
				return nil, err
			}
		}
		_, err := dec.Token()
		return m, err
	default:
		return tok, nil
	}
}

func numberOf(n json.Number) any {
	if i, err := n.Int64(); err == nil {
		return i
	}
	if whole := !strings.ContainsAny(n.String(), ".eE"); whole || len(n) > manyDigits && !strings.ContainsAny(n.String(), "eE") {
		return Number(n)
	}
	f, _ := n.Float64() // infinite where it is too large, as in Java
	return f
}

// manyDigits is from how many characters on a fraction is read without loss.
// parity: json-smart's parser, which API Gateway reads JSON with (spec/rest-data-plane.md 4.5).
const manyDigits = 18
