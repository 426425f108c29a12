package transport

import (
	"net"
	"slices"
	"syscall"
)

const (
	outMost = 16 << 10  // a larger write is made at once
	outRoom = 256 << 10 // for what is put off
)

// outbox is what the sockets of a loop have to send. It goes out when all of a
// batch have been served: then the kernel's code for sending runs for one after
// the other, and so does ours before, instead of each driving the other out of
// the processor's caches. What one socket writes in a row is one parcel.
type outbox struct {
	b       []byte
	parcels []parcel

	lent *exchange // whose out is what is free of b
	own  []byte    // what it was before
}

// lend has e write what it sends next to s where it is sent from, so that it need
// not be copied there, and says whether that can be.
func (o *outbox) lend(s *sock, e *exchange) bool {
	if cap(o.b)-len(o.b) < outMost || s.tail != nil || s.lost || s.fd < 0 || s.out != 0 && int(s.out) != len(o.parcels) {
		return false
	}
	o.lent, o.own = e, e.out
	e.out = o.b[len(o.b):len(o.b):cap(o.b)]
	return true
}

// holds says that p stands where it would be copied to.
func (o *outbox) holds(p []byte) bool {
	return o.lent != nil && len(p) > 0 && len(o.b) < cap(o.b) && &p[0] == &o.b[:len(o.b)+1][len(o.b)]
}

// takeBack ends what lend began.
func (o *outbox) takeBack() {
	if e := o.lent; e != nil {
		e.out = o.own[:0]
		o.lent, o.own = nil, nil
	}
}

// recall is takeBack, but what was written is kept.
func (o *outbox) recall() {
	if e := o.lent; e != nil {
		e.out = append(o.own[:0], e.out...)
		o.lent, o.own = nil, nil
	}
}

// parcel is what one socket sends: a part of an outbox.
type parcel struct {
	s        *sock
	from, to int
	by       moment
}

// tail is what a socket did not take at once. A task of its own sends it, and
// what is written meanwhile waits for that.
type tail struct {
	left []byte
	by   moment
	run  *twig
}

// put has p sent soon, of which it keeps nothing. It does not, if that would
// have to wait.
func (s *sock) put(p []byte, by moment) bool {
	l := s.l
	o := &l.out
	if len(p) > outMost || s.tail != nil {
		return false
	}
	if len(o.b)+len(p) > cap(o.b) || s.out != 0 && int(s.out) != len(o.parcels) {
		l.send()
		if s.tail != nil || s.lost || s.fd < 0 {
			return false
		}
	}
	from := len(o.b)
	o.recall()
	o.b = append(o.b, p...)
	s.parcel(from, len(p), by)
	return true
}

// parcel has n bytes of the outbox sent, which stand behind all others.
func (s *sock) parcel(from, n int, by moment) {
	o := &s.l.out
	o.b = o.b[:from+n]
	if s.out != 0 {
		o.parcels[s.out-1].to = len(o.b)
		return
	}
	o.parcels = append(o.parcels, parcel{s: s, from: from, to: len(o.b), by: by})
	s.out = int32(len(o.parcels))
}

// send sends what was put.
func (l *loop) send() {
	o := &l.out
	o.recall()
	for i := range o.parcels {
		p := &o.parcels[i]
		s := p.s
		s.out, p.s = 0, nil
		if s.fd < 0 {
			continue
		}
		n, err := rawWrite(uintptr(s.fd), o.b[p.from:p.to])
		if n < p.to-p.from {
			s.unsent(o.b[p.from+n:p.to], n, p.by, err)
		}
	}
	o.b, o.parcels = o.b[:0], o.parcels[:0]
}

// unsent takes care of what could not be sent at once; n bytes before it were.
func (s *sock) unsent(left []byte, n int, by moment, err error) {
	switch {
	case err == nil || err == syscall.EAGAIN: //nolint:errorlint // an errno
		s.trail(slices.Clone(left), by)
	case n == 0:
		s.fail(&unsentError{err})
	default:
		s.fail(err)
	}
}

// trail has a task send what is left.
func (s *sock) trail(left []byte, by moment) {
	t := &tail{left: left, by: by}
	s.tail = t
	t.run = s.l.fork(func() {
		var err error
		for len(t.left) > 0 && err == nil {
			left := t.left
			t.left = nil // more may be added meanwhile
			_, err = s.writeNow(left, by)
		}
		s.tail = nil
		if err != nil {
			s.fail(err)
			return
		}
		s.owner.sent(nil)
	})
}

// append has p sent, at once or behind what waits already, of which there may be
// too much.
func (s *sock) append(p []byte, by moment) error {
	if s.out != 0 {
		s.l.send()
	}
	switch {
	case s.lost:
		return s.rare.why
	case s.tail == nil:
		s.trail(slices.Clone(p), by)
	case len(s.tail.left)+len(p) > maxUnsent:
		return errGone
	default:
		s.tail.left = append(s.tail.left, p...)
	}
	return nil
}

// settle waits until all that was written is sent.
func (s *sock) settle() error {
	if s.out != 0 {
		s.l.send()
	}
	for s.tail != nil {
		s.tail.run.wait()
	}
	return s.why()
}

// fail takes note that nothing more can be sent. Whoever waits for something to
// read looks whether it has come, and the owner is told.
func (s *sock) fail(err error) {
	if s.fd < 0 || s.lost {
		return
	}
	s.lose(err)
	if t := s.reader; t != nil {
		s.reader = nil
		t.wakeUp(nil)
	}
	s.owner.sent(err)
}

// write implements wire.
func (s *sock) write(p []byte, by moment) (int, error) {
	mine(s.l)
	s.l.current.breathe()
	if s.fd < 0 {
		return 0, net.ErrClosed
	}
	if s.lost {
		return 0, s.rare.why
	}
	if s.put(p, by) {
		return len(p), nil
	}
	if s.l.current.inlined {
		return len(p), s.append(p, by)
	}
	if err := s.settle(); err != nil {
		return 0, err
	}
	return s.writeNow(p, by)
}
