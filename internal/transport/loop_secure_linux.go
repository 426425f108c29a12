package transport

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"slices"
)

// secure brings a connection to where HTTP can be spoken on it, on a goroutine:
// a handshake is long work. HTTP/2 stays there, all else goes to the loop.
func (at *place) secure(l *loop, fd int, p *peer) {
	c, err := at.takeIn(fd, p.remote)
	if err != nil {
		at.ses.srv.cfg.Log.Debug("connection lost", "remote", p.remote.String(), "error", err)
		p.left()
		return
	}
	ses := at.ses
	ses.hold(c)
	moved := c.serve(func() bool { return at.moveIn(l, c, p) })
	ses.drop(c)
	if !moved {
		p.left()
	}
}

// takeIn makes a descriptor a connection of the goroutine driver.
func (at *place) takeIn(fd int, remote netip.AddrPort) (*conn, error) {
	f := os.NewFile(uintptr(fd), "")
	defer func() { _ = f.Close() }() // its descriptor is copied
	nc, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	return newConn(at.ses, nc, remote), nil
}

// moveIn gives a connection of the goroutine driver to a loop.
func (at *place) moveIn(l *loop, c *conn, p *peer) (moved bool) {
	fd, err := takeOut(c.link.Conn)
	if err != nil {
		return false
	}
	_ = c.link.Conn.Close() // the copy lives on
	if c.remote != p.remote {
		p.via = &via{party: p.remote.Addr()}
	}
	p.remote = c.remote
	if c.local != *p.local {
		local := c.local
		p.local = &local
	}
	if tc, ok := c.rw.(*tls.Conn); ok {
		p.tls = seal(tc, c.link, c.link, &p.sock)
		p.tls.version, p.tls.suite, p.tls.serverName = c.tlsVersion, c.cipherSuite, c.serverName
	} else if early := c.link.early; early != nil {
		if p.via == nil {
			p.via = &via{party: p.remote.Addr()}
		}
		p.via.early = early
	}
	by := c.link.clock.now().plus(at.ses.srv.cfg.Timeouts.FirstByte)
	l.do(func() {
		if at.take(l, p, fd, by) {
			p.readable() // the first request may be here already
		}
	})
	return true
}

// take makes a connection the loop's.
func (at *place) take(l *loop, p *peer, fd int, by moment) bool {
	if err := l.add(&p.sock, p, fd, always); err != nil {
		l.dead = append(l.dead, fd) // nothing was said on it
		p.left()
		return false
	}
	p.rest(by)
	if at.ses.leaving.Load() {
		p.end()
		return false
	}
	return true
}

// moveOut takes a connection that switches protocols off its loop.
func (p *peer) moveOut(c *conn) {
	early := slices.Clone(c.in.bytes())
	upgrade := c.upgrade
	c.upgrade = nil
	fd, raw := p.release()
	if p.tls != nil {
		p.tls.inner.early = raw
	} else {
		early = append(early, raw...)
	}
	go p.at.serveUpgraded(p, fd, upgrade, early)
}

func (at *place) serveUpgraded(p *peer, fd int, upgrade func(context.Context, net.Conn), early []byte) {
	defer p.left()
	c, err := at.takeIn(fd, p.remote)
	if err != nil {
		at.ses.srv.cfg.Log.Debug("connection lost", "remote", p.remote.String(), "error", err)
		return
	}
	if p.tls != nil {
		inner := p.tls.inner
		inner.Conn, inner.wire, inner.socket = c.link.Conn, nil, socket{}
		inner.socket.init(inner.Conn)
		c.link, c.rw = inner, p.tls.tls
	}
	c.upgrade, c.link.pass = upgrade, true
	at.ses.hold(c)
	c.upgraded(early)
	c.close()
	at.ses.drop(c)
}
