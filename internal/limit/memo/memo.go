// Package memo remembers answers for a while, so that a question is not asked
// again: at most so many of them and so many bytes, those longest unused leave
// first.
//
// A key is the whole identity of a question: two questions with one key get
// one answer. One asker at a time asks it; the others wait for its answer.
// Nothing here has a goroutine, and finding an answer allocates nothing.
package memo

import (
	"context"
	"sync"
	"time"
)

// Key names a question. It is a hash that no client can aim at.
type Key [32]byte

// Answer is what is remembered.
type Answer[V any] struct {
	Value V
	Size  int           // bytes, roughly
	For   time.Duration // how long from now; 0: not at all
	Group string        // what it is forgotten with, see Forget
}

const shards = 16

// Memo remembers values. It must not be copied.
type Memo[V any] struct {
	shard [shards]shard[V]
}

// New makes a memo for at most entries answers of at most size bytes together.
func New[V any](entries, size int) *Memo[V] {
	m := &Memo[V]{}
	for i := range m.shard {
		s := &m.shard[i]
		s.entries, s.bytes = max(1, entries/shards), max(1, size/shards)
		s.known, s.asked = map[Key]*entry[V]{}, map[Key]*question[V]{}
		s.use.next, s.use.last = &s.use, &s.use
	}
	return m
}

type shard[V any] struct {
	entries, bytes int // limits

	mu    sync.Mutex
	known map[Key]*entry[V]
	asked map[Key]*question[V]
	size  int      // bytes of all answers
	use   entry[V] // head of a ring: next is the one used last
	epoch uint64   // counts calls of Forget
}

type entry[V any] struct {
	answer     Answer[V]
	key        Key
	until      time.Time
	next, last *entry[V]
}

// question is one that somebody is asking. What came of it may be read once
// done is closed.
type question[V any] struct {
	done  chan struct{}
	value V
	err   error
	told  bool // value and err are for everybody who waits
}

func (m *Memo[V]) of(k Key) *shard[V] { return &m.shard[k[0]%shards] }

// Get is the answer to a question, if it is known.
func (m *Memo[V]) Get(k Key) (v V, ok bool) {
	s := m.of(k)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.get(k)
}

func (s *shard[V]) get(k Key) (v V, ok bool) {
	e := s.known[k]
	if e == nil {
		return v, false
	}
	if !time.Now().Before(e.until) {
		s.drop(e)
		return v, false
	}
	e.unlink()
	e.link(&s.use)
	return e.answer.Value, true
}

// Ask is the answer to a question, asked by ask unless it is known. An error
// is told to those who waited for it and not remembered. When ctx of who asked
// has ended meanwhile, its error is its own: another one asks in turn.
func (m *Memo[V]) Ask(ctx context.Context, k Key, ask func() (Answer[V], error)) (V, error) {
	s := m.of(k)
	for {
		s.mu.Lock()
		if v, ok := s.get(k); ok {
			s.mu.Unlock()
			return v, nil
		}
		q, epoch := s.asked[k], s.epoch
		if q == nil {
			q = &question[V]{done: make(chan struct{})}
			s.asked[k] = q
			s.mu.Unlock()
			s.ask(ctx, k, q, epoch, ask)
			return q.value, q.err
		}
		s.mu.Unlock()
		select {
		case <-q.done:
			if q.told {
				return q.value, q.err
			}
		case <-ctx.Done():
			var none V
			return none, ctx.Err()
		}
	}
}

// ask asks, and remembers unless everything was forgotten meanwhile.
func (s *shard[V]) ask(ctx context.Context, k Key, q *question[V], epoch uint64, ask func() (Answer[V], error)) {
	defer func() { // also when ask panics
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.asked[k] == q {
			delete(s.asked, k)
		}
		close(q.done)
	}()
	a, err := ask()
	q.value, q.err, q.told = a.Value, err, err == nil || ctx.Err() == nil
	if err != nil || a.For <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.epoch == epoch {
		s.put(k, a)
	}
}

func (s *shard[V]) put(k Key, a Answer[V]) {
	if e := s.known[k]; e != nil {
		s.drop(e)
	}
	if a.Size > s.bytes {
		return
	}
	e := &entry[V]{answer: a, key: k, until: time.Now().Add(a.For)}
	s.known[k] = e
	s.size += a.Size
	e.link(&s.use)
	for s.size > s.bytes || len(s.known) > s.entries {
		s.drop(s.use.last)
	}
}

func (s *shard[V]) drop(e *entry[V]) {
	delete(s.known, e.key)
	s.size -= e.answer.Size
	e.unlink()
}

func (e *entry[V]) link(head *entry[V]) {
	e.last, e.next = head, head.next
	e.next.last, head.next = e, e
}

func (e *entry[V]) unlink() {
	e.last.next, e.next.last = e.next, e.last
}

// Forget forgets the answers of a group, and those that are on their way: what
// was asked before the call is not remembered after it.
func (m *Memo[V]) Forget(group string) {
	for i := range m.shard {
		s := &m.shard[i]
		s.mu.Lock()
		s.epoch++
		clear(s.asked) // who comes now does not wait for what is old
		for _, e := range s.known {
			if e.answer.Group == group {
				s.drop(e)
			}
		}
		s.mu.Unlock()
	}
}

// Len is how many answers are remembered, over or not.
func (m *Memo[V]) Len() int {
	n := 0
	for i := range m.shard {
		s := &m.shard[i]
		s.mu.Lock()
		n += len(s.known)
		s.mu.Unlock()
	}
	return n
}
