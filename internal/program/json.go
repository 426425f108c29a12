package program

import "unicode/utf8"

// AppendJSON appends s as a JSON string, in quotes. Bytes that are no UTF-8
// become U+FFFD, so the result is always valid JSON.
func AppendJSON[T ~string | ~[]byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	dst = AppendJSONText(dst, s)
	return append(dst, '"')
}

// AppendJSONText is AppendJSON without the quotes.
func AppendJSONText[T ~string | ~[]byte](dst []byte, s T) []byte {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c != '"' && c != '\\' && c < utf8.RuneSelf {
			i++
			continue
		}
		size := 1
		if c < utf8.RuneSelf {
			dst = appendEscape(append(dst, s[start:i]...), c)
		} else {
			var valid bool
			if size, valid = runeAt(s[i:]); valid {
				i += size
				continue
			}
			dst = append(append(dst, s[start:i]...), "\uFFFD"...)
		}
		i += size
		start = i
	}
	return append(dst, s[start:]...)
}

// AppendText appends b read as UTF-8 text: each maximal part of a broken rune
// becomes one U+FFFD, as Java's decoder has it.
func AppendText(dst, b []byte) []byte {
	start := 0
	for i := 0; i < len(b); {
		size, valid := 1, b[i] < utf8.RuneSelf
		if !valid {
			size, valid = runeAt(b[i:])
		}
		if !valid {
			dst = append(append(dst, b[start:i]...), "\uFFFD"...)
			start = i + size
		}
		i += size
	}
	return append(dst, b[start:]...)
}

// runeAt is the length of the rune that s begins with, or of the part of it
// that is there if it is broken.
func runeAt[T ~string | ~[]byte](s T) (size int, valid bool) {
	var b [utf8.UTFMax]byte
	n := copy(b[:], s)
	if r, size := utf8.DecodeRune(b[:n]); r != utf8.RuneError || size > 1 {
		return size, true
	}
	return brokenLen(b[:n]), false
}

// brokenLen is the length of the maximal part of a rune that b begins with,
// at least 1.
func brokenLen(b []byte) int {
	need, low, high := 0, byte(0x80), byte(0xBF)
	switch c := b[0]; {
	case 0xC2 <= c && c <= 0xDF:
		need = 1
	case 0xE0 <= c && c <= 0xEF:
		need = 2
		if c == 0xE0 {
			low = 0xA0
		} else if c == 0xED {
			high = 0x9F
		}
	case 0xF0 <= c && c <= 0xF4:
		need = 3
		if c == 0xF0 {
			low = 0x90
		} else if c == 0xF4 {
			high = 0x8F
		}
	}
	n := 1
	for n <= need && n < len(b) && low <= b[n] && b[n] <= high {
		low, high = 0x80, 0xBF
		n++
	}
	return n
}

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
}
