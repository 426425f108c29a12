package http1

import "encoding/binary"

// AppendKept appends f with what is known of it, for a process that wants to send
// it more than once. What is not known yet is found out here.
func AppendKept(dst []byte, f *Field) []byte {
	var is sound
	if f.sound&soundField == soundField || f.check() {
		is = soundField
	}
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(f.Name)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(f.Value)))
	dst = append(dst, byte(f.Known()), byte(is))
	return append(append(dst, f.Name...), f.Value...)
}

// CutKept reads into f the field that b starts with, and returns what comes after
// it. It takes b at its word: these must be bytes that AppendKept wrote in this
// process and that nothing else could reach since. f points into them.
func CutKept(f *Field, b []byte) (rest []byte) {
	const names = 4 + 4 + 1 + 1
	name := names + uint(binary.LittleEndian.Uint32(b))
	value := name + uint(binary.LittleEndian.Uint32(b[4:]))
	f.Name, f.Value, f.known, f.sound = b[names:name:name], b[name:value:value], Known(b[8]), sound(b[9])
	return b[value:]
}
