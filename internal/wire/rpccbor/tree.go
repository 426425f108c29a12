package rpccbor

import (
	"math"
	"reflect"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// decoder puts a tree of plain values into generated structs.
type decoder struct {
	service *wire.Service
	trail   *wire.Trail
}

func (d *decoder) structure(f wire.Fields, s *wire.Shape, tree map[string]any) error {
	set := 0
	for i := range s.Members {
		m := &s.Members[i]
		x := tree[m.Wire]
		if x == nil {
			if m.Has(wire.Required) && !wire.Absent(f.At(i)) {
				d.trail.Miss(m.Name)
			}
			continue
		}
		set++
		d.trail.Enter(m.Name)
		err := d.value(f.At(i), m, x)
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

func (d *decoder) value(dst reflect.Value, m *wire.Member, x any) error {
	s := d.service.Of(m)
	var v reflect.Value
	var store func()
	var err error
	switch x := x.(type) {
	case map[string]any:
		if s.Kind != wire.Structure && s.Kind != wire.Map {
			return mismatch(m)
		}
		v, store = wire.Room(dst, s)
		if s.Kind == wire.Structure {
			err = d.structure(wire.FieldsOf(v), s, x)
		} else {
			err = d.mapping(v, s, x)
		}
	case []any:
		if s.Kind != wire.List {
			return mismatch(m)
		}
		v, store = wire.Room(dst, s)
		err = d.list(v, s, x)
	default:
		return d.scalar(dst, s, m, x)
	}
	if err == nil && store != nil {
		store()
	}
	return err
}

func mismatch(m *wire.Member) error {
	return wire.Malformedf("The member %s has a value of the wrong type", m.Name)
}

func (d *decoder) list(v reflect.Value, s *wire.Shape, list []any) error {
	v.Grow(len(list))
	v.SetLen(len(list))
	for i, x := range list {
		if x == nil {
			if !s.Has(wire.Sparse) {
				return wire.Malformedf("A list must not hold null")
			}
			continue
		}
		d.trail.Element(i)
		err := d.value(v.Index(i), &s.Members[0], x)
		d.trail.Leave()
		if err != nil {
			return err
		}
	}
	return nil
}

func (d *decoder) mapping(v reflect.Value, s *wire.Shape, tree map[string]any) error {
	for k, x := range tree {
		slot := reflect.New(v.Type().Elem()).Elem()
		if x == nil && !s.Has(wire.Sparse) {
			return wire.Malformedf("A map must not hold null")
		}
		if x != nil {
			d.trail.Key(k)
			err := d.value(slot, &s.Members[1], x)
			d.trail.Leave()
			if err != nil {
				return err
			}
		}
		v.SetMapIndex(reflect.ValueOf(k), slot)
	}
	return nil
}

func (d *decoder) scalar(dst reflect.Value, s *wire.Shape, m *wire.Member, x any) error {
	switch x := x.(type) {
	case string:
		if s.Kind == wire.String {
			return wire.SetString(dst, x)
		}
	case bool:
		if s.Kind == wire.Boolean {
			return wire.SetBool(dst, x)
		}
	case []byte:
		if s.Kind == wire.Blob {
			return wire.SetBlob(dst, x)
		}
	case time.Time:
		if s.Kind == wire.Timestamp {
			return wire.SetTime(dst, x.UTC().Round(time.Millisecond)) // a double is not exact
		}
	case int64:
		return d.integer(dst, s, m, x)
	case float64:
		if s.Kind == wire.Float || s.Kind == wire.Double {
			return wire.SetFloat(dst, x)
		}
	}
	return mismatch(m)
}

// integer takes a whole number, which stands for a float just as well.
func (d *decoder) integer(dst reflect.Value, s *wire.Shape, m *wire.Member, n int64) error {
	switch s.Kind {
	case wire.Byte, wire.Short, wire.Integer, wire.Long:
		return wire.SetInt(dst, s.Kind, n)
	case wire.Float, wire.Double:
		return wire.SetFloat(dst, float64(n))
	default:
		return mismatch(m)
	}
}

// structure makes a tree of plain values of a structure.
func (c *Codec) structure(v reflect.Value, s *wire.Shape) map[string]any {
	f := wire.FieldsOf(v)
	tree := make(map[string]any, len(s.Members))
	for i := range s.Members {
		if x := f.At(i); !wire.Absent(x) {
			tree[s.Members[i].Wire] = c.plain(x, &s.Members[i])
		}
	}
	return tree
}

func (c *Codec) plain(v reflect.Value, m *wire.Member) any {
	s := c.service.Of(m)
	v = wire.Inner(v)
	switch s.Kind {
	case wire.Structure:
		return c.structure(v, s)
	case wire.List:
		list := make([]any, 0, v.Len())
		for i := range v.Len() {
			if x := v.Index(i); held(x, s) {
				list = append(list, c.element(x, &s.Members[0]))
			}
		}
		return list
	case wire.Map:
		tree := make(map[string]any, v.Len())
		for it := v.MapRange(); it.Next(); {
			if held(it.Value(), s) {
				tree[it.Key().String()] = c.element(it.Value(), &s.Members[1])
			}
		}
		return tree
	case wire.Timestamp:
		return epoch(wire.TimeOf(v))
	case wire.Byte, wire.Short, wire.Integer, wire.Long:
		return v.Int()
	case wire.Float:
		return float32(v.Float())
	default:
		return v.Interface()
	}
}

// held reports whether an element of a list or map of shape s is written: null
// only where it is sparse. A nil list or map in a dense one is an empty one.
func held(v reflect.Value, s *wire.Shape) bool {
	k := v.Kind()
	return !wire.Absent(v) || k == reflect.Slice || k == reflect.Map || s.Has(wire.Sparse)
}

func (c *Codec) element(v reflect.Value, m *wire.Member) any {
	if k := v.Kind(); wire.Absent(v) && (k == reflect.Pointer || k == reflect.Interface) {
		return nil
	}
	return c.plain(v, m)
}

// epoch is a timestamp in CBOR: tag 1 with seconds, whole where they are.
func epoch(t time.Time) cbor.Tag {
	t = t.Truncate(time.Millisecond)
	if t.Nanosecond() == 0 {
		return cbor.Tag{Number: 1, Content: t.Unix()}
	}
	return cbor.Tag{Number: 1, Content: math.Round(float64(t.UnixMilli())) / 1000}
}
