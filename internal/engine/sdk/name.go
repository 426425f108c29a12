package sdk

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// call is a method with what every language needs to know of it.
type call struct {
	Method
	words []string // of the path: "pets", "petId"
}

// calls are the methods that clients have. A method that takes ANY verb has no
// one name, so it is left out.
// parity: spec/definitions.md 5.13.
func calls(methods []Method) []call {
	var all []call
	for _, m := range methods {
		if m.Verb == "ANY" {
			continue
		}
		m.Parameters = withPath(m)
		all = append(all, call{Method: m, words: words(m.Path)})
	}
	return all
}

// withPath adds the path's own parameters where the method does not declare
// them: without them it cannot be called.
func withPath(m Method) []Parameter {
	var all []Parameter
	for segment := range strings.SplitSeq(m.Path, "/") {
		if name, ok := variable(segment); ok {
			all = append(all, Parameter{In: InPath, Name: name, Required: true})
		}
	}
	for _, p := range m.Parameters {
		if p.In != InPath {
			all = append(all, p)
		}
	}
	return all
}

// variable is the name in "{name}" or "{name+}".
func variable(segment string) (string, bool) {
	inner, ok := strings.CutPrefix(segment, "{")
	if !ok {
		return "", false
	}
	inner, ok = strings.CutSuffix(inner, "}")
	return strings.TrimSuffix(inner, "+"), ok
}

// words splits text at all that is neither a letter nor a digit of ASCII.
func words(text string) []string {
	return strings.FieldsFunc(text, func(r rune) bool { return !letter(r) && !digit(r) })
}

func letter(r rune) bool { return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' }
func digit(r rune) bool  { return '0' <= r && r <= '9' }

// camel is words as one, the first in lower case: petsPetId.
func camel(words []string) string {
	p := pascal(words)
	if p == "" {
		return ""
	}
	return strings.ToLower(p[:1]) + p[1:]
}

// pascal is camel that begins in upper case.
func pascal(words []string) string {
	var b strings.Builder
	for _, w := range words {
		b.WriteString(strings.ToUpper(w[:1]) + w[1:])
	}
	return b.String()
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// snake is words in lower case with '_' between them: pets_pet_id.
func snake(words []string) string {
	return strings.ToLower(hump.ReplaceAllString(strings.Join(words, "_"), "${1}_$2"))
}

// afterPath is the words of a call's name in clients that put the verb last:
// petsPetIdGet, rootGet.
func (c call) afterPath() []string {
	w := c.words
	if len(w) == 0 {
		w = []string{"root"}
	}
	return append(slices.Clip(w), title(c.Verb))
}

// beforePath is the words of a call's name in clients that put the verb first
// and know operation names: getPetsPetId, listPets.
func (c call) beforePath() []string {
	if w := words(c.Operation); len(w) > 0 {
		return w
	}
	w := c.words
	if len(w) == 0 {
		w = []string{"root"}
	}
	return append([]string{title(c.Verb)}, w...)
}

func title(verb string) string { return verb[:1] + strings.ToLower(verb[1:]) }

// names hands out identifiers of one scope: each but once, none that a
// language keeps for itself, none that begins with a digit.
type names struct {
	taken map[string]bool
}

func newNames(reserved string) *names {
	n := &names{taken: map[string]bool{}}
	for w := range strings.FieldsSeq(reserved) {
		n.taken[w] = true
	}
	return n
}

// pick gives a free name that is like the one wanted.
func (n *names) pick(want string) string {
	if want == "" || digit(rune(want[0])) {
		want = "_" + want
	}
	name := want
	for i := 2; n.taken[name]; i++ {
		name = want + strconv.Itoa(i)
	}
	n.taken[name] = true
	return name
}
