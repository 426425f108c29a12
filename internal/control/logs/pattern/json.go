package pattern

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
)

// test is a condition on an event of kind T.
type test[T any] func(event T) bool

// grammar reads conditions joined by && and ||; one reads a single one.
type grammar[T any] struct {
	*scanner
	one   func() (test[T], error)
	depth int
}

// either reads conditions of which one must hold.
func (g *grammar[T]) either() (test[T], error) {
	left, err := g.both()
	for err == nil && g.take("||") {
		var right test[T]
		if right, err = g.both(); err == nil {
			a := left
			left = func(e T) bool { return a(e) || right(e) }
		}
	}
	return left, err
}

// both reads conditions that must all hold.
func (g *grammar[T]) both() (test[T], error) {
	left, err := g.single()
	for err == nil && g.take("&&") {
		var right test[T]
		if right, err = g.single(); err == nil {
			a := left
			left = func(e T) bool { return a(e) && right(e) }
		}
	}
	return left, err
}

func (g *grammar[T]) single() (test[T], error) {
	if !g.take("(") {
		return g.one()
	}
	if g.depth++; g.depth > maxDepth {
		return nil, errors.New("too many brackets")
	}
	inside, err := g.either()
	g.depth--
	if err == nil && !g.take(")") {
		err = fmt.Errorf("a bracket is not closed at byte %d", g.at)
	}
	return inside, err
}

// parseJSON reads a condition on JSON events. An event that is no JSON object
// or list fulfils none.
func parseJSON(text string) (func(string) bool, error) {
	s := &scanner{text: text, at: 1}
	g := &grammar[gjson.Result]{scanner: s, one: func() (test[gjson.Result], error) { return jsonCondition(s) }}
	holds, err := g.either()
	if err != nil {
		return nil, err
	}
	if !s.take("}") {
		return nil, fmt.Errorf("a condition does not end at byte %d", s.at)
	}
	if s.blanks(); !s.end() {
		return nil, fmt.Errorf("text behind the condition at byte %d", s.at)
	}
	return func(message string) bool {
		message = strings.TrimSpace(message)
		return message != "" && (message[0] == '{' || message[0] == '[') && !deep(message) && gjson.Valid(message) && holds(gjson.Parse(message))
	}, nil
}

// deep says whether a JSON text is nested so deep that reading it would take
// much stack. What is no JSON may be taken for anything.
func deep(text string) bool {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case inString && c == '\\':
			i++
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			if depth++; depth > 200 {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}

// jsonCondition reads a selector and what is asked of it.
func jsonCondition(s *scanner) (test[gjson.Result], error) {
	at, err := selector(s)
	if err != nil {
		return nil, err
	}
	if s.keyword("NOT") {
		if !s.keyword("EXISTS") {
			return nil, fmt.Errorf("NOT without EXISTS at byte %d", s.at)
		}
		return func(e gjson.Result) bool { return len(at.find(e)) == 0 }, nil
	}
	if s.keyword("IS") {
		for word, kind := range map[string]gjson.Type{"NULL": gjson.Null, "TRUE": gjson.True, "FALSE": gjson.False} {
			if s.keyword(word) {
				return at.some(func(v gjson.Result) bool { return v.Type == kind }), nil
			}
		}
		return nil, fmt.Errorf("IS without NULL, TRUE or FALSE at byte %d", s.at)
	}
	compare, err := comparison(s, " \t\n\r&|)}")
	if err != nil {
		return nil, err
	}
	return at.some(func(v gjson.Result) bool {
		switch v.Type {
		case gjson.String:
			return compare(v.Str, false)
		case gjson.Number:
			return compare(v.Raw, true)
		default:
			return false
		}
	}), nil
}

// path is the steps of a selector: names, numbers in a list, and * for all of
// a list.
type path []string

// selector reads $.a.b[0]["c"][*].
func selector(s *scanner) (p path, err error) {
	if !s.take("$") {
		return nil, fmt.Errorf("no selector at byte %d", s.at)
	}
	for {
		switch s.peek() {
		case '.':
			s.at++
			name := s.name()
			if name == "" {
				return nil, fmt.Errorf("no name at byte %d", s.at)
			}
			p = append(p, name)
		case '[':
			s.at++
			s.blanks()
			step, _, err := s.word("] \t\n\r")
			if err != nil {
				return nil, err
			}
			if step == "" || !s.take("]") {
				return nil, fmt.Errorf("no end of [ at byte %d", s.at)
			}
			p = append(p, step)
		default:
			return p, nil
		}
	}
}

// find is the values at the end of the path.
func (p path) find(v gjson.Result) []gjson.Result {
	found := []gjson.Result{v}
	for _, step := range p {
		var next []gjson.Result
		for _, v := range found {
			next = append(next, members(v, step)...)
		}
		found = next
	}
	return found
}

// members is what a step leads to. Of two members of a name the last counts.
func members(v gjson.Result, step string) (found []gjson.Result) {
	n := -1
	v.ForEach(func(key, value gjson.Result) bool {
		n++
		switch {
		case v.IsObject() && key.Str == step:
			found = []gjson.Result{value}
		case v.IsArray() && (step == "*" || step == strconv.Itoa(n)):
			found = append(found, value)
		}
		return true
	})
	return found
}

// some is a condition that one of the values at the end of the path must fulfil.
func (p path) some(want func(gjson.Result) bool) test[gjson.Result] {
	return func(e gjson.Result) bool {
		return slices.ContainsFunc(p.find(e), want)
	}
}

// comparison reads an operator and a value. What it gives compares a text;
// number says that the text is a number of JSON.
func comparison(s *scanner, stop string) (func(text string, number bool) bool, error) {
	op, err := s.operator()
	if err != nil {
		return nil, err
	}
	s.blanks()
	word, quoted, err := s.word(stop)
	switch {
	case err != nil:
		return nil, err
	case word == "" && !quoted:
		return nil, fmt.Errorf("no value at byte %d", s.at)
	}
	re, isRE, err := expression(word, quoted)
	want, notNumber := strconv.ParseFloat(word, 64)
	numeric := !quoted && notNumber == nil
	switch {
	case err != nil:
		return nil, err
	case isRE && op == "=":
		return func(text string, number bool) bool { return !number && re(text) }, nil
	case isRE && op == "!=":
		return func(text string, number bool) bool { return number || !re(text) }, nil
	case op == "=" || op == "!=":
		return equality(word, want, numeric, op == "="), nil
	case !numeric:
		return nil, fmt.Errorf("%s compares numbers, not %q", op, word)
	}
	return func(text string, _ bool) bool {
		have, err := strconv.ParseFloat(text, 64)
		return err == nil && ordered(op, have, want)
	}, nil
}

// equality compares numbers by value and texts with *.
func equality(word string, want float64, numeric, equal bool) func(string, bool) bool {
	return func(text string, number bool) bool {
		if number && numeric {
			have, err := strconv.ParseFloat(text, 64)
			return err == nil && (have == want) == equal
		}
		return glob(word, text) == equal
	}
}

func ordered(op string, have, want float64) bool {
	switch op {
	case "<":
		return have < want
	case "<=":
		return have <= want
	case ">":
		return have > want
	default:
		return have >= want
	}
}
