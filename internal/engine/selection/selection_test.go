package selection

import (
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestMatch(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"200", "200", true},
		{"200", "2000", false},
		{"20", "200", false},
		{`4\d{2}`, "404", true},
		{`4\d{2}`, "504", false},
		{"4..", "404", true},
		{"(4|5)..", "503", true},
		{"400|404", "404", true},
		{".*Error.*", "an Error here", true},
		{".*Error.*", "an Error\nhere", false},
		{".*Error.*", "an Error\rhere", false},
		{`(\n|.)+`, "a\nb", true},
		{"(?s).*Error.*", "an Error\nhere", true},
		{`[\s\S]*Error[\s\S]*`, "an Error\nhere", true},
		{"(?i)error", "ERROR", true},
		{"-", "-", true},
		{"", "", true},
		{"", "x", false},
		{"foo$", "foo\n", false},
		{"^foo$", "foo", true},
		{"a|b", "ab", false},

		// Java's own words
		{`\p{Alpha}+`, "abc", true},
		{`[\p{Digit}x]+`, "1x", true},
		{`\h`, "\u00a0", true},
		{`[\h]`, "\t", true},
		{`\v`, "\r", true},
		{`\s`, "\x0b", true},
		{`\u0041\x42\x{43}\0104`, "ABCD", true},
		{`[\u005d]`, "]", true},
		{`\Qa.b\E.`, "a.bc", true},
		{`\Qa.b\E.`, "axbc", false},
		{`\Qa.b`, "a.b", true},
		{`[a[bc]]+`, "abc", true},
		{`[]a]+`, "]a", true},
		{`[^]a]`, "b", true},
		{`\e`, "\x1b", true},
		{`\cA`, "\x01", true},
		{"\\é", "é", true},

		// what only a backtracking engine has
		{"(?!.*ok).*", "not this", true},
		{"(?!.*ok).*", "this is ok", false},
		{"^(?!200).*$", "404", true},
		{"(a)(b)\\2\\1", "abba", true},
		{"a++b", "aab", true},
		{"(?>a+)ab", "aab", false},
		{"(?<=x)y|xy", "xy", true},
	} {
		p, err := Compile(tt.pattern)
		if err != nil {
			t.Errorf("Compile(%q): %v", tt.pattern, err)
			continue
		}
		if got, err := p.Match(tt.text); got != tt.want || err != nil {
			t.Errorf("%q matches %q: %v, %v, want %v", tt.pattern, tt.text, got, err, tt.want)
		}
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, pattern := range []string{
		"(", "[a", "*", `\`, "a{1001}", "(x{1000}){1000}", "[a&&[b]]", "[a[^b]]", "(?<n>a)(?<n>b)(",
		strings.Repeat("a", MaxPattern+1),
	} {
		if p, err := Compile(pattern); err == nil {
			t.Errorf("Compile(%q) took it: %v", pattern, p)
		}
	}
}

func TestMatchIsBounded(t *testing.T) {
	long := strings.Repeat("a", 100_000)
	for _, pattern := range []string{"(a+)+$b", `(?!x)(a+)+b`, `(?=a)(a|aa)+b`} {
		p, err := Compile(pattern)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if ok, _ := p.Match(long); ok {
			t.Errorf("%q matched", pattern)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%q took %v", pattern, took)
		}
	}
	p, err := Compile("a*")
	if err != nil {
		t.Fatal(err)
	}
	if ok, err := p.Match(strings.Repeat("a", MaxText+1)); ok || err != nil {
		t.Errorf("a text too long: %v, %v, want no match", ok, err)
	}
}

// FuzzCompile: a quoted text matches itself and nothing longer; any other
// pattern either fails to compile or answers in time.
func FuzzCompile(f *testing.F) {
	f.Add(`a.b`, "a.b")
	f.Add(`[a[b]&&c]\p{Alpha}\u00e9\Qx`, "é")
	f.Add(`(?!a)(b)\1[\]\-]`, "bb]")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if p, err := Compile(pattern); err == nil {
			if _, err := p.Match(text); err != nil && p.slow == nil {
				t.Fatalf("%q on %q: %v", pattern, text, err)
			}
		}
		if !utf8.ValidString(text) || strings.Contains(text, `\`) || len(text) > MaxPattern/2 {
			return
		}
		for _, quoted := range []string{`\Q` + text, regexp.QuoteMeta(text)} {
			p, err := Compile(quoted)
			if err != nil {
				t.Fatalf("Compile(%q): %v", quoted, err)
			}
			if ok, err := p.Match(text); !ok || err != nil {
				t.Fatalf("%q does not match itself: %v", text, err)
			}
			if ok, _ := p.Match(text + "x"); ok {
				t.Fatalf("%q matches more", text)
			}
		}
	})
}
