package iam

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// bound makes a managed policy the boundary of an identity's permissions.
func bound[T any](tx store.Tx, s *Service, k kind[T], v *T, arn string) error {
	if err := s.attachable(tx, arn); err != nil {
		return err
	}
	if err := unbound(tx, k, v); err != nil {
		return err
	}
	id := k.identity(v)
	id.Boundary = &arn
	return k.mark(tx, id, arn, true)
}

// unbound takes the boundary off an identity that may have one.
func unbound[T any](tx store.Tx, k kind[T], v *T) error {
	id := k.identity(v)
	if id.Boundary == nil {
		return nil
	}
	arn := *id.Boundary
	id.Boundary = nil
	return tx.Delete(api.PolicyUseKey(arn, true, k.key(id.Name)))
}

// PutRolePermissionsBoundary sets the boundary of a role's permissions.
func (s *Service) PutRolePermissionsBoundary(ctx context.Context, in *iam.PutRolePermissionsBoundaryInput) (*iam.PutRolePermissionsBoundaryOutput, error) {
	return &iam.PutRolePermissionsBoundaryOutput{}, roles().edit(ctx, s, in.RoleName, func(tx store.Tx, r *api.Role) error {
		return bound(tx, s, roles(), r, in.PermissionsBoundary)
	})
}

// DeleteRolePermissionsBoundary takes the boundary off a role.
func (s *Service) DeleteRolePermissionsBoundary(ctx context.Context, in *iam.DeleteRolePermissionsBoundaryInput) (*iam.DeleteRolePermissionsBoundaryOutput, error) {
	return &iam.DeleteRolePermissionsBoundaryOutput{}, roles().edit(ctx, s, in.RoleName, func(tx store.Tx, r *api.Role) error {
		return unbound(tx, roles(), r)
	})
}

// PutUserPermissionsBoundary sets the boundary of a user's permissions.
func (s *Service) PutUserPermissionsBoundary(ctx context.Context, in *iam.PutUserPermissionsBoundaryInput) (*iam.PutUserPermissionsBoundaryOutput, error) {
	return &iam.PutUserPermissionsBoundaryOutput{}, users().edit(ctx, s, in.UserName, func(tx store.Tx, u *api.User) error {
		return bound(tx, s, users(), u, in.PermissionsBoundary)
	})
}

// DeleteUserPermissionsBoundary takes the boundary off a user.
func (s *Service) DeleteUserPermissionsBoundary(ctx context.Context, in *iam.DeleteUserPermissionsBoundaryInput) (*iam.DeleteUserPermissionsBoundaryOutput, error) {
	return &iam.DeleteUserPermissionsBoundaryOutput{}, users().edit(ctx, s, in.UserName, func(tx store.Tx, u *api.User) error {
		return unbound(tx, users(), u)
	})
}

func wireBoundary(arn *string) *iam.AttachedPermissionsBoundary {
	if arn == nil {
		return nil
	}
	kind := "Policy"
	return &iam.AttachedPermissionsBoundary{PermissionsBoundaryType: &kind, PermissionsBoundaryArn: arn}
}
