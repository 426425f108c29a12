// Package cloudtrail keeps the records of control-plane calls.
//
// The law: a change that is on disk has its record on disk, for both are one
// transaction; and a call that was answered has its whole record on disk, what
// it answered included. kill -9 between the two leaves a record without
// responseElements. Records are kept for a while (90 days, as CloudTrail's
// event history does), then swept.
package cloudtrail

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Retention is how long records are kept.
//
// parity: services-observability.md 9.6, 90 days
const Retention = 90 * 24 * time.Hour

// Config is what a Trail is made of. Store and Log are needed.
type Config struct {
	Store store.Store
	Log   *slog.Logger
	// Retention is how long records are kept. Default Retention.
	Retention time.Duration
}

// Trail keeps the records. Its methods may be called by any number of
// goroutines at a time.
type Trail struct {
	cfg Config
}

// New makes a Trail. It starts nothing.
func New(cfg Config) *Trail {
	if cfg.Retention == 0 {
		cfg.Retention = Retention
	}
	return &Trail{cfg: cfg}
}

// joined is a record that waits for the change that it tells of.
type joined struct {
	key  string
	doc  []byte
	kept atomic.Bool // doc is on disk
	over atomic.Bool // the call has ended: Keep has the last word
}

type joinedKey struct{}

// Join gives a ctx under which changes of the store that Watched gives commit
// together with e.
func (t *Trail) Join(ctx context.Context, e *api.Event) (context.Context, error) {
	doc, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode the record of %s: %w", e.Name, err)
	}
	return context.WithValue(ctx, joinedKey{}, &joined{key: e.Key(), doc: doc}), nil
}

// Keep writes e, whole now, and returns when it is on disk. ctx is the one that
// Join gave; that its call was given up does not end the writing.
func (t *Trail) Keep(ctx context.Context, e *api.Event) error {
	doc, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("encode the record of %s: %w", e.Name, err)
	}
	if j, ok := ctx.Value(joinedKey{}).(*joined); ok && j.key == e.Key() {
		j.over.Store(true)
		if j.kept.Load() && bytes.Equal(j.doc, doc) {
			return nil // the change has brought it along, as every delete does
		}
	}
	err = t.cfg.Store.Update(context.WithoutCancel(ctx), func(tx store.Tx) error { return tx.Put(e.Key(), doc) })
	if err != nil {
		return fmt.Errorf("keep the record of %s: %w", e.Name, err)
	}
	return nil
}

// Watched is st for services whose calls leave records.
func Watched(st store.Store) store.Store { return watched{st} }

// watched adds the record of the call that ctx belongs to to each change.
type watched struct{ store.Store }

// Update changes documents and writes the call's record, or neither.
func (w watched) Update(ctx context.Context, fn func(store.Tx) error) error {
	j, ok := ctx.Value(joinedKey{}).(*joined)
	if !ok || j.over.Load() {
		return w.Store.Update(ctx, fn)
	}
	put := false
	err := w.Store.Update(ctx, func(tx store.Tx) error {
		put = false
		if err := fn(tx); err != nil {
			return err
		}
		if j.over.Load() { // work that outlives its call
			return nil
		}
		put = true
		return tx.Put(j.key, j.doc)
	})
	if err == nil && put {
		j.kept.Store(true)
	}
	return err
}
