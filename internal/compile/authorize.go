package compile

import (
	"fmt"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/step"
)

// Kinds of authorization that a method may ask for.
const (
	authorizeCustom = "CUSTOM"
	authorizePools  = "COGNITO_USER_POOLS"
	authorizeIAM    = "AWS_IAM"
)

// authorizes says whether there are steps for the authorization that a method
// asks for.
func (c *compiler) authorizes(m *api.Method) bool {
	switch m.AuthorizationType {
	case "", "NONE":
		return true
	case authorizeCustom, authorizePools:
		return c.env.Authorizers != nil
	case authorizeIAM:
		return c.env.Signatures != nil
	}
	return false
}

// authorize finds out who is calling. What it cannot do, protect has refused.
func (p *pipeline) authorize() step.Authorization {
	m := p.method
	if m.AuthorizationType == authorizeIAM && p.env.Signatures != nil {
		return p.scope.AuthorizeIAM(p.env.Signatures)
	}
	if m.AuthorizationType != authorizeCustom && m.AuthorizationType != authorizePools || p.env.Authorizers == nil {
		return step.Authorization{}
	}
	a := p.authorizer()
	switch {
	case a == nil:
		return step.Misconfigured("the method's authorizer is not there")
	case (a.Type == authorizePools) != (m.AuthorizationType == authorizePools):
		return step.Misconfigured("an authorizer of type " + a.Type + " is not for " + m.AuthorizationType)
	case a.Type == authorizePools:
		return p.scope.AuthorizeCognito(a, m.AuthorizationScopes, p.env.Authorizers)
	}
	return p.scope.AuthorizeLambda(a, p.env.Functions, p.env.Authorizers)
}

// authorizer is the method's authorizer as it was deployed, nil if there is none.
func (p *pipeline) authorizer() *api.Authorizer {
	if p.method.AuthorizerID == nil {
		return nil
	}
	for i := range p.snap.Authorizers {
		if p.snap.Authorizers[i].ID == *p.method.AuthorizerID {
			return &p.snap.Authorizers[i]
		}
	}
	return nil
}

// resourcePolicy is the API's resource policy, compiled. A private API without
// one lets nobody in.
// parity: spec/security.md 3.1.
func (c *compiler) resourcePolicy() (*iam.Policy, error) {
	text := c.snap.API.Policy
	if text == nil || *text == "" {
		if c.snap.API.EndpointType == "PRIVATE" {
			return &iam.Policy{}, nil
		}
		return nil, nil //nolint:nilnil // no policy and no error
	}
	p, err := iam.Parse([]byte(*text), iam.Resource)
	if err != nil {
		return nil, fmt.Errorf("resource policy: %w", err)
	}
	return p, nil
}

// door asks the policy of the VPC endpoint, which private APIs come in by.
func (p *pipeline) door() program.Step {
	if p.snap.API.EndpointType != "PRIVATE" || p.env.Signatures == nil {
		return program.Step{}
	}
	return p.scope.EndpointPolicy(p.env.Signatures)
}

// protectBefore asks the resource policy before an authorizer is asked.
// parity: spec/security.md 2.8.
func (p *pipeline) protectBefore() program.Step {
	switch p.method.AuthorizationType {
	case authorizeCustom:
		return p.scope.ResourcePolicyDenies()
	case authorizeIAM, authorizePools:
		return program.Step{}
	}
	return p.scope.ResourcePolicy()
}

// protectAfter asks it when the caller's token was read.
func (p *pipeline) protectAfter() program.Step {
	if p.method.AuthorizationType != authorizePools {
		return program.Step{}
	}
	return p.scope.ResourcePolicy()
}
