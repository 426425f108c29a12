//go:build !unix

package transport

// turn is nothing where sockets cannot be looked at.
type turn struct{}

func (*turn) init(*upConn) {}

func (c *upConn) converse(out, in []byte, fresh bool) (wrote, n int, err error) {
	return c.converseSlowly(out, in, fresh)
}

// quiet says that nothing is known to have come on the connection.
func (c *upConn) quiet() bool { return true }
