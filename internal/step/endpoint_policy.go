package step

import (
	"bytes"
	"unsafe"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/engine/sigv4"
	signer "github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/program"
)

// EndpointPolicy holds requests to the policy of the VPC endpoint that they came
// in by, before all else. What is signed counts for who signed it, and what is
// signed wrong is refused; any other Authorization, as a bearer token, is that
// of somebody anonymous.
// parity: spec/security.md 3.4, the newer page.
func (s Scope) EndpointPolicy(from *Signatures) program.Step {
	want := sigv4.Expect{Region: s.Region, Service: "execute-api"}
	prefix := s.methodPrefix()
	run := func(x *program.Exchange) error {
		if x.Door == nil || x.Door.Policy == nil {
			return nil
		}
		var who *signer.Identity
		if claimsSignature(x) {
			var err error
			if who, err = from.read(x, &want); err != nil {
				return notSigned(err)
			}
		}
		return throughDoor(x, who, methodARN(x, prefix))
	}
	return program.Step{
		Name: "endpoint policy", Note: "of the VPC endpoint, if it has one", Run: run,
		Waits: true, Quick: func(x *program.Exchange) bool { return len(x.Body) < manyBytes },
	}
}

// throughDoor is nil if the policy of the endpoint lets a caller invoke the
// method of an ARN.
func throughDoor(x *program.Exchange, who *signer.Identity, arn []byte) error {
	r := iam.Request{
		Action:   invokeAction,
		Resource: unsafe.String(unsafe.SliceData(arn), len(arn)), //nolint:gosec // in the exchange's memory, which the decision does not outlive
	}
	if who != nil {
		r.Principal = &who.Principal
	}
	for _, key := range x.Door.Policy.Keys() {
		value, ok := who.Attribute(key)
		if !ok {
			value = circumstance(x, key)
		}
		if value != "" {
			r.Attributes = append(r.Attributes, iam.Attribute{Key: key, Value: value})
		}
	}
	switch x.Door.Policy.Evaluate(&r).Effect {
	case iam.Allow:
		return nil
	case iam.Deny:
		return refusedBy(iam.ExplicitDeny, &r)
	default:
		return refusedBy(iam.ImplicitDeny, &r)
	}
}

// claimsSignature says whether a request means to be signed.
func claimsSignature(x *program.Exchange) bool {
	return bytes.HasPrefix(x.Header("authorization"), []byte("AWS4-")) || bytes.Contains(x.Request.Query, []byte("X-Amz-Credential="))
}
