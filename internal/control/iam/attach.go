package iam

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// maxAttached is how many managed policies an identity has.
//
// parity: IAM User Guide, "IAM and AWS STS quotas" (the most that can be asked for)
const maxAttached = 20

// mark notes that an identity uses a managed policy.
func (k kind[T]) mark(tx store.Tx, id *api.Identity, arn string, boundary bool) error {
	use := api.PolicyUse{Kind: k.noun, Name: id.Name, ID: id.ID, Path: id.Path}
	return store.Put(tx, api.PolicyUseKey(arn, boundary, k.key(id.Name)), use)
}

// attach attaches a managed policy to an identity. Doing it again is no error.
func (k kind[T]) attach(ctx context.Context, s *Service, name, arn string) error {
	return k.edit(ctx, s, name, func(tx store.Tx, v *T) error {
		if err := s.attachable(tx, arn); err != nil {
			return err
		}
		id := k.identity(v)
		if slices.Contains(id.Attached, arn) {
			return nil
		}
		if len(id.Attached) == maxAttached {
			return tooMany("Cannot exceed quota for PoliciesPer%s: %d", k.title, maxAttached)
		}
		id.Attached = append(id.Attached, arn)
		return k.mark(tx, id, arn, false)
	})
}

// detach takes a managed policy off an identity.
func (k kind[T]) detach(ctx context.Context, s *Service, name, arn string) error {
	return k.edit(ctx, s, name, func(tx store.Tx, v *T) error {
		id := k.identity(v)
		i := slices.Index(id.Attached, arn)
		if i < 0 {
			return missing("Policy %s was not found.", arn)
		}
		id.Attached = slices.Delete(id.Attached, i, i+1)
		return tx.Delete(api.PolicyUseKey(arn, false, k.key(id.Name)))
	})
}

// listAttached lists an identity's managed policies under a path, in the order
// in which they were attached.
func (k kind[T]) listAttached(ctx context.Context, s *Service, name string, prefix, marker *string, size *int32) ([]iam.AttachedPolicy, slip, error) {
	v, err := k.read(ctx, s, name)
	if err != nil {
		return nil, slip{}, err
	}
	list := []iam.AttachedPolicy{}
	for _, arn := range k.identity(&v).Attached {
		_, name, at, err := s.takeApart(arn)
		if err == nil && under(at, prefix) {
			list = append(list, iam.AttachedPolicy{PolicyName: &name, PolicyArn: &arn})
		}
	}
	return part(list, marker, size)
}

// AttachRolePolicy attaches a managed policy to a role.
func (s *Service) AttachRolePolicy(ctx context.Context, in *iam.AttachRolePolicyInput) (*iam.AttachRolePolicyOutput, error) {
	return &iam.AttachRolePolicyOutput{}, roles().attach(ctx, s, in.RoleName, in.PolicyArn)
}

// DetachRolePolicy takes a managed policy off a role.
func (s *Service) DetachRolePolicy(ctx context.Context, in *iam.DetachRolePolicyInput) (*iam.DetachRolePolicyOutput, error) {
	return &iam.DetachRolePolicyOutput{}, roles().detach(ctx, s, in.RoleName, in.PolicyArn)
}

// ListAttachedRolePolicies lists a role's managed policies.
func (s *Service) ListAttachedRolePolicies(ctx context.Context, in *iam.ListAttachedRolePoliciesInput) (*iam.ListAttachedRolePoliciesResponse, error) {
	list, end, err := roles().listAttached(ctx, s, in.RoleName, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedRolePoliciesResponse{AttachedPolicies: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

// AttachUserPolicy attaches a managed policy to a user.
func (s *Service) AttachUserPolicy(ctx context.Context, in *iam.AttachUserPolicyInput) (*iam.AttachUserPolicyOutput, error) {
	return &iam.AttachUserPolicyOutput{}, users().attach(ctx, s, in.UserName, in.PolicyArn)
}

// DetachUserPolicy takes a managed policy off a user.
func (s *Service) DetachUserPolicy(ctx context.Context, in *iam.DetachUserPolicyInput) (*iam.DetachUserPolicyOutput, error) {
	return &iam.DetachUserPolicyOutput{}, users().detach(ctx, s, in.UserName, in.PolicyArn)
}

// ListAttachedUserPolicies lists a user's managed policies.
func (s *Service) ListAttachedUserPolicies(ctx context.Context, in *iam.ListAttachedUserPoliciesInput) (*iam.ListAttachedUserPoliciesResponse, error) {
	list, end, err := users().listAttached(ctx, s, in.UserName, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedUserPoliciesResponse{AttachedPolicies: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

// AttachGroupPolicy attaches a managed policy to a group.
func (s *Service) AttachGroupPolicy(ctx context.Context, in *iam.AttachGroupPolicyInput) (*iam.AttachGroupPolicyOutput, error) {
	return &iam.AttachGroupPolicyOutput{}, groups().attach(ctx, s, in.GroupName, in.PolicyArn)
}

// DetachGroupPolicy takes a managed policy off a group.
func (s *Service) DetachGroupPolicy(ctx context.Context, in *iam.DetachGroupPolicyInput) (*iam.DetachGroupPolicyOutput, error) {
	return &iam.DetachGroupPolicyOutput{}, groups().detach(ctx, s, in.GroupName, in.PolicyArn)
}

// ListAttachedGroupPolicies lists a group's managed policies.
func (s *Service) ListAttachedGroupPolicies(ctx context.Context, in *iam.ListAttachedGroupPoliciesInput) (*iam.ListAttachedGroupPoliciesResponse, error) {
	list, end, err := groups().listAttached(ctx, s, in.GroupName, in.PathPrefix, in.Marker, in.MaxItems)
	return &iam.ListAttachedGroupPoliciesResponse{AttachedPolicies: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

// ListEntitiesForPolicy lists who uses a managed policy.
func (s *Service) ListEntitiesForPolicy(ctx context.Context, in *iam.ListEntitiesForPolicyInput) (*iam.ListEntitiesForPolicyResponse, error) {
	after, err := cursor(in.Marker)
	if err != nil {
		return nil, err
	}
	var uses []api.PolicyUse
	var end slip
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		if err := s.known(tx, in.PolicyArn); err != nil {
			return err
		}
		uses, end, err = page(usesOf(tx, in, after), in.MaxItems)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListEntitiesForPolicyResponse{
		PolicyGroups: []iam.PolicyGroup{}, PolicyUsers: []iam.PolicyUser{}, PolicyRoles: []iam.PolicyRole{},
		IsTruncated: end.truncated, Marker: end.marker,
	}
	for _, u := range uses {
		switch u.Kind {
		case "role":
			out.PolicyRoles = append(out.PolicyRoles, iam.PolicyRole{RoleName: &u.Name, RoleId: &u.ID})
		case "user":
			out.PolicyUsers = append(out.PolicyUsers, iam.PolicyUser{UserName: &u.Name, UserId: &u.ID})
		default:
			out.PolicyGroups = append(out.PolicyGroups, iam.PolicyGroup{GroupName: &u.Name, GroupId: &u.ID})
		}
	}
	return out, nil
}

// usesOf lists the uses that were asked for: those as a policy, then those as a
// boundary, whose keys come later.
func usesOf(tx store.Tx, in *iam.ListEntitiesForPolicyInput, after string) iter.Seq2[place[api.PolicyUse], error] {
	return func(yield func(place[api.PolicyUse], error) bool) {
		for _, boundary := range []bool{false, true} {
			if in.PolicyUsageFilter != nil && (*in.PolicyUsageFilter == "PermissionsBoundary") != boundary {
				continue
			}
			key := func(u api.PolicyUse) string {
				return api.PolicyUseKey(in.PolicyArn, boundary, identityKey(u))
			}
			keep := func(u api.PolicyUse) bool {
				return under(u.Path, in.PathPrefix) && (in.EntityFilter == nil || strings.EqualFold(*in.EntityFilter, u.Kind))
			}
			for p, err := range documents(tx, api.PolicyUses(in.PolicyArn, boundary), after, key, keep) {
				if !yield(p, err) {
					return
				}
			}
		}
	}
}

// identityKey is the key of who uses a policy.
func identityKey(u api.PolicyUse) string {
	switch u.Kind {
	case "role":
		return api.RoleKey(u.Name)
	case "user":
		return api.UserKey(u.Name)
	default:
		return api.GroupKey(u.Name)
	}
}
