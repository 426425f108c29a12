package http1

import (
	"encoding/binary"
	"math/bits"
)

// parseField reads the field line at b[at:] into f; next is where the line after
// it starts, 0 as long as b does not hold its end.
//
// Most lines are a name of letters and '-', a colon, a space, and a value that
// is ASCII without a tab and does not end in a space. They are read here, in
// words; parseAnyField reads all others, and these alike.
func parseField(f *Field, b []byte, at int) (next int, err *Error) {
	last := len(b) - 8
	i, s := at, uint64(0)
	for i <= last {
		if s = odd(binary.LittleEndian.Uint64(b[i : i+8])); s != 0 {
			break
		}
		i += 8
	}
	i += bits.TrailingZeros64(s) >> 3
	from := i + 2
	if i == at || from > last || b[i] != ':' || b[i+1] != ' ' {
		return parseAnyField(f, b, at)
	}
	end := from
	for end <= last {
		if s = rare(binary.LittleEndian.Uint64(b[end:end+8])) & tops; s != 0 {
			break
		}
		end += 8
	}
	if end > last {
		end = last // some of it for the second time
		if s = rare(binary.LittleEndian.Uint64(b[end:end+8])) & tops; s == 0 {
			return parseAnyField(f, b, at)
		}
	}
	end += bits.TrailingZeros64(s) >> 3
	if end+1 >= len(b) || b[end] != '\r' || b[end+1] != '\n' || b[end-1] == ' ' || b[from] == ' ' {
		return parseAnyField(f, b, at)
	}
	f.Name, f.Value = b[at:i:i], b[from:end:end]
	return end + 2, nil
}

// parseAnyField is parseField for every line. One that starts with white space
// (an obsolete fold) has no name, so it is refused here too.
func parseAnyField(f *Field, b []byte, at int) (next int, err *Error) {
	i := scan(b, at, isToken)
	if i == len(b) {
		return 0, nil
	}
	if i == at || b[i] != ':' {
		return 0, errFieldName
	}
	name := b[at:i:i]
	for i++; i < len(b) && (b[i] == ' ' || b[i] == '\t'); i++ {
	}
	from := i
	if i = scanValue(b, i); i == len(b) {
		return 0, nil
	}
	if b[i] != '\r' {
		return 0, errFieldValue
	}
	if i+1 == len(b) {
		return 0, nil
	}
	if b[i+1] != '\n' {
		return 0, errLineEnd
	}
	next = i + 2
	for i > from && (b[i-1] == ' ' || b[i-1] == '\t') {
		i--
	}
	f.Name, f.Value = name, b[from:i:i]
	return next, nil
}

// copyField writes f over the start of line, which has room for it and for eight
// bytes more that may be written over. The outcome is 0 if the name is letters
// and '-' and the value is ASCII without a control character; else only
// ValidField can tell whether the line may stay.
func copyField(line []byte, f *Field) (doubt uint64) {
	name, value := f.Name, f.Value
	i := 0
	for ; i <= len(name)-8 && i <= len(line)-8; i += 8 {
		x := binary.LittleEndian.Uint64(name[i : i+8])
		binary.LittleEndian.PutUint64(line[i:i+8], x)
		doubt |= odd(x)
	}
	if i < len(name) {
		x, n := rest(name, i)
		binary.LittleEndian.PutUint64(line[i:], x)
		doubt |= odd(x | '-'*ones<<(n&63))
	}
	line = line[len(name):]
	binary.LittleEndian.PutUint16(line, ':'|' '<<8)
	line = line[2:]
	for i = 0; i <= len(value)-8 && i <= len(line)-8; i += 8 {
		x := binary.LittleEndian.Uint64(value[i : i+8])
		binary.LittleEndian.PutUint64(line[i:i+8], x)
		doubt |= rare(x)
	}
	if i < len(value) {
		x, n := rest(value, i)
		binary.LittleEndian.PutUint64(line[i:], x)
		doubt |= rare(x | ' '*ones<<(n&63))
	}
	binary.LittleEndian.PutUint16(line[len(value):], '\r'|'\n'<<8)
	return doubt & tops
}

// rest is what b has from i on, one to seven bytes, the first lowest, and how
// many bits that are.
func rest(b []byte, i int) (x uint64, n int) {
	n = 8 * (len(b) - i) & 63
	if last := len(b) - 8; last >= 0 {
		return binary.LittleEndian.Uint64(b[last:]) >> (-n & 63), n
	}
	return short(b), n
}

// short is all of b, which has one to seven bytes, the first lowest.
func short(b []byte) (x uint64) {
	if half := len(b) - 4; half >= 0 { // two halves, which may overlap
		return uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[half:]))<<(8*half&63)
	}
	for i, c := range b {
		x |= uint64(c) << (8 * i & 63)
	}
	return x
}
