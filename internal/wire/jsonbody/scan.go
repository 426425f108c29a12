package jsonbody

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// maxDepth bounds how deep lists and objects may nest.
const maxDepth = 128

// scanner walks over JSON text, one token at a time.
type scanner struct {
	data  []byte
	pos   int
	depth int
}

func (s *scanner) fail(what string) error {
	return wire.Malformedf("Could not parse request body into json: %s at offset %d", what, s.pos)
}

// peek skips white space and gives the next byte; 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; c {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// end makes sure that nothing but white space is left.
func (s *scanner) end() error {
	if s.peek() != 0 || s.pos < len(s.data) {
		return s.fail("Unexpected character")
	}
	return nil
}

// open takes the bracket c and goes one level down.
func (s *scanner) open(c byte) error {
	if s.peek() != c {
		return s.fail("Unexpected character")
	}
	if s.depth++; s.depth > maxDepth {
		return s.fail("Nesting is too deep")
	}
	s.pos++
	return nil
}

// more goes to the next element before the closing bracket c, over the comma
// that must stand between two; it takes the bracket when there is none.
func (s *scanner) more(first bool, c byte) (bool, error) {
	switch s.peek() {
	case c:
		s.pos++
		s.depth--
		return false, nil
	case ',':
		if first {
			return false, s.fail("Unexpected comma")
		}
		s.pos++
		if s.peek() == c {
			return false, s.fail("Unexpected end of a list")
		}
		return true, nil
	}
	if !first {
		return false, s.fail("A comma is missing")
	}
	return true, nil
}

// key reads the name of a member and the colon behind it.
func (s *scanner) key() ([]byte, error) {
	if s.peek() != '"' {
		return nil, s.fail("A name is missing")
	}
	name, err := s.text()
	if err != nil {
		return nil, err
	}
	if s.peek() != ':' {
		return nil, s.fail("A colon is missing")
	}
	s.pos++
	return name, nil
}

// word takes a literal such as null.
func (s *scanner) word(w string) error {
	if len(s.data)-s.pos < len(w) || string(s.data[s.pos:s.pos+len(w)]) != w {
		return s.fail("Unrecognized token")
	}
	s.pos += len(w)
	return nil
}

// text reads a string. The bytes are the message's own where it has no escapes.
func (s *scanner) text() ([]byte, error) {
	s.pos++
	start := s.pos
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			raw := s.data[start:s.pos]
			if !utf8.Valid(raw) {
				return nil, s.fail("Invalid UTF-8")
			}
			s.pos++
			return raw, nil
		case c == '\\':
			return s.escaped(start)
		case c < ' ':
			return nil, s.fail("Illegal control character in a string")
		default:
			s.pos++
		}
	}
	return nil, s.fail("Unexpected end of input in a string")
}

// escaped goes on with a string at its first escape.
func (s *scanner) escaped(start int) ([]byte, error) {
	out := append(make([]byte, 0, s.pos-start+32), s.data[start:s.pos]...)
	for s.pos < len(s.data) {
		switch c := s.data[s.pos]; {
		case c == '"':
			s.pos++
			if !utf8.Valid(out) {
				return nil, s.fail("Invalid UTF-8")
			}
			return out, nil
		case c == '\\':
			var err error
			if out, err = s.escape(out); err != nil {
				return nil, err
			}
		case c < ' ':
			return nil, s.fail("Illegal control character in a string")
		default:
			out = append(out, c)
			s.pos++
		}
	}
	return nil, s.fail("Unexpected end of input in a string")
}

func (s *scanner) escape(out []byte) ([]byte, error) {
	if s.pos+1 >= len(s.data) {
		return nil, s.fail("Unexpected end of input in a string")
	}
	c := s.data[s.pos+1]
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		s.pos += 2
		return append(out, "\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return nil, s.fail("Unrecognized escape")
	}
	r, ok := s.hex4(s.pos + 2)
	s.pos += 6
	if ok && utf16.IsSurrogate(r) {
		var low rune
		if ok = s.pos+1 < len(s.data) && s.data[s.pos] == '\\' && s.data[s.pos+1] == 'u'; ok {
			low, ok = s.hex4(s.pos + 2)
			r = utf16.DecodeRune(r, low)
			s.pos += 6
		}
		ok = ok && r != utf8.RuneError
	}
	if !ok {
		return nil, s.fail("Invalid unicode escape")
	}
	return utf8.AppendRune(out, r), nil
}

func (s *scanner) hex4(at int) (rune, bool) {
	if at+4 > len(s.data) {
		return 0, false
	}
	n, err := strconv.ParseUint(string(s.data[at:at+4]), 16, 16)
	return rune(n), err == nil
}

// number takes a number and gives its text.
func (s *scanner) number() (string, error) {
	start := s.pos
	s.skip('-')
	if !s.skip('0') && !s.digits() {
		return "", s.fail("Unrecognized token")
	}
	if s.skip('.') && !s.digits() {
		return "", s.fail("A digit is missing")
	}
	if s.skip('e') || s.skip('E') {
		_ = s.skip('+') || s.skip('-')
		if !s.digits() {
			return "", s.fail("A digit is missing")
		}
	}
	return string(s.data[start:s.pos]), nil
}

func (s *scanner) skip(c byte) bool {
	if s.pos < len(s.data) && s.data[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.data) && s.data[s.pos] >= '0' && s.data[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// any reads a value of any kind: nil, bool, int64, float64, string, []any or
// map[string]any.
func (s *scanner) any() (any, error) {
	switch c := s.peek(); c {
	case '{':
		return s.object()
	case '[':
		return s.array()
	case '"':
		t, err := s.text()
		return string(t), err
	case 't':
		return true, s.word("true")
	case 'f':
		return false, s.word("false")
	case 'n':
		return nil, s.word("null")
	case 0:
		return nil, s.fail("Unexpected end of input")
	}
	text, err := s.number()
	if err != nil {
		return nil, err
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return n, nil
	}
	x, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(x, 0) {
		return nil, s.fail("Number out of range")
	}
	return x, nil
}

func (s *scanner) object() (any, error) {
	if err := s.open('{'); err != nil {
		return nil, err
	}
	out := map[string]any{}
	for first := true; ; first = false {
		ok, err := s.more(first, '}')
		if err != nil || !ok {
			return out, err
		}
		key, err := s.key()
		if err != nil {
			return nil, err
		}
		name := string(key)
		if _, twice := out[name]; twice {
			return nil, s.fail("Duplicate field")
		}
		if out[name], err = s.any(); err != nil {
			return nil, err
		}
	}
}

func (s *scanner) array() (any, error) {
	if err := s.open('['); err != nil {
		return nil, err
	}
	out := []any{}
	for first := true; ; first = false {
		ok, err := s.more(first, ']')
		if err != nil || !ok {
			return out, err
		}
		e, err := s.any()
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
}

// pass reads over a value.
func (s *scanner) pass() error {
	switch c := s.peek(); c {
	case '{', '[':
		return s.passNested(c)
	case '"':
		_, err := s.text()
		return err
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	case 0:
		return s.fail("Unexpected end of input")
	}
	_, err := s.number()
	return err
}

func (s *scanner) passNested(open byte) error {
	if err := s.open(open); err != nil {
		return err
	}
	for first := true; ; first = false {
		ok, err := s.more(first, open+2) // in ASCII, } is { + 2 and ] is [ + 2
		if err != nil || !ok {
			return err
		}
		if open == '{' {
			if _, err := s.key(); err != nil {
				return err
			}
		}
		if err := s.pass(); err != nil {
			return err
		}
	}
}
