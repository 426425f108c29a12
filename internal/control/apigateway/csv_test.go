package apigateway

import (
	"slices"
	"strings"
	"testing"
)

// FuzzReadCSV: whatever fields are written in quotes are read back, whatever
// is read does not panic, and lines are counted upwards.
func FuzzReadCSV(f *testing.F) {
	f.Add("a", `b"c`, "name,key\n'x,y',\"z\"\r\n\n  'a''b' junk,c\n\"open")
	f.Add("", ",\n", `'`)
	f.Fuzz(func(t *testing.T, first, second, text string) {
		for _, quote := range []string{`"`, `'`} {
			in := []string{first, second}
			var quoted []string
			for _, field := range in {
				quoted = append(quoted, quote+strings.ReplaceAll(field, quote, quote+quote)+quote)
			}
			got := readCSV(strings.Join(quoted, ",") + "\n" + strings.Join(quoted, " , "))
			if len(got) != 2 || !slices.Equal(got[0].fields, in) || !slices.Equal(got[1].fields, in) {
				t.Errorf("readCSV(%q) = %v, want %q twice", quoted, got, in)
			}
		}
		last := 0
		for _, l := range readCSV(text) {
			if l.line <= last || len(l.fields) == 0 {
				t.Errorf("readCSV(%q) has line %d after line %d with %d fields", text, l.line, last, len(l.fields))
			}
			last = l.line
		}
	})
}
