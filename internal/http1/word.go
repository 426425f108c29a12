package http1

import (
	"encoding/binary"
	"math/bits"
)

// Heads are looked at in words of eight bytes, because that is less to do and
// less to touch than a table for each byte. A test of a word is allowed to
// doubt a byte that is fine, never to trust one that is not: what it doubts is
// left to the tables of class.go, so what is accepted is decided there.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080
)

// A span of bytes, as two numbers for strange: 0x80 less its first and 0x7f
// less its last, in each byte. The bytes are all below 0x80.
const (
	digits0, digits9 = (0x80 - '0') * ones, (0x7f - '9') * ones
	path0, path9     = (0x80 - '/') * ones, (0x7f - '9') * ones // and '/'
	query0, query9   = (0x80 - '&') * ones, (0x7f - ';') * ones // and &'()*+,-./:; but not '%'
)

// One more byte that is not strange, in each byte of a word.
const (
	underscores = '_' * ones
	equals      = '=' * ones
	periods     = '.' * ones
)

// strange is odd, but knows the bytes of a span, and the one that also is made
// of, as well.
func strange(x, first, last, also uint64) uint64 {
	low := x &^ tops
	return odd(x)&^((low+first)&^(low+last)|(tops-(low^also))) | x&tops
}

// odd has the top bit of each byte of x that is neither a letter nor '-', which
// few names have.
func odd(x uint64) uint64 {
	low := x &^ tops // so that no sum reaches the next byte
	fold := low | 0x20*ones
	is := (fold + (0x80-'a')*ones) &^ (fold + (0x7f-'z')*ones)
	return (^(is | (tops - (low ^ '-'*ones))) | x) & tops // only of a difference of 0 the top bit stays
}

// control is 0 if no byte of x is a control character or DEL, else its lowest
// bit is the top bit of the first that is.
func control(x uint64) uint64 {
	// A borrow can set a false bit only above a true one, so the lowest is true.
	return ((x - ' '*ones) | (x&^tops + ones)) &^ x & tops
}

// sameWord compares x with a word of lower case, ASCII.
func sameWord(x, lower uint64) bool {
	low := lower &^ tops
	letters := (low + (0x80-'a')*ones) &^ (low + (0x7f-'z')*ones) &^ lower & tops
	return (x^lower)&^(letters>>2) == 0 // that is 0x20 at each letter
}

// wordOf is the first eight bytes of s.
func wordOf(s string) uint64 { return uint64(halfOf(s)) | uint64(halfOf(s[4:]))<<32 }

// halfOf is the first four bytes of s.
func halfOf(s string) uint32 {
	_ = s[3]
	return uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
}

// scanWords is the first index at or after i whose byte is strange, or which
// fewer than eight bytes are left at.
func scanWords(b []byte, i int, first, last, also uint64) int {
	for len(b)-i >= 8 {
		if s := strange(binary.LittleEndian.Uint64(b[i:]), first, last, also); s != 0 {
			return i + bits.TrailingZeros64(s)>>3
		}
		i += 8
	}
	return i
}

// scanValue is the first index at or after i whose byte may not stand in a
// field value: a control character other than a tab, or DEL.
func scanValue(b []byte, i int) int {
	for len(b)-i >= 8 {
		s := control(binary.LittleEndian.Uint64(b[i:]))
		if s == 0 {
			i += 8
			continue
		}
		if i += bits.TrailingZeros64(s) >> 3; b[i] != '\t' {
			return i
		}
		i++
	}
	for i < len(b) && (b[i] >= ' ' && b[i] != 0x7f || b[i] == '\t') {
		i++
	}
	return i
}
