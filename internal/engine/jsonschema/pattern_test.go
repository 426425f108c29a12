package jsonschema

import (
	"strings"
	"testing"
	"time"
)

// Patterns as ECMA 262 reads them, searched for anywhere in a text.
func TestPattern(t *testing.T) {
	for _, tt := range []struct {
		source, text string
		want, linear bool
	}{
		{"b", "abc", true, true},
		{"^abc$", "abc\n", false, true},
		{".", "\n\r\u2028\u2029", false, true},
		{".", "\u0085", true, true},
		{`^\s+$`, "\u00a0\u1680\u2003\ufeff\v", true, true},
		{`^\S+$`, "a\u0085\u200b", true, true},
		{`^[\s\S]+$`, "a \n", true, true},
		{`^[^\S]$`, "\u3000", true, true},
		{`[]`, "a", false, true},
		{`^[^]$`, "\n", true, true},
		{`^[[]$`, "[", true, true},
		{`^[a-z&&[x]$`, "&", true, true},
		{`^[\]\-\\^]+$`, `]-\^`, true, true},
		{`^[\b]$`, "\b", true, true},
		{`\bx\b`, "a x", true, true},
		{`x\B`, "xy", true, true},
		{`^\u00e9\x41\cJ\0$`, "éA\n\x00", true, true},
		{`^\ud83d\ude00+$`, "😀😀", true, true},
		{`^[\ud83d\ude00-\ud83d\ude05]$`, "😃", true, true},
		{`^\u{1F600}$`, "😀", true, true},
		{`^\/\-\_\é$`, "/-_é", true, true},
		{`^\e\a$`, "ea", true, true},
		{`^(?<year>\d{4})-(\d\d)$`, "2024-07", true, true},
		{`^\p{Lu}+$`, "ÀB", true, true},
		{`^(a)\1$`, "aa", true, false},
		{`^(?<n>a)\k<n>$`, "aa", true, false},
		{`^(?=.*\d)(?!x).{3,}$`, "ab1", true, false},
		{`(?<=a)b`, "ab", true, false},
		{`(?<!a)b`, "ab", false, false},
		{`^.{0,2000}$`, strings.Repeat("a", 2000), true, false},
		{`^.{0,2000}$`, strings.Repeat("a", 2001), false, false},
		{`^(?=a)`, strings.Repeat("a", maxMatchText+1), false, false},
	} {
		p, err := compilePattern(tt.source)
		if err != nil {
			t.Errorf("%s: %v", tt.source, err)
			continue
		}
		if got := p.match([]byte(tt.text)); got != tt.want || (p.linear != nil) != tt.linear {
			t.Errorf("%s finds %.40q: %v, linear %v; want %v, linear %v", tt.source, tt.text, got, p.linear != nil, tt.want, tt.linear)
		}
	}
}

func TestPatternRefuses(t *testing.T) {
	for _, source := range []string{"(", "a)", "*", "[a", `\`, "a{2,1}", "(?<n>a)(?<n>", "[b-a]"} {
		if p, err := compilePattern(source); err == nil && p.match([]byte(source)) {
			t.Errorf("%s was taken, and finds itself", source)
		}
	}
}

func TestPatternIsBounded(t *testing.T) {
	for _, source := range []string{"(a+)+$", "^(a|aa)+b", "(x+x+)+y", `^(?=a)(a+)+b$`, `(x{1000}){1000}`} {
		p, err := compilePattern(source)
		if err != nil {
			t.Fatalf("%s: %v", source, err)
		}
		start := time.Now()
		p.match([]byte(strings.Repeat("a", 100_000) + "!"))
		p.match([]byte(strings.Repeat("x", 100_000) + "!"))
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("%s took %v", source, took)
		}
	}
}
