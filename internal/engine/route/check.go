package route

import (
	"bytes"
	"encoding/binary"
	"math/bits"
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
// Few paths are not plain. It looks at eight bytes at a time, at some of them twice.
func Plain(path []byte) bool {
	if len(path) == 0 || path[0] != '/' {
		return false
	}
	last := len(path) - 8
	if last < 0 {
		return plainWord(short(path))&tops == tops || plainBytes(path)
	}
	all := plainWord(binary.LittleEndian.Uint64(path[last:]))
	for i := 0; i < last; i += 8 {
		all &= plainWord(binary.LittleEndian.Uint64(path[i : i+8]))
	}
	return all&tops == tops || plainBytes(path)
}

// plainBytes is Plain of paths that have bytes beyond ASCII as well.
func plainBytes(path []byte) bool {
	for _, c := range path {
		if c == '.' || c == '%' || c == '\\' || c == 0 || c == '@' {
			return false
		}
	}
	return true
}

// Bytes in each byte of a word.
const (
	ones   = 0x0101010101010101
	sevens = 0x7f * ones
	tops   = 0x80 * ones
)

// plainWord has the top bit of each byte set if all eight are plain and ASCII,
// and not if one is not plain: it is zero after what is done to it, and has its
// top bit clear once 0x7f is added. So has a byte that carries into the next.
func plainWord(w uint64) uint64 {
	const atOrNUL = '@' * ones // of '@' and NUL nothing is left
	return ((w ^ '.'*ones) + sevens) & ((w ^ '%'*ones) + sevens) & ((w ^ '\\'*ones) + sevens) & (w&^atOrNUL + sevens)
}

// short is a word of the bytes of b, of which there are at most eight: in some
// order, and some of them more than once. Two that are equally long and differ
// have different words.
func short(b []byte) uint64 {
	switch n := len(b); {
	case n >= 4:
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[n-4:]))<<32
	case n > 0:
		return ones*uint64(b[0])&^0xffff00 | uint64(b[n/2])<<8 | uint64(b[n-1])<<16
	}
	return 0
}

// Slash is where the first slash of b is; without one, its length.
func Slash(b []byte) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		w := binary.LittleEndian.Uint64(b[i:]) ^ '/'*ones
		if found := (w - ones) &^ w & tops; found != 0 {
			return i + bits.TrailingZeros64(found)/8 // the lowest that is found is one; others may have borrowed
		}
	}
	for ; i < len(b) && b[i] != '/'; i++ {
	}
	return i
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
