package smithytest

import (
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// Random fills values at random, the same ones for the same seed.
type Random struct {
	*rand.Rand
	Service *wire.Service

	// Plain keeps strings to what a header or a query can hold.
	Plain bool
}

// NewRandom makes a Random.
func NewRandom(s *wire.Service, seed uint64) *Random {
	return &Random{Rand: rand.New(rand.NewPCG(seed, 7)), Service: s} //nolint:gosec // the same seed must give the same values
}

// maxFill bounds how deep values nest.
const maxFill = 5

// Structure fills the structure that v points to, of shape s: required members
// always, others now and then, those that leave rejects never.
func (r *Random) Structure(t testing.TB, v any, s *wire.Shape, leave func(*wire.Member) bool) {
	t.Helper()
	r.structure(t, wire.FieldsOf(reflect.ValueOf(v)), s, 0, leave)
}

func (r *Random) structure(t testing.TB, f wire.Fields, s *wire.Shape, depth int, leave func(*wire.Member) bool) {
	t.Helper()
	only := -1
	if s.Has(wire.Union) {
		only = r.IntN(len(s.Members))
	}
	for i := range s.Members {
		m := &s.Members[i]
		ms := r.Service.Of(m)
		skip := r.IntN(3) == 0 && !m.Has(wire.Required)
		if only >= 0 {
			skip = i != only
		}
		if skip || ms.Has(wire.EventStream) || (leave != nil && leave(m)) {
			continue
		}
		if depth < maxFill || ms.Kind != wire.Structure && ms.Kind != wire.List && ms.Kind != wire.Map {
			r.value(t, f.At(i), ms, depth)
		}
	}
}

func (r *Random) value(t testing.TB, dst reflect.Value, s *wire.Shape, depth int) {
	t.Helper()
	switch s.Kind {
	case wire.Structure:
		v, store := wire.Room(dst, s)
		r.structure(t, wire.FieldsOf(v), s, depth+1, nil)
		done(store)
	case wire.List:
		v, store := wire.Room(dst, s)
		n := r.IntN(4)
		v.Grow(n)
		v.SetLen(n)
		for i := range n {
			r.value(t, v.Index(i), r.Service.Of(&s.Members[0]), depth+1)
		}
		done(store)
	case wire.Map:
		v, store := wire.Room(dst, s)
		for range r.IntN(4) {
			slot := reflect.New(v.Type().Elem()).Elem()
			r.value(t, slot, r.Service.Of(&s.Members[1]), depth+1)
			v.SetMapIndex(reflect.ValueOf(r.text()), slot)
		}
		done(store)
	default:
		if err := r.scalar(dst, s); err != nil {
			t.Fatal(err)
		}
	}
}

func done(store func()) {
	if store != nil {
		store()
	}
}

func (r *Random) scalar(dst reflect.Value, s *wire.Shape) error {
	switch s.Kind {
	case wire.String:
		return wire.SetString(dst, r.text())
	case wire.Boolean:
		return wire.SetBool(dst, r.IntN(2) == 0)
	case wire.Byte:
		return wire.SetInt(dst, s.Kind, int64(int8(r.Uint32())))
	case wire.Short:
		return wire.SetInt(dst, s.Kind, int64(int16(r.Uint32())))
	case wire.Integer:
		return wire.SetInt(dst, s.Kind, int64(int32(r.Uint32())))
	case wire.Long:
		return wire.SetInt(dst, s.Kind, int64(r.Uint64()))
	case wire.Float:
		return wire.SetFloat(dst, float64(r.Float32()*1000))
	case wire.Double:
		return wire.SetFloat(dst, r.NormFloat64()*1e6)
	case wire.Timestamp:
		seconds := r.Int64N(1 << 32)
		return wire.SetTime(dst, time.Unix(seconds, r.Int64N(1000)*1e6).UTC())
	case wire.Blob:
		b := make([]byte, 1+r.IntN(20))
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return wire.SetBlob(dst, b)
	default:
		return wire.SetString(dst, "document")
	}
}

// text is a string with a taste for what codecs get wrong.
func (r *Random) text() string {
	letters := []rune("ab/+%&=.,;:\"'\\<> \n\t\u00e9\u4e16\U0001f600\u2028\x00")
	if r.Plain {
		letters = []rune("abcXYZ019-_~./\",%&=+")
	}
	out := make([]rune, 1+r.IntN(10))
	for i := range out {
		out[i] = letters[r.IntN(len(letters))]
	}
	return string(out)
}
