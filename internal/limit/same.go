package limit

import "encoding/binary"

// Same compares two texts, which may be secrets, in a time that depends on
// their lengths alone: as crypto/subtle does, but a word at a time, for there
// are tokens of a kilobyte.
func Same(a, b []byte) bool {
	if len(a) != len(b) {
		return false
	}
	var differs uint64
	for len(a) >= 16 && len(b) >= 16 {
		differs |= binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b)
		differs |= binary.LittleEndian.Uint64(a[8:]) ^ binary.LittleEndian.Uint64(b[8:])
		a, b = a[16:], b[16:]
	}
	if len(a) >= 8 && len(b) >= 8 {
		differs |= binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b)
		a, b = a[8:], b[8:]
	}
	for i := range a {
		differs |= uint64(a[i] ^ b[i])
	}
	return differs == 0
}
