package sqlite

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/vfs/mvcc" // SQLite's file system for memory
)

// ErrInUse says that another process has the store open.
var ErrInUse = errors.New("another stagedoor uses it")

// place is where a database is, and the right to be there.
type place struct {
	name   string   // for people: the path as it was given
	uri    string   // for SQLite
	folder string   // where the files are
	lock   *os.File // held while the store is open; nil: in memory
}

func (p place) memory() bool { return p.lock == nil }

// occupy makes the folder and the files of a database, which only their owner
// may read, and takes the lock, unless it was handed over.
func occupy(path string, set settings) (place, error) {
	if path == Memory {
		return place{name: path, uri: "file:/" + rand.Text() + "?vfs=mvcc"}, nil
	}
	full, err := filepath.Abs(path)
	if err != nil {
		return place{}, fmt.Errorf("open %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(full), 0o700); err != nil {
		return place{}, fmt.Errorf("make the folder of %s: %w", path, err)
	}
	lock := set.lock
	if lock == nil {
		if lock, err = takeLock(full + ".lock"); err != nil {
			return place{}, fmt.Errorf("open %s: %w", path, err)
		}
	}
	// SQLite would make these with the permissions of the umask. It deletes and
	// makes the WAL anew at will, then with the mode of the database (modeof).
	for _, name := range []string{full, full + "-wal", full + "-shm"} {
		if err := touch(name); err != nil {
			return place{}, errors.Join(fmt.Errorf("open %s: %w", path, err), lock.Close())
		}
	}
	uri := url.URL{Scheme: "file", Path: filepath.ToSlash(full)}
	if !strings.HasPrefix(uri.Path, "/") {
		uri.Path = "/" + uri.Path // C:/data becomes file:///C:/data
	}
	query := url.Values{"modeof": {full}}
	if set.vfs != "" {
		query.Set("vfs", set.vfs)
	}
	uri.RawQuery = query.Encode()
	return place{name: path, uri: uri.String(), folder: filepath.Dir(full), lock: lock}, nil
}

// touch makes an empty file for its owner alone, if there is none.
func touch(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// settle makes the names of the files durable, once SQLite has made them: its
// Go file system flushes what is in a new WAL, and not that there is one.
func (p place) settle() error {
	if p.memory() {
		return nil
	}
	return syncFolder(p.folder)
}

// leave gives the lock back. The lock file stays, for another process may wait
// at it already.
func (p place) leave() error {
	if p.lock == nil {
		return nil
	}
	return p.lock.Close()
}

// explain says what a person can do about an error of SQLite; others stay as
// they are.
func (p place) explain(err error) error {
	var say string
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sqlite3.FULL), errors.Is(err, syscall.ENOSPC), errors.Is(err, sqlite3.IOERR) && full(p.folder):
		say = "the disk is full"
	case errors.Is(err, sqlite3.CORRUPT):
		say = "the file is damaged; put back a copy of it"
	case errors.Is(err, sqlite3.NOTADB):
		say = "the file is not a SQLite database"
	case errors.Is(err, sqlite3.READONLY):
		say = "the file or its folder is read-only"
	case errors.Is(err, sqlite3.CANTOPEN):
		say = "the file cannot be opened"
	case errors.Is(err, sqlite3.IOERR):
		say = "the disk has failed"
	default:
		return err
	}
	return fmt.Errorf("store %s: %s: %w", p.name, say, err)
}
