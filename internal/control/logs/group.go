package logs

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/logs"
)

const maxTags = 50

// CreateLogGroup makes a group. One that something was written to is there.
func (s *Service) CreateLogGroup(ctx context.Context, in *model.CreateLogGroupInput) (*model.CreateLogGroupOutput, error) {
	if _, ok := s.book.pages(in.LogGroupName, func(string) bool { return false }); ok {
		return nil, exists("group")
	}
	g := api.LogGroup{Name: in.LogGroupName, Class: "STANDARD", KMSKeyID: in.KmsKeyId, Tags: in.Tags, Created: time.Now().UTC()}
	if in.LogGroupClass != nil {
		g.Class = *in.LogGroupClass
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		key := api.LogGroupKey(g.Name)
		if _, err := tx.Get(key); err == nil {
			return exists("group")
		} else if !errors.Is(err, store.ErrMissing) {
			return err
		}
		return store.Put(tx, key, g)
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateLogGroupOutput{}, nil
}

// DeleteLogGroup removes a group with its events.
func (s *Service) DeleteLogGroup(ctx context.Context, in *model.DeleteLogGroupInput) (*model.DeleteLogGroupOutput, error) {
	held := s.book.remove(in.LogGroupName, "")
	err := s.store.Update(ctx, func(tx store.Tx) error {
		err := tx.Delete(api.LogGroupKey(in.LogGroupName))
		if errors.Is(err, store.ErrMissing) {
			if held {
				return nil
			}
			return noGroup()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteLogGroupOutput{}, nil
}

// group reads a group; one that was only written to has no document and is
// made up.
func (s *Service) group(tx store.Tx, name string) (api.LogGroup, error) {
	g, err := store.Get[api.LogGroup](tx, api.LogGroupKey(name))
	if !errors.Is(err, store.ErrMissing) {
		return g, err
	}
	if known, ok := s.book.known()[name]; ok {
		return api.LogGroup{Name: name, Class: "STANDARD", Created: time.UnixMilli(known.created).UTC()}, nil
	}
	return g, noGroup()
}

// read is group in a transaction of its own.
func (s *Service) read(ctx context.Context, name string) (g api.LogGroup, err error) {
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		g, err = s.group(tx, name)
		return err
	})
	return g, err
}

// edit changes what is set for a group.
func (s *Service) edit(ctx context.Context, name string, change func(*api.LogGroup) error) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		g, err := s.group(tx, name)
		if err != nil {
			return err
		}
		if err := change(&g); err != nil {
			return err
		}
		return store.Put(tx, api.LogGroupKey(name), g)
	})
}

// retentions are the days that a group may keep events for.
func retentions() []int32 {
	return []int32{1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653}
}

// PutRetentionPolicy says for how many days a group shows events.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *model.PutRetentionPolicyInput) (*model.PutRetentionPolicyOutput, error) {
	if !slices.Contains(retentions(), in.RetentionInDays) {
		days := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(retentions())), ", "), "[]")
		return nil, invalid(fmt.Sprintf("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [%s]", in.RetentionInDays, days))
	}
	err := s.edit(ctx, in.LogGroupName, func(g *api.LogGroup) error {
		g.Retention = new(in.RetentionInDays)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.PutRetentionPolicyOutput{}, nil
}

// DeleteRetentionPolicy lets a group show events for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *model.DeleteRetentionPolicyInput) (*model.DeleteRetentionPolicyOutput, error) {
	err := s.edit(ctx, in.LogGroupName, func(g *api.LogGroup) error {
		g.Retention = nil
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteRetentionPolicyOutput{}, nil
}

// DescribeLogGroups lists groups by name.
func (s *Service) DescribeLogGroups(ctx context.Context, in *model.DescribeLogGroupsInput) (*model.DescribeLogGroupsResponse, error) {
	held := s.book.known()
	all := map[string]api.LogGroup{}
	err := s.store.View(ctx, func(tx store.Tx) error {
		clear(all)
		for g, err := range store.Scan[api.LogGroup](tx, api.LogGroups, "") {
			if err != nil {
				return err
			}
			all[g.Name] = g
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for name, g := range held {
		if _, ok := all[name]; !ok {
			all[name] = api.LogGroup{Name: name, Class: "STANDARD", Created: time.UnixMilli(g.created)}
		}
	}
	items := []model.LogGroup{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if g := all[name]; wantedGroup(&g, in) {
			items = append(items, s.logGroup(&g, held[name].size))
		}
	}
	items, next, err := cut(items, in.NextToken, in.Limit)
	return &model.DescribeLogGroupsResponse{LogGroups: items, NextToken: next}, err
}

func wantedGroup(g *api.LogGroup, in *model.DescribeLogGroupsInput) bool {
	return (in.LogGroupNamePrefix == nil || strings.HasPrefix(g.Name, *in.LogGroupNamePrefix)) &&
		(in.LogGroupNamePattern == nil || strings.Contains(strings.ToLower(g.Name), strings.ToLower(*in.LogGroupNamePattern))) &&
		(in.LogGroupClass == nil || g.Class == *in.LogGroupClass) &&
		(len(in.LogGroupIdentifiers) == 0 || slices.ContainsFunc(in.LogGroupIdentifiers, func(id string) bool {
			return id == g.Name || strings.HasSuffix(strings.TrimSuffix(id, ":*"), ":log-group:"+g.Name)
		}))
}

func (s *Service) logGroup(g *api.LogGroup, size int64) model.LogGroup {
	return model.LogGroup{
		LogGroupName: new(g.Name), CreationTime: new(g.Created.UnixMilli()), RetentionInDays: g.Retention, MetricFilterCount: new(int32(0)),
		Arn: new(s.arns + g.Name + ":*"), LogGroupArn: new(s.arns + g.Name), StoredBytes: new(size), KmsKeyId: g.KMSKeyID, LogGroupClass: new(g.Class),
	}
}

const defaultPage = 50

// cut takes the part out of a list that a call asks for.
func cut[T any](items []T, token *string, limit *int32) (part []T, next *string, err error) {
	from, size := 0, defaultPage
	if token != nil {
		raw, err := base64.RawURLEncoding.DecodeString(*token)
		if err == nil {
			_, err = fmt.Sscanf(string(raw), "%d", &from)
		}
		if err != nil || from < 0 {
			return nil, nil, invalid("The specified nextToken is invalid.")
		}
	}
	if limit != nil && *limit > 0 {
		size = min(int(*limit), defaultPage)
	}
	from = min(from, len(items))
	to := min(from+size, len(items))
	if to < len(items) {
		next = new(base64.RawURLEncoding.EncodeToString(fmt.Append(nil, to)))
	}
	return items[from:to], next, nil
}

// TagResource adds tags to a group that is named by its ARN.
func (s *Service) TagResource(ctx context.Context, in *model.TagResourceInput) (*model.TagResourceOutput, error) {
	err := s.retag(ctx, in.ResourceArn, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	return &model.TagResourceOutput{}, err
}

// UntagResource takes tags from a group that is named by its ARN.
func (s *Service) UntagResource(ctx context.Context, in *model.UntagResourceInput) (*model.UntagResourceOutput, error) {
	err := s.retag(ctx, in.ResourceArn, func(tags map[string]string) { untag(tags, in.TagKeys) })
	return &model.UntagResourceOutput{}, err
}

// ListTagsForResource shows the tags of a group that is named by its ARN.
func (s *Service) ListTagsForResource(ctx context.Context, in *model.ListTagsForResourceInput) (*model.ListTagsForResourceResponse, error) {
	tags, err := s.tags(ctx, in.ResourceArn)
	return &model.ListTagsForResourceResponse{Tags: tags}, err
}

// TagLogGroup is the older form of TagResource.
func (s *Service) TagLogGroup(ctx context.Context, in *model.TagLogGroupInput) (*model.TagLogGroupOutput, error) {
	err := s.retag(ctx, in.LogGroupName, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	return &model.TagLogGroupOutput{}, err
}

// UntagLogGroup is the older form of UntagResource.
func (s *Service) UntagLogGroup(ctx context.Context, in *model.UntagLogGroupInput) (*model.UntagLogGroupOutput, error) {
	err := s.retag(ctx, in.LogGroupName, func(tags map[string]string) { untag(tags, in.Tags) })
	return &model.UntagLogGroupOutput{}, err
}

// ListTagsLogGroup is the older form of ListTagsForResource.
func (s *Service) ListTagsLogGroup(ctx context.Context, in *model.ListTagsLogGroupInput) (*model.ListTagsLogGroupResponse, error) {
	tags, err := s.tags(ctx, in.LogGroupName)
	return &model.ListTagsLogGroupResponse{Tags: tags}, err
}

func untag(tags map[string]string, keys []string) {
	for _, key := range keys {
		delete(tags, key)
	}
}

func (s *Service) retag(ctx context.Context, group string, change func(map[string]string)) error {
	name, err := s.named(group)
	if err != nil {
		return err
	}
	return s.edit(ctx, name, func(g *api.LogGroup) error {
		if g.Tags == nil {
			g.Tags = map[string]string{}
		}
		if change(g.Tags); len(g.Tags) > maxTags {
			return fault.BadRequest.Typed("TooManyTagsException", "A resource can have no more than 50 tags.")
		}
		return nil
	})
}

func (s *Service) tags(ctx context.Context, group string) (map[string]string, error) {
	name, err := s.named(group)
	if err != nil {
		return nil, err
	}
	g, err := s.read(ctx, name)
	if g.Tags == nil {
		g.Tags = map[string]string{}
	}
	return g.Tags, err
}
