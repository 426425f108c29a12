package http1

import "slices"

// Name is a field name that was looked at once, for fields that are made at
// every request. Its bytes must not change.
type Name struct {
	text  []byte
	known Known
	sound sound
}

// lineBytes are how many bytes a name is moved as whose line is ready: the name,
// a colon and a space, and bytes that are written over.
const lineBytes = 32

// NewName looks at a name.
func NewName(name string) Name {
	line := append(make([]byte, 0, max(lineBytes, len(name)+len(": "))), name+": "...)
	n := Name{text: line[:len(name)], known: KnownName(line[:len(name)])}
	if validName(n.text) {
		n.sound = soundName
		if len(line) <= lineBytes {
			n.sound |= soundLine
		}
	}
	return n
}

// Text is the name as it is written.
func (n *Name) Text() []byte { return slices.Clip(n.text) }

// With is a field of the name. Nothing is known of the value.
func (n *Name) With(value []byte) Field {
	return Field{Name: n.text, Value: value, known: n.known, sound: n.sound}
}

// Own is With for a value that holds no byte from outside: an id, a number, an
// address or a word that the gateway has made itself. The writer will not look
// at it again.
func (n *Name) Own(value []byte) Field {
	return Field{Name: n.text, Value: value, known: n.known, sound: n.sound | soundValue}
}

// Instead is f by another name.
func (n *Name) Instead(f *Field) Field {
	return Field{Name: n.text, Value: f.Value, known: n.known, sound: n.sound | f.sound&soundValue}
}

// NewField is a field that is looked at once and sent often. Its value must not
// change. One that is not valid the writer refuses.
func NewField(name, value []byte) Field {
	n := NewName(string(name))
	f := n.With(value)
	if scanValue(value, 0) == len(value) {
		f.sound |= soundValue
	}
	return f
}
