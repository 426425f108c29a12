package sqlite

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// TestReadOnly opens stores that the process may not write. If the tests run
// as root, this thread becomes somebody else first, and is not used again.
func TestReadOnly(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "folder")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{top, filepath.Dir(top)} {
		if err := os.Chmod(name, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "stagedoor.db")
	s := mustOpen(t, path)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{path, path + ".lock", path + "-wal", path + "-shm"} {
		if err := os.Chmod(name, 0o444); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(folder, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(folder, 0o755) })

	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // never unlocked: the thread ends with the goroutine
		if os.Getuid() == 0 {
			if err := unix.Setfsuid(65534); err != nil {
				t.Error(err)
				return
			}
		}
		for _, path := range []string{path, filepath.Join(folder, "new.db"), filepath.Join(folder, "sub", "new.db")} {
			s, err := Open(t.Context(), path)
			if err == nil {
				_ = s.Close()
			}
			if err == nil || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), path) {
				t.Errorf("Open(%s) = %v, want the path and permission denied", path, err)
			}
		}
	}()
	<-done
}
