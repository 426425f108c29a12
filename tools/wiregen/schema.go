package main

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// schema is a model made ready to be written: every operation has an input and
// an output, and shapes that nothing reaches are gone.
type schema struct {
	service    string
	meta       metadata
	operations []row
	names      []string          // of the shapes, sorted
	shapes     map[string]*shape // by the name they are generated under
	structs    map[string]bool   // the shapes that get a Go struct
}

type row struct {
	name          string
	op            operation
	input, output string
}

// newSchema resolves the names that generated code has: the input of operation
// X is XInput whatever the model calls it, and an output that the model does
// not have is an empty XOutput.
func newSchema(service string, m *model) (*schema, error) {
	s := &schema{service: service, meta: m.Metadata, shapes: map[string]*shape{}, structs: map[string]bool{}}
	if err := s.addOperations(m); err != nil {
		return nil, err
	}
	for _, r := range s.operations {
		if err := s.reach(m, r.input, s.structs); err != nil {
			return nil, err
		}
		if err := s.reach(m, r.output, s.structs); err != nil {
			return nil, err
		}
	}
	// The shape of an error needs no Go struct: errors are written from fault.Error.
	errors := map[string]bool{}
	for _, name := range m.Shapes.keys {
		if !m.Shapes.at[name].Exception {
			continue
		}
		if err := s.reach(m, name, errors); err != nil {
			return nil, err
		}
	}
	for name := range s.shapes {
		s.names = append(s.names, name)
	}
	sort.Strings(s.names)
	return s, s.applyQuirks()
}

func (s *schema) addOperations(m *model) error {
	names := slices.Clone(m.Operations.keys)
	sort.Strings(names)
	for _, name := range names {
		op := m.Operations.at[name]
		r := row{name: name, op: op, input: name + "Input", output: op.Output.Shape}
		if r.output == "" {
			r.output = name + "Output"
		}
		s.operations = append(s.operations, r)
		for to, from := range map[string]string{r.input: op.Input.Shape, r.output: op.Output.Shape} {
			sh := &shape{Type: "structure"}
			if from != "" {
				sh = m.Shapes.at[from]
			}
			if sh == nil || s.shapes[to] != nil && s.shapes[to] != sh {
				return fmt.Errorf("%s: %s cannot be the name of %s %q", s.service, to, name, from)
			}
			s.shapes[to] = sh
		}
	}
	return nil
}

// reach takes in the named shape and all that it mentions.
func (s *schema) reach(m *model, name string, seen map[string]bool) error {
	if seen[name] {
		return nil
	}
	seen[name] = true
	sh := s.shapes[name]
	if sh == nil {
		sh = m.Shapes.at[name]
	}
	if sh == nil {
		return fmt.Errorf("%s: there is no shape %q", s.service, name)
	}
	s.shapes[name] = sh
	for _, r := range sh.refs() {
		if err := s.reach(m, r.Shape, seen); err != nil {
			return err
		}
	}
	return nil
}

// refs are the members of sh, in order: a list has one, a map two.
func (sh *shape) refs() []named {
	switch sh.Type {
	case "list":
		return []named{{"member", *sh.Member}}
	case "map":
		return []named{{"key", *sh.Key}, {"value", *sh.Value}}
	}
	var all []named
	for _, name := range sh.Members.keys {
		all = append(all, named{name, sh.Members.at[name]})
	}
	return all
}

// named is a member under its name.
type named struct {
	name string
	ref
}

func (sh *shape) requires(member string) bool { return slices.Contains(sh.Required, member) }

// goName is the exported Go name of a shape or member.
func goName(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
