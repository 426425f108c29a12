package jsonschema

import (
	"fmt"
	"slices"
)

// maxProperties and minProperties count members by their names.
type (
	maxProperties int
	minProperties int
)

func (b *builder) maxProperties() error {
	n, err := b.count()
	b.add(maxProperties(n), object)
	return err
}

func (b *builder) minProperties() error {
	n, err := b.count()
	if n > 0 {
		b.add(minProperties(n), object)
	}
	return err
}

func (n maxProperties) holds(v *validation, i uint32) bool {
	return v.members(i) <= int(n) || len(v.doc.distinct(i)) <= int(n)
}

func (n maxProperties) tell(v *validation, i uint32) {
	v.say("object has too many properties (found %d but schema requires at most %d)", len(v.doc.distinct(i)), n)
}

func (n minProperties) holds(v *validation, i uint32) bool {
	return v.members(i) >= int(n) && (n == 1 || len(v.doc.distinct(i)) >= int(n))
}

func (n minProperties) tell(v *validation, i uint32) {
	v.say("object has too few properties (found %d but schema requires at least %d)", len(v.doc.distinct(i)), n)
}

// noOthers is an additionalProperties of false. It is told here; eachMember
// checks it on its way.
type noOthers struct{ of *rules }

func (b *builder) additionalProperties() error {
	if b.value.kind() != boolean {
		r, err := b.rules(b.value)
		b.members().others = r
		return err
	}
	open, err := b.flag()
	if err == nil && !open {
		b.members().closed = true
		b.out.checks[object] = append(b.out.checks[object], noOthers{b.out})
	}
	return err
}

// members is what the schema says of members.
func (b *builder) members() *objectRules {
	if b.out.object == nil {
		b.out.object = &objectRules{named: map[string]member{}}
	}
	return b.out.object
}

// unwanted are the names that the schema has no word for.
func (c noOthers) unwanted(v *validation, at uint32) (names []string) {
	for _, m := range v.doc.sorted(at) {
		if len(v.rulesOf(c.of.object, m)) == 0 {
			names = append(names, m.name)
		}
	}
	return slices.Compact(names)
}

func (c noOthers) holds(v *validation, at uint32) bool { return len(c.unwanted(v, at)) == 0 }

func (c noOthers) tell(v *validation, at uint32) {
	v.say("object instance has properties which are not allowed by the schema: %s", list(c.unwanted(v, at)))
}

// needs is required.
type needs struct{ names []string }

// maxBits is how many required members are looked for at one go.
const maxBits = 64

// required reads a list of names. The true or false that OpenAPI's parameters
// and draft 3 have there means nothing, and a list without names neither.
func (b *builder) required() error {
	if b.value.kind() == boolean {
		return nil
	}
	names, err := b.texts(b.value)
	if err != nil || len(names) == 0 {
		return err
	}
	c := needs{names}
	b.out.checks[object] = append(b.out.checks[object], c)
	if len(names) > maxBits {
		b.out.brief[object] = append(b.out.brief[object], c)
		return nil
	}
	o := b.members()
	for i, name := range names {
		o.named[name] = member{bit: 1 << i}
		o.required |= 1 << i
	}
	return nil
}

func (c needs) missing(v *validation, at uint32) (names []string) {
	if !v.spend(v.members(at) + len(c.names)) {
		return nil
	}
	there := v.doc.distinct(at)
	for _, name := range c.names {
		if !has(there, name) {
			names = append(names, name)
		}
	}
	return names
}

// has finds a name in members that are sorted.
func has(members []entry, name string) bool {
	_, ok := slices.BinarySearchFunc(members, name, func(m entry, name string) int {
		switch {
		case m.name < name:
			return -1
		case m.name > name:
			return 1
		}
		return 0
	})
	return ok
}

func (c needs) holds(v *validation, at uint32) bool { return len(c.missing(v, at)) == 0 }

func (c needs) tell(v *validation, at uint32) {
	v.say("object has missing required properties (%s)", list(c.missing(v, at)))
}

// depends is one member of dependencies: if the object has it, it must have
// others as well, or be valid in another way.
type depends struct {
	on    string
	names []string
	rules *rules // if names is nil
}

func (b *builder) dependencies() error {
	return b.each(b.value, func(on string, in place) (err error) {
		c := depends{on: on}
		switch in.kind() {
		case array:
			c.names, err = b.texts(in)
		case text: // one name, as draft 3 has it
			c.names = []string{in.doc.string(in.at)}
		default:
			c.rules, err = b.rules(in)
			b.branches = true
		}
		b.add(c, object)
		return err
	})
}

func (c depends) missing(v *validation, at uint32) (names []string) {
	for _, name := range c.names {
		if _, ok := v.doc.find(at, name); !ok {
			names = append(names, name)
		}
	}
	return names
}

func (c depends) holds(v *validation, at uint32) bool {
	if !v.spend(len(c.names) * v.members(at)) {
		return false
	}
	if _, ok := v.doc.find(at, c.on); !ok {
		return true
	}
	if c.rules != nil {
		return v.valid(c.rules, at)
	}
	return len(c.missing(v, at)) == 0
}

func (c depends) tell(v *validation, at uint32) {
	if c.rules != nil {
		v.tell(c.rules, at)
		return
	}
	v.say("property %s of object has missing property dependencies (schema requires %s; missing: %s)",
		quoted(c.on), list(c.names), list(c.missing(v, at)))
}

// inside reads what is left: the schemas of members and of elements.
func (b *builder) inside() error {
	if err := b.properties(); err != nil {
		return err
	}
	return b.items()
}

func (b *builder) properties() error {
	if p, ok := b.get("properties"); ok {
		err := b.each(p, func(name string, in place) error {
			r, err := b.rules(in)
			m := b.members().named[name]
			m.rules = r
			b.members().named[name] = m
			return err
		})
		if err != nil {
			return fmt.Errorf("properties: %w", err)
		}
	}
	if p, ok := b.get("patternProperties"); ok {
		err := b.each(p, func(source string, in place) error {
			names, err := b.compiler.pattern(source)
			if err != nil {
				return err
			}
			r, err := b.rules(in)
			b.members().patterns = append(b.members().patterns, patternRules{names, r})
			b.branches = true
			return err
		})
		if err != nil {
			return fmt.Errorf("patternProperties: %w", err)
		}
	}
	return nil
}
