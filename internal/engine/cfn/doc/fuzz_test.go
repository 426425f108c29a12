package doc

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// seeds adds real templates to a fuzz target's corpus, where they are.
func seeds(f *testing.F) {
	f.Helper()
	for _, s := range []string{
		"a: !Sub '${x}'\nb: [1, 0777, yes, 2012-10-17, 1:30, .5, 1_000, ~]\n",
		`{"a": [1, 2.50, "x\u00e9\ud83d\ude00", null, true], "b": {"Fn::GetAtt": ["x", "y"]}}`,
		"x: &a {k: v}\ny: *a\nz:\n  <<: *a\n  l: 1\n",
		"a: &a [*a]",
		"a: |\n  text\n  more\nb: >-\n  folded\n",
		"!GetAtt a.b", "{a: b, c: [d}", "\xff", "- - - -",
	} {
		f.Add([]byte(s))
	}
	files, _ := filepath.Glob("../../../../../shared/conformance/templates/*/*.yaml")
	for _, name := range files {
		if text, err := os.ReadFile(name); err == nil {
			f.Add(text)
		}
	}
}

// FuzzParse holds reading to its law: whatever the text, it ends soon, gives a
// value or problems and never both, and what it gives survives being written
// as JSON and read again.
func FuzzParse(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		v, problems := Parse("f", text)
		if d := time.Since(begin); d > 5*time.Second {
			t.Fatalf("%d bytes took %v", len(text), d)
		}
		if (v == nil) == (len(problems) == 0) {
			t.Fatalf("value %v and problems %v", v, problems)
		}
		if v == nil {
			return
		}
		again, problem := ParseJSON("", []byte(v.JSON()))
		if problem != nil {
			t.Fatalf("%s: %v", v.JSON(), problem)
		}
		if !again.Equal(v) {
			t.Fatalf("%s became %s", v.JSON(), again.JSON())
		}
		if c := v.Clone(); !c.Equal(v) || !From(v.Plain()).Equal(v) {
			t.Fatalf("%s does not equal its copies", v.JSON())
		}
	})
}
