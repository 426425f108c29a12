package apigateway

import (
	"context"
	"fmt"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

func (s *Service) planHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateUsagePlan": wire.Op(s.CreateUsagePlan),
		"GetUsagePlan":    wire.Op(s.GetUsagePlan),
		"GetUsagePlans":   wire.Op(s.GetUsagePlans),
		"UpdateUsagePlan": wire.Op(s.UpdateUsagePlan),
		"DeleteUsagePlan": wire.Op(s.DeleteUsagePlan),

		"CreateUsagePlanKey": wire.Op(s.CreateUsagePlanKey),
		"GetUsagePlanKey":    wire.Op(s.GetUsagePlanKey),
		"GetUsagePlanKeys":   wire.Op(s.GetUsagePlanKeys),
		"DeleteUsagePlanKey": wire.Op(s.DeleteUsagePlanKey),

		"GetUsage":    wire.Op(s.GetUsage),
		"UpdateUsage": wire.Op(s.UpdateUsage),
	}
}

// CreateUsagePlan makes a plan over stages that are there.
func (s *Service) CreateUsagePlan(ctx context.Context, in *v1.CreateUsagePlanInput) (*v1.UsagePlan, error) {
	if in.Name == "" {
		return nil, bad("Usage Plan name cannot be blank")
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	p := api.UsagePlan{Name: in.Name, Description: in.Description, Throttle: throttleOf(in.Throttle), Tags: some(in.Tags)}
	if q := in.Quota; q != nil {
		p.Quota = &api.Quota{Limit: value(q.Limit), Offset: value(q.Offset), Period: text(q.Period)}
	}
	if err := checkQuota(p.Quota); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.UsagePlan, error) {
		err := s.room(tx, QuotaPlans, api.UsagePlans)
		if err != nil {
			return nil, err
		}
		if p.ID, err = s.freshID(tx, idLength, api.UsagePlanAt); err != nil {
			return nil, err
		}
		p.Stages = nil
		for _, st := range in.ApiStages {
			if st.ApiId == nil || st.Stage == nil {
				return nil, bad(badPlanStage)
			}
			one := api.PlanStage{API: *st.ApiId, Stage: *st.Stage}
			for method, throttle := range st.Throttle {
				setMethodThrottle(&one, methodKey(method), *throttleOf(&throttle))
			}
			if err := s.within(QuotaThrottles, len(one.Throttle)); err != nil {
				return nil, err
			}
			if err := addPlanStage(tx, &p, one); err != nil {
				return nil, err
			}
		}
		if err := store.Put(tx, api.UsagePlanAt(p.ID), p); err != nil {
			return nil, err
		}
		return wirePlan(&p, p.Tags), nil
	})
}

const badPlanStage = "Invalid API Stage specified"

// noPlanStage is what AWS says of a stage that a plan cannot have.
func noPlanStage(st api.PlanStage, plan string) string {
	return fmt.Sprintf("Invalid API Stage {api: %s, stage: %s} specified for usageplan %s", st.API, st.Stage, plan)
}

// addPlanStage puts a stage into a plan; one that is in it stays as it is.
func addPlanStage(tx store.Tx, p *api.UsagePlan, st api.PlanStage) error {
	if there, err := exists(tx, api.StageKey(st.API, st.Stage)); err != nil || !there {
		return orMissing(err, noPlanStage(st, p.ID))
	}
	if planStage(p, st.API, st.Stage) == nil {
		p.Stages = append(p.Stages, st)
	}
	return nil
}

// planStage finds a stage in a plan; nil: it is not in it.
func planStage(p *api.UsagePlan, apiID, stage string) *api.PlanStage {
	for i := range p.Stages {
		if p.Stages[i].API == apiID && p.Stages[i].Stage == stage {
			return &p.Stages[i]
		}
	}
	return nil
}

func throttleOf(t *v1.ThrottleSettings) *api.Throttle {
	if t == nil {
		return nil
	}
	return &api.Throttle{BurstLimit: t.BurstLimit, RateLimit: t.RateLimit}
}

func checkQuota(q *api.Quota) error {
	switch {
	case q == nil:
		return nil
	case q.Period != "DAY" && q.Period != "WEEK" && q.Period != "MONTH":
		return bad("Usage Plan quota period must be one of: DAY, WEEK, MONTH")
	case q.Limit < 0:
		return bad("Usage Plan quota limit must not be negative")
	case q.Offset < 0:
		return bad("Usage Plan quota offset must not be negative")
	}
	return nil
}

// GetUsagePlan reads a plan.
func (s *Service) GetUsagePlan(ctx context.Context, in *v1.GetUsagePlanInput) (*v1.UsagePlan, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.UsagePlan, error) {
		p, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan)
		if err != nil {
			return nil, err
		}
		return wirePlan(&p, shown(p.Tags)), nil
	})
}

// GetUsagePlans lists plans, or those that one key is in, in the order of
// their ids.
func (s *Service) GetUsagePlans(ctx context.Context, in *v1.GetUsagePlansInput) (*v1.UsagePlans, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.UsagePlans, error) {
		var all []api.UsagePlan
		var next *string
		var err error
		if in.KeyId == nil {
			all, next, err = page[api.UsagePlan](tx, api.UsagePlans, in.Limit, in.Position, nil)
		} else if all, err = plansOf(tx, *in.KeyId); err == nil {
			all, next, err = pageOf(all, in.Limit, in.Position, func(p api.UsagePlan) string { return p.ID })
		}
		if err != nil {
			return nil, err
		}
		return &v1.UsagePlans{Position: next, Items: each(all, func(p api.UsagePlan) v1.UsagePlan {
			return *wirePlan(&p, p.Tags)
		})}, nil
	})
}

// plansOf lists the plans that a key is in, by id.
func plansOf(tx store.Tx, key string) ([]api.UsagePlan, error) {
	var in []api.UsagePlan
	all, err := store.All[api.UsagePlan](tx, api.UsagePlans)
	if err != nil {
		return nil, err
	}
	for _, p := range all {
		there, err := exists(tx, api.PlanKeyKey(p.ID, key))
		if err != nil {
			return nil, err
		}
		if there {
			in = append(in, p)
		}
	}
	return in, nil
}

// DeleteUsagePlan removes a plan that opens no stage; its keys stay.
func (s *Service) DeleteUsagePlan(ctx context.Context, in *v1.DeleteUsagePlanInput) (*v1.DeleteUsagePlanOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteUsagePlanOutput, error) {
		p, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan)
		if err != nil {
			return nil, err
		}
		for _, st := range p.Stages {
			// A stage that was deleted does not hold the plan.
			there, err := exists(tx, api.StageKey(st.API, st.Stage))
			if err != nil {
				return nil, err
			}
			if there {
				return nil, badf("Cannot delete Usage Plan %s because there are API Stages associated with it, including %s:%s",
					p.ID, st.API, st.Stage)
			}
		}
		for _, prefix := range []store.Key{api.KeysOfPlan(p.ID), api.PlanKeyEntries(p.ID)} {
			if err := store.DeleteAll(tx, prefix); err != nil {
				return nil, err
			}
		}
		if err := dropUsage(tx, p.ID, nil); err != nil {
			return nil, err
		}
		return &v1.DeleteUsagePlanOutput{}, tx.Delete(api.UsagePlanAt(p.ID))
	})
}

// wirePlan is a plan as callers see it. Whether empty tags are shown depends
// on the call.
func wirePlan(p *api.UsagePlan, tags map[string]string) *v1.UsagePlan {
	out := &v1.UsagePlan{
		Id: &p.ID, Name: &p.Name, Description: p.Description, ProductCode: p.ProductCode,
		Throttle: wireThrottle(p.Throttle), ApiStages: make([]v1.ApiStage, len(p.Stages)),
	}
	if q := p.Quota; q != nil {
		out.Quota = &v1.QuotaSettings{Limit: &q.Limit, Offset: &q.Offset, Period: &q.Period}
	}
	for i := range p.Stages {
		st := &p.Stages[i]
		out.ApiStages[i] = v1.ApiStage{ApiId: &st.API, Stage: &st.Stage}
		if len(st.Throttle) == 0 {
			continue
		}
		out.ApiStages[i].Throttle = make(map[string]v1.ThrottleSettings, len(st.Throttle))
		for method, t := range st.Throttle {
			out.ApiStages[i].Throttle[method] = *wireThrottle(&t)
		}
	}
	if tags != nil {
		out.Tags = tags
	}
	return out
}

func wireThrottle(t *api.Throttle) *v1.ThrottleSettings {
	if t == nil {
		return nil
	}
	return &v1.ThrottleSettings{BurstLimit: t.BurstLimit, RateLimit: t.RateLimit}
}
