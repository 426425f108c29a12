package jsonschema

import (
	"errors"
	"fmt"
	"hash/maphash"
	"net/url"
)

// maxRules is how many schemas one schema may consist of.
const maxRules = 100_000

// rules is one schema of a Schema, compiled: its own keywords, and what it
// says of the values inside of a structure.
type rules struct {
	id     uint32
	checks [kinds][]check // of a value of each type, in the order of their keywords
	brief  [kinds][]check // those of them that eachMember does not make on its way
	object *objectRules   // nil: it says nothing of members
	array  *arrayRules    // nil: it says nothing of elements
}

// check is what one keyword says of a value.
type check interface {
	// holds says whether the value at i is as the keyword wants it.
	holds(v *validation, i uint32) bool
	// tell says in API Gateway's words why it is not.
	tell(v *validation, i uint32)
}

// objectRules is what a schema says of the members of an object.
type objectRules struct {
	named    map[string]member
	patterns []patternRules
	others   *rules // nil: anything
	closed   bool   // there may be no others
	required uint64 // the bits of members that must be there
}

// member is what a schema says of a member by its name.
type member struct {
	rules *rules // nil: it is not in properties
	bit   uint64 // of objectRules.required
}

type patternRules struct {
	names *pattern
	rules *rules
}

// arrayRules is what a schema says of the elements of an array.
type arrayRules struct {
	first []*rules // of the element at each index
	rest  *rules   // nil: anything
}

// Compile compiles a schema that stands under an absolute URI, which relative
// references in it are relative to. An error says what of it draft 4 does not
// allow, or what it refers to that is not there.
func Compile(uri, schema string, resolve Resolver) (*Schema, error) {
	base, err := url.Parse(uri)
	if err != nil {
		return nil, fmt.Errorf("schema URI: %w", err)
	}
	c := compiler{
		library: library{resolve: resolve, named: map[string]place{}},
		known:   map[spot]*rules{}, patterns: map[string]*pattern{},
	}
	root, err := c.add(base, schema)
	if err != nil {
		return nil, err
	}
	s := &Schema{seed: maphash.MakeSeed()}
	if s.root, err = c.rules(root); err != nil {
		return nil, err
	}
	for len(c.queue) > 0 {
		job := c.queue[0]
		c.queue = c.queue[1:]
		if err := c.fill(job.rules, job.place); err != nil {
			return nil, err
		}
	}
	s.slow, s.branches = c.slow, c.branches
	return s, nil
}

// compiler compiles a schema and all it refers to. It does not recurse.
type compiler struct {
	library
	known    map[spot]*rules
	queue    []job
	patterns map[string]*pattern
	slow     bool
	branches bool
}

// job is a schema that is known but not compiled yet.
type job struct {
	rules *rules
	place place
}

var errCircle = errors.New("a $ref leads back to itself")

// rules is the schema at p, which is compiled later. References are followed
// here, so that validation never meets one.
func (c *compiler) rules(p place) (*rules, error) {
	seen := map[spot]bool{}
	for {
		if p.kind() != object {
			return nil, fmt.Errorf("a schema must be an object, and one is of type %s", p.kind())
		}
		ref, ok := p.ref()
		if !ok {
			break
		}
		if at := (spot{p.doc, p.at}); seen[at] {
			return nil, errCircle
		} else {
			seen[at] = true
		}
		to, err := c.follow(p, ref)
		if err != nil {
			return nil, err
		}
		p = to
	}
	at := spot{p.doc, p.at}
	if r := c.known[at]; r != nil {
		return r, nil
	}
	if len(c.known) == maxRules {
		return nil, fmt.Errorf("more than %d schemas in one", maxRules)
	}
	r := &rules{id: uint32(len(c.known))}
	c.known[at] = r
	c.queue = append(c.queue, job{r, p.enter()})
	return r, nil
}

// pattern compiles a pattern, each text once.
func (c *compiler) pattern(source string) (*pattern, error) {
	if p := c.patterns[source]; p != nil {
		return p, nil
	}
	p, err := compilePattern(source)
	if err != nil {
		return nil, err
	}
	c.slow = c.slow || p.linear == nil
	c.patterns[source] = p
	return p, nil
}

// fill compiles the keywords of the schema at p.
func (c *compiler) fill(r *rules, p place) error {
	b := builder{compiler: c, place: p, out: r}
	// In the order of their names: that of the reasons in messages.
	for _, keyword := range []struct {
		name string
		read func(*builder) error
	}{
		{"additionalItems", (*builder).additionalItems},
		{"additionalProperties", (*builder).additionalProperties},
		{"allOf", (*builder).allOf},
		{"anyOf", (*builder).anyOf},
		{"dependencies", (*builder).dependencies},
		{"enum", (*builder).enum},
		{"maxItems", (*builder).maxItems},
		{"maxLength", (*builder).maxLength},
		{"maxProperties", (*builder).maxProperties},
		{"maximum", (*builder).maximum},
		{"minItems", (*builder).minItems},
		{"minLength", (*builder).minLength},
		{"minProperties", (*builder).minProperties},
		{"minimum", (*builder).minimum},
		{"multipleOf", (*builder).multipleOf},
		{"not", (*builder).not},
		{"oneOf", (*builder).oneOf},
		{"pattern", (*builder).pattern},
		{"required", (*builder).required},
		{"type", (*builder).types},
		{"uniqueItems", (*builder).uniqueItems},
	} {
		var there bool
		if b.value, there = p.get(keyword.name); !there {
			continue
		}
		if err := keyword.read(&b); err != nil {
			return fmt.Errorf("%s: %w", keyword.name, err)
		}
	}
	return b.inside()
}
