package runtimeapi

import (
	"bufio"
	"errors"
	"io"
)

// body reads a request's body off its connection, and no further.
type body struct {
	r       *bufio.Reader
	left    int64 // of the body, or of the chunk being read
	chunked bool
	begun   bool // a chunk was read before: its CR LF is still to come
	err     error

	// errorType and errorBody (base64) are the trailers of a body that failed on
	// the way.
	errorType, errorBody string
}

func newBody(r *bufio.Reader, length int64) *body {
	b := &body{r: r, left: length, chunked: length < 0}
	switch {
	case b.chunked:
		b.left = 0
	case length == 0:
		b.err = io.EOF
	}
	return b
}

// Read returns io.EOF behind the last byte of the body, its trailers read;
// io.ErrUnexpectedEOF when the connection ended before that.
func (b *body) Read(p []byte) (int, error) {
	if b.err == nil && b.left == 0 {
		b.err = b.chunk()
	}
	if b.err != nil || len(p) == 0 {
		return 0, b.err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.r.Read(p)
	b.left -= int64(n)
	switch {
	case errors.Is(err, io.EOF):
		b.err = io.ErrUnexpectedEOF
	case err != nil:
		b.err = err
	case b.left == 0 && !b.chunked:
		b.err = io.EOF
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// chunk begins the next chunk, or ends the body.
func (b *body) chunk() error {
	budget := 256
	if b.begun {
		end, err := line(b.r, &budget)
		if err != nil {
			return unexpected(err)
		}
		if len(end) > 0 {
			return errMalformed
		}
	}
	l, err := line(b.r, &budget)
	if err != nil {
		return unexpected(err)
	}
	b.begun = true
	if b.left, err = chunkSize(l); err != nil {
		return err
	}
	if b.left > 0 {
		return nil
	}
	if err := b.trailers(); err != nil {
		return unexpected(err)
	}
	return io.EOF
}

// chunkSize reads a chunk's size in hexadecimal; extensions are passed over.
func chunkSize(l []byte) (int64, error) {
	var n int64
	digits := 0
	for _, c := range l {
		switch {
		case '0' <= c && c <= '9':
			n = n<<4 | int64(c-'0')
		case 'a' <= c|0x20 && c|0x20 <= 'f':
			n = n<<4 | int64(c|0x20-'a'+10)
		case c == ';' && digits > 0:
			return n, nil
		default:
			return 0, errMalformed
		}
		if digits++; digits > 12 {
			return 0, errMalformed
		}
	}
	if digits == 0 {
		return 0, errMalformed
	}
	return n, nil
}

func (b *body) trailers() error {
	budget := maxHead
	for {
		l, err := line(b.r, &budget)
		if err != nil || len(l) == 0 {
			return err
		}
		name, value, err := field(l)
		switch {
		case err != nil:
			return err
		case is(name, "lambda-runtime-function-error-type"):
			b.errorType = string(value)
		case is(name, "lambda-runtime-function-error-body"):
			b.errorBody = string(value)
		}
	}
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
