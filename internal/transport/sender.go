package transport

import (
	"errors"
	"io"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// sender sends the body of a request to an upstream, on its own strand, while
// the answer is waited for. It takes from the client no faster than the
// upstream takes from it.
type sender struct {
	conn  *upConn
	body  requestBody // the client's; nil: static
	limit int64
	idle  time.Duration // for the upstream to take the next part

	static  []byte
	left    int64 // bytes to come, or http1.Chunked
	chunked bool

	last atomic.Bool // nothing more is wanted of the client
	off  atomic.Bool // it was stopped: what fails then is not the client's fault
	run  branch      // what sends; what follows is set when it is over
	at   moment      // when the last byte was sent
	err  error       // the upstream did not take it
	// client is set if the client's body could not be read to its end; the
	// connection was closed then, so that the upstream cannot take what it has
	// for the whole.
	client error
}

// sendLater sends the head and starts to send the body, then reads the first
// bytes of the answer.
func (c *call) sendLater(e *exchange, body *outgoing) (int, error) {
	conn := c.conn
	if !c.fresh && !conn.quiet() {
		return 0, errStale
	}
	s := &sender{
		conn: conn, limit: e.limit(), idle: c.ups.cfg.WriteIdle,
		static: body.static, left: body.length, chunked: body.length == http1.Chunked,
	}
	if body.client {
		s.body = e.body
	}
	var err error
	if c.wrote, err = conn.rw.Write(c.out); err != nil {
		return 0, err
	}
	c.sender = s
	s.run = fork(c.on, s.send)
	return c.read(c.head.b)
}

func (s *sender) send() {
	defer func() { s.at = s.conn.link.clock.now() }()
	if s.body == nil {
		s.last.Store(true)
		for p := s.static; len(p) > 0 && s.err == nil; {
			n := min(len(p), written)
			s.write(p[:n])
			p = p[n:]
		}
		return
	}
	var out []byte
	for s.err == nil {
		piece, err := s.body.next(s.limit)
		switch {
		case errors.Is(err, io.EOF):
			s.last.Store(true)
			if s.chunked {
				s.write([]byte(http1.LastChunk))
			}
			return
		case err != nil:
			if !s.off.Load() {
				s.client = err
			}
			s.conn.close()
			return
		case s.chunked:
			out = http1.AppendChunk(out[:0], piece)
			s.write(out)
		default:
			if s.left -= int64(len(piece)); s.left == 0 {
				s.last.Store(true)
			}
			s.write(piece)
		}
	}
}

// write writes p. An upstream that takes nothing for too long is given up;
// one that has closed its side may have answered all the same.
func (s *sender) write(p []byte) {
	l := s.conn.link
	l.writeBy = l.clock.now().plus(s.idle)
	if _, s.err = s.conn.rw.Write(p); isTimeout(s.err) {
		s.conn.close()
	}
}

// ended says that the whole body was sent. If it could not be, the request is
// never over. An upstream may answer the last byte before the goroutine that
// sent it gets to say so: then it is worth a moment.
func (s *sender) ended() bool {
	return (s.run.over() || s.last.Load() && s.run.soon()) && s.err == nil && s.client == nil
}

// deadline is until when the answer may take: its time-out runs from the last
// byte of the request.
func (s *sender) deadline(now moment, timeout time.Duration) moment {
	if s.run.over() {
		return s.at.plus(timeout)
	}
	return now.plus(timeout)
}

// stop ends the sending, wherever it is.
func (s *sender) stop() {
	if s.run.over() {
		return
	}
	s.off.Store(true)
	s.conn.close()
	if s.body != nil {
		s.body.interrupt()
	}
	s.run.wait()
	if s.body != nil {
		s.body.settle()
	}
}
