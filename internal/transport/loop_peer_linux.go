package transport

import (
	"errors"
	"net/netip"
	"runtime/debug"
)

// peer is a client's connection on a loop: all that there is of it while it is
// idle. When something comes, a task takes it over, with the buffers and the
// exchange that it needs, and leaves it when its request is done.
type peer struct {
	sock
	at     *place
	tls    *sealed // nil: plain
	via    *via    // nil: it came from where it says
	local  *netip.AddrPort
	remote netip.AddrPort
}

// via is what a proxy adds to a connection.
type via struct {
	party netip.Addr // who is counted for it
	early []byte     // what came with the proxy's header
}

// readable implements idler.
func (p *peer) readable() {
	p.idle = false
	p.l.start(p)
}

// late implements idler. Who takes an answer slowly has time for it.
func (p *peer) late() {
	if p.tail != nil {
		p.rest(p.tail.by)
		return
	}
	p.end()
}

// sent implements idler. It is asked about an answer whose task is done.
func (p *peer) sent(err error) {
	if !p.idle {
		return
	}
	if err != nil {
		p.at.ses.srv.Counters.Aborted.Add(1)
	}
	if err != nil || p.at.ses.leaving.Load() && p.quiet() { // or there is a request, whose turn it will be
		p.end()
	}
}

// end closes a connection that no task has.
func (p *peer) end() {
	if p.tls != nil {
		_ = p.tls.Close() // so does this
	}
	_ = p.close() // fails only if it is closed
	p.left()
}

// left takes note that the connection is no more.
func (p *peer) left() {
	ses := p.at.ses
	who := p.remote.Addr()
	if p.via != nil {
		who = p.via.party
	}
	ses.srv.leave(party(who))
	ses.wg.Done()
}

// serve serves the requests that have come from t.peer, from where the loop has
// left them.
func (t *task) serve() {
	p, c := t.peer, t.conn
	switch stays := c.serveHere(p); {
	case stays:
		p.rest(c.link.readBy)
	case c.upgrade != nil:
		_ = p.settle() // who has gone is found to be
		p.moveOut(c)
	default:
		_ = p.settle()
		c.close()
		p.left()
	}
}

// adopt makes c the connection of p.
func (c *conn) adopt(p *peer) {
	ses := p.at.ses
	c.ses, c.remote, c.local, c.watch = ses, p.remote, *p.local, p
	c.link.wire, c.link.clock, c.link.readBy = p, ses.srv.clock, p.readBy
	c.rw, c.tlsVersion, c.cipherSuite, c.serverName = c.link, 0, 0, ""
	if p.tls != nil {
		c.rw, p.tls.link = p.tls, c.link
		c.tlsVersion, c.cipherSuite, c.serverName = p.tls.version, p.tls.suite, p.tls.serverName
	}
	c.link.early = nil
	if p.via != nil {
		c.link.early, p.via.early = p.via.early, nil
	}
	c.in.r, c.in.w = 0, 0
}

// thin gives up what the next request can do without.
func (c *conn) thin() {
	if e := c.kept; e != nil {
		c.kept = nil
		e.srv.exchanges.Put(e)
	}
}

// serveHere serves requests until none has come. Then the connection may be
// idle until link.readBy, if it stays.
func (c *conn) serveHere(p *peer) (stays bool) {
	defer func() {
		if r := recover(); r != nil {
			c.ses.srv.cfg.Log.Error("connection panicked", "panic", r, "stack", string(debug.Stack()))
			c.mend()
			stays = false
		}
	}()
	if c.broken {
		c.mend()
		return false
	}
	for {
		if c.begun == nil && c.in.empty() {
			if err := c.glimpse(p); err != nil {
				return errors.Is(err, errNothing) && !c.ses.leaving.Load()
			}
		}
		if !c.serveOne() {
			return false
		}
	}
}

// mend makes c fit for another connection after a panic.
func (c *conn) mend() {
	if c.begun != nil {
		c.begun.call.end()
	}
	if c.ctx != nil && !c.ctx.end() {
		c.ctx = nil
	}
	c.begun, c.refused, c.answered, c.broken = nil, nil, false, false
}

// glimpse takes in what has come since the last read, or was read with it. It
// fails with errNothing if that is nothing.
func (c *conn) glimpse(p *peer) error {
	if p.lost {
		return p.rare.why // nobody would get an answer
	}
	early := len(c.link.early) > 0
	if n := len(p.got); n > 0 && n <= headBuffer && !early && p.tls == nil { // mostly
		c.freshen()
		c.in.w = copy(c.in.b, p.got)
		p.got = nil
		return nil
	}
	if p.tls == nil && p.spent() && !early {
		return errNothing
	}
	c.freshen()
	var err error
	if early {
		c.in.w, err = c.link.Read(c.in.b)
	} else if p.tls != nil {
		c.in.w, err = p.tls.readNow(c.in.b)
	} else {
		c.in.w, err = p.readNow(c.in.b)
	}
	return err
}
