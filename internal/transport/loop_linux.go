package transport

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

const (
	turnEvents = 256 // sockets that are looked at in one turn
	batch      = 64  // sockets that are served together
	batchTime  = moment(time.Millisecond)
	// A task that finds all it wants goes on for so many reads and writes, then
	// it is others' turn.
	turnOps = 32
	// A loop that had something to do a moment ago keeps its thread while it
	// waits, which is cheap and quick, as long as others have one, too. It does
	// not let them in before each wait: the scheduler would wake a thread to look
	// after them, though there may be nobody. A loop that is idle gives its thread
	// back.
	keepThread = 4 * time.Millisecond
	spareTasks = 256
	fullTasks  = 64 // of those, how many keep the memory of an exchange
)

// loop is an event loop. All that hangs on it belongs to its goroutine and the
// tasks that this one switches to; do and post are for everybody else.
type loop struct {
	set    *Loops
	number uint32       // among those of the set, the lane of its exchanges
	lag    *lagCounters // its own
	ups    *Upstreams
	clock  clock
	now    moment    // when the present batch began
	began  time.Time // the same

	poller int
	waker  int // an eventfd that ends a wait
	events []unix.EpollEvent
	socks  []*sock // by descriptor
	wheel  wheel
	active moment // when there was last something to do
	asked  moment // when the scheduler was last asked
	others bool   // it has more threads than there are loops

	current *task
	guarded bool    // what panics in a task that the loop serves itself is seen to
	checked         //nolint:unused // has fields with loopcheck
	ready   []*task // to go on in the next turn
	going   []*task // memory for it
	spare   []*task
	busy    int // tasks at work

	in  intake
	out outbox

	helped  bool    // a helper has just been started
	helpers int     // goroutines at work for tasks
	line    []*task // who waits for one

	dead  []int       // closed at the end of the turn, so that nothing said of one is taken for its successor's
	pools []*loopPool // by Origin.ID; nil where nothing was called yet
	sweep moment      // when idle connections to upstreams are to be looked at; 0: there are none

	ending   bool
	sleeping atomic.Bool // a wait is under way that must be ended from outside
	posted   atomic.Bool // there is something in the next ones
	mu       sync.Mutex
	back     []*task // whose helper is done
	calls    []func()
}

func newLoop(ls *Loops, number int) (*loop, error) {
	l := &loop{
		set: ls, number: uint32(number), lag: &ls.lag[number], ups: ls.cfg.Upstreams, clock: ls.cfg.Upstreams.clock,
		events: make([]unix.EpollEvent, turnEvents), poller: -1, waker: -1, in: intake{b: make([]byte, inRoom)}, out: outbox{b: make([]byte, 0, outRoom)},
	}
	var err error
	if l.poller, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	if l.waker, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err == nil {
		err = unix.EpollCtl(l.poller, unix.EPOLL_CTL_ADD, l.waker, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(l.waker)})
	}
	if err != nil {
		l.release()
		return nil, fmt.Errorf("make an event loop: %w", err)
	}
	l.look()
	l.wheel.start(l.now)
	return l, nil
}

// release gives back what newLoop took.
func (l *loop) release() {
	for _, fd := range [...]int{l.poller, l.waker} {
		if fd >= 0 {
			_ = unix.Close(fd) // nothing is lost with it
		}
	}
}

// run is the loop. It is not locked to a thread: it does not leave its own as
// long as it makes no call that the scheduler knows of, and letting others in
// costs 0.1 us this way, but 25 us with a thread that is locked.
func (l *loop) run() {
	own(l)
	for !l.ending || l.busy > 0 {
		n := l.wait()
		l.look()
		from := l.now
		l.turn(n)
		if n > 0 {
			l.note(l.clock.now() - from)
		}
	}
	l.expireIdle(never)
	l.bury()
	for _, t := range l.spare {
		t.stop()
	}
	l.release()
}

// look looks at the clock.
func (l *loop) look() {
	l.began = time.Now()
	l.now = l.clock.at(l.began)
}

// turn does everything that there is to do now.
func (l *loop) turn(n int) {
	for at := batch; at < n; at++ { // what is known of the batches to come
		if s := l.sockOf(&l.events[at]); s != nil && l.events[at].Events&toRead != 0 {
			s.dry = false
		}
	}
	for at := 0; at < n; at += batch {
		if at > 0 {
			l.look()
		}
		l.serve(l.events[at:min(n, at+batch)])
	}
	if l.posted.Load() {
		l.takePosted()
	}
	l.wheel.advance(l.now)
	if l.sweep != 0 && l.now >= l.sweep {
		l.expireIdle(l.now - moment(l.ups.cfg.IdleTimeout))
	}
	if len(l.ready) > 0 {
		l.going, l.ready = l.ready, l.going[:0]
		for _, t := range l.going {
			l.switchTo(t)
		}
		clear(l.going)
	}
	l.finish()
	if len(l.dead) > 0 {
		l.bury()
	}
	if n > 0 || len(l.ready) > 0 {
		l.active = l.now
	}
}

// serve does what there is to do for a batch of sockets: it reads, lets tasks go
// on, and writes, each for all of them before the next.
func (l *loop) serve(events []unix.EpollEvent) {
	l.gather(events)
	for i := 0; i < len(events); {
		i = l.serveFrom(events, i)
	}
	l.finish()
}

// serveFrom serves the sockets of a batch from one on, up to the last one or one
// at which something has panicked, and tells which is next.
func (l *loop) serveFrom(events []unix.EpollEvent, i int) (next int) {
	l.guarded = true
	defer func() {
		l.guarded = false
		if t := l.current; t != nil && t.inlined {
			t.mishap(recover())
		}
	}()
	for ; i < len(events); i++ {
		next = i + 1
		ev := &events[i]
		if int(ev.Fd) == l.waker {
			var b [8]byte
			_, _ = rawReadFile(l.waker, b[:]) // it is only a signal
			continue
		}
		if s := l.sockOf(ev); s != nil {
			s.event(ev.Events)
		}
		if i%8 == 7 && len(l.out.parcels) > 0 && l.clock.now()-l.now > batchTime {
			l.send() // nobody waits for all of a batch that takes long
			l.look()
		}
	}
	return next
}

// finish ends a batch.
func (l *loop) finish() {
	if len(l.out.parcels) > 0 {
		l.send()
	}
	if len(l.in.of) > 0 {
		l.in.keep()
	}
}

// bury closes what was given up in the turn.
func (l *loop) bury() {
	for _, fd := range l.dead {
		_ = unix.Close(fd) // what was written is on its way
	}
	l.dead = l.dead[:0]
}

// note counts a turn.
func (l *loop) note(took moment) {
	c := l.lag
	c.turns.Add(1)
	c.busy.Add(int64(took))
	if took < moment(200*time.Microsecond) {
		return
	}
	for i, step := range LagSteps() {
		if took > moment(step) {
			c.over[i].Add(1)
		}
	}
	for old := c.longest.Load(); int64(took) > old && !c.longest.CompareAndSwap(old, int64(took)); old = c.longest.Load() {
	}
}

// wait waits until a socket, a timer or somebody else has something to do, and
// tells how many sockets.
func (l *loop) wait() (n int) {
	if len(l.ready) > 0 {
		return l.poll(0)
	}
	if l.helped { // a helper goes first, on this thread: it may be quick
		l.helped = false
		runtime.Gosched()
	}
	l.sleeping.Store(true)
	defer l.sleeping.Store(false)
	if l.posted.Load() {
		return l.poll(0)
	}
	most := l.patience(l.now)
	if l.now-l.active < moment(keepThread) && l.otherThreads() {
		return l.poll(min(most, int(keepThread/time.Millisecond)))
	}
	n, err := unix.EpollWait(l.poller, l.events, most)
	if err != nil {
		return 0 // interrupted
	}
	return n
}

// otherThreads says that there are more threads than loops. The scheduler, which
// has a lock for that, is asked now and then only.
func (l *loop) otherThreads() bool {
	const often = 100 * time.Millisecond
	if l.now >= l.asked.plus(often) {
		l.asked, l.others = l.now, runtime.GOMAXPROCS(0) > l.set.cfg.N
	}
	return l.others
}

// patience is for how many milliseconds there is nothing to do but for sockets.
func (l *loop) patience(now moment) int {
	const most = 60_000
	by := l.wheel.next()
	if l.sweep != 0 {
		by = min(by, l.sweep)
	}
	if by == never {
		return most
	}
	return int(min(max((by-now+999_999)/1_000_000, 0), most))
}

// poll waits for some milliseconds without telling the scheduler. A signal ends
// it, such as the one that the garbage collector sends to stop the loop.
func (l *loop) poll(milliseconds int) int {
	n, ok := rawEpollWait(l.poller, l.events, milliseconds)
	if !ok {
		runtime.Gosched()
	}
	return n
}

// do has the loop call f. It may be called by any goroutine.
func (l *loop) do(f func()) {
	l.mu.Lock()
	l.calls = append(l.calls, f)
	l.posted.Store(true)
	l.mu.Unlock()
	l.wake()
}

// post lets a task go on whose helper is done.
func (l *loop) post(t *task) {
	l.mu.Lock()
	l.back = append(l.back, t)
	l.posted.Store(true)
	l.mu.Unlock()
	l.wake()
}

func (l *loop) wake() {
	if l.sleeping.Swap(false) {
		one := [8]byte{1}
		_, _ = unix.Write(l.waker, one[:]) // fails only if it is signalled already
	}
}

func (l *loop) takePosted() {
	l.mu.Lock()
	back, calls := l.back, l.calls
	l.back, l.calls = nil, nil
	l.posted.Store(false)
	l.mu.Unlock()
	for _, f := range calls {
		f()
	}
	for _, t := range back {
		l.helpers--
		if len(l.line) > 0 {
			next := l.line[0]
			l.line[0] = nil
			l.line = l.line[1:]
			l.help(next)
		}
		l.switchTo(t)
	}
	l.mu.Lock()
	if l.back == nil {
		clear(back)
		l.back = back[:0]
	}
	l.mu.Unlock()
}
