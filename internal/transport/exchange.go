package transport

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"time"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// Sizes of the buffers that an exchange keeps for the next one; what grew
// larger is given back.
const (
	bodyBuffer = 16 << 10 // pieces of a body
	keepAtMost = 64 << 10
)

// exchange is a program.Exchange and what it takes to play it on a goroutine
// that may block: over HTTP/1.1 or HTTP/2, which differ in where the request's
// body comes from and where the answer goes.
type exchange struct {
	x   program.Exchange
	srv *Server
	ctx *clientContext
	on  strand // nil: a goroutine plays it, which may block

	body   requestBody
	bodyIn bool // the whole body is in x.Body

	call  call
	head  http1.Response // of the answer
	rest  inbox          // pieces of the client's body, where they do not fit behind the head
	out   []byte         // what is written to the client next
	whole []byte         // memory for x.Body
	reply []byte         // memory for x.Reply.Body
	now   moment         // about now: when the clock was last looked at
	start moment         // x.Start; 0: that is not set
	want  program.Want   // what was found that the route wants; Done: nothing
	work  func()         // x.Work
}

// requestBody is the body of the request, as a client's connection has it.
type requestBody interface {
	// begin tells the client to send the body, if it waits for that.
	begin() error
	// ready is the whole body, if it is in memory already and within the limit.
	// It is then used up.
	ready(limit int64) ([]byte, bool)
	// next is the next piece, valid until next is called again; io.EOF follows
	// the last. It fails as soon as it is clear that more than limit bytes come.
	next(limit int64) ([]byte, error)
	// interrupt makes next fail, now and from now on. It is called from
	// another goroutine; settle is called when that one has returned.
	interrupt()
	settle()
}

// errTooLarge is a body that has more bytes than it may.
var errTooLarge = errors.New("transport: body too large")

// errSlow is a body that came too slowly.
var errSlow = errors.New("transport: body too slow")

func newExchange(s *Server) *exchange {
	e := &exchange{srv: s}
	e.x.Lane = s.made.Add(1)
	e.call.init(s.cfg.Upstreams)
	e.work = e.x.Work
	return e
}

// giveBack keeps an exchange for the next request, here or wherever it comes. One
// whose memory has grown is nobody's own, so that the garbage collector may have
// it.
func (c *conn) giveBack(e *exchange) {
	if c.on != nil && c.kept == nil && !e.large() {
		c.kept = e
		return
	}
	c.body.e, c.body.in, c.to.e = nil, &c.in, nil
	c.ses.srv.exchanges.Put(e)
}

// take is an exchange that is ready for a request.
func (c *conn) take() *exchange {
	e := c.kept
	if e == nil || e.srv != c.ses.srv {
		e = c.ses.srv.take(c.context(), c.on)
		if c.on != nil {
			e.x.Lane = c.lane
		}
		return e
	}
	c.kept = nil
	e.ctx = c.context()
	e.clear()
	return e
}

// take is an exchange that is ready for a request.
func (s *Server) take(ctx *clientContext, on strand) *exchange {
	e, ok := s.exchanges.Get().(*exchange)
	if !ok {
		e = newExchange(s)
	}
	e.ctx, e.on, e.call.on = ctx, on, on
	e.reset()
	return e
}

// large says that e holds more memory than one that waits for its next request
// should.
func (e *exchange) large() bool {
	return max(cap(e.whole), cap(e.reply), cap(e.out), cap(e.x.Body), cap(e.x.Reply.Body)) > keepAtMost
}

// clear makes e ready for a request, with the memory that it has.
func (e *exchange) clear() {
	e.x.Body, e.x.Reply.Body = nil, nil // they pointed into buffers
	e.x.Reset(e.ctx)
	e.bodyIn, e.want, e.start = false, program.Done, 0
	e.call.trim()
}

// reset makes e ready for a request, with no more memory than is worth keeping.
func (e *exchange) reset() {
	e.clear()
	if cap(e.whole) > keepAtMost {
		e.whole = nil
	}
	if cap(e.reply) > keepAtMost {
		e.reply = nil
	}
	if cap(e.out) > keepAtMost {
		e.out = nil
	}
}

// play plays the route until the answer stands.
func (e *exchange) play() {
	for !e.playOn() {
	}
}

// playOn plays until the answer stands, or until a step panics: that is a bug,
// and it may cost its own request, but nobody else's.
func (e *exchange) playOn() (done bool) {
	defer func() {
		if p := recover(); p != nil {
			e.panicked(p)
		}
	}()
	for {
		want := e.want
		if e.want = program.Done; want == program.Done {
			want = e.x.Play()
		}
		switch want {
		case program.WantBody:
			e.readBody()
		case program.WantCall:
			if err := e.call.do(e); err != nil {
				e.fail(err)
			}
		case program.WantWork:
			e.ctx.begin()
			e.aside(e.work)
			e.ctx.pause()
			e.now = e.srv.clock.now()
		case program.Done:
			return true
		}
	}
}

// glance plays as far as that is possible without waiting for anything, and
// says whether the answer stands. If not, play goes on from there.
func (e *exchange) glance() (done bool) {
	defer func() {
		if p := recover(); p != nil {
			e.panicked(p)
		}
	}()
	e.want = program.Done // of one that panics, too
	e.want = e.x.Play()
	return e.want == program.Done
}

func (e *exchange) panicked(p any) {
	e.srv.cfg.Log.Error("step panicked", "panic", p, "stack", string(debug.Stack()))
	e.x.Fail(fmt.Errorf("step panicked: %v", p))
}

// aside runs f where it may block.
func (e *exchange) aside(f func()) {
	if e.on == nil {
		f()
		return
	}
	e.on.aside(f)
}

// finished runs the finishing steps.
func (e *exchange) finished() {
	defer func() {
		if p := recover(); p != nil {
			e.finishPanicked(p)
		}
	}()
	if e.waitsAtEnd() {
		e.aside(e.x.Finished)
		return
	}
	e.x.Finished()
}

func (e *exchange) finishPanicked(p any) {
	e.srv.cfg.Log.Error("finishing step panicked", "panic", p, "stack", string(debug.Stack()))
}

// waitsAtEnd says that a finishing step may wait.
func (e *exchange) waitsAtEnd() bool {
	for i := range e.x.Route.Finish {
		if e.x.Route.Finish[i].Waits {
			return true
		}
	}
	return false
}

// date is about now: the start of the request, unless that is long ago. The
// clock of the machine is not asked for it each time.
func (e *exchange) date() time.Time {
	if e.start != 0 && e.now < e.start.plus(time.Second) {
		return e.x.Start
	}
	return time.Now()
}

// begun notes that the request begins now, or about now: a loop looks at the
// clock once for a batch of requests.
func (e *exchange) begun() {
	if e.on != nil {
		e.x.Start, e.now = e.on.began()
	} else {
		e.x.Start = time.Now()
		e.now = e.srv.clock.at(e.x.Start)
	}
	e.start = e.now
}

// fail makes err the answer, after a wait that led to nothing.
func (e *exchange) fail(err error) {
	e.now = e.srv.clock.now()
	e.x.Fail(err)
}

// limit is the most bytes that the body may have.
func (e *exchange) limit() int64 {
	if m := e.x.Route.MaxBody; m > 0 && m < e.srv.cfg.MaxBody {
		return m
	}
	return e.srv.cfg.MaxBody
}

// readBody gives the route the whole body.
func (e *exchange) readBody() {
	if err := e.collect(); err != nil {
		e.fail(bodyRefusal(err))
	}
}

func (e *exchange) collect() error {
	limit := e.limit()
	if e.x.Request.Length > limit {
		return errTooLarge
	}
	if err := e.body.begin(); err != nil {
		return err
	}
	if body, ok := e.body.ready(limit); ok {
		e.setBody(body)
		return nil
	}
	e.whole = e.whole[:0]
	for {
		piece, err := e.body.next(limit)
		if errors.Is(err, io.EOF) {
			e.now = e.srv.clock.now()
			e.setBody(e.whole)
			return nil
		}
		if err != nil {
			return err
		}
		e.whole = append(e.whole, piece...)
	}
}

func (e *exchange) setBody(body []byte) {
	e.x.SetBody(body)
	e.bodyIn = true
}

// bodyRefusal is the answer to a body that cannot be read.
func bodyRefusal(err error) *program.Refusal {
	var malformed *http1.Error
	switch {
	case errors.Is(err, errTooLarge):
		return program.RequestTooLarge.Refuse(err)
	case errors.Is(err, errSlow):
		return &program.Refusal{Type: program.BadRequest, Status: 408, Message: "Request Timeout", Cause: err}
	case errors.As(err, &malformed) && malformed.Status == 413:
		return program.RequestTooLarge.Refuse(err)
	default:
		return program.BadRequest.Refuse(err)
	}
}
