package jsonbody

import (
	"reflect"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Decoder reads bodies of one service.
type Decoder struct {
	Service *wire.Service
	Trail   *wire.Trail // gets the required members that are missing
}

// Structure reads text, which must be an object, into dst, a structure of
// shape s. only picks the members that a body may hold; nil picks all.
func (d Decoder) Structure(text []byte, dst reflect.Value, s *wire.Shape, only func(*wire.Member) bool) error {
	r := reader{scanner: scanner{data: text}, Decoder: d, only: only}
	if r.peek() != '{' {
		return r.mismatch(s)
	}
	if err := r.structure(dst, s); err != nil {
		return err
	}
	return r.end()
}

// Value reads text, a value of shape s, into dst.
func (d Decoder) Value(text []byte, dst reflect.Value, s *wire.Shape, m *wire.Member) error {
	r := reader{scanner: scanner{data: text}, Decoder: d}
	if err := r.value(dst, s, m); err != nil {
		return err
	}
	return r.end()
}

// maxElements bounds the elements of all lists and maps of a body together: a
// byte of JSON can ask for a structure of some hundred bytes.
const maxElements = 100_000

// reader is one body being read.
type reader struct {
	scanner
	Decoder
	only     func(*wire.Member) bool // for the outermost structure
	elements int                     // of lists and maps, so far
}

// count takes note of one more element.
func (r *reader) count() error {
	if r.elements++; r.elements > maxElements {
		return wire.Malformedf("The body has more than %d elements", maxElements)
	}
	return nil
}

func (r *reader) lax() bool { return r.Service.Dialect == wire.DialectAWS }

// value reads one value that is not null.
func (r *reader) value(dst reflect.Value, s *wire.Shape, m *wire.Member) error {
	c := r.peek()
	switch s.Kind {
	case wire.Structure:
		if c != '{' {
			return r.mismatch(s)
		}
		v, store := wire.Room(dst, s)
		if err := r.structure(v, s); err != nil {
			return err
		}
		return stored(store)
	case wire.List:
		if c != '[' {
			return r.mismatch(s)
		}
		return r.list(dst, s)
	case wire.Map:
		if c != '{' {
			return r.mismatch(s)
		}
		return r.mapping(dst, s)
	case wire.Document:
		x, err := r.any()
		if err == nil && x != nil {
			dst.Set(reflect.ValueOf(x))
		}
		return err
	default:
		return r.scalar(dst, s, m, c)
	}
}

func stored(store func()) error {
	if store != nil {
		store()
	}
	return nil
}

// structure reads an object into the structure v.
func (r *reader) structure(v reflect.Value, s *wire.Shape) error {
	only := r.only
	r.only = nil
	if err := r.open('{'); err != nil {
		return err
	}
	f := wire.FieldsOf(v)
	var seen [4]uint64
	next, set := 0, 0
	for first := true; ; first = false {
		ok, err := r.more(first, '}')
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		key, err := r.key()
		if err != nil {
			return err
		}
		i := member(s, key, next, only)
		if i < 0 {
			if err := r.unknown(s, key); err != nil {
				return err
			}
			continue
		}
		next = i + 1
		if seen[i>>6&3]&(1<<(i&63)) != 0 {
			return r.fail("Duplicate field " + strconv.Quote(string(key)))
		}
		seen[i>>6&3] |= 1 << (i & 63)
		null, err := r.memberValue(f.At(i), &s.Members[i])
		if err != nil {
			return err
		}
		if null {
			seen[i>>6&3] &^= 1 << (i & 63)
		} else {
			set++
		}
	}
	if s.Has(wire.Union) && set != 1 {
		return wire.Malformedf("A union must have exactly one member set, not %d", set)
	}
	return r.absent(f, s, &seen, only)
}

// unknown reads over what the schema does not name. A union has no room for it.
func (r *reader) unknown(s *wire.Shape, key []byte) error {
	if s.Has(wire.Union) && string(key) != "__type" {
		return wire.Malformedf("%q is no member of the union %s", key, s.Name)
	}
	return r.pass()
}

func (r *reader) memberValue(dst reflect.Value, m *wire.Member) (null bool, err error) {
	if r.peek() == 'n' {
		return true, r.word("null")
	}
	r.Trail.Enter(m.Name)
	err = r.value(dst, r.Service.Of(m), m)
	r.Trail.Leave()
	return false, err
}

// absent fills defaults in and notes required members that are missing where
// the field cannot show it.
func (r *reader) absent(f wire.Fields, s *wire.Shape, seen *[4]uint64, only func(*wire.Member) bool) error {
	for i := range s.Members {
		m := &s.Members[i]
		if m.Default == "" && !m.Has(wire.Required) || seen[i>>6&3]&(1<<(i&63)) != 0 || (only != nil && !only(m)) {
			continue
		}
		if m.Default != "" {
			if err := r.Default(f.At(i), m); err != nil {
				return err
			}
			continue
		}
		if !wire.Absent(f.At(i)) {
			r.Trail.Miss(m.Name)
		}
	}
	return nil
}

// Default fills what m means by default into dst.
func (d Decoder) Default(dst reflect.Value, m *wire.Member) error {
	d.Trail = &wire.Trail{}
	return d.Value([]byte(m.Default), dst, d.Service.Of(m), m)
}

// member finds the member with that wire name, looking first where the last
// one was found: senders keep to an order.
func member(s *wire.Shape, key []byte, next int, only func(*wire.Member) bool) int {
	n := len(s.Members)
	for k := range n {
		i := next + k
		if i >= n {
			i -= n
		}
		if m := &s.Members[i]; m.Wire == string(key) {
			if only != nil && !only(m) {
				return -1
			}
			return i
		}
	}
	return -1
}

func (r *reader) list(dst reflect.Value, s *wire.Shape) error {
	if err := r.open('['); err != nil {
		return err
	}
	v, store := wire.Room(dst, s)
	m := &s.Members[0]
	es := r.Service.Of(m)
	for i := 0; ; i++ {
		ok, err := r.more(i == 0, ']')
		if err != nil {
			return err
		}
		if !ok {
			return stored(store)
		}
		if err := r.count(); err != nil {
			return err
		}
		v.Grow(1)
		v.SetLen(i + 1)
		if r.peek() == 'n' {
			if !s.Has(wire.Sparse) {
				return wire.Malformedf("A list must not hold null")
			}
			if err := r.word("null"); err != nil {
				return err
			}
			continue
		}
		r.Trail.Element(i)
		if err := r.value(v.Index(i), es, m); err != nil {
			return err
		}
		r.Trail.Leave()
	}
}

func (r *reader) mapping(dst reflect.Value, s *wire.Shape) error {
	if err := r.open('{'); err != nil {
		return err
	}
	v, store := wire.Room(dst, s)
	m := &s.Members[1]
	vs := r.Service.Of(m)
	elem := v.Type().Elem()
	for first := true; ; first = false {
		ok, err := r.more(first, '}')
		if err != nil {
			return err
		}
		if !ok {
			return stored(store)
		}
		text, err := r.key()
		if err == nil {
			err = r.count()
		}
		if err != nil {
			return err
		}
		key := reflect.ValueOf(string(text))
		if v.MapIndex(key).IsValid() {
			return r.fail("Duplicate field " + strconv.Quote(string(text)))
		}
		slot := reflect.New(elem).Elem()
		if r.peek() == 'n' {
			err = r.nullValue(s, vs)
		} else {
			r.Trail.Key(key.String())
			err = r.value(slot, vs, m)
			r.Trail.Leave()
		}
		if err != nil {
			return err
		}
		v.SetMapIndex(key, slot)
	}
}

// nullValue takes a null that stands for a map's value. Amazon's services read
// an empty string from it; Smithy's only take it where the map is sparse.
func (r *reader) nullValue(s, vs *wire.Shape) error {
	if !s.Has(wire.Sparse) && !(r.lax() && vs.Kind == wire.String) {
		return wire.Malformedf("A map must not hold null")
	}
	return r.word("null")
}
