package sam

import (
	"strconv"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// assumeRole lets a service take on a role.
func assumeRole(service string) *Value {
	return obj("Version", "2012-10-17", "Statement", list(
		obj("Action", texts("sts:AssumeRole"), "Effect", "Allow", "Principal", obj("Service", texts(service)))))
}

// allow is a named inline policy of one statement.
func allow(name, action string, resource *Value) *Value {
	return obj("PolicyName", name, "PolicyDocument", obj("Statement", list(
		obj("Action", action, "Effect", "Allow", "Resource", resource.Clone()))))
}

// awsPolicy is the ARN of a policy of AWS's own.
func (t *transformer) awsPolicy(name string) string {
	return "arn:" + t.in.Partition + ":iam::aws:policy/" + name
}

// tracePolicy is the policy that sends traces.
func (t *transformer) tracePolicy() string {
	if t.in.Partition == "aws" {
		return "AWSXrayWriteOnlyAccess"
	}
	return "AWSXRayDaemonWriteAccess"
}

// roleSpec is what the role of a resource is made of.
type roleSpec struct {
	assume    *Value
	managed   []string // policies of AWS's own
	documents *Value   // inline policies
	policies  *Value   // the property Policies
	path      *Value
	boundary  *Value
	tags      *Value
}

// newRole makes a role for the resource; it is not added yet.
func (j *job) newRole(s roleSpec) *made {
	role := newMade(j.id+"Role", "AWS::IAM::Role", j.pass)
	managed := list()
	for _, name := range s.managed {
		managed.Append(text(j.awsPolicy(name)))
	}
	documents := s.documents
	if documents == nil {
		documents = list()
	}
	for i, p := range asList(given(s.policies)).Items() {
		name := role.id + "Policy" + strconv.Itoa(i)
		named := func(v *Value) *Value { return obj("PolicyName", name, "PolicyDocument", v) }
		switch kind := j.policyKind(p); kind {
		case policyDocument:
			documents.Append(inBranches(p, func(v *Value) bool { return !isNoValue(v) }, named))
		case managedPolicy:
			appendNew(managed, inBranches(p, func(v *Value) bool { return v.Is(doc.String) }, j.policyARN))
		default:
			j.fail(p, "Policy at index %d in the 'Policies' property is not valid", i)
		}
	}
	role.setAll("AssumeRolePolicyDocument", s.assume, "ManagedPolicyArns", managed)
	if documents.Len() > 0 {
		role.set("Policies", documents)
	}
	return role.set("Path", s.path).set("PermissionsBoundary", s.boundary).set("Tags", s.tags)
}

// inBranches replaces a value, or both branches of a Fn::If, where that fits.
func inBranches(v *Value, fits func(*Value) bool, f func(*Value) *Value) *Value {
	cond, then, otherwise, ok := ifItems(v)
	if !ok {
		if fits(v) {
			return f(v)
		}
		return v
	}
	if fits(then) {
		then = f(then)
	}
	if fits(otherwise) {
		otherwise = f(otherwise)
	}
	return when(cond, then, otherwise)
}

// policyARN is the ARN of a managed policy given by name or ARN.
func (j *job) policyARN(v *Value) *Value {
	name := v.Text()
	if path, ok := managedPolicyPath(name); ok {
		return text(j.awsPolicy(path))
	}
	return v
}

// policyType is what an item of Policies is.
type policyType uint8

const (
	unknownPolicy policyType = iota
	managedPolicy
	policyDocument
	policyTemplate
)

func (j *job) policyKind(p *Value) policyType {
	_, then, otherwise, isCondition := ifItems(p)
	name, _ := p.Single()
	switch {
	case p.Is(doc.String):
		return managedPolicy
	case isIf(p) && !isCondition:
		j.failed = true
		j.invalid(p, "Fn::If requires 3 arguments")
		return managedPolicy
	case isIf(p):
		a, b := j.policyKind(then), j.policyKind(otherwise)
		switch {
		case a == b, isNoValue(otherwise):
			return a
		case isNoValue(then):
			return b
		}
		j.failed = true
		j.invalid(p, "Different policy types within the same Fn::If statement is unsupported. Separate different policy types into different Fn::If statements")
		return managedPolicy
	case isIntrinsic(p):
		return managedPolicy
	case p.Has("Statement"):
		return policyDocument
	case j.template(name) != nil:
		return policyTemplate
	}
	return unknownPolicy
}
