package step

import (
	"unsafe"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/program"
)

// invokeAction is what calling a method is.
const invokeAction = "execute-api:Invoke"

// evaluate is what a policy says of calling a method, whoever calls. arn is in
// the exchange's memory.
func evaluate(x *program.Exchange, p *iam.Policy, arn []byte) (iam.Effect, iam.Request) {
	r := iam.Request{
		Action:   invokeAction,
		Resource: unsafe.String(unsafe.SliceData(arn), len(arn)), //nolint:gosec // in the exchange's memory, which the decision does not outlive
	}
	if p == nil {
		return iam.NoPolicy, r
	}
	for _, key := range p.Keys() {
		if value := circumstance(x, key); value != "" {
			r.Attributes = append(r.Attributes, iam.Attribute{Key: key, Value: value})
		}
	}
	return p.Evaluate(&r).Effect, r
}

// ResourcePolicy holds callers who have signed nothing to the API's resource
// policy, which alone must allow them. It comes after the step that reads the
// tokens of user pools, if there is one.
// parity: spec/security.md 2.8; without a policy there is nothing to do.
func (s Scope) ResourcePolicy() program.Step {
	if s.Policy == nil {
		return program.Step{}
	}
	prefix := s.methodPrefix()
	return program.Step{Name: "resource policy", Note: "must allow anonymous callers", Run: func(x *program.Exchange) error {
		effect, r := evaluate(x, s.Policy, methodARN(x, prefix))
		return refusedBy(iam.Alone(effect), &r)
	}}
}

// ResourcePolicyDenies turns away whom the API's resource policy denies, before
// an authorizer is asked.
// parity: spec/security.md 2.8, CUSTOM, phase 1.
func (s Scope) ResourcePolicyDenies() program.Step {
	if s.Policy == nil {
		return program.Step{}
	}
	prefix := s.methodPrefix()
	return program.Step{Name: "resource policy", Note: "must not deny; counts with the authorizer's", Run: func(x *program.Exchange) error {
		effect, r := evaluate(x, s.Policy, methodARN(x, prefix))
		if effect != iam.Deny {
			return nil
		}
		return refusedBy(iam.ExplicitDeny, &r)
	}}
}

// refusedBy is the answer to anonymous callers whom a resource policy does not
// let pass; nil for the others.
// parity: spec/security.md 2.9.
func refusedBy(o iam.Outcome, r *iam.Request) error {
	if o == iam.Allowed {
		return nil
	}
	d := iam.Decision{Outcome: o, Source: iam.FromResource}
	return &program.Refusal{Type: program.AccessDenied, Message: d.Denial(r, iam.Brief)}
}

// methodPrefix is the ARN of the stage's methods, up to the verb.
func (s Scope) methodPrefix() []byte {
	return []byte("arn:aws:execute-api:" + s.Region + ":" + s.Account + ":" + s.APIID + "/" + s.Stage + "/")
}
