package vtl

import (
	"errors"
	"fmt"
	"strconv"
	"time"
)

// errStop ends a rendering where #stop stands; errBreak the innermost loop.
var (
	errStop  = errors.New("stop")
	errBreak = errors.New("break")
)

// run is one rendering.
type run struct {
	env   Env
	vars  []variable // by place
	args  []any      // of the calls that are being prepared
	loop  loopNames
	out   []byte
	base  int // of out, where this rendering's output begins
	steps int
	loops int
	depth int

	started time.Time // when the clock was first looked at
}

func (r *run) step() error {
	r.steps++
	if r.steps > maxSteps {
		return fmt.Errorf("%w: more than %d steps", ErrTemplate, maxSteps)
	}
	if len(r.out)-r.base > maxOutput {
		return fmt.Errorf("%w: more than %d bytes of output", ErrTemplate, maxOutput)
	}
	if r.steps%16 == 0 {
		return r.clock()
	}
	return nil
}

// clock ends a rendering that takes too long: a step may print, compare or copy
// megabytes.
func (r *run) clock() error {
	now := time.Now()
	if r.started.IsZero() {
		r.started = now
	}
	if now.Sub(r.started) > maxTime {
		return fmt.Errorf("%w: more than %v", ErrTemplate, maxTime)
	}
	return nil
}

// lookup finds a variable: those that the template set first.
func (r *run) lookup(f *reference) any {
	if v := &r.vars[f.place]; v.set {
		return v.value
	}
	v, _ := r.env.Lookup(f.name)
	return v
}

// variable is what a template has set, if it has.
type variable struct {
	value any
	set   bool
}

// loopNames are the places of what a loop tells of itself; -1: the template
// does not ask.
type loopNames struct{ foreach, count, hasNext int }

type node interface{ exec(r *run) error }

type block []node

func (b block) exec(r *run) error {
	for _, n := range b {
		if err := r.step(); err != nil {
			return err
		}
		if err := n.exec(r); err != nil {
			return err
		}
	}
	return nil
}

type literal string

func (l literal) exec(r *run) error {
	r.out = append(r.out, l...)
	return nil
}

// printed is a reference in the text. parity: undefined prints nothing.
type printed struct{ ref *reference }

func (p printed) exec(r *run) error {
	v, err := p.ref.eval(r)
	if err != nil {
		return err
	}
	if d, ok := v.(deferred); ok {
		return d.exec(r)
	}
	r.out = appendText(r.out, v, 0)
	return nil
}

type stop struct{}

func (stop) exec(*run) error { return errStop }

type breakLoop struct{}

func (breakLoop) exec(*run) error { return errBreak }

type branch struct {
	test expr
	then block
}

type conditional []branch

func (c conditional) exec(r *run) error {
	for _, b := range c {
		v, err := b.test.eval(r)
		if err != nil {
			return err
		}
		if truth(v) {
			return b.then.exec(r)
		}
	}
	return nil
}

// truth: only false is false; undefined and null act as "".
// parity: spec/rest-data-plane.md 4.3
func truth(v any) bool {
	b, ok := v.(bool)
	return !ok || b
}

type assignment struct {
	target *reference
	value  expr
}

func (a assignment) exec(r *run) error {
	v, err := a.value.eval(r)
	if err != nil {
		return err
	}
	return a.target.assign(r, v)
}

type loop struct {
	place int
	over  expr
	body  block
}

func (l loop) exec(r *run) error {
	v, err := l.over.eval(r)
	if err != nil {
		return err
	}
	items := elements(v)
	places := [...]int{l.place, r.loop.foreach, r.loop.count, r.loop.hasNext}
	var before [len(places)]variable
	for i, at := range places {
		if at >= 0 {
			before[i] = r.vars[at]
		}
	}
	err = l.each(r, items)
	for i, at := range places {
		if at >= 0 {
			r.vars[at] = before[i]
		}
	}
	return err
}

// each renders the body for every item.
func (l loop) each(r *run, items []any) error {
	at := r.begin(len(items))
	for i, item := range items {
		if r.loops == MaxLoops {
			return nil // parity: spec/rest-data-plane.md 13, "stop quietly"
		}
		r.loops++
		r.vars[l.place] = variable{item, true}
		if at != nil {
			at.at = i
		}
		if r.loop.count >= 0 {
			r.vars[r.loop.count] = variable{int64(i + 1), true}
		}
		if r.loop.hasNext >= 0 {
			r.vars[r.loop.hasNext] = variable{i+1 < len(items), true}
		}
		err := l.body.exec(r)
		if errors.Is(err, errBreak) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// begin is $foreach of a loop; nil if the template never asks.
func (r *run) begin(of int) *foreach {
	if r.loop.foreach < 0 {
		return nil
	}
	at := &foreach{of: of}
	at.parent, _ = r.vars[r.loop.foreach].value.(*foreach)
	r.vars[r.loop.foreach] = variable{at, true}
	return at
}

// foreach is $foreach: where a loop stands.
type foreach struct {
	at, of int
	parent *foreach // of the loop around it; nil: none
}

// Call has no methods.
func (*foreach) Call(string, []any) (any, bool, error) { return nil, false, nil }

// Property reads count, index, hasNext, first and last.
func (f *foreach) Property(name string) (any, bool) {
	switch name {
	case "count":
		return int64(f.at + 1), true
	case "index":
		return int64(f.at), true
	case "hasNext":
		return f.at+1 < f.of, true
	case "first":
		return f.at == 0, true
	case "last":
		return f.at+1 == f.of, true
	case "parent":
		return f.parent, f.parent != nil
	case "topmost":
		for f.parent != nil {
			f = f.parent
		}
		return f, true
	}
	return nil, false
}

// String prints the place.
func (f *foreach) String() string { return strconv.Itoa(f.at + 1) }

type definition struct {
	place int
	body  block
}

func (d definition) exec(r *run) error {
	r.vars[d.place] = variable{deferred{d.body}, true}
	return nil
}

// deferred is a #define'd block: it is rendered where it is referred to.
type deferred struct{ body block }

func (d deferred) exec(r *run) error {
	if r.depth++; r.depth > maxDepth {
		return fmt.Errorf("%w: #define nested more than %d deep", ErrTemplate, maxDepth)
	}
	defer func() { r.depth-- }()
	return d.body.exec(r)
}
