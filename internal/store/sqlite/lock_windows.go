package sqlite

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// takeLock takes the lock file, which the system gives back when the process
// ends, however it ends.
func takeLock(name string) (*os.File, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	const flags = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(f.Fd()), flags, 0, 1, 0, &windows.Overlapped{})
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		err = ErrInUse
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// sign does nothing: nobody reads it.
func sign(*os.File) error { return nil }

// copyLock cannot copy a lock for another process.
func copyLock(*os.File) (int, error) { return -1, errors.ErrUnsupported }

// syncFolder does nothing: Windows keeps names durable by itself.
func syncFolder(string) error { return nil }
