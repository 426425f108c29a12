package apigateway

import (
	"context"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// CreateVpcLink makes a link to a load balancer. It can be used at once, though
// the answer says, as AWS's does, that it is pending.
// parity: spec/http-websocket-domains.md D1, recorded.
func (s *Service) CreateVpcLink(ctx context.Context, in *v1.CreateVpcLinkInput) (*v1.VpcLink, error) {
	l := api.VPCLink{Name: in.Name, Description: in.Description, TargetARNs: in.TargetArns, Tags: some(in.Tags)}
	if err := checkLink(&l); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.VpcLink, error) {
		err := s.room(tx, QuotaLinks, api.VPCLinks)
		if err != nil {
			return nil, err
		}
		if l.ID, err = s.freshID(tx, idLength, api.VPCLinkKey); err != nil {
			return nil, err
		}
		if err := store.Put(tx, api.VPCLinkKey(l.ID), l); err != nil {
			return nil, err
		}
		out := wireLink(l, l.Tags)
		pending := "PENDING"
		out.Status, out.StatusMessage = &pending, nil
		return out, nil
	})
}

func checkLink(l *api.VPCLink) error {
	if l.Name == "" {
		return bad("Name cannot be empty")
	}
	if len(l.TargetARNs) != 1 {
		return bad("A VPC link must have exactly one target ARN")
	}
	for _, arn := range l.TargetARNs {
		if part := strings.SplitN(arn, ":", 6); len(part) < 6 || part[0] != "arn" || part[1] == "" || part[2] == "" || part[5] == "" {
			return bad("Invalid ARN. ARN is not well formed " + arn)
		}
	}
	return nil
}

// GetVpcLink reads a link.
func (s *Service) GetVpcLink(ctx context.Context, in *v1.GetVpcLinkInput) (*v1.VpcLink, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.VpcLink, error) {
		l, err := find[api.VPCLink](tx, api.VPCLinkKey(in.VpcLinkId), noLink)
		if err != nil {
			return nil, err
		}
		return wireLink(l, shown(l.Tags)), nil
	})
}

// GetVpcLinks lists links, in the order of their ids.
func (s *Service) GetVpcLinks(ctx context.Context, in *v1.GetVpcLinksInput) (*v1.VpcLinks, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.VpcLinks, error) {
		all, next, err := page[api.VPCLink](tx, api.VPCLinks, in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.VpcLinks{Position: next, Items: each(all, func(l api.VPCLink) v1.VpcLink {
			return *wireLink(l, l.Tags)
		})}, nil
	})
}

// UpdateVpcLink patches a link; its target never changes.
func (s *Service) UpdateVpcLink(ctx context.Context, in *v1.UpdateVpcLinkInput) (*v1.VpcLink, error) {
	patches := table[api.VPCLink]{manners: namesPaths, rows: []row[api.VPCLink]{
		{path: "/name", replace: func(l *api.VPCLink, p patch) error {
			l.Name = p.text()
			return nil
		}},
		{path: "/description", replace: setText(func(l *api.VPCLink) **string { return &l.Description })},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.VpcLink, error) {
		key := api.VPCLinkKey(in.VpcLinkId)
		l, err := find[api.VPCLink](tx, key, noLink)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&l, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkLink(&l); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, l); err != nil {
			return nil, err
		}
		return wireLink(l, shown(l.Tags)), nil
	})
}

// DeleteVpcLink removes a link that no integration names. One that a stage
// variable stands for is not seen.
func (s *Service) DeleteVpcLink(ctx context.Context, in *v1.DeleteVpcLinkInput) (*v1.DeleteVpcLinkOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteVpcLinkOutput, error) {
		key := api.VPCLinkKey(in.VpcLinkId)
		if _, err := find[api.VPCLink](tx, key, noLink); err != nil {
			return nil, err
		}
		for a, err := range store.Scan[api.RestAPI](tx, api.RestAPIs, "") {
			if err != nil {
				return nil, err
			}
			for m, err := range store.Scan[api.Method](tx, api.Methods(a.ID), "") {
				if err != nil {
					return nil, err
				}
				if m.Integration != nil && text(m.Integration.ConnectionID) == in.VpcLinkId {
					return nil, badf("Cannot delete vpc link. Vpc link '%s', is referenced in [%s:%s:%s] in format of [Method:Resource:Api].",
						in.VpcLinkId, m.HTTPMethod, m.ResourceID, a.ID)
				}
			}
		}
		return &v1.DeleteVpcLinkOutput{}, tx.Delete(key)
	})
}

// wireLink is a link as callers see it. Whether empty tags are shown depends
// on the call.
func wireLink(l api.VPCLink, tags map[string]string) *v1.VpcLink {
	status, message := "AVAILABLE", "Your vpc link is ready for use"
	out := &v1.VpcLink{
		Id: &l.ID, Name: &l.Name, Description: l.Description, TargetArns: l.TargetARNs, Status: &status, StatusMessage: &message,
	}
	if tags != nil {
		out.Tags = tags
	}
	return out
}
