package iam

import "strings"

// holds reports whether a condition holds for a request.
// parity: spec/security.md 2.3
func (c *condition) holds(r *Request) bool {
	a := r.attribute(c.key)
	n := a.count()
	if c.family == null {
		return c.tests(n == 0)
	}
	if n == 0 {
		return c.ifExists || c.quantifier == forAll || c.quantifier == single && c.negated
	}
	if c.quantifier == single {
		return c.any(a, n, r) != c.negated
	}
	for i := range n {
		fits := c.fits(a.at(i), r) != c.negated
		if fits != (c.quantifier == forAll) {
			return fits // one that fits is enough for any, one that does not too much for all
		}
	}
	return c.quantifier == forAll
}

// tests is what Null finds.
func (c *condition) tests(absent bool) bool {
	for i := range c.operands {
		if c.operands[i].absent == absent {
			return true
		}
	}
	return false
}

// any reports whether one of n values fits.
func (c *condition) any(a *Attribute, n int, r *Request) bool {
	for i := range n {
		if c.fits(a.at(i), r) {
			return true
		}
	}
	return false
}

// fits reports whether a value fits one of the operands, not negated.
func (c *condition) fits(value string, r *Request) bool {
	switch c.family {
	case numeric:
		return c.fitsNumber(value)
	case date:
		return c.fitsDate(value)
	case address:
		return c.fitsAddress(value)
	case arn:
		parts := splitARN(value)
		for i := range c.operands {
			if c.operands[i].arn.match(&parts, r) {
				return true
			}
		}
		return false
	default:
		for i := range c.operands {
			if c.fitsText(&c.operands[i], value, r) {
				return true
			}
		}
		return false
	}
}

func (c *condition) fitsText(o *operand, value string, r *Request) bool {
	switch c.family {
	case binary:
		return value == o.bytes
	case stringFold, boolean:
		text, ok := o.text.text, true
		if o.text.shape != shapeExact {
			text, ok = o.text.expand(r)
		}
		return ok && strings.EqualFold(value, text) && (c.family == stringFold || isBool(value))
	default:
		return o.text.match(value, r)
	}
}

// expand is the text of a pattern without wildcards.
func (p *pattern) expand(r *Request) (text string, ok bool) {
	settled, ok := p.settle(nil, r)
	for _, part := range p.parts {
		if part.kind == partVariable && ok {
			text += settled[0]
			settled = settled[1:]
		} else {
			text += part.text
		}
	}
	return text, ok
}

func (c *condition) fitsNumber(value string) bool {
	d, ok := parseDecimal(value)
	if !ok {
		return false
	}
	for i := range c.operands {
		if c.order.takes(d.compare(c.operands[i].number)) {
			return true
		}
	}
	return false
}

func (c *condition) fitsDate(value string) bool {
	at, ok := parseDate(value)
	if !ok {
		return false
	}
	for i := range c.operands {
		if c.order.takes(at.Compare(c.operands[i].time)) {
			return true
		}
	}
	return false
}

func (c *condition) fitsAddress(value string) bool {
	a, ok := parseAddr(value)
	if !ok {
		return false
	}
	for i := range c.operands {
		if c.operands[i].prefix.Contains(a) {
			return true
		}
	}
	return false
}

func (o order) takes(compared int) bool {
	switch {
	case compared < 0:
		return o&less != 0
	case compared > 0:
		return o&greater != 0
	}
	return o&equal != 0
}
