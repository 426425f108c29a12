package vtl

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

type expr interface{ eval(r *run) (any, error) }

type constant struct{ value any }

func (c constant) eval(*run) (any, error) { return c.value, nil }

// reference is $name and what follows it.
type reference struct {
	name  string
	place int
	path  []link
}

// link is one .property, .method() or [index].
type link interface {
	of(r *run, v any) (any, error)
}

func (f *reference) eval(r *run) (any, error) {
	if err := r.step(); err != nil {
		return nil, err
	}
	v := r.lookup(f)
	for _, l := range f.path {
		if d, ok := v.(deferred); ok {
			text, err := r.sub(d.body)
			if err != nil {
				return nil, err
			}
			v = text
		}
		var err error
		if v, err = l.of(r, v); err != nil || v == nil {
			return nil, err
		}
	}
	return v, nil
}

// sub renders a block into a text of its own.
func (r *run) sub(b node) (string, error) {
	from := len(r.out)
	err := b.exec(r)
	text := string(r.out[from:])
	r.out = r.out[:from]
	return text, err
}

type property string

func (p property) of(_ *run, v any) (any, error) {
	if out, ok := getProperty(v, string(p)); ok {
		return out, nil
	}
	return nil, nil
}

func getProperty(v any, name string) (any, bool) {
	switch v := v.(type) {
	case *Map:
		return v.Get(name)
	case Object:
		return v.Property(name)
	case *List:
		return len(v.Items) == 0, name == "empty"
	case string:
		return v == "", name == "empty"
	}
	return nil, false
}

type method struct {
	name string
	args []expr
}

func (m method) of(r *run, v any) (any, error) {
	from := len(r.args)
	for _, a := range m.args {
		v, err := a.eval(r)
		if err != nil {
			return nil, err
		}
		r.args = append(r.args, v)
	}
	args := slices.Clip(r.args[from:])
	r.args = r.args[:from]
	if o, ok := v.(Object); ok {
		out, _, err := o.Call(m.name, args)
		return out, err
	}
	return call(v, m.name, args)
}

type index struct{ at expr }

func (i index) of(r *run, v any) (any, error) {
	at, err := i.at.eval(r)
	if err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case *List:
		n, ok := at.(int64)
		if !ok {
			return nil, nil
		}
		if n < 0 {
			n += int64(len(v.Items))
		}
		if n < 0 || n >= int64(len(v.Items)) {
			return nil, nil
		}
		return v.Items[n], nil
	case *Map:
		out, _ := v.Get(Text(at))
		return out, nil
	case Object:
		out, _ := v.Property(Text(at))
		return out, nil
	}
	return nil, nil
}

// assign sets what a reference names: a variable, or a place in a value.
func (f *reference) assign(r *run, v any) error {
	if d, ok := v.(deferred); ok {
		text, err := r.sub(d.body)
		if err != nil {
			return err
		}
		v = text
	}
	if len(f.path) == 0 {
		r.vars[f.place] = variable{v, true}
		return nil
	}
	holder := reference{f.name, f.place, f.path[:len(f.path)-1]}
	h, err := holder.eval(r)
	if err != nil {
		return err
	}
	switch last := f.path[len(f.path)-1].(type) {
	case property:
		return setMember(h, string(last), v)
	case index:
		at, err := last.at.eval(r)
		if err != nil {
			return err
		}
		if l, ok := h.(*List); ok {
			if n, isInt := at.(int64); isInt && n >= 0 && n < int64(len(l.Items)) {
				l.Items[n] = v
			}
			return nil
		}
		return setMember(h, Text(at), v)
	}
	return fmt.Errorf("%w: a method call cannot be set", ErrTemplate)
}

// setMember sets a member of a map or object; of anything else, nothing happens.
func setMember(h any, name string, v any) error {
	switch h := h.(type) {
	case *Map:
		return h.Put(name, v)
	case Setter:
		return h.SetProperty(name, v)
	}
	return nil
}

type negation struct{ of expr }

func (n negation) eval(r *run) (any, error) {
	v, err := n.of.eval(r)
	return !truth(v), err
}

// interpolation is a string with references; extra is what the parser added.
type interpolation struct {
	root  block
	extra int
}

func (i interpolation) eval(r *run) (any, error) {
	text, err := r.sub(i.root)
	return text[:max(len(text)-i.extra, 0)], err
}

type listing []expr

func (l listing) eval(r *run) (any, error) {
	items := make([]any, len(l))
	for i, e := range l {
		var err error
		if items[i], err = e.eval(r); err != nil {
			return nil, err
		}
	}
	return &List{Items: items, Plain: true}, nil
}

// span is [from..to]; bounds that are no literals make an empty list.
// parity: spec/rest-data-plane.md 4.3, ranges
type span struct{ from, to expr }

func (s span) eval(r *run) (any, error) {
	from, ok1 := s.from.(constant)
	to, ok2 := s.to.(constant)
	a, ok3 := from.value.(int64)
	b, ok4 := to.value.(int64)
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return nil, r.step()
	}
	if b-a > maxElements || a-b > maxElements {
		return nil, fmt.Errorf("%w: range of more than %d", ErrTemplate, maxElements)
	}
	l := &List{Plain: true}
	for ; a < b; a++ {
		l.Items = append(l.Items, a)
	}
	for ; a > b; a-- {
		l.Items = append(l.Items, a)
	}
	l.Items = append(l.Items, b)
	return l, nil
}

type mapLiteral [][2]expr

func (m mapLiteral) eval(r *run) (any, error) {
	out := NewMap()
	for _, pair := range m {
		k, err := pair[0].eval(r)
		if err != nil {
			return nil, err
		}
		v, err := pair[1].eval(r)
		if err != nil {
			return nil, err
		}
		if err := out.Put(Text(k), v); err != nil {
			return nil, err
		}
	}
	return out, nil
}

type binary struct {
	op          string
	left, right expr
}

func (b binary) eval(r *run) (any, error) {
	if err := r.step(); err != nil {
		return nil, err
	}
	x, err := b.left.eval(r)
	if err != nil {
		return nil, err
	}
	switch b.op {
	case "or":
		if truth(x) {
			return true, nil
		}
	case "and":
		if !truth(x) {
			return false, nil
		}
	}
	y, err := b.right.eval(r)
	if err != nil {
		return nil, err
	}
	switch b.op {
	case "or", "and":
		return truth(y), nil
	case "==":
		return equal(x, y), nil
	case "!=":
		return !equal(x, y), nil
	case "<", "<=", ">", ">=":
		return ordered(b.op, x, y), nil
	}
	return arithmetic(b.op, x, y)
}

// equal compares as Velocity does: numbers by value, others of one kind by
// themselves, of two kinds by their text. Null is "".
func equal(x, y any) bool {
	if f, ok := float(x); ok {
		if g, ok := float(y); ok {
			return f == g
		}
	}
	return Text(x) == Text(y)
}

func ordered(op string, x, y any) bool {
	f, ok1 := float(x)
	g, ok2 := float(y)
	if !ok1 || !ok2 {
		return false
	}
	switch op {
	case "<":
		return f < g
	case "<=":
		return f <= g
	case ">":
		return f > g
	}
	return f >= g
}

func float(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case Number:
		f, _ := v.Float64() // infinite where it is too large
		return f, true
	}
	return 0, false
}

// arithmetic of what is no number: '+' joins texts, the rest gives null.
func arithmetic(op string, x, y any) (any, error) {
	if a, ok := x.(int64); ok {
		if b, ok := y.(int64); ok {
			return integers(op, a, b), nil
		}
	}
	f, ok1 := float(x)
	g, ok2 := float(y)
	if ok1 && ok2 {
		return floats(op, f, g), nil
	}
	_, text1 := x.(string)
	_, text2 := y.(string)
	if op == "+" && (text1 || text2) {
		a, b := Text(x), Text(y)
		if len(a)+len(b) > maxOutput {
			return nil, fmt.Errorf("%w: text of more than %d bytes", ErrTemplate, maxOutput)
		}
		return strings.Join([]string{a, b}, ""), nil
	}
	return nil, nil
}

func integers(op string, a, b int64) any {
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	}
	if b == 0 {
		return nil
	}
	if a == math.MinInt64 && b == -1 {
		return nil
	}
	if op == "/" {
		return a / b
	}
	return a % b
}

func floats(op string, f, g float64) any {
	switch op {
	case "+":
		return f + g
	case "-":
		return f - g
	case "*":
		return f * g
	}
	if g == 0 {
		return nil
	}
	if op == "/" {
		return f / g
	}
	return math.Mod(f, g)
}
