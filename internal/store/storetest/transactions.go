package storetest

import (
	"context"
	"errors"
	"iter"
	"runtime"
	"testing"

	"github.com/stagedoor/stagedoor/internal/store"
)

func atomicity(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1", "b", "2")
	reason := errors.New("reason")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		if err := errors.Join(tx.Put("a", []byte("9")), tx.Delete("b"), tx.Put("c", []byte("9"))); err != nil {
			return err
		}
		return reason
	})
	is(t, "Update whose function fails", err, reason)
	holds(t, s, "a=1", "b=2")

	// A failed operation does not undo the others, if the function goes on.
	update(t, s, func(tx store.Tx) error {
		if err := tx.Put("c", []byte("3")); err != nil {
			return err
		}
		is(t, "Delete of nothing", tx.Delete("none"), store.ErrMissing)
		return tx.Put("d", []byte("4"))
	})
	holds(t, s, "a=1", "b=2", "c=3", "d=4")
	is(t, "View whose function fails", s.View(t.Context(), func(store.Tx) error { return reason }), reason)
}

// panics ends functions in the two ways that no return value tells.
func panics(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1")
	func() {
		defer func() {
			if got := recover(); got != "bug" {
				t.Errorf("recovered %v, want the panic of the function", got)
			}
		}()
		_ = s.Update(t.Context(), func(tx store.Tx) error {
			if err := tx.Put("a", []byte("9")); err != nil {
				return err
			}
			panic("bug")
		})
	}()
	holds(t, s, "a=1")

	for _, do := range []func(context.Context, func(store.Tx) error) error{s.Update, s.View} {
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			_ = do(t.Context(), func(tx store.Tx) error {
				_ = tx.Put("a", []byte("9")) // not in the view
				runtime.Goexit()
				return nil
			})
		}()
		<-gone
		holds(t, s, "a=1")
	}

	func() {
		defer func() { _ = recover() }()
		_ = s.View(t.Context(), func(tx store.Tx) error {
			for _, err := range tx.Scan("", "") {
				is(t, "Scan", err, nil)
				panic("bug")
			}
			return nil
		})
	}()
	put(t, s, "a", "2")
	holds(t, s, "a=2")
}

func ownWrites(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1", "b", "2")
	update(t, s, func(tx store.Tx) error {
		if err := errors.Join(tx.Put("a", []byte("3")), tx.Delete("b"), tx.Put("c", []byte("4"))); err != nil {
			return err
		}
		if got, err := tx.Get("a"); err != nil || string(got) != "3" {
			t.Errorf("Get(a) = %q, %v; want 3", got, err)
		}
		_, err := tx.Get("b")
		is(t, "Get of what was just deleted", err, store.ErrMissing)
		is(t, "a second Delete", tx.Delete("b"), store.ErrMissing)
		got, err := state(tx, "", "")
		if len(got) != 2 || got[0] != "a=3" || got[1] != "c=4" {
			t.Errorf("Scan = %q, want a=3 c=4", got)
		}
		return err
	})
	holds(t, s, "a=3", "c=4")
}

func readOnly(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1")
	err := s.View(t.Context(), func(tx store.Tx) error {
		is(t, "Put in a view", tx.Put("a", []byte("2")), store.ErrReadOnly)
		is(t, "Delete in a view", tx.Delete("a"), store.ErrReadOnly)
		return nil
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
	holds(t, s, "a=1")
}

// over keeps a transaction beyond its function, and a scan as well.
func over(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1", "b", "2", "c", "3")
	for name, do := range map[string]func(context.Context, func(store.Tx) error) error{
		"View": s.View, "Update": s.Update,
	} {
		var kept store.Tx
		var next func() (store.Item, error, bool)
		var stop func()
		err := do(t.Context(), func(tx store.Tx) error {
			kept = tx
			next, stop = iter.Pull2(tx.Scan("", ""))
			_, err, _ := next()
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err = kept.Get("a")
		is(t, name+", then Get", err, store.ErrOver)
		is(t, name+", then Put", kept.Put("a", nil), store.ErrOver)
		is(t, name+", then Delete", kept.Delete("a"), store.ErrOver)
		_, err = kept.Revision()
		is(t, name+", then Revision", err, store.ErrOver)
		_, err = state(kept, "", "")
		is(t, name+", then Scan", err, store.ErrOver)
		if _, err, more := next(); more && err == nil {
			t.Errorf("%s, then a further step of its scan: a document", name)
		}
		stop()
		holds(t, s, "a=1", "b=2", "c=3")
	}
}

func contexts(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1", "b", "2")
	for name, do := range map[string]func(context.Context, func(store.Tx) error) error{
		"View": s.View, "Update": s.Update,
	} {
		ctx, cancel := context.WithCancel(t.Context())
		err := do(ctx, func(tx store.Tx) error {
			for _, err := range tx.Scan("", "") {
				if err == nil {
					cancel()
				}
			}
			_, err := tx.Get("a")
			is(t, name+": Get once the context is done", err, context.Canceled)
			_, err = state(tx, "", "")
			is(t, name+": Scan once the context is done", err, context.Canceled)
			if name == "Update" {
				is(t, name+": Put once the context is done", tx.Put("a", nil), context.Canceled)
			}
			return err
		})
		is(t, name+" whose context is done under way", err, context.Canceled)
		err = do(ctx, func(store.Tx) error {
			t.Errorf("%s runs though its context is done", name)
			return nil
		})
		is(t, name+" with a context that is done", err, context.Canceled)
	}
	holds(t, s, "a=1", "b=2")

	// Done after the last operation is too late: the update is whole.
	ctx, cancel := context.WithCancel(t.Context())
	err := s.Update(ctx, func(tx store.Tx) error {
		defer cancel()
		return tx.Put("a", []byte("3"))
	})
	if err != nil {
		t.Errorf("Update whose context was done at its end: %v", err)
	}
	holds(t, s, "a=3", "b=2")
}

// givingUp waits behind a slow update.
func givingUp(t *testing.T, s store.Store) {
	t.Helper()
	inside, leave := make(chan struct{}), make(chan struct{})
	slow := make(chan error, 1)
	go func() {
		slow <- s.Update(t.Context(), func(tx store.Tx) error {
			close(inside)
			<-leave
			return tx.Put("slow", []byte("1"))
		})
	}()
	<-inside
	ctx, cancel := context.WithCancel(soon(t))
	waiting := make(chan error, 1)
	go func() {
		waiting <- s.Update(ctx, func(tx store.Tx) error { return tx.Put("waiting", []byte("1")) })
	}()
	cancel()
	is(t, "the Update that gave up", <-waiting, context.Canceled)
	close(leave)
	if err := <-slow; err != nil {
		t.Errorf("the slow Update: %v", err)
	}
	holds(t, s, "slow=1")
}
