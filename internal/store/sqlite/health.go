package sqlite

import (
	"errors"
	"sync/atomic"
	"syscall"

	"github.com/ncruces/go-sqlite3"
)

// health is how writing goes.
type health struct {
	failing atomic.Bool
	failed  atomic.Int64
}

// note takes note of how an Update has ended. Only what the disk did counts: an
// Update that its caller gave up says nothing about it.
func (h *health) note(err error) {
	if err == nil {
		if h.failing.Load() {
			h.failing.Store(false)
		}
		return
	}
	for _, bad := range []error{sqlite3.FULL, sqlite3.IOERR, sqlite3.READONLY, sqlite3.CANTOPEN, sqlite3.CORRUPT, syscall.ENOSPC} {
		if errors.Is(err, bad) {
			h.failing.Store(true)
			h.failed.Add(1)
			return
		}
	}
}

// Writing says whether the last Update that the disk had a say in could be
// written, and how many could not be since the store was opened.
func (s *Store) Writing() (ok bool, failed int64) {
	return !s.health.failing.Load(), s.health.failed.Load()
}
