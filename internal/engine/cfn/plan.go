package cfn

import (
	"errors"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// ErrLater is what an Env answers for a value that is not known yet.
var ErrLater = errors.New("value is known after the resource is created")

// Plan is an evaluated template: the resources that a stack of it has. It does
// not change.
type Plan struct {
	// Resources are those whose condition holds, in the order of the document.
	Resources []*Resource
	// Parameters are all values, defaults included, in the order of the document.
	Parameters []ParameterValue
	// Conditions are decided.
	Conditions map[string]bool
	// Processed is the template after all transforms.
	Processed *Value
	// Capabilities are those the caller must have acknowledged, in AWS's order.
	Capabilities []string
	// Warnings are problems that stop nothing.
	Warnings []Problem

	byID  map[string]*Resource
	order []string
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
func (p *Plan) Resource(id string) *Resource { return p.byID[id] }

// Order are all logical ids, each after all that it needs; those that do not
// depend on each other keep the order of the document. Delete in reverse.
func (p *Plan) Order() []string { return p.order }

// Needs are the resources that id refers to or depends on, sorted.
func (p *Plan) Needs(id string) []string {
	if r := p.byID[id]; r != nil {
		return r.needs
	}
	return nil
}
