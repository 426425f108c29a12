package cloudtrail

import (
	"context"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

const (
	sweepEvery = time.Hour
	sweepBatch = 500 // records a transaction, so that writers need not wait long
)

// Run sweeps records that are older than the retention until ctx is done.
func (t *Trail) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if n, err := t.sweep(ctx); err != nil && ctx.Err() == nil {
			t.cfg.Log.Warn("old records of calls cannot be removed", "error", err)
		} else if n > 0 {
			t.cfg.Log.Debug("old records of calls were removed", "records", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// sweep removes what is too old, and says how much that was.
func (t *Trail) sweep(ctx context.Context) (removed int, err error) {
	from := api.EventsFrom(time.Now().Add(-t.cfg.Retention))
	for {
		keys, err := t.old(ctx, from)
		if err != nil || len(keys) == 0 {
			return removed, err
		}
		err = t.cfg.Store.Update(ctx, func(tx store.Tx) error {
			for _, key := range keys {
				if err := tx.Delete(key); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return removed, fmt.Errorf("remove old records: %w", err)
		}
		removed += len(keys)
	}
}

func (t *Trail) old(ctx context.Context, from string) (keys []store.Key, err error) {
	err = t.cfg.Store.View(ctx, func(tx store.Tx) error {
		keys = keys[:0]
		for item, err := range tx.Scan(api.Events, from) {
			if err != nil {
				return err
			}
			if keys = append(keys, item.Key); len(keys) == sweepBatch {
				return nil
			}
		}
		return nil
	})
	return keys, err
}
