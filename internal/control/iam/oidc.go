package iam

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// Quotas of OpenID Connect providers.
//
// parity: IAM User Guide, "IAM and AWS STS quotas"
const (
	maxProviders = 100
	maxClientIDs = 100
)

func (s *Service) providerHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateOpenIDConnectProvider":             wire.Op(s.CreateOpenIDConnectProvider),
		"GetOpenIDConnectProvider":                wire.Op(s.GetOpenIDConnectProvider),
		"ListOpenIDConnectProviders":              wire.Op(s.ListOpenIDConnectProviders),
		"DeleteOpenIDConnectProvider":             wire.Op(s.DeleteOpenIDConnectProvider),
		"AddClientIDToOpenIDConnectProvider":      wire.Op(s.AddClientIDToOpenIDConnectProvider),
		"RemoveClientIDFromOpenIDConnectProvider": wire.Op(s.RemoveClientIDFromOpenIDConnectProvider),
		"UpdateOpenIDConnectProviderThumbprint":   wire.Op(s.UpdateOpenIDConnectProviderThumbprint),
	}
}

func (s *Service) providerARN(name string) *string {
	return new("arn:" + s.cfg.Partition + ":iam::" + s.cfg.Account + ":oidc-provider/" + name)
}

// CreateOpenIDConnectProvider trusts an issuer of tokens.
func (s *Service) CreateOpenIDConnectProvider(ctx context.Context, in *iam.CreateOpenIDConnectProviderInput) (*iam.CreateOpenIDConnectProviderResponse, error) {
	if err := jwt.CheckPlace(in.Url); err != nil || strings.ContainsAny(in.Url, "?#@") {
		return nil, invalid("Invalid Open ID Connect Provider URL")
	}
	tags, err := tagged(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	p := api.OIDCProvider{URL: in.Url, ClientIDs: in.ClientIDList, Thumbprints: in.ThumbprintList, CreatedDate: s.now(), Tags: tags}
	if len(p.ClientIDs) > maxClientIDs {
		return nil, tooMany("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClientIDs)
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		key := api.OIDCProviderKey(p.Name())
		if _, err := tx.Get(key); err == nil {
			return taken("Provider with url %s already exists.", in.Url)
		} else if !errors.Is(err, store.ErrMissing) {
			return err
		}
		all, err := store.All[api.OIDCProvider](tx, api.OIDCProviders)
		if err != nil {
			return err
		}
		if len(all) >= maxProviders {
			return tooMany("Cannot exceed quota for OpenIdConnectProvidersPerAccount: %d", maxProviders)
		}
		return store.Put(tx, key, p)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateOpenIDConnectProviderResponse{OpenIDConnectProviderArn: s.providerARN(p.Name()), Tags: wireTags(tags)}, nil
}

// provider reads the provider of an ARN.
func (s *Service) provider(tx store.Tx, arn string) (p api.OIDCProvider, err error) {
	name, ours := strings.CutPrefix(arn, *s.providerARN(""))
	if !ours || name == "" {
		return p, invalid("Invalid ARN %s", arn)
	}
	p, err = store.Get[api.OIDCProvider](tx, api.OIDCProviderKey(name))
	if errors.Is(err, store.ErrMissing) {
		return p, missing("OpenIDConnect Provider not found for arn %s", arn)
	}
	return p, err
}

// changeProvider changes a provider in one transaction.
func (s *Service) changeProvider(ctx context.Context, arn string, change func(p *api.OIDCProvider) error) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.provider(tx, arn)
		if err != nil {
			return err
		}
		if err := change(&p); err != nil {
			return err
		}
		return store.Put(tx, api.OIDCProviderKey(p.Name()), p)
	})
}

// GetOpenIDConnectProvider shows a provider.
func (s *Service) GetOpenIDConnectProvider(ctx context.Context, in *iam.GetOpenIDConnectProviderInput) (*iam.GetOpenIDConnectProviderResponse, error) {
	var p api.OIDCProvider
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		p, err = s.provider(tx, in.OpenIDConnectProviderArn)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &iam.GetOpenIDConnectProviderResponse{
		Url: new(p.Name()), ClientIDList: p.ClientIDs, ThumbprintList: p.Thumbprints, CreateDate: &p.CreatedDate, Tags: wireTags(p.Tags),
	}, nil
}

// ListOpenIDConnectProviders lists the ARNs of all providers.
func (s *Service) ListOpenIDConnectProviders(ctx context.Context, _ *iam.ListOpenIDConnectProvidersInput) (*iam.ListOpenIDConnectProvidersResponse, error) {
	out := &iam.ListOpenIDConnectProvidersResponse{}
	err := s.store.View(ctx, func(tx store.Tx) error {
		out.OpenIDConnectProviderList = nil
		for p, err := range store.Scan[api.OIDCProvider](tx, api.OIDCProviders, "") {
			if err != nil {
				return err
			}
			out.OpenIDConnectProviderList = append(out.OpenIDConnectProviderList, iam.OpenIDConnectProviderListEntry{Arn: s.providerARN(p.Name())})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// DeleteOpenIDConnectProvider trusts an issuer no more.
func (s *Service) DeleteOpenIDConnectProvider(ctx context.Context, in *iam.DeleteOpenIDConnectProviderInput) (*iam.DeleteOpenIDConnectProviderOutput, error) {
	err := s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.provider(tx, in.OpenIDConnectProviderArn)
		if err != nil {
			return err
		}
		return tx.Delete(api.OIDCProviderKey(p.Name()))
	})
	return &iam.DeleteOpenIDConnectProviderOutput{}, err
}

// AddClientIDToOpenIDConnectProvider takes tokens for one audience more.
func (s *Service) AddClientIDToOpenIDConnectProvider(ctx context.Context, in *iam.AddClientIDToOpenIDConnectProviderInput) (*iam.AddClientIDToOpenIDConnectProviderOutput, error) {
	err := s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *api.OIDCProvider) error {
		if slices.Contains(p.ClientIDs, in.ClientID) {
			return nil
		}
		if len(p.ClientIDs) >= maxClientIDs {
			return tooMany("Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: %d", maxClientIDs)
		}
		p.ClientIDs = append(p.ClientIDs, in.ClientID)
		return nil
	})
	return &iam.AddClientIDToOpenIDConnectProviderOutput{}, err
}

// RemoveClientIDFromOpenIDConnectProvider takes tokens for an audience no more.
func (s *Service) RemoveClientIDFromOpenIDConnectProvider(ctx context.Context, in *iam.RemoveClientIDFromOpenIDConnectProviderInput) (*iam.RemoveClientIDFromOpenIDConnectProviderOutput, error) {
	err := s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *api.OIDCProvider) error {
		p.ClientIDs = slices.DeleteFunc(p.ClientIDs, func(id string) bool { return id == in.ClientID })
		return nil
	})
	return &iam.RemoveClientIDFromOpenIDConnectProviderOutput{}, err
}

// UpdateOpenIDConnectProviderThumbprint keeps other thumbprints.
func (s *Service) UpdateOpenIDConnectProviderThumbprint(ctx context.Context, in *iam.UpdateOpenIDConnectProviderThumbprintInput) (*iam.UpdateOpenIDConnectProviderThumbprintOutput, error) {
	err := s.changeProvider(ctx, in.OpenIDConnectProviderArn, func(p *api.OIDCProvider) error {
		p.Thumbprints = in.ThumbprintList
		return nil
	})
	return &iam.UpdateOpenIDConnectProviderThumbprintOutput{}, err
}
