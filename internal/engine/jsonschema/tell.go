package jsonschema

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of what is told of a document.
const (
	maxReasons = 64
	maxQuoted  = 512 // bytes of a value that is repeated
)

// tell finds the reasons why the value at i is not valid. As in API Gateway's
// validator, a value that breaks a keyword is not looked into, and neither is
// what comes after it; members are looked at in the order of their names.
// parity: spec/rest-data-plane.md 5.1, the wording of fge/json-schema-validator.
func (v *validation) tell(r *rules, i uint32) {
	if v.nested == maxNesting {
		v.spent = true
		return
	}
	if v.valid(r, i) {
		return
	}
	k := v.doc.nodes[i].kind()
	for _, c := range r.checks[k] {
		if len(v.reasons) < maxReasons && !c.holds(v, i) {
			c.tell(v, i)
		}
	}
	if len(v.reasons) > 0 {
		return
	}
	v.nested++
	switch {
	case k == object && r.object != nil:
		v.tellMembers(r.object, i)
	case k == array && r.array != nil:
		v.tellElements(r.array, i)
	}
	v.nested--
}

func (v *validation) tellElements(a *arrayRules, at uint32) {
	n := 0
	for i := at + 1; i < v.doc.nodes[at].tail && len(v.reasons) < maxReasons; i = v.doc.next(i) {
		if r := a.at(n); r != nil {
			v.tell(r, i)
		}
		n++
	}
}

func (v *validation) tellMembers(o *objectRules, at uint32) {
	for _, m := range v.doc.sorted(at) {
		if len(v.reasons) >= maxReasons {
			return
		}
		for _, r := range v.rulesOf(o, m) {
			v.tell(r, m.value)
		}
	}
}

// rulesOf is all that must be true of a member.
func (v *validation) rulesOf(o *objectRules, m entry) (all []*rules) {
	if named := o.named[m.name].rules; named != nil {
		all = append(all, named)
	}
	for _, p := range o.patterns {
		if v.match(p.names, m.value-1) {
			all = append(all, p.rules)
		}
	}
	if len(all) == 0 && o.others != nil {
		all = append(all, o.others)
	}
	return all
}

// entry is a member of an object.
type entry struct {
	name  string
	value uint32
}

// sorted are the members of an object by their names, those of one name in
// their order.
func (d *document) sorted(at uint32) []entry {
	all := make([]entry, 0, d.members(at))
	for i := at + 1; i < d.nodes[at].tail; i = d.next(i + 1) {
		all = append(all, entry{d.string(i), i + 1})
	}
	slices.SortStableFunc(all, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return all
}

// say adds a reason.
func (v *validation) say(format string, args ...any) {
	if len(v.reasons) < maxReasons {
		v.reasons = append(v.reasons, fmt.Sprintf(format, args...))
	}
}

// quote is a text as messages repeat it: what is long is cut.
func quote(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	end := maxQuoted
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "..."
}

// show is the value at i as JSON, as messages repeat it.
func (v *validation) show(i uint32) string { return quote(v.doc.json(i)) }

// json is the value at i without white space, as far as messages repeat it.
func (d *document) json(i uint32) string {
	return string(d.appendJSON(nil, i))
}

func (d *document) appendJSON(dst []byte, i uint32) []byte {
	k := d.nodes[i].kind()
	if k != object && k != array {
		return append(dst, d.raw(i)...)
	}
	opener, closer := byte('['), byte(']')
	if k == object {
		opener, closer = '{', '}'
	}
	dst = append(dst, opener)
	first := i + 1
	for at := first; at < d.nodes[i].tail && len(dst) <= maxQuoted; at = d.next(at) {
		if at > first {
			dst = append(dst, ',')
		}
		if k == object {
			dst = append(append(dst, d.raw(at)...), ':')
			at++
		}
		dst = d.appendJSON(dst, at)
	}
	return append(dst, closer)
}

// list is texts as a JSON array, as messages give them.
func list(texts []string) string {
	var b strings.Builder
	b.WriteByte('[')
	for i, s := range texts {
		if i > 0 {
			b.WriteByte(',')
		}
		if b.Len() > maxQuoted {
			b.WriteString("...")
			break
		}
		b.WriteString(quoted(s))
	}
	b.WriteByte(']')
	return b.String()
}

// quoted is a text as a JSON string.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(quote(s)) // a string has a JSON form, and a builder takes it
	return strings.TrimSuffix(b.String(), "\n")
}
