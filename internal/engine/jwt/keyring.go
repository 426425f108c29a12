package jwt

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Times of an issuer's keys. parity: spec/security.md 5.4, 9.8, 9.16.
const (
	keysFresh    = 5 * time.Minute         // then they are asked for again, and serve meanwhile
	refreshPause = 60 * time.Second        // between two requests for keys, whatever tokens say
	firstPause   = 5 * time.Second         // the same as long as there never was a key
	firstWait    = 5 * time.Second         // for keys without which nothing can be said
	refreshWait  = 1500 * time.Millisecond // for newer ones
)

// keyring has the keys of one issuer. It asks for them when they are needed,
// one request at a time, and keeps what it has when nobody answers.
type keyring struct {
	load func(ctx context.Context) (keySet, error)

	mu      sync.Mutex
	set     keySet        // nil: never had one
	fetched time.Time     // when set came
	tried   time.Time     // when it was last asked for
	failure error         // of the last request, if it failed
	flight  chan struct{} // closed when the request under way has ended; nil: none is
}

// key finds a key by its id.
func (k *keyring) key(ctx context.Context, id string) (*key, error) {
	for {
		k.mu.Lock()
		found := k.set[id]
		asked := k.flight
		if found != nil && (asked != nil || !k.due(true)) {
			k.mu.Unlock()
			return found, nil
		}
		if asked == nil && !k.due(false) {
			err := k.nothing()
			k.mu.Unlock()
			return nil, err
		}
		if asked == nil {
			wait := firstWait
			if found != nil {
				wait = refreshWait
			}
			k.begin()
			k.mu.Unlock()
			k.ask(ctx, wait)
			continue
		}
		k.mu.Unlock()
		select {
		case <-asked:
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}
}

// due says whether the keys may be asked for now. have: what is looked for is
// there, so that only old keys are worth it.
func (k *keyring) due(have bool) bool {
	since := time.Since(k.tried)
	switch {
	case k.tried.IsZero():
		return true
	case k.set == nil:
		return since >= firstPause
	case have && time.Since(k.fetched) < keysFresh:
		return false
	}
	return since >= refreshPause
}

// nothing is why there is no key.
func (k *keyring) nothing() error {
	if k.set == nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, k.failure)
	}
	return invalid("no such key")
}

func (k *keyring) begin() {
	k.tried, k.flight = time.Now(), make(chan struct{})
}

var errBroken = errors.New("the request for keys broke off")

// ask asks for the keys. It does not end with the request that made it: who
// hangs up must not keep new keys from others.
func (k *keyring) ask(ctx context.Context, wait time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wait)
	defer cancel()
	var set keySet
	err := errBroken
	defer func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if k.failure = err; err == nil {
			k.set, k.fetched = set, time.Now()
		}
		close(k.flight)
		k.flight = nil
	}()
	set, err = k.load(ctx)
}
