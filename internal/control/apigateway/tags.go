package apigateway

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// Limits of tags, in tags and in characters. parity: spec/control-plane.md 8.2.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

// checkTags refuses tags that a resource cannot have. Tags that CloudFormation
// puts on its resources come this way too, so those are let through.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return badf("The number of tags exceeds the limit of %d", maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		reserved := strings.HasPrefix(strings.ToLower(key), "aws:") && !strings.HasPrefix(key, "aws:cloudformation:")
		switch {
		case reserved:
			return badf("Invalid tag key: %s. Keys that start with aws: are reserved", key)
		case key == "" || utf8.RuneCountInString(key) > maxTagKey:
			return badf("Invalid tag key: %s. A key has 1 to %d characters", key, maxTagKey)
		case utf8.RuneCountInString(tags[key]) > maxTagValue:
			return badf("Invalid value of tag %s. A value has at most %d characters", key, maxTagValue)
		}
	}
	return nil
}

// tagged is a place where tags are kept.
type tagged struct {
	tags map[string]string
	put  func(map[string]string) error
}

// tagsAt finds the tags of the resource that an ARN names.
func (s *Service) tagsAt(tx store.Tx, arn string) (tagged, error) {
	part := strings.SplitN(arn, ":", 6)
	if len(part) != 6 || part[0] != "arn" || part[2] != "apigateway" {
		return tagged{}, bad("Invalid ARN specified in the request")
	}
	path := strings.Split(strings.TrimPrefix(part[5], "/"), "/")
	for i := range path {
		path[i] = unescapeARN(path[i])
	}
	switch {
	case len(path) == 2 && path[0] == "restapis":
		return tagsOf(tx, api.RestAPIKey(path[1]), s.noAPI(path[1]), func(a *api.RestAPI) *map[string]string { return &a.Tags })
	case len(path) == 2 && path[0] == "apikeys":
		return tagsOf(tx, api.APIKeyKey(path[1]), noAPIKey, func(k *api.APIKey) *map[string]string { return &k.Tags })
	case len(path) == 2 && path[0] == "usageplans":
		return tagsOf(tx, api.UsagePlanAt(path[1]), noPlan, func(p *api.UsagePlan) *map[string]string { return &p.Tags })
	case len(path) == 2 && path[0] == "clientcertificates":
		return tagsOf(tx, api.ClientCertificateKey(path[1]), noCertificate,
			func(c *api.ClientCertificate) *map[string]string { return &c.Tags })
	case len(path) == 2 && path[0] == "vpclinks":
		return tagsOf(tx, api.VPCLinkKey(path[1]), noLink, func(l *api.VPCLink) *map[string]string { return &l.Tags })
	case len(path) == 2 && path[0] == "domainnames":
		name, id, _ := strings.Cut(path[1], "+")
		return tagsOf(tx, api.DomainNameKey(strings.ToLower(name), id), noDomain,
			func(d *api.DomainName) *map[string]string { return &d.Tags })
	case len(path) == 4 && path[0] == "restapis" && path[2] == "stages":
		return tagsOf(tx, api.StageKey(path[1], path[3]), noStage, func(st *api.Stage) *map[string]string { return &st.Tags })
	}
	return tagged{}, bad("Invalid ARN specified in the request")
}

// tagsOf finds the tags inside one document.
func tagsOf[T any](tx store.Tx, key store.Key, absent string, field func(*T) *map[string]string) (tagged, error) {
	doc, err := find[T](tx, key, absent)
	if err != nil {
		return tagged{}, err
	}
	return tagged{tags: *field(&doc), put: func(tags map[string]string) error {
		*field(&doc) = tags
		return store.Put(tx, key, doc)
	}}, nil
}

// TagResource adds tags to those that a resource has.
func (s *Service) TagResource(ctx context.Context, in *v1.TagResourceInput) (*v1.TagResourceOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.TagResourceOutput, error) {
		at, err := s.tagsAt(tx, in.ResourceArn)
		if err != nil {
			return nil, err
		}
		all := map[string]string{}
		maps.Copy(all, at.tags)
		maps.Copy(all, in.Tags)
		if err := checkTags(all); err != nil {
			return nil, err
		}
		return &v1.TagResourceOutput{}, at.put(all)
	})
}

// UntagResource takes tags away; those that are not there are no error.
func (s *Service) UntagResource(ctx context.Context, in *v1.UntagResourceInput) (*v1.UntagResourceOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.UntagResourceOutput, error) {
		at, err := s.tagsAt(tx, in.ResourceArn)
		if err != nil {
			return nil, err
		}
		for _, key := range in.TagKeys {
			delete(at.tags, key)
		}
		return &v1.UntagResourceOutput{}, at.put(at.tags)
	})
}

// GetTags reads a resource's tags, all at once.
func (s *Service) GetTags(ctx context.Context, in *v1.GetTagsInput) (*v1.Tags, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Tags, error) {
		at, err := s.tagsAt(tx, in.ResourceArn)
		if err != nil {
			return nil, err
		}
		return &v1.Tags{Tags: shown(at.tags)}, nil
	})
}

// unescapeARN reads a segment of an ARN's path that the caller escaped once more
// than the wire needs.
func unescapeARN(segment string) string {
	if plain, err := url.PathUnescape(segment); err == nil {
		return plain
	}
	return segment
}
