package route

import (
	"errors"
	"strings"
)

var (
	errSlash  = errors.New("a path begins with a slash")
	errEmpty  = errors.New("a path has no empty segment")
	errGreedy = errors.New("nothing may follow a greedy path variable")
	errBraces = errors.New("a path variable fills its whole segment")
	errMethod = errors.New("no such method")
	errTwice  = errors.New("the method has a route on this path already")
)

type kind uint8

const (
	literal kind = iota
	param
	greedy
)

// part tells what a segment of a route's path is, and the name of its variable.
func part(segment string) (name string, k kind, err error) {
	if !strings.ContainsAny(segment, "{}") {
		return "", literal, nil
	}
	name, opened := strings.CutPrefix(segment, "{")
	name, closed := strings.CutSuffix(name, "}")
	if !opened || !closed || strings.ContainsAny(name, "{}") {
		return "", literal, errBraces
	}
	k = param
	if cut, ok := strings.CutSuffix(name, "+"); ok {
		name, k = cut, greedy
	}
	if name == "" || strings.Contains(name, "+") {
		return "", literal, errBraces
	}
	return name, k, nil
}

// Names are the variables of a route's path, in order, without braces and '+'.
func Names(path string) []string {
	var names []string
	for segment := range strings.SplitSeq(path, "/") {
		if name, k, err := part(segment); err == nil && k != literal {
			names = append(names, name)
		}
	}
	return names
}
