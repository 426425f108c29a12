package iam

import (
	"context"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// maxGroups is how many groups a user is in.
//
// parity: IAM User Guide, "IAM and AWS STS quotas"
const maxGroups = 10

// CreateGroup makes a group.
func (s *Service) CreateGroup(ctx context.Context, in *iam.CreateGroupInput) (*iam.CreateGroupResponse, error) {
	group := api.Group{Identity: api.Identity{
		Name: in.GroupName, ID: newID("AGPA"), Path: pathOr(in.Path), CreatedDate: s.now(),
	}}
	err := s.store.Update(ctx, func(tx store.Tx) error { return groups().create(tx, &group) })
	if err != nil {
		return nil, err
	}
	return &iam.CreateGroupResponse{Group: s.wireGroup(group)}, nil
}

// GetGroup reads a group and lists its users.
func (s *Service) GetGroup(ctx context.Context, in *iam.GetGroupInput) (*iam.GetGroupResponse, error) {
	after, err := cursor(in.Marker)
	if err != nil {
		return nil, err
	}
	out := &iam.GetGroupResponse{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		group, err := groups().get(tx, in.GroupName)
		if err != nil {
			return err
		}
		found, end, err := page(documents(tx, api.Users, after, userKey, memberOf(group)), in.MaxItems)
		out.Group, out.Users = s.wireGroup(group), s.wireUsers(found)
		out.IsTruncated, out.Marker = end.truncated, end.marker
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// memberOf asks whether a user is in a group.
func memberOf(group api.Group) func(api.User) bool {
	return func(u api.User) bool { return slices.Contains(u.Groups, group.Name) }
}

// ListGroups lists groups under a path.
func (s *Service) ListGroups(ctx context.Context, in *iam.ListGroupsInput) (*iam.ListGroupsResponse, error) {
	after, err := cursor(in.Marker)
	if err != nil {
		return nil, err
	}
	var found []api.Group
	var end slip
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		found, end, err = page(documents(tx, api.Groups, after,
			func(g api.Group) string { return api.GroupKey(g.Name) },
			func(g api.Group) bool { return under(g.Path, in.PathPrefix) }), in.MaxItems)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &iam.ListGroupsResponse{Groups: []iam.Group{}, IsTruncated: end.truncated, Marker: end.marker}
	for _, g := range found {
		out.Groups = append(out.Groups, *s.wireGroup(g))
	}
	return out, nil
}

// DeleteGroup deletes a group that has no users and policies.
func (s *Service) DeleteGroup(ctx context.Context, in *iam.DeleteGroupInput) (*iam.DeleteGroupOutput, error) {
	return &iam.DeleteGroupOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		group, err := groups().get(tx, in.GroupName)
		if err != nil {
			return err
		}
		for user, err := range store.Scan[api.User](tx, api.Users, "") {
			if err != nil {
				return err
			}
			if memberOf(group)(user) {
				return conflict("Cannot delete entity, must remove users from group first.")
			}
		}
		return groups().remove(tx, &group)
	})
}

// AddUserToGroup puts a user into a group. Doing it again is no error.
func (s *Service) AddUserToGroup(ctx context.Context, in *iam.AddUserToGroupInput) (*iam.AddUserToGroupOutput, error) {
	return &iam.AddUserToGroupOutput{}, users().edit(ctx, s, in.UserName, func(tx store.Tx, u *api.User) error {
		group, err := groups().get(tx, in.GroupName)
		if err != nil || memberOf(group)(*u) {
			return err
		}
		if len(u.Groups) == maxGroups {
			return tooMany("Cannot exceed quota for GroupsPerUser: %d", maxGroups)
		}
		u.Groups = append(u.Groups, group.Name)
		return nil
	})
}

// RemoveUserFromGroup takes a user out of a group.
func (s *Service) RemoveUserFromGroup(ctx context.Context, in *iam.RemoveUserFromGroupInput) (*iam.RemoveUserFromGroupOutput, error) {
	return &iam.RemoveUserFromGroupOutput{}, users().edit(ctx, s, in.UserName, func(tx store.Tx, u *api.User) error {
		group, err := groups().get(tx, in.GroupName)
		if err != nil {
			return err
		}
		i := slices.Index(u.Groups, group.Name)
		if i < 0 {
			return missing("User %s not in group %s", u.Name, group.Name)
		}
		u.Groups = slices.Delete(u.Groups, i, i+1)
		return nil
	})
}

// ListGroupsForUser lists the groups that a user is in.
func (s *Service) ListGroupsForUser(ctx context.Context, in *iam.ListGroupsForUserInput) (*iam.ListGroupsForUserResponse, error) {
	all := []iam.Group{}
	err := s.store.View(ctx, func(tx store.Tx) error {
		user, err := users().get(tx, in.UserName)
		if err != nil {
			return err
		}
		for _, name := range user.Groups {
			group, err := groups().get(tx, name)
			if err != nil {
				return err
			}
			all = append(all, *s.wireGroup(group))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, end, err := part(all, in.Marker, in.MaxItems)
	return &iam.ListGroupsForUserResponse{Groups: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

func (s *Service) wireGroup(g api.Group) *iam.Group {
	return &iam.Group{
		Path:       g.Path,
		GroupName:  g.Name,
		GroupId:    g.ID,
		Arn:        s.arn("group", g.Path, g.Name),
		CreateDate: g.CreatedDate,
	}
}
