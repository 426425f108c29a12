package limit

import "encoding/binary"

// Same compares two texts, which may be secrets, in a time that depends on
// their lengths alone: as crypto/subtle does, but many bytes at a time, for
// there are tokens of a kilobyte.
func Same(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	le, at, differs := binary.LittleEndian, 0, uint64(0)
	for ; at <= len(a)-64; at += 64 {
		x, y := a[at:at+64:at+64], b[at:at+64:at+64]
		differs |= le.Uint64(x) ^ le.Uint64(y)
		differs |= le.Uint64(x[8:]) ^ le.Uint64(y[8:])
		differs |= le.Uint64(x[16:]) ^ le.Uint64(y[16:])
		differs |= le.Uint64(x[24:]) ^ le.Uint64(y[24:])
		differs |= le.Uint64(x[32:]) ^ le.Uint64(y[32:])
		differs |= le.Uint64(x[40:]) ^ le.Uint64(y[40:])
		differs |= le.Uint64(x[48:]) ^ le.Uint64(y[48:])
		differs |= le.Uint64(x[56:]) ^ le.Uint64(y[56:])
	}
	for ; at <= len(a)-16; at += 16 {
		x, y := a[at:at+16:at+16], b[at:at+16:at+16]
		differs |= le.Uint64(x) ^ le.Uint64(y)
		differs |= le.Uint64(x[8:]) ^ le.Uint64(y[8:])
	}
	if at <= len(a)-8 {
		differs |= le.Uint64(a[at:at+8]) ^ le.Uint64(b[at:at+8])
		at += 8
	}
	for ; at < len(a); at++ {
		differs |= uint64(a[at] ^ b[at])
	}
	return differs == 0
}
