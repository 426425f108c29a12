package iam

import (
	"maps"
	"slices"
	"strings"
)

// Kind says where a policy belongs, and so what it must and must not say.
type Kind uint8

// The kinds of policies.
const (
	Identity Kind = iota // attached to users, groups and roles; boundaries, session and service control policies
	Resource             // attached to an API or a function: names principals
	Trust                // of a role: who may assume it
	Returned             // by a Lambda authorizer; sids may be anything
)

// Policy is a compiled policy.
type Policy struct {
	deny, allow []statement
	keys        []string
	version     string
}

// Version is the version that the document names; empty if it names none.
func (p *Policy) Version() string { return p.version }

// statement is one statement of a policy.
type statement struct {
	index      int // in the document, from 0
	actions    []pattern
	notAction  bool
	resources  []arnPattern // nil: any, of a trust policy
	notRes     bool
	principals *principals // nil: whoever the policy belongs to
	notPrinc   bool
	conditions []condition
}

// Parse compiles a document. The error is a *Malformed.
func Parse(document []byte, kind Kind) (*Policy, error) {
	o, err := read(document)
	if err != nil {
		if kind == Trust {
			return nil, malformed("This policy contains invalid Json") // parity: recorded, spec/security.md 2.1
		}
		return nil, malformed(syntax)
	}
	if id, ok := o["Id"]; !o.only("Version", "Id", "Statement") || ok && !isString(id) {
		return nil, malformed(syntax)
	}
	c := compiler{kind: kind, keys: map[string]bool{}, sids: map[string]bool{}}
	switch o["Version"] {
	case "2012-10-17":
		c.variables = true
	case "2008-10-17", nil:
	default:
		return nil, malformed("The policy must contain a valid version string")
	}
	list, ok := o["Statement"].([]any)
	if !ok {
		list = []any{o["Statement"]}
	}
	if len(list) == 0 {
		return nil, malformed(syntax)
	}
	p := &Policy{}
	p.version, _ = o["Version"].(string)
	for i, v := range list {
		st, denies, err := c.statement(v)
		if err != nil {
			return nil, err
		}
		st.index = i
		if denies {
			p.deny = append(p.deny, st)
		} else {
			p.allow = append(p.allow, st)
		}
	}
	p.keys = slices.Sorted(maps.Keys(c.keys))
	return p, nil
}

// Keys are the keys of attributes that the policy asks for, in lower case and
// sorted: others need not be supplied.
func (p *Policy) Keys() []string { return p.keys }

func isString(v any) bool {
	_, ok := v.(string)
	return ok
}

// compiler compiles one document.
type compiler struct {
	kind      Kind
	variables bool // the document's version has them
	keys      map[string]bool
	sids      map[string]bool
}

func (c *compiler) statement(v any) (st statement, denies bool, err error) {
	o, ok := v.(object)
	if !ok || !o.only("Sid", "Effect", "Principal", "NotPrincipal", "Action", "NotAction", "Resource", "NotResource", "Condition") {
		return st, false, malformed(syntax)
	}
	switch o["Effect"] {
	case "Allow":
	case "Deny":
		denies = true
	default:
		return st, false, malformed(syntax)
	}
	for _, part := range []func(object, *statement) error{c.sid, c.principal, c.action, c.resource, c.condition} {
		if err := part(o, &st); err != nil {
			return st, false, err
		}
	}
	return st, denies, nil
}

func (c *compiler) sid(o object, _ *statement) error {
	if !o.has("Sid") {
		return nil
	}
	sid, ok := o["Sid"].(string)
	if !ok {
		return malformed(syntax)
	}
	if c.kind == Resource || c.kind == Returned || sid == "" {
		return nil
	}
	for _, b := range []byte(sid) {
		if !alphanumeric(b) {
			return malformed("Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*")
		}
	}
	if c.sids[sid] {
		return malformed("Statement IDs (SID) in a single policy must be unique.")
	}
	c.sids[sid] = true
	return nil
}

func alphanumeric(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// either is the one of two elements that a statement has; neither is missing.
func either(o object, name, not, missing string) (v any, negated bool, err error) {
	switch {
	case o.has(name) && o.has(not):
		return nil, false, malformed(syntax)
	case o.has(name):
		return o[name], false, nil
	case o.has(not):
		return o[not], true, nil
	}
	return nil, false, malformed(missing)
}

func (c *compiler) action(o object, st *statement) (err error) {
	var v any
	if v, st.notAction, err = either(o, "Action", "NotAction", "Policy statement must contain actions."); err != nil {
		return err
	}
	all, ok := texts(v)
	if !ok || len(all) == 0 {
		return malformed(syntax)
	}
	for _, action := range all {
		if err := c.checkAction(action); err != nil {
			return err
		}
		st.actions = append(st.actions, compilePattern(strings.ToLower(action), wildcards))
	}
	return nil
}

func (c *compiler) checkAction(action string) error {
	if action == "*" {
		return nil
	}
	vendor, verb, colon := strings.Cut(action, ":")
	if !colon || vendor == "" || verb == "" {
		return malformed("Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.")
	}
	if strings.ContainsFunc(vendor, func(r rune) bool { return r != '-' && (r > 'z' || !alphanumeric(byte(r))) }) {
		return malformed("Vendor " + vendor + " is not valid")
	}
	if c.kind == Trust && !strings.EqualFold(vendor, "sts") {
		return malformed("AssumeRole policy may only specify STS AssumeRole actions.")
	}
	return nil
}

func (c *compiler) resource(o object, st *statement) error {
	if c.kind == Trust {
		if o.has("Resource") || o.has("NotResource") {
			return malformed("Has prohibited field Resource")
		}
		return nil
	}
	v, not, err := either(o, "Resource", "NotResource", "Policy statement must contain resources.")
	if err != nil {
		return err
	}
	all, ok := texts(v)
	if !ok || len(all) == 0 {
		return malformed(syntax)
	}
	st.notRes = not
	for _, resource := range all {
		if resource != "*" && !strings.HasPrefix(resource, "arn:") {
			return malformed("Resource " + resource + ` must be in ARN format or "*".`)
		}
		a := compileResource(resource, c.variables)
		c.note(a.rest)
		st.resources = append(st.resources, a)
	}
	return nil
}

// note remembers the keys that the variables of a pattern ask for.
func (c *compiler) note(p pattern) {
	for _, part := range p.parts {
		if part.kind == partVariable {
			c.keys[part.text] = true
		}
	}
}
