package transport

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	inMost = headBuffer // of what is read before a task asks for it
	inRoom = 256 << 10  // for all of a batch
)

// intake is what has come on the sockets of a batch and was read before their
// tasks go on, for the reason that outbox tells.
type intake struct {
	b    []byte
	used int
	of   []*sock
}

// gather reads what has come.
func (l *loop) gather(events []unix.EpollEvent) {
	for i := range events {
		s := l.sockOf(&events[i])
		if s == nil {
			continue
		}
		ev := events[i].Events
		if ev&atEnd != 0 {
			s.halved()
		}
		if ev&toRead != 0 {
			s.dry = false
			s.fetch()
		}
	}
}

// fetch reads what somebody is sure to want. An end is left to be found.
func (s *sock) fetch() {
	in, t := &s.l.in, s.reader
	var into []byte
	switch {
	case len(s.got) > 0 || s.lost:
		return
	case t != nil && t.into != nil:
		into = t.into
	case (t != nil || s.idle && s.eager) && len(in.b)-in.used >= inMost:
		into = in.b[in.used : in.used+inMost]
	default:
		return
	}
	n, err := rawRead(uintptr(s.fd), into)
	switch {
	case n > 0:
	case err == syscall.EAGAIN: //nolint:errorlint // an errno
		s.dry = true
		return
	case err != nil:
		s.lose(err) // the kernel says so once
		return
	default:
		return
	}
	s.dry = n < len(into) && !s.half.Load()
	if t != nil && t.into != nil {
		t.fetched = n
		return
	}
	s.got = into[:n:n]
	in.used += n
	in.of = append(in.of, s)
}

// keep ends a batch: what nobody has taken yet gets memory of its own.
func (in *intake) keep() {
	for i, s := range in.of {
		in.of[i] = nil
		if len(s.got) > 0 {
			s.got = slices.Clone(s.got)
		}
	}
	in.of, in.used = in.of[:0], 0
}
