package transport

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// clientContext is the context of an exchange: it ends when the client has
// gone or the server stops. It costs nothing until a step asks for Done: only
// then, and only while a step waits, somebody watches the connection.
//
// A client that has only closed its sending side looks like one that has
// gone. It gets its answer all the same, unless a step gives up at Done.
type clientContext struct {
	server context.Context //nolint:containedctx // a context made of another
	watch  watcher

	asked   atomic.Bool // there may be an inner one
	mu      sync.Mutex
	inner   context.Context //nolint:containedctx // made when Done is first called
	cancel  context.CancelFunc
	waiting bool // a step is at work
	watched bool
}

var _ context.Context = (*clientContext)(nil)

// watcher watches a client's connection.
type watcher interface {
	// startWatch calls gone, from another goroutine, if the client goes.
	startWatch(gone func())
	// stopWatch returns once nobody reads from the connection any longer.
	stopWatch()
}

// Done is called by whoever waits, so it is when the watch starts.
func (c *clientContext) Done() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		c.asked.Store(true)
		c.inner, c.cancel = context.WithCancel(c.server)
	}
	c.startLocked()
	return c.inner.Done()
}

func (c *clientContext) startLocked() {
	if c.waiting && !c.watched && c.watch != nil && c.inner.Err() == nil {
		c.watched = true
		c.watch.startWatch(c.cancel)
	}
}

// Err is nil as long as nobody asked for Done, unless the server stops.
func (c *clientContext) Err() error { return c.present().Err() }

// Value is that of the server's context. It also lets package context find out
// that it can hang children onto inner without a goroutine.
func (c *clientContext) Value(key any) any { return c.present().Value(key) }

// Deadline is that of the server's context.
func (c *clientContext) Deadline() (time.Time, bool) { return c.server.Deadline() }

func (c *clientContext) present() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner != nil {
		return c.inner
	}
	return c.server
}

// begin says that a step is at work: it may wait, and the driver does not read
// from the connection meanwhile.
func (c *clientContext) begin() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = true
	if c.inner != nil {
		c.startLocked()
	}
}

// pause ends the watch, so that the driver can read again.
func (c *clientContext) pause() {
	c.mu.Lock()
	c.waiting = false
	watched := c.watched
	c.watched = false
	c.mu.Unlock()
	if watched {
		c.watch.stopWatch()
	}
}

// end ends the context with its exchange, and says whether it may serve the
// next: not if somebody asked for Done and may still hold on to it.
func (c *clientContext) end() (again bool) {
	if !c.asked.Load() {
		return true
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.inner == nil {
		return true
	}
	c.cancel()
	return false
}
