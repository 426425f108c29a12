package step

import (
	"bytes"
	"errors"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/program"
)

// maxDepth is how deep JSON from a function or a client may nest.
const maxDepth = 512

var errJSON = errors.New("not valid JSON, or nested too deep")

// value finds the end of the JSON value that begins at b[i], behind white
// space, and checks it. It does not recurse, so no input can exhaust the stack.
func scanValue(b []byte, i int) (start, end int, err error) {
	start = skipSpace(b, i)
	s := scanner{b: b, i: start}
	for {
		opened, ok := s.one()
		if !ok {
			return 0, 0, errJSON
		}
		if opened {
			continue
		}
		done, ok := s.after()
		if !ok {
			return 0, 0, errJSON
		}
		if done {
			return start, s.i, nil
		}
	}
}

type scanner struct {
	b     []byte
	i     int
	open  [maxDepth / 8]byte // bit: the structure at that depth is an object
	depth int
}

// one reads a value at s.i. opened: it was the beginning of a structure whose
// first value comes next.
func (s *scanner) one() (opened, ok bool) {
	s.i = skipSpace(s.b, s.i)
	if s.i >= len(s.b) {
		return false, false
	}
	switch c := s.b[s.i]; c {
	case '{', '[':
		return s.structure(c == '{')
	case '"':
		s.i, ok = stringEnd(s.b, s.i)
	case 't':
		ok = s.word("true")
	case 'f':
		ok = s.word("false")
	case 'n':
		ok = s.word("null")
	default:
		s.i, ok = numberEnd(s.b, s.i)
	}
	return false, ok
}

func (s *scanner) structure(object bool) (opened, ok bool) {
	if s.depth == maxDepth {
		return false, false
	}
	bit := byte(1) << (s.depth % 8)
	if object {
		s.open[s.depth/8] |= bit
	} else {
		s.open[s.depth/8] &^= bit
	}
	s.depth++
	s.i = skipSpace(s.b, s.i+1)
	if s.i < len(s.b) && s.b[s.i] == s.closer() {
		s.i++
		s.depth--
		return false, true
	}
	if object {
		return true, s.key()
	}
	return true, true
}

func (s *scanner) object() bool { return s.open[(s.depth-1)/8]&(1<<((s.depth-1)%8)) != 0 }

func (s *scanner) closer() byte {
	if s.object() {
		return '}'
	}
	return ']'
}

// after reads what follows a value: the ends of structures, then a comma.
func (s *scanner) after() (done, ok bool) {
	for s.depth > 0 {
		s.i = skipSpace(s.b, s.i)
		if s.i >= len(s.b) {
			return false, false
		}
		c := s.b[s.i]
		if c == ',' {
			s.i++
			return false, !s.object() || s.key()
		}
		if c != s.closer() {
			return false, false
		}
		s.i++
		s.depth--
	}
	return true, true
}

// key reads a member's name and its colon.
func (s *scanner) key() (ok bool) {
	s.i = skipSpace(s.b, s.i)
	if s.i >= len(s.b) || s.b[s.i] != '"' {
		return false
	}
	if s.i, ok = stringEnd(s.b, s.i); !ok {
		return false
	}
	s.i = skipSpace(s.b, s.i)
	if s.i >= len(s.b) || s.b[s.i] != ':' {
		return false
	}
	s.i++
	return true
}

func (s *scanner) word(w string) bool {
	if len(s.b)-s.i < len(w) || string(s.b[s.i:s.i+len(w)]) != w {
		return false
	}
	s.i += len(w)
	return true
}

func skipSpace(b []byte, i int) int {
	for i < len(b) && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// stringEnd is the index behind the string that begins at b[i].
func stringEnd(b []byte, i int) (int, bool) {
	for i++; i < len(b); i++ {
		switch c := b[i]; {
		case c == '"':
			return i + 1, true
		case c < ' ':
			return i, false
		case c == '\\':
			i++
			if i >= len(b) {
				return i, false
			}
			if b[i] == 'u' {
				if _, ok := hex4(b, i+1); !ok {
					return i, false
				}
				i += 4
			} else if unescaped(b[i]) == 0 {
				return i, false
			}
		}
	}
	return i, false
}

// unescaped is what a character means behind a backslash, 0 if nothing.
func unescaped(c byte) byte {
	switch c {
	case '"', '\\', '/':
		return c
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return 0
}

func hex4(b []byte, i int) (r rune, ok bool) {
	if i+4 > len(b) {
		return 0, false
	}
	for _, c := range b[i : i+4] {
		d, ok := hexDigit(c)
		if !ok {
			return 0, false
		}
		r = r<<4 | rune(d)
	}
	return r, true
}

func hexDigit(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

// numberEnd is the index behind the number that begins at b[i].
func numberEnd(b []byte, i int) (int, bool) {
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	i, ok := digitsEnd(b, i)
	if !ok || b[first] == '0' && i > first+1 {
		return i, false
	}
	if i < len(b) && b[i] == '.' {
		if i, ok = digitsEnd(b, i+1); !ok {
			return i, false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digitsEnd(b, i)
	}
	return i, true
}

func digitsEnd(b []byte, i int) (int, bool) {
	from := i
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i, i > from
}

// wholeValue is the one value that b is, without white space around it.
func wholeValue(b []byte) ([]byte, error) {
	start, end, err := scanValue(b, 0)
	if err != nil {
		return nil, err
	}
	if skipSpace(b, end) != len(b) {
		return nil, errJSON
	}
	return b[start:end], nil
}

// members calls fn for each member of an object that wholeValue has checked;
// name and value are raw JSON.
func members(object []byte, fn func(name, value []byte) error) error {
	i := skipSpace(object, 1)
	for object[i] != '}' {
		end, _ := stringEnd(object, i)
		name := object[i:end]
		i = skipSpace(object, end) + 1 // the colon
		start, end, err := scanValue(object, i)
		if err != nil {
			return err
		}
		if err := fn(name, object[start:end]); err != nil {
			return err
		}
		if i = skipSpace(object, end); object[i] == ',' {
			i = skipSpace(object, i+1)
		}
	}
	return nil
}

// elements is members for a list.
func elements(list []byte, fn func(value []byte) error) error {
	i := skipSpace(list, 1)
	for list[i] != ']' {
		start, end, err := scanValue(list, i)
		if err != nil {
			return err
		}
		if err := fn(list[start:end]); err != nil {
			return err
		}
		if i = skipSpace(list, end); list[i] == ',' {
			i = skipSpace(list, i+1)
		}
	}
	return nil
}

// unquoted is the text of a JSON string that was checked. It is a part of raw
// if nothing in it is escaped, else it is in the exchange's memory.
func unquoted(x *program.Exchange, raw []byte) []byte {
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw[1 : len(raw)-1]
	}
	return x.KeepVariable(func(_ *program.Exchange, dst []byte) []byte { return appendUnquoted(dst, raw) })
}

// appendUnquoted appends the text of a JSON string that was checked.
func appendUnquoted(dst, raw []byte) []byte {
	s := raw[1 : len(raw)-1]
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			continue
		}
		i++
		if s[i] != 'u' {
			dst = append(dst, unescaped(s[i]))
			continue
		}
		r, _ := hex4(s, i+1)
		i += 4
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+6 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
				low, _ := hex4(s, i+3)
				pair = utf16.DecodeRune(r, low)
			}
			if pair != utf8.RuneError {
				i += 6
			}
			r = pair
		}
		dst = utf8.AppendRune(dst, r)
	}
	return dst
}
