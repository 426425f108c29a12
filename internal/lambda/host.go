package lambda

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
	"github.com/stagedoor/stagedoor/internal/lambda/runtimes"
)

// Config is all that a Host is told at start. Only Dir is needed.
type Config struct {
	// Dir is scratch space: a folder of its own for each environment, merged
	// layers, runtime clients. What an earlier process left there is swept, its
	// function processes included. Hosts may share it.
	Dir string
	// Account and Region are what functions see of them.
	Account, Region string
	// Endpoint is the AWS_ENDPOINT_URL given to functions; may be empty.
	Endpoint string
	// XRay is the AWS_XRAY_DAEMON_ADDRESS given to functions; may be empty.
	XRay string
	// Credentials gives what a new environment of a function signs with, by the
	// function's name and its execution role; it may be asked for each. Nil: the
	// zero Credentials.
	Credentials func(ctx context.Context, function, role string) (Credentials, error)
	// Programs names the program of a runtime ("python3.12": "/opt/py/bin/python3")
	// where the one on PATH is not the right one.
	Programs map[string]string
	// IdleAfter is how long an environment may idle before it is ended. Default 5m.
	IdleAfter time.Duration
	// AccountConcurrency is how many calls may be under way, and how many
	// environments there are before idle ones make room. Default 1000.
	AccountConcurrency int
	// Starts is how many environments may start at a time; one that takes longer
	// than a second no longer counts. Default four per CPU, at least 8.
	Starts int
	// InitTimeout bounds a runtime's start. Default 10s, as on AWS.
	InitTimeout time.Duration
	// Sink gets every log line of every function. It is called in order for one
	// log stream, from several goroutines, and must not block or call the host.
	// May be nil.
	Sink func(LogLine)
	// Log gets the host's own log. Default discards.
	Log *slog.Logger
	// Now is the clock of log lines and deadlines. Default time.Now.
	Now func() time.Time
}

func (c *Config) defaults() {
	if c.IdleAfter <= 0 {
		c.IdleAfter = 5 * time.Minute
	}
	if c.AccountConcurrency <= 0 {
		c.AccountConcurrency = 1000
	}
	if c.Starts <= 0 {
		c.Starts = max(8, 4*runtime.NumCPU())
	}
	if c.InitTimeout <= 0 {
		c.InitTimeout = 10 * time.Second
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
}

// Host runs functions. Its methods may be called by any number of goroutines.
type Host struct {
	cfg     Config
	kit     *runtimes.Kit
	spawner *process.Spawner
	starts  chan struct{} // a token for each environment that is starting

	started, stopped chan struct{}
	begun            atomic.Bool     // Run was called
	scratch          *scratch        // set before started is closed
	alive            context.Context //nolint:containedctx // Run's, for environments; set before started is closed
	environments     sync.WaitGroup

	defining  sync.Mutex // one Define or Remove at a time
	mu        sync.RWMutex
	functions map[string]*function
	reserved  int // the sum of all functions'
	stopping  bool

	unreserved atomic.Int64 // calls under way that count against the account
	total      atomic.Int64 // environments
	serial     atomic.Int64 // names scratch folders
	busy       watch        // environments that start or work
	live       roll         // environments that have processes
	told       sync.Map     // runtimes whose program was logged
}

// New makes a host that has started nothing and touched nothing.
func New(c Config) *Host {
	c.defaults()
	return &Host{
		cfg:       c,
		kit:       &runtimes.Kit{Programs: c.Programs},
		spawner:   process.NewSpawner(),
		starts:    make(chan struct{}, c.Starts),
		started:   make(chan struct{}),
		stopped:   make(chan struct{}),
		functions: map[string]*function{},
		busy:      newWatch(),
		live:      roll{all: map[*environment]struct{}{}},
	}
}

// Run owns every goroutine and process of the host until ctx is done. When it
// has returned, all processes of functions are gone. Calls made before Run wait
// for it; calls under way when it ends are answered with *NotReady. It is called
// once.
func (h *Host) Run(ctx context.Context) error {
	if h.begun.Swap(true) {
		return errors.New("function host: Run was called before")
	}
	defer close(h.stopped)
	s, err := newScratch(h.cfg.Dir)
	if err != nil {
		return fmt.Errorf("function host: %w", err)
	}
	defer s.remove()
	h.kit.Dir = filepath.Join(s.dir, "runtime")
	if err := h.kit.Install(); err != nil {
		return fmt.Errorf("function host: %w", err)
	}
	process.Seal()

	h.scratch, h.alive = s, ctx
	var parts sync.WaitGroup
	spawn, endSpawn := context.WithCancel(context.WithoutCancel(ctx)) // outlives all processes
	parts.Go(func() { h.spawner.Run(spawn) })
	parts.Go(func() { h.watchMemory(ctx) })
	parts.Go(func() { h.reapIdle(ctx) })
	close(h.started)

	<-ctx.Done()
	h.stop()
	h.environments.Wait()
	endSpawn()
	parts.Wait()
	if h.serial.Load() > 0 {
		process.Sweep(s.dir + string(filepath.Separator))
	}
	return nil
}

// stop lets no more environments begin; those there are end with Run's context.
func (h *Host) stop() {
	h.mu.Lock()
	h.stopping = true
	h.mu.Unlock()
}

// enter counts an environment in, unless the host stops.
func (h *Host) enter() bool {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if h.stopping {
		return false
	}
	h.environments.Add(1)
	h.total.Add(1)
	return true
}

func (h *Host) leave() {
	h.total.Add(-1)
	h.environments.Done()
}

// folder names a scratch folder.
func (h *Host) folder(in, kind string) string {
	return filepath.Join(in, kind+"-"+strconv.FormatInt(h.serial.Add(1), 10))
}

func (h *Host) all() []*function {
	h.mu.RLock()
	defer h.mu.RUnlock()
	out := make([]*function, 0, len(h.functions))
	for _, f := range h.functions {
		out = append(out, f)
	}
	return out
}

// Define sets a function, whole. Warm environments of versions whose Revision
// has not changed are kept; others are drained after their current call.
func (h *Host) Define(d Definition) error {
	if err := d.check(); err != nil {
		return fmt.Errorf("define function %q: %w", d.Name, err)
	}
	h.defining.Lock()
	defer h.defining.Unlock()
	h.mu.Lock()
	f := h.functions[d.Name]
	if f == nil {
		f = &function{host: h, pools: map[string]*pool{}}
		h.functions[d.Name] = f
	}
	h.mu.Unlock()
	before, after := f.define(d)
	h.mu.Lock()
	h.reserved += after - before
	h.mu.Unlock()
	return nil
}

// Remove forgets a function; calls under way may finish.
func (h *Host) Remove(name string) {
	h.defining.Lock()
	defer h.defining.Unlock()
	h.mu.Lock()
	f := h.functions[name]
	delete(h.functions, name)
	h.mu.Unlock()
	if f == nil {
		return
	}
	before, _ := f.define(Definition{Name: name})
	h.mu.Lock()
	h.reserved -= before
	h.mu.Unlock()
}

// admit takes a place among the account's unreserved calls.
func (h *Host) admit() bool {
	h.mu.RLock()
	limit := h.cfg.AccountConcurrency - h.reserved
	h.mu.RUnlock()
	if h.unreserved.Add(1) > int64(limit) {
		h.unreserved.Add(-1)
		return false
	}
	return true
}

// reapIdle ends what has idled long enough.
func (h *Host) reapIdle(ctx context.Context) {
	tick := time.NewTicker(min(max(h.cfg.IdleAfter/4, 10*time.Millisecond), time.Minute))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			h.reap(now)
		}
	}
}

// reap ends the environments that were idle at now for longer than IdleAfter, or
// whose credentials are about to end.
func (h *Host) reap(now time.Time) {
	for _, f := range h.all() {
		for _, e := range f.takeIdle(now.Add(-h.cfg.IdleAfter)) {
			e.retire()
		}
		for _, e := range f.takeOver(h.cfg.Now()) {
			e.retire()
		}
	}
}

// makeRoom ends the environment that has idled longest if there are too many.
func (h *Host) makeRoom() {
	if h.total.Load() <= int64(h.cfg.AccountConcurrency) {
		return
	}
	var oldest *function
	var since time.Time
	for _, f := range h.all() {
		if t, ok := f.idleSince(); ok && (oldest == nil || t.Before(since)) {
			oldest, since = f, t
		}
	}
	if oldest == nil {
		return
	}
	for _, e := range oldest.takeIdle(since.Add(1)) {
		e.retire()
	}
}
