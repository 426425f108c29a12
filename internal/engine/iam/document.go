package iam

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"unicode"
)

// Sizes of documents in characters, white space not counted.
// parity: API Gateway Developer Guide, "Quotas"; IAM User Guide, "IAM and AWS
// STS quotas" (a trust policy may have 2048 unless more was asked for)
const (
	MaxResource = 8192
	MaxManaged  = 6144
	MaxTrust    = 4096
	MaxReturned = 8192 // with all that a Lambda authorizer returns beside it

	maxDocument = 131_072 // bytes, of any document
	maxDepth    = 16
)

// Size is how much of a quota a document takes: its characters but for white
// space.
func Size(document string) int {
	n := 0
	for _, r := range document {
		if !unicode.IsSpace(r) {
			n++
		}
	}
	return n
}

// InvalidDocument is what API Gateway says of any resource policy that it does
// not take.
// parity: spec/security.md 2.1, not recorded
const InvalidDocument = "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."

// Malformed is a document that is no policy.
type Malformed struct {
	Reason string // as IAM says it in MalformedPolicyDocument
}

// Error is the reason.
func (m *Malformed) Error() string { return m.Reason }

// Reasons that more than one place has.
const (
	syntax       = "Syntax errors in policy."
	badPrincipal = "Invalid principal in policy."
)

func malformed(reason string) error { return &Malformed{reason} }

// object is a JSON object; its values are string, json.Number, bool, nil,
// []any and object.
type object map[string]any

var errDocument = errors.New("not a policy document")

// read reads a JSON object whose keys come once each.
func read(document []byte) (object, error) {
	if len(document) > maxDocument {
		return nil, errDocument
	}
	dec := json.NewDecoder(bytes.NewReader(document))
	dec.UseNumber()
	v, err := readValue(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errDocument
	}
	o, ok := v.(object)
	if !ok {
		return nil, errDocument
	}
	return o, nil
}

func readValue(dec *json.Decoder, depth int) (any, error) {
	t, err := dec.Token()
	if err != nil || depth > maxDepth {
		return nil, errors.Join(errDocument, err)
	}
	switch t {
	case json.Delim('{'):
		return readObject(dec, depth)
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := readValue(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := dec.Token()
		return list, err
	}
	return t, nil
}

func readObject(dec *json.Decoder, depth int) (any, error) {
	o := object{}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return nil, err
		}
		name, ok := t.(string)
		if _, twice := o[name]; twice || !ok {
			return nil, errDocument
		}
		if o[name], err = readValue(dec, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := dec.Token()
	return o, err
}

func (o object) has(name string) bool {
	_, ok := o[name]
	return ok
}

// only reports whether an object has no members but these.
func (o object) only(names ...string) bool {
	for name := range o {
		if !slices.Contains(names, name) {
			return false
		}
	}
	return true
}

// texts are the strings of a list that is not empty, or one bare string.
func texts(v any) (all []string, ok bool) {
	return scalars(v, func(e any) (string, bool) { s, ok := e.(string); return s, ok })
}

// values are texts where numbers and booleans stand for their text.
func values(v any) (all []string, ok bool) {
	return scalars(v, func(e any) (string, bool) {
		switch e := e.(type) {
		case string:
			return e, true
		case json.Number:
			return e.String(), true
		case bool:
			if e {
				return "true", true
			}
			return "false", true
		}
		return "", false
	})
}

func scalars(v any, one func(any) (string, bool)) (all []string, ok bool) {
	list, ok := v.([]any)
	if !ok {
		list = []any{v}
	}
	for _, e := range list {
		s, ok := one(e)
		if !ok {
			return nil, false
		}
		all = append(all, s)
	}
	return all, true
}
