package transport

import (
	"errors"
	"runtime/debug"

	"github.com/stagedoor/stagedoor/internal/http1"
	"github.com/stagedoor/stagedoor/internal/program"
)

// A request that waits for nothing but the first answer of its upstream is
// served by the loop itself: its task lends memory, but its coroutine is not
// switched to, and its stack stays out of the caches. As soon as anything else
// has to be waited for, the coroutine goes on from there. What is done is the
// same, by the same functions; only what would wait is left out here.

// inlineMost is the longest body of an answer that the loop sends itself.
const inlineMost = outMost - headBuffer

// begin serves what has come from t.peer.
func (t *task) begin() { t.onLoop((*task).start) }

// start does what begin says.
func (t *task) start() {
	if t.conn == nil {
		t.conn = newParts(&link{})
		t.conn.on, t.conn.lane = t, t.l.number
	}
	t.conn.phase = phaseLoop
	t.conn.adopt(t.peer)
	t.roll(t.open())
}

// land goes on with what has come from the upstream, or not: then why says so.
func (t *task) land() { t.onLoop((*task).resumeFlight) }

// resumeFlight does what land says.
func (t *task) resumeFlight() {
	e := t.flight
	t.flight, t.conn.phase = nil, phaseLoop
	if t.landed(e) {
		t.roll(e)
	}
}

// onLoop is inline, but within a batch it leaves what panics to whoever serves
// the batch, which costs nothing for each request.
func (t *task) onLoop(f func(*task)) {
	t.ops = 0
	if !t.l.guarded {
		t.inline(func() { f(t) })
		return
	}
	t.l.current, t.inlined, t.leave = t, true, false
	f(t)
	t.outline()
}

// outline ends what the loop itself does for the task. What it leaves is for the
// coroutine.
func (t *task) outline() {
	t.l.current, t.inlined, t.conn.phase = nil, false, phaseOwn
	if t.leave {
		t.l.switchTo(t)
	}
}

// inline runs f on the loop's own stack, and whatever f leaves on the task's.
// What panics costs its connection only, as it does there.
func (t *task) inline(f func()) {
	t.l.current, t.inlined, t.leave = t, true, false
	defer func() {
		if r := recover(); r != nil {
			t.mishap(r)
			return
		}
		t.outline()
	}()
	f()
}

// mishap takes note that what the loop itself did for the task has panicked. It
// costs as much as it does elsewhere, depending on where it was.
func (t *task) mishap(r any) {
	c := t.conn
	at := c.phase
	t.l.out.takeBack()
	t.inline(func() {
		e := c.begun
		c.phase = phaseLoop
		switch at {
		case phaseBegin:
			e.beginPanicked(r)
			c.refused, t.leave = errBegin, true
		case phasePlay:
			e.panicked(r)
			t.leave = true
		case phaseFinish:
			e.finishPanicked(r)
			if t.ended(e) {
				t.roll(t.follow())
			}
		default:
			again := c.broken
			if c.broken, t.leave = true, true; !again {
				c.ses.srv.cfg.Log.Error("connection panicked", "panic", r, "stack", string(debug.Stack()))
			}
		}
	})
}

// roll serves the exchange, and those behind it, as far as nothing is waited for.
func (t *task) roll(e *exchange) {
	for e != nil {
		if !t.advance(e) {
			return
		}
		e = t.follow()
	}
}

// open takes in a request; nil: its coroutine does that.
func (t *task) open() *exchange {
	c := t.conn
	if c.in.empty() {
		if err := c.glimpse(t.peer); err != nil {
			t.leave = true
			return nil
		}
	}
	if t.peer.tail != nil { // the client has to take the answers before
		t.leave = true
		return nil
	}
	e := c.take()
	n, err := http1.ParseRequest(&e.x.Request, c.in.bytes(), &c.ses.srv.cfg.Limits)
	if err != nil || n == 0 {
		c.giveBack(e)
		t.leave = true
		return nil
	}
	c.begun = e
	if c.refused = c.accept(e, n); c.refused != nil || !c.body.here() || e.waitsAtEnd() {
		t.leave = true
		return nil
	}
	return e
}

// advance plays the exchange, and says whether it is over and the connection
// goes on.
func (t *task) advance(e *exchange) (over bool) {
	c := t.conn
	for {
		c.phase = phasePlay
		e.want = program.Done // of one that panics, too
		e.want = e.x.Play()
		if c.phase = phaseLoop; e.want == program.Done {
			break
		}
		switch {
		case e.want == program.WantBody:
			e.readBody() // it is here
			continue
		case e.want == program.WantCall && e.call.launch(e, t):
			t.flight = e
		default:
			t.leave = true
		}
		return false
	}
	if !e.short() || t.peer.tail != nil {
		t.leave = true
		return false
	}
	t.answer(e)
	c.phase = phaseFinish
	e.x.Finished() // open has found that it does not wait
	c.phase = phaseLoop
	return t.ended(e)
}

// answer sends the answer. It is written where it is sent from, if that can be.
func (t *task) answer(e *exchange) {
	s, to, o := &t.peer.sock, &t.conn.to, &t.l.out
	to.held = t.peer.tls == nil && o.lend(s, e)
	e.answer(to)
	if !to.held {
		return
	}
	switch to.held = false; {
	case len(e.out) == 0: // it was broken off
	case o.holds(e.out) && len(e.out) <= outMost:
		s.parcel(len(o.b), len(e.out), to.by())
	default:
		to.release()
	}
	o.takeBack()
}

// ended says whether the connection goes on after an exchange that is over.
func (t *task) ended(e *exchange) bool {
	c := t.conn
	if !c.complete(e) {
		c.answered, t.leave = true, true
		return false
	}
	c.begun = nil
	c.over(e, true)
	return true
}

// follow is the next request of the connection, if it is here already. If not,
// the connection is idle, and the task has nothing to do.
func (t *task) follow() *exchange {
	c, p := t.conn, t.peer
	if t.ops++; t.ops >= turnOps || c.ses.leaving.Load() {
		t.leave = true
		return nil
	}
	if c.in.empty() {
		if p.tls == nil && p.spent() && len(c.link.early) == 0 { // mostly
			return t.rest()
		}
		if err := c.glimpse(p); err != nil {
			if errors.Is(err, errNothing) {
				return t.rest()
			}
			t.leave = true
			return nil
		}
	}
	return t.open()
}

// rest leaves the client's connection idle, and the task without anything to do.
func (t *task) rest() *exchange {
	t.peer.rest(t.conn.link.readBy)
	t.done()
	return nil
}

// landed takes in what has come from the upstream, and says whether the exchange
// goes on here.
func (t *task) landed(e *exchange) bool {
	call := &e.call
	n, err := t.fetched, t.why
	t.into, t.fetched = nil, 0
	switch s, _ := call.conn.wire.(*upSock); {
	case n > 0:
		err = nil
	case err == nil:
		if n, err = s.readNow(call.head.b); err == errNothing { //nolint:errorlint // made by readNow
			t.await(&s.sock, call)
			t.flight = e
			return false
		}
	}
	call.conn.full = n == len(call.head.b)
	call.flown, call.came, call.why, call.wrote = true, n, nil, len(call.out)
	if err != nil {
		call.why = endOf(err)
		if _, unsent := errors.AsType[*unsentError](err); unsent {
			call.wrote = 0
		}
	}
	if err != nil || !call.whole(e) {
		t.leave = true // which finds that the exchange wants a call, and what is done of it
		return false
	}
	e.want = program.Done
	return true
}

// await has the task wait for the answer of a call.
func (t *task) await(s *sock, c *call) {
	t.into, t.fetched, t.why = c.head.b, 0, nil
	s.reader, s.readBy = t, c.by
	s.l.wheel.arm(s, c.by)
}

// launch sends the request of a call, if that can be done at once on a plain
// connection that is there.
func (c *call) launch(e *exchange, t *task) bool {
	if e.x.Call.Stream && !e.bodyIn && e.x.Request.Length != http1.NoBody {
		body, ok := e.body.ready(e.limit())
		if !ok {
			return false // it is larger than it may be
		}
		e.x.Body, e.bodyIn = body, true
	}
	pool := t.l.known(e.x.Call.Origin)
	if pool == nil {
		return false // do makes it, or says why it cannot
	}
	s := pool.plain()
	if s == nil {
		return false // before the request is written, since that is done once more then
	}
	c.pool = pool
	later, err := c.address(e)
	if err != nil || later != nil || len(c.out) > outMost || !repeatable(e.x.Call.Method) && !s.quiet() {
		return false
	}
	if !pool.nextIs(s) {
		return false // it has gone meanwhile
	}
	c.open(pool.takeLast())
	c.ups.Counters.Reused.add(e.x.Lane)
	if !s.put(c.out, c.takeBy(e)) {
		c.drop()
		return false
	}
	t.await(&s.sock, c)
	return true
}

// whole takes the answer, if all of it is here.
func (c *call) whole(e *exchange) bool {
	c.head.w = c.came
	n, err := c.parse(e)
	reply := &e.x.Reply.Response
	if err != nil || n == 0 || reply.Status < 200 || reply.Length < 0 || int64(c.head.w-n) < reply.Length {
		return false
	}
	if reply.Length > inlineMost || e.x.Call.Buffer > 0 && reply.Length > e.x.Call.Buffer {
		return false
	}
	c.flown = false
	c.headIn(e, n)
	e.x.Reply.Latency = e.now.since(c.began)
	if e.x.Call.Buffer > 0 && !c.ended {
		e.x.Reply.Body, _ = c.next() // all of it is there
	}
	return true
}

// short says that the answer stands and can be sent at once.
func (e *exchange) short() bool {
	a := &e.x.Answer
	switch {
	case a.Upgrade != nil || a.Stream != nil || a.Flow != (program.Flow{}):
		return false
	case a.Relay:
		return e.call.ended || e.call.left >= 0 && int64(e.call.in.w-e.call.in.r) >= e.call.left
	}
	return len(a.Body) <= inlineMost
}
