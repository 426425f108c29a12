package transport

import (
	"context"
	"errors"
	"net"
	"runtime/debug"

	"github.com/stagedoor/stagedoor/internal/http1"
)

// errUpgrade is an answer that switches protocols where nobody asked for that,
// or where it cannot be done.
var errUpgrade = errors.New("transport: protocols cannot be switched")

// upgrade sends the head of an answer that switches protocols. The connection
// is handed over once the exchange is over.
func (e *exchange) upgrade(to answerer) error {
	x := &e.x
	t, ok := to.(*responder)
	if !ok || x.Answer.Status != 101 || x.Request.Upgrade == nil || x.Request.Length != http1.NoBody {
		return errUpgrade
	}
	r := &e.head
	*r = http1.Response{Status: 101, Fields: x.Answer.Fields, Upgrade: x.Request.Upgrade}
	if err := t.start(r); err != nil {
		return err
	}
	t.finish()
	if t.err == nil {
		t.c.upgrade = x.Answer.Upgrade
	}
	return nil
}

// upgraded hands the connection over, and returns when it is done with. early
// was read already.
func (c *conn) upgraded(early []byte) {
	defer func() {
		if p := recover(); p != nil {
			c.ses.srv.cfg.Log.Error("upgraded connection panicked", "panic", p, "stack", string(debug.Stack()))
		}
	}()
	c.state.Store(connBusy)  // it is drained in its own way
	c.link.socket = socket{} // which only one goroutine may write to at a time
	ctx, cancel := context.WithCancel(c.ses.ctx)
	defer cancel()
	stop := c.ses.onDrain(func(leaving bool) {
		if leaving {
			cancel()
		}
	})
	defer stop()
	c.upgrade(ctx, &withEarly{c.rw, early})
}

// withEarly is a connection of which a part was read already.
type withEarly struct {
	net.Conn
	early []byte
}

// Read implements net.Conn.
func (c *withEarly) Read(p []byte) (int, error) {
	if len(c.early) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.early)
	c.early = c.early[n:]
	return n, nil
}
