package step

import (
	"bytes"
	"strconv"
)

// mockStatus reads statusCode from a MOCK's payload. The reader takes what
// API Gateway's takes: names and texts without quotes or in single ones,
// useless commas, anything behind the object.
// parity: spec/rest-data-plane.md 3.2.
func mockStatus(doc []byte) (status int, ok bool) {
	r := &lenient{b: doc}
	r.space()
	if r.peek() != '{' {
		return 0, false
	}
	status = -1
	if !r.object(0, func(name, value string) {
		if name != "statusCode" {
			return
		}
		n, err := strconv.Atoi(value)
		if err != nil {
			n = -1
		}
		status = n
	}) {
		return 0, false
	}
	return status, status >= 0
}

// lenient reads JSON as json-smart does in its permissive mode.
type lenient struct {
	b []byte
	i int
}

// maxLenient bounds nesting.
const maxLenient = 64

// peek is the next character, 0 at the end.
func (r *lenient) peek() byte {
	if r.i < len(r.b) {
		return r.b[r.i]
	}
	return 0
}

func (r *lenient) space() { r.i = skipSpace(r.b, r.i) }

// object reads an object; member gets the texts of its scalar members.
func (r *lenient) object(depth int, member func(name, value string)) bool {
	if depth > maxLenient {
		return false
	}
	r.i++
	for {
		r.space()
		switch r.peek() {
		case 0, ':', ']', '[', '{':
			return false
		case '}':
			r.i++
			return true
		case ',':
			r.i++
			continue
		}
		name, ok := r.text(":")
		r.space()
		if !ok || r.peek() != ':' {
			return false
		}
		r.i++
		value, ok := r.value(depth, "},")
		if !ok {
			return false
		}
		if member != nil {
			member(name, value)
		}
		r.space()
		switch r.peek() {
		case '}':
			r.i++
			return true
		case ',':
			r.i++
		default:
			return false
		}
	}
}

// value reads a value up to one of the characters in stop.
func (r *lenient) value(depth int, stop string) (string, bool) {
	r.space()
	switch r.peek() {
	case 0, ':', '}', ']':
		return "", false
	case '{':
		return "", r.object(depth+1, nil)
	case '[':
		return "", r.list(depth + 1)
	}
	return r.text(stop)
}

func (r *lenient) list(depth int) bool {
	if depth > maxLenient {
		return false
	}
	r.i++
	for {
		r.space()
		switch r.peek() {
		case 0:
			return false
		case ']':
			r.i++
			return true
		case ',':
			r.i++
			continue
		}
		if _, ok := r.value(depth, "],"); !ok {
			return false
		}
	}
}

// text reads a text in quotes, or one without up to one of the characters in
// stop, which must come.
func (r *lenient) text(stop string) (string, bool) {
	if q := r.peek(); q == '"' || q == '\'' {
		return r.quoted(q)
	}
	start := r.i
	i := bytes.IndexAny(r.b[start:], stop)
	if i < 0 {
		return "", false
	}
	r.i = start + i
	return trimSpace(r.b[start:r.i]), true
}

func (r *lenient) quoted(quote byte) (string, bool) {
	start := r.i + 1
	for r.i++; r.i < len(r.b); r.i++ {
		switch r.b[r.i] {
		case '\\':
			r.i++
		case quote:
			r.i++
			return string(r.b[start : r.i-1]), true
		}
	}
	return "", false
}

func trimSpace(b []byte) string {
	b = b[skipSpace(b, 0):]
	for len(b) > 0 && skipSpace(b, len(b)-1) == len(b) {
		b = b[:len(b)-1]
	}
	return string(b)
}
