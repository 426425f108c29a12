// Package jsonpath finds values in JSON documents by Jayway JSONPath, the
// dialect of $input.json, $input.path and of parameter mappings.
//
// A Path is parsed once, does not change, and may be used by any number of
// goroutines. A definite path (members and single indexes only) finds one value
// or none; any other finds a list, which may be empty.
//
// parity: spec/rest-data-plane.md 4.5
package jsonpath

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// ErrPath is a text that is no path.
var ErrPath = errors.New("JSONPath")

// Limits of paths and of what they find.
const (
	MaxPath    = 4 << 10 // bytes
	maxDepth   = 64      // of nested filters
	maxVisits  = 200_000 // values looked at by one Find
	maxDescent = 200     // depth of '..'
)

// Tree tells a path what documents are made of. Values that are neither a list
// nor an object are scalars.
type Tree interface {
	// Member is an object's member.
	Member(v any, name string) (any, bool)
	// Names are an object's members in order; ok is false for anything else.
	Names(v any) (names []string, ok bool)
	// Items are a list's items; ok is false for anything else.
	Items(v any) (items []any, ok bool)
	// Object makes an object of members that a path has picked.
	Object(names []string, values []any) any
}

// Path is a parsed path.
type Path struct {
	text     string
	steps    []segment
	definite bool
	function string // .length() and the like, at the end
}

// Parse reads a path. One without '$' counts from the root, as in Jayway.
func Parse(text string) (*Path, error) {
	if len(text) > MaxPath {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrPath, MaxPath)
	}
	p := &parser{text: text}
	if !p.take("$") {
		if !strings.HasPrefix(text, "@") && text != "" && text[0] != '.' && text[0] != '[' {
			p.text = "." + text
		}
	}
	path := &Path{text: text, definite: true}
	if err := p.segments(path, 0); err != nil {
		return nil, err
	}
	if p.pos < len(p.text) {
		return nil, p.fail("unexpected %q", p.text[p.pos:])
	}
	return path, nil
}

// Definite says whether the path can find one value only.
func (p *Path) Definite() bool { return p.definite }

// String is the path as it was written.
func (p *Path) String() string { return p.text }

// Find gives what the path leads to: for a definite path the value and whether
// there is one, else always a list.
func (p *Path) Find(t Tree, root any) (found any, ok bool, err error) {
	s := &search{tree: t, root: root}
	all, err := s.follow([]any{root}, p.steps)
	if err != nil {
		return nil, false, err
	}
	var value any = all
	ok = true
	if p.definite {
		if value, ok = nil, len(all) > 0; ok {
			value = all[0]
		}
	}
	if p.function == "" || !ok {
		return value, ok, nil
	}
	return s.apply(p.function, value)
}

// segment is one step of a path: from one value to any number.
type segment interface {
	walk(s *search, v any, found []any) ([]any, error)
}

type parser struct {
	text string
	pos  int
}

func (p *parser) fail(format string, args ...any) error {
	return fmt.Errorf("%w %q at %d: %s", ErrPath, p.text, p.pos, fmt.Sprintf(format, args...))
}

func (p *parser) take(s string) bool {
	if strings.HasPrefix(p.text[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *parser) blanks() {
	for p.pos < len(p.text) && p.text[p.pos] == ' ' {
		p.pos++
	}
}

// segments reads the steps of a path. Several names at its end pick one object,
// as in Jayway; before the end they are several ways.
func (p *parser) segments(path *Path, depth int) error {
	if err := p.steps(path, depth); err != nil {
		return err
	}
	for i, s := range path.steps {
		below, descends := s.(descent)
		if descends {
			s = below.step
		}
		several, ok := s.(members)
		switch last := i == len(path.steps)-1 && path.function == ""; {
		case ok && !last:
			path.definite = false
		case ok && descends:
			path.steps[i] = descent{merged(several)}
		case ok:
			path.steps[i] = merged(several)
		}
	}
	return nil
}

func (p *parser) steps(path *Path, depth int) error {
	for p.pos < len(p.text) {
		descend := false
		switch {
		case p.take(".."):
			descend = true
			path.definite = false
		case p.take("."):
		case p.text[p.pos] == '[':
		default:
			return nil
		}
		if path.function != "" {
			return p.fail("a function ends a path")
		}
		s, err := p.segment(path, depth)
		if err != nil {
			return err
		}
		if s == nil {
			continue
		}
		if descend {
			s = descent{s}
		}
		path.steps = append(path.steps, s)
	}
	return nil
}

func (p *parser) segment(path *Path, depth int) (segment, error) {
	if p.take("[") {
		return p.bracket(path, depth)
	}
	if p.take("*") {
		path.definite = false
		return wildcard{}, nil
	}
	from := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(".[]()=<>!&|, ~", rune(p.text[p.pos])) {
		p.pos++
	}
	name := p.text[from:p.pos]
	if name == "" {
		return nil, p.fail("want a name")
	}
	if p.take("()") {
		path.function = name
		return nil, nil
	}
	return member{name}, nil
}

// bracket reads what stands between '[' and ']'.
func (p *parser) bracket(path *Path, depth int) (segment, error) {
	p.blanks()
	var s segment
	var err error
	switch {
	case p.take("*"):
		path.definite = false
		s = wildcard{}
	case p.take("?"):
		path.definite = false
		s, err = p.filter(depth)
	case p.pos < len(p.text) && (p.text[p.pos] == '\'' || p.text[p.pos] == '"'):
		s, err = p.names()
	default:
		s, err = p.indexes(path)
	}
	if err != nil {
		return nil, err
	}
	p.blanks()
	if !p.take("]") {
		return nil, p.fail("want ']'")
	}
	return s, nil
}

func (p *parser) quoted() (string, error) {
	quote := p.text[p.pos]
	p.pos++
	var b strings.Builder
	for p.pos < len(p.text) {
		c := p.text[p.pos]
		p.pos++
		switch {
		case c == quote:
			return b.String(), nil
		case c == '\\' && p.pos < len(p.text):
			b.WriteByte(p.text[p.pos])
			p.pos++
		default:
			b.WriteByte(c)
		}
	}
	return "", p.fail("text without its closing quote")
}

func (p *parser) names() (segment, error) {
	var all members
	for {
		p.blanks()
		if p.pos >= len(p.text) || (p.text[p.pos] != '\'' && p.text[p.pos] != '"') {
			return nil, p.fail("want a quoted name")
		}
		name, err := p.quoted()
		if err != nil {
			return nil, err
		}
		all = append(all, name)
		p.blanks()
		if !p.take(",") {
			break
		}
	}
	if len(all) == 1 {
		return member{all[0]}, nil
	}
	return all, nil
}

// indexes reads 1, -1, 1,2 and 1:2.
func (p *parser) indexes(path *Path) (segment, error) {
	end := strings.IndexByte(p.text[p.pos:], ']')
	if end < 0 {
		return nil, p.fail("want ']'")
	}
	text := strings.TrimSpace(p.text[p.pos : p.pos+end])
	if strings.Contains(text, ":") {
		path.definite = false
		s, err := p.slice(text)
		p.pos += end
		return s, err
	}
	var all items
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil {
			return nil, p.fail("%q is not an index", part)
		}
		all = append(all, n)
	}
	if len(all) > 1 {
		path.definite = false
	}
	p.pos += end
	return all, nil
}

func (p *parser) slice(text string) (segment, error) {
	parts := strings.Split(text, ":")
	if len(parts) > 3 {
		return nil, p.fail("%q is not a slice", text)
	}
	s := slice{step: 1}
	for i, part := range parts {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil, p.fail("%q is not an index", part)
		}
		switch i {
		case 0:
			s.from = &n
		case 1:
			s.to = &n
		default:
			if n < 1 {
				return nil, p.fail("a step must be positive")
			}
			s.step = n
		}
	}
	return s, nil
}
