package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	engine "github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// putInline writes a policy into an identity.
func (k kind[T]) putInline(ctx context.Context, s *Service, name, policy, document string) error {
	if err := checkIdentity(document); err != nil {
		return err
	}
	return k.edit(ctx, s, name, func(_ store.Tx, v *T) error {
		id := k.identity(v)
		if id.Inline == nil {
			id.Inline = map[string]string{}
		}
		id.Inline[policy] = document
		size := 0
		for _, d := range id.Inline {
			size += engine.Size(d)
		}
		if size > k.inline {
			return tooMany("Maximum policy size of %d bytes exceeded for %s %s", k.inline, k.noun, id.Name)
		}
		return nil
	})
}

// getInline reads a policy of an identity.
func (k kind[T]) getInline(ctx context.Context, s *Service, name, policy string) (document string, err error) {
	v, err := k.read(ctx, s, name)
	if err != nil {
		return "", err
	}
	document, ok := k.identity(&v).Inline[policy]
	if !ok {
		return "", missing("The %s policy with name %s cannot be found.", k.noun, policy)
	}
	return *encoded(document), nil
}

// deleteInline deletes a policy of an identity.
func (k kind[T]) deleteInline(ctx context.Context, s *Service, name, policy string) error {
	return k.edit(ctx, s, name, func(_ store.Tx, v *T) error {
		id := k.identity(v)
		if _, ok := id.Inline[policy]; !ok {
			return missing("The %s policy with name %s cannot be found.", k.noun, policy)
		}
		delete(id.Inline, policy)
		return nil
	})
}

// listInline lists the names of an identity's policies.
func (k kind[T]) listInline(ctx context.Context, s *Service, name string, marker *string, size *int32) ([]string, slip, error) {
	v, err := k.read(ctx, s, name)
	if err != nil {
		return nil, slip{}, err
	}
	names := slices.SortedFunc(maps.Keys(k.identity(&v).Inline), strings.Compare)
	return part(append([]string{}, names...), marker, size)
}

// PutRolePolicy writes a policy into a role.
func (s *Service) PutRolePolicy(ctx context.Context, in *iam.PutRolePolicyInput) (*iam.PutRolePolicyOutput, error) {
	return &iam.PutRolePolicyOutput{}, roles().putInline(ctx, s, in.RoleName, in.PolicyName, in.PolicyDocument)
}

// GetRolePolicy reads a policy of a role.
func (s *Service) GetRolePolicy(ctx context.Context, in *iam.GetRolePolicyInput) (*iam.GetRolePolicyResponse, error) {
	document, err := roles().getInline(ctx, s, in.RoleName, in.PolicyName)
	return &iam.GetRolePolicyResponse{RoleName: in.RoleName, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// DeleteRolePolicy deletes a policy of a role.
func (s *Service) DeleteRolePolicy(ctx context.Context, in *iam.DeleteRolePolicyInput) (*iam.DeleteRolePolicyOutput, error) {
	return &iam.DeleteRolePolicyOutput{}, roles().deleteInline(ctx, s, in.RoleName, in.PolicyName)
}

// ListRolePolicies lists the names of a role's own policies.
func (s *Service) ListRolePolicies(ctx context.Context, in *iam.ListRolePoliciesInput) (*iam.ListRolePoliciesResponse, error) {
	names, end, err := roles().listInline(ctx, s, in.RoleName, in.Marker, in.MaxItems)
	return &iam.ListRolePoliciesResponse{PolicyNames: names, IsTruncated: end.truncated, Marker: end.marker}, err
}

// PutUserPolicy writes a policy into a user.
func (s *Service) PutUserPolicy(ctx context.Context, in *iam.PutUserPolicyInput) (*iam.PutUserPolicyOutput, error) {
	return &iam.PutUserPolicyOutput{}, users().putInline(ctx, s, in.UserName, in.PolicyName, in.PolicyDocument)
}

// GetUserPolicy reads a policy of a user.
func (s *Service) GetUserPolicy(ctx context.Context, in *iam.GetUserPolicyInput) (*iam.GetUserPolicyResponse, error) {
	document, err := users().getInline(ctx, s, in.UserName, in.PolicyName)
	return &iam.GetUserPolicyResponse{UserName: in.UserName, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// DeleteUserPolicy deletes a policy of a user.
func (s *Service) DeleteUserPolicy(ctx context.Context, in *iam.DeleteUserPolicyInput) (*iam.DeleteUserPolicyOutput, error) {
	return &iam.DeleteUserPolicyOutput{}, users().deleteInline(ctx, s, in.UserName, in.PolicyName)
}

// ListUserPolicies lists the names of a user's own policies.
func (s *Service) ListUserPolicies(ctx context.Context, in *iam.ListUserPoliciesInput) (*iam.ListUserPoliciesResponse, error) {
	names, end, err := users().listInline(ctx, s, in.UserName, in.Marker, in.MaxItems)
	return &iam.ListUserPoliciesResponse{PolicyNames: names, IsTruncated: end.truncated, Marker: end.marker}, err
}

// PutGroupPolicy writes a policy into a group.
func (s *Service) PutGroupPolicy(ctx context.Context, in *iam.PutGroupPolicyInput) (*iam.PutGroupPolicyOutput, error) {
	return &iam.PutGroupPolicyOutput{}, groups().putInline(ctx, s, in.GroupName, in.PolicyName, in.PolicyDocument)
}

// GetGroupPolicy reads a policy of a group.
func (s *Service) GetGroupPolicy(ctx context.Context, in *iam.GetGroupPolicyInput) (*iam.GetGroupPolicyResponse, error) {
	document, err := groups().getInline(ctx, s, in.GroupName, in.PolicyName)
	return &iam.GetGroupPolicyResponse{GroupName: in.GroupName, PolicyName: in.PolicyName, PolicyDocument: document}, err
}

// DeleteGroupPolicy deletes a policy of a group.
func (s *Service) DeleteGroupPolicy(ctx context.Context, in *iam.DeleteGroupPolicyInput) (*iam.DeleteGroupPolicyOutput, error) {
	return &iam.DeleteGroupPolicyOutput{}, groups().deleteInline(ctx, s, in.GroupName, in.PolicyName)
}

// ListGroupPolicies lists the names of a group's own policies.
func (s *Service) ListGroupPolicies(ctx context.Context, in *iam.ListGroupPoliciesInput) (*iam.ListGroupPoliciesResponse, error) {
	names, end, err := groups().listInline(ctx, s, in.GroupName, in.Marker, in.MaxItems)
	return &iam.ListGroupPoliciesResponse{PolicyNames: names, IsTruncated: end.truncated, Marker: end.marker}, err
}
