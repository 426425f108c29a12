package iam

import (
	"context"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
)

// maxKeys is how many access keys a user has.
//
// parity: IAM User Guide, "IAM and AWS STS quotas"
const maxKeys = 2

// CreateAccessKey gives a user an access key. This is the only answer that has
// the secret. The key and the user's note of it commit together.
func (s *Service) CreateAccessKey(ctx context.Context, in *iam.CreateAccessKeyInput) (*iam.CreateAccessKeyResponse, error) {
	name, err := userOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	key := api.AccessKey{ID: identity.NewAccessKeyID(identity.LongTerm, s.cfg.Account), Secret: identity.NewSecret(), Active: true, CreatedDate: s.now()}
	err = users().edit(ctx, s, name, func(tx store.Tx, u *api.User) error {
		if len(u.AccessKeys) == maxKeys {
			return tooMany("Cannot exceed quota for AccessKeysPerUser: %d", maxKeys)
		}
		key.User = u.Name
		u.AccessKeys = append(u.AccessKeys, key.ID)
		return store.Put(tx, api.AccessKeyKey(key.ID), key)
	})
	if err != nil {
		return nil, err
	}
	return &iam.CreateAccessKeyResponse{AccessKey: &iam.AccessKey{
		UserName: key.User, AccessKeyId: key.ID, Status: status(key), SecretAccessKey: key.Secret, CreateDate: &key.CreatedDate,
	}}, nil
}

func status(k api.AccessKey) string {
	if k.Active {
		return "Active"
	}
	return "Inactive"
}

// ListAccessKeys lists a user's access keys, without their secrets.
func (s *Service) ListAccessKeys(ctx context.Context, in *iam.ListAccessKeysInput) (*iam.ListAccessKeysResponse, error) {
	name, err := userOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	all := []iam.AccessKeyMetadata{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		user, err := users().get(tx, name)
		if err != nil {
			return err
		}
		for _, id := range user.AccessKeys {
			key, err := store.Get[api.AccessKey](tx, api.AccessKeyKey(id))
			if err != nil {
				return err
			}
			state := status(key)
			all = append(all, iam.AccessKeyMetadata{UserName: &key.User, AccessKeyId: &key.ID, Status: &state, CreateDate: &key.CreatedDate})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	list, end, err := part(all, in.Marker, in.MaxItems)
	return &iam.ListAccessKeysResponse{AccessKeyMetadata: list, IsTruncated: end.truncated, Marker: end.marker}, err
}

// UpdateAccessKey turns an access key on or off.
func (s *Service) UpdateAccessKey(ctx context.Context, in *iam.UpdateAccessKeyInput) (*iam.UpdateAccessKeyOutput, error) {
	name, err := userOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.UpdateAccessKeyOutput{}, s.store.Update(ctx, func(tx store.Tx) error {
		user, err := users().get(tx, name)
		if err != nil {
			return err
		}
		if !slices.Contains(user.AccessKeys, in.AccessKeyId) {
			return missing("The Access Key with id %s cannot be found.", in.AccessKeyId)
		}
		key, err := store.Get[api.AccessKey](tx, api.AccessKeyKey(in.AccessKeyId))
		if err != nil {
			return err
		}
		key.Active = in.Status == "Active"
		return store.Put(tx, api.AccessKeyKey(key.ID), key)
	})
}

// DeleteAccessKey deletes an access key of a user.
func (s *Service) DeleteAccessKey(ctx context.Context, in *iam.DeleteAccessKeyInput) (*iam.DeleteAccessKeyOutput, error) {
	name, err := userOr(ctx, in.UserName)
	if err != nil {
		return nil, err
	}
	return &iam.DeleteAccessKeyOutput{}, users().edit(ctx, s, name, func(tx store.Tx, u *api.User) error {
		i := slices.Index(u.AccessKeys, in.AccessKeyId)
		if i < 0 {
			return missing("The Access Key with id %s cannot be found.", in.AccessKeyId)
		}
		u.AccessKeys = slices.Delete(u.AccessKeys, i, i+1)
		return tx.Delete(api.AccessKeyKey(in.AccessKeyId))
	})
}
