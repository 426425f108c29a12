package memo

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"pgregory.net/rapid"
)

var errDown = errors.New("down")

// scope is that of all questions here.
var scope = &Scope{7}

func keyOf(n int) []byte { return fmt.Appendf(nil, "the text of question %d", n) }

func answer(v string, d time.Duration) func() (Answer[string], error) {
	return func() (Answer[string], error) { return Answer[string]{Value: v, Size: len(v), For: d, Group: "g"}, nil }
}

func TestMemo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](1000, 1<<20)
		ctx := t.Context()
		if v, err := m.Ask(ctx, scope, keyOf(1), answer("a", time.Minute)); v != "a" || err != nil {
			t.Fatal(v, err)
		}
		time.Sleep(30 * time.Second)
		if v, err := m.Ask(ctx, scope, keyOf(1), answer("b", time.Minute)); v != "a" || err != nil {
			t.Errorf("remembered %q, %v, want a", v, err)
		}
		time.Sleep(30 * time.Second) // counted from the answer: reading does not lengthen it
		if v, ok := m.Get(scope, keyOf(1)); ok {
			t.Errorf("still knows %q", v)
		}
		if _, err := m.Ask(ctx, scope, keyOf(2), answer("c", 0)); err != nil {
			t.Fatal(err)
		}
		boom := errors.New("boom")
		if _, err := m.Ask(ctx, scope, keyOf(3), func() (Answer[string], error) { return Answer[string]{For: time.Hour}, boom }); !errors.Is(err, boom) {
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
		_, _ = m.Ask(ctx, scope, keyOf(1), answer("a", time.Hour))
		_, _ = m.Ask(ctx, scope, keyOf(2), func() (Answer[string], error) { return Answer[string]{Value: "other", For: time.Hour, Group: "h"}, nil })
		var late sync.WaitGroup
		late.Go(func() {
			_, _ = m.Ask(ctx, scope, keyOf(3), func() (Answer[string], error) {
				time.Sleep(time.Second)
				return Answer[string]{Value: "old", For: time.Hour, Group: "g"}, nil
			})
		})
		synctest.Wait()
		m.Forget("g")
		late.Wait()
		for n, want := range map[int]bool{1: false, 2: true, 3: false} {
			if _, ok := m.Get(scope, keyOf(n)); ok != want {
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
			_, _ = m.Ask(t.Context(), scope, keyOf(1), ask)
		})
		synctest.Wait()
		for range 50 {
			all.Go(func() {
				if _, err := m.Ask(t.Context(), scope, keyOf(1), ask); !errors.Is(err, errDown) {
					t.Error(err)
				}
			})
		}
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := m.Ask(short, scope, keyOf(1), ask); !errors.Is(err, context.DeadlineExceeded) {
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
		m := New[string](32, 6400)
		for range rapid.IntRange(1, 200).Draw(r, "questions") {
			n := rapid.IntRange(0, 500).Draw(r, "n")
			want := fmt.Sprint("answer ", n)
			v, err := m.Ask(context.Background(), scope, keyOf(n), func() (Answer[string], error) {
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
				size += e.bytes + len(e.name.text)
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
			_, err := m.Ask(first, scope, keyOf(1), func() (Answer[string], error) {
				<-first.Done()
				return Answer[string]{}, first.Err()
			})
			if !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if v, err := m.Ask(t.Context(), scope, keyOf(1), answer("v", time.Hour)); v != "v" || err != nil {
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
	_, _ = m.Ask(t.Context(), scope, keyOf(1), answer("a", time.Hour))
	text := keyOf(1)
	if n := testing.AllocsPerRun(1000, func() { _, _ = m.Get(scope, text) }); n > 0 {
		t.Errorf("Get allocates %v times", n)
	}
}

// TestQuestions: questions differ by their scope, and by each byte of their
// text wherever it stands.
func TestQuestions(t *testing.T) {
	m := New[string](1000, 1<<20)
	for length := range 40 {
		text := bytes.Repeat([]byte("x"), length)
		_, _ = m.Ask(t.Context(), scope, text, answer("a", time.Hour))
		if _, ok := m.Get(scope, text); !ok {
			t.Fatalf("%d bytes are not known", length)
		}
		if _, ok := m.Get(&Scope{7, 1}, text); ok {
			t.Errorf("%d bytes are known in another scope", length)
		}
		for i := range text {
			other := bytes.Clone(text)
			other[i] ^= 0x20
			if _, ok := m.Get(scope, other); ok {
				t.Errorf("byte %d of %d makes no difference", i, length)
			}
		}
	}
}

// TestCollision: two questions with one hash get their own answers, one after
// the other and at the same time.
func TestCollision(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](1000, 1<<20)
		text := []byte("one")
		other := []byte("two")
		// The scope of the other question makes their hashes the same.
		twin := *scope
		binary.LittleEndian.PutUint64(twin[:], m.hash(scope, text)^m.hash(&Scope{}, other))
		if m.hash(scope, text) != m.hash(&twin, other) {
			t.Fatal("the hashes differ")
		}
		slowly := func(v string) func() (Answer[string], error) {
			return func() (Answer[string], error) {
				time.Sleep(time.Second)
				return Answer[string]{Value: v, For: time.Hour}, nil
			}
		}
		for range 3 {
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					if v, err := m.Ask(t.Context(), scope, text, slowly("a")); v != "a" || err != nil {
						t.Errorf("one: %q, %v", v, err)
					}
				})
				all.Go(func() {
					if v, err := m.Ask(t.Context(), &twin, other, slowly("b")); v != "b" || err != nil {
						t.Errorf("the other: %q, %v", v, err)
					}
				})
			}
			all.Wait()
			if v, ok := m.Get(scope, text); ok && v != "a" {
				t.Errorf("one is remembered as %q", v)
			}
			if v, ok := m.Get(&twin, other); ok && v != "b" {
				t.Errorf("the other is remembered as %q", v)
			}
		}
	})
}

// TestLines: what a question looks at is two lines that are fetched together.
func TestLines(t *testing.T) {
	var e entry[*int]
	if size, rest := unsafe.Sizeof(e), unsafe.Offsetof(e.until); size != 128 || rest != 64 {
		t.Errorf("an entry has %d bytes, its name %d; want 128 and 64", size, rest)
	}
}

// TestUse: what was used last leaves last, to the second.
func TestUse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := New[string](shards, 1<<20) // one entry a shard
		for i := range m.shard {
			m.shard[i].entries = 3
		}
		var texts [][]byte
		for n := 0; len(texts) < 4; n++ {
			if text := keyOf(n); m.hash(scope, text)%shards == 0 {
				texts = append(texts, text)
			}
		}
		for _, text := range texts[:3] {
			_, _ = m.Ask(t.Context(), scope, text, answer("a", time.Hour))
			time.Sleep(time.Second)
		}
		_, _ = m.Get(scope, texts[0])
		_, _ = m.Ask(t.Context(), scope, texts[3], answer("a", time.Hour))
		for i, want := range []bool{true, false, true, true} {
			if _, ok := m.Get(scope, texts[i]); ok != want {
				t.Errorf("answer %d known: %t, want %t", i, ok, want)
			}
		}
	})
}
