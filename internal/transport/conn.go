package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime/debug"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// States of a connection, for whoever wants to stop it.
const (
	connIdle   int32 = iota // waits for the first byte of a request
	connBusy                // has part of a request, or plays one
	connClosed              // to be closed, or closed
)

const headBuffer = 4 << 10 // holds a usual head and a small body

// conn is a client's connection over HTTP/1.1. Its goroutine blocks in reads
// and writes. While it is idle it has nothing but its head buffer; all else
// belongs to an exchange, which it takes from a pool when a request comes.
type conn struct {
	ses    *session
	link   *link
	rw     net.Conn // link, or TLS over it
	remote netip.AddrPort
	local  netip.AddrPort
	state  atomic.Int32

	tlsVersion, cipherSuite uint16
	serverName              string // that the client named

	in   inbox // the head of the request, and what came with it
	body clientBody
	to   responder
	ctx  *clientContext

	ctxOf *session // whose context ctx is made of

	// On a loop only.
	lane     uint32    // of its exchanges
	kept     *exchange // of a request before, for the next
	begun    *exchange // what was begun already, up to where something must be waited for
	refused  error     // why it is to be refused
	phase    phase
	answered bool // it has its answer
	broken   bool // nothing more is to be done but to close

	upgrade func(context.Context, net.Conn) // not nil: HTTP is over on the connection

	on      strand        // nil: the connection has its goroutine
	watch   watcher       // who looks whether the client goes
	watched chan struct{} // closed when the watch has ended
}

func newConn(ses *session, nc net.Conn, remote netip.AddrPort) *conn {
	c := newParts(newLink(nc, ses.srv.clock))
	c.ses, c.remote, c.local = ses, remote, addrPort(nc.LocalAddr())
	return c
}

// newParts is a connection that does not know its ends yet.
func newParts(l *link) *conn {
	c := &conn{link: l, rw: l}
	c.body.c, c.to.c, c.watch = c, c, c
	return c
}

// serve serves requests until the connection is to be closed, and closes it. If
// HTTP/1.1 is spoken on it and there is somewhere to move to, it is not served
// here, and moved is what that says.
func (c *conn) serve(move func() bool) (moved bool) {
	defer func() {
		if !moved {
			c.close()
		}
	}()
	defer func() {
		if p := recover(); p != nil {
			c.ses.srv.cfg.Log.Error("connection panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	t := &c.ses.srv.cfg.Timeouts
	if c.ses.srv.proxied(c.remote.Addr()) && !c.readProxy() {
		return false // nothing was said to somebody whom we do not know
	}
	now := c.link.clock.now()
	first := now.plus(t.FirstByte)
	if c.ses.tls != nil {
		c.link.readBy = now.plus(t.Handshake)
		c.link.writeBy = c.link.readBy
		http2, err := c.handshake()
		if err != nil {
			return false // no HTTP was spoken; crypto/tls has sent its alert
		}
		now = c.link.clock.now()
		first = now.plus(t.FirstByte)
		if http2 {
			c.state.Store(connBusy) // it is drained in its own way
			c.serveHTTP2()
			return false
		}
	}
	if move != nil {
		return c.state.CompareAndSwap(connIdle, connBusy) && move()
	}
	c.link.readBy = first
	c.in.reset(headBuffer)
	for c.serveOne() {
	}
	if c.upgrade != nil {
		c.link.pass = true
		c.upgraded(c.in.bytes())
	}
	return false
}

func (c *conn) handshake() (http2 bool, err error) {
	c.link.given = new(tally)
	tc := tls.Server(c.link, c.ses.tls)
	c.rw = tc
	if err := tc.HandshakeContext(c.ses.ctx); err != nil {
		return false, err
	}
	state := tc.ConnectionState()
	c.tlsVersion, c.cipherSuite, c.serverName = state.Version, state.CipherSuite, state.ServerName
	return state.NegotiatedProtocol == "h2", nil
}

// serveOne serves one request; more says that another may follow it.
func (c *conn) serveOne() (more bool) {
	e := c.begun
	if e == nil {
		if e = c.begin(); e == nil {
			return false
		}
	}
	c.begun = nil
	if err := c.refused; err != nil {
		c.refused = nil
		c.giveUp(e, err)
		c.giveBack(e)
		return false
	}
	if !c.answered {
		more = c.play(e)
	}
	c.answered = false
	c.over(e, more)
	return more
}

// play plays the exchange and sends its answer.
func (c *conn) play(e *exchange) (more bool) {
	defer e.call.end() // in case that something panics below
	e.play()
	return c.respond(e)
}

// begin takes in a request; nil says that there is none, or that it was refused.
func (c *conn) begin() *exchange {
	if c.in.empty() && !c.readFirst() {
		return nil
	}
	e := c.take()
	n, err := c.readHead(e)
	if n > 0 {
		err = c.accept(e, n)
	}
	if err != nil {
		c.giveUp(e, err)
	}
	if err != nil || n == 0 {
		c.giveBack(e)
		return nil
	}
	return e
}

// accept finds the route of a request whose head, of n bytes, is in e. An error
// is the answer.
func (c *conn) accept(e *exchange, n int) error {
	c.in.r += n
	c.body.start(e)
	c.to.reset(e, false)
	return c.receive(e, &c.body)
}

// respond sends the answer, and says whether another request may follow on the
// connection.
func (c *conn) respond(e *exchange) (more bool) {
	e.answer(&c.to)
	e.finished()
	return c.complete(e)
}

// complete is what is left to do for an answer that was sent, see respond.
func (c *conn) complete(e *exchange) (more bool) {
	more = c.to.keep && c.body.finish() && c.upgrade == nil
	e.call.end() // now nobody else uses the body
	return more
}

// over ends an exchange whose answer was sent.
func (c *conn) over(e *exchange, more bool) {
	switch {
	case more:
		c.body.handOver()
	case c.upgrade == nil:
		c.linger()
	}
	if !c.ctx.end() {
		c.ctx = nil
	}
	c.link.readBy = e.now.plus(c.ses.srv.cfg.Timeouts.KeepAlive)
	c.giveBack(e)
}

// context is the context of the next exchange.
func (c *conn) context() *clientContext {
	if c.ctx == nil || c.ctxOf != c.ses {
		c.ctx, c.ctxOf = &clientContext{server: c.ses.ctx}, c.ses
	}
	c.ctx.watch = c.watch
	return c.ctx
}

// readFirst reads the first bytes of a request, until link.readBy. Meanwhile the
// connection may be closed by drain. It is for goroutines; a loop knows that
// something has come.
func (c *conn) readFirst() bool {
	c.freshen()
	if c.state.Store(connIdle); c.ses.leaving.Load() {
		c.linger() // the next request may be on its way
		return false
	}
	n, err := c.rw.Read(c.in.b)
	c.in.w = n
	return err == nil && c.state.CompareAndSwap(connIdle, connBusy)
}

// freshen makes room for a request. A large one before it is no reason to keep
// much.
func (c *conn) freshen() {
	if len(c.in.b) > headBuffer {
		c.in.b = nil
	}
	c.in.reset(headBuffer)
}

// readHead reads until the head is complete. n is its length, 0 if the client
// has gone.
func (c *conn) readHead(e *exchange) (n int, err error) {
	lim := &c.ses.srv.cfg.Limits
	late := moment(0)
	for {
		n, perr := http1.ParseRequest(&e.x.Request, c.in.bytes(), lim)
		if perr != nil {
			return 0, perr
		}
		if n > 0 {
			return n, nil
		}
		if late == 0 {
			late = c.link.clock.now().plus(c.ses.srv.cfg.Timeouts.Header)
		}
		c.link.readBy = late
		m, err := c.rw.Read(c.in.room(lim.Head))
		if c.in.w += m; err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return 0, errSlow
			}
			return 0, nil // the client has gone; there is nobody to tell
		}
	}
}

// receive finds the route of a request whose head is in e. An error is the
// answer.
func (c *conn) receive(e *exchange, body requestBody) error {
	s, x := c.ses.srv, &e.x
	e.begun()
	x.Remote, x.Local, x.TLS = c.remote, c.local, c.ses.tls != nil
	x.TLSVersion, x.CipherSuite, x.ServerName = c.tlsVersion, c.cipherSuite, c.serverName
	s.Counters.Requests.add(x.Lane)
	e.body = body
	if x.Request.Length > s.cfg.MaxBody {
		return errTooLarge
	}
	if c.phase == phaseOwn {
		if !e.begin() {
			return errBegin
		}
		return nil
	}
	c.phase = phaseBegin
	s.cfg.Handler.Begin(x)
	if c.phase = phaseLoop; x.Route == nil {
		return errBegin
	}
	return nil
}

// closeIdle closes the connection if it is between two requests.
func (c *conn) closeIdle() {
	if c.state.CompareAndSwap(connIdle, connClosed) {
		c.link.kick()
	}
}

// closeNow closes the connection whatever it does; whoever uses it gets an
// error.
func (c *conn) closeNow() {
	c.state.Store(connClosed)
	_ = c.link.Close() // it may be closed already
}

// close ends the connection in order; over TLS it tells the client so.
func (c *conn) close() {
	c.state.Store(connClosed)
	_ = c.rw.Close() // it may be closed already
}

// linger ends a connection on which the client may still be sending. Closing
// it at once would provoke a reset, which can destroy the answer on its way.
func (c *conn) linger() {
	if c.to.err != nil || c.body.done && c.body.in.empty() && !c.to.front && !c.to.more && c.link.silent() {
		return // nobody is there, or nothing more is to come
	}
	if tc, ok := c.rw.(interface{ CloseWrite() error }); ok && tc.CloseWrite() != nil {
		return
	}
	if !c.link.shut(endWriting) {
		return
	}
	c.link.readBy = c.link.clock.now().plus(c.ses.srv.cfg.Timeouts.Linger)
	for {
		if _, err := c.link.Read(c.in.b); err != nil {
			return
		}
	}
}

// startWatch reads ahead while a step waits, to learn that the client has gone.
func (c *conn) startWatch(gone func()) {
	in := c.body.in
	if in.w == len(in.b) {
		return // what it sent already has to be used first
	}
	ended := make(chan struct{})
	c.watched = ended
	go func() {
		defer close(ended)
		c.link.readBy = never
		for in.w < len(in.b) {
			n, err := c.rw.Read(in.b[in.w:])
			if in.w += n; err != nil {
				if !errors.Is(err, errKicked) {
					gone()
				}
				return
			}
		}
	}()
}

// stopWatch waits until the watch has ended.
func (c *conn) stopWatch() {
	if c.watched == nil {
		return
	}
	c.link.kick()
	<-c.watched
	c.watched = nil
	c.link.unkick()
}

// errBegin is a handler that panicked or found no route.
var errBegin = errors.New("transport: handler failed")

// begin asks the handler what is to be done.
func (e *exchange) begin() (ok bool) {
	defer func() {
		if p := recover(); p != nil {
			e.beginPanicked(p)
			ok = false
		}
	}()
	e.srv.cfg.Handler.Begin(&e.x)
	return e.x.Route != nil
}

func (e *exchange) beginPanicked(p any) {
	e.srv.cfg.Log.Error("handler panicked", "panic", p, "stack", string(debug.Stack()))
}
