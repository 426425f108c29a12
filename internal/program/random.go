package program

import (
	"encoding/binary"
	"math/bits"
)

// Bytes in each byte of a word.
const (
	ones    = 0x0101010101010101
	nibbles = 0x0f * ones
	sixes   = 0x3f * ones // six bits of each byte
)

// putUUID writes 122 of 128 random bits as a UUID of version 4, in the order
// that costs least: one bit is as good as another.
func putUUID(id *[36]byte, a, b uint64) {
	second, third := a&nibbles, b>>4&nibbles
	second = digits(second&^(15<<32) | 4<<32) // the version
	third = digits(third&^12 | 8)             // the variant
	binary.LittleEndian.PutUint64(id[0:], digits(a>>4&nibbles))
	id[8] = '-'
	binary.LittleEndian.PutUint32(id[9:], uint32(second))
	id[13] = '-'
	binary.LittleEndian.PutUint32(id[14:], uint32(second>>32))
	id[18] = '-'
	binary.LittleEndian.PutUint32(id[19:], uint32(third))
	id[23] = '-'
	binary.LittleEndian.PutUint32(id[24:], uint32(third>>32))
	binary.LittleEndian.PutUint64(id[28:], digits(b&nibbles))
}

// putExtended writes 11 random bytes in base64 for URLs: six bits of each byte
// of a, and of seven of b, of the last of them four. left is 32 bits that were
// not used, in the higher half of each byte.
func putExtended(id *[16]byte, a, b uint64) (left uint64) {
	const last = 0xff_03 << 48 // 15 characters are two bits more than 11 bytes
	binary.LittleEndian.PutUint64(id[0:], letters(a&sixes))
	binary.LittleEndian.PutUint64(id[8:], letters(b&sixes&^last))
	id[15] = '='
	return a&^sixes | b&^sixes>>2
}

// putHex16 writes 64 random bits as 16 hexadecimal digits: first the higher
// halves of all bytes, then the lower ones.
func putHex16(b []byte, v uint64) {
	binary.LittleEndian.PutUint64(b, digits(v>>4&nibbles))
	binary.LittleEndian.PutUint64(b[8:], digits(v&nibbles))
}

// digits turns each byte, 0 to 15, into the hexadecimal digit of that value.
func digits(w uint64) uint64 {
	letter := (w + 6*ones) >> 4 & ones
	return w + '0'*ones + letter*('a'-'0'-10)
}

// letters turns each byte, 0 to 63, into the character of base64 for URLs.
func letters(w uint64) uint64 {
	c := w + 'A'*ones
	c += (w + (128-26)*ones) >> 7 & ones * ('a' - 'A' - 26)
	c -= (w + (128-52)*ones) >> 7 & ones * ('a' - '0' + 26)
	c -= (w + (128-62)*ones) >> 7 & ones * ('0' + 10 - '-')
	return c + (w+(128-63)*ones)>>7&ones*('_'-'-'-1)
}

// pack moves the higher halves of all bytes together.
func pack(w uint64) uint32 {
	w = w >> 4 & nibbles
	w = (w | w>>4) & 0x00ff_00ff_00ff_00ff
	w = (w | w>>8) & 0x0000_ffff_0000_ffff
	return uint32(w | w>>16)
}

// hexOf is a number as eight hexadecimal digits, the first in the lowest byte.
func hexOf(v uint32) uint64 {
	x := uint64(bits.ReverseBytes32(v))
	x = (x | x<<16) & 0x0000_ffff_0000_ffff
	x = (x | x<<8) & 0x00ff_00ff_00ff_00ff
	return digits(x>>4&0x000f_000f_000f_000f | x<<8&0x0f00_0f00_0f00_0f00)
}
