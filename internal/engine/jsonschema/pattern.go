package jsonschema

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// Limits of patterns. The last three hold for patterns that must backtrack.
const (
	maxPattern     = 4 << 10 // bytes
	maxMatchTime   = 50 * time.Millisecond
	maxMatchText   = 256 << 10 // bytes; a longer text does not match
	maxMatchMemory = 1 << 20   // slots of its stack
)

// pattern is a regular expression of ECMA 262, which may match anywhere in a
// text. Go's regexp, whose time is linear, does what it has words for;
// lookaround, back references and counts above 1000 go to an engine that
// backtracks, under limits.
// parity: spec/security.md 9.12.
type pattern struct {
	source string
	linear *regexp.Regexp
	slow   *regexp2.Regexp // if linear is nil
}

func compilePattern(source string) (*pattern, error) {
	if len(source) > maxPattern {
		return nil, fmt.Errorf("pattern of %d bytes: the limit is %d", len(source), maxPattern)
	}
	p := &pattern{source: source}
	translated, ok := translate(source)
	var err error
	if ok {
		if p.linear, err = regexp.Compile(translated); err == nil {
			return p, nil
		}
	}
	p.slow, err = regexp2.Compile(source, regexp2.ECMAScript|regexp2.Unicode, regexp2.OptionMaxBacktrackingStackSize(maxMatchMemory))
	if err != nil { // Unicode mode is strict about escapes that are not needed
		p.slow, err = regexp2.Compile(source, regexp2.ECMAScript, regexp2.OptionMaxBacktrackingStackSize(maxMatchMemory))
	}
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", source, err)
	}
	p.slow.MatchTimeout = maxMatchTime
	return p, nil
}

// match says whether the pattern is found in a text. One that takes too long
// is not.
func (p *pattern) match(s []byte) bool {
	if p.linear != nil {
		return p.linear.Match(s)
	}
	if len(s) > maxMatchText {
		return false
	}
	ok, err := p.slow.MatchString(string(s))
	return ok && err == nil
}

// White space of ECMA 262, and all else, as members of a class of Go.
const (
	spaces    = `\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}`
	notSpaces = `\x00-\x08\x0E-\x1F!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}` +
		`\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}`
)

// errBeyond says that Go's regexp has no words for a pattern.
var errBeyond = errors.New("beyond regular")

// translate rewrites what ECMA 262 understands otherwise than Go: white space
// is Unicode's, '.' stops at every line terminator, a bracket in a class is
// itself, and letters that mean nothing behind a backslash are themselves. ok
// is false if Go cannot do it.
func translate(source string) (translated string, ok bool) {
	t := translator{rest: source}
	for t.rest != "" {
		if err := t.next(); err != nil {
			return "", false
		}
	}
	return t.out.String(), true
}

type translator struct {
	rest string
	out  strings.Builder
}

// take replaces the next n bytes.
func (t *translator) take(n int, by string) {
	t.out.WriteString(by)
	t.rest = t.rest[n:]
}

func (t *translator) next() error {
	switch c := t.rest[0]; {
	case c == '\\':
		return t.escape(false)
	case c == '.':
		t.take(1, `[^\n\r\x{2028}\x{2029}]`)
	case c == '[':
		return t.class()
	case strings.HasPrefix(t.rest, "(?=") || strings.HasPrefix(t.rest, "(?!") ||
		strings.HasPrefix(t.rest, "(?<=") || strings.HasPrefix(t.rest, "(?<!"):
		return errBeyond
	default:
		t.take(1, t.rest[:1])
	}
	return nil
}

func (t *translator) class() error {
	switch {
	case strings.HasPrefix(t.rest, "[]"):
		t.take(2, `[^\x00-\x{10FFFF}]`)
		return nil
	case strings.HasPrefix(t.rest, "[^]"):
		t.take(3, `[\x00-\x{10FFFF}]`)
		return nil
	}
	t.take(1, "[")
	if strings.HasPrefix(t.rest, "^") {
		t.take(1, "^")
	}
	for t.rest != "" {
		switch t.rest[0] {
		case ']':
			t.take(1, "]")
			return nil
		case '[':
			t.take(1, `\[`)
		case '\\':
			if err := t.escape(true); err != nil {
				return err
			}
		default:
			t.take(1, t.rest[:1])
		}
	}
	return errBeyond // no end: the other engine tells what is wrong
}

// escape rewrites a backslash and what it belongs to.
func (t *translator) escape(class bool) error {
	if len(t.rest) < 2 {
		return errBeyond
	}
	switch c := t.rest[1]; {
	case c == 's' || c == 'S':
		t.space(c == 'S', class)
	case strings.IndexByte("dDwWfnrtv", c) >= 0, c == 'B' && !class:
		t.take(2, t.rest[:2])
	case c == 'b' && class:
		t.take(2, `\x08`)
	case c == 'b':
		t.take(2, `\b`)
	case c == 'p' || c == 'P':
		t.take(2, t.rest[:2]) // the name behind it is read as it stands
	case c == 'c':
		return t.control()
	case c == 'x':
		return t.hex(2, 2)
	case c == 'u':
		return t.unicode()
	case c == '0' && (len(t.rest) == 2 || t.rest[2] < '0' || t.rest[2] > '9'):
		t.take(2, `\x00`)
	case '0' <= c && c <= '9', c == 'k':
		return errBeyond
	default:
		r, n := utf8.DecodeRuneInString(t.rest[1:])
		t.rune(1+n, r)
	}
	return nil
}

func (t *translator) space(not, class bool) {
	members := spaces
	if not {
		members = notSpaces
	}
	if !class {
		members = "[" + members + "]"
	}
	t.take(2, members)
}

func (t *translator) rune(n int, r rune) { t.take(n, fmt.Sprintf(`\x{%X}`, r)) }

func (t *translator) control() error {
	if len(t.rest) < 3 {
		return errBeyond
	}
	c := t.rest[2]
	if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z') {
		return errBeyond
	}
	t.rune(3, rune(c&31))
	return nil
}

// hex rewrites a character given by n hexadecimal digits from t.rest[at].
func (t *translator) hex(at, n int) error {
	r, ok := hexRune(t.rest, at, n)
	if !ok {
		return errBeyond
	}
	t.rune(at+n, r)
	return nil
}

func (t *translator) unicode() error {
	if strings.HasPrefix(t.rest, `\u{`) {
		end := strings.IndexByte(t.rest, '}')
		r, ok := hexRune(t.rest, 3, end-3)
		if end < 0 || !ok || r > utf8.MaxRune {
			return errBeyond
		}
		t.rune(end+1, r)
		return nil
	}
	high, ok := hexRune(t.rest, 2, 4)
	if ok && utf16.IsSurrogate(high) && strings.HasPrefix(t.rest[6:], `\u`) {
		if low, ok := hexRune(t.rest, 8, 4); ok {
			if r := utf16.DecodeRune(high, low); r != utf8.RuneError {
				t.rune(12, r)
				return nil
			}
		}
	}
	return t.hex(2, 4)
}
