package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp" //nolint:depguard // a suite for tests

	"github.com/stagedoor/stagedoor/internal/store"
)

// collect watches until it has n changes, and checks what every yield keeps:
// revisions rise, and none is split between two yields.
func collect(t *testing.T, s store.Store, after store.Revision, n int) []store.Change {
	t.Helper()
	var all []store.Change
	if n == 0 {
		return nil
	}
	for changes, err := range s.Watch(soon(t), after) {
		if err != nil {
			t.Fatalf("Watch: %v", err)
		}
		if len(changes) == 0 {
			t.Error("Watch yields no changes")
		}
		for i, c := range changes {
			if last := len(all) - 1; last >= 0 && (c.Revision < all[last].Revision || i == 0 && c.Revision == all[last].Revision) {
				t.Errorf("Watch yields %v after %v", c, all[last])
			}
			all = append(all, c)
		}
		if len(all) >= n {
			return all
		}
	}
	t.Errorf("Watch ended after %d of %d changes", len(all), n)
	return all
}

// revision is that of the present state.
func revision(t *testing.T, s store.Store) (r store.Revision) {
	t.Helper()
	err := s.View(t.Context(), func(tx store.Tx) (err error) {
		r, err = tx.Revision()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func feed(t *testing.T, s store.Store) {
	t.Helper()
	if got := revision(t, s); got != 0 {
		t.Errorf("the revision of an empty store is %d", got)
	}
	put(t, s, "a", "1")
	put(t, s, "c", "1", "b", "1")
	put(t, s, "a", "2", "c", "-")
	put(t, s, "d", "1", "d", "2", "e", "1", "e", "-", "b", "-", "b", "2")
	want := []store.Change{
		{Revision: 1, Key: "a"},
		{Revision: 2, Key: "b"},
		{Revision: 2, Key: "c"},
		{Revision: 3, Key: "a"},
		{Revision: 3, Key: "c", Deleted: true},
		{Revision: 4, Key: "b"},
		{Revision: 4, Key: "d"},
		{Revision: 4, Key: "e", Deleted: true},
	}
	if diff := cmp.Diff(want, collect(t, s, 0, len(want))); diff != "" {
		t.Errorf("Watch(0) (-want +got):\n%s", diff)
	}
	if got := revision(t, s); got != 4 {
		t.Errorf("Revision = %d, want 4", got)
	}
}

// feedSilence does nothing in many ways, then something.
func feedSilence(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1")
	update(t, s, func(store.Tx) error { return nil })
	update(t, s, func(tx store.Tx) error { _, err := tx.Get("a"); return err })
	_ = s.Update(t.Context(), func(tx store.Tx) error { return errors.Join(tx.Put("lost", nil), errors.New("reason")) })
	_ = s.Update(t.Context(), func(tx store.Tx) error { return tx.Delete("none") })
	put(t, s, "b", "1")
	want := []store.Change{{Revision: 1, Key: "a"}, {Revision: 2, Key: "b"}}
	if diff := cmp.Diff(want, collect(t, s, 0, 2)); diff != "" {
		t.Errorf("Watch(0) (-want +got):\n%s", diff)
	}
}

func feedStarts(t *testing.T, s store.Store) {
	t.Helper()
	const n = 40
	var all []store.Change
	for i := range n {
		key := fmt.Sprintf("k%02d", i)
		put(t, s, key, "1")
		all = append(all, store.Change{Revision: store.Revision(i + 1), Key: key})
	}
	for after := range n {
		if diff := cmp.Diff(all[after:], collect(t, s, store.Revision(after), n-after)); diff != "" {
			t.Errorf("Watch(%d) (-want +got):\n%s", after, diff)
		}
	}
	// A revision that has not been is from another store.
	got := collect(t, s, n+1000, 1)
	if !store.Resync(got) {
		t.Fatalf("Watch from the future begins with %v, want a resync", got[0])
	}
	var keys []string
	for _, c := range got[1:] {
		if c.Revision != n || c.Deleted {
			t.Errorf("the resync has %v", c)
		}
		keys = append(keys, c.Key)
	}
	var want []string
	for _, c := range all {
		want = append(want, c.Key)
	}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Errorf("the resync's keys (-want +got):\n%s", diff)
	}
	if store.Resync(all) || store.Resync(nil) {
		t.Error("Resync takes ordinary changes for a resync")
	}
}

func feedWakes(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1")
	ctx, cancel := context.WithCancel(soon(t))
	got := make(chan []store.Change)
	done := make(chan error, 1)
	for range 3 { // several watchers
		go func() {
			for changes, err := range s.Watch(ctx, 1) {
				if err != nil {
					done <- err
					return
				}
				got <- changes
			}
			done <- nil
		}()
	}
	for i := range 10 {
		key := fmt.Sprintf("k%d", i)
		put(t, s, key, "1")
		for range 3 {
			select {
			case changes := <-got:
				want := []store.Change{{Revision: store.Revision(i + 2), Key: key}}
				if diff := cmp.Diff(want, changes); diff != "" {
					t.Errorf("woken with (-want +got):\n%s", diff)
				}
			case <-ctx.Done():
				t.Fatal("a watcher was not woken")
			}
		}
	}
	cancel()
	for range 3 {
		if err := <-done; err != nil {
			t.Errorf("Watch whose context is done ends with %v, want no error", err)
		}
	}
	for changes, err := range s.Watch(ctx, 0) {
		t.Errorf("Watch with a context that is done yields %v, %v", changes, err)
	}
}

// feedRebuilds keeps a copy of the store up to date from its feed, as a node
// of a fleet does, while 8 goroutines write.
func feedRebuilds(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "k0", "-1", "old", "1")
	ctx := soon(t)
	var writing sync.WaitGroup
	for g := range 8 {
		writing.Go(func() {
			for i := range 30 {
				err := s.Update(ctx, func(tx store.Tx) error {
					key := fmt.Sprintf("k%d", (g*7+i)%12)
					if err := tx.Delete(key); i%3 == 0 && !errors.Is(err, store.ErrMissing) {
						return err
					}
					return errors.Join(store.Put(tx, key, g*100+i), store.Put(tx, "last", i))
				})
				if err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
	}
	state := mirror{keys: map[store.Key]string{}}
	state.load(ctx, t, s)
	go func() {
		writing.Wait()
		_ = s.Update(ctx, func(tx store.Tx) error { return tx.Put("zzz", []byte("end")) })
	}()
	for changes, err := range s.Watch(ctx, state.at) {
		if err != nil {
			t.Fatalf("Watch: %v", err)
		}
		state.apply(ctx, t, s, changes)
		if state.keys["zzz"] == "end" {
			break
		}
	}
	want := mirror{keys: map[store.Key]string{}}
	want.load(ctx, t, s)
	if diff := cmp.Diff(want.keys, state.keys); diff != "" {
		t.Errorf("the copy (-store +copy):\n%s", diff)
	}
}

// mirror is a copy of a store.
type mirror struct {
	keys map[store.Key]string
	at   store.Revision
}

func (m *mirror) load(ctx context.Context, t *testing.T, s store.Store) {
	t.Helper()
	err := s.View(ctx, func(tx store.Tx) (err error) {
		if m.at, err = tx.Revision(); err != nil {
			return err
		}
		for item, err := range tx.Scan("", "") {
			if err != nil {
				return err
			}
			m.keys[item.Key] = string(item.Doc)
		}
		return nil
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
}

// apply reads the documents that changes name. They may be newer than the
// changes; the feed will come to that.
func (m *mirror) apply(ctx context.Context, t *testing.T, s store.Store, changes []store.Change) {
	t.Helper()
	if store.Resync(changes) {
		clear(m.keys)
	}
	err := s.View(ctx, func(tx store.Tx) error {
		for _, c := range changes {
			doc, err := tx.Get(c.Key)
			switch {
			case errors.Is(err, store.ErrMissing):
				delete(m.keys, c.Key)
			case err != nil:
				return err
			default:
				m.keys[c.Key] = string(doc)
			}
		}
		return nil
	})
	if err != nil {
		t.Errorf("View: %v", err)
	}
}

// feedBounds has one revision of many keys, and a watcher that goes away.
func feedBounds(t *testing.T, s store.Store) {
	t.Helper()
	const n = 5000
	update(t, s, func(tx store.Tx) error {
		for i := range n {
			if err := tx.Put(fmt.Sprintf("k%05d", i), []byte("1")); err != nil {
				return err
			}
		}
		return nil
	})
	for range 20 {
		put(t, s, "a", "1")
	}
	got := collect(t, s, 0, n+20)
	if len(got) != n+20 || got[n-1].Revision != 1 || got[n].Revision != 2 {
		t.Errorf("Watch yields %d changes, the first revision not whole", len(got))
	}
	for _, err := range s.Watch(soon(t), 0) {
		is(t, "Watch", err, nil)
		break
	}
	put(t, s, "a", "2")
}
