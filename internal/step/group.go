package step

import "github.com/stagedoor/stagedoor/internal/program"

// fewPairs is how many parameters are compared with each other; more are put
// into a map, so that no query costs the square of its length.
const fewPairs = 32

// groups tells which parameters of a query have one name.
type groups struct {
	all   []program.Pair
	links []int32 // the next of the same name, -1 if none; nil: few, compare
	heads []bool
	tails []int32
}

func groupPairs(all []program.Pair) groups {
	g := groups{all: all}
	if len(all) <= fewPairs {
		return g
	}
	g.links, g.heads, g.tails = make([]int32, len(all)), make([]bool, len(all)), make([]int32, len(all))
	type ends struct{ head, tail int32 }
	seen := make(map[string]ends, len(all))
	for i := range all {
		at := int32(i)
		g.links[i] = -1
		e, ok := seen[string(all[i].Name)]
		if ok {
			g.links[e.tail] = at
		} else {
			g.heads[i], e.head = true, at
		}
		e.tail = at
		seen[string(all[i].Name)] = e
		g.tails[e.head] = at
	}
	return g
}

// first says whether no parameter before i has its name.
func (g *groups) first(i int) bool {
	if g.links != nil {
		return g.heads[i]
	}
	for j := range i {
		if string(g.all[j].Name) == string(g.all[i].Name) {
			return false
		}
	}
	return true
}

// last is the last parameter with the name of i, which is the first.
func (g *groups) last(i int) int {
	if g.links != nil {
		return int(g.tails[i])
	}
	for j := len(g.all) - 1; j > i; j-- {
		if string(g.all[j].Name) == string(g.all[i].Name) {
			return j
		}
	}
	return i
}

// next is the parameter after i with its name, -1 if there is none.
func (g *groups) next(i int) int {
	if g.links != nil {
		return int(g.links[i])
	}
	for j := i + 1; j < len(g.all); j++ {
		if string(g.all[j].Name) == string(g.all[i].Name) {
			return j
		}
	}
	return -1
}
