package jsonschema

// maxItems and minItems count elements.
type (
	maxItems int
	minItems int
)

func (b *builder) maxItems() error {
	n, err := b.count()
	b.add(maxItems(n), array)
	return err
}

func (b *builder) minItems() error {
	n, err := b.count()
	if n > 0 {
		b.add(minItems(n), array)
	}
	return err
}

func (n maxItems) holds(v *validation, i uint32) bool { return v.elements(i) <= int(n) }

func (n maxItems) tell(v *validation, i uint32) {
	v.say("array is too long: must have at most %d elements but instance has %d elements", n, v.elements(i))
}

func (n minItems) holds(v *validation, i uint32) bool { return v.elements(i) >= int(n) }

func (n minItems) tell(v *validation, i uint32) {
	v.say("array is too short: must have at least %d elements but instance has %d elements", n, v.elements(i))
}

// noMoreItems is an additionalItems of false: at most so many elements.
type noMoreItems int

// additionalItems means something only beside a list of items.
func (b *builder) additionalItems() error {
	items, ok := b.get("items")
	tuple := ok && items.kind() == array
	if b.value.kind() != boolean {
		r, err := b.rules(b.value)
		if tuple {
			b.out.array = &arrayRules{rest: r}
		}
		return err
	}
	if open, err := b.flag(); err != nil || open || !tuple {
		return err
	}
	b.add(noMoreItems(items.doc.elements(items.at)), array)
	return nil
}

func (n noMoreItems) holds(v *validation, i uint32) bool { return v.elements(i) <= int(n) }

func (n noMoreItems) tell(v *validation, i uint32) {
	v.say("array has elements which are not allowed by the schema (at most %d allowed, found %d)", n, v.elements(i))
}

// different is a uniqueItems of true.
type different struct{}

func (b *builder) uniqueItems() error {
	on, err := b.flag()
	if on {
		b.add(different{}, array)
	}
	return err
}

func (different) holds(v *validation, i uint32) bool { return v.unique(i) }

func (different) tell(v *validation, _ uint32) { v.say("array must not contain duplicate elements") }

// items reads what additionalItems has left: the schemas of the elements.
func (b *builder) items() error {
	items, ok := b.get("items")
	if !ok {
		return nil
	}
	if b.out.array == nil {
		b.out.array = &arrayRules{}
	}
	var err error
	if items.kind() != array {
		b.out.array.rest, err = b.rules(items)
		return err
	}
	b.value = items
	b.out.array.first, err = b.list()
	return err
}
