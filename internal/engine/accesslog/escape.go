package accesslog

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// escaping is how values are written, so that no client can end a line or a
// string with what it sends.
type escaping uint8

const (
	asText escaping = iota // \" \\ and \xHH, as web servers do
	asJSON
	asXML
)

// escapingOf goes by the first character of a format. AWS does not say how it
// escapes; docs/divergences.md has our choice.
func escapingOf(format string) escaping {
	switch format = strings.TrimLeft(format, " \t"); {
	case strings.HasPrefix(format, "{"), strings.HasPrefix(format, "["):
		return asJSON
	case strings.HasPrefix(format, "<"):
		return asXML
	}
	return asText
}

// Bytes in each byte of a word.
const (
	ones   = 0x0101010101010101
	highs  = 0x80 * ones
	spaces = ' ' * ones
)

// plain says that bytes stand for themselves in all forms, as nearly all do. It
// looks at eight at a time, at some of them twice.
func plain(b []byte) bool {
	last := len(b) - 8
	if last < 0 {
		return odd(short(b))&highs == 0
	}
	found := odd(binary.LittleEndian.Uint64(b[last:]))
	for i := 0; i < last; i += 8 {
		found |= odd(binary.LittleEndian.Uint64(b[i : i+8]))
	}
	return found&highs == 0
}

// short is a word of the bytes of b, at most seven, in some order and some of
// them twice, and of spaces.
func short(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n > 0:
		return spaces&^0xffffff | uint64(b[0]) | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return spaces
}

// odd has a high bit set if some byte of a word does not stand for itself. What
// a byte lends or carries to the next one does no harm: that byte is odd then.
func odd(w uint64) uint64 {
	control := w - spaces
	above := w + ones // 0x7f and, with its own high bit, what is beyond
	quote, backslash := w^'"'*ones, w^'\\'*ones
	angle := (w | 2*ones) ^ '>'*ones // '<' and '>' differ in one bit
	and := (w | ones) ^ '\''*ones    // and so do '&' and '\''
	return w | control | above | (quote - ones) | (backslash - ones) | (angle - ones) | (and - ones)
}

// stands says that a byte stands for itself in all forms.
func stands(c byte) bool {
	return c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c|2 != '>' && c|1 != '\''
}

// apply escapes what stands in dst behind from.
func (e escaping) apply(dst []byte, from int) []byte {
	for i := from; i < len(dst); i++ {
		if !stands(dst[i]) {
			return e.rewrite(dst, i)
		}
	}
	return dst
}

// rewrite escapes dst from at onwards: behind the value first, then in its place.
func (e escaping) rewrite(dst []byte, at int) []byte {
	end := len(dst)
	for i := at; i < end; {
		c := dst[i]
		if c < utf8.RuneSelf {
			dst = e.ascii(dst, c)
			i++
			continue
		}
		r, n := utf8.DecodeRune(dst[i:end])
		switch {
		case r != utf8.RuneError || n > 1:
			dst = append(dst, dst[i:i+n]...)
		case e == asText:
			dst = appendHex(append(dst, '\\', 'x'), c)
		default:
			dst = append(dst, "\uFFFD"...)
		}
		i += n
	}
	n := copy(dst[at:], dst[end:])
	return dst[:at+n]
}

func (e escaping) ascii(dst []byte, c byte) []byte {
	if stands(c) {
		return append(dst, c)
	}
	switch e {
	case asJSON:
		return jsonByte(dst, c)
	case asXML:
		return xmlByte(dst, c)
	case asText:
	}
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c < ' ' || c == 0x7f:
		return appendHex(append(dst, '\\', 'x'), c)
	}
	return append(dst, c)
}

func jsonByte(dst []byte, c byte) []byte {
	switch {
	case c == '"' || c == '\\':
		return append(dst, '\\', c)
	case c == '\n':
		return append(dst, '\\', 'n')
	case c == '\r':
		return append(dst, '\\', 'r')
	case c == '\t':
		return append(dst, '\\', 't')
	case c < ' ' || c == 0x7f:
		return appendHex(append(dst, `\u00`...), c)
	}
	return append(dst, c)
}

func xmlByte(dst []byte, c byte) []byte {
	switch c {
	case '<':
		return append(dst, "&lt;"...)
	case '>':
		return append(dst, "&gt;"...)
	case '&':
		return append(dst, "&amp;"...)
	case '"':
		return append(dst, "&quot;"...)
	case '\'':
		return append(dst, "&#39;"...)
	case '\t', '\n', '\r':
		return append(appendHex(append(dst, "&#x"...), c), ';')
	case '\\':
		return append(dst, c)
	}
	return append(dst, "\uFFFD"...) // no XML document may have it
}

func appendHex(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	return append(dst, hex[c>>4], hex[c&15])
}
