package jsonschema

import (
	"unicode/utf16"
	"unicode/utf8"
)

// read reads one JSON text, RFC 8259 to the letter, but for bytes in strings
// that are no UTF-8: each stands for U+FFFD. It does not recurse.
func (d *document) read(text []byte, depth int) bool {
	r := reader{text: text, nodes: d.nodes[:0], depth: depth}
	ok := r.read()
	d.text, d.nodes = text, r.nodes
	return ok
}

// reader reads one document.
type reader struct {
	text  []byte
	nodes []node
	i     int // the next byte
	open  [maxSchema]uint32
	level int
	depth int // how many structures may be open
}

func (r *reader) read() bool {
	for {
		opened, ok := r.value()
		if !ok {
			return false
		}
		if opened {
			continue
		}
		more, ok := r.after()
		if !ok {
			return false
		}
		if !more {
			r.space()
			return r.i == len(r.text)
		}
	}
}

// value reads a value. opened: it was the beginning of a structure, and the
// first value in it comes next.
func (r *reader) value() (opened, ok bool) {
	r.space()
	if r.i >= len(r.text) {
		return false, false
	}
	switch c := r.text[r.i]; c {
	case '"':
		return false, r.string()
	case '{':
		return r.structure(object, '}')
	case '[':
		return r.structure(array, ']')
	case 't':
		return false, r.word(boolean, "true")
	case 'f':
		return false, r.word(boolean, "false")
	case 'n':
		return false, r.word(null, "null")
	default:
		return false, r.number()
	}
}

// add adds a node that begins at start and ends before the next byte.
func (r *reader) add(k kind, start int) {
	r.nodes = append(r.nodes, node{head: uint32(start) | uint32(k)<<offsetBits, tail: uint32(r.i)})
}

func (r *reader) structure(k kind, closer byte) (opened, ok bool) {
	if r.level == r.depth {
		return false, false
	}
	at := uint32(len(r.nodes))
	r.i++
	r.add(k, r.i-1)
	r.space()
	if r.i < len(r.text) && r.text[r.i] == closer {
		r.i++
		r.nodes[at].tail = at + 1
		return false, true
	}
	r.open[r.level] = at
	r.level++
	return true, k == array || r.name()
}

// after reads what follows a value: the ends of structures, then a comma.
func (r *reader) after() (more, ok bool) {
	for r.level > 0 {
		r.space()
		if r.i >= len(r.text) {
			return false, false
		}
		top := &r.nodes[r.open[r.level-1]]
		isObject := top.kind() == object
		switch c := r.text[r.i]; {
		case c == ',':
			r.i++
			return true, !isObject || r.name()
		case c == '}' && isObject, c == ']' && !isObject:
			top.tail = uint32(len(r.nodes))
			r.i++
			r.level--
		default:
			return false, false
		}
	}
	return false, true
}

// name reads a member's name and its colon.
func (r *reader) name() bool {
	r.space()
	if r.i >= len(r.text) || r.text[r.i] != '"' || !r.string() {
		return false
	}
	r.space()
	if r.i >= len(r.text) || r.text[r.i] != ':' {
		return false
	}
	r.i++
	return true
}

func (r *reader) space() {
	for r.i < len(r.text) {
		if c := r.text[r.i]; c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return
		}
		r.i++
	}
}

func (r *reader) word(k kind, w string) bool {
	start := r.i
	if len(r.text)-start < len(w) || string(r.text[start:start+len(w)]) != w {
		return false
	}
	r.i += len(w)
	r.add(k, start)
	return true
}

func (r *reader) string() bool {
	start, b, escapes := r.i, r.text, false
	for i := start + 1; i < len(b); i++ {
		c := b[i]
		if c > '"' && c != '\\' {
			continue
		}
		switch {
		case c == '"':
			r.i = i + 1
			r.add(text, start)
			if escapes {
				r.nodes[len(r.nodes)-1].head |= escaped
			}
			return true
		case c < ' ':
			return false
		case c == '\\':
			escapes = true
			i++
			if i >= len(b) {
				return false
			}
			if b[i] == 'u' {
				if _, ok := hexRune(b, i+1, 4); !ok {
					return false
				}
				i += 4
			} else if unescape(b[i]) == 0 {
				return false
			}
		}
	}
	return false
}

// unescape is what a character means behind a backslash, 0 if nothing.
func unescape(c byte) byte {
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

// hexRune reads n hexadecimal digits from s[at], 1 to 6 of them.
func hexRune[T string | []byte](s T, at, n int) (r rune, ok bool) {
	if n < 1 || n > 6 || at+n > len(s) {
		return 0, false
	}
	for i := at; i < at+n; i++ {
		c := s[i]
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendUnescaped appends what a string means that was read before.
func appendUnescaped(dst, s []byte) []byte {
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			dst = append(dst, s[i])
			continue
		}
		i++
		if s[i] != 'u' {
			dst = append(dst, unescape(s[i]))
			continue
		}
		r, _ := hexRune(s, i+1, 4)
		i += 4
		if utf16.IsSurrogate(r) {
			pair := rune(utf8.RuneError)
			if i+6 < len(s) && s[i+1] == '\\' && s[i+2] == 'u' {
				low, _ := hexRune(s, i+3, 4)
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

// maxExponent is how many digits an exponent may have. API Gateway's numbers
// are Java's, whose exponents have 31 bits: it refuses what is larger.
const maxExponent = 9

func (r *reader) number() bool {
	start, b, k := r.i, r.text, integer
	i := start
	if i < len(b) && b[i] == '-' {
		i++
	}
	first := i
	i = digits(b, i)
	if i == first || b[first] == '0' && i > first+1 {
		return false
	}
	if i < len(b) && b[i] == '.' {
		k, first = number, i+1
		if i = digits(b, first); i == first {
			return false
		}
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		k = number
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		first = i
		for i < len(b) && b[i] == '0' {
			i++
		}
		significant := i
		if i = digits(b, i); i == first || i-significant > maxExponent {
			return false
		}
	}
	r.i = i
	r.add(k, start)
	return true
}

func digits(b []byte, i int) int {
	for i < len(b) && '0' <= b[i] && b[i] <= '9' {
		i++
	}
	return i
}
