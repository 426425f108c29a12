// Package sam turns a SAM template into a plain CloudFormation template.
package sam

import "github.com/stagedoor/stagedoor/internal/engine/cfn/doc"

// Value is a node of a template's tree.
type Value = doc.Value

// Inputs is what a template is transformed with.
type Inputs struct {
	Parameters map[string]*Value // values of all parameters, defaults included
	Region     string
	Partition  string
	AccountID  string
	StackName  string

	Local  bool
	Bucket string
	Read   func(name string) (*Value, []doc.Problem)
}

// Transform changes root.
func Transform(root *Value, _ Inputs) (*Value, []doc.Problem) { return root, nil }
