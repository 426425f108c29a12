package lambda

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
	"github.com/stagedoor/stagedoor/internal/lambda/runtimeapi"
	"github.com/stagedoor/stagedoor/internal/lambda/runtimes"
)

// phase is where an environment stands.
type phase uint8

const (
	starting  phase = iota // its processes start
	idle                   // it waits for work
	busy                   // it has a call
	finishing              // it has answered, and has not asked for more work yet
	ending                 // its processes are being ended
)

// cause is why we ended an environment's processes.
type cause uint8

const (
	ownWill     cause = iota // we did not
	byInitLimit              // the start took too long
	byTimeout                // the call took too long
	byBreach                 // it broke the protocol
	byHost                   // the host stops, or has no more use for it
)

const (
	drainLimit  = 200 * time.Millisecond // for what a dead process has left in its sockets
	startCounts = time.Second            // how long a start keeps others waiting
)

// environment is one execution environment: a runtime's process, the extensions
// beside it, their Runtime API and their scratch folder. run is its life, and the
// methods of runtimeapi.Environment are how it works.
//
// Its mu is never held while its pool's function is locked, nor the other way round.
type environment struct {
	pool      *pool
	host      *Host
	log       *journal
	idleSince time.Time    // guarded by the pool's function
	until     time.Time    // when it takes its last call; guarded by the pool's function
	memory    atomic.Int64 // the most it was seen to take, in bytes
	started   func()       // lets another environment start

	mu        sync.Mutex
	phase     phase
	active    bool // counted in Host.busy
	owing     bool // counted in pool.finishing
	cause     cause
	warned    bool // extensions were told of the end, and are killed later
	attempt   int  // to start
	api       *runtimeapi.Server
	processes []*process.Process // the runtime, then the extensions
	timer     *time.Timer
	deadline  time.Time // of the start or the call
	began     time.Time // the start or the call
	init      time.Duration
	measured  time.Time // when the peak was last asked for
	calls     int
	call      *call                  // while busy
	event     *runtimeapi.Invocation // the call's
	stream    *stream                // the call's answer, once it has begun
}

func newEnvironment(p *pool) *environment {
	return &environment{pool: p, host: p.host, log: newJournal(p), started: func() {}}
}

// run is the environment's life: it starts its processes, waits for their end and
// cleans up. A start that takes longer than the init limit is tried once more,
// within the function's time-out.
func (e *environment) run() {
	defer e.host.leave()
	e.awaitTurn()
	defer e.started()
	if e.pool.wanted() {
		e.host.makeRoom()
		e.host.live.add(e)
		for again := true; again; {
			again = e.live()
		}
		e.host.live.remove(e)
	}
	e.mu.Lock()
	e.enter(ending)
	owing := e.owing
	e.mu.Unlock()
	e.pool.gone(e, owing)
}

// awaitTurn waits until this environment may start: many at a time would only
// make each other late.
func (e *environment) awaitTurn() {
	h := e.host
	select {
	case h.starts <- struct{}{}:
		e.started = sync.OnceFunc(func() { <-h.starts })
		time.AfterFunc(startCounts, e.started)
	case <-h.alive.Done():
	}
}

// enter changes the phase. mu is held.
func (e *environment) enter(p phase) {
	e.phase = p
	if active := p == starting || p == busy || p == finishing; active != e.active {
		e.active = active
		e.host.busy.count(active)
	}
}

// live starts the processes and waits for their end. It reports whether to try
// that again.
func (e *environment) live() (again bool) {
	h, p := e.host, e.pool
	if err := p.setUp(); err != nil {
		return e.stillborn(err)
	}
	dir := h.folder(p.dir, "environment")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return e.stillborn(&NotReady{Reason: "no scratch folder", Cause: err})
	}
	defer removeAll(dir)
	api := runtimeapi.New(e, runtimeapi.Function{
		Name: p.name, Version: p.version.Number, Handler: p.version.Handler, Account: h.cfg.Account,
		MaxResponse: MaxResponse, MaxStream: MaxStream,
	})
	address, err := api.Listen(h.alive)
	if err != nil {
		return e.stillborn(&NotReady{Reason: "no Runtime API", Cause: err})
	}
	var serving sync.WaitGroup
	serving.Go(api.Serve)
	defer serving.Wait()
	defer api.Close()

	as, err := e.credentials()
	if err != nil {
		return e.stillborn(&NotReady{Reason: "no credentials", Cause: err})
	}
	f := e.function(dir, address, as)
	if err := e.launch(api, f, dir); err != nil {
		return e.stillborn(err)
	}
	stop := context.AfterFunc(h.alive, e.halt)
	defer stop()
	exit := e.await()
	ctx, cancel := context.WithTimeout(h.alive, drainLimit)
	defer cancel()
	api.Drain(ctx)
	return e.ended(exit)
}

// credentials is what the function signs with in this environment.
func (e *environment) credentials() (as Credentials, err error) {
	ask := e.host.cfg.Credentials
	if ask == nil {
		return as.known(), nil
	}
	if as, err = ask(e.host.alive, e.pool.name, e.pool.version.Role); err != nil {
		return as, err
	}
	e.pool.f.mu.Lock()
	defer e.pool.f.mu.Unlock()
	e.until = as.Until
	return as.known(), nil
}

// over says whether it may take no call any more. The pool's function is locked.
func (e *environment) over(now time.Time) bool { return !e.until.IsZero() && !now.Before(e.until) }

// function is what the runtime's command is made of.
func (e *environment) function(dir, address string, as Credentials) *runtimes.Function {
	cfg, v := &e.host.cfg, &e.pool.version
	return &runtimes.Function{
		Name: e.pool.name, Version: v.Number, Runtime: v.Runtime, Handler: v.Handler,
		CodeDir: e.pool.code, OptDir: e.pool.opt, Scratch: dir, Cache: e.pool.cache(),
		Env: v.Env, MemoryMB: v.MemoryMB, Address: address,
		Account: cfg.Account, Region: cfg.Region, Endpoint: cfg.Endpoint, XRay: cfg.XRay,
		LogGroup: v.LogGroup, LogStream: e.log.stream, LogFormat: v.LogFormat, LogLevel: v.LogLevel,
		AccessKeyID: as.AccessKeyID, SecretKey: as.SecretAccessKey, SessionToken: as.SessionToken,
	}
}

// launch starts the runtime and the extensions. mu is held until they are known,
// so that what they do at once finds them.
func (e *environment) launch(api *runtimeapi.Server, f *runtimes.Function, dir string) error {
	c, err := e.host.kit.Command(e.host.alive, f)
	if err != nil {
		return err
	}
	if _, told := e.host.told.LoadOrStore(f.Runtime, true); !told && !runtimes.Custom(f.Runtime) {
		e.host.cfg.Log.Info("runtime found", "runtime", f.Runtime, "program", c.Path)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.attempt++
	e.enter(starting)
	e.cause, e.api, e.processes = ownWill, api, nil
	start := func(path string, args []string) error {
		p, err := e.host.spawner.Start(e.host.alive, process.Command{
			Path: path, Args: args, Env: c.Env, Dir: f.CodeDir, Output: e.log.write, Marker: dir,
		})
		if err == nil {
			e.processes = append(e.processes, p)
		}
		return err
	}
	if err := start(c.Path, c.Args); err != nil {
		return &startError{err}
	}
	for _, path := range runtimes.Extensions(f) {
		if err := start(path, nil); err != nil {
			e.log.say("platform.extension", fmt.Sprintf("EXTENSION %v", err))
		}
	}
	limit := e.host.cfg.InitTimeout
	if e.attempt > 1 {
		limit = e.pool.version.Timeout
	}
	e.arm(limit)
	return nil
}

// arm sets the clock of a start or a call. mu is held.
func (e *environment) arm(limit time.Duration) {
	e.began = time.Now()
	e.deadline = e.began.Add(limit)
	if e.timer == nil {
		e.timer = time.AfterFunc(limit, e.expire)
		return
	}
	e.timer.Reset(limit)
}

// await waits for the runtime to end, then ends the extensions. After a retirement
// they may end by themselves, until its grace is over.
func (e *environment) await() process.Exit {
	e.mu.Lock()
	processes := e.processes
	e.mu.Unlock()
	var others sync.WaitGroup
	for _, p := range processes[1:] {
		others.Go(func() { p.Wait() })
	}
	exit := processes[0].Wait()
	e.mu.Lock()
	warned := e.warned
	e.mu.Unlock()
	if !warned {
		e.kill(byHost)
	}
	others.Wait()
	return exit
}
