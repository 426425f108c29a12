package sts

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
)

// Sessions gives out temporary credentials.
type Sessions interface {
	Assume(ctx context.Context, w *identity.Wish) (identity.Credentials, error)
	OfUser(ctx context.Context, w *identity.Wish) (identity.Credentials, error)
	Federate(ctx context.Context, w *identity.Wish) (identity.Credentials, error)
	AssumeWeb(ctx context.Context, w *identity.Wish, who *identity.Web) (c identity.Credentials, audience, provider string, err error)
	Issues(issuer string) bool
}

func (s *Service) sessionHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"AssumeRole":         wire.Op(s.AssumeRole),
		"GetSessionToken":    wire.Op(s.GetSessionToken),
		"GetFederationToken": wire.Op(s.GetFederationToken),
	}
}

// AssumeRole begins a session of a role. Where calls are not signed, everybody
// may assume every role.
func (s *Service) AssumeRole(ctx context.Context, in *sts.AssumeRoleInput) (*sts.AssumeRoleResponse, error) {
	w, err := s.wish(ctx, in.RoleSessionName, in.DurationSeconds, in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	w.Role, w.SourceIdentity, w.ExternalID = in.RoleArn, text(in.SourceIdentity), text(in.ExternalId)
	c, err := s.cfg.Sessions.Assume(ctx, w)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRoleResponse{
		Credentials: wireCredentials(c), AssumedRoleUser: &sts.AssumedRoleUser{AssumedRoleId: c.ID, Arn: c.ARN},
		PackedPolicySize: packed(w), SourceIdentity: in.SourceIdentity,
	}, nil
}

// GetSessionToken begins a session of the user who calls.
func (s *Service) GetSessionToken(ctx context.Context, in *sts.GetSessionTokenInput) (*sts.GetSessionTokenResponse, error) {
	w, err := s.wish(ctx, "", in.DurationSeconds, nil, nil, nil)
	if err != nil {
		return nil, err
	}
	if in.SerialNumber != nil || in.TokenCode != nil {
		return nil, fault.Denied.Typed("AccessDenied", "MultiFactorAuthentication failed, there are no MFA devices here.")
	}
	c, err := s.cfg.Sessions.OfUser(ctx, w)
	if err != nil {
		return nil, err
	}
	return &sts.GetSessionTokenResponse{Credentials: wireCredentials(c)}, nil
}

// GetFederationToken begins a session of somebody whom the user who calls
// vouches for.
func (s *Service) GetFederationToken(ctx context.Context, in *sts.GetFederationTokenInput) (*sts.GetFederationTokenResponse, error) {
	w, err := s.wish(ctx, in.Name, in.DurationSeconds, in.Policy, in.PolicyArns, in.Tags)
	if err != nil {
		return nil, err
	}
	c, err := s.cfg.Sessions.Federate(ctx, w)
	if err != nil {
		return nil, err
	}
	return &sts.GetFederationTokenResponse{
		Credentials: wireCredentials(c), FederatedUser: &sts.FederatedUser{FederatedUserId: c.ID, Arn: c.ARN}, PackedPolicySize: packed(w),
	}, nil
}

// wish is what all three ask for.
func (s *Service) wish(ctx context.Context, name string, seconds *int32, policy *string, arns []sts.PolicyDescriptorType, tags []sts.Tag) (*identity.Wish, error) {
	origin := control.OriginOf(ctx)
	w := &identity.Wish{By: origin.Caller.Signed, Name: name, Tags: map[string]string{}}
	w.Circumstance = func(key string) (iam.Attribute, bool) {
		if key == "aws:sourceip" && origin.SourceIP != "" {
			return iam.Attribute{Key: key, Value: origin.SourceIP}, true
		}
		value, ok := identity.Circumstances(key, s.cfg.Now(), origin.Region, s.cfg.Account)
		return iam.Attribute{Key: key, Value: value}, ok
	}
	if seconds != nil {
		w.Seconds = *seconds
	}
	if policy != nil {
		w.Policies = []string{*policy}
	}
	for _, p := range arns {
		w.PolicyARNs = append(w.PolicyARNs, text(p.Arn))
	}
	for _, tag := range tags {
		if _, twice := w.Tags[tag.Key]; twice {
			return nil, fault.BadRequest.Typed("InvalidParameterValue", "Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		w.Tags[tag.Key] = tag.Value
	}
	return w, nil
}

func packed(w *identity.Wish) *int32 {
	n := w.PackedSize()
	if n == 0 {
		return nil
	}
	return &n
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func wireCredentials(c identity.Credentials) *sts.Credentials {
	return &sts.Credentials{AccessKeyId: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken, Expiration: c.Expires}
}
