package doc

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Later is the plain form of an Unknown value: what it will be the value of,
// such as "Api.RootResourceId".
type Later string

// Plain is the value as encoding/json would decode it with UseNumber:
// map[string]any, []any, string, json.Number, bool or nil; an Unknown is a Later.
func (v *Value) Plain() any {
	switch v.Kind() {
	case Bool:
		return v.text == "true"
	case Number:
		return json.Number(v.text)
	case String:
		return v.text
	case Unknown:
		return Later(v.text)
	case List:
		l := make([]any, len(v.items))
		for i, it := range v.items {
			l[i] = it.Plain()
		}
		return l
	case Map:
		m := make(map[string]any, len(v.keys))
		for i, k := range v.keys {
			m[k] = v.items[i].Plain()
		}
		return m
	default:
		return nil
	}
}

// From is the value of a plain one, as Plain gives them; float64 and int do
// as well. Keys come in order of their text. Anything else is null.
func From(x any) *Value {
	switch x := x.(type) {
	case *Value:
		return x
	case Later:
		return NewUnknown(string(x))
	case bool:
		return NewBool(x)
	case json.Number:
		return NewNumber(x.String())
	case float64:
		return NewNumber(strconv.FormatFloat(x, 'g', -1, 64))
	case int:
		return NewInt(x)
	case string:
		return NewString(x)
	case []string:
		l := NewList()
		for _, s := range x {
			l.Append(NewString(s))
		}
		return l
	case []any:
		l := NewList()
		for _, it := range x {
			l.Append(From(it))
		}
		return l
	case map[string]any:
		keys := make([]string, 0, len(x))
		for k := range x {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		m := NewMap()
		for _, k := range keys {
			m.Set(k, From(x[k]))
		}
		return m
	}
	return NewNull()
}

// Obj makes a map of keys and values by turns. A value may be anything that
// From takes; one that is an absent *Value leaves its key out.
func Obj(pairs ...any) *Value {
	m := NewMap()
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			continue
		}
		if v, ok := pairs[i+1].(*Value); ok {
			if v != nil {
				m.Set(key, v)
			}
			continue
		}
		m.Set(key, From(pairs[i+1]))
	}
	return m
}
