package lambda

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"sync/atomic"
)

// call is an invocation on its way. It is answered once.
type call struct {
	Call
	pool *pool
	arn  string // as the caller qualified it
	done chan outcome

	state    atomic.Uint32 // callOpen, then one of the others
	account  bool          // it counts against the account
	owned    bool          // its payload is the host's own
	released bool          // it counts no more; guarded by function.mu
	first    bool          // of its environment
}

const (
	callOpen     = iota
	callAnswered // done has the outcome, or is about to
	callLeft     // nobody waits any more
)

// outcome is what Invoke returns.
type outcome struct {
	res *Result
	err error
}

// own makes the payload the host's: from now on it is read by others than the
// caller's goroutine, who may be gone by then and use his memory for something else.
func (c *call) own() {
	if !c.owned {
		c.Payload, c.ClientContext, c.owned = bytes.Clone(c.Payload), bytes.Clone(c.ClientContext), true
	}
}

// answer gives the call its outcome. Whoever waited may be gone: a stream is
// closed then.
func (c *call) answer(o outcome) {
	if c.state.CompareAndSwap(callOpen, callAnswered) {
		c.done <- o
		return
	}
	if o.res != nil && o.res.Stream != nil {
		_ = o.res.Stream.Close() // never fails
	}
}

// wait waits for the outcome. If ctx ends first the call leaves the queue, or
// goes on with nobody waiting.
func (c *call) wait(ctx context.Context) (*Result, error) {
	select {
	case o := <-c.done:
		return o.res, o.err
	case <-ctx.Done():
	}
	if !c.state.CompareAndSwap(callOpen, callLeft) {
		o := <-c.done
		return o.res, o.err
	}
	c.pool.leave(c)
	return nil, ctx.Err()
}

// requestID is id if it may stand in a path and a header, else a random UUID.
func requestID(id string) string {
	if plain(id) {
		return id
	}
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var u [36]byte
	hex.Encode(u[:8], b[:4])
	hex.Encode(u[9:13], b[4:6])
	hex.Encode(u[14:18], b[6:8])
	hex.Encode(u[19:23], b[8:10])
	hex.Encode(u[24:], b[10:])
	u[8], u[13], u[18], u[23] = '-', '-', '-', '-'
	return string(u[:])
}

func plain(id string) bool {
	for _, c := range []byte(id) {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return id != "" && len(id) <= 128
}
