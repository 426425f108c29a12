package jsonschema

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// Resolver is where the schemas stand that others refer to. uri is absolute
// and has no fragment; ok is false if there is nothing under it.
type Resolver func(uri string) (schema string, ok bool)

// place is a value in a schema document.
type place struct {
	doc  *document
	at   uint32
	base *url.URL // what its id, or a reference in its place, is relative to
}

// spot is a place as a key.
type spot struct {
	doc *document
	at  uint32
}

// maxDocuments is how many documents a schema may consist of.
const maxDocuments = 1000

// library is every document that a schema consists of.
type library struct {
	resolve Resolver
	count   int
	// named are documents by their URI, and schemas by the id they give
	// themselves, fragments included.
	named map[string]place
}

var (
	errNotJSON = errors.New("the schema is not valid JSON, or nested too deep")
	errSize    = fmt.Errorf("the schema has more than %d bytes", MaxSchema)
)

// add reads a document and finds what in it has a name.
func (l *library) add(uri *url.URL, text string) (place, error) {
	if len(text) > MaxSchema {
		return place{}, errSize
	}
	if l.count++; l.count > maxDocuments {
		return place{}, fmt.Errorf("the schema refers to more than %d documents", maxDocuments)
	}
	d := &document{}
	if !d.read([]byte(text), maxSchema) {
		return place{}, errNotJSON
	}
	root := place{doc: d, base: uri}
	l.named[uri.String()] = root
	l.name(root)
	return root, nil
}

// name notes the ids of a schema and of those in it.
func (l *library) name(p place) {
	if p.doc.nodes[p.at].kind() != object {
		return
	}
	if id, ok := p.id(); ok {
		if u, err := p.base.Parse(id); err == nil {
			if u.Fragment == "" {
				l.note(u, p)
			} else {
				l.named[u.String()] = p
			}
		}
	}
	p = p.enter()
	p.schemas(l.name)
}

func (l *library) note(u *url.URL, p place) {
	named := *u
	named.Fragment, named.RawFragment = "", ""
	if _, taken := l.named[named.String()]; !taken {
		l.named[named.String()] = p
	}
}

// id is the id that a schema gives itself. Beside a $ref it means nothing.
func (p place) id() (string, bool) {
	if _, isRef := p.ref(); isRef {
		return "", false
	}
	return p.textOf("id")
}

// ref is the $ref of a schema.
func (p place) ref() (string, bool) { return p.textOf("$ref") }

func (p place) textOf(name string) (string, bool) {
	i, ok := p.doc.find(p.at, name)
	if !ok || p.doc.nodes[i].kind() != text {
		return "", false
	}
	return p.doc.string(i), true
}

// enter is p with what its own id makes the base: what stands inside of it is
// relative to that.
func (p place) enter() place {
	if p.doc.nodes[p.at].kind() != object {
		return p
	}
	id, ok := p.id()
	if !ok {
		return p
	}
	if u, err := p.base.Parse(id); err == nil {
		u.Fragment, u.RawFragment = "", ""
		p.base = u
	}
	return p
}

// schemas calls fn for each schema right inside of p.
func (p place) schemas(fn func(place)) {
	d := p.doc
	for i := p.at + 1; i < d.nodes[p.at].tail; i = d.next(i + 1) {
		in := place{d, i + 1, p.base}
		switch d.string(i) {
		case "additionalItems", "additionalProperties", "not":
			fn(in)
		case "items":
			if in.kind() == array {
				in.elements(fn)
			} else {
				fn(in)
			}
		case "allOf", "anyOf", "oneOf":
			in.elements(fn)
		case "definitions", "dependencies", "patternProperties", "properties":
			in.members(fn)
		}
	}
}

func (p place) kind() kind { return p.doc.nodes[p.at].kind() }

func (p place) elements(fn func(place)) {
	if p.kind() != array {
		return
	}
	for i := p.at + 1; i < p.doc.nodes[p.at].tail; i = p.doc.next(i) {
		fn(place{p.doc, i, p.base})
	}
}

func (p place) members(fn func(place)) {
	if p.kind() != object {
		return
	}
	for i := p.at + 1; i < p.doc.nodes[p.at].tail; i = p.doc.next(i + 1) {
		fn(place{p.doc, i + 1, p.base})
	}
}

// follow is where a reference in p leads.
func (l *library) follow(p place, ref string) (place, error) {
	u, err := p.base.Parse(ref)
	if err != nil {
		return place{}, fmt.Errorf("$ref %q: %w", ref, err)
	}
	whole, fragment := u.String(), u.Fragment
	u.Fragment, u.RawFragment = "", ""
	to, err := l.open(u)
	if err != nil {
		return place{}, fmt.Errorf("$ref %q: %w", ref, err)
	}
	if named, ok := l.named[whole]; ok {
		return named, nil
	}
	if fragment != "" && fragment[0] != '/' {
		return place{}, fmt.Errorf("$ref %q: nothing has this id", ref)
	}
	if to, ok := to.point(fragment); ok {
		return to, nil
	}
	return place{}, fmt.Errorf("$ref %q leads nowhere", ref)
}

// open is the document under a URI, or what gives itself this id.
func (l *library) open(u *url.URL) (place, error) {
	uri := u.String()
	if to, ok := l.named[uri]; ok {
		return to, nil
	}
	if uri == metaschemaURI {
		return l.add(u, metaschema)
	}
	if l.resolve != nil {
		if text, ok := l.resolve(uri); ok {
			return l.add(u, text)
		}
	}
	return place{}, errors.New("no such schema")
}

// point follows a JSON pointer, RFC 6901.
func (p place) point(pointer string) (place, bool) {
	if pointer == "" {
		return p, true
	}
	for step := range strings.SplitSeq(pointer[1:], "/") {
		step = strings.ReplaceAll(strings.ReplaceAll(step, "~1", "/"), "~0", "~")
		var ok bool
		if p, ok = p.enter().child(step); !ok {
			return place{}, false
		}
	}
	return p, true
}

// child is the member or the element of a value that a step of a pointer names.
func (p place) child(step string) (to place, ok bool) {
	to = p
	switch p.kind() {
	case object:
		to.at, ok = p.doc.find(p.at, step)
	case array:
		n, err := strconv.Atoi(step)
		if err != nil || n < 0 {
			return p, false
		}
		p.elements(func(e place) {
			if n == 0 {
				to, ok = e, true
			}
			n--
		})
	default: // nothing is inside of the others
	}
	return to, ok
}
