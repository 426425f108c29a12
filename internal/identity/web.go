package identity

import (
	"context"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/fault"
)

// Web is somebody whom an OpenID Connect provider vouches for. Whoever makes one
// has verified the token that says so.
type Web struct {
	Issuer   string   // iss
	Audience []string // aud
	Subject  string   // sub
	Methods  []string // amr
}

// Issues says whether tokens of an issuer are taken for credentials.
func (b *Book) Issues(issuer string) bool {
	_, ok := b.issuer(issuer)
	return ok
}

func (b *Book) issuer(url string) (api.OIDCProvider, bool) {
	_, name, _ := strings.Cut(url, "://")
	b.mu.RLock()
	defer b.mu.RUnlock()
	p, ok := b.issuers[api.OIDCProviderKey(name)]
	return p, ok && p.URL == url
}

// AssumeWeb begins a session of a role that trusts a provider and whom it
// vouches for. Of the wish, By does not count.
// parity: AWS STS API Reference, "AssumeRoleWithWebIdentity"
func (s *Sessions) AssumeWeb(ctx context.Context, w *Wish, who *Web) (c Credentials, audience, provider string, err error) {
	p, ok := s.book.issuer(who.Issuer)
	if !ok {
		return c, "", "", invalidToken("No OpenIDConnect provider found in your account for " + who.Issuer)
	}
	at := slices.IndexFunc(who.Audience, func(aud string) bool { return slices.Contains(p.ClientIDs, aud) })
	if at < 0 {
		return c, "", "", invalidToken("Incorrect token audience")
	}
	audience = who.Audience[at]
	provider = "arn:" + s.book.cfg.Partition + ":iam::" + s.book.cfg.Account + ":oidc-provider/" + p.Name()
	s.book.mu.RLock()
	role := s.book.roleByARN(w.Role)
	s.book.mu.RUnlock()
	if role == nil || !trustsWeb(role, w, who, &p, provider, audience) {
		return c, "", "", &fault.Error{Kind: fault.Denied, Type: "AccessDenied", Status: 403, Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"}
	}
	seconds := w.Seconds
	if seconds == 0 {
		seconds = min(roleDefault, role.maxSession)
	}
	if seconds > role.maxSession {
		return c, "", "", fault.BadRequest.Typed("ValidationError", "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
	}
	c, err = s.begin(ctx, w, api.Session{Kind: KindRole, Holder: role.Name, HolderID: role.ID, Name: w.Name}, seconds)
	return c, audience, provider, err
}

// trustsWeb asks the role. A trust policy that names a provider without asking
// who of its users comes trusts them all, as on AWS.
func trustsWeb(role *entity, w *Wish, who *Web, p *api.OIDCProvider, provider, audience string) bool {
	r := iam.Request{
		Action: "sts:AssumeRoleWithWebIdentity", Resource: w.Role, Principal: &iam.Principal{Kind: iam.Federated, Name: provider},
	}
	name := strings.ToLower(p.Name())
	for _, key := range role.trust.Keys() {
		claim, own := strings.CutPrefix(key, name+":")
		a := iam.Attribute{Key: key}
		switch {
		case own && claim == "aud":
			a.Value = audience
		case own && claim == "sub":
			a.Value = who.Subject
		case own && claim == "amr" && len(who.Methods) > 0:
			a.Values = who.Methods
		case key == "aws:federatedprovider":
			a.Value = provider
		default:
			var ok bool
			if a, ok = w.circumstance(key); !ok || strings.HasPrefix(key, "aws:principal") {
				continue
			}
		}
		r.Attributes = append(r.Attributes, a)
	}
	policies := iam.Policies{Resource: role.trust}
	return policies.Decide(&r).Outcome == iam.Allowed
}

func invalidToken(message string) error {
	return &fault.Error{Kind: fault.BadRequest, Type: "InvalidIdentityToken", Status: 400, Message: message}
}
