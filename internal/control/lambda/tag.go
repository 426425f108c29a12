package lambda

import (
	"context"
	"maps"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const maxTags = 50

func tooManyTags() *fault.Error { return invalid("Number of tags exceeds resource tag limit.") }

// tagged reads the ARN of a function that can have tags.
func (s *Service) tagged(arn string) (string, error) {
	if !strings.HasPrefix(arn, "arn:") {
		return "", invalidName(arn)
	}
	name, qualifier, err := s.here.target(arn, nil)
	if err == nil && qualifier != "" {
		err = invalid("Tags on function aliases and versions are not supported. Please specify a function ARN.")
	}
	return name, err
}

// TagResource adds tags to a function.
func (s *Service) TagResource(ctx context.Context, in *model.TagResourceInput) (*model.TagResourceOutput, error) {
	err := s.retag(ctx, in.Resource, func(tags map[string]string) { maps.Copy(tags, in.Tags) })
	if err != nil {
		return nil, err
	}
	return &model.TagResourceOutput{}, nil
}

// UntagResource takes tags from a function.
func (s *Service) UntagResource(ctx context.Context, in *model.UntagResourceInput) (*model.UntagResourceOutput, error) {
	err := s.retag(ctx, in.Resource, func(tags map[string]string) {
		for _, key := range in.TagKeys {
			delete(tags, key)
		}
	})
	if err != nil {
		return nil, err
	}
	return &model.UntagResourceOutput{}, nil
}

func (s *Service) retag(ctx context.Context, arn string, edit func(map[string]string)) error {
	name, err := s.tagged(arn)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		if fn.Tags == nil {
			fn.Tags = map[string]string{}
		}
		if edit(fn.Tags); len(fn.Tags) > maxTags {
			return tooManyTags()
		}
		return store.Put(tx, api.FunctionKey(name), fn)
	})
}

// ListTags shows the tags of a function.
func (s *Service) ListTags(ctx context.Context, in *model.ListTagsInput) (*model.ListTagsResponse, error) {
	name, err := s.tagged(in.Resource)
	if err != nil {
		return nil, err
	}
	fn, _, err := s.find(ctx, name, "")
	if err != nil {
		return nil, err
	}
	if fn.Tags == nil {
		fn.Tags = map[string]string{}
	}
	return &model.ListTagsResponse{Tags: fn.Tags}, nil
}
