package awsquery

import (
	"cmp"
	"reflect"
	"slices"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Decode reads the form of r into in, the input of op. The error is a
// *wire.Malformed.
func (c *Codec) Decode(r *wire.Request, op *wire.Operation, in any, trail *wire.Trail) error {
	f, err := Parse(r)
	if err != nil {
		return err
	}
	d := decoder{service: c.service, trail: trail}
	return d.structure(wire.FieldsOf(reflect.ValueOf(in)), c.service.Shape(op.Input), f.root)
}

type decoder struct {
	service *wire.Service
	trail   *wire.Trail
}

func (d *decoder) structure(f wire.Fields, s *wire.Shape, n *node) error {
	set := 0
	for i := range s.Members {
		m := &s.Members[i]
		kid := n.kids[m.Wire]
		if kid == nil {
			if m.Has(wire.Required) && !wire.Absent(f.At(i)) {
				d.trail.Miss(m.Name)
			}
			continue
		}
		set++
		d.trail.Enter(m.Name)
		err := d.value(f.At(i), m, kid, m.Has(wire.Flattened))
		d.trail.Leave()
		if err != nil {
			return err
		}
	}
	if s.Has(wire.Union) && set != 1 {
		return wire.Malformedf("A union must have exactly one member set, not %d", set)
	}
	return nil
}

func (d *decoder) value(dst reflect.Value, m *wire.Member, n *node, flat bool) error {
	s := d.service.Of(m)
	switch s.Kind {
	case wire.Structure:
		v, store := wire.Room(dst, s)
		if err := d.structure(wire.FieldsOf(v), s, n); err != nil {
			return err
		}
		return stored(store)
	case wire.List:
		if !flat {
			n = n.kids[s.Members[0].Wire]
		}
		return d.list(dst, s, n)
	case wire.Map:
		if !flat {
			n = n.kids["entry"]
		}
		return d.mapping(dst, s, n)
	default:
		if !n.given {
			return wire.Malformedf("The parameter %s has members and must have a value", m.Wire)
		}
		return wire.SetText(dst, s, m.Time.Or(s.Time).Or(wire.DateTime), d.service.Dialect, n.value)
	}
}

func stored(store func()) error {
	if store != nil {
		store()
	}
	return nil
}

// items are the numbered parts of n in the order of their numbers. A nil n, or
// one without parts, is an empty list.
func items(n *node) ([]*node, error) {
	if n == nil {
		return nil, nil
	}
	type item struct {
		at int
		n  *node
	}
	all := make([]item, 0, len(n.kids))
	for name, kid := range n.kids {
		at, err := strconv.Atoi(name)
		if err != nil || at < 0 {
			return nil, wire.Malformedf("%q is not the number of a list's element", name)
		}
		all = append(all, item{at, kid})
	}
	slices.SortFunc(all, func(a, b item) int { return cmp.Compare(a.at, b.at) })
	out := make([]*node, len(all))
	for i, it := range all {
		out[i] = it.n
	}
	return out, nil
}

func (d *decoder) list(dst reflect.Value, s *wire.Shape, n *node) error {
	parts, err := items(n)
	if err != nil {
		return err
	}
	v, store := wire.Room(dst, s)
	for i, part := range parts {
		v.Grow(1)
		v.SetLen(i + 1)
		d.trail.Element(i)
		err := d.value(v.Index(i), &s.Members[0], part, false)
		d.trail.Leave()
		if err != nil {
			return err
		}
	}
	return stored(store)
}

func (d *decoder) mapping(dst reflect.Value, s *wire.Shape, n *node) error {
	parts, err := items(n)
	if err != nil {
		return err
	}
	v, store := wire.Room(dst, s)
	key, value := &s.Members[0], &s.Members[1]
	for _, part := range parts {
		k := part.kids[key.Wire]
		if k == nil || !k.given {
			return wire.Malformedf("An entry of a map has no %s", key.Wire)
		}
		slot := reflect.New(v.Type().Elem()).Elem()
		if x := part.kids[value.Wire]; x != nil {
			d.trail.Key(k.value)
			err := d.value(slot, value, x, false)
			d.trail.Leave()
			if err != nil {
				return err
			}
		}
		if v.MapIndex(reflect.ValueOf(k.value)).IsValid() {
			return wire.Malformedf("The key %q is given twice", k.value)
		}
		v.SetMapIndex(reflect.ValueOf(k.value), slot)
	}
	return stored(store)
}
