package program

import (
	"encoding/binary"
	"math/bits"
)

// putUUID writes 122 of 128 random bits as a UUID of version 4.
func putUUID(id *[36]byte, a, b uint64) {
	a = a&^0xf000 | 0x4000 // the version
	b = b&^(3<<62) | 1<<63 // the variant
	second, third := hex(uint32(a)), hex(uint32(b>>32))
	binary.LittleEndian.PutUint64(id[0:], hex(uint32(a>>32)))
	id[8] = '-'
	binary.LittleEndian.PutUint32(id[9:], uint32(second))
	id[13] = '-'
	binary.LittleEndian.PutUint32(id[14:], uint32(second>>32))
	id[18] = '-'
	binary.LittleEndian.PutUint32(id[19:], uint32(third))
	id[23] = '-'
	binary.LittleEndian.PutUint32(id[24:], uint32(third>>32))
	binary.LittleEndian.PutUint64(id[28:], hex(uint32(b)))
}

// putExtended writes 11 random bytes in base64 for URLs: the whole of a and the
// three lowest bytes of b.
func putExtended(id *[16]byte, a, b uint64) {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	b = b<<4 | a>>60
	for i := range 10 {
		id[i] = digits[a&63]
		a >>= 6
	}
	for i := 10; i < 14; i++ {
		id[i] = digits[b&63]
		b >>= 6
	}
	id[14] = digits[b&15<<2] // 15 characters are two bits more than 11 bytes
	id[15] = '='
}

// hex is a number as eight hexadecimal digits, the first in the lowest byte.
func hex(v uint32) uint64 {
	x := uint64(bits.ReverseBytes32(v))
	x = (x | x<<16) & 0x0000_ffff_0000_ffff
	x = (x | x<<8) & 0x00ff_00ff_00ff_00ff
	x = x>>4&0x000f_000f_000f_000f | x<<8&0x0f00_0f00_0f00_0f00 // a digit in each byte
	letter := (x + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101
	return x + 0x3030_3030_3030_3030 + letter*('a'-'0'-10)
}
