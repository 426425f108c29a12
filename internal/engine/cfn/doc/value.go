// Package doc is the tree of values that a template is.
//
// It reads YAML as CloudFormation does (YAML 1.1 with short tags such as !Ref)
// and JSON into the same tree: maps keep the order of their keys, numbers keep
// their digits, and every value knows the file, line and column it came from.
// Short tags become their long form at once, so nobody above sees a tag.
//
// A nil *Value is a value that is absent; every method that only reads takes it.
// Reading is bounded: size, depth, number of values and what aliases may expand
// to have limits, so a hostile document costs no more than its limit.
package doc

import "strconv"

// Kind is what a value is.
type Kind uint8

// The kinds of values. Absent is the kind of nil.
const (
	Absent Kind = iota
	Null
	Bool
	Number
	String
	List
	Map
	// Unknown is a value that a resource yet to be created will give.
	Unknown
)

// String is the kind as messages name it.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Bool:
		return "boolean"
	case Number:
		return "number"
	case String:
		return "string"
	case List:
		return "list"
	case Map:
		return "map"
	case Unknown:
		return "value known later"
	default:
		return "nothing"
	}
}

// indexFrom is the number of keys from which a map keeps an index of them.
const indexFrom = 12

// Value is one value of a document. The zero Value is Absent.
type Value struct {
	// At is where the value begins.
	At Pos

	kind  Kind
	text  string         // a string; the digits of a number; "true" or "false"
	items []*Value       // of a list, or of a map in the order of keys
	keys  []string       // of a map
	keyAt []Pos          // where they stand; shorter than keys when unknown
	index map[string]int // of keys, when there are many
}

// NewNull makes a null.
func NewNull() *Value { return &Value{kind: Null} }

// NewBool makes a boolean.
func NewBool(b bool) *Value { return &Value{kind: Bool, text: strconv.FormatBool(b)} }

// NewInt makes a number.
func NewInt(n int) *Value { return NewNumber(strconv.Itoa(n)) }

// NewNumber makes a number of its digits, which must be those of a JSON number.
func NewNumber(digits string) *Value { return &Value{kind: Number, text: digits} }

// NewString makes a string.
func NewString(s string) *Value { return &Value{kind: String, text: s} }

// NewUnknown makes a value that is known later; of says of what, such as "Api.RootResourceId".
func NewUnknown(of string) *Value { return &Value{kind: Unknown, text: of} }

// NewList makes a list of values, without those that are absent.
func NewList(items ...*Value) *Value {
	l := &Value{kind: List, items: make([]*Value, 0, len(items))}
	for _, v := range items {
		l.Append(v)
	}
	return l
}

// NewMap makes an empty map.
func NewMap() *Value { return &Value{kind: Map} }

// Kind is what the value is.
func (v *Value) Kind() Kind {
	if v == nil {
		return Absent
	}
	return v.kind
}

// Is reports whether the value is of kind k.
func (v *Value) Is(k Kind) bool { return v.Kind() == k }

// Pos is where the value begins; zero for one that is absent.
func (v *Value) Pos() Pos {
	if v == nil {
		return Pos{}
	}
	return v.At
}

// Text is a string, or a number or boolean as text; "" for a list, map or null.
// CloudFormation takes any of these where it wants a string.
func (v *Value) Text() string {
	if v == nil {
		return ""
	}
	return v.text
}

// Str is a string and whether the value is one.
func (v *Value) Str() (string, bool) {
	if !v.Is(String) {
		return "", false
	}
	return v.text, true
}

// Scalar is the text of a string, number or boolean and whether the value is
// one of them.
func (v *Value) Scalar() (string, bool) {
	switch v.Kind() {
	case String, Number, Bool:
		return v.text, true
	default:
		return "", false
	}
}

// True reports whether the value is the boolean true.
func (v *Value) True() bool { return v.Is(Bool) && v.text == "true" }

// Items are the items of a list; nil for anything else. They are the value's own.
func (v *Value) Items() []*Value {
	if !v.Is(List) {
		return nil
	}
	return v.items
}

// Keys are the keys of a map in order; nil for anything else. They are the
// value's own.
func (v *Value) Keys() []string {
	if !v.Is(Map) {
		return nil
	}
	return v.keys
}

// Len is the number of items of a list or keys of a map.
func (v *Value) Len() int {
	if v == nil {
		return 0
	}
	return len(v.items)
}

// Item is item i of a list; nil when there is none.
func (v *Value) Item(i int) *Value {
	if !v.Is(List) || i < 0 || i >= len(v.items) {
		return nil
	}
	return v.items[i]
}

// Nth is item i of a list or value i of a map; nil when there is none.
func (v *Value) Nth(i int) *Value {
	if i < 0 || i >= v.Len() {
		return nil
	}
	return v.items[i]
}

// Get is the value of a key of a map; nil when there is none.
func (v *Value) Get(key string) *Value {
	if i := v.find(key); i >= 0 {
		return v.items[i]
	}
	return nil
}

// Find follows keys from map to map; nil when one is missing.
func (v *Value) Find(keys ...string) *Value {
	for _, k := range keys {
		v = v.Get(k)
	}
	return v
}

// Has reports whether a map has a key, be its value null.
func (v *Value) Has(key string) bool { return v.find(key) >= 0 }

// KeyPos is where a key of a map stands; the map itself when that is not known.
func (v *Value) KeyPos(key string) Pos {
	i := v.find(key)
	if i >= 0 && i < len(v.keyAt) && v.keyAt[i].Line > 0 {
		return v.keyAt[i]
	}
	return v.Pos()
}

// find is the place of a key in keys, or -1.
func (v *Value) find(key string) int {
	if !v.Is(Map) {
		return -1
	}
	if v.index != nil {
		if i, ok := v.index[key]; ok {
			return i
		}
		return -1
	}
	for i, k := range v.keys {
		if k == key {
			return i
		}
	}
	return -1
}

// Single is the only key of a map with one key, and its value; "" for
// anything else. Every intrinsic function has this form.
func (v *Value) Single() (string, *Value) {
	if !v.Is(Map) || len(v.keys) != 1 {
		return "", nil
	}
	return v.keys[0], v.items[0]
}
