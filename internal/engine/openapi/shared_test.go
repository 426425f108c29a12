package openapi_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// shared finds a file of public documents.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	root := os.Getenv("STAGEDOOR_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			t.Fatal(err)
		}
		for root = filepath.Join(dir, "shared"); dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
			root = filepath.Join(dir, "shared")
			if _, err := os.Stat(root); err == nil {
				break
			}
		}
	}
	text, err := os.ReadFile(filepath.Join(root, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no %s: set STAGEDOOR_SHARED", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}
