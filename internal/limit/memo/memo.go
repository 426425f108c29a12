// Package memo remembers answers for a while, so that a question is not asked
// again: at most so many of them and so many bytes, those longest unused leave
// first, to the second.
//
// A scope and a text are the whole identity of a question: two questions with
// the same ones get one answer. Texts may be secrets, such as tokens: one is found
// by a hash whose seed nobody outside this process has, and then compared in a time
// that does not tell how much of it was right. One asker at a time asks a
// question; the others wait for its answer. Nothing here has a goroutine, and
// finding an answer allocates nothing.
package memo

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"time"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// Scope is what many questions have in common, such as who is asked. It is a
// hash that no client can aim at.
type Scope [32]byte

// Answer is what is remembered.
type Answer[V any] struct {
	Value V
	Size  int           // bytes, roughly
	For   time.Duration // how long from now; 0: not at all
	Group string        // what it is forgotten with, see Forget
}

const shards = 16

// idle is how long an answer may be in use before that is noted once more.
const idle = time.Second

// Memo remembers values. It must not be copied.
type Memo[V any] struct {
	seed  maphash.Seed
	base  time.Time
	shard [shards]shard[V]
}

// New makes a memo for at most entries answers of at most size bytes together,
// the texts of their questions included.
func New[V any](entries, size int) *Memo[V] {
	m := &Memo[V]{seed: maphash.MakeSeed(), base: time.Now()}
	for i := range m.shard {
		s := &m.shard[i]
		s.entries, s.bytes = max(1, entries/shards), max(1, size/shards)
		s.known, s.asked = map[uint64]*entry[V]{}, map[uint64]*question[V]{}
		s.use.next, s.use.last = &s.use, &s.use
	}
	return m
}

type shard[V any] struct {
	entries, bytes int // limits

	mu    sync.Mutex
	known map[uint64]*entry[V] // by hash: of two questions with one hash, the later one
	asked map[uint64]*question[V]
	size  int      // bytes of all answers and their questions
	use   entry[V] // head of a ring: next is the one used last
	epoch uint64   // counts calls of Forget
}

// name is which question it is.
type name struct {
	hash  uint64
	scope Scope
	text  []byte
}

// is says whether a question has the name.
func (n *name) is(scope *Scope, text []byte) bool {
	return n.scope == *scope && limit.Same(n.text, text)
}

// entry is an answer that is remembered. With a value of one word it is two
// lines of a cache, which are fetched together: its name, and all the rest.
type entry[V any] struct {
	name       name
	until      time.Duration // since base
	used       time.Duration // last noted
	value      V
	bytes      int // as Answer has it
	group      string
	next, last *entry[V]
}

func (e *entry[V]) size() int { return e.bytes + len(e.name.text) }

// question is one that somebody is asking. What came of it may be read once
// done is closed.
type question[V any] struct {
	name  name
	done  chan struct{}
	value V
	err   error
	told  bool // value and err are for everybody who waits
}

// hash is the hash of a question. That of its scope is one already.
func (m *Memo[V]) hash(scope *Scope, text []byte) uint64 {
	return maphash.Bytes(m.seed, text) ^ binary.LittleEndian.Uint64(scope[:])
}

func (m *Memo[V]) of(hash uint64) *shard[V] { return &m.shard[hash%shards] }

// Get is the answer to a question, if it is known. It does not keep text.
func (m *Memo[V]) Get(scope *Scope, text []byte) (v V, ok bool) {
	hash, now := m.hash(scope, text), time.Since(m.base)
	s := m.of(hash)
	s.mu.Lock()
	if e := s.get(hash, scope, text, now); e != nil {
		v, ok = e.value, true
	}
	s.mu.Unlock()
	return v, ok
}

func (s *shard[V]) get(hash uint64, scope *Scope, text []byte, now time.Duration) *entry[V] {
	e := s.known[hash]
	if e == nil {
		return nil
	}
	if now >= e.until { // looked at first: it is on its way while the name is compared
		s.drop(e)
		return nil
	}
	if !e.name.is(scope, text) {
		return nil
	}
	if now-e.used >= idle {
		e.used = now
		e.unlink()
		e.link(&s.use)
	}
	return e
}

// Ask is the answer to a question, asked by ask unless it is known. An error
// is told to those who waited for it and not remembered. When ctx of who asked
// has ended meanwhile, its error is its own: another one asks in turn. It does
// not keep text.
func (m *Memo[V]) Ask(ctx context.Context, scope *Scope, text []byte, ask func() (Answer[V], error)) (V, error) {
	hash := m.hash(scope, text)
	s := m.of(hash)
	for {
		s.mu.Lock()
		if e := s.get(hash, scope, text, time.Since(m.base)); e != nil {
			v := e.value
			s.mu.Unlock()
			return v, nil
		}
		q, epoch := s.asked[hash], s.epoch
		if q == nil || !q.name.is(scope, text) {
			mine := &question[V]{name: name{hash, *scope, bytes.Clone(text)}, done: make(chan struct{})}
			if q == nil { // else somebody asks something else with this hash
				s.asked[hash] = mine
			}
			s.mu.Unlock()
			m.ask(ctx, mine, epoch, ask)
			return mine.value, mine.err
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
func (m *Memo[V]) ask(ctx context.Context, q *question[V], epoch uint64, ask func() (Answer[V], error)) {
	s := m.of(q.name.hash)
	defer func() { // also when ask panics
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.asked[q.name.hash] == q {
			delete(s.asked, q.name.hash)
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
		now := time.Since(m.base)
		s.put(&entry[V]{name: q.name, until: now + a.For, used: now, value: a.Value, bytes: a.Size, group: a.Group})
	}
}

func (s *shard[V]) put(e *entry[V]) {
	if old := s.known[e.name.hash]; old != nil {
		s.drop(old)
	}
	if e.size() > s.bytes {
		return
	}
	s.known[e.name.hash] = e
	s.size += e.size()
	e.link(&s.use)
	for s.size > s.bytes || len(s.known) > s.entries {
		s.drop(s.use.last)
	}
}

func (s *shard[V]) drop(e *entry[V]) {
	delete(s.known, e.name.hash)
	s.size -= e.size()
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
			if e.group == group {
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
