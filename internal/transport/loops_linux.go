package transport

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// HasLoops says whether there are event loops here.
const HasLoops = true

// Loops are event loops, one a core, that any number of servers share. They
// run while somebody serves on them.
//
// A loop has its connections to itself: it waits for all of them at once, and
// what it does for one, it does until there is nothing left to do or something
// to wait for. The code that it runs is that of the goroutine driver; where
// that code waits, a loop puts it aside as a coroutine (task) and goes on with
// another connection. An idle connection has no coroutine and no buffer.
type Loops struct {
	cfg LoopsConfig

	mu    sync.Mutex
	users int
	loops []*loop // while there are users
	ended sync.WaitGroup
	lag   []lagCounters // by the number of a loop, which they outlast
}

// lagCounters add up what loops were busy with. A loop adds to its own; nobody
// else writes them, but for who asks for the longest.
type lagCounters struct {
	turns, busy, longest atomic.Int64
	over                 [4]atomic.Int64
	_                    [72]byte // two cache lines for each, see LaneCounter
}

// NewLoops makes loops; it starts nothing.
func NewLoops(cfg LoopsConfig) *Loops {
	if cfg.N <= 0 {
		cfg.N = runtime.GOMAXPROCS(0)
	}
	if cfg.Helpers <= 0 {
		cfg.Helpers = 8192
	}
	return &Loops{cfg: cfg, lag: make([]lagCounters, cfg.N)}
}

func (ls *Loops) upstreams() *Upstreams { return ls.cfg.Upstreams }

// enter makes sure that the loops run, until leave.
func (ls *Loops) enter() ([]*loop, error) {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.users > 0 {
		ls.users++
		return ls.loops, nil
	}
	var loops []*loop
	for i := range ls.cfg.N {
		l, err := newLoop(ls, i)
		if err != nil {
			for _, l := range loops {
				l.release()
			}
			return nil, err
		}
		loops = append(loops, l)
	}
	// A loop waits in a call that the scheduler does not know of, so that what
	// it runs on is its own. Whatever else there is, gets as much as before.
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + len(loops))
	ls.users, ls.loops = 1, loops
	ls.cfg.Upstreams.join(ls)
	for _, l := range loops {
		ls.ended.Go(l.run)
	}
	return loops, nil
}

// leave ends the loops if nobody else serves on them.
func (ls *Loops) leave() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	if ls.users--; ls.users > 0 {
		return
	}
	for _, l := range ls.loops {
		l.do(func() { l.ending = true })
	}
	ls.ended.Wait()
	ls.cfg.Upstreams.part(ls)
	runtime.GOMAXPROCS(max(1, runtime.GOMAXPROCS(0)-len(ls.loops)))
	ls.loops = nil
}

// each has every loop do something, and waits until all have.
func each(loops []*loop, f func(*loop)) {
	var wg sync.WaitGroup
	for _, l := range loops {
		wg.Add(1)
		l.do(func() {
			defer wg.Done()
			f(l)
		})
	}
	wg.Wait()
}

// closeIdle closes the idle connections to upstreams.
func (ls *Loops) closeIdle() {
	ls.mu.Lock()
	defer ls.mu.Unlock()
	each(ls.loops, func(l *loop) { l.expireIdle(never) })
}

// Lag is what the loops were busy with, those that have ended as well.
func (ls *Loops) Lag() (g Lag) {
	for i := range ls.lag {
		c := &ls.lag[i]
		g.Turns += c.turns.Load()
		g.Busy += time.Duration(c.busy.Load())
		g.Longest = max(g.Longest, time.Duration(c.longest.Swap(0)))
		for j := range g.Over {
			g.Over[j] += c.over[j].Load()
		}
	}
	return g
}
