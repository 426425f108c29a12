package sts

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
)

// AssumeRoleWithWebIdentity begins a session of a role for whom an OpenID
// Connect provider vouches. The call carries no signature: the token is what
// counts.
func (s *Service) AssumeRoleWithWebIdentity(ctx context.Context, in *sts.AssumeRoleWithWebIdentityInput) (*sts.AssumeRoleWithWebIdentityResponse, error) {
	if in.ProviderId != nil {
		return nil, fault.BadRequest.Typed("ValidationError", "ProviderId is of OAuth 2.0 access tokens, which are not taken here.")
	}
	w, err := s.wish(ctx, in.RoleSessionName, in.DurationSeconds, in.Policy, in.PolicyArns, nil)
	if err != nil {
		return nil, err
	}
	w.Role = in.RoleArn
	who, err := s.web(ctx, in.WebIdentityToken)
	if err != nil {
		return nil, err
	}
	c, audience, provider, err := s.cfg.Sessions.AssumeWeb(ctx, w, who)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleWithWebIdentityResponse{
		Credentials: wireCredentials(c), AssumedRoleUser: &sts.AssumedRoleUser{AssumedRoleId: c.ID, Arn: c.ARN}, PackedPolicySize: packed(w),
		SubjectFromWebIdentityToken: &who.Subject, Audience: &audience, Provider: &provider,
	}, nil
}

// web is who a token tells of, once it is verified. Only issuers that an
// administrator has named are asked for keys.
func (s *Service) web(ctx context.Context, text string) (*identity.Web, error) {
	refuse := func(kind, message string) error {
		return &fault.Error{Kind: fault.BadRequest, Type: kind, Status: 400, Message: message}
	}
	token, err := jwt.Parse([]byte(text))
	if err != nil {
		return nil, refuse("InvalidIdentityToken", "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)")
	}
	if !s.cfg.Sessions.Issues(token.Issuer()) {
		return nil, refuse("InvalidIdentityToken", "No OpenIDConnect provider found in your account for "+token.Issuer())
	}
	err = s.cfg.Issuer(token.Issuer()).Verify(ctx, token, jwt.ID)
	switch {
	case errors.Is(err, jwt.ErrUnavailable):
		return nil, refuse("IDPCommunicationError", "Couldn't retrieve verification key from your identity provider,  please reference AssumeRoleWithWebIdentity documentation for requirements")
	case errors.Is(err, jwt.ErrExpired):
		return nil, refuse("ExpiredTokenException", fmt.Sprintf("Token expired: current date/time %d must be before the expiration date/time %d", s.cfg.Now().Unix(), token.Expires().Unix()))
	case err != nil:
		return nil, refuse("InvalidIdentityToken", "The web identity token that was passed could not be validated by the identity provider.")
	}
	who := &identity.Web{Issuer: token.Issuer(), Audience: token.Audience(), Subject: token.Text("sub")}
	if amr := token.Claims()["amr"]; amr != "" {
		who.Methods = strings.Split(amr, ",")
	}
	if who.Subject == "" {
		return nil, refuse("InvalidIdentityToken", "Missing a required claim: sub")
	}
	return who, nil
}
