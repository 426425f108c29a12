package lambda

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/runtimes"
)

// finishGrace is how long a call may wait for an environment that has answered and
// is about to ask for more work, before another one is started.
const finishGrace = 50 * time.Millisecond

// pool is the environments of one revision of one version. What is guarded is
// guarded by its function's mu.
//
// A call takes the environment that was used last. If none is idle it waits, and
// an environment is started for it; whichever becomes ready first serves the call
// that waits longest.
type pool struct {
	f       *function
	host    *Host
	name    string // the function's
	version Version

	prepare sync.Once
	// What setUp makes: scratch of all its environments, the code's absolute path
	// and what stands for /opt; or its error.
	dir, code, opt string
	broken         error

	retired   bool                      // of an older revision: ends with its last call
	idle      []*environment            // the last is the warmest
	all       map[*environment]struct{} // also those that start or work
	waiting   []*call
	starting  int  // environments that are not ready yet
	finishing int  // environments that have answered and are not ready yet
	checking  bool // check is on its way
}

func newPool(f *function, v Version) *pool {
	return &pool{f: f, host: f.host, name: f.def.Name, version: v, all: map[*environment]struct{}{}}
}

// take takes the warmest idle environment for c, or puts c in the queue and
// returns nil. The function's mu is held.
func (p *pool) take(c *call) *environment {
	if n := len(p.idle); n > 0 {
		e := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		return e
	}
	c.own()
	p.waiting = append(p.waiting, c)
	p.refill(p.finishing)
	return nil
}

// refill starts environments for the calls that nothing is coming for: coming is
// how many others are about to be ready, which is looked at again soon. The
// function's mu is held.
func (p *pool) refill(coming int) {
	for len(p.waiting) > p.starting+coming {
		if !p.host.enter() {
			for _, c := range p.waiting {
				p.f.releaseLocked(c)
				c.answer(outcome{err: errStopped()})
			}
			p.waiting = nil
			return
		}
		e := newEnvironment(p)
		p.starting++
		p.all[e] = struct{}{}
		go e.run()
	}
	if len(p.waiting) > p.starting && !p.checking {
		p.checking = true
		time.AfterFunc(finishGrace, p.check)
	}
}

// check starts what is still missing after finishGrace.
func (p *pool) check() {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	p.checking = false
	p.refill(0)
}

// give hands c to e; an environment that turns out to be lost is replaced.
func (p *pool) give(e *environment, c *call) {
	for e != nil && !e.begin(c) {
		p.f.mu.Lock()
		e = p.take(c)
		p.f.mu.Unlock()
	}
}

// ready takes an environment that waits for work. first tells that it has just started.
func (p *pool) ready(e *environment, first bool) {
	p.f.mu.Lock()
	if first {
		p.starting--
	} else {
		p.finishing--
	}
	over := e.over(p.host.cfg.Now())
	if len(p.waiting) > 0 && (first || !over) {
		c := p.waiting[0]
		p.waiting[0] = nil
		p.waiting = p.waiting[1:]
		p.f.mu.Unlock()
		p.give(e, c)
		return
	}
	if over {
		p.refill(p.finishing)
	}
	retired := p.retired || over
	if !retired {
		e.idleSince = time.Now()
		p.idle = append(p.idle, e)
	}
	p.f.mu.Unlock()
	if retired {
		e.retire()
	}
}

// finish notes that e has answered and is about to be ready, and that c counts no more.
func (p *pool) finish(c *call) {
	p.f.mu.Lock()
	p.finishing++
	p.f.releaseLocked(c)
	p.f.mu.Unlock()
}

// failed takes an environment that did not become ready: the oldest call that has
// nothing else coming for it is answered with why.
func (p *pool) failed(why func(*call) outcome) {
	p.f.mu.Lock()
	p.starting--
	var c *call
	if len(p.waiting) > p.starting+p.finishing {
		c = p.waiting[0]
		p.waiting[0] = nil
		p.waiting = p.waiting[1:]
		p.f.releaseLocked(c)
	}
	p.refill(p.finishing)
	p.f.mu.Unlock()
	if c != nil {
		c.answer(why(c))
	}
}

// wanted tells whether an environment that has not begun to start still should. If
// not, it is counted out.
func (p *pool) wanted() bool {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	if len(p.waiting) >= p.starting {
		return true
	}
	p.starting--
	return false
}

// gone forgets an environment whose processes have ended; finishing tells that it
// had answered but not become ready.
func (p *pool) gone(e *environment, finishing bool) {
	p.f.mu.Lock()
	delete(p.all, e)
	for i, x := range p.idle {
		if x == e {
			p.idle = append(p.idle[:i:i], p.idle[i+1:]...)
			break
		}
	}
	if finishing {
		p.finishing--
	}
	p.refill(p.finishing)
	last := p.retired && len(p.all) == 0
	p.f.mu.Unlock()
	if last {
		removeAll(p.dir)
	}
}

// leave takes a call out of the queue whose caller has gone.
func (p *pool) leave(c *call) {
	p.f.mu.Lock()
	defer p.f.mu.Unlock()
	for i, x := range p.waiting {
		if x == c {
			p.waiting = append(p.waiting[:i:i], p.waiting[i+1:]...)
			p.f.releaseLocked(c)
			return
		}
	}
}

// retire makes the pool end with its last call. It returns the idle environments,
// which the caller ends. The function's mu is held.
func (p *pool) retire() []*environment {
	p.retired = true
	idle := p.idle
	p.idle = nil
	return idle
}

// setUp makes the pool's folders, once.
func (p *pool) setUp() error {
	p.prepare.Do(func() {
		p.dir = p.host.folder(p.host.scratch.dir, "version")
		p.broken = os.MkdirAll(p.cache(), 0o700)
		switch {
		case p.broken != nil || len(p.version.Layers) == 0:
		case len(p.version.Layers) == 1:
			p.opt, p.broken = filepath.Abs(p.version.Layers[0])
		default:
			p.opt = filepath.Join(p.dir, "opt")
			p.broken = runtimes.Merge(p.opt, p.version.Layers)
		}
		if p.broken == nil {
			p.code, p.broken = filepath.Abs(p.version.CodeDir)
		}
	})
	if p.broken != nil {
		return &NotReady{Reason: "the function's files could not be prepared", Cause: p.broken}
	}
	return nil
}

// cache is where the pool's environments may share compiled code.
func (p *pool) cache() string { return filepath.Join(p.dir, "cache") }

// noRuntime turns what the runtimes package says into the host's words.
func noRuntime(err error) error {
	if missing, ok := errors.AsType[*runtimes.Missing](err); ok {
		return &NoRuntime{Runtime: missing.Runtime, Found: missing.Found}
	}
	return fmt.Errorf("prepare runtime: %w", err)
}
