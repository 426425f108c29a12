// Package sqlite keeps the documents of one stagedoor in one SQLite file.
//
// It stands on SQLite compiled to Go (no cgo), in WAL mode with
// synchronous=FULL: an acknowledged write is on disk. One goroutine owns the
// only connection that writes; Updates that come at the same time share a
// SQLite transaction and its fsync, each inside a savepoint of its own, and
// none is acknowledged before the fsync. Readers have a connection each and
// wait for nobody.
//
// A file belongs to one process at a time, and to two while one takes the place
// of the other (share.go). The feed remembers the last 65,536
// revisions; Watch from before them begins with a store.Resync.
package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/store"
)

// Memory is the path of a store that is kept in memory and ends with Close.
// Each Open of it is another store.
const Memory = ":memory:"

// Store is a store.Store in a SQLite file.
type Store struct {
	place   place
	writer  *writer
	readers *readers
	feed    *feed
	closing chan struct{}
	once    sync.Once
	closed  error // what Close returned; read after once
	shared  atomic.Bool
	health  health
}

var _ store.Store = (*Store)(nil)

// settings are what tests change.
type settings struct {
	vfs     string   // SQLite's file system; empty: the usual one
	history uint64   // revisions that the feed remembers
	readers int      // views at a time
	lock    *os.File // that the process before has, too; nil: there is none
}

// Open opens the store in the file at path, which is made if it is missing, as
// is its folder; or a new store in memory, if path is Memory. Beside the file
// are its -wal and -shm, which belong to SQLite, and a .lock, which keeps other
// processes out. ctx ends the opening only.
func Open(ctx context.Context, path string) (*Store, error) {
	return open(ctx, path, usual())
}

func usual() settings {
	return settings{history: 1 << 16, readers: min(max(4, 2*runtime.GOMAXPROCS(0)), 16)}
}

func open(ctx context.Context, path string, set settings) (_ *Store, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at, err := occupy(path, set)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, at.leave())
		}
	}()
	c, err := connect(at, true)
	if err != nil {
		return nil, err
	}
	revision, err := c.begin(at)
	if err != nil {
		return nil, errors.Join(at.explain(fmt.Errorf("open %s: %w", path, err)), c.close())
	}
	s := &Store{place: at, closing: make(chan struct{}), feed: &feed{history: set.history}}
	s.feed.last.Store(uint64(revision))
	s.shared.Store(set.lock != nil)
	s.readers = newReaders(set.readers, func() (*conn, error) { return connect(at, false) })
	s.writer = &writer{
		conn: c, feed: s.feed, revision: revision,
		queue: make(chan *update), closing: s.closing, stopped: make(chan struct{}),
	}
	go s.writer.run()
	return s, nil
}

// View runs fn on one unchanging state; see store.Store.
func (s *Store) View(ctx context.Context, fn func(store.Tx) error) error {
	c, err := s.readers.take(ctx, s.closing)
	if err != nil {
		return s.place.explain(err)
	}
	defer s.readers.give(c)
	t := &tx{conn: c, cancelled: ctx.Err}
	if err := c.run("BEGIN DEFERRED"); err != nil {
		return s.place.explain(err)
	}
	defer func() {
		t.end()
		if err := c.run("COMMIT"); err != nil {
			c.broken = true
		}
	}()
	return s.place.explain(fn(t))
}

// Update runs fn in a transaction and returns after it is durable; see
// store.Store.
func (s *Store) Update(ctx context.Context, fn func(store.Tx) error) error {
	err := s.writer.update(ctx, fn, false)
	if errors.As(err, new(*lostError)) {
		// Another member spoilt the batch, or all were too much together, or
		// there is no place for the temporary file that a savepoint may need.
		err = s.writer.update(ctx, fn, true)
	}
	s.health.note(err)
	return s.place.explain(err)
}

// Close ends the store, after the transactions under way. Watchers get
// store.ErrClosed, as does everyone who comes later. Closing twice is no error.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		<-s.writer.stopped
		err := s.readers.close()
		// The last connection that closes takes the WAL into the file.
		err = errors.Join(err, s.writer.conn.close())
		if err != nil {
			err = fmt.Errorf("close %s: %w", s.place.name, err)
		}
		s.closed = errors.Join(err, s.place.leave())
	})
	return s.closed
}
