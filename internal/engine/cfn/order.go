package cfn

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// relate finds what every resource needs and the order that follows.
func (b *builder) relate() []Problem {
	e := &evaluator{scope: b.scope, env: laterEnv{}}
	for _, r := range b.plan.Resources {
		e.path = []string{"Resources", r.ID, "DependsOn"}
		found := map[string]bool{}
		for _, d := range r.DependsOn {
			switch {
			case b.scope.resources[d] != nil:
				found[d] = true
			case b.scope.absent[d] == "":
				e.fail(b.root.Find("Resources", r.ID, "DependsOn"), "Template format error: Unresolved resource dependencies ["+d+"] in the Resources block of the template", "")
			}
		}
		e.path = []string{"Resources", r.ID, "Properties"}
		e.refs(r.Properties, found)
		e.refs(r.UpdatePolicy, found)
		for id := range found {
			r.needs = append(r.needs, id)
		}
		slices.Sort(r.needs)
	}
	if len(e.problems) > 0 {
		return e.problems
	}
	ids := make([]string, 0, len(b.plan.Resources))
	for _, r := range b.plan.Resources {
		ids = append(ids, r.ID)
	}
	order, cycle := Sort(ids, func(id string) []string { return b.scope.resources[id].needs })
	if len(cycle) > 0 {
		slices.Sort(cycle)
		return []Problem{doc.At(b.scope.resources[cycle[0]].At, "Resources", "Circular dependency between resources: ["+strings.Join(cycle, ", ")+"]", "")}
	}
	b.plan.order = order
	return nil
}

// refs notes the resources that a tree refers to, along the branches of Fn::If
// that count.
func (e *evaluator) refs(v *Value, found map[string]bool) {
	note := func(id string) {
		if e.resources[id] != nil {
			found[id] = true
		}
	}
	name, arg := v.Single()
	switch name {
	case "Ref":
		note(arg.Text())
		return
	case "Fn::If":
		if chosen, ok := e.branch(v, arg); ok {
			e.refs(chosen, found)
		}
		return
	case "Fn::GetAtt":
		s, ok := arg.Str()
		if !ok {
			s = arg.Item(0).Text()
		}
		id, _, _ := strings.Cut(s, ".")
		note(id)
	case "Fn::Sub":
		text, variables, _ := subArgs(arg)
		parts, _ := subParts(text)
		for _, p := range parts {
			if id, _, _ := strings.Cut(p.text, "."); p.name && !variables.Has(p.text) {
				note(id)
			}
		}
	}
	for i := range v.Len() {
		e.refs(v.Nth(i), found)
	}
}

// Sort orders ids so that each comes after those it needs, and otherwise keeps
// their order. Needs that are not among ids count for nothing. When some need
// each other in a circle, that circle comes back instead.
func Sort(ids []string, needs func(id string) []string) (order, cycle []string) {
	s := sorter{needs: needs, state: make(map[string]visit, len(ids))}
	for _, id := range ids {
		s.state[id] = waiting
	}
	for _, id := range ids {
		if cycle := s.visit(id); cycle != nil {
			return nil, cycle
		}
	}
	return s.order, nil
}

type visit uint8

const (
	unknown visit = iota
	waiting
	open
	done
)

type sorter struct {
	needs func(string) []string
	state map[string]visit
	path  []string
	order []string
}

// visit walks down from id; what it needs comes first.
func (s *sorter) visit(id string) (cycle []string) {
	switch s.state[id] {
	case open:
		return slices.Clone(s.path[slices.Index(s.path, id):])
	case waiting:
	default:
		return nil
	}
	s.state[id] = open
	s.path = append(s.path, id)
	for _, n := range s.needs(id) {
		if cycle := s.visit(n); cycle != nil {
			return cycle
		}
	}
	s.path = s.path[:len(s.path)-1]
	s.state[id] = done
	s.order = append(s.order, id)
	return nil
}

// laterEnv answers as if nothing existed yet.
type laterEnv struct{}

func (laterEnv) Ref(string) (any, error)                { return nil, ErrLater }
func (laterEnv) GetAtt(string, string) (any, error)     { return nil, ErrLater }
func (laterEnv) Import(string) (any, error)             { return nil, ErrLater }
func (laterEnv) Dynamic(string, string) (string, error) { return "", ErrLater }

// check finds the order, and evaluates everything once as if nothing existed
// yet, so that all problems come up before the first resource is made.
func (b *builder) check() []Problem {
	problems := b.relate()
	for _, r := range b.plan.Resources {
		_, p := b.plan.Resolve(r.ID, laterEnv{})
		problems = append(problems, p...)
	}
	_, p := b.plan.Outputs(laterEnv{})
	return append(problems, p...)
}
