package iam

import "strings"

// Wording is how much a denial says.
type Wording uint8

// The wordings that AWS has used: the older one says whether something denies,
// the newer one also which kind of policy does, or would have to allow.
// parity: spec/security.md 2.9
const (
	Brief Wording = iota
	Reasoned
)

// name is what a denial calls a kind of policy.
func (s Source) name() string {
	switch s {
	case FromResource:
		return "resource-based policy"
	case FromBoundary:
		return "permissions boundary"
	case FromSession:
		return "session policy"
	case FromControl:
		return "service control policy"
	default:
		return "identity-based policy"
	}
}

// Denial is what a caller of an API is told of a request that is not allowed:
// the account of the resource is masked.
func (d *Decision) Denial(r *Request, w Wording) string {
	return d.told(r, MaskAccount(r.Resource), w)
}

// Refusal is what a caller of an AWS service is told of a call that is not
// allowed.
// parity: spec/control-plane.md 2.4
func (d *Decision) Refusal(r *Request, w Wording) string { return d.told(r, r.Resource, w) }

func (d *Decision) told(r *Request, resource string, w Wording) string {
	text := "User: " + r.Principal.name() + " is not authorized to perform: " + r.Action + " on resource: " + resource
	switch {
	case d.Outcome == ExplicitDeny && w == Reasoned:
		return text + " with an explicit deny in " + article(d.Source.name())
	case d.Outcome == ExplicitDeny:
		return text + " with an explicit deny"
	case w == Reasoned:
		return text + " because no " + d.Source.name() + " allows the " + r.Action + " action"
	}
	return text
}

// AuthorizerDenial is what a caller is told whom the policy of a Lambda
// authorizer does not let pass.
func AuthorizerDenial(o Outcome, w Wording) string {
	const text = "User is not authorized to access this resource"
	switch {
	case o == ExplicitDeny && w == Reasoned:
		return text + " with an explicit deny in an identity-based policy"
	case o == ExplicitDeny:
		return text + " with an explicit deny"
	}
	return text
}

func article(name string) string {
	if name[0] == 'i' {
		return "an " + name
	}
	return "a " + name
}

// name is what a principal is called in a denial; nil is anonymous.
func (p *Principal) name() string {
	switch {
	case p == nil:
		return "anonymous"
	case p.ARN != "":
		return p.ARN
	}
	return p.Name
}

// MaskAccount hides all but the last four digits of the account in an ARN.
func MaskAccount(resource string) string {
	a := splitARN(resource)
	if !a.ok || !isAccount(a.fields[4]) {
		return resource
	}
	masked := "********" + a.fields[4][8:]
	return strings.Join(a.fields[:4], ":") + ":" + masked + ":" + a.rest
}
