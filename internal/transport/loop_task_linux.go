package transport

import (
	"fmt"
	"iter"
	"runtime/debug"
	"time"
)

// task is a coroutine of a loop. What it does may look as if it blocked: where
// it waits, it gives the loop to others, and goes on where it was.
type task struct {
	l      *loop
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool

	work func() // what it does when it is next resumed; nil: it serves peer
	peer *peer
	conn *conn // with its buffers; made when it first serves a client

	inlined bool      // the loop does its work, on the loop's own stack
	leave   bool      // the coroutine is to go on with it
	flight  *exchange // waits for its upstream without the coroutine

	into    []byte // where what it waits for is to be read to; nil: it reads itself
	fetched int    // how much was

	ops    int   // reads and writes since it was resumed
	why    error // why a wait ended
	queued bool  // it is in loop.ready

	job      func() // what a helper does for it
	help     func() // the helper
	panicked any
	checked  //nolint:unused // has fields with loopcheck
}

// task is a task that has nothing to do.
func (l *loop) task() *task {
	if n := len(l.spare); n > 0 {
		t := l.spare[n-1]
		l.spare[n-1] = nil
		l.spare = l.spare[:n-1]
		return t
	}
	t := &task{l: l}
	t.help = func() {
		defer l.post(t)
		defer func() {
			if p := recover(); p != nil {
				t.panicked = fmt.Sprintf("%v\n%s", p, debug.Stack())
			}
		}()
		t.job()
	}
	t.resume, t.stop = iter.Pull(t.run)
	t.resume()
	return t
}

// run is what the coroutine does.
func (t *task) run(yield func(struct{}) bool) {
	t.yield = yield
	for yield(struct{}{}) {
		enter(t)
		if t.work != nil {
			t.work()
			t.work = nil
		} else {
			t.serve()
		}
		t.done()
	}
}

// done makes the task one that has nothing to do.
func (t *task) done() {
	l := t.l
	if c := t.conn; t.peer != nil {
		t.peer, c.link.wire, c.watch, c.ses = nil, nil, nil, nil
		if len(l.spare) >= fullTasks {
			c.thin()
		}
	}
	l.busy--
	l.spare = append(l.spare, t)
}

// start gives a client to a task. Only the loop itself does that, never a task.
func (l *loop) start(p *peer) {
	t := l.task()
	t.peer = p
	l.busy++
	t.begin()
	if len(l.spare) > spareTasks {
		last := len(l.spare) - 1
		l.spare[last].stop()
		l.spare[last] = nil
		l.spare = l.spare[:last]
	}
}

// switchTo goes on with a task until it waits or has done.
func (l *loop) switchTo(t *task) {
	t.queued = false
	if t.flight != nil {
		t.land()
		return
	}
	l.current = t
	t.ops = 0
	t.resume()
	l.current = nil
}

// park gives the loop to others, until somebody wakes the task.
func (t *task) park() {
	t.yield(struct{}{}) // false only for a task that has nothing to do
	enter(t)
}

// waits is called before anything is done for a wait: the loop itself may not.
func (t *task) waits() *task {
	if t.inlined {
		panic("transport: the loop itself would wait")
	}
	return t
}

// wakeUp ends the wait of a task that is parked, in the next turn.
func (t *task) wakeUp(why error) {
	t.why = why
	if !t.queued {
		t.queued = true
		t.l.ready = append(t.l.ready, t)
	}
}

// breathe gives the loop to others if the task has had it for long.
func (t *task) breathe() {
	if t.inlined {
		return
	}
	if t.ops++; t.ops >= turnOps {
		t.wakeUp(nil)
		t.park()
	}
}

// aside implements strand.
func (t *task) aside(f func()) {
	l := t.waits().l
	t.job = f
	if l.helpers < l.set.cfg.Helpers {
		l.help(t)
	} else {
		l.line = append(l.line, t)
	}
	t.park()
	t.job = nil
	if p := t.panicked; p != nil {
		t.panicked = nil
		panic(p)
	}
}

func (l *loop) help(t *task) {
	l.helpers++
	l.helped = true
	go t.help()
}

// about implements strand.
func (t *task) about() moment { return t.l.now }

// pool implements strand.
func (t *task) pool(p *pool) connPool { return t.l.pool(p) }

// began implements strand.
func (t *task) began() (time.Time, moment) { return t.l.began, t.l.now }

// fork implements strand.
func (t *task) fork(f func()) branch { return t.l.fork(f) }

// fork starts f on a task of its own, in the next turn.
func (l *loop) fork(f func()) *twig {
	b := &twig{l: l}
	t := l.task()
	t.work = func() {
		defer b.end()
		f()
	}
	l.busy++
	t.wakeUp(nil)
	return b
}

// twig is a branch on a loop.
type twig struct {
	l       *loop
	ended   bool
	waiting *task
}

func (b *twig) end() {
	b.ended = true
	if b.waiting != nil {
		b.waiting.wakeUp(nil)
		b.waiting = nil
	}
}

func (b *twig) over() bool { return b.ended }

// soon does not wait: a twig that could go on has done so.
func (b *twig) soon() bool { return b.ended }

func (b *twig) wait() {
	if !b.ended {
		b.waiting = b.l.current.waits()
		b.waiting.park()
	}
}
