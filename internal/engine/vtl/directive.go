package vtl

import "strings"

// hash reads what '#' begins. It gives the directive that ends the block, if
// that is what it is.
func (p *parser) hash(b *builder, depth int, opened string) (string, error) {
	rest := p.text[p.pos:]
	switch {
	case strings.HasPrefix(rest, "##"):
		p.skipLine()
		return "", nil
	case strings.HasPrefix(rest, "#*"):
		end := strings.Index(rest, "*#")
		if end < 0 {
			return "", p.fail("#* without *#")
		}
		p.pos += end + 2
		return "", nil
	case strings.HasPrefix(rest, "#[["):
		end := strings.Index(rest, "]]#")
		if end < 0 {
			return "", p.fail("#[[ without ]]#")
		}
		b.write(rest[3:end])
		p.pos += end + 3
		return "", nil
	}
	if rest == "#" {
		return "", p.fail("the template ends in a bare #") // as Velocity has it
	}
	if strings.HasPrefix(rest, "#parse(") || strings.HasPrefix(rest, "#include(") {
		return "", p.fail("there are no other templates") // parity: spec/rest-data-plane.md 13
	}
	name, length := directive(rest)
	known, err := p.known(name, length)
	if err != nil {
		return "", err
	}
	if !known {
		b.write("#")
		p.pos++
		return "", nil
	}
	switch name {
	case "end", "else", "elseif":
		if opened == "" {
			return "", p.fail("#%s without a directive that it belongs to", name)
		}
		p.pos += length
		return name, nil
	}
	p.pos += length
	return "", p.statement(b, name, depth)
}

// known says whether a directive is one that API Gateway acts upon. Others
// (#return, #evaluate, calls of macros) are text, and so is #set without its
// arguments; other directives without theirs are an error, as in Velocity.
func (p *parser) known(name string, length int) (bool, error) {
	switch name {
	case "end", "else", "stop", "break":
		return true, nil
	case "set", "if", "elseif", "foreach", "define", "macro":
		rest := strings.TrimLeft(p.text[p.pos+length:], " \t\r\n")
		if strings.HasPrefix(rest, "(") {
			return true, nil
		}
		if name != "set" {
			return false, p.fail("#%s needs (", name)
		}
	}
	return false, nil
}

// directive is the name after '#', with or without braces, and how long both are.
func directive(s string) (string, int) {
	i, braces := 1, strings.HasPrefix(s, "#{")
	if braces {
		i++
	}
	from := i
	for i < len(s) && (isName(s[i], i > from) && s[i] != '-' || s[i] == '_') {
		i++
	}
	name := s[from:i]
	if !braces {
		return name, i // "#endtext" is no #end, as Velocity reads it
	}
	if i < len(s) && s[i] == '}' {
		return name, i + 1
	}
	return "", i
}

func (p *parser) statement(b *builder, name string, depth int) error {
	switch name {
	case "stop":
		b.add(stop{})
	case "break":
		b.add(breakLoop{})
	case "set":
		return p.set(b)
	case "if":
		return p.ifs(b, depth)
	case "foreach":
		return p.foreach(b, depth)
	case "define":
		return p.define(b, depth)
	case "macro": // the definition disappears; calls are text
		if _, err := p.until(')'); err != nil {
			return err
		}
		if _, _, err := p.body(depth, "macro"); err != nil {
			return err
		}
		p.lineEnd()
	}
	return nil
}

// body reads the block of a directive whose head has been read.
func (p *parser) body(depth int, name string) (block, string, error) {
	p.lineEnd()
	return p.block(depth+1, name)
}

func (p *parser) set(b *builder) error {
	if err := p.need("("); err != nil {
		return err
	}
	p.blanks()
	target, err := p.reference(0)
	if err != nil {
		return err
	}
	if target == nil {
		return p.fail("#set needs a reference")
	}
	if err := p.need("="); err != nil {
		return err
	}
	value, err := p.expression(0)
	if err != nil {
		return err
	}
	if err := p.need(")"); err != nil {
		return err
	}
	p.lineEnd()
	b.add(assignment{target, value})
	return nil
}

func (p *parser) condition() (expr, error) {
	if err := p.need("("); err != nil {
		return nil, err
	}
	e, err := p.expression(0)
	if err != nil {
		return nil, err
	}
	return e, p.need(")")
}

func (p *parser) ifs(b *builder, depth int) error {
	var n conditional
	for end := "elseif"; end != "end"; {
		var test expr = constant{true}
		var err error
		if end == "elseif" {
			if test, err = p.condition(); err != nil {
				return err
			}
		}
		last := end == "else"
		var then block
		if then, end, err = p.body(depth, "if"); err != nil {
			return err
		}
		if last && end != "end" {
			return p.fail("#%s after #else", end)
		}
		n = append(n, branch{test, then})
	}
	p.lineEnd()
	b.add(n)
	return nil
}

func (p *parser) foreach(b *builder, depth int) error {
	if err := p.need("("); err != nil {
		return err
	}
	p.blanks()
	item, err := p.reference(0)
	if err != nil {
		return err
	}
	if item == nil || len(item.path) > 0 {
		return p.fail("#foreach needs a reference")
	}
	if err := p.need("in"); err != nil {
		return err
	}
	over, err := p.expression(0)
	if err != nil {
		return err
	}
	if err := p.need(")"); err != nil {
		return err
	}
	p.loops++
	p.cost.nested = max(p.cost.nested, p.loops)
	body, end, err := p.body(depth, "foreach")
	p.loops--
	if err != nil {
		return err
	}
	if end != "end" {
		return p.fail("#%s in #foreach", end)
	}
	p.lineEnd()
	b.add(loop{item.place, over, body})
	return nil
}

func (p *parser) define(b *builder, depth int) error {
	if err := p.need("("); err != nil {
		return err
	}
	p.blanks()
	name, err := p.reference(0)
	if err != nil {
		return err
	}
	if name == nil || len(name.path) > 0 {
		return p.fail("#define needs a reference")
	}
	if err := p.need(")"); err != nil {
		return err
	}
	body, end, err := p.body(depth, "define")
	if err != nil {
		return err
	}
	if end != "end" {
		return p.fail("#%s in #define", end)
	}
	p.lineEnd()
	b.add(definition{name.place, body})
	return nil
}
