package stagedoor_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// witness is a row of docs/fidelity.md.
type witness struct {
	section, words string
	tests          []string
	seen           bool
}

// witnesses reads the tables of docs/fidelity.md.
func witnesses(t *testing.T) []*witness {
	t.Helper()
	text, err := os.ReadFile("docs/fidelity.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []*witness
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.ReplaceAll(strings.TrimSpace(line), `\|`, "\x00"), "|")
		if len(cells) != 5 || !regexp.MustCompile(`^ [\d.]+ $`).MatchString(cells[1]) {
			continue
		}
		words := strings.ReplaceAll(strings.TrimSpace(cells[2]), "\x00", "|")
		all = append(all, &witness{section: strings.TrimSpace(cells[1]), words: words, tests: strings.Fields(cells[3])})
	}
	if len(all) < 80 {
		t.Fatalf("%d rows: the table is not read", len(all))
	}
	return all
}

// testsOf lists the tests of a folder.
func testsOf(t *testing.T, dir string) map[string]bool {
	t.Helper()
	found := map[string]bool{}
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			found[m[1]] = true
		}
	}
	return found
}

// TestFidelity: every test that docs/fidelity.md names is there, and every
// witness of the specification that was recorded from AWS has a row.
func TestFidelity(t *testing.T) {
	rows := witnesses(t)
	known := map[string]map[string]bool{}
	for _, w := range rows {
		if len(w.tests) == 0 {
			t.Errorf("%s %q has no test", w.section, w.words)
		}
		for _, name := range w.tests {
			dir, test := name[:strings.LastIndex(name, ".")], name[strings.LastIndex(name, ".")+1:]
			if dir == "" {
				dir = "."
			}
			if known[dir] == nil {
				known[dir] = testsOf(t, dir)
			}
			if !known[dir][test] {
				t.Errorf("%s %q: there is no %s", w.section, w.words, name)
			}
		}
	}
	text, err := os.ReadFile(shared(t, "spec/rest-data-plane.md"))
	if err != nil {
		t.Fatal(err)
	}
	checkWitnesses(t, string(text), rows)
}

// checkWitnesses looks for lines that have no row, and rows that have no line.
func checkWitnesses(t *testing.T, spec string, rows []*witness) {
	t.Helper()
	heading, gold := regexp.MustCompile(`^#+ ([\d.]*\d)\.?\s`), regexp.MustCompile(`\[(AS|LSt?:[^\]]*)[ \]]|[;\[] ?LSt?:`)
	section, lines := "", 0
	for line := range strings.Lines(spec) {
		if m := heading.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		if section == "" || section == "0" || !gold.MatchString(line) {
			continue
		}
		lines++
		found := false
		for _, w := range rows {
			if w.section == section && strings.Contains(line, w.words) {
				found, w.seen = true, true
			}
		}
		if !found {
			t.Errorf("section %s: no row for the witness %.120s", section, line)
		}
	}
	if lines < 80 {
		t.Errorf("%d witnesses: the specification is not read", lines)
	}
	for _, w := range rows {
		if !w.seen && strings.Contains(w.section, ".") {
			t.Errorf("section %s has no line with %q any more", w.section, w.words)
		}
	}
}
