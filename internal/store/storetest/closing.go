package storetest

import (
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/store"
)

// closing closes a store under a watcher, an update and a view.
func closing(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1")
	ctx := soon(t)
	watched := make(chan error, 1)
	go func() {
		for _, err := range s.Watch(ctx, 1) {
			watched <- err
		}
	}()
	inside, under := make(chan struct{}, 2), make(chan error)
	leaveUpdate, leaveView := make(chan struct{}), make(chan struct{})
	go func() {
		under <- s.Update(ctx, func(tx store.Tx) error {
			inside <- struct{}{}
			<-leaveUpdate
			return tx.Put("b", []byte("2"))
		})
	}()
	go func() {
		under <- s.View(ctx, func(tx store.Tx) error {
			inside <- struct{}{}
			<-leaveView
			_, err := tx.Get("a")
			return err
		})
	}()
	<-inside
	<-inside
	closed := make(chan error, 1)
	go func() { closed <- s.Close() }()
	is(t, "Watch of a store that closes", <-watched, store.ErrClosed)
	is(t, "Update of a store that closes", s.Update(ctx, func(store.Tx) error { return nil }), store.ErrClosed)
	is(t, "View of a store that closes", s.View(ctx, func(store.Tx) error { return nil }), store.ErrClosed)
	for _, leave := range []chan struct{}{leaveUpdate, leaveView} {
		select {
		case err := <-closed:
			t.Errorf("Close returns %v while a transaction is under way", err)
		case <-time.After(20 * time.Millisecond): // a wrong Close needs less
		}
		close(leave)
		if err := <-under; err != nil {
			t.Errorf("a transaction that was under way: %v", err)
		}
	}
	if err := <-closed; err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("a second Close: %v", err)
	}
	for _, err := range s.Watch(ctx, 0) {
		is(t, "Watch of a closed store", err, store.ErrClosed)
	}
}
