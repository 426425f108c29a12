package apigateway

import (
	"context"
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
		if err := s.checkPlanKey(tx, in.UsagePlanId, k.ID, nil); err != nil {
			return nil, err
		}
		pk := api.UsagePlanKey{Plan: in.UsagePlanId, Key: k.ID, AddedDate: s.cfg.Now().UTC()}
		if err := putPlanKey(tx, pk); err != nil {
			return nil, err
		}
		return wirePlanKey(&k), nil
	})
}

// putPlanKey stores that a key is in a plan, and its entry in lists.
func putPlanKey(tx store.Tx, pk api.UsagePlanKey) error {
	if err := store.Put(tx, api.PlanKeyEntryKey(pk), pk.Key); err != nil {
		return err
	}
	return store.Put(tx, api.PlanKeyKey(pk.Plan, pk.Key), pk)
}

// dropPlanKey takes a key out of a plan.
func dropPlanKey(tx store.Tx, plan, key string) error {
	pk, err := find[api.UsagePlanKey](tx, api.PlanKeyKey(plan, key), noAPIKey)
	if err != nil {
		return err
	}
	if err := drop(tx, api.PlanKeyEntryKey(pk)); err != nil {
		return err
	}
	return tx.Delete(api.PlanKeyKey(plan, key))
}

// checkPlanKey refuses to put a key into a plan that is not there, or whose
// stages the key may already use by another; more are plans that the key is
// about to be put into as well.
func (s *Service) checkPlanKey(tx store.Tx, plan, key string, more []api.UsagePlanKey) error {
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
	if err := s.within(QuotaPlansOfKey, len(others)+1); err != nil {
		return err
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
		out := &v1.UsagePlanKeys{Items: []v1.UsagePlanKey{}}
		prefix, size := api.PlanKeyEntries(in.UsagePlanId), pageSize(in.Limit)
		after, err := openPosition(in.Position)
		if err != nil {
			return nil, err
		}
		last := ""
		for item, err := range tx.Scan(prefix, prefix+after) {
			if err != nil {
				return nil, err
			}
			parts := api.Split(item.Key)
			k, err := store.Get[api.APIKey](tx, api.APIKeyKey(parts[len(parts)-1]))
			if err != nil {
				return nil, err
			}
			if !strings.HasPrefix(text(k.Name), text(in.NameQuery)) {
				continue
			}
			if len(out.Items) == size {
				out.Position = wrapPosition(strings.TrimPrefix(last, prefix))
				break
			}
			out.Items, last = append(out.Items, *wirePlanKey(&k)), item.Key
		}
		return out, nil
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
		return &v1.DeleteUsagePlanKeyOutput{}, dropPlanKey(tx, in.UsagePlanId, in.KeyId)
	})
}

func wirePlanKey(k *api.APIKey) *v1.UsagePlanKey {
	kind := planKeyType
	return &v1.UsagePlanKey{Id: &k.ID, Type: &kind, Value: &k.Value, Name: k.Name}
}
