package gateway

import (
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// reader is an index that reads names, and cannot the first times.
type reader struct {
	mu    sync.Mutex
	fails int
	loads int
	read  []store.Key
}

func (r *reader) Follows(name store.Key) bool { return name != "ignored" }

func (r *reader) Refresh(_ store.Tx, changed []store.Key, all bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fails > 0 {
		r.fails--
		return errors.New("cannot read")
	}
	if all {
		r.loads++
	}
	r.read = append(r.read, changed...)
	return nil
}

// TestIndexFollows: an index has read all there was before the gateway is
// ready, and what was committed before Sync returns, however often it failed.
func TestIndexFollows(t *testing.T) {
	index := &reader{fails: 1}
	b := start(t, func(c *Config) { c.Index = index })
	index.mu.Lock()
	if index.loads != 1 {
		t.Errorf("read everything %d times before it was ready, want once", index.loads)
	}
	index.fails = 1
	index.mu.Unlock()
	for _, name := range []store.Key{api.APIKeyKey("a"), "ignored", api.APIKeyKey("b"), api.APIKeyKey("a")} {
		err := b.store.Update(t.Context(), func(tx store.Tx) error { return tx.Put(name, []byte(`{}`)) })
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	index.mu.Lock()
	defer index.mu.Unlock()
	slices.Sort(index.read)
	if got := slices.Compact(index.read); !slices.Equal(got, []store.Key{api.APIKeyKey("a"), api.APIKeyKey("b")}) {
		t.Errorf("read %q, want a and b", got)
	}
}
