package http1

// Chunks decodes one chunked body. Its zero value is ready. Extensions and
// trailers are checked and dropped.
type Chunks struct {
	state      chunkState
	digits     uint8
	left       int64 // bytes of the present chunk that are still to come
	extensions int   // bytes so far
	trailers   int   // bytes so far
}

type chunkState uint8

const (
	chunkSize      chunkState = iota
	extBefore                 // white space before ';'
	extName0                  // before the first byte of a name
	extName                   // in a name
	extNameEnd                // white space after a name
	extValue0                 // before the first byte of a value
	extValue                  // in a token
	extQuoted                 // in a quoted string
	extEscaped                // after a backslash in it
	extQuotedEnd              // after its end
	chunkLineEnd              // LF of the size line
	chunkData                 // in the data
	chunkDataCR               // CR after it
	chunkDataLF               // LF after it
	trailerStart              // first byte of a trailer line, or CR of the last line
	trailerName               // in a name
	trailerValue              // in a value
	trailerLineEnd            // LF of a trailer line
	chunksEnd                 // LF of the last line
	chunksDone                // the end
)

// Next takes n bytes off the front of b and returns the piece of the body that
// was in them, which is a part of b. It stops after a piece, at the end of the
// body and at the end of b.
func (c *Chunks) Next(b []byte) (piece []byte, n int, err *Error) {
	for n < len(b) && c.state != chunksDone {
		if c.state == chunkData {
			size := int(min(c.left, int64(len(b)-n)))
			if c.left -= int64(size); c.left == 0 {
				c.state = chunkDataCR
			}
			return b[n : n+size], n + size, nil
		}
		switch {
		case c.state >= trailerStart:
			err = c.trailer(b[n])
		case c.state > chunkSize && c.state < chunkLineEnd:
			err = c.extension(b[n])
		default:
			err = c.frame(b[n])
		}
		if err != nil {
			return nil, 0, err
		}
		n++
	}
	return nil, n, nil
}

// Done says that the whole body and its trailers were read.
func (c *Chunks) Done() bool { return c.state == chunksDone }

// Left is how many bytes of the present chunk are still to come, so that a
// chunk too large is refused before it is read.
func (c *Chunks) Left() int64 { return c.left }

// frame takes one byte of the lines around a chunk.
func (c *Chunks) frame(b byte) *Error {
	switch c.state {
	case chunkSize:
		return c.size(b)
	case chunkLineEnd:
		if b != '\n' {
			return errChunkSize
		}
		c.digits = 0
		if c.state = chunkData; c.left == 0 {
			c.state = trailerStart
		}
	case chunkDataCR:
		if b != '\r' {
			return errChunkEnd
		}
		c.state = chunkDataLF
	default: // chunkDataLF
		if b != '\n' {
			return errChunkEnd
		}
		c.state = chunkSize
	}
	return nil
}

// size takes one byte of a chunk's size: 1 to 16 hexadecimal digits.
func (c *Chunks) size(b byte) *Error {
	if v := unhex[b]; v != 0xff {
		if c.digits++; c.digits > 16 {
			return errChunkSize
		}
		if c.left > (1<<63-1)>>4 {
			return errChunkLength
		}
		c.left = c.left<<4 | int64(v)
		return nil
	}
	if c.digits == 0 {
		return errChunkSize
	}
	switch b {
	case '\r':
		c.state = chunkLineEnd
	case ';', ' ', '\t':
		c.state = extBefore
		return c.extension(b)
	default:
		return errChunkSize
	}
	return nil
}

// extension takes one byte of the extensions (RFC 9112 7.1.1).
func (c *Chunks) extension(b byte) *Error {
	if c.extensions++; c.extensions > maxExtensions {
		return errChunkExt
	}
	blank := b == ' ' || b == '\t'
	token := class[b]&isToken != 0
	switch c.state {
	case extQuoted:
		switch {
		case b == '"':
			c.state = extQuotedEnd
		case b == '\\':
			c.state = extEscaped
		case b != '\t' && (b < ' ' || b == 0x7f):
			return errChunkExt
		}
		return nil
	case extEscaped:
		c.state = extQuoted
		if b != '\t' && (b < ' ' || b == 0x7f) {
			return errChunkExt
		}
		return nil
	case extName0, extValue0:
		switch {
		case blank:
		case token:
			c.state++
		case b == '"' && c.state == extValue0:
			c.state = extQuoted
		default:
			return errChunkExt
		}
		return nil
	default:
		return c.extensionEnd(b, blank, token)
	}
}

// extensionEnd takes one byte where a name or a value may end.
func (c *Chunks) extensionEnd(b byte, blank, token bool) *Error {
	named := c.state == extName || c.state == extNameEnd
	whole := c.state == extName || c.state == extValue || c.state == extQuotedEnd
	switch {
	case token && (c.state == extName || c.state == extValue):
	case b == ';':
		c.state = extName0
	case b == '=' && named:
		c.state = extValue0
	case blank && named:
		c.state = extNameEnd
	case blank:
		c.state = extBefore
	case b == '\r' && whole:
		c.state = chunkLineEnd
	default:
		return errChunkExt
	}
	return nil
}

// trailer takes one byte of the trailer section.
func (c *Chunks) trailer(b byte) *Error {
	if c.trailers++; c.trailers > maxTrailers {
		return errLongTrailer
	}
	token := class[b]&isToken != 0
	switch c.state {
	case trailerStart:
		switch {
		case b == '\r':
			c.state = chunksEnd
		case token:
			c.state = trailerName
		default:
			return errTrailer
		}
	case trailerName:
		if b == ':' {
			c.state = trailerValue
		} else if !token {
			return errTrailer
		}
	case trailerValue:
		if b == '\r' {
			c.state = trailerLineEnd
		} else if b != '\t' && (b < ' ' || b == 0x7f) {
			return errTrailer
		}
	default: // trailerLineEnd, chunksEnd
		if b != '\n' {
			return errTrailer
		}
		if c.state++; c.state == chunksEnd {
			c.state = trailerStart
		}
	}
	return nil
}

// LastChunk ends a chunked body that has no trailers.
const LastChunk = "0\r\n\r\n"

// AppendChunk appends data as one chunk. No data is no chunk, since an empty
// one would end the body.
func AppendChunk(dst, data []byte) []byte {
	if len(data) == 0 {
		return dst
	}
	dst = AppendChunkSize(dst, len(data))
	dst = append(dst, data...)
	return append(dst, '\r', '\n')
}

// AppendChunkSize appends the line before a chunk of n bytes; after the data
// comes a CRLF.
func AppendChunkSize(dst []byte, n int) []byte {
	const digits = "0123456789abcdef"
	shift := 0
	for n>>shift > 15 {
		shift += 4
	}
	for ; shift >= 0; shift -= 4 {
		dst = append(dst, digits[n>>shift&15])
	}
	return append(dst, '\r', '\n')
}
