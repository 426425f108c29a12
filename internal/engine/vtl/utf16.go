package vtl

import u16 "unicode/utf16"

// Java counts a text in UTF-16 units.

func utf16(s string) []uint16 { return u16.Encode([]rune(s)) }

func string16(u []uint16) string { return string(u16.Decode(u)) }

// units is a byte offset of s in UTF-16 units; -1 stays -1.
func units(s string, at int) int64 {
	if at < 0 {
		return -1
	}
	return int64(len(utf16(s[:at])))
}
