package lambda

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/stagedoor/stagedoor/internal/lambda/process"
)

// scratch is the folder of one run of a host. A lock on a file in it tells other
// hosts that it is in use; the lock ends with our process, however that ends.
type scratch struct {
	dir  string
	lock *os.File
}

const lockName = "lock"

// newScratch makes a folder in dir, and sweeps those there that nobody uses.
func newScratch(dir string) (*scratch, error) {
	if dir == "" {
		return nil, errors.New("no scratch folder is configured")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the scratch folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the scratch folder: %w", err)
	}
	sweep(dir)
	own, err := os.MkdirTemp(dir, "run-")
	if err != nil {
		return nil, fmt.Errorf("make the scratch folder: %w", err)
	}
	lock, err := takeLock(filepath.Join(own, lockName), true)
	if err != nil {
		_ = os.Remove(own)
		return nil, fmt.Errorf("lock the scratch folder: %w", err)
	}
	return &scratch{dir: own, lock: lock}, nil
}

func (s *scratch) remove() {
	_ = s.lock.Close()
	removeAll(s.dir)
}

// freshFor is how long a folder without a lock may be one that is being made.
const freshFor = time.Minute

// sweep removes the folders of hosts that have died, and what is left of their functions.
func sweep(dir string) {
	runs, _ := filepath.Glob(filepath.Join(dir, "run-*")) // the pattern is well formed
	for _, run := range runs {
		lock, err := takeLock(filepath.Join(run, lockName), false)
		if errors.Is(err, fs.ErrNotExist) {
			if info, err := os.Stat(run); err != nil || time.Since(info.ModTime()) < freshFor {
				continue
			}
		} else if err != nil {
			continue // in use
		}
		process.Sweep(run + string(filepath.Separator))
		if lock != nil {
			_ = lock.Close()
		}
		removeAll(run)
	}
}

// removeAll removes a folder, also one whose owner took his own rights away. What
// still resists is left to the next sweep.
func removeAll(dir string) {
	if dir == "" || os.RemoveAll(dir) == nil {
		return
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, _ error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700) //nolint:gosec // a folder must be entered to be emptied
		}
		return nil
	})
	_ = os.RemoveAll(dir)
}
