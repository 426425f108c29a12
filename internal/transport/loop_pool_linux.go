package transport

import (
	"context"
	"crypto/tls"
	"net"
	"slices"

	"github.com/stagedoor/stagedoor/internal/program"
)

// loopPool is a loop's own part of a pool.
type loopPool struct {
	l      *loop
	origin *program.Origin
	idle   []idleConn // by the time of their last use
	pool   *pool
}

// idleConn is an idle connection to an upstream.
type idleConn struct {
	conn *upConn
	sock *upSock // nil: only a goroutine can wait for it
}

func (l *loop) pool(p *pool) *loopPool {
	id := int(p.origin.ID)
	for id >= len(l.pools) {
		l.pools = append(l.pools, nil)
	}
	if l.pools[id] == nil {
		l.pools[id] = &loopPool{l: l, origin: p.origin, pool: p}
	}
	return l.pools[id]
}

// known is the pool of an origin that was called before; nil: it was not.
func (l *loop) known(o *program.Origin) *loopPool {
	if o == nil || int(o.ID) >= len(l.pools) {
		return nil
	}
	p := l.pools[o.ID]
	if p == nil || p.origin != o {
		return nil
	}
	return p
}

// take implements connPool.
func (p *loopPool) take() *upConn {
	p.cull()
	if len(p.idle) == 0 {
		return nil
	}
	return p.takeLast()
}

// takeLast takes the one that was used last; there is one.
func (p *loopPool) takeLast() *upConn {
	n := len(p.idle) - 1
	last := p.idle[n]
	p.idle[n] = idleConn{}
	p.idle = p.idle[:n]
	if last.sock != nil {
		last.sock.idle = false
	}
	return last.conn
}

// cull closes those that would be taken next, but of which something has come,
// though its turn is later in the batch: it is no answer to what is asked now.
func (p *loopPool) cull() {
	for n := len(p.idle); n > 0; n = len(p.idle) {
		s := p.idle[n-1].sock
		if s == nil || s.spent() || s.quiet() {
			return
		}
		s.readable()
	}
}

// plain is the socket of what takeLast will give, if that is no more than a
// socket that can be written to.
func (p *loopPool) plain() *upSock {
	p.cull()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	s := p.idle[n-1].sock
	if s == nil || s.tail != nil || s.lost || s.conn.layered {
		return nil
	}
	return s
}

// nextIs says that takeLast takes the connection of a socket.
func (p *loopPool) nextIs(s *upSock) bool {
	n := len(p.idle)
	return n > 0 && p.idle[n-1].sock == s
}

// put implements connPool.
func (p *loopPool) put(c *upConn, now moment) {
	u := p.l.ups
	s, ok := c.wire.(*upSock)
	if len(p.idle) >= u.cfg.MaxIdle || u.closed.Load() || ok && (s.out != 0 || s.tail != nil || !s.spent() && !s.quiet()) {
		c.close()
		return
	}
	c.since = now
	p.idle = append(p.idle, idleConn{c, s})
	if ok {
		s.rest(never)
	}
	if p.l.sweep == 0 {
		p.l.sweep = now.plus(u.cfg.IdleTimeout)
	}
}

// expireIdle closes the connections that have been idle since before or at a
// moment.
func (l *loop) expireIdle(at moment) {
	oldest := never
	for _, p := range l.pools {
		if p == nil {
			continue
		}
		n := 0
		for n < len(p.idle) && p.idle[n].conn.since <= at {
			p.idle[n].conn.close()
			n++
		}
		if p.idle = slices.Delete(p.idle, 0, n); len(p.idle) > 0 {
			oldest = min(oldest, p.idle[0].conn.since)
		}
	}
	if l.sweep = 0; oldest != never {
		l.sweep = oldest.plus(l.ups.cfg.IdleTimeout)
	}
}

// dial implements connPool. Names are resolved and connections are made by a
// helper; a socket is the loop's then.
func (p *loopPool) dial(ctx context.Context, by moment) (c *upConn, err error) {
	p.l.current.aside(func() { c, err = p.pool.dial(ctx, by) })
	if err != nil {
		return nil, err
	}
	fd, err := takeOut(c.link.Conn)
	if err != nil {
		c.rw, c.layered = &asideConn{c.rw, p.l}, true
		return c, nil
	}
	return c, p.adopt(c, fd)
}

// adopt makes a connection, whose descriptor was copied, the loop's.
func (p *loopPool) adopt(c *upConn, fd int) error {
	_ = c.link.Conn.Close() // the copy lives on
	s := &upSock{conn: c, home: p}
	outer := &link{clock: c.link.clock, readBy: c.link.readBy, writeBy: c.link.writeBy, wire: s}
	if tc, ok := c.rw.(*tls.Conn); ok {
		c.rw = seal(tc, c.link, outer, &s.sock)
	} else {
		c.rw = outer
	}
	c.link, c.wire, c.raw, c.turn = outer, s, nil, turn{}
	return p.l.add(&s.sock, s, fd, always)
}

// upSock is the socket of a connection to an upstream.
type upSock struct {
	sock
	conn *upConn
	home *loopPool
	_    [48]byte // so that each begins with a line of the cache
}

// readable implements idler: nothing is to come on an idle connection, and what
// comes is nobody's answer.
func (s *upSock) readable() {
	if s.quiet() {
		return
	}
	p := s.home
	if i := slices.Index(p.idle, idleConn{s.conn, s}); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
	p.l.ups.Counters.Stale.Add(1)
	s.conn.close()
}

// late implements idler. Idle connections have a clock of their own, see
// expireIdle.
func (s *upSock) late() {}

// sent implements idler.
func (s *upSock) sent(err error) {
	if err != nil && s.idle {
		s.readable()
	}
}

// asideConn is a connection that only a goroutine can wait for.
type asideConn struct {
	net.Conn
	l *loop
}

func (a *asideConn) Read(p []byte) (n int, err error) {
	a.l.current.aside(func() { n, err = a.Conn.Read(p) })
	return n, err
}

func (a *asideConn) Write(p []byte) (n int, err error) {
	a.l.current.aside(func() { n, err = a.Conn.Write(p) })
	return n, err
}
