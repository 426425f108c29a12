package transport

import "io"

// inbox holds what was read from a connection and not yet used: b[r:w].
type inbox struct {
	b    []byte
	r, w int
}

// bytes is what is there.
func (in *inbox) bytes() []byte { return in.b[in.r:in.w] }

// empty says that nothing is there.
func (in *inbox) empty() bool { return in.r == in.w }

// take takes n bytes off the front. The slice cannot grow into what follows.
func (in *inbox) take(n int) []byte {
	p := in.b[in.r : in.r+n : in.r+n]
	in.r += n
	return p
}

// reset makes all of b free, of at least a size. Nothing may point into it.
func (in *inbox) reset(size int) {
	if in.r, in.w = 0, 0; len(in.b) < size {
		in.b = make([]byte, size)
	}
}

// room is where to read to, for a message whose head is not complete, so that
// nothing points into b yet. It moves what is there to the front, and doubles b
// up to most bytes.
func (in *inbox) room(most int) []byte {
	if in.w < len(in.b) && len(in.b)-in.r >= most {
		return in.b[in.w:]
	}
	if in.r > 0 {
		in.w = copy(in.b, in.b[in.r:in.w])
		in.r = 0
	}
	if in.w == len(in.b) {
		b := make([]byte, min(2*len(in.b), max(most, len(in.b)+1)))
		copy(b, in.b)
		in.b = b
	}
	return in.b[in.w:]
}

// Read takes bytes off the front.
func (in *inbox) Read(p []byte) (int, error) {
	if in.empty() {
		return 0, io.EOF
	}
	n := copy(p, in.bytes())
	in.r += n
	return n, nil
}
