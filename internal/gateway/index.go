package gateway

import (
	"context"
	"fmt"
	"slices"

	"github.com/stagedoor/stagedoor/internal/store"
)

// Indexes is several indexes as one.
type Indexes []Index

// Follows implements Index.
func (all Indexes) Follows(key store.Key) bool {
	return slices.ContainsFunc(all, func(one Index) bool { return one.Follows(key) })
}

// Refresh implements Index.
func (all Indexes) Refresh(tx store.Tx, changed []store.Key, everything bool) error {
	for _, one := range all {
		own := changed
		if !everything {
			if own = slices.DeleteFunc(slices.Clone(changed), func(k store.Key) bool { return !one.Follows(k) }); len(own) == 0 {
				continue
			}
		}
		if err := one.Refresh(tx, own, everything); err != nil {
			return err
		}
	}
	return nil
}

// reindex has the index read what changed, before the table does: a stage that
// is served finds the keys that were made before it.
func (f *follower) reindex(ctx context.Context, changed []store.Key, all bool) error {
	index := f.g.cfg.Index
	if index == nil || !all && len(changed) == 0 {
		return nil
	}
	changed = slices.Compact(slices.Sorted(slices.Values(changed))) // a copy: the caller puts it back if this fails
	err := f.g.cfg.Store.View(ctx, func(tx store.Tx) error { return index.Refresh(tx, changed, all) })
	if err != nil {
		return fmt.Errorf("refresh the index: %w", err)
	}
	return nil
}
