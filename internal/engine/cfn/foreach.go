package cfn

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const forEachUsage = "Template error: Fn::ForEach requires a list of three: an identifier, a collection and a map of what to repeat"

// unroller writes out the loops of AWS::LanguageExtensions.
type unroller struct {
	*evaluator
	bound []binding // identifiers of the loops around, the outermost first
}

type binding struct{ name, value string }

// value is what an identifier of a loop around stands for.
func (u *unroller) value(name string) (string, bool) {
	for _, b := range u.bound {
		if b.name == name {
			return b.value, true
		}
	}
	return "", false
}

// expand writes out every Fn::ForEach below v, and what its identifiers stand
// for in keys, Ref and ${}. v itself does not change.
func (u *unroller) expand(v *Value) *Value {
	if !u.spend(v, valuePrice+len(v.Text())) {
		return v
	}
	switch v.Kind() {
	case doc.String:
		if s := u.fill(v, v.Text()); s != v.Text() {
			return u.placed(v, doc.NewString(s))
		}
	case doc.List:
		l := doc.NewList()
		l.At = v.At
		for _, it := range v.Items() {
			l.Append(u.expand(it))
		}
		return l
	case doc.Map:
		if k, arg := v.Single(); k == "Ref" {
			if s, ok := u.value(arg.Text()); ok {
				return u.placed(v, doc.NewString(s))
			}
		}
		return u.expandMap(v)
	default:
	}
	return v
}

func (u *unroller) expandMap(v *Value) *Value {
	m := doc.NewMap()
	m.At = v.At
	for i, k := range v.Keys() {
		u.path = append(u.path, k)
		if strings.HasPrefix(k, forEachPrefix) {
			u.loop(v.Nth(i), m)
		} else {
			u.put(m, u.fill(v, k), u.expand(v.Nth(i)), v.KeyPos(k))
		}
		u.path = u.path[:len(u.path)-1]
	}
	return m
}

// put sets a key that a loop made; two of a name are a problem.
func (u *unroller) put(m *Value, key string, x *Value, at doc.Pos) {
	if len(u.bound) > 0 && m.Has(key) {
		u.fail(x, "Template error: Fn::ForEach makes the key "+key+" twice", "put the identifier in the key")
		return
	}
	m.SetAt(key, x, at)
}

// loop writes one loop out into a map.
func (u *unroller) loop(arg, into *Value) {
	name, ok := arg.Item(0).Str()
	body := arg.Item(2)
	if !ok || arg.Len() != 3 || !body.Is(doc.Map) {
		u.fail(arg, forEachUsage, "")
		return
	}
	if _, taken := u.value(name); taken || u.parameters[name] != nil {
		u.fail(arg, "Template error: the identifier "+name+" of Fn::ForEach has that name already", "")
		return
	}
	collection := u.eval(u.expand(arg.Item(1)))
	if !collection.Is(doc.List) {
		u.fail(arg, forEachUsage, "the collection must be a list")
		return
	}
	for _, it := range collection.Items() {
		s, ok := it.Scalar()
		if !ok {
			u.fail(arg, forEachUsage, "the collection must hold text")
			return
		}
		if u.spent > maxEvaluated {
			return
		}
		u.bound = append(u.bound, binding{name, s})
		made := u.expandMap(body)
		for i, k := range made.Keys() {
			u.put(into, k, made.Nth(i), body.Pos())
		}
		u.bound = u.bound[:len(u.bound)-1]
	}
}

// fill replaces ${Identifier} and &{Identifier} in a text of v; the latter
// leaves letters and digits only.
func (u *unroller) fill(v *Value, s string) string {
	if len(u.bound) == 0 || !strings.Contains(s, "{") {
		return s
	}
	for _, b := range u.bound {
		for old, now := range map[string]string{"${" + b.name + "}": b.value, "&{" + b.name + "}": lettersAndDigits(b.value)} {
			if n := strings.Count(s, old); n > 0 && u.spend(v, len(s)+n*len(now)) {
				s = strings.ReplaceAll(s, old, now)
			}
		}
	}
	return s
}

func lettersAndDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && alphanumeric(string(r)) {
			return r
		}
		return -1
	}, s)
}
