package jwt

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Fetch gets a document of at most MaxDocument bytes.
type Fetch func(ctx context.Context, url string) ([]byte, error)

// IssuerConfig is what an Issuer is told. Name and Fetch are needed.
type IssuerConfig struct {
	// Name is what iss must be, to the letter. It is a URL.
	Name string

	// Pool says that the issuer is a Cognito user pool: its keys are at a known
	// place, it signs with RS256, and its tokens have token_use. Any other
	// issuer is asked for the place of its keys, signs with what its keys
	// say, and need not have token_use.
	Pool bool

	Fetch Fetch

	// Own gives the issuer's keys where they are known without asking; nil, or
	// a nil answer: they are fetched.
	Own func() *Keys

	// Leeway is how long after exp a token is still taken. Default 0.
	Leeway time.Duration
}

// Issuer is one party whose tokens are believed. Its methods may be called by
// any number of goroutines.
type Issuer struct {
	cfg  IssuerConfig
	keys keyring
}

// NewIssuer makes an issuer. Its keys are fetched when the first token comes.
func NewIssuer(cfg IssuerConfig) *Issuer {
	i := &Issuer{cfg: cfg}
	i.keys.load = i.load
	return i
}

// Name is the issuer's name.
func (i *Issuer) Name() string { return i.cfg.Name }

// Verify checks that the token is the issuer's, genuine, in time, and for the
// use. It may wait for the issuer's keys. Errors are ErrInvalid, among them
// ErrExpired, and ErrUnavailable.
func (i *Issuer) Verify(ctx context.Context, t *Token, use Use) error {
	if t.Issuer() != i.cfg.Name || i.cfg.Name == "" {
		return invalid("of another issuer")
	}
	if t.keyID == "" {
		return invalid("no kid")
	}
	if _, known := algorithmOf(t.algorithm); !known || i.cfg.Pool && t.algorithm != "RS256" {
		return invalid("algorithm not allowed")
	}
	k, err := i.key(ctx, t.keyID)
	if err != nil {
		return err
	}
	if err := k.verify(t.jws); err != nil {
		return err
	}
	if t.use(!i.cfg.Pool) != use {
		return invalid("not an %s token", use)
	}
	return t.checkTimes(time.Now(), i.cfg.Leeway)
}

// key finds a key by its id: among those that are known, or of the issuer.
func (i *Issuer) key(ctx context.Context, id string) (*key, error) {
	if i.cfg.Own != nil {
		if own := i.cfg.Own(); own != nil {
			if k := own.set[id]; k != nil {
				return k, nil
			}
			return nil, invalid("no such key")
		}
	}
	return i.keys.key(ctx, id)
}

var errDiscovery = errors.New("the discovery document is not that of the issuer")

// load gets the issuer's keys.
func (i *Issuer) load(ctx context.Context) (keySet, error) {
	base := strings.TrimSuffix(i.cfg.Name, "/")
	at := base + "/.well-known/jwks.json"
	if !i.cfg.Pool {
		doc, err := i.cfg.Fetch(ctx, base+"/.well-known/openid-configuration")
		if err != nil {
			return nil, fmt.Errorf("ask %s where its keys are: %w", i.cfg.Name, err)
		}
		about, err := object(doc)
		if err != nil || about["issuer"] != i.cfg.Name {
			return nil, errDiscovery
		}
		at, _ = about["jwks_uri"].(string)
		if err := mayLead(i.cfg.Name, at); err != nil {
			return nil, err
		}
	}
	doc, err := i.cfg.Fetch(ctx, at)
	if err != nil {
		return nil, fmt.Errorf("fetch the keys of %s: %w", i.cfg.Name, err)
	}
	return parseSet(doc)
}
