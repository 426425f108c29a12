package jsonpath

import (
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// condition is what stands in [?( )].
type condition interface {
	holds(s *search, v any) (bool, error)
}

func (p *parser) filter(depth int) (segment, error) {
	if depth > maxDepth {
		return nil, p.fail("nested more than %d deep", maxDepth)
	}
	p.blanks()
	if !p.take("(") {
		return nil, p.fail("want '('")
	}
	c, err := p.either(depth + 1)
	if err != nil {
		return nil, err
	}
	p.blanks()
	if !p.take(")") {
		return nil, p.fail("want ')'")
	}
	return filter{c}, nil
}

func (p *parser) either(depth int) (condition, error) {
	left, err := p.both(depth)
	if err != nil {
		return nil, err
	}
	all := anyOf{left}
	for p.blanks(); p.take("||"); p.blanks() {
		right, err := p.both(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, right)
	}
	return all, nil
}

func (p *parser) both(depth int) (condition, error) {
	left, err := p.one(depth)
	if err != nil {
		return nil, err
	}
	all := allOf{left}
	for p.blanks(); p.take("&&"); p.blanks() {
		right, err := p.one(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, right)
	}
	return all, nil
}

func (p *parser) one(depth int) (condition, error) {
	if depth > maxDepth {
		return nil, p.fail("nested more than %d deep", maxDepth)
	}
	p.blanks()
	switch {
	case strings.HasPrefix(p.text[p.pos:], "!") && !strings.HasPrefix(p.text[p.pos:], "!="):
		p.pos++
		c, err := p.one(depth + 1)
		return not{c}, err
	case p.take("("):
		c, err := p.either(depth + 1)
		if err != nil {
			return nil, err
		}
		p.blanks()
		if !p.take(")") {
			return nil, p.fail("want ')'")
		}
		return c, nil
	}
	left, err := p.operand(depth)
	if err != nil {
		return nil, err
	}
	p.blanks()
	for _, op := range []string{"==", "!=", "<=", ">=", "=~", "<", ">", "in ", "nin ", "size ", "empty "} {
		if !p.take(op) {
			continue
		}
		op = strings.TrimSpace(op)
		p.blanks()
		if op == "=~" {
			return p.pattern(left)
		}
		right, err := p.operand(depth)
		return comparison{op, left, right}, err
	}
	return exists{left}, nil
}

// operand is a path from @ or $, or a literal.
func (p *parser) operand(depth int) (operand, error) {
	p.blanks()
	if p.pos >= len(p.text) {
		return operand{}, p.fail("want a value")
	}
	switch c := p.text[p.pos]; c {
	case '@', '$':
		p.pos++
		path := &Path{text: p.text, definite: true}
		if err := p.segments(path, depth+1); err != nil {
			return operand{}, err
		}
		return operand{path: path, fromRoot: c == '$'}, nil
	case '\'', '"':
		text, err := p.quoted()
		return operand{value: text}, err
	case '[':
		return p.listOperand(depth)
	}
	from := p.pos
	for p.pos < len(p.text) && !strings.ContainsRune(" )]&|,=<>!", rune(p.text[p.pos])) {
		p.pos++
	}
	return p.scalar(p.text[from:p.pos])
}

func (p *parser) scalar(text string) (operand, error) {
	switch text {
	case "true", "false":
		return operand{value: text == "true"}, nil
	case "null":
		return operand{}, nil
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return operand{value: n}, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return operand{}, p.fail("%q is not a value", text)
	}
	return operand{value: f}, nil
}

func (p *parser) listOperand(depth int) (operand, error) {
	p.pos++
	list := []any{}
	for {
		p.blanks()
		if p.take("]") {
			return operand{value: list}, nil
		}
		if depth > maxDepth {
			return operand{}, p.fail("nested more than %d deep", maxDepth)
		}
		o, err := p.operand(depth + 1)
		if err != nil {
			return operand{}, err
		}
		list = append(list, o.value)
		p.blanks()
		p.take(",")
	}
}

// pattern reads /regular expression/flags, in RE2's syntax: it cannot run away.
func (p *parser) pattern(left operand) (condition, error) {
	if !p.take("/") {
		return nil, p.fail("want /pattern/")
	}
	end := strings.IndexByte(p.text[p.pos:], '/')
	if end < 0 {
		return nil, p.fail("pattern without its closing /")
	}
	text := p.text[p.pos : p.pos+end]
	p.pos += end + 1
	if p.take("i") {
		text = "(?i)" + text
	}
	re, err := regexp.Compile(`\A(?:` + text + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPath, err)
	}
	return match{left, re}, nil
}

type operand struct {
	path     *Path
	fromRoot bool
	value    any
}

func (o operand) eval(s *search, v any) (any, bool, error) {
	if o.path == nil {
		return o.value, true, nil
	}
	if o.fromRoot {
		v = s.root
	}
	all, err := s.follow([]any{v}, o.path.steps)
	if err != nil {
		return nil, false, err
	}
	var value any = all
	if o.path.definite {
		if len(all) == 0 {
			return nil, false, nil
		}
		value = all[0]
	}
	if o.path.function != "" {
		return s.apply(o.path.function, value)
	}
	return value, !isEmptyList(value), nil
}

func isEmptyList(v any) bool {
	l, ok := v.([]any)
	return ok && len(l) == 0
}

type anyOf []condition

func (a anyOf) holds(s *search, v any) (bool, error) {
	for _, c := range a {
		if yes, err := c.holds(s, v); yes || err != nil {
			return yes, err
		}
	}
	return false, nil
}

type allOf []condition

func (a allOf) holds(s *search, v any) (bool, error) {
	for _, c := range a {
		if yes, err := c.holds(s, v); !yes || err != nil {
			return false, err
		}
	}
	return true, nil
}

type not struct{ of condition }

func (n not) holds(s *search, v any) (bool, error) {
	yes, err := n.of.holds(s, v)
	return !yes, err
}

type exists struct{ of operand }

func (e exists) holds(s *search, v any) (bool, error) {
	_, ok, err := e.of.eval(s, v)
	return ok, err
}

type match struct {
	left operand
	re   *regexp.Regexp
}

func (m match) holds(s *search, v any) (bool, error) {
	got, ok, err := m.left.eval(s, v)
	text, isText := got.(string)
	return ok && isText && m.re.MatchString(text), err
}

type comparison struct {
	op          string
	left, right operand
}

func (c comparison) holds(s *search, v any) (bool, error) {
	x, ok, err := c.left.eval(s, v)
	if err != nil {
		return false, err
	}
	y, ok2, err := c.right.eval(s, v)
	if err != nil {
		return false, err
	}
	if !ok || !ok2 {
		return c.op == "!=" && ok != ok2, nil
	}
	switch c.op {
	case "==":
		return same(x, y), nil
	case "!=":
		return !same(x, y), nil
	case "in", "nin":
		list, isList := s.tree.Items(y)
		if l, plain := y.([]any); plain {
			list, isList = l, true
		}
		found := false
		for _, e := range list {
			found = found || same(x, e)
		}
		return isList && found == (c.op == "in"), nil
	case "size":
		n, found, err := s.apply("length", x)
		return found && same(n, y), err
	case "empty":
		n, found, err := s.apply("length", x)
		return found && same(same(n, int64(0)), y), err
	}
	return ordered(c.op, x, y), nil
}

func same(x, y any) bool {
	if f, ok := number(x); ok {
		g, ok := number(y)
		return ok && f == g
	}
	return reflect.DeepEqual(x, y)
}

func ordered(op string, x, y any) bool {
	order := 0
	f, ok1 := number(x)
	g, ok2 := number(y)
	a, ok3 := x.(string)
	b, ok4 := y.(string)
	switch {
	case ok1 && ok2 && f < g:
		order = -1
	case ok1 && ok2 && f > g:
		order = 1
	case ok1 && ok2:
	case ok3 && ok4:
		order = strings.Compare(a, b)
	default:
		return false
	}
	switch op {
	case "<":
		return order < 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0
	}
	return order >= 0
}
