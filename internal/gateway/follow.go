package gateway

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/store"
)

// ErrStopped says that the gateway does not follow the store, so there is
// nothing to wait for.
var ErrStopped = errors.New("gateway: not following the store")

// follower turns the feed of changes into tables. One goroutine reads the feed
// and marks what is dirty; another compiles all that was marked meanwhile and
// swaps once. A burst of changes costs as many compilations as it takes time
// for, not as many as it has changes.
type follower struct {
	g *Gateway

	mu      sync.Mutex
	dirty   map[string]bool // APIs by id
	all     bool            // every API, and the domain names
	domains bool            // the domain names
	indexed []store.Key     // what the index is to read again
	seen    store.Revision  // the last revision that was marked
	served  store.Revision  // the last revision that the table has
	started bool            // the table has what there was when run began
	running bool
	moved   chan struct{} // closed when served or running changes

	wake  chan struct{}         // has an item when there is something to do
	built map[string]*apiSource // what the table was made of; the compiling goroutine's
	state statuses
}

func (f *follower) init(g *Gateway) {
	f.g, f.dirty, f.built = g, map[string]bool{}, map[string]*apiSource{}
	f.wake, f.moved = make(chan struct{}, 1), make(chan struct{})
	f.state.failed = map[string]Failure{}
}

// run compiles what there is, then follows until ctx is done.
func (f *follower) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	from, err := f.begin(ctx)
	if err != nil {
		return err
	}
	defer f.setRunning(false)
	var builder sync.WaitGroup
	builder.Go(func() { f.build(ctx) })
	err = f.read(ctx, from)
	cancel()
	builder.Wait()
	return err
}

// begin marks everything and says from where to follow.
func (f *follower) begin(ctx context.Context) (store.Revision, error) {
	var from store.Revision
	err := f.g.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		from, err = tx.Revision()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("begin to follow the store: %w", err)
	}
	f.mu.Lock()
	f.all, f.seen, f.running, f.started = true, from, true, false
	f.mu.Unlock()
	f.nudge()
	return from, nil
}

// read marks what the feed names.
func (f *follower) read(ctx context.Context, from store.Revision) error {
	for ctx.Err() == nil {
		for changes, err := range f.g.cfg.Store.Watch(ctx, from) {
			if errors.Is(err, store.ErrClosed) {
				return fmt.Errorf("follow the store: %w", err)
			}
			if err != nil {
				f.g.cfg.Log.Warn("the store cannot be followed", "error", err)
				break
			}
			f.mark(changes)
			from = changes[len(changes)-1].Revision
		}
		pause(ctx)
	}
	return nil
}

// pauseTime is how long trouble with the store is given to pass.
const pauseTime = 500 * time.Millisecond

// pause waits a while, unless ctx is done.
func pause(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(pauseTime):
	}
}

// mark notes which APIs changes touch. What is edited below an API has no
// effect before it is deployed, so only stages and APIs themselves count.
func (f *follower) mark(changes []store.Change) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if store.Resync(changes) {
		f.all = true
	}
	for _, c := range changes {
		if id, ok := touched(c.Key); ok {
			f.dirty[id] = true
		}
		f.domains = f.domains || ofDomain(c.Key)
		if f.g.cfg.Index != nil && c.Key != "" && f.g.cfg.Index.Follows(c.Key) {
			f.indexed = append(f.indexed, c.Key)
		}
		f.seen = max(f.seen, c.Revision)
	}
	f.nudge()
}

// touched is the API whose table entry a key has to do with.
func touched(key store.Key) (id string, ok bool) {
	if !strings.HasPrefix(key, api.RestAPIs) && !strings.HasPrefix(key, "rest/") {
		return "", false
	}
	parts := api.Split(key)
	switch {
	case parts[0] == "restapi" && len(parts) == 2:
		return parts[1], true
	case parts[0] == "rest" && len(parts) == 4 && parts[2] == "stage":
		return parts[1], true
	}
	return "", false
}

func (f *follower) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// build compiles what was marked, again and again.
func (f *follower) build(ctx context.Context) {
	first := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-f.wake:
		}
		f.mu.Lock()
		dirty, all, domains, indexed, seen := f.dirty, f.all, f.domains || f.all, f.indexed, f.seen
		f.dirty, f.all, f.domains, f.indexed = map[string]bool{}, false, false, nil
		f.mu.Unlock()
		err := f.reindex(ctx, indexed, all)
		if err == nil {
			err = f.rebuild(ctx, dirty, all)
		}
		if err == nil && domains {
			err = f.rebuildDomains(ctx)
		}
		if err != nil {
			if ctx.Err() == nil {
				f.g.cfg.Log.Warn("changes cannot be read from the store", "error", err)
				f.putBack(dirty, all, domains, indexed)
				pause(ctx)
			}
			continue
		}
		f.advance(seen)
		if first {
			first = false
			f.announce()
		}
	}
}

// putBack marks again what could not be compiled.
func (f *follower) putBack(dirty map[string]bool, all, domains bool, indexed []store.Key) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.indexed = append(f.indexed, indexed...)
	for id := range dirty {
		f.dirty[id] = true
	}
	f.all, f.domains = f.all || all, f.domains || domains
	f.nudge()
}

// announce says that the first table is in use.
func (f *follower) announce() {
	select {
	case <-f.g.ready:
	default:
		close(f.g.ready)
	}
}

func (f *follower) advance(to store.Revision) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.served, f.started = max(f.served, to), true
	close(f.moved)
	f.moved = make(chan struct{})
}

func (f *follower) setRunning(running bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.running = running
	close(f.moved)
	f.moved = make(chan struct{})
}

// rebuild loads the APIs that changed, compiles their stages and swaps the table.
func (f *follower) rebuild(ctx context.Context, dirty map[string]bool, all bool) error {
	if !all && len(dirty) == 0 {
		return nil
	}
	start := time.Now()
	sources, err := f.load(ctx, dirty, all)
	if err != nil || len(sources) == 0 {
		return err
	}
	f.compileAll(sources)
	changed := make(map[string]*program.API, len(sources))
	stages := 0
	for id, s := range sources {
		stages += s.compiled
		if s.gone {
			delete(f.built, id)
			changed[id] = nil
			continue
		}
		f.built[id] = s
		changed[id] = s.api()
	}
	f.g.Swap(f.g.Table().with(changed))
	if stages > 0 {
		f.g.cfg.Log.Debug("stages compiled", "stages", stages, "took", time.Since(start))
	}
	return nil
}

// rebuildDomains swaps in the custom domain names as they are now.
func (f *follower) rebuildDomains(ctx context.Context) error {
	domains, err := f.loadDomains(ctx)
	if err == nil {
		f.g.Swap(f.g.Table().withDomains(domains))
	}
	return err
}

// Sync waits until the gateway serves everything that was committed before the
// call, or has failed to compile it. It returns ErrStopped if Run does not run.
func (g *Gateway) Sync(ctx context.Context) error {
	var target store.Revision
	err := g.cfg.Store.View(ctx, func(tx store.Tx) (err error) {
		target, err = tx.Revision()
		return err
	})
	if err != nil {
		return fmt.Errorf("sync the gateway: %w", err)
	}
	f := &g.follow
	for {
		f.mu.Lock()
		served, started, running, moved := f.served, f.started, f.running, f.moved
		f.mu.Unlock()
		switch {
		case !running:
			return ErrStopped
		case started && served >= target:
			return nil
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fmt.Errorf("sync the gateway: %w", ctx.Err())
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
