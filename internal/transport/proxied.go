package transport

import (
	"net/netip"

	"github.com/stagedoor/stagedoor/internal/proxyproto"
)

// proxied says whether a connection must begin with a header of the PROXY
// protocol: its other end is a proxy that is believed. Nobody else may send one:
// their bytes are HTTP, or nothing.
func (s *Server) proxied(remote netip.Addr) bool {
	return s.cfg.Proxied != nil && s.cfg.Proxied(remote)
}

// readProxy reads the header. What came with it is read again by whoever reads
// next.
func (c *conn) readProxy() bool {
	c.link.readBy = c.link.clock.now().plus(c.ses.srv.cfg.Timeouts.FirstByte)
	b, n := make([]byte, proxyproto.MaxSize), 0
	for {
		m, err := c.link.Read(b[n:])
		if n += m; m == 0 && err != nil {
			return false
		}
		h, size, err := proxyproto.Parse(b[:n])
		switch {
		case err != nil, size == 0 && n == len(b):
			c.ses.srv.cfg.Log.Debug("no header of the PROXY protocol", "remote", c.remote.String())
			return false
		case size == 0:
			continue
		}
		if !h.Local {
			c.remote, c.local = h.Source, h.Destination
		}
		if n > size {
			c.link.early = b[size:n]
		}
		return true
	}
}
