package transport

import (
	"context"
	"net"
	"net/netip"
)

// LoopsChecked says that the tag loopcheck is set.
const LoopsChecked = loopsChecked

// ServeHTTP2 serves one connection, as if TLS had agreed on HTTP/2.
func (s *Server) ServeHTTP2(ctx context.Context, nc net.Conn) {
	ses := &session{srv: s, ctx: ctx, conns: map[*conn]struct{}{}, leaves: map[*func(bool)]struct{}{}}
	c := newConn(ses, nc, netip.AddrPort{})
	defer c.close()
	c.serveHTTP2()
}
