package jsonschema

import (
	"cmp"
	"errors"
)

// bound is maximum or minimum.
type bound struct {
	limit  decimal
	small  int64 // limit, if whole
	whole  bool
	raw    string
	is     *boundWords
	strict bool // the limit itself is not allowed
}

// boundWords are what tells the two bounds apart.
type boundWords struct {
	sign                    int // of limit.compare(value) if all is well
	exclusive, beyond, edge string
}

func (b *builder) maximum() error {
	return b.bound(&boundWords{
		1, "exclusiveMaximum",
		"numeric instance is greater than the required maximum (maximum: %s, found: %s)",
		"numeric instance is not strictly lower than the required maximum %s",
	})
}

func (b *builder) minimum() error {
	return b.bound(&boundWords{
		-1, "exclusiveMinimum",
		"numeric instance is lower than the required minimum (minimum: %s, found: %s)",
		"numeric instance is not strictly greater than the required minimum %s",
	})
}

// bound reads maximum or minimum. An exclusiveMaximum that is a number, as
// later drafts and OpenAPI 3.1 have it, means nothing, and neither does one
// alone.
// parity: spec/definitions.md 5.4, "unsupported and dropped keywords".
func (b *builder) bound(words *boundWords) error {
	if !isNumber(b.value.kind()) {
		return wants(number, b.value)
	}
	raw := b.value.doc.raw(b.value.at)
	c := bound{limit: parseDecimal(raw), raw: string(raw), is: words}
	c.small, c.whole = smallInteger(raw)
	if e, ok := b.get(words.exclusive); ok && e.kind() == boolean {
		c.strict = e.doc.isTrue(e.at)
	}
	b.add(&c, integer, number)
	return nil
}

func (c *bound) compare(v *validation, i uint32) int {
	raw := v.doc.raw(i)
	if c.whole {
		if n, ok := smallInteger(raw); ok {
			return cmp.Compare(c.small, n) * c.is.sign
		}
	}
	d := parseDecimal(raw)
	return c.limit.compare(&d) * c.is.sign
}

func (c *bound) holds(v *validation, i uint32) bool {
	n := c.compare(v, i)
	return n > 0 || n == 0 && !c.strict
}

func (c *bound) tell(v *validation, i uint32) {
	if c.compare(v, i) == 0 {
		v.say(c.is.edge, c.raw)
		return
	}
	v.say(c.is.beyond, c.raw, v.show(i))
}

// multiple is multipleOf.
type multiple struct {
	of  divisor
	raw string
}

func (b *builder) multipleOf() error {
	if !isNumber(b.value.kind()) {
		return wants(number, b.value)
	}
	raw := b.value.doc.raw(b.value.at)
	of, ok := parseDivisor(raw)
	if !ok {
		return errors.New("must be greater than zero and have 18 digits at most")
	}
	b.add(&multiple{of, string(raw)}, integer, number)
	return nil
}

func (c *multiple) holds(v *validation, i uint32) bool {
	d := parseDecimal(v.doc.raw(i))
	return c.of.divides(&d)
}

func (c *multiple) tell(v *validation, i uint32) {
	v.say("remainder of division is not zero (%s / %s)", v.show(i), c.raw)
}
