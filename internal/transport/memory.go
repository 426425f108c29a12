package transport

import (
	"context"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Player follows an exchange that no connection brought. Its methods are
// called one after the other, on the goroutine of Play.
type Player interface {
	Handler // Begin fills in the request as well; its length is known by then
	// Calling comes before each call to an upstream, Called after it, with what
	// went wrong: the reply is in if nothing did.
	Calling(x *program.Exchange)
	Called(x *program.Exchange, err error)
	// Done comes last. body is the whole body of the answer, which belongs to
	// the player; it is cut where it is larger than Config.MaxBody.
	Done(x *program.Exchange, body []byte)
}

// Memory plays exchanges that no connection brought: tests of methods.
type Memory struct{ srv *Server }

// NewMemory makes a Memory. Of cfg it uses Upstreams, Log and MaxBody.
func NewMemory(cfg Config) *Memory { return &Memory{NewServer(cfg)} }

// Play plays one exchange with a body. It returns when all is done; ctx ends
// what steps wait for, and a body that never does. No finishing step is
// played: nobody was served.
func (m *Memory) Play(ctx context.Context, body []byte, p Player) {
	e := newExchange(m.srv)
	e.ctx = &clientContext{server: ctx}
	e.reset()
	e.x.Start = time.Now()
	e.now = m.srv.clock.at(e.x.Start)
	e.x.Request.Length = int64(len(body))
	e.body = &memoryBody{left: body}
	defer e.call.end()
	defer e.ctx.end()
	p.Begin(&e.x)
	for !e.playFor(p) {
	}
	to := memoryAnswer{ctx: ctx, limit: m.srv.cfg.MaxBody}
	e.answer(&to)
	p.Done(&e.x, to.body)
}

// playFor is playOn with somebody who follows.
func (e *exchange) playFor(p Player) (done bool) {
	defer func() {
		if r := recover(); r != nil {
			e.srv.cfg.Log.Error("step panicked", "panic", r, "stack", string(debug.Stack()))
			e.x.Fail(fmt.Errorf("step panicked: %v", r))
		}
	}()
	for {
		switch e.x.Play() {
		case program.WantBody:
			e.readBody()
		case program.WantCall:
			p.Calling(&e.x)
			e.now = e.srv.clock.now()
			err := e.call.do(e)
			p.Called(&e.x, err)
			if err != nil {
				e.fail(err)
			}
		case program.WantWork:
			e.ctx.begin()
			e.x.Work()
			e.ctx.pause()
			e.now = e.srv.clock.now()
		case program.Done:
			return true
		}
	}
}

// memoryBody is a request body that is there from the start.
type memoryBody struct{ left []byte }

func (b *memoryBody) begin() error { return nil }

func (b *memoryBody) ready(limit int64) ([]byte, bool) {
	if int64(len(b.left)) > limit {
		return nil, false
	}
	body := b.left
	b.left = nil
	return body, true
}

func (b *memoryBody) next(limit int64) ([]byte, error) {
	if int64(len(b.left)) > limit {
		return nil, errTooLarge
	}
	if len(b.left) == 0 {
		return nil, io.EOF
	}
	body := b.left
	b.left = nil
	return body, nil
}

func (b *memoryBody) interrupt() {}
func (b *memoryBody) settle()    {}

// memoryAnswer keeps the body of an answer.
type memoryAnswer struct {
	ctx   context.Context //nolint:containedctx // of one call of Play
	limit int64
	body  []byte
}

func (a *memoryAnswer) start(*http1.Response) *http1.Error { return nil }

func (a *memoryAnswer) part(p []byte) {
	a.body = append(a.body, p[:min(int64(len(p)), a.limit-int64(len(a.body)))]...)
}

func (a *memoryAnswer) flush() bool { return int64(len(a.body)) < a.limit && a.ctx.Err() == nil }
func (a *memoryAnswer) finish()     {}
func (a *memoryAnswer) abort()      {}
