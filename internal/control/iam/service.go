// Package iam keeps identities and what they are allowed: roles, users, groups
// and policies, with the calls of AWS Identity and Access Management.
//
// A file holds a resource, a method an operation, and each call is one
// transaction. Inputs come with their constraint traits (lengths, patterns,
// enums) already checked. What the documents allow is decided elsewhere; here
// they are only held to the grammar.
package iam

import (
	"maps"
	"time"

	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// Config is what the service is told. The zero value works.
type Config struct {
	// Partition and Account are what ARNs are made of. Default "aws",
	// "000000000000".
	Partition, Account string

	// Now is the clock. Default time.Now. Dates are kept in whole seconds.
	Now func() time.Time
}

// Service answers the operations. It holds no state but the store.
type Service struct {
	store store.Store
	cfg   Config
}

// New makes a service over the documents in st.
func New(st store.Store, cfg Config) *Service {
	if cfg.Partition == "" {
		cfg.Partition = "aws"
	}
	if cfg.Account == "" {
		cfg.Account = "000000000000"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{store: st, cfg: cfg}
}

// now is the present in whole seconds, as IAM shows dates.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Second) }

// Handlers is the table of the operations that are built, by name.
func (s *Service) Handlers() map[string]wire.Handler {
	all := map[string]wire.Handler{}
	for _, some := range []map[string]wire.Handler{
		s.roleHandlers(), s.userHandlers(), s.groupHandlers(), s.policyHandlers(), s.simulateHandlers(), s.providerHandlers(),
	} {
		maps.Copy(all, some)
	}
	return all
}

func (s *Service) roleHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateRole":                    wire.Op(s.CreateRole),
		"GetRole":                       wire.Op(s.GetRole),
		"ListRoles":                     wire.Op(s.ListRoles),
		"UpdateRole":                    wire.Op(s.UpdateRole),
		"UpdateRoleDescription":         wire.Op(s.UpdateRoleDescription),
		"UpdateAssumeRolePolicy":        wire.Op(s.UpdateAssumeRolePolicy),
		"DeleteRole":                    wire.Op(s.DeleteRole),
		"TagRole":                       wire.Op(s.TagRole),
		"UntagRole":                     wire.Op(s.UntagRole),
		"ListRoleTags":                  wire.Op(s.ListRoleTags),
		"PutRolePolicy":                 wire.Op(s.PutRolePolicy),
		"GetRolePolicy":                 wire.Op(s.GetRolePolicy),
		"DeleteRolePolicy":              wire.Op(s.DeleteRolePolicy),
		"ListRolePolicies":              wire.Op(s.ListRolePolicies),
		"AttachRolePolicy":              wire.Op(s.AttachRolePolicy),
		"DetachRolePolicy":              wire.Op(s.DetachRolePolicy),
		"ListAttachedRolePolicies":      wire.Op(s.ListAttachedRolePolicies),
		"PutRolePermissionsBoundary":    wire.Op(s.PutRolePermissionsBoundary),
		"DeleteRolePermissionsBoundary": wire.Op(s.DeleteRolePermissionsBoundary),
		"ListInstanceProfilesForRole":   wire.Op(s.ListInstanceProfilesForRole),
	}
}

func (s *Service) userHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateUser":                    wire.Op(s.CreateUser),
		"GetUser":                       wire.Op(s.GetUser),
		"ListUsers":                     wire.Op(s.ListUsers),
		"DeleteUser":                    wire.Op(s.DeleteUser),
		"TagUser":                       wire.Op(s.TagUser),
		"UntagUser":                     wire.Op(s.UntagUser),
		"ListUserTags":                  wire.Op(s.ListUserTags),
		"PutUserPolicy":                 wire.Op(s.PutUserPolicy),
		"GetUserPolicy":                 wire.Op(s.GetUserPolicy),
		"DeleteUserPolicy":              wire.Op(s.DeleteUserPolicy),
		"ListUserPolicies":              wire.Op(s.ListUserPolicies),
		"AttachUserPolicy":              wire.Op(s.AttachUserPolicy),
		"DetachUserPolicy":              wire.Op(s.DetachUserPolicy),
		"ListAttachedUserPolicies":      wire.Op(s.ListAttachedUserPolicies),
		"PutUserPermissionsBoundary":    wire.Op(s.PutUserPermissionsBoundary),
		"DeleteUserPermissionsBoundary": wire.Op(s.DeleteUserPermissionsBoundary),
		"CreateAccessKey":               wire.Op(s.CreateAccessKey),
		"ListAccessKeys":                wire.Op(s.ListAccessKeys),
		"UpdateAccessKey":               wire.Op(s.UpdateAccessKey),
		"DeleteAccessKey":               wire.Op(s.DeleteAccessKey),
	}
}

func (s *Service) groupHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateGroup":               wire.Op(s.CreateGroup),
		"GetGroup":                  wire.Op(s.GetGroup),
		"ListGroups":                wire.Op(s.ListGroups),
		"DeleteGroup":               wire.Op(s.DeleteGroup),
		"AddUserToGroup":            wire.Op(s.AddUserToGroup),
		"RemoveUserFromGroup":       wire.Op(s.RemoveUserFromGroup),
		"ListGroupsForUser":         wire.Op(s.ListGroupsForUser),
		"PutGroupPolicy":            wire.Op(s.PutGroupPolicy),
		"GetGroupPolicy":            wire.Op(s.GetGroupPolicy),
		"DeleteGroupPolicy":         wire.Op(s.DeleteGroupPolicy),
		"ListGroupPolicies":         wire.Op(s.ListGroupPolicies),
		"AttachGroupPolicy":         wire.Op(s.AttachGroupPolicy),
		"DetachGroupPolicy":         wire.Op(s.DetachGroupPolicy),
		"ListAttachedGroupPolicies": wire.Op(s.ListAttachedGroupPolicies),
	}
}

func (s *Service) policyHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreatePolicy":            wire.Op(s.CreatePolicy),
		"GetPolicy":               wire.Op(s.GetPolicy),
		"ListPolicies":            wire.Op(s.ListPolicies),
		"DeletePolicy":            wire.Op(s.DeletePolicy),
		"CreatePolicyVersion":     wire.Op(s.CreatePolicyVersion),
		"GetPolicyVersion":        wire.Op(s.GetPolicyVersion),
		"ListPolicyVersions":      wire.Op(s.ListPolicyVersions),
		"DeletePolicyVersion":     wire.Op(s.DeletePolicyVersion),
		"SetDefaultPolicyVersion": wire.Op(s.SetDefaultPolicyVersion),
		"TagPolicy":               wire.Op(s.TagPolicy),
		"UntagPolicy":             wire.Op(s.UntagPolicy),
		"ListPolicyTags":          wire.Op(s.ListPolicyTags),
		"ListEntitiesForPolicy":   wire.Op(s.ListEntitiesForPolicy),
	}
}
