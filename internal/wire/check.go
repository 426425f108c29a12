package wire

import (
	"reflect"
	"slices"
	"strconv"
	"sync"
	"unicode/utf8"
)

// Violation is one value that breaks a constraint of the model.
type Violation struct {
	Path    string // as a JSON pointer
	Message string
}

// Invalid is a call whose values break constraints of the model.
type Invalid struct {
	Message    string // all violations in one sentence, as AWS words it
	Violations []Violation
}

// Error is the text for the caller.
func (e *Invalid) Error() string { return e.Message }

// Checker holds calls of one service to the constraints of its model: required
// members, lengths, ranges, patterns, enums and unique elements. It may be used
// by any number of calls at a time.
type Checker struct {
	service  *Service
	patterns sync.Map // *Rule -> pattern, compiled when first needed
}

// NewChecker makes the checker of a service. It compiles nothing yet.
func NewChecker(s *Service) *Checker { return &Checker{service: s} }

// Check holds in, a pointer to the input of op, to the model; the error is an
// *Invalid. trail is what decoding noted; nil means that in was not decoded but
// made by a caller in this process, whose empty required strings count as
// missing.
func (c *Checker) Check(op *Operation, in any, trail *Trail) error {
	w := &walk{Checker: c, op: op, trail: trail}
	if trail == nil {
		w.trail, w.made = &Trail{}, true
	}
	shape := c.service.Shape(op.Input)
	fields := FieldsOf(reflect.ValueOf(in))
	if c.service.Dialect == DialectSmithy {
		w.structure(fields, shape, nil)
	} else {
		// parity: control-plane.md 2.4, body errors come before label errors
		w.structure(fields, shape, func(m *Member) bool { return m.At != InLabel })
		w.structure(fields, shape, func(m *Member) bool { return m.At == InLabel })
	}
	if len(w.found) == 0 {
		return nil
	}
	return w.invalid()
}

// walk is one check under way.
type walk struct {
	*Checker
	op    *Operation
	trail *Trail
	made  bool // by a caller in this process
	found []Violation
}

// structure checks the members that want picks; a nil want picks all.
func (w *walk) structure(f Fields, s *Shape, want func(*Member) bool) {
	for i := range s.Members {
		m := &s.Members[i]
		if want != nil && !want(m) {
			continue
		}
		w.trail.Enter(m.Name)
		w.member(f.At(i), m)
		w.trail.Leave()
	}
}

func (w *walk) member(v reflect.Value, m *Member) {
	if len(w.found) >= maxNotes {
		return
	}
	s := w.service.Of(m)
	if Absent(v) || w.trail.missed() || w.unmade(v, m) {
		if m.Has(Required) {
			w.note(m, "null", "Member must not be null")
		}
		return
	}
	w.value(v, s, m)
}

// unmade reports whether a caller in this process left a required string out.
func (w *walk) unmade(v reflect.Value, m *Member) bool {
	return w.made && m.Has(Required) && v.Kind() == reflect.String && v.Len() == 0
}

// value checks a value that is there. m is the member it hangs from, for where
// it stands in messages.
func (w *walk) value(v reflect.Value, s *Shape, m *Member) {
	v = Inner(v)
	switch s.Kind {
	case Structure:
		if !s.Has(EventStream) {
			w.structure(FieldsOf(v), s, nil)
		}
	case Document:
	case List:
		w.own(v, s, m)
		if s.Has(Unique) && !w.unique(v, s) {
			w.note(m, w.show(v, s), "Member must have unique values")
		}
		w.list(v, s, m)
	case Map:
		w.own(v, s, m)
		w.mapping(v, s, m)
	default:
		w.own(v, s, m)
	}
}

// own checks the rules of v's shape itself, not those of what v holds.
func (w *walk) own(v reflect.Value, s *Shape, m *Member) {
	for _, r := range w.broken(v, s) {
		w.note(m, w.showBroken(v, s, r), r.text)
	}
}

func (w *walk) list(v reflect.Value, s *Shape, m *Member) {
	element := &s.Members[0]
	es := w.service.Of(element)
	if es.Kind != Structure && w.service.Dialect == DialectAWS {
		w.nested(v, s, m, "Member must satisfy constraint: ", element, func(yield func(reflect.Value) bool) {
			for i := range v.Len() {
				if !yield(v.Index(i)) {
					return
				}
			}
		})
		return
	}
	for i := range v.Len() {
		if e := v.Index(i); !Absent(e) {
			w.trail.Element(i)
			w.value(e, es, m)
			w.trail.Leave()
		}
	}
}

func (w *walk) mapping(v reflect.Value, s *Shape, m *Member) {
	key, value := &s.Members[0], &s.Members[1]
	ks, vs := w.service.Of(key), w.service.Of(value)
	if w.free(ks) && w.free(vs) {
		return
	}
	if w.service.Dialect == DialectAWS {
		w.nested(v, s, m, "Map keys must satisfy constraint: ", key, func(yield func(reflect.Value) bool) { eachKey(v, yield) })
		if vs.Kind != Structure {
			w.nested(v, s, m, "Map value must satisfy constraint: ", value, func(yield func(reflect.Value) bool) { eachValue(v, yield) })
			return
		}
	}
	for _, k := range sortedKeys(v) {
		kv := reflect.ValueOf(k)
		if w.service.Dialect == DialectSmithy {
			w.own(kv, ks, m)
		}
		if e := v.MapIndex(kv); !Absent(e) {
			w.trail.Key(k)
			w.value(e, vs, m)
			w.trail.Leave()
		}
	}
}

// nested checks scalars within a list or map as Amazon's services tell of them:
// one violation of the whole, which lists all that its elements must satisfy.
//
// parity: control-plane.md 2.4, [Member must satisfy enum value set: ...]
func (w *walk) nested(v reflect.Value, s *Shape, m *Member, lead string, of *Member, each func(func(reflect.Value) bool)) {
	es := w.service.Of(of)
	if w.free(es) {
		return
	}
	for e := range each {
		if !Absent(e) && !w.fits(Inner(e), es) {
			w.note(m, w.show(v, s), lead+"["+w.terms(es)+"]")
			return
		}
	}
}

// free reports whether a shape that is no structure, and all it holds, is
// without constraints.
func (w *walk) free(s *Shape) bool {
	if s.Kind == Structure {
		return false
	}
	for i := range s.Members {
		if !w.free(w.service.Of(&s.Members[i])) {
			return false
		}
	}
	return s.Rule == nil && s.Enum == nil && !s.Has(Unique)
}

// fits reports whether v, which is no structure, satisfies its shape and all
// that it holds theirs.
func (w *walk) fits(v reflect.Value, s *Shape) bool {
	if len(w.broken(v, s)) > 0 {
		return false
	}
	ok := true
	visit := func(e reflect.Value, es *Shape) bool {
		ok = Absent(e) || es.Kind == Structure || w.fits(Inner(e), es)
		return ok
	}
	if s.Kind == List {
		for i := 0; ok && i < v.Len(); i++ {
			visit(v.Index(i), w.service.Of(&s.Members[0]))
		}
	}
	if s.Kind == Map {
		eachKey(v, func(k reflect.Value) bool { return visit(k, w.service.Of(&s.Members[0])) })
		if ok {
			eachValue(v, func(e reflect.Value) bool { return visit(e, w.service.Of(&s.Members[1])) })
		}
	}
	return ok
}

// breach is one rule that a value breaks.
type breach struct {
	text   string
	length int // of the value, where that is what the rule is about; else -1
}

// broken lists the rules of s itself that v breaks.
func (w *walk) broken(v reflect.Value, s *Shape) []breach {
	var out []breach
	if r := s.Rule; r != nil {
		size, length := measure(v, s)
		low, high := r.Has&HasMin != 0 && size < r.Min, r.Has&HasMax != 0 && size > r.Max
		if low || high {
			out = append(out, breach{w.boundText(s, low), length})
		}
		if r.Pattern != "" && !w.matches(r, v.String()) {
			out = append(out, breach{patternText(r), -1})
		}
	}
	if s.Enum != nil && !slices.Contains(s.Enum, enumText(v, s)) {
		out = append(out, breach{w.enumRule(s), -1})
	}
	return out
}

func enumText(v reflect.Value, s *Shape) string {
	if s.Has(IntEnum) {
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.String()
}

// measure is what a Rule's bounds are about; length is -1 for numbers.
func measure(v reflect.Value, s *Shape) (size float64, length int) {
	switch s.Kind {
	case String:
		length = utf8.RuneCountInString(v.String())
	case Blob, List, Map:
		length = v.Len()
	case Float, Double:
		return v.Float(), -1
	default:
		return float64(v.Int()), -1
	}
	return float64(length), length
}

func eachKey(v reflect.Value, yield func(reflect.Value) bool) {
	for it := v.MapRange(); it.Next(); {
		if !yield(it.Key()) {
			return
		}
	}
}

func eachValue(v reflect.Value, yield func(reflect.Value) bool) {
	for it := v.MapRange(); it.Next(); {
		if !yield(it.Value()) {
			return
		}
	}
}

// sortedKeys are the keys of a map of strings, sorted.
func sortedKeys(v reflect.Value) []string {
	keys := make([]string, 0, v.Len())
	eachKey(v, func(k reflect.Value) bool {
		keys = append(keys, k.String())
		return true
	})
	slices.Sort(keys)
	return keys
}
