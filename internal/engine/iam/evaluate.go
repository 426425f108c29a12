package iam

// Effect is what one policy says of a request.
type Effect uint8

// The effects of a policy. The zero one is that of no policy at all.
const (
	NoPolicy Effect = iota
	Silent          // nothing: neither allowed nor denied
	Allow
	Deny
)

// Verdict is what one policy says of a request, and where.
type Verdict struct {
	Effect    Effect
	Statement int // index of the statement that says so; -1 if Silent or NoPolicy

	reach reach // of an Allow: how it names the principal
}

// Evaluate holds a request to the policy. A nil policy is none.
func (p *Policy) Evaluate(r *Request) Verdict {
	if p == nil {
		return Verdict{Statement: -1}
	}
	parts := splitARN(r.Resource)
	for i := range p.deny {
		if st := &p.deny[i]; st.applies(r.Principal, true) != nobody && st.covers(&parts, r) {
			return Verdict{Effect: Deny, Statement: st.index}
		}
	}
	v := Verdict{Effect: Silent, Statement: -1}
	for i := range p.allow {
		st := &p.allow[i]
		if reach := st.applies(r.Principal, false); reach > v.reach && st.covers(&parts, r) {
			v = Verdict{Effect: Allow, Statement: st.index, reach: reach}
		}
	}
	return v
}

// covers reports whether a statement speaks of the action and the resource,
// and its conditions hold.
func (st *statement) covers(resource *arnParts, r *Request) bool {
	if !st.coversAction(r.Action) || !st.coversResource(resource, r) {
		return false
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(r) {
			return false
		}
	}
	return true
}

func (st *statement) coversAction(action string) bool {
	for i := range st.actions {
		if st.actions[i].matchFold(action) {
			return !st.notAction
		}
	}
	return st.notAction
}

func (st *statement) coversResource(resource *arnParts, r *Request) bool {
	if st.resources == nil {
		return true
	}
	for i := range st.resources {
		if st.resources[i].match(resource, r) {
			return !st.notRes
		}
	}
	return st.notRes
}
