//go:build unix

package transport

import (
	"io"
	"net"
	"syscall"
)

// socket reads from and writes to a TCP socket as net.TCPConn does, with
// cheaper system calls. Whatever may wait is still the poller's business.
type socket struct {
	raw              syscall.RawConn // nil: the connection is no plain socket
	reader, writer   func(fd uintptr) bool
	in, out          []byte
	read, wrote      int
	readErr, sendErr error
}

func (s *socket) init(c net.Conn) {
	tcp, ok := c.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return // it is closed; reading will say so
	}
	s.raw = raw
	s.reader = func(fd uintptr) bool {
		s.read, s.readErr = rawRead(fd, s.in)
		return s.readErr != syscall.EAGAIN //nolint:errorlint // an errno
	}
	s.writer = func(fd uintptr) bool {
		for len(s.out) > 0 {
			n, err := rawWrite(fd, s.out)
			if err == syscall.EAGAIN { //nolint:errorlint // an errno
				return false
			}
			if s.sendErr = err; err != nil {
				return true
			}
			s.wrote += n
			s.out = s.out[n:]
		}
		return true
	}
}

// readNow is one read of the connection, with the deadline that is set.
func (l *link) readNow(p []byte) (int, error) {
	s := &l.socket
	if s.raw == nil || len(p) == 0 {
		return l.Conn.Read(p)
	}
	s.in = p
	err := s.raw.Read(s.reader)
	s.in = nil
	switch {
	case err != nil:
		return 0, err
	case s.readErr != nil:
		return 0, s.readErr
	case s.read == 0:
		return 0, io.EOF
	}
	return s.read, nil
}

// writeNow is one write to the connection, with the deadline that is set.
func (l *link) writeNow(p []byte) (int, error) {
	s := &l.socket
	if s.raw == nil {
		return l.Conn.Write(p)
	}
	s.out, s.wrote, s.sendErr = p, 0, nil
	err := s.raw.Write(s.writer)
	s.out = nil
	if err == nil {
		err = s.sendErr
	}
	return s.wrote, err
}
