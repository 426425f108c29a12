package wire

import (
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
)

// matcher is a compiled pattern.
type matcher func(text string) bool

// maxMatched bounds the text that a pattern is tried on, in bytes; no service
// takes a longer one where it has a pattern.
const maxMatched = 256 << 10

// backtrack is how long a pattern that needs backtracking may take before it
// counts as not matching.
const backtrack = 50 * time.Millisecond

// matches holds text to the pattern of r. Amazon's services want the whole
// value to match, Smithy's only a part of it.
func (c *Checker) matches(r *Rule, text string) bool {
	if len(text) > maxMatched {
		return false
	}
	if m, ok := c.patterns.Load(r); ok {
		return m.(matcher)(text) //nolint:forcetypeassert // only matchers are stored
	}
	m := compilePattern(r.Pattern, c.service.Dialect)
	c.patterns.Store(r, m)
	return m(text)
}

// compilePattern reads a pattern in Java's dialect. The few that look around,
// which RE2 cannot, go to a backtracking engine with a time limit; one that
// neither reads asks for nothing.
func compilePattern(pattern string, d Dialect) matcher {
	java := strings.ReplaceAll(pattern, `\Z`, `\z`)
	if d == DialectAWS {
		java = "^(?:" + java + ")$"
	}
	if re, err := regexp.Compile(hexEscapes(java)); err == nil {
		return re.MatchString
	}
	re, err := regexp2.Compile(java, regexp2.None)
	if err != nil {
		return func(string) bool { return true }
	}
	re.MatchTimeout = backtrack
	return func(text string) bool {
		ok, err := re.MatchString(text)
		return ok && err == nil
	}
}

// hexEscapes writes Java's \uXXXX as RE2's \x{XXXX}, and a pair of surrogates
// as the one character that it is.
func hexEscapes(pattern string) string {
	var b strings.Builder
	for {
		before, after, ok := strings.Cut(pattern, `\u`)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		if len(after) < 4 || strings.HasSuffix(before, `\`) {
			b.WriteString(`\u`)
			pattern = after
			continue
		}
		code := after[:4]
		pattern = after[4:]
		if low, ok := strings.CutPrefix(pattern, `\u`); ok && len(low) >= 4 {
			if r := utf16.DecodeRune(hexRune(code), hexRune(low[:4])); r != utf8.RuneError {
				code, pattern = strconv.FormatInt(int64(r), 16), low[4:]
			}
		}
		b.WriteString(`\x{` + code + `}`)
	}
}

func hexRune(digits string) rune {
	n, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return utf8.RuneError
	}
	return rune(n)
}
