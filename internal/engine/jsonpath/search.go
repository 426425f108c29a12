package jsonpath

import (
	"fmt"
	"math"
)

// search is one Find under way.
type search struct {
	tree   Tree
	root   any
	visits int
}

func (s *search) visit() error {
	s.visits++
	if s.visits > maxVisits {
		return fmt.Errorf("%w: looks at more than %d values", ErrPath, maxVisits)
	}
	return nil
}

func (s *search) follow(values []any, steps []segment) ([]any, error) {
	for _, step := range steps {
		var next []any
		for _, v := range values {
			if err := s.visit(); err != nil {
				return nil, err
			}
			var err error
			if next, err = step.walk(s, v, next); err != nil {
				return nil, err
			}
		}
		values = next
	}
	if values == nil {
		values = []any{}
	}
	return values, nil
}

type member struct{ name string }

func (m member) walk(s *search, v any, found []any) ([]any, error) {
	if c, ok := s.tree.Member(v, m.name); ok {
		return append(found, c), nil
	}
	return found, nil
}

// members picks several of an object, in order.
type members []string

func (m members) walk(s *search, v any, found []any) ([]any, error) {
	for _, name := range m {
		if c, ok := s.tree.Member(v, name); ok {
			found = append(found, c)
		}
	}
	return found, nil
}

// merged picks several of an object, as an object; those it has.
type merged []string

func (m merged) walk(s *search, v any, found []any) ([]any, error) {
	var names []string
	var values []any
	for _, name := range m {
		if c, ok := s.tree.Member(v, name); ok {
			names, values = append(names, name), append(values, c)
		}
	}
	if _, ok := s.tree.Names(v); !ok || len(names) == 0 {
		return found, nil
	}
	return append(found, s.tree.Object(names, values)), nil
}

type items []int

func (x items) walk(s *search, v any, found []any) ([]any, error) {
	list, ok := s.tree.Items(v)
	if !ok {
		return found, nil
	}
	for _, n := range x {
		if n < 0 {
			n += len(list)
		}
		if n >= 0 && n < len(list) {
			found = append(found, list[n])
		}
	}
	return found, nil
}

type slice struct {
	from, to *int
	step     int
}

func (x slice) walk(s *search, v any, found []any) ([]any, error) {
	list, ok := s.tree.Items(v)
	if !ok {
		return found, nil
	}
	bound := func(n *int, otherwise int) int {
		switch {
		case n == nil:
			return otherwise
		case *n < 0:
			return max(*n+len(list), 0)
		}
		return min(*n, len(list))
	}
	for i := bound(x.from, 0); i < bound(x.to, len(list)); i += x.step {
		found = append(found, list[i])
	}
	return found, nil
}

type wildcard struct{}

func (wildcard) walk(s *search, v any, found []any) ([]any, error) {
	children(s.tree, v, func(c any) { found = append(found, c) })
	return found, s.visit()
}

func children(t Tree, v any, each func(any)) {
	if list, ok := t.Items(v); ok {
		for _, c := range list {
			each(c)
		}
		return
	}
	names, _ := t.Names(v)
	for _, n := range names {
		if c, ok := t.Member(v, n); ok {
			each(c)
		}
	}
}

// descent is '..': the step at every value below, the nearest first.
type descent struct{ step segment }

func (d descent) walk(s *search, v any, found []any) ([]any, error) { return d.at(s, v, found, 0) }

func (d descent) at(s *search, v any, found []any, depth int) ([]any, error) {
	if err := s.visit(); err != nil || depth > maxDescent {
		return found, err
	}
	found, err := d.step.walk(s, v, found)
	if err != nil {
		return nil, err
	}
	children(s.tree, v, func(c any) {
		if err == nil {
			found, err = d.at(s, c, found, depth+1)
		}
	})
	return found, err
}

type filter struct{ test condition }

func (f filter) walk(s *search, v any, found []any) ([]any, error) {
	candidates, ok := s.tree.Items(v)
	if !ok {
		if _, isObject := s.tree.Names(v); !isObject {
			return found, nil
		}
		candidates = []any{v} // Jayway filters an object by itself
	}
	for _, c := range candidates {
		if err := s.visit(); err != nil {
			return nil, err
		}
		yes, err := f.test.holds(s, c)
		if err != nil {
			return nil, err
		}
		if yes {
			found = append(found, c)
		}
	}
	return found, nil
}

// apply runs a function on what a path found. Unknown ones find nothing.
func (s *search) apply(name string, v any) (any, bool, error) {
	list, isList := s.tree.Items(v)
	if l, ok := v.([]any); ok {
		list, isList = l, true
	}
	switch name {
	case "length", "size":
		if isList {
			return int64(len(list)), true, nil
		}
		if names, ok := s.tree.Names(v); ok {
			return int64(len(names)), true, nil
		}
		if text, ok := v.(string); ok {
			return int64(len([]rune(text))), true, nil
		}
		return nil, false, nil
	case "keys":
		names, ok := s.tree.Names(v)
		keys := make([]any, len(names))
		for i, n := range names {
			keys[i] = n
		}
		return keys, ok, nil
	}
	return aggregate(name, list)
}

func aggregate(name string, list []any) (any, bool, error) {
	sum, least, most, n := 0.0, math.Inf(1), math.Inf(-1), 0
	for _, v := range list {
		f, ok := number(v)
		if !ok {
			continue
		}
		sum, least, most, n = sum+f, min(least, f), max(most, f), n+1
	}
	if n == 0 {
		return nil, false, nil
	}
	switch name {
	case "sum":
		return sum, true, nil
	case "avg":
		return sum / float64(n), true, nil
	case "min":
		return least, true, nil
	case "max":
		return most, true, nil
	}
	return nil, false, nil
}

func number(v any) (float64, bool) {
	switch v := v.(type) {
	case int64:
		return float64(v), true
	case float64:
		return v, true
	case interface{ Float64() (float64, error) }: // a tree's own, for more digits
		f, err := v.Float64()
		return f, err == nil
	}
	return 0, false
}
