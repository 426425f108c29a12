package lambda

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
)

// How often the memory of busy environments is looked at: that of their first
// processes, and of whole process groups.
//
// What that guarantees, on Linux: an environment whose runtime stays above its
// memory size for longer than memoryEvery, or with its children for longer than
// groupsEvery, is killed. A shorter peak is reported and goes unpunished. Other
// systems do not tell, and nothing is enforced there.
const (
	memoryEvery = 50 * time.Millisecond
	groupsEvery = 10 // times memoryEvery
)

// watch counts busy environments and wakes the sampler with the first.
type watch struct {
	n    *atomic.Int64
	wake chan struct{}
}

func newWatch() watch { return watch{n: new(atomic.Int64), wake: make(chan struct{}, 1)} }

func (w watch) count(up bool) {
	if !up {
		w.n.Add(-1)
		return
	}
	if w.n.Add(1) == 1 {
		select {
		case w.wake <- struct{}{}:
		default:
		}
	}
}

// roll is the environments that have processes.
type roll struct {
	mu  sync.Mutex
	all map[*environment]struct{}
}

func (r *roll) add(e *environment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all[e] = struct{}{}
}

func (r *roll) remove(e *environment) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.all, e)
}

func (r *roll) list() []*environment {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Collect(maps.Keys(r.all))
}

// watchMemory ends environments that take more memory than they may.
func (h *Host) watchMemory(ctx context.Context) {
	tick := time.NewTicker(memoryEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		if h.busy.n.Load() == 0 {
			tick.Stop()
			select {
			case <-ctx.Done():
				return
			case <-h.busy.wake:
			}
			tick.Reset(memoryEvery)
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		var groups map[int]int64
		if n%groupsEvery == 0 {
			groups = process.Groups()
		}
		for _, e := range h.live.list() {
			e.weigh(groups)
		}
	}
}

// weigh looks at the environment's memory; groups may be nil.
func (e *environment) weigh(groups map[int]int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.active || len(e.processes) == 0 {
		return
	}
	now := e.processes[0].Resident()
	if groups != nil {
		now = 0
		for _, p := range e.processes {
			now += groups[p.ID()]
		}
	}
	e.remember(now)
	if now <= int64(e.pool.version.MemoryMB)<<20 {
		return
	}
	for _, p := range e.processes {
		p.Kill() // its call is answered when it has ended: "signal: killed", as on AWS
	}
}
