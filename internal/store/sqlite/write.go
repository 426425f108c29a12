package sqlite

import (
	"context"
	"errors"
	"runtime"

	"github.com/stagedoor/stagedoor/internal/store"
)

// batchSize is the most Updates that share a transaction.
const batchSize = 256

// errGivenUp ends the transaction of an update alone whose fn has failed.
var errGivenUp = errors.New("the update was given up")

// lostError is the end of an Update whose batch was lost, through no fault of
// its own that is known: it may be tried again, alone.
type lostError struct{ cause error }

func (e *lostError) Error() string { return "the batch was lost: " + e.cause.Error() }
func (e *lostError) Unwrap() error { return e.cause }

// update is a call of Update on its way through the writer. Each channel takes
// one value and never makes the writer wait, but for played.
type update struct {
	alone  bool       // wants a batch of its own
	turn   chan *tx   // the writer lends its connection; closed: there is no turn
	played chan bool  // the caller is done with it: keep or take back
	done   chan error // what became of the batch
}

// writer owns the connection that writes. Its goroutine lends the connection
// to one caller at a time, whose goroutine runs fn itself, so that a panic
// shows where it came from.
type writer struct {
	conn     *conn
	feed     *feed
	revision store.Revision // last committed
	queue    chan *update
	closing  chan struct{}
	stopped  chan struct{}
}

// update is Update without the second try.
func (w *writer) update(ctx context.Context, fn func(store.Tx) error, alone bool) error {
	u := &update{alone: alone, turn: make(chan *tx, 1), played: make(chan bool, 1), done: make(chan error, 1)}
	select {
	case <-w.closing: // first, for select picks any
		return store.ErrClosed
	default:
	}
	select {
	case w.queue <- u:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closing:
		return store.ErrClosed
	}
	t, ok := <-u.turn
	if !ok {
		return <-u.done
	}
	t.cancelled = ctx.Err
	err := u.play(t, fn)
	lost := <-u.done
	if err == nil || errors.As(lost, new(*lostError)) {
		return lost // even if fn failed: it may have seen what now never was
	}
	return err
}

// play runs fn and tells the writer, also if fn panics or ends its goroutine.
func (u *update) play(t *tx, fn func(store.Tx) error) error {
	keep := false
	defer func() {
		t.end()
		u.played <- keep
	}()
	if err := t.usable(); err != nil {
		return err
	}
	if err := fn(t); err != nil {
		return err
	}
	keep = true
	return nil
}

// run serves Updates until the store closes.
func (w *writer) run() {
	defer close(w.stopped)
	var next *update
	for {
		if next == nil {
			select {
			case next = <-w.queue:
			case <-w.closing:
				return
			}
		}
		next = w.batch(next)
	}
}

// batch plays first and those who wait behind it in one transaction, and
// returns the one who must begin the next, if there is one already.
func (w *writer) batch(first *update) (next *update) {
	if err := w.conn.run("BEGIN IMMEDIATE"); err != nil {
		close(first.turn)
		first.done <- err
		return nil
	}
	revision, err := w.catchUp()
	if err != nil {
		close(first.turn)
		first.done <- errors.Join(err, w.conn.run("ROLLBACK"))
		return nil
	}
	var members []*update
	for u := first; u != nil && err == nil; {
		members = append(members, u)
		if first.alone {
			revision, err = w.only(u, revision)
		} else {
			revision, err = w.member(u, revision)
		}
		u = nil
		if err == nil {
			u = w.waiting()
		}
		if u != nil && (u.alone || first.alone || len(members) == batchSize) {
			next, u = u, nil
		}
	}
	if err = w.finish(revision, err); err != nil && !first.alone {
		err = &lostError{err}
	}
	for _, m := range members {
		m.done <- err
	}
	return next
}

// waiting is the next Update in the queue, or nil. Callers of the last batch
// may be about to come back: let them.
func (w *writer) waiting() *update {
	runtime.Gosched()
	select {
	case u := <-w.queue:
		return u
	default:
		return nil
	}
}

// member lets one caller play inside a savepoint. An error means that the
// batch is lost; a caller who failed is none.
func (w *writer) member(u *update, last store.Revision) (store.Revision, error) {
	if err := w.conn.run("SAVEPOINT member"); err != nil {
		u.turn <- &tx{over: true} // its fn must not run
		<-u.played
		return last, err
	}
	last, keep, err := w.lend(u, last)
	if err != nil {
		return last, err
	}
	if !keep {
		if err := w.conn.run("ROLLBACK TO member"); err != nil {
			return last, err
		}
	}
	return last, w.conn.run("RELEASE member")
}

// only lets one caller play who has the transaction to itself. A savepoint
// would need a temporary file to take much back; the WAL needs none.
func (w *writer) only(u *update, last store.Revision) (store.Revision, error) {
	last, keep, err := w.lend(u, last)
	if err == nil && !keep {
		err = errGivenUp
	}
	return last, err
}

// lend lends the connection to one caller and writes down what was changed.
func (w *writer) lend(u *update, last store.Revision) (_ store.Revision, keep bool, err error) {
	t := &tx{conn: w.conn, changed: map[store.Key]bool{}}
	u.turn <- t
	keep = <-u.played
	if w.conn.db.GetAutocommit() {
		return last, false, errLost
	}
	if !keep || len(t.changed) == 0 {
		return last, keep, nil
	}
	return last + 1, true, w.log(last+1, t.changed)
}

// log writes a revision into the feed and forgets old ones now and then.
func (w *writer) log(revision store.Revision, changed map[store.Key]bool) error {
	for key, deleted := range changed {
		flag := int64(0)
		if deleted {
			flag = 1
		}
		err := w.conn.run("INSERT INTO change (revision, key, deleted) VALUES (?, ?, ?)", int64(revision), key, flag)
		if err != nil {
			return err
		}
	}
	every := max(w.feed.history/256, 1)
	if uint64(revision) <= w.feed.history || uint64(revision)%every != 0 {
		return nil
	}
	return w.conn.run("DELETE FROM change WHERE revision <= ?", int64(uint64(revision)-w.feed.history))
}

// finish commits the batch, or takes it back if it is lost already.
func (w *writer) finish(revision store.Revision, lost error) error {
	if lost == nil {
		lost = w.conn.run("COMMIT")
	}
	if lost == nil {
		w.revision = revision
		w.feed.advance(revision)
		return nil
	}
	if !w.conn.db.GetAutocommit() {
		lost = errors.Join(lost, w.conn.run("ROLLBACK"))
	}
	return lost
}
