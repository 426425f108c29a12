package http1

import (
	"encoding/binary"
	"math/bits"
	"slices"
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

	// soundLine says that the name lies at the start of lineBytes that it has
	// room for, and that a colon and a space come after it there.
	soundLine sound = 4
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

// readField is parseAnyField for most lines at the start of b: a name of letters
// and '-', a colon, a space, and a value that is ASCII without a tab and does not
// end in a space. next is 0 if the line is another one, or if b ends too soon to
// tell.
//
// It reads words and calls nothing, so that all it knows stays in registers.
func readField(f *Field, b []byte) (next int) {
	last := len(b) - 16
	if last < 0 {
		return 0
	}
	b = slices.Clip(b) // one number less to hold
	x := binary.LittleEndian.Uint64(b[:8])
	n := bits.TrailingZeros64(odd(x)) >> 3
	if n == 8 {
		n = 8 + bits.TrailingZeros64(odd(binary.LittleEndian.Uint64(b[8:16])))>>3
	}
	for s := uint64(0); n >= 16 && s == 0; n += bits.TrailingZeros64(s) >> 3 {
		if n > last {
			return 0
		}
		s = odd(binary.LittleEndian.Uint64(b[n : n+8]))
	}
	from := n + 2
	if n == 0 || from > len(b) || binary.LittleEndian.Uint16(b[n:from]) != ':'|' '<<8 {
		return 0
	}
	end := min(from, last) // what is read for the second time is fine
	for {
		v := (*[16]byte)(b[end : end+16])
		s, t := rare(binary.LittleEndian.Uint64(v[:8]))&tops, rare(binary.LittleEndian.Uint64(v[8:16]))&tops
		if s != 0 {
			end += bits.TrailingZeros64(s) >> 3
			break
		}
		if t != 0 {
			end += 8 + bits.TrailingZeros64(t)>>3
			break
		}
		if end == last {
			return 0
		}
		if end = min(end+16, last); end-from == longValue {
			for end+32 <= last && rare4(b[end:end+32])&tops == 0 {
				end += 32
			}
		}
	}
	next = end + 2
	if next > len(b) || binary.LittleEndian.Uint16(b[end:next]) != '\r'|'\n'<<8 || b[end-1] == ' ' || b[from] == ' ' {
		return 0
	}
	known, slot := Other, &knownSlots[slotOf(n, byte(x), b[n-1])]
	if n == int(slot.length) && slot.fits(b[:n], x|small, binary.LittleEndian.Uint64(b[8:16])|small) {
		known = slot.is
	}
	f.Name, f.Value, f.known, f.sound = b[:n:n], b[from:end:end], known, soundField
	return next
}

// longValue is how many bytes of a value are read before it is taken for a long
// one, such as a token, and read in larger pieces.
const longValue = 64

// parseAnyField reads the field line at b[at:] into f; next is where the line
// after it starts, 0 as long as b does not hold its end. A line that starts with
// white space (an obsolete fold) has no name, so it is refused too.
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
