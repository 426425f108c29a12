package jsonschema

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared is a folder of the public test vectors; the test skips without it.
func shared(t testing.TB, name string) string {
	t.Helper()
	if root := os.Getenv("STAGEDOOR_SHARED"); root != "" {
		return filepath.Join(root, name)
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		path := filepath.Join(filepath.Dir(dir), "shared", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	t.Skip("no shared test vectors: set STAGEDOOR_SHARED")
	return ""
}

// suiteGroup is one schema of the JSON-Schema-Test-Suite with its documents.
type suiteGroup struct {
	Description string
	Schema      json.RawMessage
	Tests       []struct {
		Description string
		Data        json.RawMessage
		Valid       bool
	}
}

// suite runs the groups of the files below dir, and returns how many cases
// there were and which of them failed.
func suite(t *testing.T, dir string, files []string) (cases int, failed []string) {
	t.Helper()
	remotes := filepath.Join(filepath.Dir(dir), "remotes")
	resolve := func(uri string) (string, bool) {
		path, ok := strings.CutPrefix(uri, "http://localhost:1234/")
		if !ok {
			return "", false
		}
		text, err := os.ReadFile(filepath.Join(remotes, filepath.FromSlash(path)))
		return string(text), err == nil
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var groups []suiteGroup
		if err := json.Unmarshal(raw, &groups); err != nil {
			t.Fatal(err)
		}
		name, _ := filepath.Rel(dir, file)
		for _, g := range groups {
			s, err := Compile("https://example.test/schema", string(g.Schema), resolve)
			for _, c := range g.Tests {
				cases++
				if err != nil {
					failed = append(failed, name+": "+g.Description+": "+err.Error())
					continue
				}
				if got := s.Validate(c.Data); (got == nil) != c.Valid {
					failed = append(failed, name+": "+g.Description+": "+c.Description)
				}
			}
		}
	}
	return cases, failed
}

// TestSuite is the public suite of draft 4: all that it requires.
func TestSuite(t *testing.T) {
	dir := shared(t, "conformance/jsonschema/draft4")
	files, _ := filepath.Glob(filepath.Join(dir, "*.json"))
	cases, failed := suite(t, dir, files)
	if cases != 618 {
		t.Errorf("%d cases, want 618", cases)
	}
	for _, f := range failed {
		t.Error(f)
	}
}

// TestOptionalSuite is what the suite leaves open, but for format, which
// checks nothing here.
func TestOptionalSuite(t *testing.T) {
	dir := shared(t, "conformance/jsonschema/draft4")
	files, _ := filepath.Glob(filepath.Join(dir, "optional", "*.json"))
	cases, failed := suite(t, dir, files)
	if cases != 100 {
		t.Errorf("%d cases, want 100", cases)
	}
	for _, f := range failed {
		t.Error(f)
	}
}

// TestJSONVerdicts is what is JSON and what is not.
func TestJSONVerdicts(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(shared(t, "conformance/json"), "parsing.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct{ Name, Verdict, Raw string }
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	anything, err := Compile("https://example.test/schema", `{}`, nil)
	if err != nil {
		t.Fatal(err)
	}
	counted := map[string]int{}
	for _, c := range cases {
		counted[c.Verdict]++
		doc, err := base64.StdEncoding.DecodeString(c.Raw)
		if err != nil {
			t.Fatal(err)
		}
		got := anything.Validate(doc) == nil
		if c.Verdict == "accept" && !got || c.Verdict == "reject" && got {
			t.Errorf("%s: valid %v, want %s: %.80q", c.Name, got, c.Verdict, doc)
		}
		if got != json.Valid(doc) && !bytes.ContainsAny(doc, "eE") && c.Verdict != "either" {
			t.Errorf("%s: valid %v, and encoding/json disagrees", c.Name, got)
		}
	}
	if counted["accept"] != 95 || counted["reject"] != 188 || counted["either"] != 35 {
		t.Errorf("cases: %v", counted)
	}
}
