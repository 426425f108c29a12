package http1

import (
	"encoding/binary"
	"math/bits"
)

// Field is one header field as it was received or as it is to be sent: the
// name keeps its spelling, the value has no surrounding white space.
//
// A Field remembers what was found out about its parts, so whoever changes one
// of them makes a new Field: of a literal nothing is known, and the writer
// looks at every byte.
type Field struct {
	Name  []byte
	Value []byte

	known Known // which name it is, if somebody looked
	sound sound
}

// sound says which parts of a field can neither end its line nor be taken for
// something else by a reader: parts that the parser has read, or that
// ValidField found to be so.
type sound uint8

const (
	soundName sound = 1 << iota
	soundValue
	soundField = soundName | soundValue
)

// Known tells which name the field has.
func (f *Field) Known() Known {
	if f.known != Unasked {
		return f.known
	}
	return KnownName(f.Name)
}

// Parts are the name and the value.
func (f *Field) Parts() (name, value []byte) { return f.Name, f.Value }

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
	name := b[at:i:i]
	f.Name, f.Value, f.known, f.sound = name, b[from:end:end], knownToken(name), soundField
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
	f.Name, f.Value, f.known, f.sound = name, b[from:i:i], knownToken(name), soundField
	return next, nil
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
