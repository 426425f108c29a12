package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/stagedoor/stagedoor/internal/store"
)

// A store is shared while one process takes the place of another: both read and
// write, and SQLite's own locks keep their transactions apart. What each has in
// memory is only ever a copy of what the file says: a writer reads the last
// revision when its transaction begins, and watchers look for commits of the
// other every lookEvery.

// lookEvery is how long a commit of the other process may go unseen.
const lookEvery = 20 * time.Millisecond

// Join opens the store in the file at path beside the process that has it open.
// lock is a copy of that one's lock file (CopyLock) and belongs to the store
// from now on, even if that fails. The store is shared until Share(false).
func Join(ctx context.Context, path string, lock *os.File) (*Store, error) {
	set := usual()
	set.lock = lock
	return open(ctx, path, set)
}

// CopyLock copies the descriptor of the lock, for the process that is to Join.
// Nobody else can open the store before all copies are closed. A store in memory
// has none.
func (s *Store) CopyLock() (int, error) {
	if s.place.memory() {
		return -1, errors.New("a store in memory cannot be handed over")
	}
	fd, err := copyLock(s.place.lock)
	if err != nil {
		return -1, fmt.Errorf("copy the lock of %s: %w", s.place.name, err)
	}
	return fd, nil
}

// Claim has the lock file name this process.
func (s *Store) Claim() error {
	if s.place.memory() {
		return nil
	}
	return sign(s.place.lock)
}

// Share says whether another process has the store open as well. It must be
// said before that one opens it, and not be taken back before it has ended.
func (s *Store) Share(ctx context.Context, shared bool) error {
	if shared {
		s.shared.Store(true)
		s.feed.nudge() // watchers begin to look every now and then
		return nil
	}
	err := s.View(ctx, func(tx store.Tx) error {
		last, err := tx.Revision()
		s.feed.advance(last)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for the last commit of another process: %w", err)
	}
	s.shared.Store(false)
	s.feed.nudge()
	return nil
}

// look is when a watcher is to look for commits of another process.
func (s *Store) look() <-chan time.Time {
	if !s.shared.Load() {
		return nil
	}
	return time.After(lookEvery)
}

// catchUp is the last revision as the transaction begins. It also sees whether
// the other process has made a large document.
func (w *writer) catchUp() (store.Revision, error) {
	last, err := w.conn.number(sqlRevision)
	if err != nil || store.Revision(last) == w.revision {
		return store.Revision(last), err
	}
	parts, err := w.conn.number(sqlHasParts)
	w.conn.large = w.conn.large || parts != 0
	return store.Revision(last), err
}
