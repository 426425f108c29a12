package transport

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// share has every loop accept from sockets that another process accepts from as
// well, or did. No socket is added to them: the kernel would deal connections to
// it, which were lost if this process came to nothing.
func (at *place) share(s *Sockets) error {
	var fds []int
	for _, ln := range s.all {
		fd, err := takeOut(ln)
		if err != nil {
			return err
		}
		fds = append(fds, fd)
	}
	for i := len(fds); i < len(at.on); i++ {
		fd, err := unix.FcntlInt(uintptr(fds[i%len(s.all)]), unix.F_DUPFD_CLOEXEC, 0)
		if err != nil {
			return fmt.Errorf("copy a descriptor: %w", err)
		}
		fds = append(fds, fd)
	}
	local := addrPort(s.Addr())
	_ = s.Close() // the copies live on
	var err error
	for i, fd := range fds {
		e := &ear{at: at, local: local}
		at.ears = append(at.ears, e)
		on := i % len(at.on)
		each(at.on[on:on+1], func(l *loop) { err = errors.Join(err, e.open(l, fd)) })
	}
	return err
}

// open begins to accept from ln.
func (at *place) open(ln net.Listener) error {
	switch ln := ln.(type) {
	case *Sockets:
		return at.share(ln)
	case *net.TCPListener:
		return at.listen(ln)
	}
	return net.UnknownNetworkError(ln.Addr().Network())
}

// copyEars copies the descriptors of all sockets that are accepted from, each
// socket once.
func (at *place) copyEars() (fds []int, err error) {
	seen := map[uint64]bool{}
	for _, e := range at.ears {
		each([]*loop{e.l}, func(*loop) {
			var st unix.Stat_t
			if e.fd < 0 || unix.Fstat(int(e.fd), &st) != nil || seen[st.Ino] {
				return
			}
			seen[st.Ino] = true
			fd, derr := unix.FcntlInt(uintptr(e.fd), unix.F_DUPFD_CLOEXEC, 0)
			if derr != nil {
				err = fmt.Errorf("copy a socket of %s: %w", e.local, derr)
				return
			}
			fds = append(fds, fd)
		})
	}
	return fds, err
}

// deafen takes the ear off the poller, which would go on to watch a socket that
// another process has as well.
func (e *ear) deafen() error {
	if e.fd >= 0 {
		_ = unix.EpollCtl(e.l.poller, unix.EPOLL_CTL_DEL, int(e.fd), nil) // it is closed at once
	}
	return e.close()
}
