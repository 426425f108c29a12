package stagedoor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/cognito"
	"github.com/stagedoor/stagedoor/internal/engine/seal"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/userpool"
)

// pools are the user pools that are kept here: the service that signs people
// in, and the keys that their tokens are verified with.
type pools struct {
	service *cognito.Service
	keys    *userpool.Book
}

// sealFile has the key that secrets in the store are sealed with.
const sealFile = "seal.key"

// openPools makes both, and reads the keys.
func (s *Server) openPools(ctx context.Context) error {
	sealed := seal.Random()
	if !s.cfg.inMemory() {
		var err error
		if sealed, err = seal.File(s.cfg.path(sealFile)); err != nil {
			return err
		}
	}
	s.pools.service = cognito.New(s.watched, cognito.Config{Region: s.cfg.Region, Account: s.cfg.Account, Seal: sealed, Log: s.cfg.Log})
	s.pools.keys = userpool.New("aws", s.cfg.Region, s.cfg.Account)
	err := s.store.View(ctx, func(tx store.Tx) error { return s.pools.keys.Refresh(tx, nil, true) })
	if err != nil {
		return fmt.Errorf("load user pools: %w", err)
	}
	return nil
}

// poolHandlers are the operations of user pools; nil where only the tables are
// asked for.
func (s *Server) poolHandlers() handlers {
	if s.pools.service == nil {
		return cognito.New(nil, cognito.Config{}).Handlers()
	}
	return s.pools.service.Handlers()
}

// poolMessages shows the codes and temporary passwords that users wait for, of
// ?pool= or of all: [{"pool", "username", "purpose", "code", ...}].
func (s *Server) poolMessages(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(s.pools.service.Outbox().Waiting(r.URL.Query().Get("pool"), time.Now())) //nolint:gosec // to show them is what it is for
}

// rotatePool has a pool sign with its next key from now on.
func (s *Server) rotatePool(w http.ResponseWriter, r *http.Request) {
	err := s.pools.service.RotateKeys(r.Context(), r.PathValue("pool"))
	if f, ok := errors.AsType[*fault.Error](err); ok {
		http.Error(w, f.Message, http.StatusBadRequest)
		return
	}
	if err != nil {
		s.cfg.Log.Error("rotate the keys of a user pool", "error", err)
		http.Error(w, "the keys could not be rotated", http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
