package cfn

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// maxEvaluated bounds what one evaluation may make, in bytes of text plus a
// flat price for every value: Fn::Sub and Fn::FindInMap can repeat things.
const (
	maxEvaluated = 16 << 20
	valuePrice   = 32
)

// scope is all that functions can look at besides resources.
type scope struct {
	parameters map[string]*Value
	unread     map[string]string // parameters whose value cannot be had, with the reason
	pseudo     map[string]*Value
	mappings   *Value
	conditions map[string]bool
	resources  map[string]*Resource // whose condition holds
	absent     map[string]string    // resources whose condition does not hold, with its name
	language   bool                 // AWS::LanguageExtensions is declared
}

// evaluator evaluates one tree of a scope. It collects all problems.
type evaluator struct {
	*scope
	env      Env // nil: no resource exists, Ref and GetAtt are problems
	path     []string
	spent    int
	problems []Problem
}

// fail notes a problem with v; the result is nil.
func (e *evaluator) fail(v *Value, message, hint string) *Value {
	if len(e.problems) < maxProblems {
		e.problems = append(e.problems, doc.At(v.Pos(), strings.Join(e.path, "."), message, hint))
	}
	return nil
}

// spend takes the price of making something; false once nothing is left.
func (e *evaluator) spend(v *Value, price int) bool {
	before := e.spent
	e.spent += price
	if e.spent <= maxEvaluated {
		return true
	}
	if before <= maxEvaluated {
		e.fail(v, "Template error: the template is too large once evaluated", fmt.Sprintf("at most %d bytes", maxEvaluated))
	}
	return false
}

// eval is what v comes to; nil when it is AWS::NoValue or there was a problem.
func (e *evaluator) eval(v *Value) *Value {
	if !e.spend(v, valuePrice+len(v.Text())) {
		return nil
	}
	switch v.Kind() {
	case doc.String:
		return e.dynamic(v)
	case doc.List:
		return e.list(v)
	case doc.Map:
		if name, arg := v.Single(); isFunction(name) {
			return e.placed(v, e.call(name, v, arg))
		}
		return e.plainMap(v)
	default:
		return v
	}
}

// placed gives a new value the place of the function that made it.
func (e *evaluator) placed(v, made *Value) *Value {
	if made == nil {
		return nil
	}
	c := *made
	c.At = v.At
	return &c
}

func (e *evaluator) list(v *Value) *Value {
	l := doc.NewList()
	l.At = v.At
	for i, it := range v.Items() {
		e.path = append(e.path, strconv.Itoa(i))
		l.Append(e.eval(it))
		e.path = e.path[:len(e.path)-1]
	}
	return l
}

func (e *evaluator) plainMap(v *Value) *Value {
	m := doc.NewMap()
	m.At = v.At
	for i, k := range v.Keys() {
		if e.misplaced(v, k) {
			continue
		}
		e.path = append(e.path, k)
		if x := e.eval(v.Nth(i)); x != nil {
			m.SetAt(k, x, v.KeyPos(k))
		}
		e.path = e.path[:len(e.path)-1]
	}
	return m
}

// misplaced notes a function that has neighbours: no function then, on AWS.
func (e *evaluator) misplaced(v *Value, k string) bool {
	if !strings.HasPrefix(k, "Fn::") || v.Len() == 1 && !isLookalike(k) {
		return false
	}
	if isFunction(k) {
		e.fail(v, "Template format error: unresolved function "+k+": a function stands alone in its map", "")
	} else {
		e.fail(v, "Template error: the function "+k+" is not known", "there are "+strings.Join(functionNames(), ", "))
	}
	return true
}

// isLookalike reports whether a key looks like a function and is none.
func isLookalike(k string) bool { return strings.HasPrefix(k, "Fn::") && !isFunction(k) }

// functionNames are the functions that have a value.
func functionNames() []string {
	return []string{
		"Ref", "Condition", "Fn::And", "Fn::Base64", "Fn::Cidr", "Fn::Contains", "Fn::EachMemberEquals", "Fn::EachMemberIn",
		"Fn::Equals", "Fn::FindInMap", "Fn::GetAZs", "Fn::GetAtt", "Fn::If", "Fn::ImportValue", "Fn::Join", "Fn::Length", "Fn::Not",
		"Fn::Or", "Fn::Select", "Fn::Split", "Fn::Sub", "Fn::ToJsonString",
	}
}

// isFunction reports whether a key names a function. Condition is one in the
// place of conditions only: elsewhere it is a word of IAM policies.
func isFunction(name string) bool {
	return name == "Ref" || strings.HasPrefix(name, "Fn::") && slices.Contains(functionNames(), name)
}

func (e *evaluator) call(name string, v, arg *Value) *Value {
	switch name {
	case "Ref":
		return e.ref(v, arg)
	case "Fn::GetAtt":
		return e.getAtt(v, arg)
	case "Fn::Sub":
		return e.sub(v, arg)
	case "Fn::Join":
		return e.join(v, arg)
	case "Fn::Split":
		return e.split(v, arg)
	case "Fn::Select":
		return e.selectItem(v, arg)
	case "Fn::If":
		return e.ifThen(v, arg)
	case "Fn::FindInMap":
		return e.findInMap(v, arg)
	case "Fn::Base64":
		return e.base64(v, arg)
	case "Fn::Cidr":
		return e.cidr(v, arg)
	case "Fn::GetAZs":
		return e.zones(v, arg)
	case "Fn::ImportValue":
		return e.importValue(v, arg)
	case "Fn::Length":
		return e.length(v, arg)
	case "Fn::ToJsonString":
		return e.toJSON(v, arg)
	case "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Contains", "Fn::EachMemberIn", "Fn::EachMemberEquals":
		if ok, known := e.truth(v); known {
			return doc.NewBool(ok)
		}
	}
	return nil
}

func (e *evaluator) ref(v, arg *Value) *Value {
	name, ok := arg.Str()
	if !ok || name == "" {
		return e.fail(v, "Template error: every Ref object must have a single String value.", "")
	}
	return e.named(v, name)
}

// named is the value of a parameter, pseudo parameter or resource.
func (e *evaluator) named(v *Value, name string) *Value {
	if name == "AWS::NoValue" {
		return nil
	}
	if p, ok := e.pseudo[name]; ok {
		return p
	}
	if p, ok := e.parameters[name]; ok {
		if !e.spend(v, p.Size()) {
			return nil
		}
		return p
	}
	if why, ok := e.unread[name]; ok {
		return e.fail(v, "Parameters: ["+name+"] cannot be used here", why)
	}
	if !e.exists(v, name) {
		return nil
	}
	x, err := e.env.Ref(name)
	return e.answer(v, name, x, err)
}

// exists reports whether a resource is there to be asked.
func (e *evaluator) exists(v *Value, id string) bool {
	if e.resources[id] != nil && e.env != nil {
		return true
	}
	hint := "no parameter and no resource has that name"
	if cond, ok := e.absent[id]; ok {
		hint = "its condition " + cond + " is false"
	} else if e.resources[id] != nil {
		hint = "no resource can be referred to here"
	}
	e.fail(v, "Template format error: Unresolved resource dependencies ["+id+"] in the "+e.block()+" block of the template", hint)
	return false
}

// block is the section that is being evaluated.
func (e *evaluator) block() string {
	if len(e.path) > 0 {
		return e.path[0]
	}
	return "Resources"
}

// answer turns what an Env said into a value.
func (e *evaluator) answer(v *Value, of string, x any, err error) *Value {
	switch {
	case errors.Is(err, ErrLater):
		return doc.NewUnknown(of)
	case err != nil:
		return e.fail(v, err.Error(), "")
	}
	made := doc.From(x)
	if !e.spend(v, made.Size()) {
		return nil
	}
	return made
}

func (e *evaluator) getAtt(v, arg *Value) *Value {
	id, attr, ok := e.attribute(arg)
	switch {
	case !ok:
		return e.fail(v, "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute", "")
	case e.resources[id] == nil && e.absent[id] == "":
		return e.fail(v, "Template error: instance of Fn::GetAtt references undefined resource "+id, "")
	case !e.exists(v, id):
		return nil
	}
	x, err := e.env.GetAtt(id, attr)
	return e.answer(v, id+"."+attr, x, err)
}

// attribute reads the argument of Fn::GetAtt: ["id", "attr"], with further
// items joined by dots, or "id.attr".
func (e *evaluator) attribute(arg *Value) (id, attr string, ok bool) {
	if s, ok := arg.Str(); ok {
		id, attr, _ = strings.Cut(s, ".")
		return id, attr, id != "" && attr != ""
	}
	if arg.Len() < 2 || !arg.Is(doc.List) {
		return "", "", false
	}
	id, ok = arg.Item(0).Str()
	var parts []string
	for _, it := range arg.Items()[1:] {
		s, isText := e.eval(it).Scalar()
		ok = ok && isText
		parts = append(parts, s)
	}
	attr = strings.Join(parts, ".")
	return id, attr, ok && id != "" && attr != ""
}

func (e *evaluator) importValue(v, arg *Value) *Value {
	name := e.eval(arg)
	if name.Is(doc.Unknown) {
		return name
	}
	s, ok := name.Scalar()
	if !ok || s == "" {
		return e.fail(v, "Template error: the attribute in Fn::ImportValue must be a string or a function that returns a string", "")
	}
	if e.env == nil {
		return e.fail(v, "Template error: Fn::ImportValue cannot be used here", "")
	}
	x, err := e.env.Import(s)
	return e.answer(v, s, x, err)
}

// dynamic replaces {{resolve:service:key}} in a string.
func (e *evaluator) dynamic(v *Value) *Value {
	s := v.Text()
	if e.env == nil || !strings.Contains(s, "{{resolve:") {
		return v
	}
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(s, "{{resolve:")
		inside, after, closed := strings.Cut(rest, "}}")
		service, key, ok := strings.Cut(inside, ":")
		if !found || !closed || !ok {
			b.WriteString(s)
			break
		}
		x, err := e.env.Dynamic(service, key)
		if errors.Is(err, ErrLater) {
			return doc.NewUnknown("{{resolve:" + inside + "}}")
		} else if err != nil {
			return e.fail(v, err.Error(), "")
		}
		if !e.spend(v, len(x)) {
			return nil
		}
		b.WriteString(before)
		b.WriteString(x)
		s = after
	}
	return e.placed(v, doc.NewString(b.String()))
}
