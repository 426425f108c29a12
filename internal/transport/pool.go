package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/stagedoor/stagedoor/internal/program"
)

// pool is the idle connections to one origin. The one used last is used next,
// so that the others grow old and go.
type pool struct {
	ups     *Upstreams
	origin  *program.Origin
	timed   atomic.Bool // a timer watches over idle connections
	tls     *tls.Config // nil for http
	targets targets

	mu   sync.Mutex
	idle []*upConn // by the time of their last use
}

// upConn is a connection to an upstream.
type upConn struct {
	wire    wire   // of link
	since   moment // when it became idle
	full    bool   // the last read filled its buffer, so more may be hidden in TLS
	layered bool   // rw is more than link
	closed  atomic.Bool
	link    *link
	rw      net.Conn // link, or TLS over it
	target  *target  // nil: its origin has but one address
	raw     syscall.RawConn
	turn    turn
}

// take is an idle connection, nil if there is none.
func (p *pool) take() *upConn {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		return nil
	}
	c := p.idle[n-1]
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return c
}

// put keeps a connection for the next call.
func (p *pool) put(c *upConn, now moment) {
	c.since = now
	p.mu.Lock()
	kept := len(p.idle) < p.ups.cfg.MaxIdle
	if kept {
		p.idle = append(p.idle, c)
	}
	p.mu.Unlock()
	if !kept {
		c.close()
		return
	}
	if !p.timed.Load() && !p.timed.Swap(true) {
		p.ups.expireLater(p.ups.cfg.IdleTimeout)
	}
}

// expire closes the connections that have been idle since before or at a
// moment, and tells since when the oldest of the others is; never, if none is
// left.
func (p *pool) expire(at moment) (oldest moment) {
	p.mu.Lock()
	n := 0
	for n < len(p.idle) && p.idle[n].since <= at {
		n++
	}
	old := append([]*upConn(nil), p.idle[:n]...)
	left := copy(p.idle, p.idle[n:])
	clear(p.idle[left:])
	p.idle = p.idle[:left]
	if oldest = never; left > 0 {
		oldest = p.idle[0].since
	} else {
		p.timed.Store(false)
	}
	p.mu.Unlock()
	for _, c := range old {
		c.close()
	}
	return oldest
}

// dial opens a connection, by a moment at the latest.
func (p *pool) dial(ctx context.Context, by moment) (*upConn, error) {
	u := p.ups
	by = min(by, u.clock.now().plus(u.cfg.DialTimeout))
	ctx, cancel := context.WithDeadline(ctx, u.clock.base.Add(time.Duration(by)))
	defer cancel()
	u.Counters.Dials.Add(1)
	nc, t, err := p.connect(ctx)
	if err != nil {
		return nil, program.NotSent(fmt.Errorf("connect to %s: %w", p.origin.Address, err))
	}
	c := &upConn{link: newLink(nc, u.clock), target: t}
	c.rw = c.link
	if sc, ok := nc.(syscall.Conn); ok {
		if c.raw, err = sc.SyscallConn(); err != nil {
			c.raw = nil // it can be used, but not looked at
		}
	}
	if p.origin.Scheme == "https" {
		return c, c.handshake(ctx, p)
	}
	c.turn.init(c)
	return c, nil
}

func (c *upConn) handshake(ctx context.Context, p *pool) error {
	c.link.readBy = p.ups.clock.now().plus(p.ups.cfg.DialTimeout)
	c.link.writeBy = c.link.readBy
	c.link.given = new(tally)
	tc := tls.Client(c.link, p.tls)
	if err := tc.HandshakeContext(ctx); err != nil {
		c.close()
		return program.NotSent(fmt.Errorf("TLS handshake with %s: %w", p.origin.Address, err))
	}
	c.rw, c.layered = tc, true
	return nil
}

// close closes the connection; nothing more is said on it. It may be called
// twice, by whoever uses the connection or waits for it.
func (c *upConn) close() {
	_ = c.link.Close() // it may be closed already
	if !c.closed.Swap(true) {
		c.target.end()
	}
}

// converseSlowly is converse for connections that are more than a socket.
func (c *upConn) converseSlowly(out, in []byte, fresh bool) (wrote, n int, err error) {
	if !fresh && !c.quiet() {
		return 0, 0, errStale
	}
	if wrote, err = c.rw.Write(out); err != nil {
		return wrote, 0, err
	}
	n, err = c.rw.Read(in)
	c.full = n == len(in)
	if err == nil {
		return wrote, n, nil
	}
	if _, unsent := errors.AsType[*unsentError](err); unsent {
		wrote = 0
	}
	return wrote, n, endOf(err)
}

// unsentError is why nothing at all of a write has reached the other end.
type unsentError struct{ cause error }

func (e *unsentError) Error() string { return fmt.Sprintf("transport: nothing was sent: %v", e.cause) }

func (e *unsentError) Unwrap() error { return e.cause }
