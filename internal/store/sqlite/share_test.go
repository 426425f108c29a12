package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/store"
)

// TestShare: two processes write the same documents, large ones among them, and
// no write is lost; the watchers of both see every revision once and in order;
// the lock is held until both have closed.
func TestShare(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a store cannot be shared")
	}
	path := filepath.Join(t.TempDir(), "s.db")
	first, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Share(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	second := join(t, first, path)
	var watchers, writers sync.WaitGroup
	seen := [2]map[store.Revision]int{{}, {}}
	for i, s := range []*Store{first, second} {
		watchers.Go(func() { watchAll(t, s, seen[i]) })
	}
	const each, many = 40, 3
	for _, s := range []*Store{first, second} {
		for range many {
			writers.Go(func() {
				for n := range each {
					if err := s.Update(t.Context(), func(tx store.Tx) error { return addOne(tx, n%10 == 0) }); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	writers.Wait()
	var last store.Revision
	err = second.View(t.Context(), func(tx store.Tx) error {
		doc, err := tx.Get("n")
		if got := strings.TrimLeft(string(doc), " "); got != strconv.Itoa(2*each*many) {
			t.Errorf("counted %s, want %d", got, 2*each*many)
		}
		last, _ = tx.Revision()
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(t.Context(), path); !errors.Is(err, ErrInUse) {
		t.Errorf("a third process got %v, want ErrInUse", err)
	}
	if err := errors.Join(second.Claim(), second.Share(t.Context(), false)); err != nil {
		t.Fatal(err)
	}
	if err := second.Update(t.Context(), func(tx store.Tx) error { return tx.Put("end", nil) }); err != nil {
		t.Fatal(err)
	}
	watchers.Wait()
	for r := store.Revision(1); r <= last+1; r++ {
		if n := seen[1][r]; n != 1 {
			t.Errorf("revision %d was seen %d times", r, n)
		}
	}
	if len(seen[0]) == 0 {
		t.Error("the first process saw nothing")
	}
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	alone, err := Open(t.Context(), path)
	if err != nil {
		t.Fatalf("after both have closed: %v", err)
	}
	_ = alone.Close()
}

func join(t *testing.T, first *Store, path string) *Store {
	t.Helper()
	fd, err := first.CopyLock()
	if err != nil {
		t.Fatal(err)
	}
	s, err := Join(t.Context(), path, os.NewFile(uintptr(fd), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// addOne counts in a document, which is a large one at times.
func addOne(tx store.Tx, large bool) error {
	doc, err := tx.Get("n")
	if err != nil && !errors.Is(err, store.ErrMissing) {
		return err
	}
	n, _ := strconv.Atoi(strings.TrimLeft(string(doc), " "))
	text := strconv.Itoa(n + 1)
	if large {
		text = strings.Repeat(" ", partSize) + text
	}
	return tx.Put("n", []byte(text))
}

// watchAll counts revisions until it sees the end.
func watchAll(t *testing.T, s *Store, seen map[store.Revision]int) {
	for changes, err := range s.Watch(t.Context(), 0) {
		if errors.Is(err, store.ErrClosed) {
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		for _, c := range changes {
			seen[c.Revision]++
			if c.Key == "end" {
				return
			}
		}
	}
}
