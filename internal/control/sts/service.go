// Package sts tells callers who they are and gives out temporary credentials,
// with the calls of AWS Security Token Service.
package sts

import (
	"context"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/engine/jwt"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
)

// Config is what the service is told. The zero value works.
type Config struct {
	// Partition and Account are what ARNs are made of. Default "aws",
	// "000000000000".
	Partition, Account string

	// Sessions gives out temporary credentials. Nil: the operations that ask for
	// some are not built.
	Sessions Sessions

	// Issuer gives who verifies the tokens of an OpenID Connect provider, by the
	// provider's URL. Nil: AssumeRoleWithWebIdentity is not built.
	Issuer func(url string) *jwt.Issuer

	// Now is the clock. Default time.Now.
	Now func() time.Time
}

// Service answers the operations. It holds no state but the store.
type Service struct {
	store store.Store
	cfg   Config
}

// New makes a service over the documents in st.
func New(st store.Store, cfg Config) *Service {
	if cfg.Partition == "" {
		cfg.Partition = "aws"
	}
	if cfg.Account == "" {
		cfg.Account = "000000000000"
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{store: st, cfg: cfg}
}

// Handlers is the table of the operations that are built, by name.
func (s *Service) Handlers() map[string]wire.Handler {
	all := map[string]wire.Handler{
		"GetCallerIdentity": wire.Op(s.GetCallerIdentity),
		"GetAccessKeyInfo":  wire.Op(s.GetAccessKeyInfo),
	}
	if s.cfg.Sessions != nil {
		maps.Copy(all, s.sessionHandlers())
		if s.cfg.Issuer != nil {
			all["AssumeRoleWithWebIdentity"] = wire.Op(s.AssumeRoleWithWebIdentity)
		}
	}
	return all
}

// GetCallerIdentity tells who calls: the account itself, if nobody is known to.
func (s *Service) GetCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityResponse, error) {
	who := control.CallerOf(ctx)
	if who.ARN == "" {
		who = control.Caller{
			Account: s.cfg.Account,
			ARN:     "arn:" + s.cfg.Partition + ":iam::" + s.cfg.Account + ":root",
			UserID:  s.cfg.Account, // parity: the model's table of user ids
		}
	}
	return &sts.GetCallerIdentityResponse{UserId: &who.UserID, Account: &who.Account, Arn: &who.ARN}, nil
}

// GetAccessKeyInfo tells which account an access key belongs to: ours, if the
// key is known here, or the one that is written in its id.
func (s *Service) GetAccessKeyInfo(ctx context.Context, in *sts.GetAccessKeyInfoInput) (*sts.GetAccessKeyInfoResponse, error) {
	account := s.cfg.Account
	err := s.store.View(ctx, func(tx store.Tx) error {
		_, err := tx.Get(api.AccessKeyKey(in.AccessKeyId))
		return err
	})
	if errors.Is(err, store.ErrMissing) {
		account, err = written(in.AccessKeyId)
	}
	if err != nil {
		return nil, err
	}
	return &sts.GetAccessKeyInfoResponse{Account: &account}, nil
}

// written is the account that is written in the id of an access key: bits 1 to
// 40 of what follows the prefix, in base 32. Ids from before 2019 have no such
// bits, and are told by the first one.
func written(id string) (string, error) {
	if strings.HasPrefix(id, "AKIA") || strings.HasPrefix(id, "ASIA") {
		b, err := base32.StdEncoding.DecodeString(id[4:])
		if err == nil && len(b) == 10 && b[0] >= 0x80 {
			return fmt.Sprintf("%012d", binary.BigEndian.Uint64(b)<<1>>24), nil
		}
	}
	return "", &fault.Error{
		Kind: fault.Denied, Type: "InvalidClientTokenId", Status: 403,
		Message: "The security token included in the request is invalid.",
	}
}
