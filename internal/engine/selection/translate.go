package selection

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

var errClass = errors.New("intersections, subtractions and negated unions of character classes are not supported")

// translate rewrites what Java understands otherwise than Go: '.' stops at
// every line terminator, \s has the vertical tab, \h and \v are classes,
// POSIX classes are written \p{Alpha}, classes hold classes, and characters
// may be given by number.
func translate(pattern string) (string, error) {
	t := translator{rest: pattern, dotAll: hasFlag(pattern, 's') || hasFlag(pattern, 'd')}
	for t.rest != "" {
		if err := t.next(); err != nil {
			return "", err
		}
	}
	if t.class > 0 {
		return "", errors.New("missing closing ]")
	}
	return t.out.String(), nil
}

type translator struct {
	rest   string
	out    strings.Builder
	class  int  // how many classes are open
	dotAll bool // the pattern changes what '.' is
}

// hasFlag says whether a group of flags such as (?is) or (?s: has the flag.
func hasFlag(pattern string, flag byte) bool {
	for {
		_, after, ok := strings.Cut(pattern, "(?")
		if !ok {
			return false
		}
		for i := 0; i < len(after) && strings.IndexByte("idmsuxU", after[i]) >= 0; i++ {
			if after[i] == flag {
				return true
			}
		}
		pattern = after
	}
}

func (t *translator) next() error {
	c := t.rest[0]
	switch {
	case c == '\\':
		return t.escape()
	case t.class > 0:
		return t.inClass(c)
	case c == '[':
		t.openClass()
		return nil
	case c == '.' && !t.dotAll:
		t.take(1, `[^\n\r\x{85}\x{2028}\x{2029}]`)
		return nil
	}
	t.take(1, t.rest[:1])
	return nil
}

// take replaces the next n bytes.
func (t *translator) take(n int, by string) {
	t.out.WriteString(by)
	t.rest = t.rest[n:]
}

// openClass begins a class outside of one. A ] right behind the bracket is
// itself in Java as well.
func (t *translator) openClass() {
	t.class = 1
	n := 1
	if strings.HasPrefix(t.rest[n:], "^") {
		n++
	}
	t.take(n, t.rest[:n])
	if strings.HasPrefix(t.rest, "]") {
		t.take(1, `\]`)
	}
}

func (t *translator) inClass(c byte) error {
	switch c {
	case '[':
		// A union: its members are members of the class around it.
		if strings.HasPrefix(t.rest, "[^") {
			return errClass
		}
		t.class++
		t.take(1, "")
	case ']':
		t.class--
		if t.class > 0 {
			t.take(1, "")
		} else {
			t.take(1, "]")
		}
	case '&':
		if strings.HasPrefix(t.rest, "&&") {
			return errClass
		}
		t.take(1, "&")
	default:
		t.take(1, t.rest[:1])
	}
	return nil
}

// escape rewrites what a backslash begins.
func (t *translator) escape() error {
	if len(t.rest) < 2 {
		return errors.New("trailing backslash")
	}
	if t.rest[1] == 'Q' {
		quoted, after, _ := strings.Cut(t.rest[2:], `\E`)
		t.rest = after
		t.out.WriteString(regexp.QuoteMeta(quoted))
		return nil
	}
	if n, by, ok := t.set(); ok {
		if t.class == 0 {
			by = "[" + by + "]"
		}
		t.take(n, by)
		return nil
	}
	if r, n, ok := numbered(t.rest); ok {
		t.take(n, quote(r))
		return nil
	}
	if _, size := utf8.DecodeRuneInString(t.rest[1:]); size > 1 {
		t.take(1+size, t.rest[1:1+size]) // means itself
		return nil
	}
	t.take(2, t.rest[:2])
	return nil
}

// set is the members of a class that has a name of its own.
func (t *translator) set() (n int, members string, ok bool) {
	switch t.rest[1] {
	case 'd':
		return 2, `0-9`, true
	case 'w':
		return 2, `a-zA-Z0-9_`, true
	case 's':
		return 2, ` \t\n\x0B\f\r`, true
	case 'h':
		return 2, ` \t\x{A0}\x{1680}\x{180e}\x{2000}-\x{200a}\x{202f}\x{205f}\x{3000}`, true
	case 'v':
		return 2, `\n\x0B\f\r\x{85}\x{2028}\x{2029}`, true
	case 'p':
		name, _, closed := strings.Cut(t.rest[2:], "}")
		if members = posix(strings.TrimPrefix(name, "{")); closed && members != "" {
			return 2 + len(name) + 1, members, true
		}
	}
	return 0, "", false
}

// posix is a class that Java has under \p{...} and Go under [:...:].
func posix(name string) string {
	switch name {
	case "Lower", "Upper", "ASCII", "Alpha", "Digit", "Alnum", "Punct", "Graph", "Print", "Blank", "Cntrl", "XDigit":
		return "[:" + strings.ToLower(name) + ":]"
	case "Space":
		return ` \t\n\x0B\f\r`
	}
	return ""
}

// numbered reads \xhh, \x{h...}, \uhhhh, \0n, \cX, \e.
func numbered(s string) (r rune, n int, ok bool) {
	switch s[1] {
	case 'e':
		return 0x1b, 2, true
	case 'c':
		if len(s) > 2 {
			return rune(s[2] ^ 64), 3, true
		}
	case 'u':
		return number(s, 2, 4, 16)
	case '0':
		for size := 3; size > 0; size-- {
			if r, n, ok = number(s, 2, size, 8); ok && r <= 0o377 {
				return r, n, true
			}
		}
	case 'x':
		if digits, _, closed := strings.Cut(s[2:], "}"); closed && strings.HasPrefix(digits, "{") {
			r, n, ok = number(s, 3, len(digits)-1, 16)
			return r, n + 1, ok
		}
		return number(s, 2, 2, 16)
	}
	return 0, 0, false
}

// number reads size digits at s[at:]; n is where they end.
func number(s string, at, size, base int) (r rune, n int, ok bool) {
	if size <= 0 || at+size > len(s) {
		return 0, 0, false
	}
	v, err := strconv.ParseUint(s[at:at+size], base, 32)
	if err != nil || v > utf8.MaxRune || !utf8.ValidRune(rune(v)) {
		return 0, 0, false
	}
	return rune(v), at + size, true
}

// quote is a character as itself, in a class or outside.
func quote(r rune) string {
	if r < 0x80 && !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z') {
		return `\x` + string("0123456789abcdef"[r>>4]) + string("0123456789abcdef"[r&15])
	}
	return string(r)
}
