package pattern_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control/logs/pattern"
)

func TestMatch(t *testing.T) {
	const (
		line   = `[ERROR] could not read "two words" of 17`
		object = `{"status":500,"path":"/xyz","ok":true,"gone":null,"n":1.5e2,"user":{"id":"7","tags":["a","b"]},"a b":"c","list":[{"k":1},{"k":2}]}`
		access = `127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /index.html HTTP/1.0" 404 1534`
	)
	for _, tt := range []struct {
		pattern, event string
		want           bool
	}{
		{"", line, true},
		{"  ", line, true},
		{"ERROR", line, true},
		{"error", line, false},
		{"ERROR could", line, true},
		{"ERROR missing", line, false},
		{`"two words"`, line, true},
		{`"words two"`, line, false},
		{"-ERROR", line, false},
		{"could -missing", line, true},
		{"?missing ?ERROR", line, true},
		{"?missing ?absent", line, false},
		{"could ?missing", line, true},
		{`%of \d+$%`, line, true},
		{`%of \D+$%`, line, false},
		{`"a \"b\""`, `x a "b" y`, true},

		{`{ $.status = 500 }`, object, true},
		{`{ $.status = 5* }`, object, true},
		{`{ $.status != 500 }`, object, false},
		{`{ $.status > 499.5 && $.status<=500 }`, object, true},
		{`{ $.status < 500 }`, object, false},
		{`{ $.n = 150 }`, object, true},
		{`{ $.path = "/x*" }`, object, true},
		{`{ $.path = /x* }`, object, true},
		{`{ $.path = "/y*" }`, object, false},
		{`{ $.path = %^/x.z$% }`, object, true},
		{`{ $.path != %^/x.z$% }`, object, false},
		{`{ $.user.id = "7" }`, object, true},
		{`{ $.user.id > 6 }`, object, true},
		{`{ $.user.tags[1] = b }`, object, true},
		{`{ $.user.tags[2] = b }`, object, false},
		{`{ $.list[*].k = 2 }`, object, true},
		{`{ $["a b"] = c }`, object, true},
		{`{ $.ok IS TRUE }`, object, true},
		{`{ $.ok is false }`, object, false},
		{`{ $.gone IS NULL }`, object, true},
		{`{ $.never NOT EXISTS }`, object, true},
		{`{ $.gone NOT EXISTS }`, object, false},
		{`{ $.never = 1 }`, object, false},
		{`{ ($.status = 1 || $.status = 500) && $.ok IS TRUE }`, object, true},
		{`{ $.status = 1 || $.status = 500 && $.ok IS FALSE }`, object, false},
		{`{ $.status = 500 }`, "no JSON", false},
		{`{ $.status = 500 }`, `"text"`, false},
		{`{ $.a = 2 }`, `{"a":1,"a":2}`, true},
		{`{ $[0] = 1 }`, `[1]`, true},
		{`{ $.a IS NULL }`, strings.Repeat("[", 1_000_000), false},

		{"[]", access, false},
		{"[ip, id, user, at, request, status, size]", access, true},
		{"[ip, id, user, at, request, status]", access, false},
		{"[ip, id, user, at, request, status=404, size]", access, true},
		{"[ip, id, user, at, request, status=4*, size > 1000]", access, true},
		{"[ip, id, user, at, request, status=5*, size]", access, false},
		{`[ip=127.*, ..., request="GET *", status != 200, size]`, access, true},
		{"[..., size]", access, true},
		{"[..., size = 1]", access, false},
		{"[ip, ...]", access, true},
		{"[ip, ..., status = 404 || status = 500, size]", access, true},
		{"[ip, ..., (status = 404 || status = 500) && status != 404, size]", access, false},
	} {
		p, err := pattern.Parse(tt.pattern)
		if tt.pattern == "[]" {
			if !errors.Is(err, pattern.ErrInvalid) {
				t.Errorf("Parse(%q) = %v", tt.pattern, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("Parse(%q): %v", tt.pattern, err)
			continue
		}
		if got := p.Match(tt.event); got != tt.want {
			t.Errorf("%q matches %.60q: %v, want %v", tt.pattern, tt.event, got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, text := range []string{
		`"open`, "-", "?", `""`, "%(%", strings.Repeat("x", 1025),
		"{", "{}", "{ $ }", "{ $.a }", "{ $.a = }", "{ $.a = 1", "{ $.a = 1 } x", "{ .a = 1 }", "{ $. = 1 }", "{ $.a[ = 1 }", "{ $.a > b }",
		"{ $.a IS }", "{ $.a NOT }", "{ ($.a = 1 }", "{ $.a = 1 && }", "{ $.a = %(% }", "{" + strings.Repeat("(", 40) + "$.a=1" + strings.Repeat(")", 40) + "}",
		"[", "[a", "[a b]", "[a, ..., b, ...]", "[a] x", "[a = ]", "[= 1]", "[(a = 1]",
	} {
		if _, err := pattern.Parse(text); !errors.Is(err, pattern.ErrInvalid) {
			t.Errorf("Parse(%.40q) = %v, want ErrInvalid", text, err)
		}
	}
}

// FuzzMatch: a pattern that was parsed answers for any event, and the same way
// if it is asked twice over.
func FuzzMatch(f *testing.F) {
	f.Add(`$.a = "x*" && $.b > 1`, `{"a":"xyz","b":2}`)
	f.Add(`($.a[*].b IS NULL || $["x y"] NOT EXISTS)`, `{"a":[{"b":null}]}`)
	f.Add(`x -y ?z`, `x z`)
	f.Fuzz(func(t *testing.T, text, event string) {
		if p, err := pattern.Parse(text); err == nil {
			p.Match(event)
		}
		if p, err := pattern.Parse("[a, " + text + "]"); err == nil {
			p.Match(event)
		}
		one, err := pattern.Parse("{" + text + "}")
		if err != nil {
			return
		}
		for _, other := range []string{"{(" + text + ")}", "{(" + text + ")&&(" + text + ")}", "{(" + text + ")||(" + text + ")}"} {
			p, err := pattern.Parse(other)
			if err != nil {
				if len(other) <= 1024 && strings.Count(text, "(") < 31 {
					t.Errorf("Parse(%q) = %v", other, err)
				}
				continue
			}
			if got, want := p.Match(event), one.Match(event); got != want {
				t.Errorf("%q matches %q: %v, but %q: %v", other, event, got, text, want)
			}
		}
	})
}
