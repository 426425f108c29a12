package cognito

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/store"
)

// keyBits is the length of the modulus of a pool's keys.
const keyBits = 2048

// newKeys makes the keys of a pool: the one in use, and the next.
func (s *Service) newKeys(pool string) (*api.PoolKeys, error) {
	keys := &api.PoolKeys{Pool: pool, Keys: make([]api.PoolKey, 2), Rotated: s.now()}
	var g errgroup.Group
	for i := range keys.Keys {
		g.Go(func() (err error) {
			keys.Keys[i], err = s.newKey(pool)
			return err
		})
	}
	return keys, g.Wait()
}

func (s *Service) newKey(pool string) (api.PoolKey, error) {
	private, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return api.PoolKey{}, fmt.Errorf("make a key for user pool %s: %w", pool, err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return api.PoolKey{}, err
	}
	print := sha256.Sum256(x509.MarshalPKCS1PublicKey(&private.PublicKey))
	id := base64.StdEncoding.EncodeToString(print[:])
	return api.PoolKey{ID: id, Public: jwt.JWK(id, &private.PublicKey), Sealed: s.cfg.Seal.Close(der, "key:"+pool+":"+id)}, nil
}

func (s *Service) keys(tx store.Tx, pool string) (*api.PoolKeys, error) {
	k, err := store.Get[api.PoolKeys](tx, api.PoolKeysKey(pool))
	if err != nil {
		return nil, fmt.Errorf("read the keys of user pool %s: %w", pool, err)
	}
	return &k, nil
}

// signer is the signer of a pool.
func (s *Service) signer(tx store.Tx, pool string) (*jwt.Signer, error) {
	keys, err := s.keys(tx, pool)
	if err != nil {
		return nil, err
	}
	key := keys.Keys[0]
	if known, ok := s.signers.Load(key.ID); ok {
		if signer, is := known.(*jwt.Signer); is {
			return signer, nil
		}
	}
	der, err := s.cfg.Seal.Open(key.Sealed, "key:"+pool+":"+key.ID)
	if err != nil {
		return nil, fmt.Errorf("open the key of user pool %s: %w", pool, err)
	}
	signer, err := jwt.NewSigner(key.ID, der)
	if err != nil {
		return nil, fmt.Errorf("read the key of user pool %s: %w", pool, err)
	}
	s.signers.Store(key.ID, signer)
	return signer, nil
}

// RotateKeys has a pool sign with its next key from now on. The former one
// verifies until the last token that it signed has expired.
func (s *Service) RotateKeys(ctx context.Context, pool string) error {
	next, err := s.newKey(pool)
	if err != nil {
		return err
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		if _, err := s.pool(tx, pool); err != nil {
			return err
		}
		keys, err := s.keys(tx, pool)
		if err != nil {
			return err
		}
		old := keys.Keys[0]
		s.signers.Delete(old.ID)
		old.Sealed = nil
		keys.Keys = append([]api.PoolKey{keys.Keys[1], next, old}, keys.Keys[2:]...)
		if len(keys.Keys) > mostKeys {
			return invalid("The keys of user pool %s were rotated %d times within a day.", pool, mostKeys-2)
		}
		keys.Rotated = s.now()
		return store.Put(tx, api.PoolKeysKey(pool), keys)
	})
}

// mostKeys is how many keys a pool publishes at most.
const mostKeys = 10

// tendEvery is how often Run looks for what is over.
const tendEvery = time.Hour

// Run rotates keys that are old, and deletes what is over, until ctx is done.
func (s *Service) Run(ctx context.Context) error {
	t := time.NewTicker(tendEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
			if err := s.tend(ctx); err != nil && ctx.Err() == nil {
				s.cfg.Log.Warn("tend user pools", "error", err)
			}
		}
	}
}

// tend looks after each pool.
func (s *Service) tend(ctx context.Context) error {
	var all []api.PoolKeys
	err := s.store.View(ctx, func(tx store.Tx) (err error) {
		all, err = store.All[api.PoolKeys](tx, api.PoolKeySets)
		return err
	})
	problems := []error{err}
	for i := range all {
		problems = append(problems, s.tendPool(ctx, &all[i]))
	}
	return errors.Join(problems...)
}

func (s *Service) tendPool(ctx context.Context, known *api.PoolKeys) error {
	now := s.now()
	if now.Sub(known.Rotated) >= s.cfg.Rotate {
		if err := s.RotateKeys(ctx, known.Pool); err != nil {
			return err
		}
	}
	return s.store.Update(ctx, func(tx store.Tx) error {
		keys, err := store.Get[api.PoolKeys](tx, api.PoolKeysKey(known.Pool))
		if errors.Is(err, store.ErrMissing) {
			return nil // deleted meanwhile
		}
		if err != nil {
			return err
		}
		if len(keys.Keys) > 2 && now.Sub(keys.Rotated) > longestToken+time.Hour {
			keys.Keys = keys.Keys[:2]
			if err := store.Put(tx, api.PoolKeysKey(known.Pool), keys); err != nil {
				return err
			}
		}
		return s.sweep(tx, known.Pool, now)
	})
}
