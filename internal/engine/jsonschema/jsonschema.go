// Package jsonschema holds JSON documents to models: JSON schemas of draft 4,
// as API Gateway has them.
//
// A Schema is compiled once, at deployment, with all it refers to, and does
// not change; any number of goroutines may validate with it. A document is
// read once, into a flat list of its values, and is never made into Go values.
// Nothing is ever fetched: what a schema refers to comes from the Resolver.
//
// What a hostile document can cost is bounded: its size, its depth, and the
// number of comparisons made for it. Beyond a bound it counts as not valid.
//
// Draft 4 is read as API Gateway's validator reads it. Keywords that draft 4
// does not have are ignored, format among them, and so is what sits beside a
// $ref. 1.0 is no integer. A member that a document names twice must be valid
// both times, since nobody knows which of the two a back end will take.
// parity: spec/rest-data-plane.md 5.2.
package jsonschema

import (
	"hash/maphash"
	"strings"
	"sync"
)

// Limits of documents and schemas.
const (
	MaxBody   = 10 << 20 // bytes of a document
	MaxDepth  = 64       // how deep a document may nest
	MaxSchema = 1 << 20  // bytes of one schema
	maxSchema = 256      // how deep a schema may nest
)

// Schema is a compiled schema.
type Schema struct {
	root     *rules
	slow     bool
	branches bool // one value may be looked at several times
	seed     maphash.Seed
	used     sync.Pool // of *validation: memory, never content
}

// Slow says whether a pattern of the schema needs an engine that backtracks:
// even a short document may then take 50 ms.
func (s *Schema) Slow() bool { return s.slow }

// Mismatch is a document that is not valid, or is no JSON.
type Mismatch struct {
	Reasons []string // at least one, at most 64; in the words of API Gateway
}

// Error is the reasons as $context.error.validationErrorString has them:
// "[object has missing required properties (["email"])]".
// parity: spec/rest-data-plane.md 5.1.
func (m *Mismatch) Error() string { return "[" + strings.Join(m.Reasons, ", ") + "]" }

// unreadable is the only reason of a document that cannot be read.
const unreadable = "Unknown error parsing request body"

// Validate checks a whole document. It returns nil or a *Mismatch, and keeps
// nothing of the document.
func (s *Schema) Validate(body []byte) error {
	v := s.validation()
	defer s.release(v)
	if len(body) > MaxBody || !v.doc.read(body, MaxDepth) {
		return &Mismatch{Reasons: []string{unreadable}}
	}
	v.begin()
	valid := v.valid(s.root, 0)
	switch {
	case v.spent:
		return &Mismatch{Reasons: []string{unreadable}}
	case valid:
		return nil
	}
	v.begin()
	v.tell(s.root, 0)
	if len(v.reasons) == 0 {
		return &Mismatch{Reasons: []string{unreadable}}
	}
	return &Mismatch{Reasons: v.reasons}
}

func (s *Schema) validation() *validation {
	if v, ok := s.used.Get().(*validation); ok {
		return v
	}
	return &validation{seed: s.seed, branches: s.branches}
}

// What a schema keeps of a validation's memory for the next, in nodes and bytes.
const (
	keptNodes = 16 << 10
	keptText  = 64 << 10
)

func (s *Schema) release(v *validation) {
	v.doc.text, v.memo, v.reasons = nil, nil, nil
	if cap(v.doc.nodes) <= keptNodes && cap(v.buffer) <= keptText {
		s.used.Put(v)
	}
}
