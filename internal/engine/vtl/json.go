package vtl

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxJSONDepth = 64 // parity: security limits table
	// manyDigits is from how many characters on a fraction is read without loss.
	// parity: json-smart's parser, which API Gateway reads JSON with (spec/rest-data-plane.md 4.5).
	manyDigits = 18
)

var errMalformed = errors.New("malformed")

// FromJSON reads JSON text into values, RFC 8259 to the letter, but for bytes in
// strings that are no UTF-8 and halves of surrogates: each stands for U+FFFD.
// Whole numbers are int64 where they fit; of several members of one name the
// last counts, at the place of the first. It does not keep text.
func FromJSON(text []byte) (any, error) {
	r := jsonReader{text: string(text)} // one copy, which the strings are parts of
	v, err := r.value(0)
	if r.space(); err == nil && r.i < len(r.text) {
		err = errors.New("text follows the value")
	}
	if err != nil {
		return nil, fmt.Errorf("read JSON at byte %d: %w", r.i, err)
	}
	return v, nil
}

// jsonReader reads one text. What belongs to structures that are still open is
// on two stacks, so that each is made once, in its size.
type jsonReader struct {
	text   string
	i      int // the next byte
	values []any
	names  []string
}

func (r *jsonReader) space() {
	for r.i < len(r.text) {
		if c := r.text[r.i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return
		}
		r.i++
	}
}

// next skips space and takes c, if that is what follows.
func (r *jsonReader) next(c byte) bool {
	r.space()
	if r.i < len(r.text) && r.text[r.i] == c {
		r.i++
		return true
	}
	return false
}

// after reads what comes after a value in a structure: a comma or its end.
func (r *jsonReader) after(end byte) (closed bool, err error) {
	switch {
	case r.next(','):
		return false, nil
	case r.next(end):
		return true, nil
	}
	return false, errMalformed
}

func (r *jsonReader) value(depth int) (any, error) {
	if depth > maxJSONDepth {
		return nil, fmt.Errorf("nested more than %d deep", maxJSONDepth)
	}
	r.space()
	if r.i >= len(r.text) {
		return nil, errMalformed
	}
	switch r.text[r.i] {
	case '"':
		return r.string()
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case 't':
		return true, r.word("true")
	case 'f':
		return false, r.word("false")
	case 'n':
		return nil, r.word("null")
	}
	return r.number()
}

func (r *jsonReader) word(w string) error {
	if !strings.HasPrefix(r.text[r.i:], w) {
		return errMalformed
	}
	r.i += len(w)
	return nil
}

func (r *jsonReader) array(depth int) (any, error) {
	mark := len(r.values)
	r.i++
	for closed := r.next(']'); !closed; {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		r.values = append(r.values, v)
		if closed, err = r.after(']'); err != nil {
			return nil, err
		}
	}
	items := append([]any{}, r.values[mark:]...)
	r.values = r.values[:mark]
	return &List{Items: items}, nil
}

func (r *jsonReader) object(depth int) (any, error) {
	values, names := len(r.values), len(r.names)
	r.i++
	for closed := r.next('}'); !closed; {
		name, err := r.name()
		if err != nil {
			return nil, err
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		r.names, r.values = append(r.names, name), append(r.values, v)
		if closed, err = r.after('}'); err != nil {
			return nil, err
		}
	}
	m, err := mapOf(r.names[names:], r.values[values:])
	r.names, r.values = r.names[:names], r.values[:values]
	return m, err
}

// name reads a member's name and its colon.
func (r *jsonReader) name() (string, error) {
	if r.space(); r.i >= len(r.text) || r.text[r.i] != '"' {
		return "", errMalformed
	}
	name, err := r.string()
	if err == nil && !r.next(':') {
		err = errMalformed
	}
	return name, err
}

// mapOf makes a map of members; it keeps neither slice.
func mapOf(names []string, values []any) (*Map, error) {
	if len(names) <= fewKeys && distinct(names) {
		return &Map{keys: slices.Clone(names), values: slices.Clone(values)}, nil
	}
	m := NewMap()
	for i, name := range names {
		if err := m.Put(name, values[i]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func distinct(names []string) bool {
	for i := range names {
		if slices.Contains(names[:i], names[i]) {
			return false
		}
	}
	return true
}

// string reads a string; nearly all are parts of the text as they are.
func (r *jsonReader) string() (string, error) {
	start := r.i + 1
	for r.i = start; r.i < len(r.text); r.i++ {
		switch c := r.text[r.i]; {
		case c == '"':
			r.i++
			return r.text[start : r.i-1], nil
		case c == '\\' || c >= utf8.RuneSelf:
			return r.rewritten(start)
		case c < ' ':
			return "", errMalformed
		}
	}
	return "", errMalformed
}

// rewritten reads on in a string that began at start and has escapes, or
// characters that are not ASCII, from the next byte on.
func (r *jsonReader) rewritten(start int) (string, error) {
	b := append(make([]byte, 0, r.i-start+64), r.text[start:r.i]...)
	for r.i < len(r.text) {
		switch c := r.text[r.i]; {
		case c == '"':
			r.i++
			return string(b), nil
		case c < ' ':
			return "", errMalformed
		case c == '\\':
			u, err := r.escape()
			if err != nil {
				return "", err
			}
			b = utf8.AppendRune(b, u)
		case c < utf8.RuneSelf:
			b = append(b, c)
			r.i++
		default:
			u, size := utf8.DecodeRuneInString(r.text[r.i:])
			b = utf8.AppendRune(b, u)
			r.i += size
		}
	}
	return "", errMalformed
}

// escape reads one escape, or two that are the halves of one character.
func (r *jsonReader) escape() (rune, error) {
	if r.i+1 >= len(r.text) {
		return 0, errMalformed
	}
	c := r.text[r.i+1]
	if c == 'u' {
		u, ok := r.unit(r.i)
		if !ok {
			return 0, errMalformed
		}
		r.i += 6
		if u>>10 != 0xd800>>10 { // a second half alone is no character: AppendRune knows
			return u, nil
		}
		if second, ok := r.unit(r.i); ok && second>>10 == 0xdc00>>10 {
			r.i += 6
			return 0x10000 + (u&0x3ff)<<10 + second&0x3ff, nil
		}
		return utf8.RuneError, nil
	}
	at := strings.IndexByte(`"\/bfnrt`, c)
	if at < 0 {
		return 0, errMalformed
	}
	r.i += 2
	return rune("\"\\/\b\f\n\r\t"[at]), nil
}

// unit is the \uXXXX at a place, if there is one.
func (r *jsonReader) unit(at int) (u rune, ok bool) {
	if at+6 > len(r.text) || r.text[at] != '\\' || r.text[at+1] != 'u' {
		return 0, false
	}
	for _, c := range []byte(r.text[at+2 : at+6]) {
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return 0, false
		}
		u = u<<4 | rune(c)
	}
	return u, true
}

// digits reads digits, and tells how many there are.
func (r *jsonReader) digits() int {
	start := r.i
	for r.i < len(r.text) && r.text[r.i]-'0' <= 9 {
		r.i++
	}
	return r.i - start
}

func (r *jsonReader) number() (any, error) {
	start := r.i
	if r.text[r.i] == '-' {
		r.i++
	}
	zero := r.i < len(r.text) && r.text[r.i] == '0'
	if n := r.digits(); n == 0 || zero && n > 1 {
		return nil, errMalformed
	}
	whole, power := true, false
	if r.i < len(r.text) && r.text[r.i] == '.' {
		r.i++
		if whole = false; r.digits() == 0 {
			return nil, errMalformed
		}
	}
	if r.i < len(r.text) && r.text[r.i]|0x20 == 'e' {
		r.i++
		if r.i < len(r.text) && (r.text[r.i] == '+' || r.text[r.i] == '-') {
			r.i++
		}
		if power = true; r.digits() == 0 {
			return nil, errMalformed
		}
	}
	return numberOf(r.text[start:r.i], whole && !power, power), nil
}

// numberOf is a number that is well formed; whole: it has neither fraction nor power.
func numberOf(n string, whole, power bool) any {
	if whole {
		if i, err := strconv.ParseInt(n, 10, 64); err == nil {
			return i
		}
		return Number(n)
	}
	if len(n) > manyDigits && !power {
		return Number(n)
	}
	f, _ := strconv.ParseFloat(n, 64) // infinite where it is too large, as in Java
	return f
}
