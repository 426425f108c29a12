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
}

// Format is a compiled format. It does not change, so any number of goroutines
// may use it at a time.
type Format[T any] struct {
	parts  []part[T]
	escape escaping
}

// part is some text, at most as long as two words, and the value behind it. A
// longer text is several parts.
type part[T any] struct {
	value    func(x T, dst []byte) []byte // nil: none
	text     [2]uint64
	length   uint8 // of the text
	verbatim bool
}

const mostText = 16

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
		case v.Append == nil:
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
	f.parts = append(f.parts, part[T]{
		value: v.Append, length: uint8(len(text)), verbatim: v.Verbatim,
		text: [2]uint64{binary.LittleEndian.Uint64(padded[:]), binary.LittleEndian.Uint64(padded[8:])},
	})
}

// Append appends the line for x, without a line feed.
func (f *Format[T]) Append(dst []byte, x T) []byte {
	start := len(dst)
	for i := range f.parts {
		p, from := &f.parts[i], len(dst)
		if cap(dst)-from < mostText {
			dst = withRoom(dst)
		}
		text := dst[from : from+mostText] // what is too much is written over
		binary.LittleEndian.PutUint64(text, p.text[0])
		binary.LittleEndian.PutUint64(text[8:], p.text[1])
		from += int(p.length)
		if dst = dst[:from]; p.value == nil {
			continue
		}
		dst = p.value(x, dst)
		switch {
		case len(dst) == from:
			dst = append(dst, absent...)
		case !p.verbatim && !plain(dst[from:]):
			dst = f.escape.apply(dst, from)
		}
		if len(dst)-start > MaxLine {
			return dst[:start+MaxLine]
		}
	}
	return dst[:min(len(dst), start+MaxLine)]
}

// withRoom is dst with room for a text at least. It stands alone to be out of
// the way: there is room for most lines.
//
//go:noinline
func withRoom(dst []byte) []byte { return slices.Grow(dst, mostText) }

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
