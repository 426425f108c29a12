package doc

import "slices"

// Set sets a key of a map. A new key comes last; an old one keeps its place.
// An absent value removes the key.
func (v *Value) Set(key string, to *Value) *Value {
	if to == nil {
		v.Delete(key)
		return v
	}
	if i := v.find(key); i >= 0 {
		v.items[i] = to
		return v
	}
	return v.add(key, to, Pos{})
}

// SetAt sets a key of a map and says where the key stands.
func (v *Value) SetAt(key string, to *Value, at Pos) *Value {
	if to == nil || v.Has(key) {
		return v.Set(key, to)
	}
	return v.add(key, to, at)
}

// add appends a key that the map does not have.
func (v *Value) add(key string, to *Value, at Pos) *Value {
	if at.Line > 0 {
		for len(v.keyAt) < len(v.keys) {
			v.keyAt = append(v.keyAt, Pos{})
		}
		v.keyAt = append(v.keyAt, at)
	}
	v.keys, v.items = append(v.keys, key), append(v.items, to)
	switch {
	case v.index != nil:
		v.index[key] = len(v.keys) - 1
	case len(v.keys) >= indexFrom:
		v.reindex()
	}
	return v
}

func (v *Value) reindex() {
	v.index = nil
	if len(v.keys) < indexFrom {
		return
	}
	v.index = make(map[string]int, len(v.keys))
	for i, k := range v.keys {
		v.index[k] = i
	}
}

// SetText sets a key of a map to a string.
func (v *Value) SetText(key, to string) *Value { return v.Set(key, NewString(to)) }

// Delete removes a key of a map.
func (v *Value) Delete(key string) {
	i := v.find(key)
	if i < 0 {
		return
	}
	v.keys = slices.Delete(v.keys, i, i+1)
	v.items = slices.Delete(v.items, i, i+1)
	if i < len(v.keyAt) {
		v.keyAt = slices.Delete(v.keyAt, i, i+1)
	}
	v.reindex()
}

// Append adds an item to a list; an absent one is left out.
func (v *Value) Append(item *Value) {
	if item != nil {
		v.items = append(v.items, item)
	}
}

// SetNth replaces item i of a list or value i of a map.
func (v *Value) SetNth(i int, to *Value) { v.items[i] = to }

// Clone copies the value and all below it.
func (v *Value) Clone() *Value {
	if v == nil {
		return nil
	}
	c := *v
	c.keys, c.keyAt = slices.Clone(v.keys), slices.Clone(v.keyAt)
	if v.items != nil {
		c.items = make([]*Value, len(v.items))
		for i, it := range v.items {
			c.items[i] = it.Clone()
		}
	}
	c.reindex()
	return &c
}

// Equal reports whether two values mean the same: the order of keys and the
// places do not matter, the order of items does.
func (v *Value) Equal(o *Value) bool {
	if v.Kind() != o.Kind() || v.Len() != o.Len() {
		return false
	}
	switch v.Kind() {
	case Bool, Number, String, Unknown:
		return v.text == o.text
	case List:
		return slices.EqualFunc(v.items, o.items, (*Value).Equal)
	case Map:
		for i, k := range v.keys {
			if !o.Has(k) || !v.items[i].Equal(o.Get(k)) {
				return false
			}
		}
	default: // there is one null, and one absence
	}
	return true
}
