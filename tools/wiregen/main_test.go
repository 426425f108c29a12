package main

import (
	"go/build"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func toy(t *testing.T) map[string][]byte {
	t.Helper()
	m, err := readModel(filepath.Join("testdata", "models"), "toy")
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSchema("toy", m)
	if err != nil {
		t.Fatal(err)
	}
	files, err := s.generate()
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestGolden holds what is written for a small model that has one of each thing
// to the files in testdata/golden; UPDATE_GOLDEN=1 writes them anew.
func TestGolden(t *testing.T) {
	files := toy(t)
	if len(files) != 5 {
		t.Errorf("%d files, want 5", len(files))
	}
	for name, got := range files {
		golden := filepath.Join("testdata", "golden", name+".txt")
		if os.Getenv("UPDATE_GOLDEN") != "" {
			if err := os.WriteFile(golden, got, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestDeterministic holds two runs to the same bytes.
func TestDeterministic(t *testing.T) {
	first := toy(t)
	for range 5 {
		if diff := cmp.Diff(first, toy(t)); diff != "" {
			t.Fatalf("two runs differ:\n%s", diff)
		}
	}
}

// TestRepeatable writes the packages of all services to an empty folder and
// compares them with those that are committed.
func TestRepeatable(t *testing.T) {
	models := os.Getenv("MODELS")
	if models == "" {
		models = filepath.Join("..", "..", "..", "shared", "aws-models", "botocore")
	}
	if _, err := os.Stat(models); err != nil {
		t.Skip("no models: set MODELS")
	}
	out := t.TempDir()
	if err := run(models, out); err != nil {
		t.Fatal(err)
	}
	for _, service := range services() {
		made, err := filepath.Glob(filepath.Join(out, packageOf(service), "*"))
		if err != nil || len(made) != 5 {
			t.Fatalf("%s: %v, %v", service, made, err)
		}
		for _, file := range made {
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := filepath.Join("..", "..", "internal", "wire", packageOf(service), filepath.Base(file))
			want, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("%s is not what the models give: run make generate", name)
			}
		}
		if _, err := build.ImportDir(filepath.Join(out, packageOf(service)), 0); err != nil {
			t.Error(err)
		}
	}
}

// TestRefuses holds models that cannot be written to an error that says why.
func TestRefuses(t *testing.T) {
	for _, tt := range []struct{ name, model, want string }{
		{"an unknown shape", `{"operations":{"A":{"input":{"shape":"B"}}},"shapes":{}}`, `AInput cannot be the name of A "B"`},
		{"an unknown member", `{"operations":{"A":{"input":{"shape":"B"}}},"shapes":{"B":{"type":"structure","members":{"c":{"shape":"D"}}}}}`, `there is no shape "D"`},
		{"an unknown type", `{"metadata":{"protocol":"json"},"operations":{"A":{"input":{"shape":"B"}}},"shapes":{"B":{"type":"structure","members":{"c":{"shape":"D"}}},"D":{"type":"quark"}}}`, `quark`},
		{"an unknown protocol", `{"metadata":{"protocol":"morse"},"operations":{},"shapes":{}}`, `no codec for protocol "morse"`},
		{"an unknown location", `{"metadata":{"protocol":"rest-json"},"operations":{"A":{"input":{"shape":"B"}}},"shapes":{"B":{"type":"structure","members":{"c":{"shape":"D","location":"attic"}}},"D":{"type":"string"}}}`, `unknown location "attic"`},
		{"no JSON", `{`, `read model of x`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			models := t.TempDir()
			if err := os.Mkdir(filepath.Join(models, "x"), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(models, "x", "service-2.json"), []byte(tt.model), 0o600); err != nil {
				t.Fatal(err)
			}
			err := writeService(models, "x", t.TempDir())
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("writeService(%s) = %v, want %s", tt.model, err, tt.want)
			}
		})
	}
}

// TestInOrder holds the order of an enum to the quirk's, and new values behind.
func TestInOrder(t *testing.T) {
	got := inOrder([]string{"new", "a", "b", "newer"}, []string{"b", "gone", "a"})
	if diff := cmp.Diff([]string{"b", "a", "new", "newer"}, got); diff != "" {
		t.Errorf("inOrder (-want +got):\n%s", diff)
	}
}
