package jsonschema

// kind is a primitive type of draft 4, in the order of their names.
type kind uint8

const (
	array kind = iota
	boolean
	integer
	null
	number // with a fraction or an exponent
	object
	text
	kinds
)

// String is the type as schemas name it.
func (k kind) String() string {
	return [kinds]string{"array", "boolean", "integer", "null", "number", "object", "string"}[k]
}

// node is a value of a document, or the name of a member, which stands before
// the member's value. Values stand in the order of the text, a structure
// before what is in it.
type node struct {
	head uint32 // offset of the first byte, kind, and whether a text has escapes
	tail uint32 // offset behind the last byte; of a structure: index of the node behind its last
}

const (
	offsetBits = 24 // MaxBody fits
	escaped    = 1 << 31
)

func (n node) start() uint32 { return n.head & (1<<offsetBits - 1) }
func (n node) kind() kind    { return kind(n.head >> offsetBits & 7) }
func (n node) escaped() bool { return n.head&escaped != 0 }

// document is a JSON text and the values in it. The zero document may be read
// into, and read into again.
type document struct {
	text  []byte
	nodes []node
}

// next is the index of the node behind the value at i.
func (d *document) next(i uint32) uint32 {
	if n := d.nodes[i]; n.kind() == object || n.kind() == array {
		return n.tail
	}
	return i + 1
}

// raw is the text of a value that is no structure, as it was written.
func (d *document) raw(i uint32) []byte {
	n := d.nodes[i]
	return d.text[n.start():n.tail]
}

// isTrue says whether a boolean is true.
func (d *document) isTrue(i uint32) bool { return d.text[d.nodes[i].start()] == 't' }

// elements is the number of elements of an array.
func (d *document) elements(at uint32) (n uint32) {
	for i := at + 1; i < d.nodes[at].tail; i = d.next(i) {
		n++
	}
	return n
}

// members is the number of members of an object, repeated names included.
func (d *document) members(at uint32) (n uint32) {
	for i := at + 1; i < d.nodes[at].tail; i = d.next(i + 1) {
		n++
	}
	return n
}

// appendString appends the text that a string means, without quotes.
func (d *document) appendString(dst []byte, i uint32) []byte {
	raw := d.raw(i)
	raw = raw[1 : len(raw)-1]
	if !d.nodes[i].escaped() {
		return append(dst, raw...)
	}
	return appendUnescaped(dst, raw)
}

// string is the text that a string means.
func (d *document) string(i uint32) string { return string(d.appendString(nil, i)) }

// find is the index of the value of a member by its name, the last of several;
// ok is false if there is none.
func (d *document) find(at uint32, name string) (value uint32, ok bool) {
	var buffer [64]byte
	for i := at + 1; i < d.nodes[at].tail; i = d.next(i + 1) {
		if d.named(i, name, buffer[:0]) {
			value, ok = i+1, true
		}
	}
	return value, ok
}

// named says whether the string at i means name.
func (d *document) named(i uint32, name string, buffer []byte) bool {
	n := d.nodes[i]
	if !n.escaped() {
		return string(d.text[n.start()+1:n.tail-1]) == name
	}
	if int(n.tail-n.start()) < len(name) {
		return false
	}
	return string(d.appendString(buffer, i)) == name
}
