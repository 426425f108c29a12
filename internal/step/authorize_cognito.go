package step

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/engine/selection"
	"github.com/stagedoor/stagedoor/internal/limit/memo"
	"github.com/stagedoor/stagedoor/internal/program"
)

var (
	errIssuer   = errors.New("the token is of none of the pools")
	errAudience = errors.New("the token's audience does not match the validation expression")
	errScope    = errors.New("the token has none of the method's scopes")
)

// poolAuthorizer verifies tokens of user pools.
type poolAuthorizer struct {
	*authorizer
	issuers []*jwt.Issuer
	pattern *selection.Pattern // of the audience; nil: any
	use     jwt.Use
	scopes  []string // of the method: the token must have one, if there are any
}

// AuthorizeCognito compiles an authorizer of user pools for a method. With
// scopes it wants access tokens, without them ID tokens.
// parity: spec/security.md 5.
func (s Scope) AuthorizeCognito(a *api.Authorizer, scopes []string, shared *Authorizers) Authorization {
	p, err := s.poolAuthorizer(a, scopes, shared)
	if err != nil {
		return Misconfigured(err.Error())
	}
	names := make([]string, len(p.issuers))
	for i, issuer := range p.issuers {
		names[i] = issuer.Name()
	}
	note := fmt.Sprintf("%s token of %s in field %s", p.use, strings.Join(names, " or "), p.field)
	if len(scopes) > 0 {
		note += " with scope " + strings.Join(scopes, " or ")
	}
	out := Authorization{Ask: program.Step{Name: "authorize", Note: note, Waits: true, Run: p.ask}}
	if p.cached() {
		out.Recall = program.Step{Name: "recall", Note: fmt.Sprintf("a token that was verified, for %v", p.ttl), Run: p.recall}
	}
	return out
}

func (s Scope) poolAuthorizer(a *api.Authorizer, scopes []string, shared *Authorizers) (*poolAuthorizer, error) {
	use := jwt.ID
	if len(scopes) > 0 {
		use = jwt.Access
	}
	common, err := s.newAuthorizer(a, shared, string(use))
	if err != nil {
		return nil, err
	}
	if common.field == "" {
		return nil, fmt.Errorf("authorizer %s: the token comes in one field", a.ID)
	}
	p := &poolAuthorizer{authorizer: common, use: use, scopes: scopes}
	if p.pattern, err = validation(a); err != nil {
		return nil, err
	}
	if shared.pools == nil {
		return nil, fmt.Errorf("authorizer %s: there are no pools here", a.ID)
	}
	for _, arn := range a.ProviderARNs {
		if issuer, ok := shared.pools.Pool(s.fillVariables(arn)); ok {
			p.issuers = append(p.issuers, issuer)
		}
	}
	if len(p.issuers) == 0 {
		return nil, fmt.Errorf("authorizer %s: none of its pools can be told from its ARN", a.ID)
	}
	return p, nil
}

// recall lets in whose token was verified before.
func (p *poolAuthorizer) recall(x *program.Exchange) error {
	token := onlyValue(x, p.field)
	if token == nil {
		return unauthorized(errNoIdentity)
	}
	v := p.known(x, token)
	if v == nil {
		return nil
	}
	x.Skip()
	return p.admit(x, v)
}

// ask verifies the token, which may wait for the pool's keys.
func (p *poolAuthorizer) ask(x *program.Exchange) error {
	token := onlyValue(x, p.field)
	if token == nil {
		return unauthorized(errNoIdentity)
	}
	v, err := p.find(x.Context(), x, func() (memo.Answer[*verdict], error) {
		return p.verify(x.Context(), token)
	})
	if err != nil {
		return refuseAs(program.AuthorizerFailure, err)
	}
	return p.admit(x, v)
}

// verify finds out what a token says. The text is copied: what is kept
// outlives the exchange.
func (p *poolAuthorizer) verify(ctx context.Context, text []byte) (none memo.Answer[*verdict], err error) {
	if len(text) > jwt.MaxToken+len("Bearer ") {
		return none, unauthorized(jwt.ErrInvalid)
	}
	token, err := jwt.Parse(slices.Clone(withoutScheme(text)))
	if err != nil {
		return none, unauthorized(err)
	}
	at := slices.IndexFunc(p.issuers, func(i *jwt.Issuer) bool { return i.Name() == token.Issuer() })
	if at < 0 {
		return none, unauthorized(errIssuer)
	}
	if err := p.issuers[at].Verify(ctx, token, p.use); err != nil {
		return none, tokenRefused(err)
	}
	if p.pattern != nil && !slices.ContainsFunc(token.Audience(), p.matches) {
		return none, unauthorized(errAudience)
	}
	v := &verdict{claims: token.Claims(), scopes: token.Scopes()}
	return memo.Answer[*verdict]{
		Value: v, Size: verdictSize + 2*len(text), For: min(p.ttl, time.Until(token.Expires())), Group: p.group,
	}, nil
}

func (p *poolAuthorizer) matches(audience string) bool {
	ok, err := p.pattern.Match(audience)
	return ok && err == nil
}

// withoutScheme is the token alone.
func withoutScheme(text []byte) []byte {
	const scheme = "bearer "
	if len(text) > len(scheme) && strings.EqualFold(string(text[:len(scheme)]), scheme) {
		return text[len(scheme):]
	}
	return text
}

// tokenRefused is the answer to a token that does not verify.
// parity: spec/security.md 5.5.
func tokenRefused(err error) error {
	switch {
	case errors.Is(err, jwt.ErrUnavailable):
		return misconfigured(err)
	case errors.Is(err, jwt.ErrExpired):
		return &program.Refusal{Type: program.Unauthorized, Message: "The incoming token has expired", Cause: err}
	}
	return unauthorized(err)
}

// admit holds the token to the method's scopes.
func (p *poolAuthorizer) admit(x *program.Exchange, v *verdict) error {
	if len(p.scopes) > 0 && !slices.ContainsFunc(v.scopes, func(s string) bool { return slices.Contains(p.scopes, s) }) {
		return unauthorized(errScope)
	}
	v.caller(x, 0)
	return nil
}
