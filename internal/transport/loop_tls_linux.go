package transport

import (
	"crypto/tls"
	"errors"
	"net"
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
	given    *tally // of what tls has read, from the first byte on
	empty    bool   // it has used up all of that

	serverName string // that the client named
}

// seal takes a connection to which TLS is spoken through inner to a loop. outer
// has the deadlines from now on.
func seal(tc *tls.Conn, inner, outer *link, s *sock) *sealed {
	c := &sealed{tls: tc, inner: inner, s: s, link: outer, given: inner.given}
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
	if c.empty && c.s.spent() {
		return 0, errNothing
	}
	n, err := c.tls.Read(p)
	switch {
	case n > 0:
		c.empty = n < len(p) && c.given.used()
	case err == errNothing: //nolint:errorlint // made by a sock
		c.empty = c.given.starved()
	default:
		c.empty = false // it says so again
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
	if err == nil && c.s.tail != nil && !c.s.l.current.inlined {
		err = c.s.settle()
	}
	return n, err
}

// CloseWrite tells the other end that nothing more comes.
func (c *sealed) CloseWrite() error { return c.tls.CloseWrite() }

// Close implements net.Conn.
func (c *sealed) Close() error { return c.tls.Close() }

// records is what a sealed connection is to crypto/tls.
type records sealed

// read implements wire.
func (r *records) read(p []byte, _ moment) (int, error) { return r.s.readNow(p) }

// write implements wire.
func (r *records) write(p []byte, _ moment) (int, error) {
	s := r.s
	switch {
	case s.fd < 0:
		return 0, net.ErrClosed
	case s.lost:
		return 0, s.rare.why
	case s.put(p, r.link.writeBy):
		return len(p), nil
	}
	return len(p), s.append(p, r.link.writeBy)
}

// close implements wire. The last word is sent before; who does not take it then,
// needs it no more.
func (r *records) close() error { return r.s.close() }

func (r *records) kick(bool) {}

func (r *records) shut(ending) error { return errors.ErrUnsupported }
