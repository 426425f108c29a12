package lambda

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
)

// What AWS does with asynchronous calls if nothing else is said.
// parity: Lambda developer guide, "How Lambda handles errors and retries with
// asynchronous invocation"
const (
	defaultRetries = 2
	defaultAge     = 6 * time.Hour
	maxBackoff     = 5 * time.Minute
	maxDepth       = 16 // destinations that lead to one another
)

// asyncOf is what was said about the asynchronous calls of what e calls.
func (s *Service) asyncOf(e *api.FunctionEvent) api.FunctionAsync {
	if f := s.index.function(e.Function); f != nil {
		return f.asyncs[orLatest(e.Qualifier)]
	}
	return api.FunctionAsync{}
}

// expired says whether a call has waited too long to be made.
func expired(e *api.FunctionEvent, a api.FunctionAsync, now time.Time) bool {
	age := defaultAge
	if a.MaxAge != nil {
		age = time.Duration(*a.MaxAge) * time.Second
	}
	return now.Sub(e.Accepted) > age
}

// backoff is how long a call waits that could not be made for the nth time.
func backoff(n int) time.Duration {
	if n > 9 {
		return maxBackoff
	}
	return min(time.Second<<max(n-1, 0), maxBackoff)
}

// fate is what becomes of a call after an attempt: it is made again, or it is
// over, and then perhaps goes to a destination.
type fate struct {
	again     bool
	condition string  // Success, RetriesExhausted, EventAgeExceeded; empty: nobody is told
	target    *string // ARN of the destination
	outcome   outcome
}

// decide says what becomes of a call, and counts the attempt in e.
func (s *Service) decide(e *api.FunctionEvent, o outcome, now time.Time) fate {
	a := s.asyncOf(e)
	retries := int32(defaultRetries)
	set(&retries, a.Retries)
	switch {
	case o.made && o.result.FunctionError == "":
		return fate{condition: "Success", target: a.OnSuccess, outcome: o}
	case errors.Is(o.err, host.ErrNoFunction):
		return fate{} // it was deleted, and with it what was said about it
	case o.made:
		if e.Failures++; e.Failures > int(retries) {
			return fate{condition: "RetriesExhausted", target: s.failure(e, a), outcome: o}
		}
		e.Due = now.Add(time.Duration(e.Failures) * time.Minute) // 1 minute, then 2
	case o.err != nil:
		e.Throttles++
		e.Due = now.Add(backoff(e.Throttles))
	}
	if o.err == nil && !o.made || expired(e, a, e.Due) {
		return fate{condition: "EventAgeExceeded", target: s.failure(e, a), outcome: o}
	}
	e.Lease = e.Due.Add(lease)
	return fate{again: true}
}

// failure is where calls go that are given up.
func (s *Service) failure(e *api.FunctionEvent, a api.FunctionAsync) *string {
	if a.OnFailure != nil {
		return a.OnFailure
	}
	if f := s.index.function(e.Function); f != nil {
		return f.deadLetter
	}
	return nil
}

// settle writes down what became of a call. A call that goes to a function as
// its destination is over and waiting there in one transaction.
func (s *Service) settle(ctx context.Context, e *api.FunctionEvent, f fate) error {
	key := api.FunctionEventKey(e.ID)
	follower, err := s.follower(e, f)
	if err != nil {
		return err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if s.cfg.Node != "" {
			if now, err := store.Get[api.FunctionEvent](tx, key); err != nil {
				return err
			} else if now.Node != s.cfg.Node {
				return store.ErrMissing
			}
		}
		if f.again {
			return store.Put(tx, key, e)
		}
		if follower != nil {
			if err := store.Put(tx, api.FunctionEventKey(follower.ID), follower); err != nil {
				return err
			}
		}
		return tx.Delete(key)
	})
	if errors.Is(err, store.ErrMissing) {
		return nil // another node has settled it
	}
	if err == nil && follower != nil {
		s.queue.add(ticket{follower.Due, follower.ID})
	}
	return err
}

// follower is the call of a destination that is a function here; nil if there
// is none.
func (s *Service) follower(e *api.FunctionEvent, f fate) (*api.FunctionEvent, error) {
	if f.target == nil {
		return nil, nil //nolint:nilnil // none is no error
	}
	r, ok := parseRef(*f.target)
	if !ok || !s.here.here(r) || e.Depth >= maxDepth {
		s.log.Warn("destination of asynchronous call not served", "function", e.Function, "request_id", e.RequestID, "target", *f.target)
		return nil, nil //nolint:nilnil // none is no error
	}
	doc, err := s.record(e, f, time.Now().UTC())
	if err != nil {
		return nil, err
	}
	next, err := s.newEvent(host.Call{Function: r.name, Qualifier: r.qualifier, Payload: doc}, time.Now().UTC())
	next.Depth = e.Depth + 1
	return &next, err
}

// record is what a destination is told.
// parity: Lambda developer guide, "Capturing records of Lambda asynchronous invocations"
func (s *Service) record(e *api.FunctionEvent, f fate, now time.Time) ([]byte, error) {
	type member = map[string]any
	calls := e.Failures
	if f.condition == "Success" {
		calls++
	}
	doc := member{
		"version":   "1.0",
		"timestamp": now.Format("2006-01-02T15:04:05.000Z"),
		"requestContext": member{
			"requestId":              e.RequestID,
			"functionArn":            s.here.arn(e.Function, orLatest(e.Qualifier)),
			"condition":              f.condition,
			"approximateInvokeCount": calls,
		},
		"requestPayload": json.RawMessage(orNull(e.Payload)),
	}
	if r := f.outcome.result; r != nil {
		context := member{"statusCode": 200, "executedVersion": r.ExecutedVersion}
		if r.FunctionError != "" {
			context["functionError"] = r.FunctionError
		}
		doc["responseContext"], doc["responsePayload"] = context, json.RawMessage(orNull(r.Payload))
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("write record of asynchronous call: %w", err)
	}
	return text, nil
}

// orNull makes a JSON value of what should be one.
func orNull(doc []byte) []byte {
	if !json.Valid(doc) {
		return []byte("null")
	}
	return doc
}
