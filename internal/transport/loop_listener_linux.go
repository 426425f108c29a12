package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// place is where a session's connections are on loops.
type place struct {
	ses    *session
	loops  *Loops
	on     []*loop
	ears   []*ear
	failed chan error       // why no more connections can be accepted
	given  *net.TCPListener // whose socket the first loop has; nil: none
}

// settle closes what the place was made of, which it has copies of. Until then
// whoever asks for its sockets finds them there.
func (at *place) settle() {
	if at.given != nil {
		_ = at.given.Close() // the runtime's poller has nothing to do with it any more
	}
}

// serve accepts connections from ln on every loop. There is no place for what
// only a goroutine can serve.
func (ls *Loops) serve(ses *session, ln net.Listener) (*place, error) {
	switch ln.(type) {
	case *net.TCPListener, *Sockets:
	default:
		return nil, nil
	}
	on, err := ls.enter()
	if err != nil {
		return nil, err
	}
	at := &place{ses: ses, loops: ls, on: on, failed: make(chan error, len(on))}
	if err := at.open(ln); err != nil {
		at.closeEars()
		ls.leave()
		return nil, fmt.Errorf("listen on %s: %w", ln.Addr(), err)
	}
	return at, nil
}

// listen gives each loop a socket of its own that listens where tcp does: the
// kernel deals connections out. One is tcp's own, so that nobody is lost who has
// connected already.
func (at *place) listen(tcp *net.TCPListener) error {
	raw, err := tcp.SyscallConn()
	if err != nil {
		return err
	}
	first := -1
	var serr error
	err = raw.Control(func(fd uintptr) {
		// It was not set when tcp was bound, so that a port that is taken is
		// found to be.
		if serr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); serr == nil {
			first, serr = unix.FcntlInt(fd, unix.F_DUPFD_CLOEXEC, 0)
		}
	})
	if err = errors.Join(err, serr); err != nil {
		return err
	}
	local := addrPort(tcp.Addr())
	at.given = tcp
	fds := []int{first}
	for range at.on[1:] {
		fd, lerr := listenTwin(at.ses.ctx, local)
		if err = lerr; err != nil {
			break
		}
		fds = append(fds, fd)
	}
	for i, fd := range fds {
		e := &ear{at: at, local: local}
		at.ears = append(at.ears, e)
		each(at.on[i:i+1], func(l *loop) { err = errors.Join(err, e.open(l, fd)) })
	}
	return err
}

// listenTwin is one more socket that listens at an address.
func listenTwin(ctx context.Context, local netip.AddrPort) (int, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		cerr := c.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1) })
		return errors.Join(cerr, err)
	}}
	ln, err := lc.Listen(ctx, "tcp", local.String())
	if err != nil {
		return -1, err
	}
	defer func() { _ = ln.Close() }() // its descriptor was copied
	return takeOut(ln)
}

// wait waits until connections are accepted no longer, because done is closed
// or that has become impossible.
func (at *place) wait(done <-chan struct{}) (err error) {
	select {
	case <-done:
	case err = <-at.failed:
		err = fmt.Errorf("accept on %s: %w", at.ears[0].local, err)
	}
	at.closeEars()
	return err
}

func (at *place) closeEars() {
	for _, e := range at.ears {
		if e.l != nil {
			each([]*loop{e.l}, func(*loop) { _ = e.deafen() }) // what cannot be closed accepts nothing either
		}
	}
}

// drain closes the idle connections.
func (at *place) drain() {
	at.peers(func(p *peer) {
		if p.idle && p.quiet() {
			p.end()
		}
	})
}

// closeNow closes all connections.
func (at *place) closeNow() {
	at.peers(func(p *peer) {
		if p.idle {
			p.end()
			return
		}
		_ = p.close() // the task that has it finds out
	})
}

func (at *place) peers(f func(*peer)) {
	each(at.on, func(l *loop) {
		for _, s := range l.socks {
			if s == nil {
				continue
			}
			if p, ok := s.owner.(*peer); ok && p.at == at {
				f(p)
			}
		}
	})
}

// leave ends what serve began.
func (at *place) leave() { at.loops.leave() }

// ear is a listening socket on a loop.
type ear struct {
	sock
	at    *place
	local netip.AddrPort
	found *netip.AddrPort // where the last connection has come to, if local does not say
	pause time.Duration
}

const (
	acceptsAtOnce = 64 // then it is the turn of those who are there
	longestPause  = time.Second
)

func (e *ear) open(l *loop, fd int) error {
	// Connections inherit what their listener has.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 15)
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 15)
	if err := l.add(&e.sock, e, fd, unix.EPOLLIN); err != nil {
		_ = unix.Close(fd) // it is of no use
		return err
	}
	e.rest(never)
	return nil
}

// readable implements idler.
func (e *ear) readable() {
	for range acceptsAtOnce {
		fd, from, err := unix.Accept4(int(e.fd), unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch {
		case err == nil:
			e.pause = 0
			e.admit(fd, from)
		case errors.Is(err, unix.EAGAIN):
			return
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNABORTED), errors.Is(err, unix.EPROTO):
		case errors.Is(err, unix.EBADF), errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOTSOCK):
			e.at.failed <- err
			_ = e.ask(unix.EPOLL_CTL_MOD, 0) // nothing more is wanted of it
			return
		default: // no descriptors or no memory: that passes
			e.pause = min(max(2*e.pause, 5*time.Millisecond), longestPause)
			e.at.ses.srv.paused(e.local.String(), err, e.pause)
			e.readBy = e.l.clock.now().plus(e.pause)
			_ = e.ask(unix.EPOLL_CTL_MOD, 0) // if it fails, the next try comes sooner
			e.l.wheel.arm(&e.sock, e.readBy)
			return
		}
	}
}

// late implements idler: the pause is over.
func (e *ear) late() {
	if err := e.ask(unix.EPOLL_CTL_MOD, unix.EPOLLIN); err != nil {
		e.at.failed <- err
	}
	e.rest(never)
}

// sent implements idler; nothing is.
func (e *ear) sent(error) {}

// admit makes a connection the loop's, or closes it if there are too many.
func (e *ear) admit(fd int, from unix.Sockaddr) {
	s := e.at.ses.srv
	remote := sockAddr(from)
	who := party(remote.Addr())
	if !s.enter(who) {
		s.Counters.Crowded.Add(1)
		_ = unix.Close(fd) // nothing was said on it
		return
	}
	p := &peer{at: e.at, remote: remote, local: &e.local}
	p.eager = true
	e.at.ses.wg.Add(1)
	if e.at.ses.tls != nil || s.proxied(remote.Addr()) {
		go e.at.secure(e.l, fd, p)
		return
	}
	if e.local.Addr().IsUnspecified() {
		if local, err := unix.Getsockname(fd); err == nil {
			p.local = e.same(sockAddr(local))
		}
	}
	e.at.take(e.l, p, fd, e.l.now.plus(s.cfg.Timeouts.FirstByte))
}

// same is an address, in memory that connections to the same one share.
func (e *ear) same(local netip.AddrPort) *netip.AddrPort {
	if e.found == nil || *e.found != local {
		e.found = &local
	}
	return e.found
}

// sockAddr is addrPort of what the kernel says.
func sockAddr(sa unix.Sockaddr) netip.AddrPort {
	switch a := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port))
	}
	return netip.AddrPort{}
}
