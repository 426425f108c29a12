package cognito

import (
	"context"
	"errors"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// maxGroupsOfUser is how many groups a user is in. parity: "Quotas"
const maxGroupsOfUser = 100

func (s *Service) groupNamed(tx store.Tx, pool, name string) (*api.PoolGroup, error) {
	if _, err := s.pool(tx, pool); err != nil {
		return nil, err
	}
	g, err := store.Get[api.PoolGroup](tx, api.PoolGroupKey(pool, name))
	if errors.Is(err, store.ErrMissing) {
		return nil, missing("Group not found.")
	}
	return &g, err
}

func shownGroup(pool string, g *api.PoolGroup) *wire.GroupType {
	return &wire.GroupType{
		GroupName: &g.Name, UserPoolId: &pool, Description: g.Description, RoleArn: g.RoleARN, Precedence: g.Precedence,
		CreationDate: &g.Created, LastModifiedDate: &g.Modified,
	}
}

// CreateGroup makes a group.
func (s *Service) CreateGroup(ctx context.Context, in *wire.CreateGroupInput) (*wire.CreateGroupResponse, error) {
	g := &api.PoolGroup{
		Name: in.GroupName, Description: in.Description, RoleARN: in.RoleArn, Precedence: in.Precedence, Created: s.now(), Modified: s.now(),
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := s.pool(tx, in.UserPoolId); err != nil {
			return err
		}
		key := api.PoolGroupKey(in.UserPoolId, g.Name)
		if _, err := tx.Get(key); !errors.Is(err, store.ErrMissing) {
			return errors.Join(err, refuse("GroupExistsException", "A group with the name already exists."))
		}
		return store.Put(tx, key, g)
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateGroupResponse{Group: shownGroup(in.UserPoolId, g)}, nil
}

// GetGroup reads a group.
func (s *Service) GetGroup(ctx context.Context, in *wire.GetGroupInput) (*wire.GetGroupResponse, error) {
	out := &wire.GetGroupResponse{}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		g, err := s.groupNamed(tx, in.UserPoolId, in.GroupName)
		if err == nil {
			out.Group = shownGroup(in.UserPoolId, g)
		}
		return err
	})
}

// ListGroups lists the groups of a pool by name.
func (s *Service) ListGroups(ctx context.Context, in *wire.ListGroupsInput) (*wire.ListGroupsResponse, error) {
	out := &wire.ListGroupsResponse{Groups: []wire.GroupType{}}
	var err error
	out.NextToken, err = list(ctx, s, listing[api.PoolGroup]{
		prefix: s.below(in.UserPoolId, api.PoolGroups), token: in.NextToken, limit: pageOf(in.Limit),
		key:  func(g *api.PoolGroup) string { return api.PoolGroupKey(in.UserPoolId, g.Name) },
		take: func(g *api.PoolGroup) { out.Groups = append(out.Groups, *shownGroup(in.UserPoolId, g)) },
	})
	return out, err
}

// UpdateGroup changes what is given of a group.
func (s *Service) UpdateGroup(ctx context.Context, in *wire.UpdateGroupInput) (*wire.UpdateGroupResponse, error) {
	out := &wire.UpdateGroupResponse{}
	return out, s.store.Update(ctx, func(tx store.Tx) error {
		g, err := s.groupNamed(tx, in.UserPoolId, in.GroupName)
		if err != nil {
			return err
		}
		if in.Description != nil {
			g.Description = in.Description
		}
		if in.RoleArn != nil {
			g.RoleARN = in.RoleArn
		}
		if in.Precedence != nil {
			g.Precedence = in.Precedence
		}
		g.Modified = s.now()
		out.Group = shownGroup(in.UserPoolId, g)
		return store.Put(tx, api.PoolGroupKey(in.UserPoolId, g.Name), g)
	})
}

// DeleteGroup deletes a group, and takes its users out of it.
func (s *Service) DeleteGroup(ctx context.Context, in *wire.DeleteGroupInput) (*wire.DeleteGroupOutput, error) {
	return &wire.DeleteGroupOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := s.groupNamed(tx, in.UserPoolId, in.GroupName); err != nil {
			return err
		}
		var members []api.PoolUser
		for u, err := range store.Scan[api.PoolUser](tx, api.PoolUsers(in.UserPoolId), "") {
			if err != nil {
				return err
			}
			if slices.Contains(u.Groups, in.GroupName) {
				members = append(members, u)
			}
		}
		for _, u := range members {
			u.Groups = slices.DeleteFunc(u.Groups, func(g string) bool { return g == in.GroupName })
			if err := store.Put(tx, api.PoolUserKey(in.UserPoolId, u.Sub), u); err != nil {
				return err
			}
		}
		return tx.Delete(api.PoolGroupKey(in.UserPoolId, in.GroupName))
	})
}

// AdminAddUserToGroup puts a user into a group. Doing it again is no error.
func (s *Service) AdminAddUserToGroup(ctx context.Context, in *wire.AdminAddUserToGroupInput) (*wire.AdminAddUserToGroupOutput, error) {
	return &wire.AdminAddUserToGroupOutput{}, s.edit(ctx, in.UserPoolId, in.Username, func(tx store.Tx, p *pool, u *api.PoolUser) error {
		if _, err := s.groupNamed(tx, p.ID, in.GroupName); err != nil || slices.Contains(u.Groups, in.GroupName) {
			return err
		}
		if len(u.Groups) == maxGroupsOfUser {
			return refuse("LimitExceededException", "A user can be in %d groups at most.", maxGroupsOfUser)
		}
		u.Groups = append(u.Groups, in.GroupName)
		return nil
	})
}

// AdminRemoveUserFromGroup takes a user out of a group.
func (s *Service) AdminRemoveUserFromGroup(ctx context.Context, in *wire.AdminRemoveUserFromGroupInput) (*wire.AdminRemoveUserFromGroupOutput, error) {
	return &wire.AdminRemoveUserFromGroupOutput{}, s.edit(ctx, in.UserPoolId, in.Username, func(tx store.Tx, p *pool, u *api.PoolUser) error {
		if _, err := s.groupNamed(tx, p.ID, in.GroupName); err != nil {
			return err
		}
		u.Groups = slices.DeleteFunc(u.Groups, func(g string) bool { return g == in.GroupName })
		return nil
	})
}

// AdminListGroupsForUser lists the groups that a user is in, the most important
// one first.
func (s *Service) AdminListGroupsForUser(ctx context.Context, in *wire.AdminListGroupsForUserInput) (*wire.AdminListGroupsForUserResponse, error) {
	out := &wire.AdminListGroupsForUserResponse{Groups: []wire.GroupType{}}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		u, err := s.find(tx, p, in.Username)
		if errors.Is(err, errNobody) {
			return noUser()
		}
		if err != nil {
			return err
		}
		groups, err := s.groupsOf(tx, p, u)
		for i := range groups {
			out.Groups = append(out.Groups, *shownGroup(p.ID, &groups[i]))
		}
		return err
	})
}

// groupsOf are the groups of a user, the most important one first.
// parity: the model, "Groups with lower Precedence values take precedence";
// null is the least.
func (s *Service) groupsOf(tx store.Tx, p *pool, u *api.PoolUser) (all []api.PoolGroup, err error) {
	for _, name := range u.Groups {
		g, err := store.Get[api.PoolGroup](tx, api.PoolGroupKey(p.ID, name))
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	rank := func(g api.PoolGroup) int64 {
		if g.Precedence == nil {
			return 1 << 40
		}
		return int64(*g.Precedence)
	}
	slices.SortStableFunc(all, func(a, b api.PoolGroup) int { return int(rank(a) - rank(b)) })
	return all, nil
}

// ListUsersInGroup lists the users of a group.
func (s *Service) ListUsersInGroup(ctx context.Context, in *wire.ListUsersInGroupInput) (*wire.ListUsersInGroupResponse, error) {
	out := &wire.ListUsersInGroupResponse{Users: []wire.UserType{}}
	var err error
	out.NextToken, err = list(ctx, s, listing[api.PoolUser]{
		prefix: func(tx store.Tx) (string, error) {
			_, err := s.groupNamed(tx, in.UserPoolId, in.GroupName)
			return api.PoolUsers(in.UserPoolId), err
		},
		token: in.NextToken, limit: pageOf(in.Limit),
		key:  func(u *api.PoolUser) string { return api.PoolUserKey(in.UserPoolId, u.Sub) },
		want: func(u *api.PoolUser) bool { return slices.Contains(u.Groups, in.GroupName) },
		take: func(u *api.PoolUser) { out.Users = append(out.Users, *shownUser(u, nil)) },
	})
	return out, err
}
