package step

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// shared finds the material that conformance tests read; the test is skipped without it.
func shared(t *testing.T, name string) []byte {
	t.Helper()
	dirs := []string{os.Getenv("STAGEDOOR_SHARED")}
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for dir := wd; filepath.Dir(dir) != dir; dir = filepath.Dir(dir) {
		dirs = append(dirs, filepath.Join(dir, "..", "shared"))
	}
	for _, dir := range dirs {
		if doc, err := os.ReadFile(filepath.Join(dir, name)); dir != "" && err == nil {
			return doc
		}
	}
	t.Skipf("no conformance data %s here", name)
	return nil
}

func TestWholeValueConformance(t *testing.T) {
	var cases []struct{ Name, Verdict, Raw string }
	if err := json.Unmarshal(shared(t, "conformance/json/parsing.json"), &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		raw, err := base64.StdEncoding.DecodeString(c.Raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = wholeValue(raw)
		if c.Verdict == "accept" && err != nil {
			t.Errorf("%s: refused", c.Name)
		}
		if c.Verdict == "reject" && err == nil && json.Valid(raw) {
			t.Errorf("%s: accepted", c.Name)
		}
	}
}

func TestWholeValueIsBounded(t *testing.T) {
	for _, depth := range []int{maxDepth, maxDepth + 1, 1 << 20} {
		_, err := wholeValue([]byte(strings.Repeat("[", depth) + strings.Repeat("]", depth)))
		if (err == nil) != (depth <= maxDepth) {
			t.Errorf("depth %d: %v", depth, err)
		}
	}
}

// FuzzWholeValue: what is taken is valid JSON for encoding/json as well, and
// what is refused is invalid or deeper than we go; strings decode alike.
func FuzzWholeValue(f *testing.F) {
	for _, s := range []string{`{"a":[1,-0.5e+3,true,false,null,"\u00e9\ud83d\ude00\n"]}`, `[[],{}]`, ` "x" `, `{"a":{}}`, `01`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		got, err := wholeValue(doc)
		if valid := json.Valid(doc); valid != (err == nil) {
			if !valid || bytes.Count(doc, []byte("["))+bytes.Count(doc, []byte("{")) <= maxDepth {
				t.Fatalf("wholeValue(%q) = %v, json.Valid %v", doc, err, valid)
			}
		}
		if err != nil {
			return
		}
		switch got[0] {
		case '"':
			var want string
			if err := json.Unmarshal(got, &want); err != nil {
				t.Fatal(err)
			}
			if text := strings.ToValidUTF8(string(appendUnquoted(nil, got)), "\uFFFD"); text != want && !strings.Contains(want, "\uFFFD") {
				t.Fatalf("%s decodes to %q, want %q", got, text, want)
			}
		case '{':
			n := map[string]bool{}
			if err := members(got, func(name, value []byte) error {
				n[string(appendUnquoted(nil, name))] = true
				if !json.Valid(value) {
					t.Fatalf("member %s of %s: %s", name, got, value)
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			var want map[string]json.RawMessage
			if err := json.Unmarshal(got, &want); err != nil {
				t.Fatal(err)
			}
			if len(n) < len(want) {
				t.Fatalf("%d members of %s, want %d", len(n), got, len(want))
			}
		case '[':
			n := 0
			_ = elements(got, func([]byte) error { n++; return nil })
			var want []json.RawMessage
			if err := json.Unmarshal(got, &want); err != nil || len(want) != n {
				t.Fatalf("%d elements of %s, want %d (%v)", n, got, len(want), err)
			}
		}
	})
}
