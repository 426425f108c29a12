package seal_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/seal"
)

func TestSeal(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	s, err := seal.File(path)
	if err != nil {
		t.Fatal(err)
	}
	sealed := s.Close([]byte("secret"), "purpose")
	if bytes.Contains(sealed, []byte("secret")) || bytes.Equal(sealed, s.Close([]byte("secret"), "purpose")) {
		t.Error("what is sealed can be told")
	}
	again, err := seal.File(path)
	if err != nil {
		t.Fatal(err)
	}
	if text, err := again.Open(sealed, "purpose"); err != nil || string(text) != "secret" {
		t.Errorf("Open = %q, %v", text, err)
	}
	if !bytes.Equal(s.Mark("a", "x"), again.Mark("a", "x")) || bytes.Equal(s.Mark("a", "x"), s.Mark("a", "y")) || bytes.Equal(s.Mark("a", "x"), seal.Random().Mark("a", "x")) {
		t.Error("marks are not the key's and the purpose's own")
	}
	for i := range sealed {
		broken := bytes.Clone(sealed)
		broken[i] ^= 1
		if _, err := s.Open(broken, "purpose"); !errors.Is(err, seal.ErrBroken) {
			t.Fatalf("Open with byte %d changed: %v", i, err)
		}
	}
	for _, one := range []struct {
		seal    *seal.Seal
		purpose string
	}{{s, "another"}, {seal.Random(), "purpose"}} {
		if _, err := one.seal.Open(sealed, one.purpose); !errors.Is(err, seal.ErrBroken) {
			t.Errorf("Open elsewhere: %v", err)
		}
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
	if err := os.WriteFile(path, []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := seal.File(path); err == nil {
		t.Error("a short key is taken")
	}
}
