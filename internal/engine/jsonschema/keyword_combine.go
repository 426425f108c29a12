package jsonschema

import "errors"

// errNone is a list of schemas with none in it.
var errNone = errors.New("must hold a schema")

// options reads the list of allOf, anyOf or oneOf.
func (b *builder) options() ([]*rules, error) {
	all, err := b.list()
	if err == nil && len(all) == 0 {
		err = errNone
	}
	b.branches = true
	return all, err
}

// count is how many schemas the value at i is valid by; it stops at limit.
func count(v *validation, all []*rules, i uint32, limit int) (n int) {
	for _, r := range all {
		if n < limit && v.valid(r, i) {
			n++
		}
	}
	return n
}

type allOf []*rules

func (b *builder) allOf() error {
	all, err := b.options()
	b.add(allOf(all), everyKind()...)
	return err
}

func (c allOf) holds(v *validation, i uint32) bool {
	for _, r := range c {
		if !v.valid(r, i) {
			return false
		}
	}
	return true
}

func (c allOf) tell(v *validation, i uint32) {
	v.say("instance failed to match all required schemas (matched only %d out of %d)", count(v, c, i, len(c)), len(c))
}

type anyOf []*rules

func (b *builder) anyOf() error {
	all, err := b.options()
	b.add(anyOf(all), everyKind()...)
	return err
}

func (c anyOf) holds(v *validation, i uint32) bool {
	for _, r := range c {
		if v.valid(r, i) {
			return true
		}
	}
	return false
}

func (c anyOf) tell(v *validation, _ uint32) {
	v.say("instance failed to match at least one required schema among %d", len(c))
}

type oneOf []*rules

func (b *builder) oneOf() error {
	all, err := b.options()
	b.add(oneOf(all), everyKind()...)
	return err
}

func (c oneOf) holds(v *validation, i uint32) bool { return count(v, c, i, 2) == 1 }

func (c oneOf) tell(v *validation, i uint32) {
	v.say("instance failed to match exactly one schema (matched %d out of %d)", count(v, c, i, len(c)), len(c))
}

type not struct{ rules *rules }

func (b *builder) not() error {
	r, err := b.rules(b.value)
	b.branches = true
	b.add(not{r}, everyKind()...)
	return err
}

func (c not) holds(v *validation, i uint32) bool { return !v.valid(c.rules, i) }

func (not) tell(v *validation, _ uint32) {
	v.say("instance matched a schema which it should not have")
}
