package iam

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// maxTags is how many tags a resource has.
//
// parity: IAM User Guide, "IAM and AWS STS quotas"
const maxTags = 50

// tagged is have with tags added. A key that differs in case only is the same
// tag, and takes the new spelling.
func tagged(have map[string]string, tags []iam.Tag) (map[string]string, error) {
	now := maps.Clone(have)
	if now == nil {
		now = map[string]string{}
	}
	given := map[string]bool{}
	for _, t := range tags {
		folded := strings.ToLower(t.Key)
		if given[folded] {
			return nil, invalid("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
		}
		given[folded] = true
		for old := range now {
			if strings.ToLower(old) == folded {
				delete(now, old)
			}
		}
		now[t.Key] = t.Value
	}
	if len(now) > maxTags {
		return nil, tooMany("The number of tags has reached the maximum limit.")
	}
	return now, nil
}

// untag deletes tags, whatever the case of their keys.
func untag(have map[string]string, keys []string) {
	for _, key := range keys {
		for old := range have {
			if strings.EqualFold(old, key) {
				delete(have, old)
			}
		}
	}
}

// wireTags are tags in the order of their keys.
//
// parity: the model, ListRoleTags ("sorted by tag key")
func wireTags(tags map[string]string) []iam.Tag {
	var list []iam.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, iam.Tag{Key: key, Value: tags[key]})
	}
	return list
}

// tag adds tags to an identity.
func (k kind[T]) tag(ctx context.Context, s *Service, name string, tags []iam.Tag) error {
	return k.edit(ctx, s, name, func(_ store.Tx, v *T) (err error) {
		id := k.identity(v)
		id.Tags, err = tagged(id.Tags, tags)
		return err
	})
}

// untag takes tags off an identity.
func (k kind[T]) untag(ctx context.Context, s *Service, name string, keys []string) error {
	return k.edit(ctx, s, name, func(_ store.Tx, v *T) error {
		untag(k.identity(v).Tags, keys)
		return nil
	})
}

// tags is a page of an identity's tags.
func (k kind[T]) tags(ctx context.Context, s *Service, name string, marker *string, size *int32) ([]iam.Tag, slip, error) {
	v, err := k.read(ctx, s, name)
	if err != nil {
		return nil, slip{}, err
	}
	return part(wireTags(k.identity(&v).Tags), marker, size)
}

// TagRole adds tags to a role.
func (s *Service) TagRole(ctx context.Context, in *iam.TagRoleInput) (*iam.TagRoleOutput, error) {
	return &iam.TagRoleOutput{}, roles().tag(ctx, s, in.RoleName, in.Tags)
}

// UntagRole takes tags off a role.
func (s *Service) UntagRole(ctx context.Context, in *iam.UntagRoleInput) (*iam.UntagRoleOutput, error) {
	return &iam.UntagRoleOutput{}, roles().untag(ctx, s, in.RoleName, in.TagKeys)
}

// ListRoleTags lists the tags of a role.
func (s *Service) ListRoleTags(ctx context.Context, in *iam.ListRoleTagsInput) (*iam.ListRoleTagsResponse, error) {
	tags, end, err := roles().tags(ctx, s, in.RoleName, in.Marker, in.MaxItems)
	return &iam.ListRoleTagsResponse{Tags: tags, IsTruncated: end.truncated, Marker: end.marker}, err
}

// TagUser adds tags to a user.
func (s *Service) TagUser(ctx context.Context, in *iam.TagUserInput) (*iam.TagUserOutput, error) {
	return &iam.TagUserOutput{}, users().tag(ctx, s, in.UserName, in.Tags)
}

// UntagUser takes tags off a user.
func (s *Service) UntagUser(ctx context.Context, in *iam.UntagUserInput) (*iam.UntagUserOutput, error) {
	return &iam.UntagUserOutput{}, users().untag(ctx, s, in.UserName, in.TagKeys)
}

// ListUserTags lists the tags of a user.
func (s *Service) ListUserTags(ctx context.Context, in *iam.ListUserTagsInput) (*iam.ListUserTagsResponse, error) {
	tags, end, err := users().tags(ctx, s, in.UserName, in.Marker, in.MaxItems)
	return &iam.ListUserTagsResponse{Tags: tags, IsTruncated: end.truncated, Marker: end.marker}, err
}

// TagPolicy adds tags to a managed policy.
func (s *Service) TagPolicy(ctx context.Context, in *iam.TagPolicyInput) (*iam.TagPolicyOutput, error) {
	return &iam.TagPolicyOutput{}, s.editPolicy(ctx, in.PolicyArn, func(_ store.Tx, p *api.ManagedPolicy) (err error) {
		p.Tags, err = tagged(p.Tags, in.Tags)
		return err
	})
}

// UntagPolicy takes tags off a managed policy.
func (s *Service) UntagPolicy(ctx context.Context, in *iam.UntagPolicyInput) (*iam.UntagPolicyOutput, error) {
	return &iam.UntagPolicyOutput{}, s.editPolicy(ctx, in.PolicyArn, func(_ store.Tx, p *api.ManagedPolicy) error {
		untag(p.Tags, in.TagKeys)
		return nil
	})
}

// ListPolicyTags lists the tags of a managed policy.
func (s *Service) ListPolicyTags(ctx context.Context, in *iam.ListPolicyTagsInput) (*iam.ListPolicyTagsResponse, error) {
	p, err := s.readPolicy(ctx, in.PolicyArn)
	if err != nil {
		return nil, err
	}
	tags, end, err := part(wireTags(p.Tags), in.Marker, in.MaxItems)
	return &iam.ListPolicyTagsResponse{Tags: tags, IsTruncated: end.truncated, Marker: end.marker}, err
}
