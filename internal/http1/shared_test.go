package http1_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// conformance reads a file of the shared conformance data into v, or skips the
// test where the data is not there: it is no part of the repository.
func conformance(t testing.TB, name string, v any) {
	t.Helper()
	dir := os.Getenv("STAGEDOOR_SHARED")
	for at := "."; dir == ""; at = filepath.Join(at, "..") {
		if _, err := os.Stat(filepath.Join(at, "shared", "conformance")); err == nil {
			dir = filepath.Join(at, "shared")
		}
		if full, err := filepath.Abs(at); err != nil || full == filepath.Dir(full) {
			break
		}
	}
	if dir == "" {
		t.Skip("no shared folder beside the repository and STAGEDOOR_SHARED is not set")
	}
	data, err := os.ReadFile(filepath.Join(dir, "conformance", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		t.Fatalf("read %s: %v", name, err)
	}
}
