package hostname_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/hostname"
)

func TestLookup(t *testing.T) {
	table := map[string]string{"a.test": "a", "*.a.test": "below a", "b.a.test": "b", "localhost": "local", "*": "never"}
	for _, tt := range []struct{ host, want string }{
		{"a.test", "a"},
		{"A.Test", "a"},
		{"a.test:8443", "a"},
		{"a.test.", "a"},
		{"a.test.:443", "a"},
		{"a.test..", ""},
		{"x.a.test", "below a"},
		{"b.a.test", "b"},
		{"x.b.a.test", ""}, // a wildcard stands for one label
		{".a.test", ""},
		{"localhost", "local"},
		{"test", ""},
		{"", ""},
		{":443", ""},
		{"[::1]:443", ""},
		{strings.Repeat("x", 300) + ".a.test", ""},
	} {
		if got, ok := hostname.Lookup(table, []byte(tt.host)); got != tt.want || ok != (tt.want != "") {
			t.Errorf("Lookup(%q) = %q, %v, want %q", tt.host, got, ok, tt.want)
		}
	}
}

func TestLookupAllocs(t *testing.T) {
	table := map[string]string{"*.a.test": "a"}
	host := []byte("Shop.a.test:443")
	if got := testing.AllocsPerRun(1000, func() { _, _ = hostname.Lookup(table, host) }); got > 0 {
		t.Errorf("looking a host up allocates %v times, want 0", got)
	}
}

// FuzzLookup: case, a port and a last dot change nothing, and only a name that
// is there or its wildcard is found.
func FuzzLookup(f *testing.F) {
	for _, s := range []string{"a.test", "x.a.test", "A.TEST", ".", "*.a.test", "[::1]"} {
		f.Add(s)
	}
	table := map[string]string{"a.test": "a.test", "*.a.test": "*.a.test"}
	f.Fuzz(func(t *testing.T, s string) {
		if strings.HasSuffix(s, ".") || strings.Contains(s, ":") || len(s) > 200 {
			t.Skip("has what is added")
		}
		want, ok := hostname.Lookup(table, []byte(s))
		if ok && want == "a.test" && !strings.EqualFold(s, want) || want == "*.a.test" && strings.Count(s, ".") != 2 {
			t.Errorf("Lookup(%q) = %q", s, want)
		}
		upper := []byte(s)
		for i, c := range upper {
			if 'a' <= c && c <= 'z' {
				upper[i] = c - 'a' + 'A'
			}
		}
		for _, other := range []string{string(upper), s + ".", s + ":443", s + ".:443"} {
			if s == "" {
				continue
			}
			if got, gotOK := hostname.Lookup(table, []byte(other)); got != want || gotOK != ok {
				t.Errorf("Lookup(%q) = %q, %v, but %q is %q, %v", other, got, gotOK, s, want, ok)
			}
		}
	})
}
