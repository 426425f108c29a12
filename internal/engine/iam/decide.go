package iam

// Outcome is what is decided about a request.
type Outcome uint8

// The outcomes. The zero one lets nobody pass.
const (
	ImplicitDeny Outcome = iota // nothing allows it
	ExplicitDeny                // something denies it
	Allowed
)

// String is the outcome as the policy simulator names it.
func (o Outcome) String() string {
	switch o {
	case Allowed:
		return "allowed"
	case ExplicitDeny:
		return "explicitDeny"
	default:
		return "implicitDeny"
	}
}

// Source is a kind of policy, by the part that it plays in a decision.
type Source uint8

// The sources of a decision.
const (
	FromIdentity Source = iota
	FromResource
	FromBoundary
	FromSession
	FromControl // service control policies
)

// Policies are all policies that a request is held to. Those that are not
// there ask for nothing.
type Policies struct {
	Identity []*Policy // of the user and its groups, or of the role
	Boundary *Policy
	Session  []*Policy // given when the session began
	Control  []*Policy // of the caller's organization
	Resource *Policy

	// Owner is the account that the resource belongs to. Empty: the caller's.
	Owner string
}

// Decision is what is decided, and why.
type Decision struct {
	Outcome   Outcome
	Source    Source // what decided: what denies, what allows, or what would have had to allow
	Policy    int    // which one of several of that source; -1: none
	Statement int    // of that policy; -1: none
}

// finding is what the policies of one source say together.
type finding struct {
	Verdict
	source Source
	policy int
	given  bool // there are any
}

func find(source Source, r *Request, policies ...*Policy) finding {
	f := finding{Verdict: Verdict{Statement: -1}, source: source, policy: -1}
	for i, p := range policies {
		if p == nil {
			continue
		}
		f.given = true
		if v := p.Evaluate(r); v.Effect > f.Effect {
			f.Verdict, f.policy = v, i
			if v.Effect != Allow && v.Effect != Deny {
				f.policy = -1
			}
		}
	}
	return f
}

func (f *finding) decision(o Outcome) Decision {
	return Decision{Outcome: o, Source: f.source, Policy: f.policy, Statement: f.Statement}
}

// lacks is the decision that nothing of a source allows the request.
func lacks(source Source) Decision {
	return Decision{Outcome: ImplicitDeny, Source: source, Policy: -1, Statement: -1}
}

// Decide decides about a request.
// parity: spec/security.md 2.6 and 2.7; IAM User Guide, "Policy evaluation logic"
func (p *Policies) Decide(r *Request) Decision {
	resource := find(FromResource, r, p.Resource)
	control := find(FromControl, r, p.Control...)
	identity := find(FromIdentity, r, p.Identity...)
	boundary := find(FromBoundary, r, p.Boundary)
	session := find(FromSession, r, p.Session...)
	for _, f := range []*finding{&control, &resource, &identity, &boundary, &session} {
		if f.Effect == Deny {
			return f.decision(ExplicitDeny)
		}
	}
	if r.Principal == nil || r.Principal.Kind == Service || r.Principal.Kind == Federated {
		return alone(&resource)
	}
	own := identity.decision(Allowed)
	switch {
	case r.Principal.Kind == Root:
	case identity.Effect != Allow:
		own = lacks(FromIdentity)
	}
	limit := limits(&control, &boundary, &session)
	if p.Owner != "" && p.Owner != r.Principal.Account {
		return across(&resource, own, limit)
	}
	switch {
	case control.given && control.Effect != Allow:
		return lacks(FromControl)
	case resource.Effect == Allow && resource.reach == directly:
		return resource.decision(Allowed)
	case resource.Effect == Allow && resource.reach > account && own.Outcome != Allowed:
		own = resource.decision(Allowed)
	}
	if own.Outcome == Allowed && limit != nil {
		return lacks(limit.source)
	}
	return own
}

// alone decides about those who have no policies of their own.
func alone(resource *finding) Decision {
	if resource.Effect == Allow && resource.reach > account {
		return resource.decision(Allowed)
	}
	return lacks(FromResource)
}

// limits is the first of the policies that limit others and do not allow; nil
// if there is none.
func limits(all ...*finding) *finding {
	for _, f := range all {
		if f.given && f.Effect != Allow {
			return f
		}
	}
	return nil
}

// across decides about a resource of another account: both sides must allow.
func across(resource *finding, own Decision, limit *finding) Decision {
	switch {
	case own.Outcome != Allowed:
		return own
	case limit != nil:
		return lacks(limit.source)
	case resource.Effect != Allow:
		return lacks(FromResource)
	}
	return resource.decision(Allowed)
}
