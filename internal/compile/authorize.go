package compile

import (
	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/step"
)

// Kinds of authorization that a method may ask for.
const (
	authorizeCustom = "CUSTOM"
	authorizePools  = "COGNITO_USER_POOLS"
)

// authorizes says whether there are steps for the authorization that a method
// asks for.
func (c *compiler) authorizes(m *api.Method) bool {
	switch m.AuthorizationType {
	case "", "NONE":
		return true
	case authorizeCustom, authorizePools:
		return c.env.Authorizers != nil
	}
	return false
}

// authorize finds out who is calling. What it cannot do, protect has refused.
func (p *pipeline) authorize() step.Authorization {
	m := p.method
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
