package memo

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"
)

var errDown = errors.New("down")

func keyOf(n int) Key { return Key{byte(n), byte(n >> 8), 7} }

func answer(v string, d time.Duration) func() (Answer[string], error) {
	return func() (Answer[string], error) { return Answer[string]{Value: v, Size: len(v), For: d, Group: "g"}, nil }
}

func TestMemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](1000, 1<<20)
		ctx := t.Context()
		if v, err := m.Ask(ctx, keyOf(1), answer("a", time.Minute)); v != "a" || err != nil {
			t.Fatal(v, err)
		}
		time.Sleep(30 * time.Second)
		if v, err := m.Ask(ctx, keyOf(1), answer("b", time.Minute)); v != "a" || err != nil {
			t.Errorf("remembered %q, %v, want a", v, err)
		}
		time.Sleep(30 * time.Second) // counted from the answer: reading does not lengthen it
		if v, ok := m.Get(keyOf(1)); ok {
			t.Errorf("still knows %q", v)
		}
		if _, err := m.Ask(ctx, keyOf(2), answer("c", 0)); err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		if _, err := m.Ask(ctx, keyOf(3), func() (Answer[string], error) { return Answer[string]{For: time.Hour}, boom }); !errors.Is(err, boom) {
			t.Errorf("error %v, want boom", err)
		}
		if m.Len() != 0 {
			t.Errorf("%d answers remembered that are none", m.Len())
		}
	})
}

func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](1000, 1<<20)
		ctx := t.Context()
		_, _ = m.Ask(ctx, keyOf(1), answer("a", time.Hour))
		_, _ = m.Ask(ctx, keyOf(2), func() (Answer[string], error) { return Answer[string]{Value: "other", For: time.Hour, Group: "h"}, nil })
		var late sync.WaitGroup
		late.Go(func() {
			_, _ = m.Ask(ctx, keyOf(3), func() (Answer[string], error) {
				time.Sleep(time.Second)
				return Answer[string]{Value: "old", For: time.Hour, Group: "g"}, nil
			})
		})
		synctest.Wait()
		m.Forget("g")
		late.Wait()
		for n, want := range map[int]bool{1: false, 2: true, 3: false} {
			if _, ok := m.Get(keyOf(n)); ok != want {
				t.Errorf("answer %d known: %v, want %v", n, ok, want)
			}
		}
	})
}

// A burst asks once, and shares what came of it. If the asker panics or hangs
// up, the next one asks.
func TestAskSingle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](1000, 1<<20)
		asked := 0
		ask := func() (Answer[string], error) {
			asked++
			n := asked
			time.Sleep(time.Second)
			if n == 1 {
				panic("bug")
			}
			return Answer[string]{}, errDown
		}
		var all sync.WaitGroup
		all.Go(func() {
			defer func() { _ = recover() }()
			_, _ = m.Ask(t.Context(), keyOf(1), ask)
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() {
				if _, err := m.Ask(t.Context(), keyOf(1), ask); !errors.Is(err, errDown) {
					t.Error(err)
				}
			})
		}
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := m.Ask(short, keyOf(1), ask); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("who would not wait: %v", err)
		}
		all.Wait()
		if asked != 2 {
			t.Errorf("asked %d times, want 2", asked)
		}
	})
}

// TestBounds: whatever is asked, no more is remembered than allowed, and what
// is remembered is the answer to its own question.
func TestBounds(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := New[string](32, 3200)
		for range rapid.IntRange(1, 200).Draw(r, "questions") {
			n := rapid.IntRange(0, 500).Draw(r, "n")
			want := fmt.Sprint("answer ", n)
			v, err := m.Ask(context.Background(), keyOf(n), func() (Answer[string], error) {
				return Answer[string]{Value: want, Size: rapid.IntRange(0, 300).Draw(r, "size"), For: time.Hour}, nil
			})
			if err != nil || v != want {
				r.Fatalf("asked %d, got %q, %v", n, v, err)
			}
		}
		if m.Len() > 32 {
			r.Fatalf("%d remembered", m.Len())
		}
		for i := range m.shard {
			s := &m.shard[i]
			size, ring := 0, 0
			for _, e := range s.known {
				size += e.answer.Size
			}
			for e := s.use.next; e != &s.use; e = e.next {
				ring++
			}
			if size != s.size || size > s.bytes || ring != len(s.known) {
				r.Fatalf("shard %d: %d bytes, counted %d; %d in the ring, %d known", i, size, s.size, ring, len(s.known))
			}
		}
	})
}

// Who hangs up while asking keeps the answer from nobody.
func TestAskHangUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](1000, 1<<20)
		first, hangUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			_, err := m.Ask(first, keyOf(1), func() (Answer[string], error) {
				<-first.Done()
				return Answer[string]{}, first.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if v, err := m.Ask(t.Context(), keyOf(1), answer("v", time.Hour)); v != "v" || err != nil {
				t.Errorf("the next one got %q, %v", v, err)
			}
		})
		synctest.Wait()
		hangUp()
		all.Wait()
	})
}

func TestGetAllocs(t *testing.T) {
	m := New[string](1000, 1<<20)
	_, _ = m.Ask(t.Context(), keyOf(1), answer("a", time.Hour))
	if n := testing.AllocsPerRun(1000, func() { _, _ = m.Get(keyOf(1)) }); n > 0 {
		t.Errorf("Get allocates %v times", n)
	}
}
