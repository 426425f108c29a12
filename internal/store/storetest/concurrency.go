package storetest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/store"
)

func isolation(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", "1", "b", "2")
	err := s.View(t.Context(), func(tx store.Tx) error {
		before, err := state(tx, "", "")
		if err != nil {
			return err
		}
		revision, err := tx.Revision()
		if err != nil {
			return err
		}
		put(t, s, "a", "9", "b", "-", "c", "9")
		holds(t, s, "a=9", "c=9") // another view sees the new state
		after, err := state(tx, "", "")
		if err != nil {
			return err
		}
		if fmt.Sprint(after) != fmt.Sprint(before) {
			t.Errorf("the view saw %q, then %q", before, after)
		}
		if got, err := tx.Get("b"); err != nil || string(got) != "2" {
			t.Errorf("the view's Get(b) = %q, %v; want 2", got, err)
		}
		if again, err := tx.Revision(); err != nil || again != revision {
			t.Errorf("the view's Revision = %d, %v; was %d", again, err, revision)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// invariants moves amounts between accounts whose sum never changes.
func invariants(t *testing.T, s store.Store) {
	t.Helper()
	const accounts, sum = 8, 800
	update(t, s, func(tx store.Tx) error {
		for i := range accounts {
			if err := store.Put(tx, account(i), sum/accounts); err != nil {
				return err
			}
		}
		return nil
	})
	ctx, stop := context.WithCancel(soon(t))
	defer stop()
	var moving, watching sync.WaitGroup
	for w := range 4 {
		moving.Go(func() {
			for i := range 50 {
				if err := s.Update(ctx, move(account((w+i)%accounts), account((w*3+i*5+1)%accounts), i%7)); err != nil {
					t.Errorf("Update: %v", err)
				}
			}
		})
		watching.Go(func() {
			for ctx.Err() == nil {
				var got []int
				err := s.View(ctx, func(tx store.Tx) (err error) {
					got, err = store.All[int](tx, "account/")
					return err
				})
				total := 0
				for _, n := range got {
					total += n
				}
				if err == nil && total != sum {
					t.Errorf("a view saw a sum of %d, want %d", total, sum)
				}
				if err != nil && !errors.Is(err, context.Canceled) {
					t.Errorf("View: %v", err)
				}
			}
		})
	}
	moving.Wait()
	stop()
	watching.Wait()
}

func account(i int) store.Key { return "account/" + strconv.Itoa(i) }

// move takes n from one account to another; one time in seven it fails halfway.
func move(from, to store.Key, n int) func(store.Tx) error {
	return func(tx store.Tx) error {
		if from == to {
			return nil
		}
		a, err := store.Get[int](tx, from)
		if err != nil {
			return err
		}
		b, err := store.Get[int](tx, to)
		if err != nil {
			return err
		}
		if err := store.Put(tx, from, a-n); err != nil {
			return err
		}
		return store.Put(tx, to, b+n)
	}
}

// writers counts in one document with 32 goroutines; some fail, some panic.
func writers(t *testing.T, s store.Store) {
	t.Helper()
	const goroutines, each = 32, 20
	ctx := soon(t)
	reason := errors.New("reason")
	var wait sync.WaitGroup
	for g := range goroutines {
		wait.Go(func() {
			for i := range each {
				count(ctx, t, s, store.Key(fmt.Sprintf("own/%02d/%02d", g, i)), reason, (g+i)%5)
			}
		})
	}
	wait.Wait()

	want := 0
	for g := range goroutines {
		for i := range each {
			if (g+i)%5 < 3 {
				want++
			}
		}
	}
	err := s.View(t.Context(), func(tx store.Tx) error {
		got, err := store.Get[int](tx, "count")
		if err != nil {
			return err
		}
		own, err := store.All[int](tx, "own/")
		if got != want || len(own) != want {
			t.Errorf("counted %d, with %d documents, want %d", got, len(own), want)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// count adds one, unless its mood is to fail (3) or to panic (4) after that.
func count(ctx context.Context, t *testing.T, s store.Store, own store.Key, reason error, mood int) {
	t.Helper()
	defer func() {
		if r := recover(); r != nil && mood != 4 {
			t.Errorf("Update panics: %v", r)
		}
	}()
	err := s.Update(ctx, func(tx store.Tx) error {
		n, err := store.Get[int](tx, "count")
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return err
		}
		if err := errors.Join(store.Put(tx, "count", n+1), store.Put(tx, own, n)); err != nil {
			return err
		}
		switch mood {
		case 3:
			return reason
		case 4:
			panic(reason)
		}
		return nil
	})
	if mood == 3 {
		is(t, "Update", err, reason)
	} else if err != nil {
		t.Errorf("Update: %v", err)
	}
	// What was acknowledged is there for the next view.
	err = s.View(ctx, func(tx store.Tx) error {
		_, err := tx.Get(own)
		return err
	})
	if (err == nil) != (mood < 3) {
		t.Errorf("after Update (mood %d): Get = %v", mood, err)
	}
}
