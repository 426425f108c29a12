package doc

import (
	"strings"
	"testing"
	"time"
)

// TestCosts holds that no text of the size allowed takes long to read.
func TestCosts(t *testing.T) {
	full := func(piece string) string { return strings.Repeat(piece, MaxSize/len(piece)) }
	var bomb, chain, anchors strings.Builder
	bomb.WriteString("a0: &a0 [x, x, x, x, x, x, x, x, x]\n")
	for i := range 12 {
		name := string(rune('a' + i))
		bomb.WriteString(name + "1: &" + name + "1 [" + strings.Repeat("*"+prev(name)+", ", 9) + "x]\n")
	}
	for i := range 50000 {
		chain.WriteString("k" + itoa(i) + ": &k" + itoa(i) + " *k" + itoa(max(i-1, 0)) + "\n")
		anchors.WriteString("- &k" + itoa(i) + " x\n")
	}
	for name, text := range map[string]string{
		"open lists":       full("["),
		"open maps":        full("{a: "),
		"open json lists":  `{"a": ` + full("["),
		"open json maps":   full(`{"a": `),
		"dashes":           full("- "),
		"question marks":   full("? "),
		"colons":           full(": "),
		"exclamation":      full("!"),
		"ampersands":       full("&a "),
		"asterisks":        full("*a "),
		"comments":         full("# c\n"),
		"comments of keys": full("a: # c\n"),
		"many items":       full("- a\n"),
		"many lists":       full("- []\n"),
		"many keys":        strings.Repeat("a", 1000) + ": 1\n",
		"one long text":    full("a"),
		"one long number":  "a: " + full("1"),
		"one quoted text":  `a: "` + full(`\u0041`),
		"folded":           "a: >\n" + full("  b\n\n"),
		"literal":          "a: |\n" + full("  b\n"),
		"tabs":             full("\t"),
		"blank lines":      full("\n"),
		"documents":        full("---\n"),
		"directives":       full("%YAML 1.1\n"),
		"alias bomb":       bomb.String(),
		"alias chain":      chain.String(),
		"anchors":          anchors.String(),
		"merges":           "a: &a {b: c}\nd:\n" + strings.Repeat("  <<: *a\n", 100000),
		"zero bytes":       full("\x00"),
		"not utf-8":        full("\xff"),
		"byte order marks": full("\ufeff"),
	} {
		begin := time.Now()
		v, problems := Parse(name, []byte(text[:min(len(text), MaxSize)]))
		d := time.Since(begin)
		if (v == nil) == (len(problems) == 0) {
			t.Errorf("%s: value %v and problems %v", name, v.Kind(), problems)
		}
		if d > 5*time.Second {
			t.Errorf("%s took %v", name, d)
		} else if d > time.Second {
			t.Logf("%s took %v", name, d)
		}
	}
}

func itoa(n int) string { return time.Duration(n).String() }

func prev(name string) string {
	if name == "a" {
		return "a0"
	}
	return string(rune(name[0]-1)) + "1"
}
