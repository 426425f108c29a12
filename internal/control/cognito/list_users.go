package cognito

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// ListUsers lists users of a pool, all or those that a filter lets through.
func (s *Service) ListUsers(ctx context.Context, in *wire.ListUsersInput) (*wire.ListUsersResponse, error) {
	out := &wire.ListUsersResponse{Users: []wire.UserType{}}
	want, err := filter(in.Filter)
	if err != nil {
		return nil, err
	}
	only := in.AttributesToGet
	out.PaginationToken, err = list(ctx, s, listing[api.PoolUser]{
		prefix: s.below(in.UserPoolId, api.PoolUsers), token: in.PaginationToken, limit: pageOf(in.Limit),
		key: func(u *api.PoolUser) string { return api.PoolUserKey(in.UserPoolId, u.Sub) }, want: want,
		take: func(u *api.PoolUser) { out.Users = append(out.Users, *shownUser(u, only)) },
	})
	return out, err
}

// pageOf is how many entries a page has: 60 at most. 0 says nothing.
func pageOf(limit *int32) int32 {
	if limit == nil || *limit == 0 {
		return 60
	}
	return *limit
}

// searchable are the attributes that a filter may name.
// parity: the model's documentation of ListUsers' Filter
func searchable() []string {
	return []string{
		"username", "email", "phone_number", "name", "given_name", "family_name", "preferred_username", "cognito:user_status", "status", "sub",
	}
}

// filter reads a filter: AttributeName = "value", or ^= for what begins so.
// Values have quotes and backslashes escaped by a backslash.
func filter(given *string) (func(*api.PoolUser) bool, error) {
	if given == nil || strings.TrimSpace(*given) == "" {
		return nil, nil
	}
	m := regexp.MustCompile(`^\s*"?([\w:]+)"?\s*(\^=|=)\s*("(?:[^"\\]|\\.)*"|'[^']*')\s*$`).FindStringSubmatch(*given)
	if m == nil || !slices.Contains(searchable(), m[1]) {
		return nil, invalid("Error while parsing filter.")
	}
	value := m[3][1 : len(m[3])-1]
	if m[3][0] == '"' {
		if text, err := strconv.Unquote(m[3]); err == nil {
			value = text
		}
	}
	return func(u *api.PoolUser) bool {
		has := attributeNamed(u, m[1])
		if m[1] == "email" || m[1] == "username" {
			has, value = strings.ToLower(has), strings.ToLower(value)
		}
		if m[2] == "=" {
			return has == value
		}
		return strings.HasPrefix(has, value)
	}, nil
}

// attributeNamed is what a filter compares.
func attributeNamed(u *api.PoolUser, name string) string {
	switch name {
	case "username":
		return u.Name
	case "sub":
		return u.Sub
	case "cognito:user_status":
		return u.Status
	case "status":
		return map[bool]string{true: "Disabled", false: "Enabled"}[u.Disabled]
	}
	return u.Attributes[name]
}
