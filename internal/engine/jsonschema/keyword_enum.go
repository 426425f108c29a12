package jsonschema

import "strings"

// oneValue is enum, for values of one type: it must equal one of those.
type oneValue struct {
	doc     *document
	at      []uint32        // the values, if they are no strings
	strings map[string]bool // the values, if they are
	shown   string          // all values of the enum
}

func (b *builder) enum() error {
	if b.value.kind() != array {
		return wants(array, b.value)
	}
	var of [kinds]oneValue
	var shown []string
	b.value.elements(func(e place) {
		shown = append(shown, e.doc.json(e.at))
		k := e.kind()
		switch {
		case k == text:
			if of[k].strings == nil {
				of[k].strings = map[string]bool{}
			}
			of[k].strings[e.doc.string(e.at)] = true
		case isNumber(k): // 1 equals 1.0
			of[integer].at = append(of[integer].at, e.at)
			of[number].at = append(of[number].at, e.at)
		default:
			of[k].at = append(of[k].at, e.at)
		}
	})
	for _, k := range everyKind() {
		c := of[k]
		c.doc, c.shown = b.value.doc, "["+strings.Join(shown, ",")+"]"
		b.add(&c, k)
	}
	return nil
}

func (c *oneValue) holds(v *validation, i uint32) bool {
	if c.strings != nil {
		return c.strings[string(v.text(i))]
	}
	for _, j := range c.at {
		if v.equal(i, c.doc, j) {
			return true
		}
	}
	return false
}

func (c *oneValue) tell(v *validation, i uint32) {
	v.say("instance value (%s) not found in enum (possible values: %s)", v.show(i), quote(c.shown))
}
