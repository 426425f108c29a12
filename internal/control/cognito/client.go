package cognito

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// client is an app client with its settings read.
type client struct {
	api.PoolClient
	settings wire.UserPoolClientType
}

func (s *Service) client(tx store.Tx, pool, id string) (*client, error) {
	doc, err := store.Get[api.PoolClient](tx, api.PoolClientKey(pool, id))
	if errors.Is(err, store.ErrMissing) {
		return nil, missing("User pool client %s does not exist.", id)
	}
	if err != nil {
		return nil, err
	}
	c := &client{PoolClient: doc}
	if err := json.Unmarshal(doc.Settings, &c.settings); err != nil {
		return nil, fmt.Errorf("read the settings of client %s: %w", id, err)
	}
	return c, nil
}

// clientAlone finds a client and its pool by the client's id.
func (s *Service) clientAlone(tx store.Tx, id string) (*pool, *client, error) {
	at, err := store.Get[string](tx, api.PoolClientIDKey(id))
	if errors.Is(err, store.ErrMissing) {
		return nil, nil, missing("User pool client %s does not exist.", id)
	}
	if err != nil {
		return nil, nil, err
	}
	p, err := s.pool(tx, at)
	if err != nil {
		return nil, nil, err
	}
	c, err := s.client(tx, at, id)
	return p, c, err
}

func (s *Service) putClient(tx store.Tx, c *client) (err error) {
	if c.Settings, err = json.Marshal(c.settings); err != nil { //nolint:gosec // the secret is not among them: it is sealed beside them
		return err
	}
	return store.Put(tx, api.PoolClientKey(c.Pool, c.ID), c.PoolClient)
}

// secret is the client's secret; empty: it has none.
func (s *Service) secret(c *client) (string, error) {
	if len(c.Secret) == 0 {
		return "", nil
	}
	text, err := s.cfg.Seal.Open(c.Secret, "client:"+c.ID)
	if err != nil {
		return "", fmt.Errorf("open the secret of client %s: %w", c.ID, err)
	}
	return string(text), nil
}

// shownClient is a client as callers see it.
func (s *Service) shownClient(c *client) (*wire.UserPoolClientType, error) {
	out := c.settings
	out.UserPoolId, out.ClientId, out.ClientName = &c.Pool, &c.ID, &c.Name
	out.CreationDate, out.LastModifiedDate = &c.Created, &c.Modified
	secret, err := s.secret(c)
	if secret != "" {
		out.ClientSecret = &secret
	}
	return &out, err
}

const lowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789"

// maxClients is how many clients a pool has. parity: "Quotas"
const maxClients = 1000

// CreateUserPoolClient makes an app client.
func (s *Service) CreateUserPoolClient(ctx context.Context, in *wire.CreateUserPoolClientInput) (*wire.CreateUserPoolClientResponse, error) {
	c := &client{PoolClient: api.PoolClient{ID: text(lowerDigits, 26), Pool: in.UserPoolId, Name: in.ClientName, Created: s.now(), Modified: s.now()}}
	c.settings = wire.UserPoolClientType{
		RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity,
		TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes,
		ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs,
		LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows,
		AllowedOAuthScopes: in.AllowedOAuthScopes, AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient,
		PreventUserExistenceErrors: in.PreventUserExistenceErrors, EnableTokenRevocation: in.EnableTokenRevocation,
		AuthSessionValidity: in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
	}
	secret := ""
	switch {
	case in.ClientSecret != nil:
		secret = *in.ClientSecret
	case on(in.GenerateSecret):
		secret = text(lowerDigits, 52)
	}
	if secret != "" {
		c.Secret = s.cfg.Seal.Close([]byte(secret), "client:"+c.ID)
	}
	err := s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		if err := s.completeClient(tx, p, c); err != nil {
			return err
		}
		all, err := store.All[json.RawMessage](tx, api.PoolClients(p.ID))
		if err != nil {
			return err
		}
		if len(all) >= maxClients {
			return refuse("LimitExceededException", "A user pool can have %d app clients at most.", maxClients)
		}
		return errors.Join(store.Put(tx, api.PoolClientIDKey(c.ID), p.ID), s.putClient(tx, c))
	})
	if err != nil {
		return nil, err
	}
	out, err := s.shownClient(c)
	return &wire.CreateUserPoolClientResponse{UserPoolClient: out}, err
}

// completeClient fills in what was not given, and checks the rest.
func (s *Service) completeClient(tx store.Tx, p *pool, c *client) error {
	x := &c.settings
	x.RefreshTokenValidity, x.EnableTokenRevocation = or(x.RefreshTokenValidity, 30), or(x.EnableTokenRevocation, true)
	x.AllowedOAuthFlowsUserPoolClient, x.AuthSessionValidity = or(x.AllowedOAuthFlowsUserPoolClient, false), or(x.AuthSessionValidity, 3)
	if *x.RefreshTokenValidity == 0 { // parity: the model, "you can't set it to 0: it is the default then"
		x.RefreshTokenValidity = new(int32(30))
	}
	if x.TokenValidityUnits == nil {
		x.TokenValidityUnits = &wire.TokenValidityUnitsType{}
	}
	if err := c.checkLives(); err != nil {
		return err
	}
	for _, list := range [][]string{x.ReadAttributes, x.WriteAttributes} {
		for _, name := range list {
			if p.attribute(name) == nil {
				return invalid("Invalid %s attributes specified while creating a client", "read or write")
			}
		}
	}
	mixed := func(flow string) bool { return slices.Contains(x.ExplicitAuthFlows, flow) }
	if len(x.ExplicitAuthFlows) > 1 && (mixed("ADMIN_NO_SRP_AUTH") || mixed("USER_PASSWORD_AUTH") || mixed("CUSTOM_AUTH_FLOW_ONLY")) &&
		slices.ContainsFunc(x.ExplicitAuthFlows, func(f string) bool { return len(f) > 6 && f[:6] == "ALLOW_" }) {
		return invalid("Cannot mix flows with and without the ALLOW_ prefix.")
	}
	return s.checkOAuth(tx, p, c)
}

// checkOAuth holds the client's flows and scopes to the pool.
func (s *Service) checkOAuth(tx store.Tx, p *pool, c *client) error {
	x := &c.settings
	machine := slices.Contains(x.AllowedOAuthFlows, "client_credentials")
	switch {
	case machine && len(x.AllowedOAuthFlows) > 1:
		return refuse("InvalidOAuthFlowException", "client_credentials flow can not be selected along with code flow or implicit flow.")
	case machine && len(c.Secret) == 0:
		return refuse("InvalidOAuthFlowException", "client_credentials flow can not be selected if client does not have a client secret.")
	}
	for _, scope := range x.AllowedOAuthScopes {
		switch scope {
		case "openid", "email", "phone", "profile", adminScope:
			if machine {
				return refuse("ScopeDoesNotExistException", "Scope %s cannot be used with client_credentials.", scope)
			}
			continue
		}
		ok, err := s.hasScope(tx, p, scope)
		if err != nil {
			return err
		}
		if !ok {
			return refuse("ScopeDoesNotExistException", "Invalid scope requested: %s", scope)
		}
	}
	return nil
}

// lives are how long tokens of the client are good.
type lives struct{ access, id, refresh time.Duration }

func (c *client) lives() lives {
	x, units := &c.settings, c.settings.TokenValidityUnits
	life := func(n *int32, unit *string, otherwise time.Duration, usual string) time.Duration {
		if n == nil || *n == 0 {
			return otherwise
		}
		return time.Duration(*n) * unitOf(*or(unit, usual))
	}
	return lives{
		life(x.AccessTokenValidity, units.AccessToken, time.Hour, "hours"), life(x.IdTokenValidity, units.IdToken, time.Hour, "hours"),
		life(x.RefreshTokenValidity, units.RefreshToken, 30*24*time.Hour, "days"),
	}
}

func unitOf(name string) time.Duration {
	switch name {
	case "seconds":
		return time.Second
	case "minutes":
		return time.Minute
	case "days":
		return 24 * time.Hour
	}
	return time.Hour
}

// longestToken is how long access and ID tokens are good at most.
const longestToken = 24 * time.Hour

// parity: the model's AccessTokenValidity, IdTokenValidity, RefreshTokenValidity
func (c *client) checkLives() error {
	l := c.lives()
	for _, one := range []struct {
		name        string
		life, least time.Duration
		most        time.Duration
	}{
		{"AccessToken", l.access, 5 * time.Minute, longestToken},
		{"IdToken", l.id, 5 * time.Minute, longestToken},
		{"RefreshToken", l.refresh, time.Hour, 3650 * 24 * time.Hour},
	} {
		if one.life < one.least || one.life > one.most {
			return invalid("Invalid range for token validity: %s must be between %v and %v.", one.name, one.least, one.most)
		}
	}
	if l.refresh < max(l.access, l.id) {
		return invalid("Refresh Token Validity must be greater than or equal to Access Token and Id Token Validity.")
	}
	return nil
}

// DescribeUserPoolClient reads a client, with its secret.
func (s *Service) DescribeUserPoolClient(ctx context.Context, in *wire.DescribeUserPoolClientInput) (*wire.DescribeUserPoolClientResponse, error) {
	out := &wire.DescribeUserPoolClientResponse{}
	return out, s.store.View(ctx, func(tx store.Tx) error {
		c, err := s.client(tx, in.UserPoolId, in.ClientId)
		if err == nil {
			out.UserPoolClient, err = s.shownClient(c)
		}
		return err
	})
}

// ListUserPoolClients lists the clients of a pool in the order of their ids.
func (s *Service) ListUserPoolClients(ctx context.Context, in *wire.ListUserPoolClientsInput) (*wire.ListUserPoolClientsResponse, error) {
	out := &wire.ListUserPoolClientsResponse{UserPoolClients: []wire.UserPoolClientDescription{}}
	var err error
	out.NextToken, err = list(ctx, s, listing[api.PoolClient]{
		prefix: s.below(in.UserPoolId, api.PoolClients), token: in.NextToken, limit: *or(in.MaxResults, 60),
		key: func(c *api.PoolClient) string { return api.PoolClientKey(c.Pool, c.ID) },
		take: func(c *api.PoolClient) {
			out.UserPoolClients = append(out.UserPoolClients, wire.UserPoolClientDescription{ClientId: &c.ID, UserPoolId: &c.Pool, ClientName: &c.Name})
		},
	})
	return out, err
}

// UpdateUserPoolClient replaces the settings of a client: what is not given
// becomes what it is by default.
func (s *Service) UpdateUserPoolClient(ctx context.Context, in *wire.UpdateUserPoolClientInput) (*wire.UpdateUserPoolClientResponse, error) {
	out := &wire.UpdateUserPoolClientResponse{}
	return out, s.store.Update(ctx, func(tx store.Tx) error {
		p, err := s.pool(tx, in.UserPoolId)
		if err != nil {
			return err
		}
		c, err := s.client(tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return err
		}
		c.settings = wire.UserPoolClientType{
			RefreshTokenValidity: in.RefreshTokenValidity, AccessTokenValidity: in.AccessTokenValidity, IdTokenValidity: in.IdTokenValidity,
			TokenValidityUnits: in.TokenValidityUnits, ReadAttributes: in.ReadAttributes, WriteAttributes: in.WriteAttributes,
			ExplicitAuthFlows: in.ExplicitAuthFlows, SupportedIdentityProviders: in.SupportedIdentityProviders, CallbackURLs: in.CallbackURLs,
			LogoutURLs: in.LogoutURLs, DefaultRedirectURI: in.DefaultRedirectURI, AllowedOAuthFlows: in.AllowedOAuthFlows,
			AllowedOAuthScopes: in.AllowedOAuthScopes, AllowedOAuthFlowsUserPoolClient: in.AllowedOAuthFlowsUserPoolClient,
			PreventUserExistenceErrors: in.PreventUserExistenceErrors, EnableTokenRevocation: in.EnableTokenRevocation,
			AuthSessionValidity: in.AuthSessionValidity, RefreshTokenRotation: in.RefreshTokenRotation,
		}
		if in.ClientName != nil {
			c.Name = *in.ClientName
		}
		c.Modified = s.now()
		if err := s.completeClient(tx, p, c); err != nil {
			return err
		}
		if out.UserPoolClient, err = s.shownClient(c); err != nil {
			return err
		}
		return s.putClient(tx, c)
	})
}

// DeleteUserPoolClient deletes a client. Sessions of its users end with it.
func (s *Service) DeleteUserPoolClient(ctx context.Context, in *wire.DeleteUserPoolClientInput) (*wire.DeleteUserPoolClientOutput, error) {
	return &wire.DeleteUserPoolClientOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		c, err := s.client(tx, in.UserPoolId, in.ClientId)
		if err != nil {
			return err
		}
		return errors.Join(tx.Delete(api.PoolClientIDKey(c.ID)), tx.Delete(api.PoolClientKey(c.Pool, c.ID)))
	})
}
