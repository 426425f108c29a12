// Package store keeps documents: JSON values under ordered keys, changed in
// transactions, with a feed that tells what changed.
//
// The laws (storetest holds every backend to them): an Update that returned
// nil is on disk and survives kill -9; an Update that returned an error left
// nothing; a View sees one state, whatever is written meanwhile; keys come in
// byte order; the feed names every changed key at least once, in the order of
// revisions, and never one that was not committed.
//
// The interface stands beside its implementations (sqlite, postgres) because
// it has a suite of laws, storetest.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
)

// ErrMissing is returned by Get and Delete when no document has the key.
var ErrMissing = errors.New("store: no such document")

// ErrClosed is returned by everything that is asked of a closed store.
var ErrClosed = errors.New("store: closed")

// ErrReadOnly is returned by Put and Delete inside View.
var ErrReadOnly = errors.New("store: a view cannot write")

// ErrOver is returned by a Tx that is used after its function has returned.
var ErrOver = errors.New("store: the transaction is over")

// Limits that every backend keeps, in bytes.
const (
	MaxKey = 2048      // of a key; it has at least one byte
	MaxDoc = 256 << 20 // of a document
)

// Key names a document. It is made by package api; segments are separated by
// '/', and a segment that may hold '/' is escaped by the maker. An alias, so
// that package api, on the same floor, need not import this one.
type Key = string

// Revision counts committed transactions. 0 is the empty store.
type Revision uint64

// Change is one entry of the feed.
type Change struct {
	Revision Revision
	Key      Key
	Deleted  bool
}

// Resync reports whether changes are not what happened after a revision but
// all that there is now: every key of the store, at its present revision. What
// is not named does not exist. A feed begins this way when the revision asked
// for is older than the backend's memory, or from another store's future. The
// mark is a first change with the empty key, which no document has, deleted.
func Resync(changes []Change) bool {
	return len(changes) > 0 && changes[0].Key == "" && changes[0].Deleted
}

// Store keeps documents.
type Store interface {
	// View runs fn on one unchanging state, which has all that was
	// acknowledged before. fn must not call View: it might wait for itself.
	View(ctx context.Context, fn func(Tx) error) error
	// Update runs fn in a transaction and returns after it is durable. If fn
	// returns an error nothing is changed, and that error is returned. A panic
	// in fn changes nothing either, and goes on to the caller. fn may run more
	// than once; it must have no effect but on tx. fn must not call Update
	// itself. Once fn has returned, ctx no longer ends the wait.
	Update(ctx context.Context, fn func(Tx) error) error
	// Watch yields every change after the revision given, oldest first, then
	// waits for more until ctx is done, which ends it without an error.
	// Changes of one revision come together and are never split between two
	// yields; one yield may hold several revisions. See Resync for a start
	// that the backend does not remember.
	Watch(ctx context.Context, after Revision) iter.Seq2[[]Change, error]
	// Close ends the store. Transactions under way are finished first.
	Close() error
}

// Tx reads and changes documents inside View or Update. It must not be used
// after the function it was given to has returned, nor by two goroutines at a
// time. Values are JSON.
type Tx interface {
	// Revision is that of the state the transaction began with: Watch from
	// here yields all that a View has not seen.
	Revision() (Revision, error)
	// Get reads one document; ErrMissing if there is none.
	Get(key Key) ([]byte, error)
	// Put writes one document (Update only).
	Put(key Key, doc []byte) error
	// Delete removes one document (Update only); ErrMissing if there is none.
	Delete(key Key) error
	// Scan yields the documents whose key starts with prefix and is greater
	// than after (which may be empty), in byte order. The loop's body may
	// change documents; whether the scan shows such a change ahead of it is
	// left open.
	Scan(prefix, after Key) iter.Seq2[Item, error]
}

// Item is a document and its key. Doc is valid until the next step of the scan.
type Item struct {
	Key Key
	Doc []byte
}

// Get reads and decodes one document.
func Get[T any](tx Tx, key Key) (T, error) {
	var v T
	doc, err := tx.Get(key)
	if err != nil {
		return v, err
	}
	if err := json.Unmarshal(doc, &v); err != nil {
		return v, fmt.Errorf("decode %s: %w", key, err)
	}
	return v, nil
}

// Put encodes and writes one document.
func Put[T any](tx Tx, key Key, v T) error {
	doc, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", key, err)
	}
	return tx.Put(key, doc)
}

// Scan yields decoded documents under prefix, after a key, in byte order.
func Scan[T any](tx Tx, prefix, after Key) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		for item, err := range tx.Scan(prefix, after) {
			var v T
			if err == nil {
				if err = json.Unmarshal(item.Doc, &v); err != nil {
					err = fmt.Errorf("decode %s: %w", item.Key, err)
				}
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// All reads every document under prefix.
func All[T any](tx Tx, prefix Key) ([]T, error) {
	var all []T
	for v, err := range Scan[T](tx, prefix, "") {
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, nil
}

// DeleteAll removes every document under prefix.
func DeleteAll(tx Tx, prefix Key) error {
	var keys []Key
	for item, err := range tx.Scan(prefix, "") {
		if err != nil {
			return err
		}
		keys = append(keys, item.Key)
	}
	for _, key := range keys {
		if err := tx.Delete(key); err != nil {
			return err
		}
	}
	return nil
}
