package transport

import (
	"io"
	"net"
	"os"
	"slices"
	"sync/atomic"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	toRead  = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLERR | unix.EPOLLHUP
	toWrite = unix.EPOLLOUT | unix.EPOLLERR | unix.EPOLLHUP
	atEnd   = unix.EPOLLRDHUP | unix.EPOLLERR | unix.EPOLLHUP

	// always is what the poller is asked for of a connection, once: to say when
	// something changes. A listener is said to be ready as long as it is.
	always = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET
)

// sock is a socket on a loop. It is small, as an idle connection has not much
// else.
//
// The poller tells once that something has come. So dry is true only if a read
// has found nothing, or less than it asked for, and nothing was told since: then
// the next read need not be tried.
//
// What a request needs of it is in the first 128 bytes, and what a batch reads
// and writes in the first 64.
type sock struct {
	l      *loop
	reader *task  // who waits for something to read
	got    []byte // was read already; comes first
	tail   *tail  // what it has still to take
	fd     int32  // -1: closed
	out    int32  // its parcel in the loop's outbox, counted from 1; 0: there is none

	idle  bool        // the owner is told if something comes
	eager bool        // the owner reads what comes, even if it is idle
	dry   bool        // the last read left nothing
	lost  bool        // the connection is of no use any longer; rare says why
	half  atomic.Bool // the other end sends nothing more

	owner  idler
	readBy moment // until when the reader waits, or an idle one may stay
	timer
	watch atomic.Pointer[func()]
	rare  *rare // nil: nothing of it has been needed yet
}

// rare is what most sockets need never.
type rare struct {
	why     error  // the connection is of no use any longer
	writer  *task  // who waits until it takes something
	writeBy moment // until when
	kicked  bool
}

// seldom is s.rare, to be written to.
func (s *sock) seldom() *rare {
	if s.rare == nil {
		s.rare = &rare{}
	}
	return s.rare
}

// lose takes note that the connection is of no use any longer.
func (s *sock) lose(why error) { s.lost, s.seldom().why = true, why }

// why is why the connection is of no use any longer; nil: it is.
func (s *sock) why() error {
	if s.lost {
		return s.rare.why
	}
	return nil
}

// writer is who waits until the socket takes something.
func (s *sock) writer() *task {
	if s.rare == nil {
		return nil
	}
	return s.rare.writer
}

// idler has a socket that nobody reads from.
type idler interface {
	// readable is called by the loop when there is something to read, or the
	// end.
	readable()
	// late is called when nothing has come in time.
	late()
	// sent is called when something that could not be sent at once has been, or
	// cannot be.
	sent(err error)
}

// add makes s a socket of the loop.
func (l *loop) add(s *sock, owner idler, fd int, events uint32) error {
	s.l, s.owner, s.fd = l, owner, int32(fd)
	for fd >= len(l.socks) {
		l.socks = append(l.socks, make([]*sock, max(1024, len(l.socks)))...)
	}
	if err := s.ask(unix.EPOLL_CTL_ADD, events); err != nil {
		s.fd = -1
		return err
	}
	l.socks[fd] = s
	return nil
}

// ask changes what the poller tells.
func (s *sock) ask(op int, events uint32) error {
	return unix.EpollCtl(s.l.poller, op, int(s.fd), &unix.EpollEvent{Events: events, Fd: s.fd})
}

// sockOf is the socket of an event; nil if it is gone.
func (l *loop) sockOf(ev *unix.EpollEvent) *sock {
	if int(ev.Fd) >= len(l.socks) {
		return nil
	}
	return l.socks[ev.Fd]
}

// event is told by the poller. What it says may be out of date, so it is never
// more than a reason to try.
func (s *sock) event(ev uint32) {
	if t := s.writer(); t != nil && ev&toWrite != 0 {
		s.rare.writer, t.why = nil, nil
		s.l.switchTo(t)
	}
	if ev&toRead == 0 || s.fd < 0 {
		return
	}
	switch t := s.reader; {
	case t != nil:
		s.reader, t.why = nil, nil
		s.l.switchTo(t)
	case s.idle:
		s.owner.readable()
	}
}

// halved takes note that the other end sends nothing more.
func (s *sock) halved() {
	if s.half.Swap(true) {
		return
	}
	if gone := s.watch.Load(); gone != nil {
		(*gone)()
	}
}

// look is called when a timer has gone off, which may be early.
func (s *sock) look(now moment) {
	due := never
	if s.reader != nil {
		due = s.readBy
		if due <= now {
			t := s.reader
			s.reader = nil
			t.wakeUp(os.ErrDeadlineExceeded)
			due = never
		}
	}
	if t := s.writer(); t != nil {
		if s.rare.writeBy <= now {
			s.rare.writer = nil
			t.wakeUp(os.ErrDeadlineExceeded)
		} else {
			due = min(due, s.rare.writeBy)
		}
	}
	if s.idle {
		if s.readBy <= now {
			s.owner.late()
			return
		}
		due = min(due, s.readBy)
	}
	if due != never {
		s.l.wheel.arm(s, due)
	}
}

// rest leaves the socket idle until a moment.
func (s *sock) rest(by moment) {
	s.idle, s.readBy = true, by
	if by != never {
		s.l.wheel.arm(s, by)
	}
}

// await waits until there may be something to read.
func (s *sock) await(by moment) error {
	if s.fd < 0 {
		return net.ErrClosed
	}
	if s.rare != nil && s.rare.kicked {
		return errKicked
	}
	if by <= s.l.now {
		return os.ErrDeadlineExceeded
	}
	s.reader, s.readBy = s.l.current.waits(), by
	if by != never {
		s.l.wheel.arm(s, by)
	}
	t := s.reader
	t.park()
	return t.why
}

// read implements wire.
func (s *sock) read(p []byte, by moment) (int, error) {
	mine(s.l)
	t := s.l.current
	t.breathe()
	for {
		n, err := s.readNow(p)
		if err != errNothing { //nolint:errorlint // made by readNow
			return n, err
		}
		t.into, t.fetched = p, 0
		err = s.await(by)
		t.into = nil
		if t.fetched > 0 {
			return t.fetched, nil // whatever else has happened is found later
		}
		if err != nil {
			return 0, err
		}
	}
}

// readNow is read, but fails with errNothing if it had to wait.
func (s *sock) readNow(p []byte) (int, error) {
	if s.fd < 0 {
		return 0, net.ErrClosed
	}
	if len(s.got) > 0 {
		n := copy(p, s.got)
		if s.got = s.got[n:]; len(s.got) == 0 {
			s.got = nil
		}
		return n, nil
	}
	if s.dry && !s.lost {
		return 0, errNothing
	}
	n, err := rawRead(uintptr(s.fd), p)
	switch {
	case n == 0 && s.lost: // the other end may have had its say before
		return 0, s.rare.why
	case err == syscall.EAGAIN: //nolint:errorlint // an errno
		s.dry = true
		return 0, errNothing
	case err != nil:
		return 0, err
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	s.dry = n < len(p) && !s.half.Load()
	return n, nil
}

// spent says that a read would find nothing.
func (s *sock) spent() bool { return s.dry && len(s.got) == 0 && !s.lost }

// writeNow writes all of p, and waits until the socket has taken it.
func (s *sock) writeNow(p []byte, by moment) (int, error) {
	for done := 0; ; {
		if s.fd < 0 {
			return done, net.ErrClosed
		}
		n, err := rawWrite(uintptr(s.fd), p[done:])
		done += n
		switch {
		case done == len(p):
			return done, nil
		case err == nil:
			continue
		case err != syscall.EAGAIN: //nolint:errorlint // an errno
			return done, err
		case by <= s.l.now:
			return done, os.ErrDeadlineExceeded
		}
		t := s.l.current.waits()
		r := s.seldom()
		r.writer, r.writeBy = t, by
		if by != never {
			s.l.wheel.arm(s, by)
		}
		t.park()
		if t.why != nil {
			return done, t.why
		}
	}
}

// kick implements wire.
func (s *sock) kick(on bool) {
	mine(s.l)
	s.seldom().kicked = on
	if t := s.reader; on && t != nil {
		s.reader = nil
		t.wakeUp(errKicked)
	}
}

// shut implements wire.
func (s *sock) shut(how ending) error {
	if s.fd < 0 {
		return net.ErrClosed
	}
	if err := s.settle(); err != nil {
		return err
	}
	if how == endAbrupt {
		return unix.SetsockoptLinger(int(s.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	return unix.Shutdown(int(s.fd), unix.SHUT_WR)
}

// close implements wire.
func (s *sock) close() error {
	mine(s.l)
	if s.fd < 0 {
		return net.ErrClosed
	}
	if s.out != 0 {
		s.l.send()
	}
	fd := int(s.fd)
	s.l.wheel.remove(s)
	s.l.socks[fd] = nil
	s.fd, s.idle, s.got = -1, false, nil
	for _, t := range [...]*task{s.reader, s.writer()} {
		if t != nil {
			t.wakeUp(net.ErrClosed)
		}
	}
	if s.reader = nil; s.rare != nil {
		s.rare.writer = nil
	}
	s.l.dead = append(s.l.dead, fd)
	return nil
}

// release takes the socket off the loop. Its descriptor is the caller's, and
// what was read from it already.
func (s *sock) release() (fd int, early []byte) {
	mine(s.l)
	fd, early = int(s.fd), slices.Clone(s.got)
	_ = s.ask(unix.EPOLL_CTL_DEL, 0) // it is there
	s.l.wheel.remove(s)
	s.l.socks[fd] = nil
	s.fd, s.idle, s.got = -1, false, nil
	return fd, early
}

// quiet says that nothing has come, not even the end, and that nothing is left
// to be sent.
func (s *sock) quiet() bool {
	if len(s.got) > 0 || s.out != 0 || s.tail != nil || s.lost {
		return false
	}
	var b [1]byte
	_, err := rawPeek(uintptr(s.fd), b[:])
	s.dry = err == syscall.EAGAIN //nolint:errorlint // an errno
	return s.dry
}

// startWatch implements watcher. It is called by a helper or by the loop.
func (s *sock) startWatch(gone func()) {
	s.watch.Store(&gone)
	if s.half.Load() {
		gone()
	}
}

// stopWatch implements watcher.
func (s *sock) stopWatch() { s.watch.Store(nil) }
