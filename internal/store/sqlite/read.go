package sqlite

import (
	"context"
	"errors"
	"sync"

	"github.com/stagedoor/stagedoor/internal/store"
)

// readers are the connections of Views. One is opened when all others are
// busy, up to a bound; from there on Views wait.
type readers struct {
	dial   func() (*conn, error)
	places chan struct{} // as many as may be in use

	mu   sync.Mutex
	idle []*conn // the last in is the first out: its cache is warm
}

func newReaders(n int, dial func() (*conn, error)) *readers {
	r := &readers{dial: dial, places: make(chan struct{}, n)}
	for range n {
		r.places <- struct{}{}
	}
	return r
}

// take is a connection for one View, whose statements end with ctx.
func (r *readers) take(ctx context.Context, closing <-chan struct{}) (*conn, error) {
	select {
	case <-closing: // first, for select picks any
		return nil, store.ErrClosed
	default:
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case <-r.places:
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-closing:
		return nil, store.ErrClosed
	}
	r.mu.Lock()
	var c *conn
	if n := len(r.idle); n > 0 {
		c, r.idle = r.idle[n-1], r.idle[:n-1]
	}
	r.mu.Unlock()
	if c == nil {
		var err error
		if c, err = r.dial(); err != nil {
			r.places <- struct{}{}
			return nil, err
		}
	}
	return c, nil
}

// give takes a connection back.
func (r *readers) give(c *conn) {
	if c.broken {
		_ = c.close() // a reader has nothing to lose
	} else {
		r.mu.Lock()
		r.idle = append(r.idle, c)
		r.mu.Unlock()
	}
	r.places <- struct{}{}
}

// close waits for the Views under way and closes all connections.
func (r *readers) close() error {
	for range cap(r.places) {
		<-r.places
	}
	var all error
	for _, c := range r.idle {
		all = errors.Join(all, c.close())
	}
	r.idle = nil
	return all
}
