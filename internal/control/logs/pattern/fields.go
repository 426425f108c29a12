package pattern

import (
	"fmt"
	"strings"
)

// parseFields reads [a, b = x*, ...]: events whose fields are between blanks.
// A field in quotation marks or square brackets is one field. "..." stands for
// any number of fields.
func parseFields(text string) (func(string) bool, error) {
	s := &scanner{text: text, at: 1}
	var tests []test[string]
	rest := -1 // where "..." stands
	for {
		if s.take("...") {
			if rest >= 0 {
				return nil, fmt.Errorf("a second ... at byte %d", s.at)
			}
			rest = len(tests)
		} else {
			t, err := fieldCondition(s)
			if err != nil {
				return nil, err
			}
			tests = append(tests, t)
		}
		if s.take("]") {
			break
		}
		if !s.take(",") {
			return nil, fmt.Errorf("neither , nor ] at byte %d", s.at)
		}
	}
	if s.blanks(); !s.end() {
		return nil, fmt.Errorf("text behind ] at byte %d", s.at)
	}
	return func(message string) bool { return holdFields(tests, rest, split(message)) }, nil
}

func holdFields(tests []test[string], rest int, fields []string) bool {
	if len(fields) < len(tests) || rest < 0 && len(fields) != len(tests) {
		return false
	}
	for i, t := range tests {
		at := i
		if rest >= 0 && i >= rest {
			at = len(fields) - len(tests) + i // counted from the end
		}
		if !t(fields[at]) {
			return false
		}
	}
	return true
}

// fieldCondition reads a name and perhaps what is asked of the field.
func fieldCondition(s *scanner) (test[string], error) {
	s.blanks()
	if s.peek() == '(' {
		return fieldConditions(s)
	}
	from := s.at
	if s.name() == "" {
		return nil, fmt.Errorf("no field at byte %d", s.at)
	}
	if s.blanks(); s.peek() == ',' || s.peek() == ']' {
		return func(string) bool { return true }, nil
	}
	s.at = from
	return fieldConditions(s)
}

func fieldConditions(s *scanner) (test[string], error) {
	g := &grammar[string]{scanner: s}
	g.one = func() (test[string], error) {
		s.blanks()
		if s.name() == "" {
			return nil, fmt.Errorf("no field at byte %d", s.at)
		}
		compare, err := comparison(s, " \t\n\r,&|)]")
		if err != nil {
			return nil, err
		}
		return func(field string) bool { return compare(field, isNumber(field)) }, nil
	}
	return g.either()
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789.-+eE") == "" && strings.ContainsAny(s, "0123456789")
}

// split takes an event apart into its fields.
func split(message string) (fields []string) {
	for message = strings.TrimSpace(message); message != ""; message = strings.TrimLeft(message, " \t\n\r") {
		closing := byte(0)
		switch message[0] {
		case '"':
			closing = '"'
		case '[':
			closing = ']'
		}
		if i := strings.IndexByte(message[1:], closing); closing != 0 && i >= 0 {
			fields = append(fields, message[1:i+1])
			message = message[i+2:]
			continue
		}
		end := strings.IndexAny(message, " \t\n\r")
		if end < 0 {
			end = len(message)
		}
		fields = append(fields, message[:end])
		message = message[end:]
	}
	return fields
}
