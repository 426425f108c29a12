// Package userpool has the public keys of the user pools that are kept here, for
// whoever verifies their tokens: in memory, in step with the store's feed, so
// that no request waits for keys.
package userpool

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Book is the keys of all pools. It may be used by any number of goroutines.
type Book struct {
	arn string // what stands before the id of a pool

	mu    sync.RWMutex
	pools map[string]pool // by the keys of their documents
}

type pool struct {
	keys *jwt.Keys
	doc  []byte
}

// New makes a book of the pools of an account in a region. It is empty until it
// is refreshed.
func New(partition, region, account string) *Book {
	return &Book{arn: "arn:" + partition + ":cognito-idp:" + region + ":" + account + ":userpool/", pools: map[string]pool{}}
}

// Keys are the keys of a pool, by its ARN; nil: it is not kept here.
func (b *Book) Keys(arn string) *jwt.Keys {
	id, ok := strings.CutPrefix(arn, b.arn)
	if !ok {
		return nil
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.pools[api.PoolKeysKey(id)].keys
}

// Set is the JWK set of a pool, by its id; nil: it is not kept here.
func (b *Book) Set(id string) []byte {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.pools[api.PoolKeysKey(id)].doc
}

// Follows reports whether a document is one that Refresh reads.
func (b *Book) Follows(key store.Key) bool { return strings.HasPrefix(key, api.PoolKeySets) }

// Refresh takes up the documents that were changed, or all of them.
func (b *Book) Refresh(tx store.Tx, changed []store.Key, all bool) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if all {
		b.pools = map[string]pool{}
		for item, err := range tx.Scan(api.PoolKeySets, "") {
			if err == nil {
				err = b.take(item.Key, item.Doc)
			}
			if err != nil {
				return fmt.Errorf("load the keys of user pools: %w", err)
			}
		}
		return nil
	}
	for _, key := range changed {
		doc, err := tx.Get(key)
		if errors.Is(err, store.ErrMissing) {
			delete(b.pools, key)
			continue
		}
		if err == nil {
			err = b.take(key, doc)
		}
		if err != nil {
			return fmt.Errorf("refresh %s: %w", key, err)
		}
	}
	return nil
}

func (b *Book) take(key store.Key, doc []byte) error {
	var keys api.PoolKeys
	if err := json.Unmarshal(doc, &keys); err != nil {
		return fmt.Errorf("decode %s: %w", key, err)
	}
	set := Set(&keys)
	parsed, err := jwt.ParseKeys(set)
	if err != nil {
		return fmt.Errorf("decode %s: %w", key, err)
	}
	b.pools[key] = pool{parsed, set}
	return nil
}

// Set is the JWK set of a pool's keys, as it is published.
func Set(keys *api.PoolKeys) []byte {
	all := make([]json.RawMessage, len(keys.Keys))
	for i, k := range keys.Keys {
		all[i] = k.Public
	}
	return jwt.Set(all...)
}
