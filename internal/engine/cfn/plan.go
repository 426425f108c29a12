package cfn

import (
	"errors"
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// ErrLater is what an Env answers for a value that is not known yet.
var ErrLater = errors.New("value is known after the resource is created")

// Plan is an evaluated template: the resources that a stack of it has. It does
// not change and may be used by several goroutines.
type Plan struct {
	// Resources are those whose condition holds, in the order of the document.
	Resources []*Resource
	// Parameters are all values, defaults included, in the order of the document.
	Parameters []ParameterValue
	// Conditions are decided.
	Conditions map[string]bool
	// Processed is the template after all transforms.
	Processed *Value
	// Capabilities are those the caller must have acknowledged, and the
	// resources that ask for them.
	Capabilities []Capability
	// Warnings are problems that stop nothing.
	Warnings []Problem

	scope   *scope
	outputs *Value
	order   []string
}

// Resource is one resource of a Plan. Its Properties are as written; Resolve
// gives what they come to.
type Resource struct {
	ID, Type string
	At       doc.Pos // of its logical id
	Stub     bool    // its type is unknown and tolerated

	Properties          *Value
	Metadata            *Value
	CreationPolicy      *Value
	UpdatePolicy        *Value
	DependsOn           []string
	DeletionPolicy      string // Delete if not given
	UpdateReplacePolicy string // Delete if not given

	needs []string
}

// ParameterValue is a parameter and its value.
type ParameterValue struct {
	Name   string
	Value  string // a list with commas
	NoEcho bool   // show **** instead of the value
}

// Output is one output of a stack.
type Output struct {
	Key, Value, Description string
	Export                  string // name of the export; may be empty
}

// Resource is the resource with a logical id; nil if the plan has none.
func (p *Plan) Resource(id string) *Resource { return p.scope.resources[id] }

// Order are all logical ids, each after all that it needs; those that do not
// depend on each other keep the order of the document. Delete in reverse.
func (p *Plan) Order() []string { return slices.Clone(p.order) }

// Needs are the resources that id refers to or depends on, sorted.
func (p *Plan) Needs(id string) []string {
	if r := p.scope.resources[id]; r != nil {
		return slices.Clone(r.needs)
	}
	return nil
}

// Resolve gives the properties of a resource as a tree with places: use Plain
// for Go values and Find(path...).Pos() for the place of one. It may hold
// Unknown values when env answers ErrLater. With problems it is not to be used.
func (p *Plan) Resolve(id string, env Env) (*Value, []Problem) {
	r := p.scope.resources[id]
	if r == nil {
		return nil, []Problem{{Path: "Resources." + id, Message: "the stack has no such resource"}}
	}
	return p.Evaluate(r.Properties, env, "Resources", id, "Properties")
}

// Evaluate gives what any tree of the template comes to, such as the metadata
// or update policy of a resource. path tells problems where it stands.
func (p *Plan) Evaluate(v *Value, env Env, path ...string) (*Value, []Problem) {
	e := &evaluator{scope: p.scope, env: env, path: path}
	made := e.eval(v)
	if len(e.problems) > 0 {
		return nil, e.problems
	}
	if made == nil {
		made = doc.NewMap()
		made.At = v.Pos()
	}
	return made, nil
}

// Outputs gives the outputs whose condition holds, in the order of the
// document. One whose value is not known yet is left out.
func (p *Plan) Outputs(env Env) ([]Output, []Problem) {
	e := &evaluator{scope: p.scope, env: env}
	var all []Output
	exports := map[string]bool{}
	for _, key := range p.outputs.Keys() {
		v := p.outputs.Get(key)
		if cond := v.Get("Condition"); cond != nil && !p.Conditions[cond.Text()] {
			continue
		}
		o := Output{Key: key, Description: v.Get("Description").Text()}
		var ok, named bool
		if o.Value, ok = e.outputText(v.Get("Value"), "The Value field of every Outputs member must evaluate to a String.", "Outputs", key, "Value"); !ok {
			continue
		}
		if x := v.Find("Export", "Name"); x != nil {
			o.Export, named = e.outputText(x, "The Name field of every Export member must evaluate to a String.", "Outputs", key, "Export", "Name")
			if named && exports[o.Export] {
				e.fail(x, "Template error: the export "+o.Export+" stands twice in this template", "")
			}
			exports[o.Export] = true
		}
		all = append(all, o)
	}
	return all, e.problems
}

// outputText is the text that a value of an output comes to; false if it has
// none, or none yet.
func (e *evaluator) outputText(v *Value, usage string, path ...string) (string, bool) {
	e.path = path
	before := len(e.problems)
	x := e.eval(v)
	if x.Is(doc.Unknown) {
		return "", false
	}
	s, ok := x.Scalar()
	if !ok && len(e.problems) == before {
		e.fail(v, "Template format error: "+usage, "")
	}
	return s, ok
}
