// Package accesslog compiles the formats of access logs: text with $context
// variables in it, as CLF, JSON, XML, CSV or whatever an API's owner thought of.
//
// A format becomes a flat list of pieces when its stage is deployed; a line
// costs one append for each and no allocation. The law: a line is one line,
// whatever clients send, and a JSON format that is well formed with plain
// values is so with all.
package accesslog

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
)

// MaxLine is how long a line may get, in bytes; the rest is cut off. It is what
// CloudWatch Logs takes as one event.
const MaxLine = 256 << 10

// Why a format is refused. parity: developer guide, "Set up CloudWatch logging
// for REST APIs"; the words of the second are ours.
var (
	ErrLines = errors.New("Access Log format must be single line, new line character is allowed only at end of the format")
	ErrID    = errors.New("Access Log format must contain $context.requestId or $context.extendedRequestId")
)

// Variable is one value of a line for some x. The zero Variable is always
// absent.
type Variable[T any] struct {
	Append   func(x T, dst []byte) []byte // appends the value, and nothing if x has none
	Fixed    string                       // instead of Append: the value is always this
	Verbatim bool                         // the value must not be escaped, or never has what would be

	// Short is instead of Append for values of at most MostShort bytes that never
	// have anything to escape. It writes the value to the beginning of to and says
	// how long it is; 0: x has none.
	Short func(x T, to *[MostShort]byte) int
}

// MostShort is how long a short value is at most, in bytes.
const MostShort = 64

// Format is a compiled format. It does not change, so any number of goroutines
// may use it at a time.
type Format[T any] struct {
	parts  []part[T]
	escape escaping
}

// part is some text, at most as long as three words, and the value behind it. A
// longer text is several parts.
type part[T any] struct {
	short    func(x T, to *[MostShort]byte) int
	value    func(x T, dst []byte) []byte // both nil: none
	text     [3]uint64
	length   uint8 // of the text
	verbatim bool
}

const mostText = 24

// absent stands where a variable has no value.
// parity: services-observability.md 9.3, "unset value".
const absent = "-"

// Compile compiles a format. find gives the variable of a name, without
// "$context.". What does not depend on the request becomes one piece of text.
func Compile[T any](format string, find func(name string) Variable[T]) *Format[T] {
	format = strings.TrimRight(format, "\r\n")
	f := &Format[T]{escape: escapingOf(format)}
	text := ""
	for {
		at, name, rest := next(format)
		text += oneLine(format[:at])
		if name == "" {
			break
		}
		format = rest
		switch v := find(name); {
		case v.Fixed != "" && v.Verbatim:
			text += v.Fixed
		case v.Fixed != "":
			text += string(f.escape.apply([]byte(v.Fixed), 0))
		case v.Append == nil && v.Short == nil:
			text += absent
		default:
			f.add(text, v)
			text = ""
		}
	}
	f.add(text, Variable[T]{})
	return f
}

// add adds some text and the value behind it, if there is one.
func (f *Format[T]) add(text string, v Variable[T]) {
	for len(text) > mostText {
		f.add(text[:mostText], Variable[T]{})
		text = text[mostText:]
	}
	var padded [mostText]byte
	copy(padded[:], text)
	p := part[T]{short: v.Short, value: v.Append, length: uint8(len(text)), verbatim: v.Verbatim}
	for i := range p.text {
		p.text[i] = binary.LittleEndian.Uint64(padded[8*i:])
	}
	f.parts = append(f.parts, p)
}

// Append appends the line for x, without a line feed.
func (f *Format[T]) Append(dst []byte, x T) []byte {
	start := len(dst)
	for i := range f.parts {
		p := &f.parts[i]
		if cap(dst)-len(dst) < mostText+MostShort {
			dst = withRoom(dst)
		}
		at := len(dst)
		text := (*[mostText]byte)(dst[at : at+mostText]) // what is too much is written over
		binary.LittleEndian.PutUint64(text[0:], p.text[0])
		binary.LittleEndian.PutUint64(text[8:], p.text[1])
		binary.LittleEndian.PutUint64(text[16:], p.text[2])
		at += int(p.length)
		switch {
		case p.short != nil:
			to := (*[MostShort]byte)(dst[at : at+MostShort])
			n := p.short(x, to)
			if n == 0 {
				n = copy(to[:], absent)
			}
			dst = dst[:at+n]
		case p.value != nil:
			dst = f.long(p, x, dst[:at])
			if len(dst)-start > MaxLine {
				return dst[:start+MaxLine]
			}
		default:
			dst = dst[:at]
		}
	}
	return dst[:min(len(dst), start+MaxLine)]
}

// long appends a value of any length.
func (f *Format[T]) long(p *part[T], x T, dst []byte) []byte {
	from := len(dst)
	dst = p.value(x, dst)
	switch {
	case len(dst) == from:
		dst = append(dst, absent...)
	case !p.verbatim && !plain(dst[from:]):
		dst = f.escape.apply(dst, from)
	}
	return dst
}

// withRoom is dst with room for a text and a short value. It stands alone to be
// out of the way: there is room for most lines.
//
//go:noinline
func withRoom(dst []byte) []byte { return slices.Grow(dst, mostText+MostShort) }

// Check says why a format is not taken, nil if it is.
func Check(format string) error {
	body := strings.TrimSuffix(strings.TrimSuffix(format, "\n"), "\r")
	switch {
	case strings.ContainsAny(body, "\r\n"):
		return ErrLines
	case !Mentions(format, "requestId") && !Mentions(format, "extendedRequestId"):
		return ErrID
	}
	return nil
}

// Mentions says whether a format has a variable of a name, or one below it if
// the name ends in a dot.
func Mentions(format, wanted string) bool {
	for {
		_, name, rest := next(format)
		switch {
		case name == "":
			return false
		case name == wanted, strings.HasSuffix(wanted, ".") && strings.HasPrefix(name, wanted):
			return true
		}
		format = rest
	}
}

const prefix = "$context."

// next finds the first variable: where it begins, its name and what follows
// it. Without one the name is empty and at is the end.
func next(format string) (at int, name, rest string) {
	for from := 0; ; {
		i := strings.Index(format[from:], "$")
		if i < 0 {
			return len(format), "", ""
		}
		at = from + i
		text := format[at:]
		if braced, ok := strings.CutPrefix(text, "${context."); ok {
			if n := nameLength(braced); n > 0 && n < len(braced) && braced[n] == '}' {
				return at, braced[:n], braced[n+1:]
			}
		}
		if plain, ok := strings.CutPrefix(text, prefix); ok {
			if n := nameLength(plain); n > 0 {
				return at, plain[:n], plain[n:]
			}
		}
		from = at + 1
	}
}

// nameLength is how many bytes of text are a name: words with dots between
// them. A dash belongs to the properties of authorizers and overrides, which
// are named by others than AWS.
func nameLength(text string) int {
	dashes := strings.HasPrefix(text, "authorizer.") || strings.HasPrefix(text, "requestOverride.") || strings.HasPrefix(text, "responseOverride.")
	n := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
			n = i + 1
		case c == '.' && i > 0 && text[i-1] != '.', c == '-' && dashes:
		default:
			return n
		}
	}
	return n
}

// oneLine is text without line ends, which a format that nobody has checked
// may have.
func oneLine(text string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ").Replace(text)
}
