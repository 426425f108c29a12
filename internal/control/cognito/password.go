package cognito

import (
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"crypto/subtle"
	"math/big"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/api"
	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

// symbols are what counts as a symbol in a password.
// parity: Cognito Developer Guide, "Adding user pool password requirements"
const symbols = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- "

// checkPassword holds a password to the pool's policy.
func (p *pool) checkPassword(password string) error {
	policy := p.passwordPolicy()
	bad := func(what string) error {
		return refuse("InvalidPasswordException", "Password did not conform with policy: %s", what)
	}
	has := func(set string) bool { return strings.ContainsAny(password, set) }
	const upper, digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	switch {
	case utf8.RuneCountInString(password) < int(*policy.MinimumLength):
		return bad("Password not long enough")
	case on(policy.RequireLowercase) && !has(strings.ToLower(upper)):
		return bad("Password must have lowercase characters")
	case on(policy.RequireUppercase) && !has(upper):
		return bad("Password must have uppercase characters")
	case on(policy.RequireNumbers) && !has(digits):
		return bad("Password must have numeric characters")
	case on(policy.RequireSymbols) && !has(symbols):
		return bad("Password must have symbol characters")
	}
	return nil
}

func (p *pool) passwordPolicy() *wire.PasswordPolicyType { return p.settings.Policies.PasswordPolicy }

func on(b *bool) bool { return b != nil && *b }

// newPassword makes what is kept of a password.
func (s *Service) newPassword(ctx context.Context, p *pool, user, password string) (*api.PoolPassword, error) {
	salt, srpSalt := make([]byte, 16), make([]byte, 16)
	_, _ = rand.Read(salt) // never fails
	_, _ = rand.Read(srpSalt)
	hash, err := s.hash(ctx, password, salt, s.cfg.Rounds)
	if err != nil {
		return nil, err
	}
	verifier := s.group.Verifier(srpSalt, p.short(), user, password)
	return &api.PoolPassword{
		Salt: salt, Rounds: s.cfg.Rounds, Hash: hash, SRPSalt: srpSalt, Verifier: s.cfg.Seal.Close(verifier, "srp:"+p.ID+":"+user),
	}, nil
}

// crowded is how long a password waits for its turn to be hashed.
const crowded = 5 * time.Second

// hash hashes a password, as many at a time as there are processors.
func (s *Service) hash(ctx context.Context, password string, salt []byte, rounds int) ([]byte, error) {
	timer := time.NewTimer(crowded)
	defer timer.Stop()
	select {
	case s.hashing <- struct{}{}:
		defer func() { <-s.hashing }()
	case <-timer.C:
		return nil, refuse("TooManyRequestsException", "Too many requests")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return pbkdf2.Key(sha512.New, password, salt, rounds, 32)
}

// matches says whether a password is the one that is kept. For a user who has
// none, or does not exist, it takes as long and is false.
func (s *Service) matches(ctx context.Context, kept *api.PoolPassword, password string) (bool, error) {
	salt, rounds, want := make([]byte, 16), s.cfg.Rounds, make([]byte, 32)
	if kept != nil {
		salt, rounds, want = kept.Salt, kept.Rounds, kept.Hash
	}
	got, err := s.hash(ctx, password, salt, rounds)
	return err == nil && kept != nil && subtle.ConstantTimeCompare(got, want) == 1, err
}

// temporary makes a password that fits every policy of its length.
func (p *pool) temporary() string {
	const lower, digits, marks = "abcdefghijkmnopqrstuvwxyz", "23456789", "!@#%*_+="
	sets := []string{strings.ToUpper(lower), lower, digits, marks}
	length := max(12, int(*p.passwordPolicy().MinimumLength))
	out := make([]byte, length)
	for i := range out {
		set := sets[1]
		if i < len(sets) {
			set = sets[i]
		}
		out[i] = set[below(len(set))]
	}
	for i := len(out) - 1; i > 0; i-- {
		j := below(i + 1)
		out[i], out[j] = out[j], out[i]
	}
	return string(out)
}

// below is a number from 0 on, by chance.
func below(n int) int {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand never fails
	}
	return int(i.Int64())
}

// temporaryEnds is when a temporary password that is set now ends.
func (s *Service) temporaryEnds(p *pool) time.Time {
	days := 7
	if d := p.passwordPolicy().TemporaryPasswordValidityDays; d != nil && *d > 0 {
		days = int(*d)
	}
	return s.now().Add(time.Duration(days) * 24 * time.Hour)
}
