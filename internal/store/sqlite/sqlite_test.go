package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/stagedoor/stagedoor/internal/store"
)

func TestSmoke(t *testing.T) {
	for _, path := range []string{Memory, filepath.Join(t.TempDir(), "a", "b.db")} {
		s, err := Open(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Update(t.Context(), func(tx store.Tx) error { return tx.Put("a", []byte("1")) }); err != nil {
			t.Fatal(err)
		}
		if err := s.View(t.Context(), func(tx store.Tx) error {
			v, err := tx.Get("a")
			t.Logf("%s %v", v, err)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		for c, err := range s.Watch(t.Context(), 0) {
			t.Log(c, err)
			break
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
