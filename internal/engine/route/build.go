package route

import (
	"fmt"
	"strings"
)

// New builds a tree. Paths that API Gateway would not take are errors, and so
// are two routes for the same method and path.
func New[T any](routes []Route[T]) (*Tree[T], error) {
	b := builder[T]{literals: map[edge]int32{}, any: map[int32]int32{}}
	b.nodes = append(b.nodes, node{})
	for _, r := range routes {
		if err := b.add(r); err != nil {
			return nil, fmt.Errorf("route %s %s: %w", r.Method, r.Path, err)
		}
	}
	b.fillAny()
	b.fillBelow(0)
	t := &Tree[T]{nodes: b.nodes, leaves: b.leaves}
	t.table = newTable(b.literals)
	return t, nil
}

// edge leads from a node to its child for a literal segment.
type edge struct {
	parent  int32
	segment string
}

type builder[T any] struct {
	nodes    []node
	leaves   []leaf[T]
	literals map[edge]int32
	any      map[int32]int32 // node -> leaf of its ANY route
}

func (b *builder[T]) add(r Route[T]) error {
	at, names, err := b.path(r.Path)
	if err != nil {
		return err
	}
	to := int32(len(b.leaves))
	n := &b.nodes[at]
	if r.Method == Any {
		if _, taken := b.any[at]; taken {
			return errTwice
		}
		b.any[at] = to
	} else {
		verb := verbOf([]byte(r.Method))
		if verb < 0 {
			return errMethod
		}
		if n.own&(1<<verb) != 0 {
			return errTwice
		}
		n.own |= 1 << verb
		n.routes[verb] = to
	}
	b.leaves = append(b.leaves, leaf[T]{value: r.Value, names: names})
	return nil
}

// path makes the nodes of a path and returns its last one.
func (b *builder[T]) path(path string) (at int32, names []string, err error) {
	if !strings.HasPrefix(path, "/") {
		return 0, nil, errSlash
	}
	rest := path[1:]
	for rest != "" {
		segment, next, more := strings.Cut(rest, "/")
		if more && next == "" || segment == "" {
			return 0, nil, errEmpty
		}
		name, kind, err := part(segment)
		if err != nil {
			return 0, nil, err
		}
		if kind != literal {
			names = append(names, name)
		}
		if kind == greedy && more {
			return 0, nil, errGreedy
		}
		at = b.child(at, segment, kind)
		rest = next
	}
	return at, names, nil
}

func (b *builder[T]) child(at int32, segment string, kind kind) int32 {
	next := int32(len(b.nodes))
	n := &b.nodes[at]
	switch kind {
	case param:
		if n.param != 0 {
			return n.param
		}
		n.param = next
	case greedy:
		if n.greedy != 0 {
			return n.greedy
		}
		n.greedy = next
	default:
		e := edge{at, segment}
		if to, ok := b.literals[e]; ok {
			return to
		}
		n.literals = true
		b.literals[e] = next
	}
	b.nodes = append(b.nodes, node{})
	return next
}

// fillAny gives each node's ANY route the methods that are left.
func (b *builder[T]) fillAny() {
	for at, to := range b.any {
		n := &b.nodes[at]
		for verb := range verbs {
			if n.own&(1<<verb) == 0 {
				n.own |= 1 << verb
				n.routes[verb] = to
			}
		}
	}
}

// fillBelow tells every node which methods are worth going down for. Children
// come after their parents in b.nodes, so one pass from the end will do.
func (b *builder[T]) fillBelow(root int) {
	parents := make([]int32, len(b.nodes))
	for e, to := range b.literals {
		parents[to] = e.parent
	}
	for i := range b.nodes {
		n := &b.nodes[i]
		if n.param != 0 {
			parents[n.param] = int32(i)
		}
		if n.greedy != 0 {
			parents[n.greedy] = int32(i)
		}
	}
	for i := len(b.nodes) - 1; i >= root; i-- {
		n := &b.nodes[i]
		n.below |= n.own
		if i != root {
			b.nodes[parents[i]].below |= n.below
		}
	}
}
