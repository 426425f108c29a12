// Package pattern is the filter patterns of CloudWatch Logs: which log events
// a search wants.
//
// A pattern is terms (ERROR "two words" -not ?either ?or %regular.expression%),
// a condition on JSON events ({ $.status = 500 && $.path = "/x*" }), or on
// events of fields between blanks ([ip, user, status = 5*, ...]). The law: a
// Pattern that was parsed answers for every event, in time bounded by the
// product of the lengths of both, and does not change.
package pattern

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// ErrInvalid says that a text is no pattern.
var ErrInvalid = errors.New("pattern: invalid filter pattern")

const (
	maxLength = 1024 // bytes of a pattern, as in the model
	maxDepth  = 32   // brackets in brackets
)

// Pattern is a parsed filter pattern. It may be used by any number of
// goroutines at a time.
type Pattern struct{ match func(message string) bool }

// Match says whether an event is wanted.
func (p Pattern) Match(message string) bool { return p.match(message) }

// Parse reads a pattern. The empty one wants every event.
func Parse(text string) (Pattern, error) {
	text = strings.TrimSpace(text)
	if len(text) > maxLength {
		return Pattern{}, fmt.Errorf("%w: longer than %d bytes", ErrInvalid, maxLength)
	}
	var match func(string) bool
	var err error
	switch {
	case strings.HasPrefix(text, "{"):
		match, err = parseJSON(text)
	case strings.HasPrefix(text, "["):
		match, err = parseFields(text)
	default:
		match, err = parseTerms(text)
	}
	if err != nil {
		return Pattern{}, fmt.Errorf("%w: %w", ErrInvalid, err)
	}
	return Pattern{match}, nil
}

// parseTerms reads terms: all plain ones must be in an event and none of the
// excluded; where there are only optional ones, one of them must.
func parseTerms(text string) (func(string) bool, error) {
	var all, none, any []func(string) bool
	s := scanner{text: text}
	for s.blanks(); !s.end(); s.blanks() {
		kind := &all
		switch s.peek() {
		case '-':
			kind = &none
			s.at++
		case '?':
			kind = &any
			s.at++
		}
		word, quoted, err := s.word(" \t\n\r")
		if err != nil {
			return nil, err
		}
		term, err := newTerm(word, quoted)
		if err != nil {
			return nil, err
		}
		*kind = append(*kind, term)
	}
	return func(message string) bool {
		for _, t := range none {
			if t(message) {
				return false
			}
		}
		for _, t := range all {
			if !t(message) {
				return false
			}
		}
		for _, t := range any {
			if t(message) {
				return true
			}
		}
		return len(any) == 0 || len(all) > 0
	}, nil
}

func newTerm(word string, quoted bool) (func(string) bool, error) {
	if re, ok, err := expression(word, quoted); ok || err != nil {
		return re, err
	}
	if word == "" {
		return nil, errors.New("an empty term")
	}
	return func(message string) bool { return strings.Contains(message, word) }, nil
}

// expression reads %...%, which is a regular expression that part of a text
// must match.
func expression(word string, quoted bool) (match func(string) bool, ok bool, err error) {
	if quoted || len(word) < 3 || word[0] != '%' || word[len(word)-1] != '%' {
		return nil, false, nil
	}
	re, err := regexp.Compile(word[1 : len(word)-1])
	if err != nil {
		return nil, true, err
	}
	return re.MatchString, true, nil
}

// glob says whether all of text fits a pattern in which * stands for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}
