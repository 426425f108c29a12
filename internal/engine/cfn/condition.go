package cfn

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// decideAll evaluates all conditions. One that refers to itself by way of
// others is a problem.
func (e *evaluator) decideAll(section *Value) {
	d := &decider{evaluator: e, section: section, under: map[string]bool{}}
	e.conditions = map[string]bool{}
	for _, name := range section.Keys() {
		e.path = []string{"Conditions", name}
		d.decide(name)
	}
	e.path = nil
}

// decider evaluates conditions in the order they need each other.
type decider struct {
	*evaluator
	section *Value
	under   map[string]bool // being decided
}

// decide decides one by name; false after a problem.
func (d *decider) decide(name string) bool {
	if _, known := d.conditions[name]; known {
		return true
	}
	v := d.section.Get(name)
	if d.under[name] {
		d.fail(v, "Template format error: Circular dependency between conditions: ["+name+"]", "")
		return false
	}
	d.under[name] = true
	holds, known := d.needs(v)
	delete(d.under, name)
	if known {
		d.conditions[name] = holds
	}
	return known
}

// needs decides the conditions that v names, then v.
func (d *decider) needs(v *Value) (holds, known bool) {
	ok := true
	var names []string
	conditionNames(v, func(name string) { names = append(names, name) })
	slices.Sort(names)
	names = slices.Compact(names)
	if s, ok := v.Str(); ok && d.section.Has(s) {
		names = []string{s}
	}
	for _, name := range names {
		if !d.section.Has(name) {
			d.fail(v, "Template format error: Unresolved condition dependency "+name+" in the Conditions block of the template", "")
			ok = false
			continue
		}
		if !d.decide(name) {
			ok = false
		}
	}
	if !ok {
		return false, false
	}
	return d.truth(v)
}

// conditionNames calls f with the conditions that a condition refers to.
func conditionNames(v *Value, f func(name string)) {
	if k, arg := v.Single(); k == "Condition" || k == "Fn::If" {
		if k == "Fn::If" {
			arg = arg.Item(0)
		}
		if s, ok := arg.Str(); ok {
			f(s)
		}
	}
	for i := range v.Len() {
		conditionNames(v.Nth(i), f)
	}
}

// truth is what a condition function comes to; known is false after a problem.
func (e *evaluator) truth(v *Value) (holds, known bool) {
	if !e.spend(v, valuePrice) {
		return false, false
	}
	name, arg := v.Single()
	switch name {
	case "Condition":
		if arg.Is(doc.Map) { // SAM writes {Condition: {Condition: name}}
			return e.truth(arg)
		}
		return e.condition(v, arg.Text())
	case "Fn::And", "Fn::Or":
		return e.junction(v, arg, name)
	case "Fn::Not":
		if arg.Len() != 1 || !arg.Is(doc.List) {
			e.fail(v, "Template error: every Fn::Not object requires one boolean parameter.", "")
			return false, false
		}
		holds, known = e.truth(arg.Item(0))
		return !holds, known
	case "Fn::Equals":
		return e.equals(v, arg)
	case "Fn::Contains", "Fn::EachMemberIn", "Fn::EachMemberEquals":
		return e.members(v, arg, name)
	}
	if s, ok := v.Str(); ok { // SAM writes the name alone
		if holds, known := e.conditions[s]; known {
			return holds, true
		}
	}
	// A parameter with the text true or false, or the text itself.
	switch x := e.eval(v); x.Text() {
	case "true":
		return true, true
	case "false":
		return false, true
	}
	e.fail(v, "Template format error: a condition must be a boolean function", "Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition")
	return false, false
}

// condition looks up a condition that is decided.
func (e *evaluator) condition(v *Value, name string) (holds, known bool) {
	if holds, known = e.conditions[name]; !known {
		e.fail(v, "Template format error: Unresolved condition dependency "+name+" in the "+e.block()+" block of the template", "")
	}
	return holds, known
}

func (e *evaluator) junction(v, arg *Value, name string) (holds, known bool) {
	if !arg.Is(doc.List) || arg.Len() < 1 || arg.Len() > 10 {
		e.fail(v, "Template error: every "+name+" object requires a list of at least 2 and at most 10 boolean parameters.", "")
		return false, false
	}
	holds, known = name == "Fn::And", true
	for _, it := range arg.Items() {
		b, ok := e.truth(it)
		known = known && ok
		if name == "Fn::And" {
			holds = holds && b
		} else {
			holds = holds || b
		}
	}
	return holds, known
}

// equals compares text: case matters, and 1 is "1".
func (e *evaluator) equals(v, arg *Value) (holds, known bool) {
	if !arg.Is(doc.List) || arg.Len() != 2 {
		e.fail(v, "Template error: every Fn::Equals object requires a list of 2 string parameters.", "")
		return false, false
	}
	before := len(e.problems)
	a, b := e.eval(arg.Item(0)), e.eval(arg.Item(1))
	if a.Is(doc.Unknown) || b.Is(doc.Unknown) {
		e.fail(v, "Template error: Fn::Equals cannot depend on a resource", "")
	}
	return same(a, b), len(e.problems) == before
}

// members are the functions of Rules that look at lists.
func (e *evaluator) members(v, arg *Value, name string) (holds, known bool) {
	if !arg.Is(doc.List) || arg.Len() != 2 {
		e.fail(v, "Template error: every "+name+" object requires a list of 2 parameters.", "")
		return false, false
	}
	a, b := e.eval(arg.Item(0)), e.eval(arg.Item(1))
	if a == nil || b == nil {
		return false, false
	}
	switch name {
	case "Fn::Contains":
		return slices.Contains(texts(a), b.Text()), true
	case "Fn::EachMemberEquals":
		return !slices.ContainsFunc(texts(a), func(s string) bool { return s != b.Text() }), true
	}
	in := texts(b)
	return !slices.ContainsFunc(texts(a), func(s string) bool { return !slices.Contains(in, s) }), true
}

// rules checks the assertions of the section Rules. A rule is passed over that
// looks at a value of Systems Manager or at properties of what a parameter
// names: those cannot be had here.
func (e *evaluator) rules(section *Value) {
	for _, name := range section.Keys() {
		r := section.Get(name)
		if e.looksAtUnread(r) {
			continue
		}
		e.path = []string{"Rules", name}
		if c := r.Get("RuleCondition"); c != nil {
			if holds, _ := e.truth(c); !holds {
				continue
			}
		}
		for _, a := range r.Get("Assertions").Items() {
			if holds, known := e.truth(a.Get("Assert")); known && !holds {
				what := a.Get("AssertDescription").Text()
				if what == "" {
					what = "an assertion does not hold"
				}
				e.fail(a, "Template constraint error: rule "+name+": "+what, "")
			}
		}
	}
	e.path = nil
}

// looksAtUnread reports whether a tree refers to a parameter that cannot be read.
func (e *evaluator) looksAtUnread(v *Value) bool {
	switch k, arg := v.Single(); {
	case k == "Ref" && e.unread[arg.Text()] != "", k == "Fn::RefAll", k == "Fn::ValueOf", k == "Fn::ValueOfAll":
		return true
	}
	if s, ok := v.Str(); ok && strings.Contains(s, "${") {
		parts, _ := subParts(s)
		return slices.ContainsFunc(parts, func(p subPart) bool { return p.name && e.unread[p.text] != "" })
	}
	for i := range v.Len() {
		if e.looksAtUnread(v.Nth(i)) {
			return true
		}
	}
	return false
}
