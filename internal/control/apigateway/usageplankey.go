package apigateway

import (
	"context"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

const planKeyType = "API_KEY" // the only one

// CreateUsagePlanKey puts a key into a plan. That no other plan opens one of
// its stages to the same key commits with it.
func (s *Service) CreateUsagePlanKey(ctx context.Context, in *v1.CreateUsagePlanKeyInput) (*v1.UsagePlanKey, error) {
	if in.KeyType != planKeyType {
		return nil, bad("Invalid Usage Plan Key type specified. Valid options are API_KEY")
	}
	return update(ctx, s, func(tx store.Tx) (*v1.UsagePlanKey, error) {
		if _, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan); err != nil {
			return nil, err
		}
		k, err := find[api.APIKey](tx, api.APIKeyKey(in.KeyId), noAPIKey)
		if err != nil {
			return nil, err
		}
		key := api.PlanKeyKey(in.UsagePlanId, k.ID)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "API Key %s is already associated with Usage Plan %s", k.ID, in.UsagePlanId)
		}
		if err := checkPlanKey(tx, in.UsagePlanId, k.ID, nil); err != nil {
			return nil, err
		}
		pk := api.UsagePlanKey{Plan: in.UsagePlanId, Key: k.ID, AddedDate: s.cfg.Now().UTC()}
		if err := store.Put(tx, key, pk); err != nil {
			return nil, err
		}
		return wirePlanKey(&k), nil
	})
}

// checkPlanKey refuses to put a key into a plan that is not there, or whose
// stages the key may already use by another; more are plans that the key is
// about to be put into as well.
func checkPlanKey(tx store.Tx, plan, key string, more []api.UsagePlanKey) error {
	p, err := find[api.UsagePlan](tx, api.UsagePlanAt(plan), noPlan)
	if err != nil {
		return err
	}
	others, err := plansOf(tx, key)
	if err != nil {
		return err
	}
	for _, pk := range more {
		other, err := store.Get[api.UsagePlan](tx, api.UsagePlanAt(pk.Plan))
		if err != nil {
			return err
		}
		others = append(others, other)
	}
	for i := range others {
		if st := sharedStage(&p, &others[i]); st != nil {
			return conflictf("Usage Plan %s cannot be added because API Key %s "+
				"cannot reference multiple Usage Plans with the same API stage: %s:%s", plan, key, st.API, st.Stage)
		}
	}
	return nil
}

// sharedStage is a stage that two plans open; nil: there is none.
func sharedStage(a, b *api.UsagePlan) *api.PlanStage {
	if a.ID == b.ID {
		return nil
	}
	for i := range a.Stages {
		if planStage(b, a.Stages[i].API, a.Stages[i].Stage) != nil {
			return &a.Stages[i]
		}
	}
	return nil
}

// GetUsagePlanKey reads a key of a plan.
func (s *Service) GetUsagePlanKey(ctx context.Context, in *v1.GetUsagePlanKeyInput) (*v1.UsagePlanKey, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.UsagePlanKey, error) {
		if _, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan); err != nil {
			return nil, err
		}
		if _, err := find[api.UsagePlanKey](tx, api.PlanKeyKey(in.UsagePlanId, in.KeyId), noAPIKey); err != nil {
			return nil, err
		}
		k, err := find[api.APIKey](tx, api.APIKeyKey(in.KeyId), noAPIKey)
		if err != nil {
			return nil, err
		}
		return wirePlanKey(&k), nil
	})
}

// GetUsagePlanKeys lists the keys of a plan, the newest in it first; a plan
// that is not there has none. A name is the beginning of one.
// parity: spec/control-plane.md 6.1, recorded.
func (s *Service) GetUsagePlanKeys(ctx context.Context, in *v1.GetUsagePlanKeysInput) (*v1.UsagePlanKeys, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.UsagePlanKeys, error) {
		all, err := store.All[api.UsagePlanKey](tx, api.KeysOfPlan(in.UsagePlanId))
		if err != nil {
			return nil, err
		}
		newest := func(k api.UsagePlanKey) string { return newestFirst(k.AddedDate, k.Key) }
		slices.SortFunc(all, func(a, b api.UsagePlanKey) int { return strings.Compare(newest(a), newest(b)) })
		type named struct {
			key  api.APIKey
			sort string
		}
		var keys []named
		for _, pk := range all {
			k, err := store.Get[api.APIKey](tx, api.APIKeyKey(pk.Key))
			if err != nil {
				return nil, err
			}
			if strings.HasPrefix(text(k.Name), text(in.NameQuery)) {
				keys = append(keys, named{k, newest(pk)})
			}
		}
		some, next, err := pageOf(keys, in.Limit, in.Position, func(n named) string { return n.sort })
		if err != nil {
			return nil, err
		}
		return &v1.UsagePlanKeys{Position: next, Items: each(some, func(n named) v1.UsagePlanKey {
			return *wirePlanKey(&n.key)
		})}, nil
	})
}

// DeleteUsagePlanKey takes a key out of a plan; the key stays.
func (s *Service) DeleteUsagePlanKey(
	ctx context.Context, in *v1.DeleteUsagePlanKeyInput,
) (*v1.DeleteUsagePlanKeyOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteUsagePlanKeyOutput, error) {
		if _, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan); err != nil {
			return nil, err
		}
		key := api.PlanKeyKey(in.UsagePlanId, in.KeyId)
		if _, err := find[api.UsagePlanKey](tx, key, noAPIKey); err != nil {
			return nil, err
		}
		return &v1.DeleteUsagePlanKeyOutput{}, tx.Delete(key)
	})
}

func wirePlanKey(k *api.APIKey) *v1.UsagePlanKey {
	kind := planKeyType
	return &v1.UsagePlanKey{Id: &k.ID, Type: &kind, Value: &k.Value, Name: k.Name}
}
