package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"testing"
	"testing/synctest"
	"time"
)

// timed counts how often a deadline is set.
type timed struct {
	net.Conn
	reads, writes int
}

func (c *timed) SetReadDeadline(t time.Time) error {
	c.reads++
	return c.Conn.SetReadDeadline(t)
}

func (c *timed) SetWriteDeadline(t time.Time) error {
	c.writes++
	return c.Conn.SetWriteDeadline(t)
}

// TestLinkSetsTimersRarely: a connection that is used all the time, with the
// same time-out, sets a timer once per time-out and not once per read.
func TestLinkSetsTimersRarely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		conn := &timed{Conn: ours}
		l := newLink(conn, newClock())
		go func() {
			for range 1000 {
				time.Sleep(100 * time.Millisecond)
				_, _ = theirs.Write([]byte("x"))
				_, _ = io.ReadFull(theirs, make([]byte, 1))
			}
			_ = theirs.Close()
		}()
		buf := make([]byte, 1)
		for range 1000 {
			l.readBy = l.clock.now().plus(10 * time.Second)
			if _, err := l.Read(buf); err != nil {
				t.Fatal(err)
			}
			l.writeBy = l.clock.now().plus(10 * time.Second)
			if _, err := l.Write(buf); err != nil {
				t.Fatal(err)
			}
		}
		if conn.reads > 12 || conn.writes > 12 { // 100 s, 10 s each
			t.Errorf("set %d read and %d write deadlines in 1000 turns", conn.reads, conn.writes)
		}
	})
}

// TestLinkTimesOut: however lazily, a read ends when it must, earlier timers
// or later ones notwithstanding.
func TestLinkTimesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		l := newLink(ours, newClock())
		buf := make([]byte, 1)
		for _, d := range []time.Duration{10 * time.Second, time.Second, 3 * time.Second, 20 * time.Second, time.Millisecond} {
			began := time.Now()
			l.readBy = l.clock.now().plus(d)
			if _, err := l.Read(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("read ended with %v", err)
			}
			if took := time.Since(began); took != d {
				t.Errorf("a read of %v took %v", d, took)
			}
			began = time.Now()
			l.writeBy = l.clock.now().plus(d)
			if _, err := l.Write(buf); !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatalf("write ended with %v", err)
			}
			if took := time.Since(began); took != d {
				t.Errorf("a write of %v took %v", d, took)
			}
		}
		// A timer that goes off in the middle of a longer read is no end of it.
		l.readBy = l.clock.now().plus(time.Second)
		go func() {
			time.Sleep(500 * time.Millisecond)
			_, _ = theirs.Write([]byte("a"))
			time.Sleep(5 * time.Second)
			_, _ = theirs.Write([]byte("b"))
			time.Sleep(time.Hour)
			_, _ = theirs.Write([]byte("c"))
		}()
		for i, by := range []moment{l.readBy, l.readBy.plus(time.Minute), never} {
			l.readBy = by
			if _, err := l.Read(buf); err != nil || buf[0] != "abc"[i] {
				t.Fatalf("read %q, %v", buf, err)
			}
		}
	})
}

// TestLinkKick: a kick ends a read that waits and all that follow, until
// unkick.
func TestLinkKick(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		defer theirs.Close()
		l := newLink(ours, newClock())
		for _, by := range []moment{never, l.clock.now().plus(time.Hour)} {
			l.readBy = by
			go func() {
				time.Sleep(time.Second)
				l.kick()
			}()
			for range 2 {
				if _, err := l.Read(make([]byte, 1)); !errors.Is(err, errKicked) {
					t.Fatalf("read ended with %v", err)
				}
			}
			l.unkick()
			go theirs.Write([]byte("x"))
			if _, err := l.Read(make([]byte, 1)); err != nil {
				t.Fatalf("after unkick: %v", err)
			}
		}
	})
}

// TestLinkWritesAll: a timer that goes off while a slow reader takes a part
// costs no byte.
func TestLinkWritesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := newLink(ours, newClock())
		data := bytes.Repeat([]byte("0123456789"), 100)
		l.writeBy = l.clock.now().plus(time.Second)
		_ = l.armWriteForTest()
		var got bytes.Buffer
		done := make(chan struct{})
		go func() {
			defer close(done)
			for got.Len() < len(data) {
				time.Sleep(50 * time.Millisecond)
				if _, err := io.CopyN(&got, theirs, 10); err != nil {
					return
				}
			}
		}()
		l.writeBy = l.clock.now().plus(time.Minute)
		if n, err := l.Write(data); n != len(data) || err != nil {
			t.Errorf("Write = %d, %v", n, err)
		}
		<-done
		if !bytes.Equal(got.Bytes(), data) {
			t.Error("what arrived is not what was sent")
		}
	})
}

func (l *link) armWriteForTest() error {
	l.writeTimer = l.writeBy
	return l.SetWriteDeadline(l.deadline(l.writeBy))
}

// TestPoolExpires: idle connections are closed when their time is over, even
// if no call comes, and Close closes the rest.
func TestPoolExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		u := NewUpstreams(UpstreamConfig{IdleTimeout: 10 * time.Second, MaxIdle: 3})
		p, err := u.pool(u.Origin("http", "h", "", false))
		if err != nil {
			t.Fatal(err)
		}
		var ends []net.Conn
		add := func() {
			ours, theirs := net.Pipe()
			ends = append(ends, theirs)
			c := &upConn{link: newLink(ours, u.clock)}
			p.put(c, u.clock.now())
		}
		closed := func() (n int) {
			for _, c := range ends {
				_ = c.SetReadDeadline(time.Now().Add(time.Nanosecond))
				if _, err := c.Read(make([]byte, 1)); errors.Is(err, io.EOF) {
					n++
				}
			}
			return n
		}
		for i, want := range []int{0, 0, 0, 1} { // one more than are kept
			if add(); closed() != want {
				t.Errorf("after %d connections, %d are closed, want %d", i+1, closed(), want)
			}
		}
		time.Sleep(7 * time.Second)
		c := p.take()
		p.put(c, u.clock.now()) // used again in the meantime
		time.Sleep(9 * time.Second)
		if n := closed(); n != 3 {
			t.Errorf("after 16s, %d of 4 are closed, want 3", n)
		}
		time.Sleep(10 * time.Second)
		if n := closed(); n != 4 {
			t.Errorf("after 26s, %d of 4 are closed, want 4", n)
		}
		add()
		u.Close()
		if n := closed(); n != 5 {
			t.Errorf("after Close, %d of 5 are closed", n)
		}
	})
}
