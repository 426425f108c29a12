package jsonschema

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// builder compiles one schema. Each of its methods named for a keyword reads
// that keyword's value.
type builder struct {
	*compiler
	place
	out   *rules
	value place // of the keyword
}

// get is the value of a keyword.
func (p place) get(keyword string) (place, bool) {
	at, ok := p.doc.find(p.at, keyword)
	return place{p.doc, at, p.base}, ok
}

// add adds a check of values of the types given.
func (b *builder) add(c check, of ...kind) {
	for _, k := range of {
		b.out.checks[k] = append(b.out.checks[k], c)
		b.out.brief[k] = append(b.out.brief[k], c)
	}
}

func everyKind() []kind { return []kind{array, boolean, integer, null, number, object, text} }

func wants(k kind, got place) error { return fmt.Errorf("must be of type %s, not %s", k, got.kind()) }

// flag reads true or false.
func (b *builder) flag() (bool, error) {
	if b.value.kind() != boolean {
		return false, wants(boolean, b.value)
	}
	return b.value.doc.isTrue(b.value.at), nil
}

// count reads a length or a number of things. What is larger than any
// document counts as that large.
func (b *builder) count() (int, error) {
	d := decimal{}
	if isNumber(b.value.kind()) {
		d = parseDecimal(b.value.doc.raw(b.value.at))
	}
	v := divisor{value: 1}
	if !isNumber(b.value.kind()) || d.sign() < 0 || !v.divides(&d) {
		return 0, errors.New("must be a whole number, zero or greater")
	}
	if d.point > 8 {
		return MaxBody + 1, nil
	}
	n := 0
	for i := range int(d.point) {
		n = n*10 + int(d.digit(i)-'0')
	}
	return n, nil
}

// texts reads a list of strings, each once, in order.
func (b *builder) texts(p place) ([]string, error) {
	if p.kind() != array {
		return nil, wants(array, p)
	}
	seen, err := map[string]bool{}, error(nil)
	p.elements(func(e place) {
		if e.kind() != text {
			err = fmt.Errorf("must hold strings, and has one of type %s", e.kind())
			return
		}
		seen[e.doc.string(e.at)] = true
	})
	return slices.Sorted(maps.Keys(seen)), err
}

// list reads a list of schemas.
func (b *builder) list() (all []*rules, err error) {
	if b.value.kind() != array {
		return nil, wants(array, b.value)
	}
	b.value.elements(func(e place) {
		r, wrong := b.rules(e)
		all, err = append(all, r), errors.Join(err, wrong)
	})
	return all, err
}

// each reads an object of schemas, in order.
func (b *builder) each(p place, fn func(name string, in place) error) error {
	if p.kind() != object {
		return wants(object, p)
	}
	for _, m := range p.doc.distinct(p.at) {
		if err := fn(m.name, place{p.doc, m.value, p.base}); err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
	}
	return nil
}

func (b *builder) types() error {
	var names []string
	if b.value.kind() == text {
		names = []string{b.value.doc.string(b.value.at)}
	} else {
		var err error
		if names, err = b.texts(b.value); err != nil {
			return err
		}
	}
	allowed := map[kind]bool{}
	for _, name := range names {
		k, ok := kindNamed(name)
		if !ok {
			return fmt.Errorf("there is no type %q", name)
		}
		allowed[k] = true
		if k == number {
			allowed[integer] = true
		}
	}
	if len(allowed) == 0 {
		return errors.New("must name a type")
	}
	var shown []string
	for _, k := range everyKind() {
		if allowed[k] {
			shown = append(shown, k.String())
		}
	}
	for _, k := range everyKind() {
		if !allowed[k] {
			b.add(wrongType{k, list(shown)}, k)
		}
	}
	return nil
}

func kindNamed(name string) (kind, bool) {
	for _, k := range everyKind() {
		if k.String() == name {
			return k, true
		}
	}
	return 0, false
}

// wrongType is the check of values whose type is not allowed.
type wrongType struct {
	is      kind
	allowed string
}

func (wrongType) holds(*validation, uint32) bool { return false }

func (c wrongType) tell(v *validation, _ uint32) {
	v.say("instance type (%s) does not match any allowed primitive type (allowed: %s)", c.is, c.allowed)
}
