package transport

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// errGone is a client that went away in the middle of its request.
var errGone = errors.New("transport: client went away")

// clientBody is the body of the present request of a connection.
type clientBody struct {
	c      *conn
	e      *exchange
	in     *inbox // where read bytes are: behind the head, or in e.rest
	left   int64  // bytes to come, or http1.Chunked
	chunks http1.Chunks

	seen   int64 // bytes of the body itself
	pace   pace
	expect bool  // the client waits to be told to go on
	done   bool  // all of it was read
	failed bool  // it cannot be read to its end
	wrong  error // with what comes next
}

func (b *clientBody) start(e *exchange) {
	if e.x.Request.Length == http1.NoBody {
		b.e, b.in, b.left, b.seen = e, &b.c.in, 0, 0
		b.expect, b.done, b.failed, b.wrong = false, true, false, nil
		return
	}
	*b = clientBody{c: b.c, e: e, in: &b.c.in, left: e.x.Request.Length, expect: e.x.Request.Expect}
}

// begin sends the interim answer, even if the body is here already: the client
// may wait for it all the same.
func (b *clientBody) begin() error {
	if !b.expect {
		return nil
	}
	b.expect = false
	c := b.c
	c.link.writeBy = c.link.clock.now().plus(c.ses.srv.cfg.Timeouts.WriteIdle)
	if _, err := io.WriteString(c.rw, http1.Continue); err != nil {
		b.failed = true
		return err
	}
	return nil
}

// here says that the whole body is in memory, or that there is none, and that the
// client does not wait to be asked for it.
func (b *clientBody) here() bool {
	return b.done || !b.expect && b.seen == 0 && b.left >= 0 && int64(b.in.w-b.in.r) >= b.left
}

func (b *clientBody) ready(limit int64) ([]byte, bool) {
	switch {
	case b.done:
		return nil, true
	case b.seen > 0:
		return nil, false
	case b.left == http1.Chunked:
		return b.readyChunks(limit)
	case b.left > limit || int64(b.in.w-b.in.r) < b.left:
		return nil, false
	}
	b.done, b.seen = true, b.left
	return b.in.take(int(b.left)), true
}

// readyChunks is ready for a chunked body.
func (b *clientBody) readyChunks(limit int64) ([]byte, bool) {
	var look http1.Chunks
	raw, n, size := b.in.bytes(), 0, 0
	for n < len(raw) && !look.Done() {
		piece, used, err := look.Next(raw[n:])
		if err != nil {
			return nil, false // next will say so
		}
		n += used
		size += len(piece)
	}
	if !look.Done() || int64(size) > limit {
		return nil, false
	}
	b.seen = int64(size)
	return b.merge(limit), true
}

// merge decodes the chunks that are in memory and moves their data together,
// over the framing between them: a body in chunks of one byte must not become
// as many writes. What is wrong after the data is kept in b.wrong.
func (b *clientBody) merge(limit int64) []byte {
	raw, at, from, size := b.in.bytes(), 0, 0, 0
	for at < len(raw) && !b.chunks.Done() {
		piece, used, err := b.chunks.Next(raw[at:])
		if err != nil {
			b.wrong = err
			break
		}
		at += used
		if size == 0 {
			from = at - len(piece) // a piece is the end of what was used
		} else {
			copy(raw[from+size:], piece)
		}
		if size += len(piece); int64(size)+b.chunks.Left() > limit {
			b.wrong = errTooLarge
			break
		}
	}
	b.in.r += at
	b.done = b.chunks.Done()
	return raw[from : from+size : from+size]
}

func (b *clientBody) next(limit int64) ([]byte, error) {
	piece, err := b.piece(limit)
	b.seen += int64(len(piece))
	if err != nil && !errors.Is(err, io.EOF) {
		b.failed = true
	}
	return piece, err
}

func (b *clientBody) piece(limit int64) ([]byte, error) {
	if b.left >= 0 && b.left > limit-b.seen {
		return nil, errTooLarge
	}
	for !b.done {
		if b.wrong != nil {
			return nil, b.wrong
		}
		if b.in.empty() {
			if err := b.fill(); err != nil {
				return nil, err
			}
		}
		if b.left >= 0 {
			piece := b.in.take(int(min(b.left, int64(b.in.w-b.in.r))))
			b.left -= int64(len(piece))
			b.done = b.left == 0
			return piece, nil
		}
		if piece := b.merge(limit - b.seen); len(piece) > 0 {
			return piece, nil
		}
	}
	return nil, io.EOF
}

// fill reads more. What was read before is used up, but the head must stay
// where it is, so reading goes on in another buffer.
func (b *clientBody) fill() error {
	b.in = &b.e.rest
	b.in.reset(bodyBuffer)
	c := b.c
	t := &c.ses.srv.cfg.Timeouts
	wait := b.pace.wait(t)
	if wait <= 0 {
		return errSlow
	}
	now := c.link.clock.now()
	c.link.readBy = now.plus(wait)
	n, err := c.rw.Read(b.in.b)
	b.in.w = n
	b.pace.add(n, time.Duration(c.link.clock.now()-now))
	switch {
	case n > 0:
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errSlow
	default:
		return errGone
	}
}

// finish reads what nobody wanted of the body, if that is little, and says
// whether the next request can follow.
func (b *clientBody) finish() bool {
	if b.failed || b.expect && !b.done {
		return false // after a final answer, a client that waited may or may not send it
	}
	if b.done {
		return true
	}
	limit := b.seen + lingerBytes
	for !b.done {
		if _, err := b.next(limit); err != nil && !errors.Is(err, io.EOF) {
			return false
		}
	}
	b.e.now = b.c.link.clock.now()
	return true
}

// handOver moves what was read beyond the body to where heads are read.
func (b *clientBody) handOver() {
	c := b.c
	if b.in == &c.in && b.in.empty() {
		return
	}
	switch rest := b.in.bytes(); {
	case b.in == &c.in:
	case len(rest) <= len(c.in.b):
		c.in.r, c.in.w = 0, copy(c.in.b, rest)
	default:
		c.in, b.e.rest = b.e.rest, c.in
	}
	if rest := c.in.bytes(); len(rest) == 2 && string(rest) == "\r\n" {
		c.in.r = c.in.w // some clients end a body with it
	}
}

// tooMuchLeft says that finish is sure to fail, so that the answer can say so.
func (b *clientBody) tooMuchLeft() bool {
	return b.failed || !b.done && (b.expect || b.left > lingerBytes)
}

func (b *clientBody) interrupt() { b.c.link.kick() }

func (b *clientBody) settle() {
	b.c.link.unkick()
	b.failed = b.failed || !b.done
}
