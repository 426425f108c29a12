// Package route finds the route that a request belongs to.
//
// Segment by segment a literal beats a {name}, which beats a {greedy+}. A
// resource that lacks the method is passed over for a less specific one that
// has it. The order in which routes were given never matters. A Tree does not
// change once built, so it may be used by any number of requests at a time;
// Match allocates nothing.
//
// Paths are matched as they were sent: nothing is decoded, %2F stays inside
// its segment. Duplicate slashes at the front and one slash at the end count
// for nothing. parity: spec/rest-data-plane.md 2.3, 2.4.
package route

// Any is the method of a route that takes every method that has no route of
// its own on the same path.
const Any = "ANY"

// Param is one path parameter of a match.
type Param struct {
	Name  string // without braces and '+'
	Value []byte // raw: a part of the path that was matched
}

// Route is what a Tree is made of.
type Route[T any] struct {
	Method string // DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT or ANY
	Path   string // "/", "/pets/{id}", "/files/{rest+}"
	Value  T
}

// verbs is how many methods a route may be for. ANY stands for all of them
// and for nothing else. parity: developer guide, "Set up a method request".
const verbs = 7

// Tree holds routes. Its zero value matches nothing.
type Tree[T any] struct {
	nodes  []node
	leaves []leaf[T]
	table  table
}

// node is one segment of the paths that begin with it. Node 0 is the root, so
// 0 also stands for "no such child".
type node struct {
	param    int32        // child for {name}
	greedy   int32        // child for {name+}
	literals bool         // has children in the table
	own      uint8        // methods that have a route here, one bit each
	below    uint8        // methods that have a route here or further down
	routes   [verbs]int32 // index into leaves
}

type leaf[T any] struct {
	value T
	names []string // of the parameters, in the order of the path
}

// Match finds the route of a method and a path, and appends the values of its
// path parameters to params. ok is false, and params as it was, if there is none.
func (t *Tree[T]) Match(method, path []byte, params []Param) (value T, all []Param, ok bool) {
	verb := verbOf(method)
	if verb < 0 || len(t.nodes) == 0 || t.nodes[0].below&(1<<verb) == 0 || len(path) > 0 && path[0] != '/' {
		return value, params, false
	}
	from := len(params)
	at, all := t.walk(0, trim(path), 1<<verb, params)
	if at < 0 {
		return value, params, false
	}
	l := &t.leaves[t.nodes[at].routes[verb]]
	for i, name := range l.names {
		all[from+i].Name = name
	}
	return l.value, all, true
}

// trim cuts what counts for nothing: a path is then empty, or segments that
// begin with a slash each.
func trim(path []byte) []byte {
	for len(path) > 1 && path[0] == '/' && path[1] == '/' {
		path = path[1:]
	}
	if n := len(path) - 1; n >= 0 && path[n] == '/' {
		path = path[:n]
	}
	return path
}

// walk finds the node where rest ends, coming from node at; -1 if there is
// none with the method. It never looks at a node twice, so hostile paths cost
// at most one look at each node. Where there is one way only, it goes on by itself.
func (t *Tree[T]) walk(at int32, rest []byte, verb uint8, params []Param) (int32, []Param) {
	for len(rest) > 0 {
		n := &t.nodes[at]
		end := Slash(rest[1:]) + 1
		segment, next := rest[1:end], rest[end:]
		if n.literals {
			if to := t.table.find(at, segment); to != 0 && t.nodes[to].below&verb != 0 {
				if n.param|n.greedy == 0 {
					at, rest = to, next
					continue
				}
				if found, all := t.walk(to, next, verb, params); found >= 0 {
					return found, all
				}
			}
		}
		if n.param != 0 && len(segment) > 0 && t.nodes[n.param].below&verb != 0 {
			with := append(params, Param{Value: segment})
			if n.greedy == 0 {
				at, rest, params = n.param, next, with
				continue
			}
			if found, all := t.walk(n.param, next, verb, with); found >= 0 {
				return found, all
			}
		}
		if n.greedy != 0 && len(rest) > 1 && t.nodes[n.greedy].own&verb != 0 {
			return n.greedy, append(params, Param{Value: rest[1:]})
		}
		return -1, params
	}
	if t.nodes[at].own&verb == 0 {
		return -1, params
	}
	return at, params
}

// verbOf numbers the methods that ANY stands for; -1 is any other.
func verbOf(method []byte) int {
	switch string(method) {
	case "GET":
		return 0
	case "POST":
		return 1
	case "PUT":
		return 2
	case "DELETE":
		return 3
	case "OPTIONS":
		return 4
	case "PATCH":
		return 5
	case "HEAD":
		return 6
	}
	return -1
}
