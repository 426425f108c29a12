package jsonschema

import (
	"hash/maphash"
	"time"
)

// What validating one document may cost. A step is a schema applied to a
// value, or a comparison; it takes about 20 ns.
const (
	baseSteps    = 100_000
	stepsByByte  = 4
	maxNesting   = 2048                   // schemas inside of schemas, all at one time
	maxBacktrack = 100 * time.Millisecond // of patterns that backtrack, together
	memoFrom     = 10_000                 // steps from which on verdicts are remembered
)

// validation is one document being validated.
type validation struct {
	doc     document
	seed    maphash.Seed
	buffer  []byte // of text
	reasons []string

	branches bool          // the schema may look at one value several times
	left     int           // steps
	nested   int           // calls of valid under way
	waited   time.Duration // for patterns that backtrack
	spent    bool          // a bound was reached: no verdict counts
	memo     map[uint64]bool
}

// begin makes v ready to go over its document once.
func (v *validation) begin() {
	v.left = baseSteps + stepsByByte*len(v.doc.text)
	v.nested, v.waited, v.spent, v.memo, v.reasons = 0, 0, false, nil, nil
}

// spend takes steps from what is left. It returns false if there is nothing.
func (v *validation) spend(steps int) bool {
	v.left -= steps
	v.spent = v.spent || v.left < 0
	return !v.spent
}

// valid says whether the value at i is valid. Once v is spent it does not
// matter what it says.
func (v *validation) valid(r *rules, i uint32) bool {
	if !v.spend(1) {
		return false
	}
	k := v.doc.nodes[i].kind()
	if k != object && k != array {
		return v.keeps(r.brief[k], i)
	}
	key := uint64(r.id)<<32 | uint64(i)
	if v.memo != nil {
		if verdict, ok := v.memo[key]; ok {
			return verdict
		}
	}
	if v.nested == maxNesting {
		v.spent = true
		return false
	}
	v.nested++
	verdict := v.keeps(r.brief[k], i) && v.inside(r, k, i)
	v.nested--
	if v.branches {
		v.remember(key, verdict)
	}
	return verdict
}

// remember keeps the verdict on a structure if there are many. Schemas that
// try one value several ways would otherwise do so again at each level, and
// double the time with it.
func (v *validation) remember(key uint64, verdict bool) {
	if v.memo == nil {
		if v.left > baseSteps-memoFrom+stepsByByte*len(v.doc.text) {
			return
		}
		v.memo = map[uint64]bool{}
	}
	v.memo[key] = verdict
}

func (v *validation) keeps(checks []check, i uint32) bool {
	for _, c := range checks {
		if !c.holds(v, i) {
			return false
		}
	}
	return true
}

func (v *validation) inside(r *rules, k kind, i uint32) bool {
	switch {
	case k == object && r.object != nil:
		return v.eachMember(r.object, i)
	case k == array && r.array != nil:
		return v.eachElement(r.array, i)
	}
	return true
}

// elements is the number of elements of an array.
func (v *validation) elements(at uint32) int {
	v.left -= int(v.doc.nodes[at].tail-at) / 8
	return int(v.doc.elements(at))
}

// members is the number of members of an object, repeated names included.
func (v *validation) members(at uint32) int {
	v.left -= int(v.doc.nodes[at].tail-at) / 8
	return int(v.doc.members(at))
}

func (v *validation) eachElement(a *arrayRules, at uint32) bool {
	n := 0
	for i := at + 1; i < v.doc.nodes[at].tail; i = v.doc.next(i) {
		if r := a.at(n); r != nil && !v.valid(r, i) {
			return false
		}
		n++
	}
	return true
}

// at is what must be true of the element at an index, nil if nothing.
func (a *arrayRules) at(index int) *rules {
	if index < len(a.first) {
		return a.first[index]
	}
	return a.rest
}

// eachMember goes over an object once, and does what required and
// additionalProperties ask for on the way.
func (v *validation) eachMember(o *objectRules, at uint32) bool {
	d, seen := &v.doc, uint64(0)
	if !v.spend(int(d.nodes[at].tail-at) / 2) {
		return false
	}
	for i := at + 1; i < d.nodes[at].tail; i = d.next(i + 1) {
		m := o.named[string(v.text(i))]
		seen |= m.bit
		listed := m.rules != nil
		if listed && !v.valid(m.rules, i+1) {
			return false
		}
		for _, p := range o.patterns {
			if v.match(p.names, i) {
				if listed = true; !v.valid(p.rules, i+1) {
					return false
				}
			}
		}
		if !listed && (o.closed || o.others != nil && !v.valid(o.others, i+1)) {
			return false
		}
	}
	return seen&o.required == o.required
}

// text is what the string at i means. It is good until the next call.
func (v *validation) text(i uint32) []byte {
	n := v.doc.nodes[i]
	v.left -= int(n.tail-n.start()) / 64
	if !n.escaped() {
		return v.doc.text[n.start()+1 : n.tail-1]
	}
	v.buffer = v.doc.appendString(v.buffer[:0], i)
	return v.buffer
}

// match says whether a pattern is found in the string at i.
func (v *validation) match(p *pattern, i uint32) bool {
	s := v.text(i)
	if !v.spend(1 + len(s)/8) {
		return false
	}
	if p.linear != nil {
		return p.match(s)
	}
	start := time.Now()
	ok := p.match(s)
	v.waited += time.Since(start)
	v.spent = v.spent || v.waited > maxBacktrack
	return ok
}
