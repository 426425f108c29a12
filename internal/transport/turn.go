//go:build unix

package transport

import (
	"errors"
	"io"
	"syscall"
)

// turn is one request and the first bytes of its answer on a plain connection,
// in as few system calls as there can be: look whether the connection is as it
// was left, write, wait, read.
//
// A read that is bound to find nothing would be made anyway before the
// runtime's poller waits. Here it is made before the write instead of after
// it, so that it tells whether the upstream has closed the connection, or sent
// something that nobody asked for, which would be taken for the answer. No
// readiness is lost: the poller was reset before the look, and it is asked to
// wait after it.
type turn struct {
	step  func(fd uintptr) bool
	phase turnPhase
	out   []byte
	in    []byte
	wrote int
	n     int
	err   error
}

type turnPhase uint8

const (
	turnLook turnPhase = iota
	turnWrite
	turnRead
)

func (t *turn) init(c *upConn) {
	if c.raw != nil {
		t.step = t.run
	}
}

// run does what can be done now, and says whether the turn is over. If not,
// the poller waits until there is something to read.
func (t *turn) run(fd uintptr) (over bool) {
	if t.phase == turnLook {
		n, err := rawRead(fd, t.in)
		if err != syscall.EAGAIN { //nolint:errorlint // an errno
			t.err = errStale
			_ = n // end of file, or bytes that are no answer: it is the same to us
			return true
		}
		t.phase = turnWrite
	}
	if t.phase == turnWrite {
		for t.wrote < len(t.out) {
			n, err := rawWrite(fd, t.out[t.wrote:])
			if err != nil {
				t.err = err // EAGAIN too: the caller writes the rest and waits
				return true
			}
			t.wrote += n
		}
		t.phase = turnRead
		return false
	}
	n, err := rawRead(fd, t.in)
	switch {
	case err == syscall.EAGAIN: //nolint:errorlint // an errno
		return false
	case err != nil:
		t.err = err
	case n == 0:
		t.err = io.ErrUnexpectedEOF
	}
	t.n = max(n, 0)
	return true
}

// converse writes out and reads the first bytes of the answer into in. If the
// connection is not fresh, it first makes sure that nothing has come on it.
func (c *upConn) converse(out, in []byte, fresh bool) (wrote, n int, err error) {
	if c.turn.step == nil {
		return c.converseSlowly(out, in, fresh)
	}
	t := &c.turn
	step := t.step
	*t = turn{step: step, out: out, in: in}
	if fresh {
		t.phase = turnWrite
	}
	defer func() { t.out, t.in = nil, nil }()
	if err := c.link.armRead(); err != nil {
		return 0, 0, err
	}
	for {
		if err = c.raw.Read(step); err == nil {
			break
		}
		if err = c.link.readFailed(err); err != nil {
			return t.wrote, 0, err
		}
	}
	c.full = t.n == len(in)
	if !errors.Is(t.err, syscall.EAGAIN) {
		return t.wrote, t.n, t.err
	}
	n, err = c.link.Write(out[t.wrote:])
	if wrote = t.wrote + n; err != nil {
		return wrote, 0, err
	}
	n, err = c.link.Read(in)
	return wrote, n, endOf(err)
}

// quiet says that nothing has come on the connection, not even its end.
func (c *upConn) quiet() bool {
	if w, ok := c.link.wire.(interface{ quiet() bool }); ok {
		return w.quiet()
	}
	if c.raw == nil {
		return true // it cannot be looked at
	}
	quiet := false
	err := c.raw.Control(func(fd uintptr) {
		var b [1]byte
		_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK)
		quiet = errors.Is(err, syscall.EAGAIN)
	})
	return err == nil && quiet
}
