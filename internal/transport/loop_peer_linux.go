package transport

import (
	"net/netip"
	"runtime/debug"
)

// peer is a client's connection on a loop: all that there is of it while it is
// idle. When something comes, a task takes it over, with the buffers and the
// exchange that it needs, and leaves it when its request is done.
type peer struct {
	sock
	at            *place
	remote, local netip.AddrPort
}

// readable implements idler.
func (p *peer) readable() {
	p.idle = false
	t := p.l.task()
	t.peer = p
	p.l.start(t)
}

// late implements idler.
func (p *peer) late() { p.end() }

// end closes a connection that no task has.
func (p *peer) end() {
	_ = p.close() // fails only if it is closed
	p.left()
}

// left takes note that the connection is no more.
func (p *peer) left() {
	ses := p.at.ses
	ses.srv.leave(party(p.remote.Addr()))
	ses.wg.Done()
}

// serve serves the requests that have come from t.peer.
func (t *task) serve() {
	p := t.peer
	if t.conn == nil {
		t.conn = newParts(&link{})
		t.conn.on = t
	}
	c := t.conn
	c.adopt(p)
	if c.serveHere() {
		p.rest(c.link.readBy)
	} else {
		c.close()
		p.left()
	}
	t.peer = nil
	c.link.wire, c.watch, c.ses = nil, nil, nil
}

// adopt makes c the connection of p.
func (c *conn) adopt(p *peer) {
	ses := p.at.ses
	c.ses, c.remote, c.local, c.watch = ses, p.remote, p.local, p
	c.link.wire, c.link.clock, c.link.readBy = p, ses.srv.clock, p.readBy
	c.in.r, c.in.w = 0, 0
}

// serveHere serves requests until none has come. Then the connection may be
// idle until link.readBy, if it stays.
func (c *conn) serveHere() (stays bool) {
	defer func() {
		if p := recover(); p != nil {
			c.ses.srv.cfg.Log.Error("connection panicked", "panic", p, "stack", string(debug.Stack()))
			stays = false
		}
	}()
	for c.serveOne() {
		if c.in.empty() {
			return !c.ses.draining.Load()
		}
	}
	return false
}
