package transport

import (
	"errors"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// A moment is a point of the monotonic clock, in nanoseconds since the program
// started; never is the one that does not come.
type moment int64

const never moment = 1<<63 - 1

// clock tells moments. It is a value, so that a test in a bubble of virtual
// time has one of its own.
type clock struct{ base time.Time }

func newClock() clock { return clock{time.Now().Add(-time.Second)} } // so that 0 is in the past

func (c clock) now() moment                  { return moment(time.Since(c.base)) }
func (c clock) at(t time.Time) moment        { return moment(t.Sub(c.base)) }
func (m moment) plus(d time.Duration) moment { return m + moment(d) }

func (m moment) since(before moment) time.Duration { return time.Duration(m - before) }

// link is a connection with deadlines that cost next to nothing. Setting a
// deadline of a net.Conn moves a timer of the runtime, which is too dear for
// each request. So a link only notes until when a read or write may take, and
// leaves the timer alone if it goes off earlier: then it finds that there is
// time left, sets it anew, and goes on. A connection that keeps being used
// with the same time-outs sets a timer once per time-out.
//
// One goroutine reads and one writes at a time; only kick may come from
// another. A deadline under tls.Conn must be here too, because a tls.Conn is
// broken once a write has timed out, however little the time-out meant.
type link struct {
	net.Conn
	clock clock

	readBy, writeBy       moment // when what is being done must be done
	readTimer, writeTimer moment // when the runtime's timer goes off; 0: it is not set

	given  *tally // not nil: counts what is read
	early  []byte // was read already; comes first
	kicked atomic.Bool
	pass   bool // whoever uses it sets deadlines of its own
	socket socket
	wire   wire // not nil: the connection is a loop's, and Conn is nil
}

// wire is a socket on a loop. Who waits for it gives the loop to others.
type wire interface {
	read(p []byte, by moment) (int, error)
	write(p []byte, by moment) (int, error)
	kick(on bool)
	shut(how ending) error
	close() error
}

// ending is how a connection is ended.
type ending uint8

const (
	endWriting ending = iota // nothing more is sent; what comes can still be read
	endAbrupt                // close is to provoke a reset
)

// errKicked is a read that was called off. It says that it is temporary,
// because crypto/tls reads no more after an error that is not.
var errKicked net.Error = kickedError{}

type kickedError struct{}

func (kickedError) Error() string   { return "transport: read was called off" }
func (kickedError) Timeout() bool   { return true }
func (kickedError) Temporary() bool { return true }

// newLink makes a link that never times out.
func newLink(c net.Conn, clk clock) *link {
	l := &link{Conn: c, clock: clk, readBy: never, writeBy: never}
	l.socket.init(c)
	return l
}

// Read reads until l.readBy.
func (l *link) Read(p []byte) (int, error) {
	n, err := l.read(p)
	if l.given != nil {
		l.given.add(p[:n])
	}
	return n, err
}

func (l *link) read(p []byte) (int, error) {
	if len(l.early) > 0 {
		n := copy(p, l.early)
		if l.early = l.early[n:]; len(l.early) == 0 {
			l.early = nil
		}
		return n, nil
	}
	if l.wire != nil {
		return l.wire.read(p, l.readBy)
	}
	if l.pass {
		return l.readNow(p)
	}
	if err := l.armRead(); err != nil {
		return 0, err
	}
	for {
		n, err := l.readNow(p)
		if err == nil || n > 0 {
			return n, nil
		}
		if err = l.readFailed(err); err != nil {
			return 0, err
		}
	}
}

// armRead makes sure that the timer goes off at l.readBy or before.
func (l *link) armRead() error {
	if l.readBy >= l.readTimer && l.readTimer != 0 || l.readBy == never && l.readTimer == 0 {
		return nil
	}
	if err := l.SetReadDeadline(l.deadline(l.readBy)); err != nil {
		return err
	}
	if l.readTimer = l.readBy; l.kicked.Load() { // the kick may have come before the timer was moved
		return errKicked
	}
	return nil
}

// readFailed is nil if a read that failed with err is to be tried again.
func (l *link) readFailed(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	if l.kicked.Load() {
		return errKicked
	}
	if l.clock.now() >= l.readBy {
		return err
	}
	l.readTimer = never // so that it is set anew in any case
	if l.readBy == never {
		l.readTimer = 0
		return l.SetReadDeadline(time.Time{})
	}
	return l.armRead()
}

// Write writes all of p until l.writeBy.
func (l *link) Write(p []byte) (int, error) {
	if l.wire != nil {
		return l.wire.write(p, l.writeBy)
	}
	if l.pass {
		return l.writeNow(p)
	}
	done := 0
	for {
		if l.writeBy < l.writeTimer || l.writeTimer == 0 && l.writeBy != never {
			if err := l.SetWriteDeadline(l.deadline(l.writeBy)); err != nil {
				return done, err
			}
			l.writeTimer = l.writeBy
		}
		n, err := l.writeNow(p[done:])
		done += n
		if err == nil || !errors.Is(err, os.ErrDeadlineExceeded) || l.clock.now() >= l.writeBy {
			return done, err
		}
		l.writeTimer = 0
		if l.writeBy == never {
			if err := l.SetWriteDeadline(time.Time{}); err != nil {
				return done, err
			}
		}
	}
}

func (l *link) deadline(m moment) time.Time {
	if m == never {
		return time.Time{}
	}
	return l.clock.base.Add(time.Duration(m))
}

// kick makes the present read and all to come fail with errKicked, until
// unkick.
func (l *link) kick() {
	if l.wire != nil {
		l.wire.kick(true)
		return
	}
	l.kicked.Store(true)
	_ = l.SetReadDeadline(l.clock.base) // fails only on a closed connection, where nobody waits
}

// unkick ends a kick. Only the goroutine that reads calls it.
func (l *link) unkick() {
	if l.wire != nil {
		l.wire.kick(false)
		return
	}
	l.kicked.Store(false)
	l.readTimer = 1 // long past: the next read sets the timer
}

// Close closes the connection; whoever waits for it gets an error.
func (l *link) Close() error {
	if l.wire != nil {
		return l.wire.close()
	}
	return l.Conn.Close()
}

// SetWriteDeadline is called by crypto/tls before it says its last word, which
// waits for nobody on a loop.
func (l *link) SetWriteDeadline(t time.Time) error {
	if l.wire != nil {
		return nil
	}
	return l.Conn.SetWriteDeadline(t)
}

// silent says that nothing has come that nobody has read, as far as that can be
// told.
func (l *link) silent() bool {
	w, ok := l.wire.(interface {
		settle() error
		quiet() bool
	})
	return !ok || w.settle() != nil || w.quiet()
}

// shut begins to end the connection, and says whether that is possible.
func (l *link) shut(how ending) bool {
	if l.wire != nil {
		return l.wire.shut(how) == nil
	}
	tcp, ok := l.Conn.(interface {
		CloseWrite() error
		SetLinger(sec int) error
	})
	if !ok {
		return false
	}
	if how == endAbrupt {
		return tcp.SetLinger(0) == nil
	}
	return tcp.CloseWrite() == nil
}
