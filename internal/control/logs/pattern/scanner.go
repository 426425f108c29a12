package pattern

import (
	"errors"
	"fmt"
	"strings"
)

// scanner goes through the text of a pattern.
type scanner struct {
	text string
	at   int
}

func (s *scanner) end() bool { return s.at >= len(s.text) }

// peek is the next byte, 0 at the end.
func (s *scanner) peek() byte {
	if s.end() {
		return 0
	}
	return s.text[s.at]
}

func (s *scanner) blanks() {
	for !s.end() && strings.IndexByte(" \t\n\r", s.text[s.at]) >= 0 {
		s.at++
	}
}

// take goes over token if it is next, blanks before it included.
func (s *scanner) take(token string) bool {
	s.blanks()
	if !strings.HasPrefix(s.text[s.at:], token) {
		return false
	}
	s.at += len(token)
	return true
}

// keyword goes over a word in any case, if it is next and ends there.
func (s *scanner) keyword(word string) bool {
	s.blanks()
	rest := s.text[s.at:]
	if len(rest) < len(word) || !strings.EqualFold(rest[:len(word)], word) || len(rest) > len(word) && isName(rest[len(word)]) {
		return false
	}
	s.at += len(word)
	return true
}

// word reads a quoted text, an expression between % or all up to one of stop.
func (s *scanner) word(stop string) (text string, quoted bool, err error) {
	switch s.peek() {
	case '"':
		text, err = s.quoted()
		return text, true, err
	case '%':
		if i := strings.IndexByte(s.text[s.at+1:], '%'); i > 0 {
			text = s.text[s.at : s.at+i+2]
			s.at += i + 2
			return text, false, nil
		}
	}
	from := s.at
	for !s.end() && strings.IndexByte(stop, s.text[s.at]) < 0 {
		s.at++
	}
	return s.text[from:s.at], false, nil
}

// quoted reads a text between quotation marks; \" and \\ are one byte each.
func (s *scanner) quoted() (string, error) {
	var b strings.Builder
	for s.at++; !s.end(); s.at++ {
		c := s.text[s.at]
		if c == '"' {
			s.at++
			return b.String(), nil
		}
		if c == '\\' && s.at+1 < len(s.text) && (s.text[s.at+1] == '"' || s.text[s.at+1] == '\\') {
			s.at++
			c = s.text[s.at]
		}
		b.WriteByte(c)
	}
	return "", errors.New("a quotation mark is not closed")
}

// operator reads a comparison.
func (s *scanner) operator() (string, error) {
	for _, op := range []string{"!=", "<=", ">=", "=", "<", ">"} {
		if s.take(op) {
			return op, nil
		}
	}
	return "", fmt.Errorf("no comparison at byte %d", s.at)
}

func isName(c byte) bool {
	return c == '_' || c == '-' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// name reads a name; empty: there is none.
func (s *scanner) name() string {
	from := s.at
	for !s.end() && isName(s.text[s.at]) {
		s.at++
	}
	return s.text[from:s.at]
}
