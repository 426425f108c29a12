package vtl

import (
	"strconv"
	"strings"
)

// reference reads $name, $!name, ${name}, with what follows it. It gives nil,
// and stays where it is, if '$' begins none.
func (p *parser) reference(depth int) (*reference, error) {
	from := p.pos
	if depth > maxDepth {
		return nil, p.fail("nested more than %d deep", maxDepth)
	}
	if p.pos >= len(p.text) || p.text[p.pos] != '$' {
		return nil, nil
	}
	p.pos++
	p.literally("!")
	braces := p.literally("{")
	name := p.name()
	if name == "" {
		p.pos = from
		return nil, nil
	}
	ref := &reference{name: name, place: p.names.place(name)}
	for {
		more, err := p.link(ref, depth)
		if err != nil {
			return nil, err
		}
		if !more {
			break
		}
	}
	if braces && !p.literally("}") {
		p.pos = from
		return nil, nil
	}
	return ref, nil
}

func (p *parser) literally(s string) bool {
	if strings.HasPrefix(p.text[p.pos:], s) {
		p.pos += len(s)
		return true
	}
	return false
}

func (p *parser) name() string {
	from := p.pos
	for p.pos < len(p.text) && isName(p.text[p.pos], p.pos > from) {
		p.pos++
	}
	return p.text[from:p.pos]
}

// link reads one .name, .name(...) or [...] behind a reference.
func (p *parser) link(ref *reference, depth int) (bool, error) {
	from := p.pos
	switch {
	case p.literally("."):
		name := p.name()
		if name == "" {
			p.pos = from
			return false, nil
		}
		if !p.literally("(") {
			ref.path = append(ref.path, property(name))
			return true, nil
		}
		args, err := p.list(depth+1, ")")
		if err != nil {
			return false, err
		}
		switch name {
		case "matches", "replaceAll", "replaceFirst", "split":
			p.cost.heavy = true
		}
		ref.path = append(ref.path, method{name, args})
		return true, nil
	case p.literally("["):
		e, err := p.expression(depth + 1)
		if err != nil || !p.take("]") {
			p.pos = from      // text that merely looks like an index
			return false, nil //nolint:nilerr // it is no reference's any more
		}
		ref.path = append(ref.path, index{e})
		return true, nil
	}
	return false, nil
}

// list reads expressions with commas up to and including what closes it.
func (p *parser) list(depth int, closer string) ([]expr, error) {
	var all []expr
	if p.take(closer) {
		return nil, nil
	}
	for {
		e, err := p.expression(depth)
		if err != nil {
			return nil, err
		}
		all = append(all, e)
		if p.take(closer) {
			return all, nil
		}
		if err := p.need(","); err != nil {
			return nil, err
		}
	}
}

// operators by rank, lowest first; words are whole words.
func operators() [][][2]string {
	return [][][2]string{
		{{"||", "or"}, {"or", "or"}},
		{{"&&", "and"}, {"and", "and"}},
		{{"==", "=="}, {"!=", "!="}, {"eq", "=="}, {"ne", "!="}},
		{{"<=", "<="}, {">=", ">="}, {"<", "<"}, {">", ">"}, {"le", "<="}, {"ge", ">="}, {"lt", "<"}, {"gt", ">"}},
		{{"+", "+"}, {"-", "-"}},
		{{"*", "*"}, {"/", "/"}, {"%", "%"}},
	}
}

func (p *parser) expression(depth int) (expr, error) { return p.ranked(depth, 0) }

func (p *parser) ranked(depth, rank int) (expr, error) {
	if depth > maxDepth {
		return nil, p.fail("nested more than %d deep", maxDepth)
	}
	ranks := operators()
	if rank == len(ranks) {
		return p.unary(depth)
	}
	left, err := p.ranked(depth, rank+1)
	if err != nil {
		return nil, err
	}
	for {
		op := p.operator(ranks[rank])
		if op == "" {
			return left, nil
		}
		right, err := p.ranked(depth, rank+1)
		if err != nil {
			return nil, err
		}
		left = binary{op, left, right}
	}
}

func (p *parser) operator(of [][2]string) string {
	p.blanks()
	for _, op := range of {
		rest, ok := strings.CutPrefix(p.text[p.pos:], op[0])
		if !ok || (isName(op[0][0], false) && rest != "" && isName(rest[0], true)) {
			continue
		}
		p.pos += len(op[0])
		return op[1]
	}
	return ""
}

func (p *parser) unary(depth int) (expr, error) {
	p.blanks()
	if strings.HasPrefix(p.text[p.pos:], "!") && !strings.HasPrefix(p.text[p.pos:], "!=") {
		p.pos++
		e, err := p.unary(depth + 1)
		return negation{e}, err
	}
	if p.operator([][2]string{{"not", "not"}}) != "" {
		e, err := p.unary(depth + 1)
		return negation{e}, err
	}
	if depth > maxDepth {
		return nil, p.fail("nested more than %d deep", maxDepth)
	}
	return p.primary(depth)
}

func (p *parser) primary(depth int) (expr, error) {
	if p.pos >= len(p.text) {
		return nil, p.fail("want an expression")
	}
	switch c := p.text[p.pos]; {
	case c == '$':
		ref, err := p.reference(depth + 1)
		if err == nil && ref == nil {
			err = p.fail("want a reference")
		}
		return ref, err
	case c == '(':
		p.pos++
		e, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		return e, p.need(")")
	case c == '\'' || c == '"':
		return p.quoted(c)
	case c == '[':
		p.pos++
		return p.bracket(depth)
	case c == '{':
		p.pos++
		return p.mapping(depth)
	case c == '-' || c == '.' || '0' <= c && c <= '9':
		return p.number()
	}
	for word, value := range map[string]any{"true": true, "false": false, "null": nil} {
		if p.operator([][2]string{{word, word}}) != "" {
			return constant{value}, nil
		}
	}
	return nil, p.fail("want an expression")
}

// quoted reads a string. A doubled quote stands for one; a backslash is itself.
func (p *parser) quoted(quote byte) (expr, error) {
	p.pos++
	var b strings.Builder
	for {
		end := strings.IndexByte(p.text[p.pos:], quote)
		if end < 0 {
			return nil, p.fail("string without its closing %c", quote)
		}
		b.WriteString(p.text[p.pos : p.pos+end])
		p.pos += end + 1
		if p.pos >= len(p.text) || p.text[p.pos] != quote {
			break
		}
		b.WriteByte(quote)
		p.pos++
	}
	text := b.String()
	if quote == '\'' || !strings.ContainsAny(text, "$#") {
		return constant{text}, nil
	}
	inner := &parser{text: text, names: p.names, cost: p.cost, loops: p.loops}
	if strings.HasSuffix(text, "$") || strings.HasSuffix(text, "#") { // at the end of a string they are text
		inner.text += " "
	}
	root, _, err := inner.block(1, "")
	if err != nil {
		return nil, err
	}
	return interpolation{root, len(inner.text) - len(text)}, nil
}

// bracket reads a list or a range, behind its '['.
func (p *parser) bracket(depth int) (expr, error) {
	if p.take("]") {
		return listing{}, nil
	}
	first, err := p.expression(depth + 1)
	if err != nil {
		return nil, err
	}
	if p.take("..") {
		last, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		p.cost.heavy = true
		return span{first, last}, p.need("]")
	}
	if p.take("]") {
		return listing{first}, nil
	}
	if err := p.need(","); err != nil {
		return nil, err
	}
	rest, err := p.list(depth+1, "]")
	return append(listing{first}, rest...), err
}

func (p *parser) mapping(depth int) (expr, error) {
	var m mapLiteral
	if p.take("}") {
		return m, nil
	}
	for {
		key, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		if err := p.need(":"); err != nil {
			return nil, err
		}
		value, err := p.expression(depth + 1)
		if err != nil {
			return nil, err
		}
		m = append(m, [2]expr{key, value})
		if p.take("}") {
			return m, nil
		}
		if err := p.need(","); err != nil {
			return nil, err
		}
	}
}

// exponent is how much of s is the exponent of a number: e3, E-3; else 0.
func exponent(s string) int {
	if s == "" || s[0] != 'e' && s[0] != 'E' {
		return 0
	}
	i := 1
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	from := i
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	if i == from {
		return 0
	}
	return i
}

// number reads an integer, or a floating-point number: 1, .5, 5., 1e3; "1..5" is
// 1 and a range.
func (p *parser) number() (expr, error) {
	i := p.pos
	if p.text[i] == '-' {
		i++
	}
	float := false
	for i < len(p.text) {
		c := p.text[i]
		if c == '.' && !float && !strings.HasPrefix(p.text[i:], "..") {
			float = true
		} else if c < '0' || c > '9' {
			break
		}
		i++
	}
	if e := exponent(p.text[i:]); e > 0 {
		i, float = i+e, true
	}
	text := p.text[p.pos:i]
	if !float {
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, p.fail("%q is not a number", text)
		}
		p.pos = i
		return constant{n}, nil
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, p.fail("%q is not a number", text)
	}
	p.pos = i
	return constant{f}, nil
}
