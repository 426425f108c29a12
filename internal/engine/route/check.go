package route

import (
	"bytes"
	"encoding/binary"
)

// Check says whether a raw path may be routed at all. It refuses what another
// reader down the line could take for another path: a segment that is or
// decodes to . or .. (also with a path parameter, as in "..;", also behind an
// encoded slash or one encoding more), a raw backslash, NUL, a percent sign
// that begins no octet, and a path that begins with no slash.
// parity: spec/security.md 9.4; AWS's own answer to these is not known.
func Check(path []byte) bool {
	return Plain(path) || check(path)
}

// Plain says that a path begins with a slash and has nothing in it that two
// readers could disagree about: no dot, percent sign, backslash, NUL or '@'.
// Few paths are not plain. It looks at eight bytes at a time.
func Plain(path []byte) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	if len(path) < 8 {
		for _, c := range path {
			if c == '.' || c == '%' || c == '\\' || c == 0 || c == '@' {
				return false
			}
		}
		return true
	}
	const ones, tops, atOrNUL = 0x0101010101010101, 0x8080808080808080, '@' * 0x0101010101010101
	found := uint64(0)
	for i := 0; ; i += 8 {
		i = min(i, len(path)-8) // the last eight may overlap those before
		w := binary.LittleEndian.Uint64(path[i:])
		dot, percent, backslash, rest := w^'.'*ones, w^'%'*ones, w^'\\'*ones, w&^atOrNUL // of '@' and NUL nothing is left
		found |= (dot-ones)&^dot | (percent-ones)&^percent | (backslash-ones)&^backslash | (rest-ones)&^rest
		if i == len(path)-8 {
			return found&tops == 0 // the top bit of some byte is set if one was found
		}
	}
}

func check(path []byte) bool {
	if len(path) > 0 && path[0] != '/' || bytes.IndexByte(path, '\\') >= 0 || bytes.IndexByte(path, 0) >= 0 {
		return false
	}
	encoded := bytes.IndexByte(path, '%') >= 0
	if !encoded && !bytes.Contains(path, []byte("/.")) {
		return true
	}
	if encoded && !octets(path) {
		return false
	}
	return !dotted(path) && (!encoded || !dottedWithin(path))
}

// octets says whether each % begins an octet other than NUL.
func octets(path []byte) bool {
	for i := 0; i < len(path); i++ {
		if path[i] != '%' {
			continue
		}
		if i+2 >= len(path) {
			return false
		}
		hi, lo := unhex(path[i+1]), unhex(path[i+2])
		if hi > 15 || lo > 15 || hi|lo == 0 {
			return false
		}
		i += 2
	}
	return true
}

// decodings is how often a path is decoded in search of dots: once more than
// any reader should.
const decodings = 3

// dottedWithin is dotted for what the path may be decoded to.
func dottedWithin(path []byte) bool {
	var buf [256]byte
	decoded := append(buf[:0], path...)
	for range decodings {
		n := unescape(decoded)
		if n == len(decoded) {
			return false
		}
		decoded = decoded[:n]
		if dotted(decoded) {
			return true
		}
	}
	return false
}

// dotted says whether a segment is . or .., up to its first ';'.
func dotted(path []byte) bool {
	start := 0
	for i := 0; i <= len(path); i++ {
		if i < len(path) && path[i] != '/' && path[i] != '\\' {
			continue
		}
		segment := path[start:i]
		start = i + 1
		if j := bytes.IndexByte(segment, ';'); j >= 0 {
			segment = segment[:j]
		}
		if string(segment) == "." || string(segment) == ".." {
			return true
		}
	}
	return false
}

// unescape decodes percent octets in place and returns the new length; what
// is no octet stays.
func unescape(b []byte) int {
	n := 0
	for i := 0; i < len(b); i++ {
		c := b[i]
		if c == '%' && i+2 < len(b) {
			if hi, lo := unhex(b[i+1]), unhex(b[i+2]); hi < 16 && lo < 16 {
				c = hi<<4 | lo
				i += 2
			}
		}
		b[n] = c
		n++
	}
	return n
}

// unhex is the value of a hexadecimal digit, or 255.
func unhex(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10
	}
	return 255
}
