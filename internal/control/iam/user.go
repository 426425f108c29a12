package iam

import (
	"context"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// CreateUser makes a user. The user and its use of a boundary commit together.
func (s *Service) CreateUser(ctx context.Context, in *iam.CreateUserInput) (*iam.CreateUserResponse, error) {
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	user := api.User{Identity: api.Identity{
		Name: in.UserName, ID: newID("AIDA"), Path: pathOr(in.Path), CreatedDate: s.now(), Tags: tags,
	}}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		user.Boundary = nil
		if in.PermissionsBoundary != nil {
			if err := bound(tx, s, users(), &user, *in.PermissionsBoundary); err != nil {
				return err
			}
		}
		return users().create(tx, &user)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateUserResponse{User: s.wireUser(user)}, nil
}

// GetUser reads a user; the caller, if none is named.
func (s *Service) GetUser(ctx context.Context, in *iam.GetUserInput) (*iam.GetUserResponse, error) {
	name := in.UserName
	if name == nil {
		own, ok := callingUser(ctx)
		if !ok {
			return &iam.GetUserResponse{User: s.root()}, nil
		}
		name = &own
	}
	user, err := users().read(ctx, s, *name)
	if err != nil {
		return nil, err
	}
	return &iam.GetUserResponse{User: s.wireUser(user)}, nil
}

// root is the account itself as a user. It has no name and no date of its own.
func (s *Service) root() *iam.User {
	return &iam.User{Path: "/", UserId: s.cfg.Account, Arn: s.arn("root", "", ""), CreateDate: time.Unix(0, 0).UTC()}
}

// callingUser is the name of the user who calls, if it is one.
func callingUser(ctx context.Context) (string, bool) {
	_, rest, ok := strings.Cut(control.CallerOf(ctx).ARN, ":user/")
	return rest[strings.LastIndexByte(rest, '/')+1:], ok
}

// userOr is the user that is named, or else the one who calls.
func userOr(ctx context.Context, name *string) (string, error) {
	if name != nil {
		return *name, nil
	}
	if own, ok := callingUser(ctx); ok {
		return own, nil
	}
	return "", &fault.Error{Kind: fault.BadRequest, Type: "ValidationError", Status: 400, Message: "Must specify userName when calling with non-User credentials"}
}

// ListUsers lists users under a path.
//
// parity: the model, ListUsers (no tags, no boundary)
func (s *Service) ListUsers(ctx context.Context, in *iam.ListUsersInput) (*iam.ListUsersResponse, error) {
	after, err := cursor(in.Marker)
	if err != nil {
		return nil, err
	}
	var found []api.User
	var end slip
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		found, end, err = page(documents(tx, api.Users, after, userKey,
			func(u api.User) bool { return under(u.Path, in.PathPrefix) }), in.MaxItems)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.ListUsersResponse{Users: s.wireUsers(found), IsTruncated: end.truncated, Marker: end.marker}, nil
}

func userKey(u api.User) string { return api.UserKey(u.Name) }

// DeleteUser deletes a user that has no keys, groups and policies.
func (s *Service) DeleteUser(ctx context.Context, in *iam.DeleteUserInput) (*iam.DeleteUserOutput, error) {
	return &iam.DeleteUserOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		user, err := users().get(tx, in.UserName)
		if err != nil {
			return err
		}
		switch {
		case len(user.AccessKeys) > 0:
			return conflict("Cannot delete entity, must delete access keys first.")
		case len(user.Groups) > 0:
			return conflict("Cannot delete entity, must remove users from group first.")
		}
		return users().remove(tx, &user)
	})
}

func (s *Service) wireUser(u api.User) *iam.User {
	return &iam.User{
		Path:                u.Path,
		UserName:            u.Name,
		UserId:              u.ID,
		Arn:                 s.arn("user", u.Path, u.Name),
		CreateDate:          u.CreatedDate,
		PermissionsBoundary: wireBoundary(u.Boundary),
		Tags:                wireTags(u.Tags),
	}
}

// wireUsers are users as lists have them.
func (s *Service) wireUsers(all []api.User) []iam.User {
	list := []iam.User{}
	for _, u := range all {
		user := s.wireUser(u)
		user.Tags, user.PermissionsBoundary = nil, nil
		list = append(list, *user)
	}
	return list
}
