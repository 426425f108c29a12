package http1

import (
	"encoding/binary"
	"math/bits"
)

// parseField reads the field line at b[at:] into f; next is where the line after
// it starts, 0 as long as b does not hold its end.
//
// Most lines are a name of letters and '-', a colon, a space, and a value that
// has no tab and does not end in white space. They are read here, in words;
// parseAnyField reads all others, and these alike.
func parseField(f *Field, b []byte, at int) (next int, err *Error) {
	last := len(b) - 8
	i, s := at, uint64(0)
	for i <= last {
		if s = odd(binary.LittleEndian.Uint64(b[i:])); s != 0 {
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
	for ; ; end += 8 {
		end = min(end, last) // what is looked at twice is no control character
		if s = control(binary.LittleEndian.Uint64(b[end:])); s != 0 {
			break
		}
		if end == last {
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

// copyField writes a field line over the start of line, which has room for it
// and for eight bytes more that may be written over. The outcome is 0 if the
// name is letters and '-' and the value has no control character; else only
// ValidField can tell whether the line may stay.
func copyField(line, name, value []byte) (doubt uint64) {
	i := 0
	for ; i <= len(name)-8 && i <= len(line)-8; i += 8 {
		x := binary.LittleEndian.Uint64(name[i : i+8])
		binary.LittleEndian.PutUint64(line[i:i+8], x)
		doubt |= odd(x)
	}
	if i < len(name) {
		x, n := rest(name, i)
		binary.LittleEndian.PutUint64(line[i:], x)
		doubt |= odd(x | '-'*ones<<n)
	}
	line = line[len(name):]
	line[0], line[1] = ':', ' '
	line = line[2:]
	for i = 0; i <= len(value)-8 && i <= len(line)-8; i += 8 {
		x := binary.LittleEndian.Uint64(value[i : i+8])
		binary.LittleEndian.PutUint64(line[i:i+8], x)
		doubt |= control(x)
	}
	if i < len(value) {
		x, n := rest(value, i)
		binary.LittleEndian.PutUint64(line[i:], x)
		doubt |= control(x | ' '*ones<<n)
	}
	line = line[len(value):]
	line[0], line[1] = '\r', '\n'
	return doubt
}

// rest is what b has from i on, one to seven bytes, the first lowest, and how
// many bits that are.
func rest(b []byte, i int) (x uint64, n int) {
	n = 8 * (len(b) - i) & 63
	if last := len(b) - 8; last >= 0 {
		return binary.LittleEndian.Uint64(b[last:]) >> (64 - uint(n)), n
	}
	for j, c := range b {
		x |= uint64(c) << (8 * j & 63)
	}
	return x, n
}
