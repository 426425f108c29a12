package sqlite

import (
	"context"
	"iter"
	"sync"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/store"
)

// feed wakes watchers. What they read is in the change table.
type feed struct {
	history uint64        // revisions that are remembered
	last    atomic.Uint64 // last committed revision

	mu   sync.Mutex
	wake chan struct{} // closed at the next commit; nil: nobody waits
}

// advance tells watchers that a revision is committed.
func (f *feed) advance(to store.Revision) {
	for last := f.last.Load(); last < uint64(to); last = f.last.Load() {
		if f.last.CompareAndSwap(last, uint64(to)) {
			f.nudge()
			return
		}
	}
}

// nudge wakes watchers.
func (f *feed) nudge() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wake != nil {
		close(f.wake)
		f.wake = nil
	}
}

// next is closed once a revision is committed after this call.
func (f *feed) next() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.wake == nil {
		f.wake = make(chan struct{})
	}
	return f.wake
}

// yieldSize is how many changes a yield holds, if revisions are small.
const yieldSize = 1024

// Watch yields every change after a revision; see store.Store. Commits of this
// process wake it; while the store is shared, it looks for those of the other.
func (s *Store) Watch(ctx context.Context, after store.Revision) iter.Seq2[[]store.Change, error] {
	return func(yield func([]store.Change, error) bool) {
		after := after
		for ctx.Err() == nil {
			wake := s.feed.next()
			changes, err := s.changes(ctx, after)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(changes) > 0 {
				if !yield(changes, nil) {
					return
				}
				after = changes[len(changes)-1].Revision
				continue
			}
			select {
			case <-wake:
			case <-s.look():
			case <-ctx.Done():
			case <-s.closing:
				yield(nil, store.ErrClosed)
				return
			}
		}
	}
}

// changes are the first of those after a revision, or a resync.
func (s *Store) changes(ctx context.Context, after store.Revision) (changes []store.Change, err error) {
	if uint64(after) == s.feed.last.Load() && !s.shared.Load() {
		return nil, nil
	}
	err = s.View(ctx, func(tx store.Tx) error {
		changes, err = readChanges(tx, after)
		return err
	})
	return changes, err
}

func readChanges(view store.Tx, after store.Revision) ([]store.Change, error) {
	t, ok := view.(*tx)
	if !ok {
		return nil, store.ErrOver
	}
	last, err := t.Revision()
	if err != nil || last == after {
		return nil, err
	}
	first, err := t.conn.number("SELECT coalesce(min(revision), 0) FROM change")
	if err != nil {
		return nil, err
	}
	if after > last || after+1 < store.Revision(first) {
		return resync(t, last)
	}
	const sql = "SELECT revision, key, deleted FROM change WHERE revision > ? ORDER BY revision, key"
	stmt, err := t.conn.take(sql)
	if err != nil {
		return nil, err
	}
	defer t.conn.give(sql, stmt)
	if err := bind(stmt, int64(after)); err != nil {
		return nil, err
	}
	var changes []store.Change
	for stmt.Step() {
		revision := store.Revision(stmt.ColumnInt64(0))
		if n := len(changes); n >= yieldSize && changes[n-1].Revision != revision {
			break
		}
		changes = append(changes, store.Change{
			Revision: revision, Key: string(stmt.ColumnRawBlob(1)), Deleted: stmt.ColumnBool(2),
		})
	}
	return changes, stmt.Err()
}

// resync is the mark and every key there is.
func resync(t *tx, last store.Revision) ([]store.Change, error) {
	changes := []store.Change{{Revision: last, Deleted: true}}
	const sql = "SELECT key FROM doc ORDER BY key"
	stmt, err := t.conn.take(sql)
	if err != nil {
		return nil, err
	}
	defer t.conn.give(sql, stmt)
	for stmt.Step() {
		changes = append(changes, store.Change{Revision: last, Key: string(stmt.ColumnRawBlob(0))})
	}
	return changes, stmt.Err()
}
