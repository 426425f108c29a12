package transport

import (
	"crypto/tls"
	"errors"
	"net"
	"syscall"
)

// maxUnsent is how much of what crypto/tls wants to say may wait for a client
// that does not read, beside one answer: updates of keys that it asks for.
const maxUnsent = 256 << 10

// sealed is a connection over TLS on a loop. Nothing waits inside of crypto/tls,
// which holds locks that another task may want: reading fails for now if there
// is nothing to read, which crypto/tls takes for what it is, and what it writes
// is collected and sent after it.
type sealed struct {
	net.Conn // nil: there is none; it is here for the methods that nobody calls
	tls      *tls.Conn
	inner    *link // what tls is spoken through
	version  uint16
	suite    uint16
	s        *sock
	link     *link  // has the deadlines
	unsent   []byte // somebody is sending it as long as there is any
}

// seal takes a connection to which TLS is spoken through inner to a loop. outer
// has the deadlines from now on.
func seal(tc *tls.Conn, inner, outer *link, s *sock) *sealed {
	c := &sealed{tls: tc, inner: inner, s: s, link: outer}
	inner.Conn, inner.wire, inner.socket = nil, (*records)(c), socket{}
	return c
}

// errNothing is temporary, or crypto/tls would not read again.
var errNothing net.Error = nothingError{}

type nothingError struct{}

func (nothingError) Error() string   { return "transport: nothing to read now" }
func (nothingError) Timeout() bool   { return true }
func (nothingError) Temporary() bool { return true }

// Read implements net.Conn.
func (c *sealed) Read(p []byte) (int, error) {
	mine(c.s.l)
	c.s.l.current.breathe()
	for {
		n, err := c.readNow(p)
		if n > 0 || !errors.Is(err, errNothing) {
			return n, err
		}
		if err := c.s.await(c.link.readBy); err != nil {
			return 0, err
		}
	}
}

// readNow is Read, but fails with errNothing if it had to wait.
func (c *sealed) readNow(p []byte) (int, error) {
	n, err := c.tls.Read(p)
	if len(c.s.l.sealing) > 0 {
		if werr := c.flush(); werr != nil && err == nil {
			err = werr
		}
	}
	if n > 0 {
		return n, nil // an error comes again
	}
	return 0, err
}

// Write implements net.Conn.
func (c *sealed) Write(p []byte) (int, error) {
	mine(c.s.l)
	n, err := c.tls.Write(p)
	if ferr := c.flush(); ferr != nil {
		return 0, ferr
	}
	return n, err
}

// flush sends what crypto/tls has written.
func (c *sealed) flush() error {
	l := c.s.l
	out := l.sealing
	l.sealing = out[:0]
	if len(c.unsent) > 0 { // it goes behind what another task is sending
		if len(c.unsent)+len(out) > maxUnsent+2*written {
			return errGone
		}
		c.unsent = append(c.unsent, out...)
		return nil
	}
	if c.s.fd < 0 {
		return net.ErrClosed
	}
	n, err := rawWrite(uintptr(c.s.fd), out)
	if n == len(out) {
		return nil
	}
	if err != nil && err != syscall.EAGAIN { //nolint:errorlint // an errno
		return err
	}
	c.unsent = append([]byte(nil), out[n:]...)
	for len(c.unsent) > 0 {
		n, err := c.s.write(c.unsent, c.link.writeBy)
		if err != nil {
			c.unsent = nil
			return err
		}
		c.unsent = c.unsent[n:]
	}
	c.unsent = nil
	return nil
}

// CloseWrite tells the other end that nothing more comes.
func (c *sealed) CloseWrite() error {
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	return c.flush()
}

// Close implements net.Conn.
func (c *sealed) Close() error { return c.tls.Close() }

// records is what a sealed connection is to crypto/tls.
type records sealed

// read implements wire.
func (r *records) read(p []byte, _ moment) (int, error) { return r.s.readNow(p) }

// write implements wire.
func (r *records) write(p []byte, _ moment) (int, error) {
	r.s.l.sealing = append(r.s.l.sealing, p...)
	return len(p), nil
}

// close implements wire.
func (r *records) close() error {
	l := r.s.l
	if len(l.sealing) > 0 {
		if r.s.fd >= 0 && len(r.unsent) == 0 {
			_, _ = rawWrite(uintptr(r.s.fd), l.sealing) // the last word; who does not take it now, needs it no more
		}
		l.sealing = l.sealing[:0]
	}
	return r.s.close()
}

func (r *records) kick(bool) {}

func (r *records) shut(ending) error { return errors.ErrUnsupported }
