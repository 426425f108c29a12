package jsonschema

import "unicode/utf8"

// maxLength and minLength count code points.
type (
	maxLength int
	minLength int
)

func (b *builder) maxLength() error {
	n, err := b.count()
	b.add(maxLength(n), text)
	return err
}

func (b *builder) minLength() error {
	n, err := b.count()
	if n > 0 {
		b.add(minLength(n), text)
	}
	return err
}

func (n maxLength) holds(v *validation, i uint32) bool {
	s := v.text(i)
	return len(s) <= int(n) || utf8.RuneCount(s) <= int(n)
}

func (n maxLength) tell(v *validation, i uint32) {
	s := v.text(i)
	v.say(`string "%s" is too long (length: %d, maximum allowed: %d)`, quote(string(s)), utf8.RuneCount(s), n)
}

func (n minLength) holds(v *validation, i uint32) bool {
	s := v.text(i)
	return len(s) >= int(n) && utf8.RuneCount(s) >= int(n)
}

func (n minLength) tell(v *validation, i uint32) {
	s := v.text(i)
	v.say(`string "%s" is too short (length: %d, required minimum: %d)`, quote(string(s)), utf8.RuneCount(s), n)
}

// matches is pattern.
type matches struct{ *pattern }

func (b *builder) pattern() error {
	if b.value.kind() != text {
		return wants(text, b.value)
	}
	p, err := b.compiler.pattern(b.value.doc.string(b.value.at))
	if err != nil {
		return err
	}
	b.add(matches{p}, text)
	return nil
}

func (c matches) holds(v *validation, i uint32) bool { return v.match(c.pattern, i) }

func (c matches) tell(v *validation, i uint32) {
	v.say(`ECMA 262 regex "%s" does not match input string "%s"`, c.source, quote(string(v.text(i))))
}
