package sam

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

func text(s string) *Value { return doc.NewString(s) }

func texts(all ...string) *Value { return doc.From(all) }

func obj(pairs ...any) *Value { return doc.Obj(pairs...) }

func list(items ...*Value) *Value { return doc.NewList(items...) }

func ref(id string) *Value { return obj("Ref", id) }

func getAtt(id, attribute string) *Value { return obj("Fn::GetAtt", list(text(id), text(attribute))) }

func joined(delimiter string, items ...*Value) *Value {
	return obj("Fn::Join", list(text(delimiter), list(items...)))
}

// sub is a Fn::Sub; pairs are the names and values of its map.
func sub(s string, pairs ...any) *Value {
	if len(pairs) == 0 {
		return obj("Fn::Sub", s)
	}
	return obj("Fn::Sub", list(text(s), obj(pairs...)))
}

func noValue() *Value { return ref("AWS::NoValue") }

// when is a Fn::If; otherwise may be absent.
func when(condition string, then, otherwise *Value) *Value {
	if otherwise == nil {
		otherwise = noValue()
	}
	return obj("Fn::If", list(text(condition), then, otherwise))
}

// isIntrinsic reports whether a value is a function.
func isIntrinsic(v *Value) bool {
	k, _ := v.Single()
	return k == "Ref" || k == "Condition" || strings.HasPrefix(k, "Fn::")
}

func isIf(v *Value) bool {
	k, _ := v.Single()
	return k == "Fn::If"
}

func isNoValue(v *Value) bool {
	k, arg := v.Single()
	return k == "Ref" && arg.Text() == "AWS::NoValue"
}

// ifItems are the three items of a Fn::If; false if it has others.
func ifItems(v *Value) (condition string, then, otherwise *Value, ok bool) {
	arg := v.Get("Fn::If")
	if arg.Len() != 3 || !arg.Is(doc.List) {
		return "", nil, nil, false
	}
	return arg.Item(0).Text(), arg.Item(1), arg.Item(2), true
}

// referred is the logical id that a Ref or Fn::GetAtt names; "" otherwise.
func referred(v *Value) string {
	switch k, arg := v.Single(); k {
	case "Ref":
		return arg.Text()
	case "Fn::GetAtt":
		if s, ok := arg.Str(); ok {
			if parts := strings.Split(s, "."); len(parts) == 2 {
				return parts[0]
			}
			return ""
		}
		if arg.Len() == 2 {
			return arg.Item(0).Text()
		}
	}
	return ""
}

// truthy reports whether a value counts as given: not absent, null, false,
// zero or empty.
func truthy(v *Value) bool {
	switch v.Kind() {
	case doc.Bool:
		return v.True()
	case doc.Number:
		return strings.Trim(v.Text(), "-0.") != ""
	case doc.String:
		return v.Text() != ""
	case doc.List, doc.Map:
		return v.Len() > 0
	default:
		return false
	}
}

// given is a value, or absent if it is null.
func given(v *Value) *Value {
	if v.Is(doc.Null) {
		return nil
	}
	return v
}

// alphanumeric reports whether s is made of letters and digits, and not empty.
func alphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

// onlyAlphanumeric is s without all but letters and digits.
func onlyAlphanumeric(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 128 && alphanumeric(string(r)) {
			return r
		}
		return -1
	}, s)
}

// contains reports whether a list holds an item.
func contains(l, item *Value) bool {
	for _, it := range l.Items() {
		if it.Equal(item) {
			return true
		}
	}
	return false
}

// appendNew appends an item that the list does not hold yet.
func appendNew(l, item *Value) {
	if !contains(l, item) {
		l.Append(item)
	}
}

// asList is a list as it is, and anything else as the only item of one.
func asList(v *Value) *Value {
	if v == nil || v.Is(doc.List) {
		return v
	}
	return list(v)
}

// ensure is the map under a key, made if there is none.
func ensure(v *Value, key string) *Value {
	m := v.Get(key)
	if !truthy(m) && !m.Is(doc.Map) {
		m = doc.NewMap()
		v.Set(key, m)
	}
	return m
}

// ensureList is the list under a key, made if there is none.
func ensureList(v *Value, key string) *Value {
	l := v.Get(key)
	if !l.Is(doc.List) {
		l = list()
		v.Set(key, l)
	}
	return l
}

// merged is a copy of a with the keys of b over it.
func merged(a, b *Value) *Value {
	m := doc.NewMap()
	for _, from := range []*Value{a, b} {
		for i, k := range from.Keys() {
			m.Set(k, from.Nth(i))
		}
	}
	return m
}

// tagList is a map of tags as the list that most types take.
func tagList(tags *Value) *Value {
	l := list()
	for i, k := range tags.Keys() {
		v := given(tags.Nth(i))
		if v == nil {
			v = text("")
		}
		l.Append(obj("Key", k, "Value", v))
	}
	return l
}

// concat is a list of the items of others.
func concat(lists ...*Value) *Value {
	l := list()
	for _, from := range lists {
		for _, it := range from.Items() {
			l.Append(it)
		}
	}
	return l
}
