package doc

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"
)

// ParseJSON reads one JSON document (RFC 8259, strict). A key that stands
// twice is a problem.
func ParseJSON(name string, text []byte) (*Value, *Problem) {
	r := &jsonReader{file: name, text: text, line: 1}
	v, err := r.value(0)
	if err == nil {
		r.blank()
		if r.i < len(text) {
			err = r.fail("text after the document")
		}
	}
	if err != nil {
		return nil, err
	}
	return v, nil
}

// jsonReader reads values and keeps count of lines.
type jsonReader struct {
	file  string
	text  []byte
	i     int
	line  int32
	start int // of the line
	count int
}

func (r *jsonReader) at() Pos {
	return Pos{File: r.file, Line: r.line, Column: int32(r.i - r.start + 1)}
}

func (r *jsonReader) fail(what string) *Problem {
	at := r.at()
	p := At(at, "", fmt.Sprintf("Template format error: JSON not well-formed. (line %d, column %d)", at.Line, at.Column), what)
	return &p
}

func (r *jsonReader) blank() {
	for ; r.i < len(r.text); r.i++ {
		switch r.text[r.i] {
		case ' ', '\t', '\r':
		case '\n':
			r.line++
			r.start = r.i + 1
		default:
			return
		}
	}
}

// peek is the next byte that is no blank; 0 at the end.
func (r *jsonReader) peek() byte {
	r.blank()
	if r.i < len(r.text) {
		return r.text[r.i]
	}
	return 0
}

func (r *jsonReader) value(depth int) (*Value, *Problem) {
	c := r.peek()
	if r.count++; r.count > MaxValues {
		return nil, r.fail(fmt.Sprintf("more than %d values", MaxValues))
	}
	if depth > MaxDepth {
		return nil, r.fail(fmt.Sprintf("more than %d levels", MaxDepth))
	}
	at := r.at()
	v, err := r.body(c, depth)
	if err != nil {
		return nil, err
	}
	v.At = at
	return v, nil
}

func (r *jsonReader) body(c byte, depth int) (*Value, *Problem) {
	switch c {
	case '{':
		return r.object(depth)
	case '[':
		return r.array(depth)
	case '"':
		s, err := r.quotedText()
		return NewString(s), err
	}
	begin := r.i
	for r.i < len(r.text) && wordByte(r.text[r.i]) {
		r.i++
	}
	word := r.text[begin:r.i]
	switch string(word) {
	case "null":
		return NewNull(), nil
	case "true", "false":
		return NewBool(c == 't'), nil
	}
	if len(word) == 0 || (c != '-' && (c < '0' || c > '9')) || !json.Valid(word) {
		r.i = begin
		return nil, r.fail("a value is missing here")
	}
	return NewNumber(string(word)), nil
}

func wordByte(c byte) bool {
	return c == '-' || c == '+' || c == '.' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (r *jsonReader) array(depth int) (*Value, *Problem) {
	l := &Value{kind: List}
	r.i++
	if r.peek() == ']' {
		r.i++
		return l, nil
	}
	for {
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		l.Append(v)
		switch r.peek() {
		case ',':
			r.i++
		case ']':
			r.i++
			return l, nil
		default:
			return nil, r.fail("a comma or ] is missing here")
		}
	}
}

func (r *jsonReader) object(depth int) (*Value, *Problem) {
	m := NewMap()
	r.i++
	if r.peek() == '}' {
		r.i++
		return m, nil
	}
	for {
		if err := r.member(m, depth); err != nil {
			return nil, err
		}
		switch r.peek() {
		case ',':
			r.i++
		case '}':
			r.i++
			return m, nil
		default:
			return nil, r.fail("a comma or } is missing here")
		}
	}
}

func (r *jsonReader) member(m *Value, depth int) *Problem {
	if r.peek() != '"' {
		return r.fail("a key in quotes is missing here")
	}
	at := r.at()
	key, err := r.quotedText()
	if err != nil {
		return err
	}
	if m.Has(key) {
		p := At(at, "", fmt.Sprintf("Template format error: the key %q stands twice in one map.", key), "the first is at "+m.KeyPos(key).String())
		return &p
	}
	if r.peek() != ':' {
		return r.fail("a colon is missing here")
	}
	r.i++
	v, err := r.value(depth + 1)
	if err != nil {
		return err
	}
	m.add(key, v, at)
	return nil
}

// quotedText reads one string, which begins here.
func (r *jsonReader) quotedText() (string, *Problem) {
	begin, plain := r.i, true
	for r.i++; r.i < len(r.text); r.i++ {
		switch c := r.text[r.i]; {
		case c == '"':
			r.i++
			raw := r.text[begin:r.i]
			if plain && utf8.Valid(raw) {
				return string(raw[1 : len(raw)-1]), nil
			}
			var s string
			if !utf8.Valid(raw) || json.Unmarshal(raw, &s) != nil {
				r.i = begin
				return "", r.fail("this string is not well-formed")
			}
			return s, nil
		case c == '\\':
			plain = false
			r.i++
		case c < ' ':
			return "", r.fail("a control character must be escaped")
		}
	}
	r.i = begin
	return "", r.fail("this string does not end")
}
