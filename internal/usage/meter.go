// Package usage knows who may call what, and how often: API keys, usage plans
// and what was used of them, in memory, in step with the store.
//
// The law: a request never waits for the store. Keys and plans are read when
// they change (Refresh); counts are written behind (Run, Flush), so a process
// that is killed forgets at most the last FlushEvery of counting. What a
// program is handed is a Grant, which is good for one request.
package usage

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
)

// FlushEvery is how often counts are written to the store: what a crash can
// cost.
const FlushEvery = time.Second

// Config is what a Meter is told. Store is needed.
type Config struct {
	Store store.Store
	Clock *limit.Clock // default: one of time.Now
	Log   *slog.Logger // default discards
}

// Meter is the keys, the plans and the counts. Its methods may be called by
// any number of goroutines.
type Meter struct {
	cfg   Config
	clock *limit.Clock
	index index
	dirty atomic.Pointer[ledger] // a stack of the ledgers that are to be written

	mu      sync.Mutex // held while keys, plans and ledgers change
	keys    map[string]*key
	plans   map[string]*planCell
	ledgers map[pair]*ledger

	flushing sync.Mutex // held while counts are written
	pruned   limit.Date // logs older than retention from here on are gone
}

// pair is a key in a plan, by their ids.
type pair struct{ plan, key string }

// New makes a meter that knows of nothing. It starts nothing.
func New(cfg Config) *Meter {
	if cfg.Clock == nil {
		cfg.Clock = limit.NewClock(nil)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Meter{
		cfg: cfg, clock: cfg.Clock, index: newIndex(),
		keys: map[string]*key{}, plans: map[string]*planCell{}, ledgers: map[pair]*ledger{},
	}
}

// Run writes counts every FlushEvery until ctx is done, then once more.
func (m *Meter) Run(ctx context.Context) error {
	tick := time.NewTicker(FlushEvery)
	defer tick.Stop()
	failing := false // it is said once, not every second
	for {
		select {
		case <-ctx.Done():
			return m.Flush(context.WithoutCancel(ctx))
		case <-tick.C:
			err := m.Flush(ctx)
			switch {
			case ctx.Err() != nil:
			case err != nil && !failing:
				m.cfg.Log.Error("usage cannot be written to the store, it is counted in memory", "error", err)
			case err == nil && failing:
				m.cfg.Log.Info("usage is written again")
			}
			failing = err != nil
		}
	}
}
