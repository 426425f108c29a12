package sqlite

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/store"
)

// TestPermissions reads the modes of all that a store makes, while it is open.
func TestPermissions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b", "stagedoor.db")
	s := mustOpen(t, path)
	if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("a", nil) }); err != nil {
		t.Fatal(err)
	}
	seen := 0
	err := filepath.WalkDir(filepath.Dir(filepath.Dir(path)), func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o600)
		if d.IsDir() {
			want = 0o700
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s has mode %o, want %o", d.Name(), got, want)
		}
		seen++
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen != 6 { // two folders, the file, its WAL, its index, the lock
		t.Errorf("saw %d files and folders, want 6", seen)
	}
}

func TestInUse(t *testing.T) {
	path := file(t)
	first := mustOpen(t, path)
	_, err := Open(t.Context(), path)
	if !errors.Is(err, ErrInUse) || !strings.Contains(err.Error(), path) {
		t.Errorf("Open of a store in use = %v, want ErrInUse with its path", err)
	}
	if err := first.Update(t.Context(), func(tx store.Tx) error { return tx.Put("a", []byte("1")) }); err != nil {
		t.Errorf("Update after the other's Open: %v", err)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	again := mustOpen(t, path)
	err = again.View(t.Context(), func(tx store.Tx) error { _, err := tx.Get("a"); return err })
	if err != nil {
		t.Errorf("Get after the second Open: %v", err)
	}
}

// TestBadFiles opens what is no store, and must neither accept nor change it.
func TestBadFiles(t *testing.T) {
	foreign := func(sql string) func(t *testing.T, path string) {
		return func(t *testing.T, path string) {
			t.Helper()
			at, err := occupy(path, settings{})
			if err != nil {
				t.Fatal(err)
			}
			c, err := connect(at, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(c.db.Exec(sql), c.close(), at.leave()); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, tt := range []struct {
		name, want string
		prepare    func(t *testing.T, path string)
	}{
		{"text", "not a SQLite database", func(t *testing.T, path string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(strings.Repeat("listen: 127.0.0.1\n", 300)), 0o600); err != nil {
				t.Fatal(err)
			}
		}},
		{"somebody else's database", "not stagedoor's", foreign("CREATE TABLE users (id)")},
		{"from the future", "newer stagedoor", foreign("PRAGMA application_id = 0x73746467; PRAGMA user_version = 99")},
		{"folder", "is a directory", func(t *testing.T, path string) {
			t.Helper()
			if err := os.Mkdir(path, 0o700); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "stagedoor.db")
			tt.prepare(t, path)
			before, _ := os.ReadFile(path)
			for range 2 { // the first must not leave a lock behind
				s, err := Open(t.Context(), path)
				if err == nil {
					_ = s.Close()
				}
				if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
					t.Errorf("Open = %v, want the path and %q", err, tt.want)
				}
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("Open has changed the file")
			}
		})
	}
}

// TestDamaged overwrites the middle of a store.
func TestDamaged(t *testing.T) {
	path := file(t)
	s := mustOpen(t, path)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for i := range 2000 {
			if err := tx.Put(string([]byte{'k', byte(i >> 8), byte(i)}), bytes.Repeat([]byte("1"), 300)); err != nil {
				return err
			}
		}
		return nil
	})
	if err := errors.Join(err, s.Close()); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(b) / 4; i < len(b)*3/4; i++ {
		b[i] = 0xa5
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, path)
	err = s.View(t.Context(), func(tx store.Tx) error { _, err := store.All[any](tx, ""); return err })
	if err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Errorf("reading a damaged store = %v, want that it is damaged", err)
	}
}

// TestHistory lets the feed forget, and a slow watcher come too late.
func TestHistory(t *testing.T) {
	const history = 8
	s, err := open(t.Context(), file(t), settings{history: history, readers: 4})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	write := func(key, doc string) {
		t.Helper()
		err := s.Update(t.Context(), func(tx store.Tx) error {
			if doc == "" {
				return tx.Delete(key)
			}
			return tx.Put(key, []byte(doc))
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	write("gone", "1")
	write("gone", "")
	const last = 52
	for i := 2; i < last; i++ {
		write(string([]byte{'k', 'a' + byte(i%5)}), "1")
	}
	rows, err := s.writer.conn.number("SELECT count(*) FROM change")
	if err != nil || rows > history+1 {
		t.Errorf("the feed remembers %d revisions, %v; want at most %d", rows, err, history+1)
	}
	for after := range store.Revision(last) {
		for changes, err := range s.Watch(t.Context(), after) {
			if err != nil {
				t.Fatal(err)
			}
			if got, want := store.Resync(changes), after < last-history; got != want {
				t.Errorf("Watch(%d) begins with a resync: %v, want %v", after, got, want)
			}
			if store.Resync(changes) {
				var keys string
				for _, c := range changes[1:] {
					keys += " " + c.Key
				}
				if keys != " ka kb kc kd ke" || changes[0].Revision != last {
					t.Errorf("the resync has%s at revision %d", keys, changes[0].Revision)
				}
			} else if changes[0].Revision != after+1 {
				t.Errorf("Watch(%d) begins with %v", after, changes[0])
			}
			break
		}
	}
}
