package jwt

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// place is where keys come from: it counts, may be down, may be slow.
type place struct {
	calls atomic.Int32
	mu    sync.Mutex
	set   keySet
	err   error
	slow  time.Duration
}

func (p *place) put(err error, ids ...string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.set, p.err = keySet{}, err
	for _, id := range ids {
		p.set[id] = &key{algorithm: id}
	}
}

func (p *place) load(ctx context.Context) (keySet, error) {
	p.calls.Add(1)
	select {
	case <-time.After(p.slow):
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.set, p.err
}

// expect asks for a key.
func expect(t *testing.T, k *keyring, id string, want error, calls int32, p *place) {
	t.Helper()
	found, err := k.key(t.Context(), id)
	if !errors.Is(err, want) || (want == nil) != (found != nil) || p.calls.Load() != calls {
		t.Errorf("key %q = %v, %v after %d calls, want %v after %d", id, found, err, p.calls.Load(), want, calls)
	}
}

func TestKeyring(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		k := &keyring{load: p.load}
		p.put(errors.New("down"))
		expect(t, k, "a", ErrUnavailable, 1, p)
		expect(t, k, "a", ErrUnavailable, 1, p) // asked a moment ago
		time.Sleep(firstPause)
		p.put(nil, "a")
		expect(t, k, "a", nil, 2, p)
		for range 1000 { // a flood of unknown keys
			expect(t, k, "b", ErrInvalid, 2, p)
		}
		p.put(nil, "a", "b") // rotation begins
		time.Sleep(refreshPause)
		expect(t, k, "b", nil, 3, p)
		expect(t, k, "a", nil, 3, p)
		time.Sleep(keysFresh)
		p.put(nil, "b") // and ends: what is gone is refused
		expect(t, k, "a", ErrInvalid, 4, p)
		expect(t, k, "b", nil, 4, p)
		p.put(errors.New("down")) // an outage does not take the keys away
		for range 100 {
			time.Sleep(keysFresh)
			if _, err := k.key(t.Context(), "b"); err != nil {
				t.Fatalf("during an outage: %v", err)
			}
			expect(t, k, "c", ErrInvalid, p.calls.Load(), p)
		}
	})
}

// A burst asks once, and who hangs up takes nothing from the others.
func TestKeyringSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{slow: time.Second}
		p.put(nil, "a")
		k := &keyring{load: p.load}
		first, hangUp := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := k.key(first, "a"); err != nil {
				t.Errorf("who asked and hung up: %v", err)
			}
		})
		synctest.Wait()
		hangUp()
		for range 100 {
			all.Go(func() {
				if _, err := k.key(t.Context(), "a"); err != nil {
					t.Error(err)
				}
			})
		}
		impatient, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := k.key(impatient, "a"); !errors.Is(err, ErrUnavailable) {
			t.Errorf("who did not wait: %v", err)
		}
		all.Wait()
		if n := p.calls.Load(); n != 1 {
			t.Errorf("%d requests for the keys, want 1", n)
		}
	})
}

// While newer keys are fetched the old ones serve everybody else, and a place
// that hangs holds one request for refreshWait.
func TestKeyringHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := &place{}
		p.put(nil, "a")
		k := &keyring{load: p.load}
		expect(t, k, "a", nil, 1, p)
		p.slow = time.Hour
		time.Sleep(keysFresh)
		start := time.Now()
		var one sync.WaitGroup
		one.Go(func() { expect(t, k, "a", nil, 2, p) })
		synctest.Wait()
		expect(t, k, "a", nil, 2, p)
		if took := time.Since(start); took != 0 {
			t.Errorf("the others waited %v", took)
		}
		one.Wait()
		if took := time.Since(start); took != refreshWait {
			t.Errorf("the one waited %v, want %v", took, refreshWait)
		}
	})
}
