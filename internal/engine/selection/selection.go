// Package selection matches selection patterns: Java regular expressions that
// must match the whole of a text, such as a status code or an error message.
//
// A pattern is first given to Go's regexp, which takes linear time on every
// text. Only what it has no words for (lookaround, back references, atomic
// groups) goes to a backtracking engine, under a time limit. A Pattern does
// not change and may be used by any number of goroutines.
// parity: spec/rest-data-plane.md 3.8; spec/security.md 9.12.
package selection

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"time"

	"github.com/dlclark/regexp2/v2"
)

// Limits of patterns and texts.
const (
	MaxPattern = 4 << 10               // bytes
	MaxText    = 1 << 20               // bytes; a longer text matches nothing
	maxTime    = 50 * time.Millisecond // of the backtracking engine, for one text
	maxStack   = 1 << 20               // of the backtracking engine, in slots
)

// Pattern is a compiled selection pattern.
type Pattern struct {
	text   string
	linear *regexp.Regexp
	slow   *regexp2.Regexp // if linear is nil
}

// Compile reads a Java regular expression.
func Compile(pattern string) (*Pattern, error) {
	if len(pattern) > MaxPattern {
		return nil, fmt.Errorf("selection pattern of %d bytes: the limit is %d", len(pattern), MaxPattern)
	}
	translated, err := translate(pattern)
	if err != nil {
		return nil, fmt.Errorf("selection pattern %q: %w", pattern, err)
	}
	whole := `\A(?:` + translated + `)\z`
	p := &Pattern{text: pattern}
	if p.linear, err = regexp.Compile(whole); err == nil {
		return p, nil
	}
	if tooLarge(err) {
		return nil, fmt.Errorf("selection pattern %q: %w", pattern, err)
	}
	if p.slow, err = regexp2.Compile(whole, regexp2.OptionMaxBacktrackingStackSize(maxStack)); err != nil {
		return nil, fmt.Errorf("selection pattern %q: %w", pattern, err)
	}
	p.slow.MatchTimeout = maxTime
	return p, nil
}

// tooLarge says whether a pattern was refused for its size, not its syntax.
func tooLarge(err error) bool {
	var e *syntax.Error
	return errors.As(err, &e) && (e.Code == syntax.ErrInvalidRepeatSize || e.Code == syntax.ErrLarge || e.Code == syntax.ErrNestingDepth)
}

// Match says whether the pattern matches the whole text. The error is that
// the pattern took too long.
func (p *Pattern) Match(text string) (bool, error) {
	if len(text) > MaxText {
		return false, nil
	}
	if p.linear != nil {
		return p.linear.MatchString(text), nil
	}
	ok, err := p.slow.MatchString(text)
	if err != nil {
		return false, fmt.Errorf("match selection pattern %q: %w", p.text, err)
	}
	return ok, nil
}

// String is the pattern as it was given.
func (p *Pattern) String() string { return p.text }
