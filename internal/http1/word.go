package http1

import (
	"encoding/binary"
	"math/bits"
)

// Heads are looked at in words of eight bytes, because that is less to do and
// less to touch than a table for each byte. A test of a word sets the top bit of
// bytes that it does not know, and is sure of the lowest of them alone, because
// sums and borrows go from byte to byte above that. It may doubt a byte that is
// fine, but below the lowest it trusts none that is not: what is doubted is left
// to the tables of class.go and to ValidField, so they decide what is accepted.
const (
	ones = 0x0101010101010101
	tops = 0x8080808080808080

	small = 0x20 * ones // makes letters small
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

// odd doubts all bytes but letters and '-', which are most of all names.
func odd(x uint64) uint64 {
	fold := x | small
	letter := (fold + (0x80-'a')*ones) ^ (fold + (0x7f-'z')*ones)
	return (((x^'-'*ones)+0x7f*ones)&^letter | x) & tops // only a difference of 0 does not get a top bit
}

// strange is odd, but knows the bytes of a span, and the one that also is made
// of, as well.
func strange(x, first, last, also uint64) uint64 {
	span := (x + first) ^ (x + last)
	return odd(x) & (((x^also)+0x7f*ones)&^span | x)
}

// rare doubts control characters, DEL, and what is not ASCII. It also sets bits
// other than top ones.
func rare(x uint64) uint64 { return (x - ' '*ones) | (x + ones) | x }

// rare4 is rare for the first four words of b, without saying where.
func rare4(b []byte) uint64 {
	_ = b[31]
	return rare(binary.LittleEndian.Uint64(b[:8])) | rare(binary.LittleEndian.Uint64(b[8:16])) |
		rare(binary.LittleEndian.Uint64(b[16:24])) | rare(binary.LittleEndian.Uint64(b[24:32]))
}

// control is rare, but knows what is not ASCII.
func control(x uint64) uint64 {
	return ((x - ' '*ones) | (x&^tops + ones)) &^ x & tops
}

// sameWord compares x with a word of lower case, ASCII.
func sameWord(x, lower uint64) bool {
	low := lower &^ tops
	letters := (low + (0x80-'a')*ones) &^ (low + (0x7f-'z')*ones) &^ lower & tops
	return (x^lower)&^(letters>>2) == 0 // that is 0x20 at each letter
}

// wordOf is the first eight bytes of s.
func wordOf(s string) uint64 {
	_ = s[7]
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 |
		uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
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
