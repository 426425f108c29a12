package apigateway

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// Limits of API keys, in characters. parity: spec/control-plane.md 2.4.
const (
	shortestKey       = 20
	longestKey        = 128
	madeKey           = 40 // of one that we make
	longestKeyName    = 1024
	longestKeyComment = 125000
)

func (s *Service) keyHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateApiKey":  wire.Op(s.CreateApiKey),
		"GetApiKey":     wire.Op(s.GetApiKey),
		"GetApiKeys":    wire.Op(s.GetApiKeys),
		"UpdateApiKey":  wire.Op(s.UpdateApiKey),
		"DeleteApiKey":  wire.Op(s.DeleteApiKey),
		"ImportApiKeys": wire.Op(s.ImportApiKeys),
	}
}

// CreateApiKey makes a key. That no other has its value commits with it.
func (s *Service) CreateApiKey(ctx context.Context, in *v1.CreateApiKeyInput) (*v1.ApiKey, error) {
	k := api.APIKey{
		Value: text(in.Value), Name: given(text(in.Name)), Description: in.Description, CustomerID: in.CustomerId,
		Enabled: isTrue(in.Enabled), CreatedDate: s.cfg.Now().UTC(), LastUpdatedDate: s.now(), Tags: in.Tags,
	}
	if err := checkKey(&k); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.ApiKey, error) {
		if err := setStageKeys(tx, &k, in.StageKeys); err != nil {
			return nil, err
		}
		if k.Value == "" {
			k.Value = randomText(madeKey, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
		}
		if taken, err := exists(tx, api.APIKeyValueKey(k.Value)); err != nil || taken {
			return nil, takenOr(err, "API Key already exists")
		}
		var err error
		if in.GenerateDistinctId != nil && !*in.GenerateDistinctId {
			k.ID = k.Value
		} else if k.ID, err = s.freshID(tx, rootIDLength, api.APIKeyKey); err != nil {
			return nil, err
		}
		if err := s.tallyKeys(tx, 1); err != nil {
			return nil, err
		}
		if err := putKey(tx, &k); err != nil {
			return nil, err
		}
		out := wireKey(&k, true)
		if len(k.Tags) > 0 {
			out.Tags = k.Tags
		}
		return out, nil
	})
}

// checkKey refuses what a key cannot be.
func checkKey(k *api.APIKey) error {
	switch {
	case k.Name != nil && utf8.RuneCountInString(*k.Name) > longestKeyName:
		return bad("Invalid API Key name, can be at most 1024 characters.")
	case k.Description != nil && utf8.RuneCountInString(*k.Description) > longestKeyComment:
		return bad("Invalid API Key description specified.")
	case k.Value != "" && len(k.Value) < shortestKey:
		return bad("API Key value should be at least 20 characters")
	case len(k.Value) > longestKey:
		return bad("API Key value exceeds maximum size of 128 characters")
	}
	return nil
}

// setStageKeys notes the stages that a key was made for, which must be there.
func setStageKeys(tx store.Tx, k *api.APIKey, keys []v1.StageKey) error {
	k.StageKeys = nil
	for _, sk := range keys {
		if there, err := exists(tx, api.StageKey(text(sk.RestApiId), text(sk.StageName))); err != nil || !there {
			return orMissing(err, noStage)
		}
		k.StageKeys = append(k.StageKeys, text(sk.RestApiId)+"/"+text(sk.StageName))
	}
	return nil
}

// orMissing is err, or that something is not there if there is none.
func orMissing(err error, text string) error {
	if err != nil {
		return err
	}
	return missing(text)
}

// putKey stores a key, the way to it from its value, and its entry in lists.
func putKey(tx store.Tx, k *api.APIKey) error {
	entry := api.KeyEntry{ID: k.ID, Name: k.Name, CustomerID: k.CustomerID}
	if err := store.Put(tx, api.KeyEntryKey(k.CreatedDate, k.ID), entry); err != nil {
		return err
	}
	if err := store.Put(tx, api.APIKeyValueKey(k.Value), k.ID); err != nil {
		return err
	}
	return store.Put(tx, api.APIKeyKey(k.ID), k)
}

// GetApiKey reads a key; its value only if it is asked for.
func (s *Service) GetApiKey(ctx context.Context, in *v1.GetApiKeyInput) (*v1.ApiKey, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.ApiKey, error) {
		k, err := find[api.APIKey](tx, api.APIKeyKey(in.ApiKey), noAPIKey)
		if err != nil {
			return nil, err
		}
		out := wireKey(&k, isTrue(in.IncludeValue))
		if len(k.Tags) > 0 {
			out.Tags = k.Tags
		}
		return out, nil
	})
}

// GetApiKeys lists keys, the newest first. A name is the beginning of one, in
// its own case. parity: spec/control-plane.md 6.1.
func (s *Service) GetApiKeys(ctx context.Context, in *v1.GetApiKeysInput) (*v1.ApiKeys, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.ApiKeys, error) {
		keep := func(e api.KeyEntry) bool {
			return strings.HasPrefix(text(e.Name), text(in.NameQuery)) &&
				(in.CustomerId == nil || text(e.CustomerID) == *in.CustomerId)
		}
		entries, next, err := page(tx, api.KeyEntries, in.Limit, in.Position, keep)
		if err != nil {
			return nil, err
		}
		out := &v1.ApiKeys{Position: next, Items: make([]v1.ApiKey, len(entries))}
		for i, e := range entries {
			k, err := store.Get[api.APIKey](tx, api.APIKeyKey(e.ID))
			if err != nil {
				return nil, err
			}
			out.Items[i] = *wireKey(&k, isTrue(in.IncludeValues))
			out.Items[i].Tags = some(k.Tags)
		}
		return out, nil
	})
}

// UpdateApiKey patches a key; its value never changes.
func (s *Service) UpdateApiKey(ctx context.Context, in *v1.UpdateApiKeyInput) (*v1.ApiKey, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.ApiKey, error) {
		k, err := find[api.APIKey](tx, api.APIKeyKey(in.ApiKey), noAPIKey)
		if err != nil {
			return nil, err
		}
		if err := keyPatches(tx).apply(&k, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkKey(&k); err != nil {
			return nil, err
		}
		k.LastUpdatedDate = s.now()
		if err := putKey(tx, &k); err != nil {
			return nil, err
		}
		out := wireKey(&k, false)
		out.Tags = shown(k.Tags)
		return out, nil
	})
}

// keyPatches is what a PATCH may do to a key. parity: spec/control-plane.md 3.8.
func keyPatches(tx store.Tx) table[api.APIKey] {
	labels := func(k *api.APIKey) *[]string { return &k.Labels }
	stages := func(k *api.APIKey) *[]string { return &k.StageKeys }
	return table[api.APIKey]{manners: namesPaths, rows: []row[api.APIKey]{
		{path: "/description", replace: setText(func(k *api.APIKey) **string { return &k.Description })},
		{path: "/enabled", replace: setFlag(func(k *api.APIKey) *bool { return &k.Enabled })},
		{path: "/name", replace: setText(func(k *api.APIKey) **string { return &k.Name })},
		{path: "/customerId", replace: setText(func(k *api.APIKey) **string { return &k.CustomerID })},
		{path: "/labels", quiet: true, add: addItem(labels, inValue), remove: dropItem(labels, inValue)},
		{path: "/stages", quiet: true, remove: dropItem(stages, inValue), add: func(k *api.APIKey, p patch) error {
			apiID, stage, _ := strings.Cut(p.text(), "/")
			if there, err := exists(tx, api.StageKey(apiID, stage)); err != nil || !there {
				return orMissing(err, noStage)
			}
			return addItem(stages, inValue)(k, p)
		}},
	}}
}

// DeleteApiKey removes a key, from its usage plans too.
func (s *Service) DeleteApiKey(ctx context.Context, in *v1.DeleteApiKeyInput) (*v1.DeleteApiKeyOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteApiKeyOutput, error) {
		k, err := find[api.APIKey](tx, api.APIKeyKey(in.ApiKey), noAPIKey)
		if err != nil {
			return nil, err
		}
		plans, err := plansOf(tx, k.ID)
		if err != nil {
			return nil, err
		}
		for _, plan := range plans {
			if err := dropPlanKey(tx, plan.ID, k.ID); err != nil {
				return nil, err
			}
			if err := dropUsage(tx, plan.ID, &k.ID); err != nil {
				return nil, err
			}
		}
		for _, key := range []store.Key{api.APIKeyValueKey(k.Value), api.KeyEntryKey(k.CreatedDate, k.ID)} {
			if err := drop(tx, key); err != nil {
				return nil, err
			}
		}
		if err := s.tallyKeys(tx, -1); err != nil {
			return nil, err
		}
		return &v1.DeleteApiKeyOutput{}, tx.Delete(api.APIKeyKey(k.ID))
	})
}

// wireKey is a key as callers see it, without its tags.
func wireKey(k *api.APIKey, value bool) *v1.ApiKey {
	made := k.CreatedDate.Truncate(time.Second)
	out := &v1.ApiKey{
		Id: &k.ID, Name: k.Name, CustomerId: k.CustomerID, Description: k.Description, Enabled: &k.Enabled,
		CreatedDate: &made, LastUpdatedDate: &k.LastUpdatedDate, StageKeys: k.StageKeys,
	}
	if out.StageKeys == nil {
		out.StageKeys = []string{}
	}
	if value {
		out.Value = &k.Value
	}
	return out
}
