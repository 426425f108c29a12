// Package vtl renders the Velocity templates of API Gateway: Apache Velocity
// 1.7 with the deviations that were recorded from AWS.
//
// A template is parsed once, into a tree that does not change, and may then be
// rendered by any number of goroutines at a time. A template is an untrusted
// program: rendering is bounded in steps, output, depth and loop iterations, and
// a template can reach only the values it is given.
//
// Values are Go values: nil, bool, int64, float64, string, *List, *Map, and
// Object for what the host brings in ($input, $util, $context).
//
// parity: spec/rest-data-plane.md 4.3; conformance/vtl has what AWS rendered.
package vtl

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// ErrTemplate is a template that does not parse or that breaks a limit while it
// runs; API Gateway answers 500.
var ErrTemplate = errors.New("template")

// Limits of a template.
const (
	MaxTemplate = 300 << 10 // bytes; parity: developer guide, quotas
	MaxLoops    = 1000      // #foreach iterations of one rendering; parity: the same page
	maxSteps    = 200_000   // nodes visited in one rendering
	maxOutput   = 10 << 20  // bytes
	maxTime     = 5 * time.Second
	maxDepth    = 64      // nesting of blocks, expressions and #define
	maxElements = 100_000 // of one list or map that a template builds
)

// Env gives a rendering its variables. Lookup answers for names that the
// template has not set itself.
type Env interface {
	Lookup(name string) (value any, ok bool)
}

// Object is a value of the host with methods and properties of its own.
type Object interface {
	// Call runs a method. ok is false if there is none of that name and number
	// of arguments: the reference is then undefined.
	Call(name string, args []any) (value any, ok bool, err error)
	// Property reads $object.name.
	Property(name string) (value any, ok bool)
	// String is what the object prints as.
	String() string
}

// Setter is an Object whose properties can be set: #set($object.name = value).
type Setter interface {
	SetProperty(name string, value any) error
}

// Template is a parsed template.
type Template struct {
	root  block
	names *names
	cost  cost
	size  int // bytes of the text
	loop  loopNames
	runs  sync.Pool // of *run, without anything of a rendering
}

// Parse reads a template.
func Parse(text string) (*Template, error) {
	if len(text) > MaxTemplate {
		return nil, fmt.Errorf("%w: larger than %d bytes", ErrTemplate, MaxTemplate)
	}
	p := &parser{text: text, names: &names{at: map[string]int{}}, cost: &cost{}}
	root, _, err := p.block(0, "")
	if err != nil {
		return nil, err
	}
	t := &Template{root: root, names: p.names, cost: *p.cost, size: len(text)}
	t.loop = loopNames{t.names.known("foreach"), t.names.known("velocityCount"), t.names.known("velocityHasNext")}
	return t, nil
}

// What a template may be, and be given, that is rendered in well under 200 us:
// bytes of its text, of what it is given, and of that if it loops over it.
const (
	quickText  = 8 << 10
	quickInput = 16 << 10
	quickLoop  = 4 << 10
)

// Quick says whether a rendering of so many bytes of input is sure to be short,
// so that others may wait for it.
func (t *Template) Quick(input int) bool {
	if t.size > quickText || t.cost.heavy || t.cost.nested > 1 {
		return false
	}
	return input <= quickLoop || t.cost.nested == 0 && input <= quickInput
}

// Render appends the template's output to dst.
func (t *Template) Render(env Env, dst []byte) ([]byte, error) {
	r, _ := t.runs.Get().(*run)
	if r == nil {
		r = &run{loop: t.loop, vars: make([]variable, len(t.names.at))}
	}
	r.env, r.out, r.base = env, dst, len(dst)
	defer t.done(r)
	if err := t.root.exec(r); err != nil && !errors.Is(err, errStop) && !errors.Is(err, errBreak) {
		return dst, err
	}
	if len(r.out)-r.base > maxOutput {
		return dst, fmt.Errorf("%w: more than %d bytes of output", ErrTemplate, maxOutput)
	}
	return r.out, nil
}

// done forgets a rendering and keeps its memory.
func (t *Template) done(r *run) {
	clear(r.vars)
	clear(r.args[:cap(r.args)])
	*r = run{loop: r.loop, vars: r.vars, args: r.args[:0]}
	t.runs.Put(r)
}
