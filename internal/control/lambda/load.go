package lambda

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Load brings every stored function to the host and takes up the asynchronous
// calls that are waiting. It must have returned before anything else is called.
func (s *Service) Load(ctx context.Context) error {
	if s.cfg.Before == nil { // else another process may be unpacking code
		if err := s.depot.Prepare(); err != nil {
			return err
		}
	}
	if err := s.loadSecret(ctx); err != nil {
		return fmt.Errorf("load the key of code addresses: %w", err)
	}
	var names []string
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		if s.seen, err = tx.Revision(); err != nil {
			return err
		}
		for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
			if err != nil {
				return err
			}
			names = append(names, fn.Name)
		}
		if s.cfg.Before != nil {
			return nil
		}
		return s.loadEvents(tx)
	})
	if err != nil {
		return fmt.Errorf("load functions: %w", err)
	}
	for _, name := range names {
		if err := s.apply(ctx, name); err != nil {
			s.log.Error("function not brought to the host", "function", name, "error", err)
		}
	}
	if s.cfg.Before != nil {
		return nil
	}
	// Nothing runs yet, so nothing that is not referred to is in use.
	return s.sweepAfter(ctx, 0)
}

// takeOver takes up the asynchronous calls of the process before, once it has
// ended. Those that it was making are made again.
func (s *Service) takeOver(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-s.cfg.Before:
	}
	if err := s.store.View(ctx, s.loadEvents); err != nil && ctx.Err() == nil {
		return fmt.Errorf("take over asynchronous calls: %w", err)
	}
	return nil
}

func (s *Service) loadSecret(ctx context.Context) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		doc, err := tx.Get(api.CodeSecretKey)
		if errors.Is(err, store.ErrMissing) {
			s.secret = []byte(rand.Text())
			return store.Put(tx, api.CodeSecretKey, s.secret)
		} else if err != nil {
			return err
		}
		return json.Unmarshal(doc, &s.secret)
	})
}

// follow brings what others commit to the host, until ctx is done.
func (s *Service) follow(ctx context.Context) error {
	for changes, err := range s.store.Watch(ctx, s.seen) {
		if err != nil {
			return fmt.Errorf("follow functions: %w", err)
		}
		for name := range s.touched(changes) {
			if err := s.apply(ctx, name); err != nil && ctx.Err() == nil {
				s.log.Error("function not brought to the host", "function", name, "error", err)
			}
		}
	}
	return nil
}

// touched names the functions that changes speak of and that were not brought
// to the host since.
func (s *Service) touched(changes []store.Change) map[string]bool {
	names := map[string]bool{}
	if store.Resync(changes) { // what is not named is gone
		s.index.functions.Range(func(name, _ any) bool {
			if name, ok := name.(string); ok {
				names[name] = true
			}
			return true
		})
	}
	for _, c := range changes {
		parts := api.Split(c.Key)
		if len(parts) < 2 || parts[0]+"/" != api.Functions && parts[0]+"/" != api.FunctionTrees {
			continue
		}
		if e := s.index.function(parts[1]); e == nil || e.seen < c.Revision {
			names[parts[1]] = true
		}
	}
	return names
}
