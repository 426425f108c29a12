package transport

import (
	"io"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// readHead reads until the head of the final answer is complete.
func (c *call) readHead(e *exchange) error {
	lim := &c.ups.cfg.Limits
	for interim := 0; ; {
		n, perr := c.parse(e)
		if perr != nil {
			return perr
		}
		if n > 0 && e.x.Reply.Response.Status >= 200 {
			c.headIn(e, n)
			return nil
		}
		if n > 0 {
			if interim++; interim > maxInterim || e.x.Reply.Response.Status == 101 {
				return errInterim // nobody asked to switch protocols
			}
			c.head.r += n
			continue
		}
		n, err := c.read(c.head.room(lim.Head))
		if c.head.w += n; err != nil {
			return err
		}
	}
}

// parse reads a head from what has come; n is its length, 0 if not all of it is
// there.
func (c *call) parse(e *exchange) (n int, err *http1.Error) {
	return http1.ParseResponse(&e.x.Reply.Response, c.head.bytes(), &c.ups.cfg.Limits, string(e.x.Call.Method) == "HEAD")
}

// headIn takes note that the head, of n bytes, is in.
func (c *call) headIn(e *exchange, n int) {
	reply := &e.x.Reply.Response
	c.head.r += n
	e.now = c.about()
	c.left, c.chunks = reply.Length, http1.Chunks{}
	c.keep = reply.KeepAlive
	if c.ended = c.left == http1.NoBody; c.ended {
		c.release(e.now)
	}
}

// read reads more of the answer's head. While the request's body is still on
// its way the time-out of the answer does not run.
func (c *call) read(p []byte) (int, error) {
	for {
		n, err := c.conn.rw.Read(p)
		c.conn.full = n == len(p)
		if n > 0 || c.sender == nil || !isTimeout(err) {
			return n, endOf(err)
		}
		by := c.sender.deadline(c.ups.clock.now(), c.timeout)
		if by <= c.ups.clock.now() {
			return 0, err
		}
		c.conn.link.readBy = by
	}
}

// next is the next piece of the reply's body, valid until fill is called:
// errEmpty if it has to be read first, io.EOF after the last.
func (c *call) next() ([]byte, error) {
	for !c.ended {
		if c.in.empty() {
			return nil, errEmpty
		}
		switch {
		case c.left == http1.ToClose:
			return c.in.take(c.in.w - c.in.r), nil
		case c.left >= 0:
			piece := c.in.take(int(min(c.left, int64(c.in.w-c.in.r))))
			if c.left -= int64(len(piece)); c.left == 0 {
				c.ended = true
				c.release(c.about())
			}
			return piece, nil
		}
		piece, n, err := c.chunks.Next(c.in.bytes())
		if err != nil {
			return nil, err
		}
		c.in.r += n
		if c.chunks.Done() {
			c.ended = true
			c.release(c.about())
		}
		if len(piece) > 0 {
			return piece, nil
		}
	}
	return nil, io.EOF
}

// fill reads the next part of the body.
func (c *call) fill(e *exchange) error {
	return c.fillBy(e, c.ups.clock.now().plus(c.idle))
}

// fillBy reads the next part of the body, by a moment. The head stays where it
// is, so the part goes to another buffer.
func (c *call) fillBy(e *exchange, by moment) error {
	c.in = &c.rest
	c.in.reset(replyBuffer)
	c.conn.link.readBy = by
	n, err := c.conn.rw.Read(c.in.b)
	c.in.w = n
	c.conn.full = n == len(c.in.b)
	e.now = e.srv.clock.now()
	if n > 0 {
		return nil
	}
	if err = endOf(err); c.left == http1.ToClose && err == io.ErrUnexpectedEOF { //nolint:errorlint // made by endOf
		c.ended = true
		c.drop()
		return nil
	}
	return err
}

// release gives the connection back once the answer is in. It is used again
// only if both sides are at the same point: no byte more has come than the
// answer had, and the request went out whole.
func (c *call) release(now moment) {
	conn := c.conn
	if conn == nil {
		return
	}
	if !c.keep || !c.in.empty() || conn.full && conn.layered || c.sending() {
		c.drop()
		return
	}
	c.conn = nil
	c.pool.put(conn, now)
}

// drop gives the connection up, and with it what still comes on it.
func (c *call) drop() {
	if c.sender != nil {
		c.sender.stop()
	}
	if c.conn != nil {
		c.conn.close()
		c.conn = nil
	}
}

// end ends the call with its exchange.
func (c *call) end() {
	if c.conn != nil {
		c.drop()
	}
	if c.sender != nil {
		c.sender.stop()
		c.sender = nil
	}
}

// trim gives back what grew larger than it is worth keeping.
func (c *call) trim() {
	if cap(c.out) > keepAtMost {
		c.out = nil
	}
	if cap(c.head.b) > keepAtMost {
		c.head.b = nil
	}
	if cap(c.rest.b) > keepAtMost {
		c.rest.b = nil
	}
}

// sending says whether the request's body is still on its way.
func (c *call) sending() bool { return c.sender != nil && !c.sender.ended() }
