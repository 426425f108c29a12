// Package storetest is the laws of a store.Store, as tests: every backend runs
// them from its own tests, and no backend has laws of its own that a caller
// could come to rely on.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp" //nolint:depguard // a suite for tests

	"github.com/stagedoor/stagedoor/internal/store"
)

// Run holds a backend to the laws. open makes an empty store, which Run closes.
func Run(t *testing.T, open func(t *testing.T) store.Store) {
	t.Helper()
	for _, law := range []struct {
		name string
		test func(t *testing.T, s store.Store)
	}{
		{"documents come back as they were put", documents},
		{"keys and documents have limits", limits},
		{"keys hold any bytes and come in their order", order},
		{"a scan has a prefix and a place to begin", scans},
		{"a scan bears changes under way", scanChanges},
		{"documents of any size", sizes},
		{"an update that fails leaves nothing", atomicity},
		{"a panic leaves nothing", panics},
		{"an update sees itself", ownWrites},
		{"a view cannot write", readOnly},
		{"a transaction ends with its function", over},
		{"a view sees one state", isolation},
		{"views see whole transactions while writers run", invariants},
		{"no update is lost among 32 writers", writers},
		{"a context that is done stops the work", contexts},
		{"a waiting update can be given up", givingUp},
		{"the feed tells what changed", feed},
		{"the feed tells nothing that did not happen", feedSilence},
		{"the feed begins anywhere", feedStarts},
		{"the feed wakes and ends", feedWakes},
		{"the feed rebuilds the state", feedRebuilds},
		{"a watcher may be slow, or leave", feedBounds},
		{"a closed store says so", closing},
		{"a store is a map", model},
	} {
		t.Run(law.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			law.test(t, s)
		})
	}
}

// patience is how long anything may take that should take no time.
const patience = 30 * time.Second

// put writes documents in one transaction; a value of "-" deletes.
func put(t *testing.T, s store.Store, pairs ...string) {
	t.Helper()
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := 0; i < len(pairs); i += 2 {
			var err error
			if pairs[i+1] == "-" {
				err = tx.Delete(pairs[i])
			} else {
				err = tx.Put(pairs[i], []byte(pairs[i+1]))
			}
			if err != nil {
				return fmt.Errorf("%q: %w", pairs[i], err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatalf("Update: %v", err)
	}
}

// state reads all documents under prefix and after a key, as "key=doc".
func state(tx store.Tx, prefix, after store.Key) ([]string, error) {
	var all []string
	for item, err := range tx.Scan(prefix, after) {
		if err != nil {
			return nil, err
		}
		all = append(all, item.Key+"="+string(item.Doc))
	}
	return all, nil
}

// holds fails the test if the store holds anything but want.
func holds(t *testing.T, s store.Store, want ...string) {
	t.Helper()
	var got []string
	err := s.View(t.Context(), func(tx store.Tx) (err error) {
		got, err = state(tx, "", "")
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the store holds (-want +got):\n%s", diff)
	}
}

// is fails the test if err is not want, or does not wrap it.
func is(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s = %v, want %v", what, err, want)
	}
}

// soon is a context that ends a test which would hang.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}
