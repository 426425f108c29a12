package cognito

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/userpool"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// tokenType is how tokens are to be sent.
const tokenType = "Bearer"

// newRefresh makes a refresh token of a session: its id and a secret, of which
// the hash is kept.
func newRefresh(session string) (token string, hash []byte) {
	var secret [48]byte
	_, _ = rand.Read(secret[:]) // never fails
	sum := sha256.Sum256(secret[:])
	return session + "." + base64.RawURLEncoding.EncodeToString(secret[:]), sum[:]
}

// refreshParts takes a refresh token apart.
func refreshParts(token string) (session string, hash []byte) {
	session, text, _ := strings.Cut(token, ".")
	secret, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(session) > 64 {
		return "", nil
	}
	sum := sha256.Sum256(secret)
	return session, sum[:]
}

// begin begins a session of a user with a client. The user is read anew: what
// was checked before may have changed.
func (s *Service) begin(ctx context.Context, p *pool, c *client, sub string) (*wire.AuthenticationResultType, error) {
	var out *wire.AuthenticationResultType
	err := s.store.Update(ctx, func(tx store.Tx) error {
		u, err := store.Get[api.PoolUser](tx, api.PoolUserKey(p.ID, sub))
		if errors.Is(err, store.ErrMissing) || err == nil && u.Disabled {
			return wrongPassword()
		}
		if err != nil {
			return err
		}
		x := api.PoolSession{ID: uuid.NewString(), Pool: p.ID, Client: c.ID, User: sub, AuthTime: s.now(), Expires: s.now().Add(c.lives().refresh)}
		token, hash := newRefresh(x.ID)
		x.Hash = hash
		if out, err = s.tokens(tx, p, c, &u, &x); err != nil {
			return err
		}
		out.RefreshToken = &token
		return store.Put(tx, api.PoolSessionKey(p.ID, x.ID), x)
	})
	return out, err
}

// tokens makes the ID and access tokens of a session.
// parity: Cognito Developer Guide, "Understanding user pool JSON web tokens"
func (s *Service) tokens(tx store.Tx, p *pool, c *client, u *api.PoolUser, x *api.PoolSession) (*wire.AuthenticationResultType, error) {
	signer, err := s.signer(tx, p.ID)
	if err != nil {
		return nil, err
	}
	groups, err := s.groupsOf(tx, p, u)
	if err != nil {
		return nil, err
	}
	now, life := s.now(), c.lives()
	common := map[string]any{
		"sub": u.Sub, "iss": s.issuer(p.ID), "origin_jti": x.ID, "event_id": uuid.NewString(),
		"auth_time": x.AuthTime.Unix(), "iat": now.Unix(),
	}
	id := idClaims(u, groups, c)
	access := map[string]any{"client_id": c.ID, "username": u.Name, "token_use": "access", "scope": adminScope}
	if len(groups) > 0 {
		access["cognito:groups"] = id["cognito:groups"]
	}
	id["aud"], id["token_use"] = c.ID, "id"
	access["exp"], id["exp"] = now.Add(life.access).Unix(), now.Add(life.id).Unix()
	out := &wire.AuthenticationResultType{ExpiresIn: new(int32(life.access / time.Second)), TokenType: new(tokenType)}
	for _, one := range []struct {
		claims map[string]any
		to     **string
	}{{id, &out.IdToken}, {access, &out.AccessToken}} {
		maps.Copy(one.claims, common)
		one.claims["jti"] = uuid.NewString()
		token, err := signer.Sign(one.claims)
		if err != nil {
			return nil, err
		}
		*one.to = &token
	}
	return out, nil
}

// idClaims are what an ID token tells of a user: what the client may read.
func idClaims(u *api.PoolUser, groups []api.PoolGroup, c *client) map[string]any {
	claims := map[string]any{"cognito:username": u.Name}
	for name, value := range u.Attributes {
		if only := c.settings.ReadAttributes; only != nil && !slices.Contains(only, name) {
			continue
		}
		switch name {
		case "email_verified", "phone_number_verified":
			claims[name] = value == "true"
		case "address":
			claims[name] = map[string]string{"formatted": value}
		case "updated_at":
			claims[name] = json.Number(value)
		default:
			claims[name] = value
		}
	}
	var names, roles []string
	for i := range groups {
		names = append(names, groups[i].Name)
		if r := groups[i].RoleARN; r != nil {
			roles = append(roles, *r)
		}
	}
	if names != nil {
		claims["cognito:groups"] = names
	}
	if roles != nil {
		claims["cognito:roles"], claims["cognito:preferred_role"] = roles, roles[0]
	}
	return claims
}

// refreshed gives new tokens for a refresh token. rotate: the token itself is
// replaced, if the client has it so.
func (s *Service) refreshed(ctx context.Context, p *pool, c *client, token string, rotate bool) (out *wire.AuthenticationResultType, err error) {
	err = s.store.Update(ctx, func(tx store.Tx) error {
		u, x, err := s.session(tx, p, c, token)
		if err != nil {
			return err
		}
		if out, err = s.tokens(tx, p, c, u, x); err != nil || !rotate {
			return err
		}
		former := x.Hash
		next, hash := newRefresh(x.ID)
		x.Hash, x.Former, out.RefreshToken = hash, former, &next
		x.Grace = s.now().Add(time.Duration(*or(c.settings.RefreshTokenRotation.RetryGracePeriodSeconds, 0)) * time.Second)
		return store.Put(tx, api.PoolSessionKey(p.ID, x.ID), x)
	})
	return out, err
}

// session finds the session of a refresh token that may be used.
func (s *Service) session(tx store.Tx, p *pool, c *client, token string) (*api.PoolUser, *api.PoolSession, error) {
	id, hash := refreshParts(token)
	x, err := store.Get[api.PoolSession](tx, api.PoolSessionKey(p.ID, id))
	if err != nil && !errors.Is(err, store.ErrMissing) {
		return nil, nil, err
	}
	now := s.now()
	good := subtle.ConstantTimeCompare(hash, x.Hash) == 1 || now.Before(x.Grace) && subtle.ConstantTimeCompare(hash, x.Former) == 1
	switch {
	case err != nil || !good || x.Client != c.ID || id == "":
		return nil, nil, denied("Invalid Refresh Token")
	case now.After(x.Expires):
		return nil, nil, denied("Refresh Token has expired")
	}
	u, err := store.Get[api.PoolUser](tx, api.PoolUserKey(p.ID, x.User))
	if errors.Is(err, store.ErrMissing) {
		return nil, nil, denied("Invalid Refresh Token")
	}
	switch {
	case err != nil:
		return nil, nil, err
	case u.Disabled:
		return nil, nil, denied("User is disabled.")
	case !x.AuthTime.After(u.SignedOut):
		return nil, nil, denied("Refresh Token has been revoked")
	}
	return &u, &x, nil
}

// holder finds who an access token is of, and that their session goes on.
func (s *Service) holder(ctx context.Context, token string) (p *pool, u *api.PoolUser, err error) {
	broken := denied("Invalid Access Token")
	t, err := jwt.Parse([]byte(token))
	if err != nil {
		return nil, nil, broken
	}
	id, ok := strings.CutPrefix(t.Issuer(), s.issuer(""))
	if !ok {
		return nil, nil, broken
	}
	err = s.store.View(ctx, func(tx store.Tx) error {
		if p, err = s.pool(tx, id); err != nil {
			return broken
		}
		keys, err := s.keys(tx, id)
		if err != nil {
			return err
		}
		public, err := jwt.ParseKeys(userpool.Set(keys))
		if err != nil {
			return err
		}
		switch err := public.Check(t, s.issuer(id), s.cfg.Now()); {
		case errors.Is(err, jwt.ErrExpired):
			return denied("Access Token has expired")
		case err != nil || t.Use() != jwt.Access:
			return broken
		case !slices.Contains(t.Scopes(), adminScope):
			return denied("Access Token does not have required scopes")
		}
		u, err = s.going(tx, p, t)
		return err
	})
	return p, u, err
}

// going is the user of a token whose session goes on.
func (s *Service) going(tx store.Tx, p *pool, t *jwt.Token) (*api.PoolUser, error) {
	revoked := denied("Access Token has been revoked")
	u, err := store.Get[api.PoolUser](tx, api.PoolUserKey(p.ID, t.Text("sub")))
	if errors.Is(err, store.ErrMissing) {
		return nil, noUser()
	}
	if err != nil {
		return nil, err
	}
	x, err := store.Get[api.PoolSession](tx, api.PoolSessionKey(p.ID, t.Text("origin_jti")))
	switch {
	case errors.Is(err, store.ErrMissing):
		return nil, revoked
	case err != nil:
		return nil, err
	case u.Disabled:
		return nil, denied("User is disabled.")
	case x.User != u.Sub || !x.AuthTime.After(u.SignedOut):
		return nil, revoked
	}
	return &u, nil
}

// clientIDOf is the client that an access token, which was verified, was given to.
func clientIDOf(token string) string {
	t, err := jwt.Parse([]byte(token))
	if err != nil {
		return ""
	}
	return t.Text("client_id")
}
