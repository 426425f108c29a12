package iam

import (
	"context"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// defaultSession is how long a session of a role may last, in seconds.
const defaultSession = 3600

// CreateRole makes a role. The role and its use of a boundary commit together.
func (s *Service) CreateRole(ctx context.Context, in *iam.CreateRoleInput) (*iam.CreateRoleResponse, error) {
	if err := checkTrust(in.AssumeRolePolicyDocument); err != nil {
		return nil, err
	}
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	role := api.Role{
		Identity: api.Identity{
			Name: in.RoleName, ID: newID("AROA"), Path: pathOr(in.Path), CreatedDate: s.now(), Tags: tags,
		},
		TrustPolicy: in.AssumeRolePolicyDocument,
		Description: in.Description,
		MaxSession:  defaultSession,
	}
	if in.MaxSessionDuration != nil {
		role.MaxSession = *in.MaxSessionDuration
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		role.Boundary = nil
		if in.PermissionsBoundary != nil {
			if err := bound(tx, s, roles(), &role, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		return roles().create(tx, &role)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateRoleResponse{Role: s.wireRole(role)}, nil
}

// GetRole reads a role.
func (s *Service) GetRole(ctx context.Context, in *iam.GetRoleInput) (*iam.GetRoleResponse, error) {
	role, err := roles().read(ctx, s, in.RoleName)
	if err != nil {
		return nil, err
	}
	out := s.wireRole(role)
	out.RoleLastUsed = &iam.RoleLastUsed{}
	return &iam.GetRoleResponse{Role: out}, nil
}

// ListRoles lists roles under a path.
//
// parity: the model, ListRoles (no tags, boundary or last use)
func (s *Service) ListRoles(ctx context.Context, in *iam.ListRolesInput) (*iam.ListRolesResponse, error) {
	after, err := cursor(in.Marker)
	if err != nil {
		return nil, err
	}
	var found []api.Role
	var end slip
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		found, end, err = page(documents(tx, api.Roles, after,
			func(r api.Role) string { return api.RoleKey(r.Name) },
			func(r api.Role) bool { return under(r.Path, in.PathPrefix) }), in.MaxItems)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListRolesResponse{Roles: []iam.Role{}, IsTruncated: end.truncated, Marker: end.marker}
	for _, r := range found {
		role := s.wireRole(r)
		role.Tags, role.PermissionsBoundary = nil, nil
		out.Roles = append(out.Roles, *role)
	}
	return out, nil
}

// under reports whether a path begins with the prefix that was asked for.
func under(path string, prefix *string) bool {
	return prefix == nil || strings.HasPrefix(path, *prefix)
}

// UpdateRole changes what is given of a role's description and longest session.
func (s *Service) UpdateRole(ctx context.Context, in *iam.UpdateRoleInput) (*iam.UpdateRoleResponse, error) {
	return &iam.UpdateRoleResponse{}, roles().edit(ctx, s, in.RoleName, func(_ store.Tx, r *api.Role) error {
		if in.Description != nil {
			r.Description = in.Description
		}
		if in.MaxSessionDuration != nil {
			r.MaxSession = *in.MaxSessionDuration
		}
		return nil
	})
}

// UpdateRoleDescription changes a role's description.
func (s *Service) UpdateRoleDescription(ctx context.Context, in *iam.UpdateRoleDescriptionInput) (*iam.UpdateRoleDescriptionResponse, error) {
	var role api.Role
	err := roles().edit(ctx, s, in.RoleName, func(_ store.Tx, r *api.Role) error {
		r.Description = &in.Description
		role = *r
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &iam.UpdateRoleDescriptionResponse{Role: s.wireRole(role)}, nil
}

// UpdateAssumeRolePolicy changes who may assume a role.
func (s *Service) UpdateAssumeRolePolicy(ctx context.Context, in *iam.UpdateAssumeRolePolicyInput) (*iam.UpdateAssumeRolePolicyOutput, error) {
	if err := checkTrust(in.PolicyDocument); err != nil {
		return nil, err
	}
	return &iam.UpdateAssumeRolePolicyOutput{}, roles().edit(ctx, s, in.RoleName, func(_ store.Tx, r *api.Role) error {
		r.TrustPolicy = in.PolicyDocument
		return nil
	})
}

// DeleteRole deletes a role that has no policies.
func (s *Service) DeleteRole(ctx context.Context, in *iam.DeleteRoleInput) (*iam.DeleteRoleOutput, error) {
	return &iam.DeleteRoleOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		role, err := roles().get(tx, in.RoleName)
		if err != nil {
			return err
		}
		return roles().remove(tx, &role)
	})
}

// ListInstanceProfilesForRole lists nothing: there are no machines here that a
// role could be given to. Clients ask before they delete a role.
func (s *Service) ListInstanceProfilesForRole(ctx context.Context, in *iam.ListInstanceProfilesForRoleInput) (*iam.ListInstanceProfilesForRoleResponse, error) {
	if _, err := roles().read(ctx, s, in.RoleName); err != nil {
		return nil, err
	}
	none := end(false, "")
	return &iam.ListInstanceProfilesForRoleResponse{InstanceProfiles: []iam.InstanceProfile{}, IsTruncated: none.truncated}, nil
}

func (s *Service) wireRole(r api.Role) *iam.Role {
	return &iam.Role{
		Path:                     r.Path,
		RoleName:                 r.Name,
		RoleId:                   r.ID,
		Arn:                      s.arn("role", r.Path, r.Name),
		CreateDate:               r.CreatedDate,
		AssumeRolePolicyDocument: encoded(r.TrustPolicy),
		Description:              r.Description,
		MaxSessionDuration:       &r.MaxSession,
		PermissionsBoundary:      wireBoundary(r.Boundary),
		Tags:                     wireTags(r.Tags),
	}
}
