package cognito

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// adminScope lets whoever has an access token call the operations of users.
const adminScope = "aws.cognito.signin.user.admin"

func (s *Service) server(tx store.Tx, pool, identifier string) (*api.PoolServer, error) {
	if _, err := s.pool(tx, pool); err != nil {
		return nil, err
	}
	r, err := store.Get[api.PoolServer](tx, api.PoolServerKey(pool, identifier))
	if errors.Is(err, store.ErrMissing) {
		return nil, missing("Resource server %s does not exist.", identifier)
	}
	return &r, err
}

// hasScope says whether a scope is one of the pool's resource servers:
// IDENTIFIER/NAME.
func (s *Service) hasScope(tx store.Tx, p *pool, scope string) (bool, error) {
	at := strings.LastIndexByte(scope, '/')
	if at < 1 {
		return false, nil
	}
	r, err := store.Get[api.PoolServer](tx, api.PoolServerKey(p.ID, scope[:at]))
	if errors.Is(err, store.ErrMissing) {
		return false, nil
	}
	return slices.ContainsFunc(r.Scopes, func(one [2]string) bool { return one[0] == scope[at+1:] }), err
}

func shownServer(pool string, r *api.PoolServer) *wire.ResourceServerType {
	out := &wire.ResourceServerType{UserPoolId: &pool, Identifier: &r.Identifier, Name: &r.Name, Scopes: []wire.ResourceServerScopeType{}}
	for _, one := range r.Scopes {
		out.Scopes = append(out.Scopes, wire.ResourceServerScopeType{ScopeName: one[0], ScopeDescription: one[1]})
	}
	return out
}

func scopesOf(given []wire.ResourceServerScopeType) (all [][2]string) {
	for _, one := range given {
		all = append(all, [2]string{one.ScopeName, one.ScopeDescription})
	}
	return all
}

// CreateResourceServer makes a resource server.
func (s *Service) CreateResourceServer(ctx context.Context, in *wire.CreateResourceServerInput) (*wire.CreateResourceServerResponse, error) {
	r := &api.PoolServer{Identifier: in.Identifier, Name: in.Name, Scopes: scopesOf(in.Scopes)}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := s.server(tx, in.UserPoolId, r.Identifier); err == nil {
			return invalid("%s already exists in user pool %s.", r.Identifier, in.UserPoolId)
		}
		if _, err := s.pool(tx, in.UserPoolId); err != nil {
			return err
		}
		return store.Put(tx, api.PoolServerKey(in.UserPoolId, r.Identifier), r)
	})
	if err != nil {
		return nil, err
	}
	return &wire.CreateResourceServerResponse{ResourceServer: shownServer(in.UserPoolId, r)}, nil
}

// DescribeResourceServer reads a resource server.
func (s *Service) DescribeResourceServer(ctx context.Context, in *wire.DescribeResourceServerInput) (*wire.DescribeResourceServerResponse, error) {
	out := &wire.DescribeResourceServerResponse{}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		r, err := s.server(tx, in.UserPoolId, in.Identifier)
		if err == nil {
			out.ResourceServer = shownServer(in.UserPoolId, r)
		}
		return err
	})
}

// ListResourceServers lists the resource servers of a pool.
func (s *Service) ListResourceServers(ctx context.Context, in *wire.ListResourceServersInput) (*wire.ListResourceServersResponse, error) {
	out := &wire.ListResourceServersResponse{ResourceServers: []wire.ResourceServerType{}}
	var err error
	out.NextToken, err = list(ctx, s, listing[api.PoolServer]{
		prefix: s.below(in.UserPoolId, api.PoolServers), token: in.NextToken, limit: pageOf(in.MaxResults),
		key: func(r *api.PoolServer) string { return api.PoolServerKey(in.UserPoolId, r.Identifier) },
		take: func(r *api.PoolServer) {
			out.ResourceServers = append(out.ResourceServers, *shownServer(in.UserPoolId, r))
		},
	})
	return out, err
}

// UpdateResourceServer replaces name and scopes of a resource server.
func (s *Service) UpdateResourceServer(ctx context.Context, in *wire.UpdateResourceServerInput) (*wire.UpdateResourceServerResponse, error) {
	out := &wire.UpdateResourceServerResponse{}
	return out, s.store.Update(ctx, func(tx store.Tx) error {
		r, err := s.server(tx, in.UserPoolId, in.Identifier)
		if err != nil {
			return err
		}
		r.Name, r.Scopes = in.Name, scopesOf(in.Scopes)
		out.ResourceServer = shownServer(in.UserPoolId, r)
		return store.Put(tx, api.PoolServerKey(in.UserPoolId, r.Identifier), r)
	})
}

// DeleteResourceServer deletes a resource server.
func (s *Service) DeleteResourceServer(ctx context.Context, in *wire.DeleteResourceServerInput) (*wire.DeleteResourceServerOutput, error) {
	return &wire.DeleteResourceServerOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := s.server(tx, in.UserPoolId, in.Identifier); err != nil {
			return err
		}
		return tx.Delete(api.PoolServerKey(in.UserPoolId, in.Identifier))
	})
}

// CreateUserPoolDomain gives a pool the domain that its token endpoint is at. A
// pool has one.
func (s *Service) CreateUserPoolDomain(ctx context.Context, in *wire.CreateUserPoolDomainInput) (*wire.CreateUserPoolDomainResponse, error) {
	return &wire.CreateUserPoolDomainResponse{}, s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		if _, err := tx.Get(api.PoolDomainKey(in.Domain)); err == nil {
			return invalid("Domain already associated with another user pool.")
		}
		if p.Domain != "" {
			return invalid("User pool already has a domain configured.")
		}
		p.Domain = in.Domain
		return errors.Join(store.Put(tx, api.PoolDomainKey(in.Domain), p.ID), s.putPool(tx, p))
	})
}

// DescribeUserPoolDomain tells whose a domain is: nobody's if it is not known.
func (s *Service) DescribeUserPoolDomain(ctx context.Context, in *wire.DescribeUserPoolDomainInput) (*wire.DescribeUserPoolDomainResponse, error) {
	out := &wire.DescribeUserPoolDomainResponse{DomainDescription: &wire.DomainDescriptionType{}}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		id, err := store.Get[string](tx, api.PoolDomainKey(in.Domain))
		if errors.Is(err, store.ErrMissing) {
			return nil
		}
		if err == nil {
			d := out.DomainDescription
			d.Domain, d.UserPoolId, d.AWSAccountId, d.Status = &in.Domain, &id, &s.cfg.Account, new("ACTIVE")
		}
		return err
	})
}

// DeleteUserPoolDomain takes the domain from a pool.
func (s *Service) DeleteUserPoolDomain(ctx context.Context, in *wire.DeleteUserPoolDomainInput) (*wire.DeleteUserPoolDomainResponse, error) {
	return &wire.DeleteUserPoolDomainResponse{}, s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		if !strings.EqualFold(p.Domain, in.Domain) {
			return invalid("No such domain or user pool exists.")
		}
		p.Domain = ""
		return errors.Join(tx.Delete(api.PoolDomainKey(in.Domain)), s.putPool(tx, p))
	})
}
