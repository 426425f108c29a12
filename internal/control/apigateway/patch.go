package apigateway

import (
	"slices"
	"strconv"
	"strings"

	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// patch is one operation of a PATCH.
type patch struct {
	op    string   // "null" when absent
	path  string   // as sent; "null" when absent
	from  string   // copy only
	value *string  // nil: absent
	args  []string // what the {}s of the row's path stand for, unescaped
}

// text is the value; absent is empty.
func (p patch) text() string {
	if p.value == nil {
		return ""
	}
	return *p.value
}

// flag is the value as a boolean. Whatever cannot be read is false.
// parity: spec/control-plane.md 2.2.
func (p patch) flag() bool { return strings.EqualFold(p.text(), "true") }

// number is the value as a whole number.
func (p patch) number() (int32, error) {
	n, err := strconv.ParseInt(p.text(), 10, 32)
	if err != nil {
		return 0, badf("Invalid value specified for %s: %s", p.path, p.text())
	}
	return int32(n), nil
}

// setter carries one operation out on a document.
type setter[T any] func(doc *T, p patch) error

// row tells what may be done at a path. A {} in the path stands for one
// segment, in which ~1 is '/' and ~0 is '~'. An operation without a setter is
// refused, with the words of otherwise if it has any.
type row[T any] struct {
	path                       string
	add, replace, remove, copy setter[T]
	otherwise                  error
	quiet                      bool // AWS does not name the path when it lists those that there are
}

// ops names the operations that the row has setters for.
func (r *row[T]) ops() []string {
	var ops []string
	for _, op := range []string{"add", "remove", "replace", "copy"} {
		if r.setter(op) != nil {
			ops = append(ops, op)
		}
	}
	return ops
}

func (r *row[T]) setter(op string) setter[T] {
	switch op {
	case "add":
		return r.add
	case "replace":
		return r.replace
	case "remove":
		return r.remove
	case "copy":
		return r.copy
	}
	return nil
}

// table is all that a PATCH may do to a resource.
type table[T any] struct {
	rows []row[T]
	// manners says in which of AWS's ways a refusal is worded.
	manners manners
	// unknown, if set, has the paths that no row has.
	unknown setter[T]
	// refuse, if set, words the refusal of an operation on a path that a row has.
	refuse func(p patch) error
}

// manners is a way to word refusals.
type manners uint8

const (
	// namesOps: "Invalid patch path /x"; for a known path "Must be one of: [replace]".
	namesOps manners = iota
	// namesNothing: "Invalid patch path /x" for both.
	namesNothing
	// namesPaths: "Invalid patch path  '/x' specified for op 'add'. ..." for both.
	namesPaths
)

// apply carries ops out on doc in their order. After an error doc is worth
// nothing: the caller returns from its transaction.
func (t table[T]) apply(doc *T, ops []v1.PatchOperation) error {
	for _, op := range ops {
		if err := t.applyOne(doc, op); err != nil {
			return err
		}
	}
	return nil
}

func (t table[T]) applyOne(doc *T, op v1.PatchOperation) error {
	p := patch{op: orNull(op.Op), path: orNull(op.Path), from: orNull(op.From), value: op.Value}
	for i := range t.rows {
		r := &t.rows[i]
		args, ok := match(r.path, p.path)
		if !ok {
			continue
		}
		p.args = args
		if set := r.setter(p.op); set != nil {
			return set(doc, p)
		}
		if r.otherwise != nil {
			return r.otherwise
		}
		if t.refuse != nil {
			return t.refuse(p)
		}
		return t.refusal(p, r.ops())
	}
	if t.unknown != nil {
		return t.unknown(doc, p)
	}
	return t.refusal(p, nil)
}

// refusal words why p is not done; ops are those that its path would allow.
// parity: spec/control-plane.md 2.4, the rows "Invalid patch ...".
func (t table[T]) refusal(p patch, ops []string) error {
	switch {
	case t.manners == namesPaths:
		var paths []string
		for i := range t.rows {
			if t.rows[i].setter(p.op) != nil && !t.rows[i].quiet {
				paths = append(paths, t.rows[i].path)
			}
		}
		if paths == nil {
			return badf("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", p.path, p.op)
		}
		return badf("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]",
			p.path, p.op, strings.Join(paths, ", "))
	case t.manners == namesOps && ops != nil:
		return badf("Invalid patch operation specified. Must be one of: [%s]", strings.Join(ops, ", "))
	}
	return bad("Invalid patch path " + p.path)
}

// match compares a path with a row's, segment by segment.
func match(pattern, path string) (args []string, ok bool) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	if len(want) != len(got) {
		return nil, false
	}
	for i, w := range want {
		switch {
		case w == "{}" && got[i] != "":
			args = append(args, unescape(got[i]))
		case w != got[i]:
			return nil, false
		}
	}
	return args, true
}

// unescape reads a segment of a JSON pointer.
func unescape(segment string) string {
	return strings.ReplaceAll(strings.ReplaceAll(segment, "~1", "/"), "~0", "~")
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// setText sets an optional text; an empty or absent value takes it away.
func setText[T any](field func(*T) **string) setter[T] {
	return func(doc *T, p patch) error {
		*field(doc) = given(p.text())
		return nil
	}
}

// dropText takes an optional text away.
func dropText[T any](field func(*T) **string) setter[T] {
	return func(doc *T, _ patch) error {
		*field(doc) = nil
		return nil
	}
}

// setFlag sets a boolean.
func setFlag[T any](field func(*T) *bool) setter[T] {
	return func(doc *T, p patch) error {
		*field(doc) = p.flag()
		return nil
	}
}

// setChoice sets a text that is one of choices; name is what AWS calls it.
func setChoice[T any](field func(*T) *string, name string, choices ...string) setter[T] {
	return func(doc *T, p patch) error {
		if !slices.Contains(choices, p.text()) {
			return badf("Invalid %s specified. Valid options are %s", name, strings.Join(choices, ","))
		}
		*field(doc) = p.text()
		return nil
	}
}

// setEntry sets the entry of a map that the path names.
func setEntry[T, V any](field func(*T) *map[string]V, value func(patch) (V, error)) setter[T] {
	return func(doc *T, p patch) error {
		v, err := value(p)
		if err != nil {
			return err
		}
		m := field(doc)
		if *m == nil {
			*m = map[string]V{}
		}
		(*m)[p.args[0]] = v
		return nil
	}
}

// swapEntry is setEntry for an entry that must be there: else absent is said.
func swapEntry[T, V any](field func(*T) *map[string]V, value func(patch) (V, error), absent string) setter[T] {
	return func(doc *T, p patch) error {
		if _, err := value(p); err != nil {
			return err
		}
		if _, ok := (*field(doc))[p.args[0]]; !ok {
			return missing(absent)
		}
		return setEntry(field, value)(doc, p)
	}
}

// dropEntry takes the entry of a map away that the path names. A map that has
// no entry left is absent. If there is no such entry absent is said, unless it
// is empty.
func dropEntry[T, V any](field func(*T) *map[string]V, absent string) setter[T] {
	return func(doc *T, p patch) error {
		m := field(doc)
		if _, ok := (*m)[p.args[0]]; !ok && absent != "" {
			return missing(absent)
		}
		delete(*m, p.args[0])
		if len(*m) == 0 {
			*m = nil
		}
		return nil
	}
}

// addItem puts the value into a list that is a set.
func addItem[T any](field func(*T) *[]string, value func(patch) string) setter[T] {
	return func(doc *T, p patch) error {
		list := field(doc)
		if v := value(p); !slices.Contains(*list, v) {
			*list = append(*list, v)
		}
		return nil
	}
}

// dropItem takes the value out of a list.
func dropItem[T any](field func(*T) *[]string, value func(patch) string) setter[T] {
	return func(doc *T, p patch) error {
		list := field(doc)
		*list = slices.DeleteFunc(*list, func(have string) bool { return have == value(p) })
		return nil
	}
}

// asText, asFlag and asOptional read the value of an entry.
func asText(p patch) (string, error)      { return p.text(), nil }
func asFlag(p patch) (bool, error)        { return p.flag(), nil }
func asOptional(p patch) (*string, error) { return given(p.text()), nil }

// inValue and inPath say where a list's member is named.
func inValue(p patch) string { return p.text() }
func inPath(p patch) string  { return p.args[0] }

// given is a text as an optional one: nil when empty.
func given(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
