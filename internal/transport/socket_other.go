//go:build !unix

package transport

import "net"

// socket is nothing where system calls are not made by hand.
type socket struct{}

func (*socket) init(net.Conn) {}

func (l *link) readNow(p []byte) (int, error)  { return l.Conn.Read(p) }
func (l *link) writeNow(p []byte) (int, error) { return l.Conn.Write(p) }
