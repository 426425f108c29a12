package cognito

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/srp"
	"github.com/stagedoor/stagedoor/internal/store"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// reply is an answer to a challenge.
type reply struct {
	client, pool  string // pool is empty unless a server asks
	name, session string
	params        map[string]string
}

// RespondToAuthChallenge goes on with a sign-in, for the user's own client.
func (s *Service) RespondToAuthChallenge(ctx context.Context, in *wire.RespondToAuthChallengeInput) (*wire.RespondToAuthChallengeResponse, error) {
	got, err := s.respond(ctx, &reply{in.ClientId, "", in.ChallengeName, *or(in.Session, ""), in.ChallengeResponses})
	if err != nil {
		return nil, err
	}
	return &wire.RespondToAuthChallengeResponse{
		ChallengeName: some(got.challenge), Session: some(got.session), ChallengeParameters: got.params, AuthenticationResult: got.result,
	}, nil
}

// AdminRespondToAuthChallenge goes on with a sign-in, for a server.
func (s *Service) AdminRespondToAuthChallenge(ctx context.Context, in *wire.AdminRespondToAuthChallengeInput) (*wire.AdminRespondToAuthChallengeResponse, error) {
	got, err := s.respond(ctx, &reply{in.ClientId, in.UserPoolId, in.ChallengeName, *or(in.Session, ""), in.ChallengeResponses})
	if err != nil {
		return nil, err
	}
	return &wire.AdminRespondToAuthChallengeResponse{
		ChallengeName: some(got.challenge), Session: some(got.session), ChallengeParameters: got.params, AuthenticationResult: got.result,
	}, nil
}

func (s *Service) respond(ctx context.Context, r *reply) (*signIn, error) {
	p, c, err := s.clientOf(ctx, r.client, r.pool)
	if err != nil {
		return nil, err
	}
	name := r.params["USERNAME"]
	if name == "" {
		return nil, invalid("Missing required parameter USERNAME")
	}
	if err := s.checkSecret(c, r.params["SECRET_HASH"], name); err != nil {
		return nil, err
	}
	switch r.name {
	case "PASSWORD_VERIFIER":
		return s.verify(ctx, p, c, r)
	case "NEW_PASSWORD_REQUIRED":
		return s.choosePassword(ctx, p, c, r)
	}
	return nil, invalid("Challenge %s is not one that was asked.", r.name)
}

// choosePassword takes the password that a user has chosen.
func (s *Service) choosePassword(ctx context.Context, p *pool, c *client, r *reply) (*signIn, error) {
	t, err := s.redeem(r.session, p, c)
	if err != nil {
		return nil, err
	}
	password := r.params["NEW_PASSWORD"]
	if password == "" {
		return nil, invalid("Missing required parameter NEW_PASSWORD")
	}
	if err := p.checkPassword(password); err != nil {
		return nil, err
	}
	changes, err := p.chosen(c, r.params)
	if err != nil {
		return nil, err
	}
	_, found, err := s.known(ctx, p.ID, t.Sub)
	if err != nil {
		return nil, denied("Invalid session for the user.")
	}
	kept, err := s.newPassword(ctx, p, found.Name, password)
	if err != nil {
		return nil, err
	}
	err = s.edit(ctx, p.ID, t.Sub, func(_ store.Tx, p *pool, u *api.PoolUser) error {
		// a password that was set since is not the one that was shown
		if u.Disabled || u.Status != mustChange || !slices.Equal(u.Password.Salt, t.Salt) {
			return denied("Invalid session for the user.")
		}
		u.Password, u.Status = kept, confirmed
		return p.setAttributes(u, changes)
	})
	if err != nil {
		return nil, err
	}
	s.outbox.drop(p.ID, found.Name, "invitation")
	result, err := s.begin(ctx, p, c, t.Sub)
	return &signIn{result: result, params: map[string]string{}}, err
}

// chosen are the attributes that a user gives with a new password.
func (p *pool) chosen(c *client, params map[string]string) (map[string]string, error) {
	var list []wire.AttributeType
	for name, value := range params {
		if at, ok := strings.CutPrefix(name, "userAttributes."); ok {
			list = append(list, wire.AttributeType{Name: at, Value: &value})
		}
	}
	return p.byUser(c, list)
}

// byUser are attributes that a user may set through a client. Nobody verifies
// an address by saying so.
func (p *pool) byUser(c *client, list []wire.AttributeType) (map[string]string, error) {
	for _, a := range list {
		if strings.HasSuffix(a.Name, "_verified") || strings.HasPrefix(a.Name, "dev:") ||
			c != nil && c.settings.WriteAttributes != nil && !slices.Contains(c.settings.WriteAttributes, a.Name) {
			return nil, denied("A client attempted to write unauthorized attribute")
		}
	}
	return p.given(list)
}

// block is what a server keeps of an exchange of SRP. It is sealed and goes
// through the client, so that nothing is written for whoever asks.
type block struct {
	Pool, Client, Sub, Name string // Sub is empty for a user who does not exist
	A, B                    string
	Private, Verifier       []byte
	Key                     string // whose tries are counted
	Until                   time.Time
}

const (
	blockPurpose = "srp"
	blockLife    = 5 * time.Minute
)

// offer begins SRP. A user who does not exist is offered as much as others.
func (s *Service) offer(ctx context.Context, p *pool, c *client, name, public string) (*signIn, error) {
	if public == "" {
		return nil, invalid("Missing required parameter SRP_A")
	}
	if err := s.group.CheckPublic(public); err != nil {
		return nil, invalid("Invalid SRP_A")
	}
	u, key, err := s.candidate(ctx, p, name)
	if err != nil {
		return nil, err
	}
	if !s.tries.allowed(key, s.now()) {
		return nil, denied("Password attempts exceeded")
	}
	b := block{Pool: p.ID, Client: c.ID, A: public, Key: key, Until: s.now().Add(blockLife)}
	var salt []byte
	switch {
	case u != nil && u.Password != nil:
		b.Sub, b.Name, salt = u.Sub, u.Name, u.Password.SRPSalt
		if b.Verifier, err = s.cfg.Seal.Open(u.Password.Verifier, "srp:"+p.ID+":"+u.Name); err != nil {
			return nil, err
		}
	case u == nil && !c.hides():
		return nil, noUser()
	default:
		b.Name, salt, b.Verifier = s.stranger(p, name)
	}
	private, own := s.group.Offer(b.Verifier)
	b.Private, b.B = private, own
	doc, err := json.Marshal(b)
	if err != nil {
		return nil, err
	}
	return &signIn{challenge: "PASSWORD_VERIFIER", params: map[string]string{
		"SALT": srp.Hex(new(big.Int).SetBytes(salt)), "SRP_B": own, "USERNAME": b.Name, "USER_ID_FOR_SRP": b.Name,
		"SECRET_BLOCK": base64.StdEncoding.EncodeToString(s.cfg.Seal.Close(doc, blockPurpose)),
	}}, nil
}

// stranger is what a user who does not exist is offered: the same each time, so
// that it does not tell.
func (s *Service) stranger(p *pool, name string) (shown string, salt, verifier []byte) {
	mark := s.cfg.Seal.Mark(p.ID+"\x00"+strings.ToLower(name), "stranger")
	shown = name
	if len(p.settings.UsernameAttributes) > 0 {
		id, err := uuid.FromBytes(mark[16:])
		if err == nil {
			id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // as ids that are drawn
			shown = id.String()
		}
	}
	verifier = make([]byte, 384)
	_, _ = rand.Read(verifier) // never fails
	return shown, mark[:16], verifier
}

// stamp is how clients write the time. parity: amazon-cognito-identity-js, DateHelper
const stamp = "Mon Jan 2 15:04:05 UTC 2006"

// verify ends SRP: the client has signed with the key that only who knows the
// password can have.
func (s *Service) verify(ctx context.Context, p *pool, c *client, r *reply) (*signIn, error) {
	sealed, err := base64.StdEncoding.DecodeString(r.params["PASSWORD_CLAIM_SECRET_BLOCK"])
	if err != nil || len(sealed) == 0 {
		return nil, invalid("Missing required parameter PASSWORD_CLAIM_SECRET_BLOCK")
	}
	doc, err := s.cfg.Seal.Open(sealed, blockPurpose)
	var b block
	if err != nil || json.Unmarshal(doc, &b) != nil || b.Pool != p.ID || b.Client != c.ID || s.now().After(b.Until) || b.Name != r.params["USERNAME"] {
		return nil, wrongPassword()
	}
	at, err := time.Parse(stamp, r.params["TIMESTAMP"])
	if err != nil {
		return nil, invalid("TIMESTAMP format should be EEE MMM d HH:mm:ss z yyyy in english.")
	}
	if age := s.now().Sub(at); age > blockLife || age < -blockLife {
		return nil, denied("Timestamp is too old or in the future.")
	}
	if !s.used.first(string(s.cfg.Seal.Mark(string(sealed), "used")), b.Until, s.now()) {
		return nil, wrongPassword()
	}
	if !s.tries.begin(b.Key, s.now()) {
		return nil, denied("Password attempts exceeded")
	}
	key, err := s.group.ServerKey(b.A, b.Private, b.B, b.Verifier)
	if err != nil {
		return nil, wrongPassword()
	}
	given, err := base64.StdEncoding.DecodeString(r.params["PASSWORD_CLAIM_SIGNATURE"])
	if err != nil || !hmac.Equal(given, srp.Claim(key, p.short(), b.Name, sealed, r.params["TIMESTAMP"])) || b.Sub == "" {
		return nil, wrongPassword()
	}
	return s.prove(ctx, p, c, &b)
}

// prove lets in who has proven the password that a block is of, if it is still
// theirs.
func (s *Service) prove(ctx context.Context, p *pool, c *client, b *block) (*signIn, error) {
	var u api.PoolUser
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		u, err = store.Get[api.PoolUser](tx, api.PoolUserKey(p.ID, b.Sub))
		return err
	})
	if errors.Is(err, store.ErrMissing) || err == nil && u.Password == nil {
		return nil, wrongPassword()
	}
	if err != nil {
		return nil, err
	}
	verifier, err := s.cfg.Seal.Open(u.Password.Verifier, "srp:"+p.ID+":"+u.Name)
	if err != nil {
		return nil, err
	}
	if !hmac.Equal(verifier, b.Verifier) {
		return nil, wrongPassword()
	}
	s.tries.forgive(b.Key)
	return s.enter(ctx, p, c, &u)
}
