package restjson

import (
	"net/url"
	"strings"

	"github.com/stagedoor/stagedoor/internal/wire"
)

// maxSegments bounds the segments of a path that are looked at.
const maxSegments = 64

// node is a segment of the paths of a service. A literal beats a label, which
// beats a greedy label.
type node struct {
	literal map[string]*node
	label   *node
	greedy  *node
	routes  []route
}

// route is an operation that ends at a node.
type route struct {
	op    *wire.Operation
	query []pair // literal parameters that must be there
}

type pair struct{ name, value string }

func (n *node) add(op *wire.Operation) {
	path, query, _ := strings.Cut(op.URI, "?")
	r := route{op: op}
	for _, p := range splitQuery(query) {
		name, value, _ := strings.Cut(p, "=")
		r.query = append(r.query, pair{name, value})
	}
	for _, seg := range segments(path) {
		n = n.child(seg)
	}
	n.routes = append(n.routes, r)
}

func (n *node) child(seg string) *node {
	at := &n.label
	switch {
	case strings.HasSuffix(seg, "+}"):
		at = &n.greedy
	case !strings.HasPrefix(seg, "{"):
		if n.literal == nil {
			n.literal = map[string]*node{}
		}
		if n.literal[seg] == nil {
			n.literal[seg] = &node{}
		}
		return n.literal[seg]
	}
	if *at == nil {
		*at = &node{}
	}
	return *at
}

// segments splits a path. One slash at its end makes no difference.
func segments(path string) []string {
	path = strings.TrimSuffix(strings.TrimPrefix(path, "/"), "/")
	if path == "" {
		return nil
	}
	return strings.Split(path, "/")
}

func splitQuery(query string) []string {
	if query == "" {
		return nil
	}
	return strings.Split(query, "&")
}

// Match finds the operation of a request by its method, raw path and raw query;
// nil when the service has none. labels are what the labels of its pattern
// match, in their order, still encoded.
func (c *Codec) Match(method, path, query string) (op *wire.Operation, labels []string) {
	if strings.Count(path, "/") > maxSegments {
		return nil, nil
	}
	s := search{method: method, query: query, labels: make([]string, 0, 4)}
	if op = s.find(&c.routes, segments(path)); op == nil {
		return nil, nil
	}
	return op, s.labels
}

// search is one search of a tree under way.
type search struct {
	method, query string
	labels        []string
}

func (s *search) find(n *node, rest []string) *wire.Operation {
	if len(rest) == 0 {
		return s.pick(n.routes)
	}
	if next := n.literal[rest[0]]; next != nil {
		if op := s.find(next, rest[1:]); op != nil {
			return op
		}
	}
	if n.label != nil && rest[0] != "" {
		if op := s.with(n.label, rest[0], rest[1:]); op != nil {
			return op
		}
	}
	if n.greedy == nil || rest[0] == "" {
		return nil
	}
	for take := len(rest); take > 0; take-- {
		if op := s.with(n.greedy, strings.Join(rest[:take], "/"), rest[take:]); op != nil {
			return op
		}
	}
	return nil
}

// with goes on below n, with what n matches as one more label.
func (s *search) with(n *node, label string, rest []string) *wire.Operation {
	kept := len(s.labels)
	s.labels = append(s.labels, label)
	op := s.find(n, rest)
	if op == nil {
		s.labels = s.labels[:kept]
	}
	return op
}

// pick chooses among the operations of one path: the method must agree, and
// more literal parameters beat fewer.
func (s *search) pick(routes []route) *wire.Operation {
	var best *route
	for i := range routes {
		r := &routes[i]
		if r.op.Method != s.method || (best != nil && len(r.query) <= len(best.query)) {
			continue
		}
		if s.has(r.query) {
			best = r
		}
	}
	if best == nil {
		return nil
	}
	return best.op
}

func (s *search) has(want []pair) bool {
	for _, w := range want {
		found := false
		for _, p := range splitQuery(s.query) {
			name, value, _ := strings.Cut(p, "=")
			if unescape(name) == w.name && unescape(value) == w.value {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}

func unescape(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s
}
