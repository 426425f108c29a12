package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// attempt is somebody who wants to sign in.
type attempt struct {
	client, pool string // pool is empty unless a server asks
	flow         string
	params       map[string]string
}

// signIn is what a sign-in has come to: tokens, or a challenge.
type signIn struct {
	challenge, session string
	params             map[string]string
	result             *wire.AuthenticationResultType
}

// InitiateAuth begins to sign a user in, for the user's own client.
func (s *Service) InitiateAuth(ctx context.Context, in *wire.InitiateAuthInput) (*wire.InitiateAuthResponse, error) {
	got, err := s.signIn(ctx, &attempt{client: in.ClientId, flow: in.AuthFlow, params: in.AuthParameters})
	if err != nil {
		return nil, err
	}
	return &wire.InitiateAuthResponse{
		ChallengeName: some(got.challenge), Session: some(got.session), ChallengeParameters: got.params, AuthenticationResult: got.result,
	}, nil
}

// AdminInitiateAuth begins to sign a user in, for a server.
func (s *Service) AdminInitiateAuth(ctx context.Context, in *wire.AdminInitiateAuthInput) (*wire.AdminInitiateAuthResponse, error) {
	got, err := s.signIn(ctx, &attempt{client: in.ClientId, pool: in.UserPoolId, flow: in.AuthFlow, params: in.AuthParameters})
	if err != nil {
		return nil, err
	}
	return &wire.AdminInitiateAuthResponse{
		ChallengeName: some(got.challenge), Session: some(got.session), ChallengeParameters: got.params, AuthenticationResult: got.result,
	}, nil
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// clientOf finds the client of an attempt; a server's must be of its pool.
func (s *Service) clientOf(ctx context.Context, id, poolID string) (p *pool, c *client, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		if poolID != "" {
			if p, err = s.pool(tx, poolID); err == nil {
				c, err = s.client(tx, poolID, id)
			}
			return err
		}
		p, c, err = s.clientAlone(tx, id)
		return err
	})
	return p, c, err
}

// signIn plays the first part of a flow.
func (s *Service) signIn(ctx context.Context, a *attempt) (*signIn, error) {
	p, c, err := s.clientOf(ctx, a.client, a.pool)
	if err != nil {
		return nil, err
	}
	if err := c.allows(a); err != nil {
		return nil, err
	}
	if a.flow == "REFRESH_TOKEN_AUTH" || a.flow == "REFRESH_TOKEN" {
		return s.refresh(ctx, p, c, a)
	}
	name := a.params["USERNAME"]
	if name == "" {
		return nil, invalid("Missing required parameter USERNAME")
	}
	if err := s.checkSecret(c, a.params["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	if a.flow == "USER_SRP_AUTH" {
		return s.offer(ctx, p, c, name, a.params["SRP_A"])
	}
	password := a.params["PASSWORD"]
	if password == "" {
		return nil, invalid("Missing required parameter PASSWORD")
	}
	return s.byPassword(ctx, p, c, name, password)
}

// allows says whether the client has a flow.
func (c *client) allows(a *attempt) error {
	server := a.pool != ""
	want := []string{}
	switch a.flow {
	case "USER_PASSWORD_AUTH":
		want = []string{"ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"}
	case "ADMIN_NO_SRP_AUTH", "ADMIN_USER_PASSWORD_AUTH":
		if !server {
			return invalid("Initiate Auth method not supported.")
		}
		want = []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"}
	case "USER_SRP_AUTH":
		want = []string{"ALLOW_USER_SRP_AUTH", ""}
	case "REFRESH_TOKEN_AUTH", "REFRESH_TOKEN":
		want = []string{"ALLOW_REFRESH_TOKEN_AUTH", ""}
		if c.rotates() {
			return invalid("REFRESH_TOKEN_AUTH flow not enabled for this client")
		}
	}
	has := c.settings.ExplicitAuthFlows
	legacy := !slices.ContainsFunc(has, func(f string) bool { return strings.HasPrefix(f, "ALLOW_") })
	for _, flow := range want {
		// parity: the model, "If you don't specify ExplicitAuthFlows, the client
		// supports ALLOW_REFRESH_TOKEN_AUTH, ALLOW_USER_SRP_AUTH, ALLOW_CUSTOM_AUTH";
		// the flows without a prefix leave these two as they are
		if slices.Contains(has, flow) || flow == "" && legacy {
			return nil
		}
	}
	if server {
		return invalid("Auth flow not enabled for this client")
	}
	return invalid("%s flow not enabled for this client", a.flow)
}

func (c *client) rotates() bool {
	r := c.settings.RefreshTokenRotation
	return r != nil && r.Feature == "ENABLED"
}

// checkSecret holds a secret hash against the client's secret: the HMAC of the
// name and the client's id. Any of the names will do.
func (s *Service) checkSecret(c *client, hash string, names ...string) error {
	secret, err := s.secret(c)
	if err != nil {
		return err
	}
	switch {
	case secret == "" && hash == "":
		return nil
	case secret == "":
		return denied("Client %s is not configured with secret but secret was received", c.ID)
	case hash == "":
		return denied("Client %s is configured with secret but SECRET_HASH was not received", c.ID)
	}
	given, err := base64.StdEncoding.DecodeString(hash)
	good := false
	for _, name := range names {
		m := hmac.New(sha256.New, []byte(secret))
		_, _ = m.Write([]byte(name + c.ID)) // a hash takes everything
		good = hmac.Equal(m.Sum(nil), given) || good
	}
	if err != nil || !good {
		return denied("SecretHash does not match for the client: %s", c.ID)
	}
	return nil
}

// signingIn is whose wrong passwords are counted: a user by the sub, so that
// other names of theirs are no way around; a stranger by the name.
func signingIn(p *pool, who string) string {
	return "password\x00" + p.ID + "\x00" + strings.ToLower(who)
}

// candidate is who signs in under a name; nobody is nil and takes as long.
func (s *Service) candidate(ctx context.Context, p *pool, name string) (u *api.PoolUser, key string, err error) {
	err = s.store.View(ctx, func(tx store.Tx) error {
		u, err = s.find(tx, p, name)
		return err
	})
	if errors.Is(err, errNobody) {
		return nil, signingIn(p, name), nil
	}
	if err != nil {
		return nil, "", err
	}
	return u, signingIn(p, u.Sub), nil
}

// hides says whether nobody is to be told who exists.
func (c *client) hides() bool {
	p := c.settings.PreventUserExistenceErrors
	return p != nil && *p == "ENABLED"
}

// unknown is the answer to somebody who does not exist.
func (c *client) unknown() error {
	if c.hides() {
		return wrongPassword()
	}
	return noUser()
}

// byPassword signs in who knows the password.
func (s *Service) byPassword(ctx context.Context, p *pool, c *client, name, password string) (*signIn, error) {
	u, key, err := s.candidate(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if !s.tries.begin(key, s.now()) {
		return nil, denied("Password attempts exceeded")
	}
	var kept *api.PoolPassword
	if u != nil {
		kept = u.Password
	}
	ok, err := s.matches(ctx, kept, password)
	if err != nil {
		return nil, err
	}
	if u == nil {
		return nil, c.unknown()
	}
	if !ok {
		return nil, wrongPassword()
	}
	s.tries.forgive(key)
	return s.enter(ctx, p, c, u)
}

// enter is for who has shown that they know the password: it says what is still
// in the way.
func (s *Service) enter(ctx context.Context, p *pool, c *client, u *api.PoolUser) (*signIn, error) {
	switch {
	case u.Disabled:
		return nil, denied("User is disabled.")
	case u.Status == unconfirmed:
		return nil, refuse("UserNotConfirmedException", "User is not confirmed.")
	case u.Status == mustReset:
		return nil, refuse("PasswordResetRequiredException", "Password reset required for the user")
	case u.Status == mustChange && !u.Password.Expires.IsZero() && s.now().After(u.Password.Expires):
		return nil, denied("Temporary password has expired and must be reset by an administrator.")
	case u.Status == mustChange:
		return s.askNewPassword(p, c, u)
	}
	result, err := s.begin(ctx, p, c, u.Sub)
	return &signIn{result: result, params: map[string]string{}}, err
}

// refresh is the flow of refresh tokens.
func (s *Service) refresh(ctx context.Context, p *pool, c *client, a *attempt) (*signIn, error) {
	token := a.params["REFRESH_TOKEN"]
	if token == "" {
		return nil, invalid("Missing required parameter REFRESH_TOKEN")
	}
	if err := s.checkRefreshSecret(ctx, p, c, a.params["SECRET_HASH"], token); err != nil {
		return nil, err
	}
	result, err := s.refreshed(ctx, p, c, token, false)
	return &signIn{result: result, params: map[string]string{}}, err
}

// checkRefreshSecret: the name in a secret hash is the user's of the token.
// parity: clients in the field send the client's secret itself here as well
func (s *Service) checkRefreshSecret(ctx context.Context, p *pool, c *client, hash, token string) error {
	if len(c.Secret) == 0 && hash == "" {
		return nil
	}
	secret, err := s.secret(c)
	if err != nil {
		return err
	}
	if hash != "" && secret != "" && hmac.Equal([]byte(secret), []byte(hash)) {
		return nil
	}
	names := []string{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		u, _, err := s.session(tx, p, c, token)
		if err == nil {
			names = append(names, u.Name, u.Sub, u.Attributes["email"], u.Attributes["phone_number"])
		}
		return err
	})
	if err != nil {
		return err
	}
	return s.checkSecret(c, hash, names...)
}

// ticket is what a session says: who goes on with what, until when. It is sealed.
type ticket struct {
	Pool, Client, Sub string
	Salt              []byte // of the password that was shown
	Until             time.Time
}

const ticketPurpose = "session"

// askNewPassword is the challenge to choose a password.
func (s *Service) askNewPassword(p *pool, c *client, u *api.PoolUser) (*signIn, error) {
	until := s.now().Add(time.Duration(*c.settings.AuthSessionValidity) * time.Minute)
	doc, err := json.Marshal(ticket{p.ID, c.ID, u.Sub, u.Password.Salt, until})
	if err != nil {
		return nil, err
	}
	attributes, err := json.Marshal(u.Attributes)
	if err != nil {
		return nil, err
	}
	return &signIn{
		challenge: "NEW_PASSWORD_REQUIRED", session: base64.RawURLEncoding.EncodeToString(s.cfg.Seal.Close(doc, ticketPurpose)),
		params: map[string]string{"USER_ID_FOR_SRP": u.Name, "requiredAttributes": "[]", "userAttributes": string(attributes)},
	}, nil
}

// redeem opens a session that an earlier answer gave.
func (s *Service) redeem(session string, p *pool, c *client) (*ticket, error) {
	sealed, err := base64.RawURLEncoding.DecodeString(session)
	if err != nil {
		return nil, denied("Invalid session for the user.")
	}
	doc, err := s.cfg.Seal.Open(sealed, ticketPurpose)
	var t ticket
	if err != nil || json.Unmarshal(doc, &t) != nil || t.Pool != p.ID || t.Client != c.ID {
		return nil, denied("Invalid session for the user.")
	}
	if s.now().After(t.Until) {
		return nil, denied("Invalid session for the user, session is expired.")
	}
	return &t, nil
}
