package lambda

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
)

// lease is how long an asynchronous call belongs to the node that has it: the
// longest time-out of a function and a minute.
const lease = 16 * time.Minute

// queue is what this node knows of the asynchronous calls that are waiting:
// when and which. The calls themselves are in the store.
type queue struct {
	mu     sync.Mutex
	due    waiting
	known  map[string]bool // ids in due or under way
	change chan struct{}   // has room for one: the first to be due may be another
}

// ticket is one waiting call.
type ticket struct {
	due time.Time
	id  string
}

func newQueue() *queue {
	return &queue{known: map[string]bool{}, change: make(chan struct{}, 1)}
}

// add puts a call into the queue, once.
func (q *queue) add(t ticket) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.known[t.id] {
		return
	}
	q.known[t.id] = true
	heap.Push(&q.due, t)
	select {
	case q.change <- struct{}{}:
	default:
	}
}

// forget ends a call that next has given out; it may then be added again.
func (q *queue) forget(id string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.known, id)
}

// next gives a call that is due, or says how long there is none.
func (q *queue) next(now time.Time) (id string, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.due) == 0 {
		return "", time.Hour
	}
	if wait = q.due[0].due.Sub(now); wait > 0 {
		return "", wait
	}
	t, _ := heap.Pop(&q.due).(ticket)
	return t.id, 0
}

// waiting is a heap of tickets: the first to be due is on top.
type waiting []ticket

func (w *waiting) Len() int { return len(*w) }

func (w *waiting) Less(i, j int) bool {
	a, b := (*w)[i], (*w)[j]
	if a.due.Equal(b.due) {
		return a.id < b.id
	}
	return a.due.Before(b.due)
}

func (w *waiting) Swap(i, j int) { (*w)[i], (*w)[j] = (*w)[j], (*w)[i] }

func (w *waiting) Push(x any) {
	if t, ok := x.(ticket); ok {
		*w = append(*w, t)
	}
}

func (w *waiting) Pop() any {
	old := *w
	t := old[len(old)-1]
	*w = old[:len(old)-1]
	return t
}

// enqueue makes an asynchronous call durable. Once it returns nil the call
// will be made.
func (s *Service) enqueue(ctx context.Context, c host.Call) error {
	now := time.Now().UTC()
	e, err := s.newEvent(c, now)
	if err != nil {
		return err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		fn, err := s.function(tx, c.Function, c.Qualifier)
		if err != nil {
			return err
		}
		if _, err := s.version(tx, &fn, c.Qualifier); err != nil {
			return err
		}
		return store.Put(tx, api.FunctionEventKey(e.ID), e)
	})
	if err != nil {
		return err
	}
	s.queue.add(ticket{e.Due, e.ID})
	return nil
}

// newEvent is the document of an asynchronous call that is accepted now.
func (s *Service) newEvent(c host.Call, now time.Time) (api.FunctionEvent, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return api.FunctionEvent{}, fmt.Errorf("name an asynchronous call: %w", err)
	}
	if c.RequestID == "" {
		c.RequestID = uuid.NewString()
	}
	return api.FunctionEvent{
		ID: id.String(), Function: c.Function, Qualifier: c.Qualifier, RequestID: c.RequestID,
		Payload: c.Payload, Context: c.ClientContext, Trace: c.TraceID,
		Accepted: now, Due: now, Node: s.cfg.Node, Lease: now.Add(lease),
	}, nil
}

// loadEvents takes up the calls that this node has accepted and not made.
func (s *Service) loadEvents(tx store.Tx) error {
	for e, err := range store.Scan[api.FunctionEvent](tx, api.FunctionEvents, "") {
		if err != nil {
			return err
		}
		if e.Node == s.cfg.Node {
			s.queue.add(ticket{e.Due, e.ID})
		}
	}
	return nil
}

// claim takes over the calls of nodes that have not made them in time.
func (s *Service) claim(ctx context.Context) {
	now := time.Now().UTC()
	var taken []ticket
	err := s.store.Update(ctx, func(tx store.Tx) error {
		taken = taken[:0]
		for e, err := range store.Scan[api.FunctionEvent](tx, api.FunctionEvents, "") {
			if err != nil {
				return err
			}
			if e.Node == s.cfg.Node || now.Before(e.Lease) {
				continue
			}
			e.Node, e.Lease = s.cfg.Node, now.Add(lease)
			if err := store.Put(tx, api.FunctionEventKey(e.ID), e); err != nil {
				return err
			}
			taken = append(taken, ticket{e.Due, e.ID})
		}
		return nil
	})
	if err != nil {
		s.log.Warn("asynchronous calls of other nodes not claimed", "error", err)
		return
	}
	for _, t := range taken {
		s.queue.add(t)
	}
}

// work makes the calls of the queue until ctx is done, and then waits for
// those under way to notice. It makes as many at a time as the account may have
// under way, so that no function keeps the calls of another waiting.
func (s *Service) work(ctx context.Context) error {
	var calls sync.WaitGroup
	defer calls.Wait()
	room := make(chan struct{}, s.cfg.Concurrency)
	for {
		select {
		case room <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		id := s.waitForDue(ctx)
		if id == "" {
			return nil
		}
		calls.Go(func() {
			defer func() { <-room }()
			s.attempt(ctx, id)
		})
	}
}

// waitForDue gives the next call that is due; none when ctx is done.
func (s *Service) waitForDue(ctx context.Context) string {
	for {
		id, wait := s.queue.next(time.Now())
		if id != "" {
			return id
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-s.queue.change:
		}
		timer.Stop()
		if ctx.Err() != nil {
			return ""
		}
	}
}

// attempt makes one call, if it is still this node's to make, and writes down
// what became of it. When ctx ends first, nothing is written: the call is made
// again after the next start.
func (s *Service) attempt(ctx context.Context, id string) {
	e, err := s.take(ctx, id)
	if err != nil {
		s.queue.forget(id)
		if !errors.Is(err, store.ErrMissing) && ctx.Err() == nil {
			s.log.Error("asynchronous call not taken up", "event", id, "error", err)
			s.queue.add(ticket{time.Now().Add(backoff(1)), id})
		}
		return
	}
	o := s.perform(ctx, &e)
	if ctx.Err() != nil && !o.made {
		return
	}
	next := s.decide(&e, o, time.Now().UTC())
	err = s.settle(context.WithoutCancel(ctx), &e, next)
	s.queue.forget(id)
	switch {
	case err != nil:
		// At least once: it stays in the store and is made again.
		s.log.Error("outcome of asynchronous call not written", "function", e.Function, "request_id", e.RequestID, "error", err)
		s.queue.add(ticket{time.Now().Add(backoff(1)), id})
	case next.again:
		s.queue.add(ticket{e.Due, id})
	}
}

// take reads a call and makes sure that no other node takes it meanwhile.
func (s *Service) take(ctx context.Context, id string) (e api.FunctionEvent, err error) {
	key := api.FunctionEventKey(id)
	now := time.Now().UTC()
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		e, err = store.Get[api.FunctionEvent](tx, key)
		return err
	})
	if err != nil || s.cfg.Node == "" || now.Add(lease-time.Minute).Before(e.Lease) {
		return e, err
	}
	err = s.store.Update(ctx, func(tx store.Tx) (err error) {
		if e, err = store.Get[api.FunctionEvent](tx, key); err != nil {
			return err
		}
		if e.Node != s.cfg.Node {
			return store.ErrMissing // another node has it
		}
		e.Lease = now.Add(lease)
		return store.Put(tx, key, e)
	})
	return e, err
}

// outcome is what came of one attempt.
type outcome struct {
	made   bool // the function answered
	result *host.Result
	err    error
}

func (s *Service) perform(ctx context.Context, e *api.FunctionEvent) outcome {
	if expired(e, s.asyncOf(e), time.Now()) {
		return outcome{}
	}
	r, err := s.host.Invoke(ctx, host.Call{
		Function: e.Function, Qualifier: e.Qualifier, Payload: e.Payload, ClientContext: e.Context, TraceID: e.Trace, RequestID: e.RequestID,
	})
	return outcome{made: err == nil, result: r, err: err}
}
