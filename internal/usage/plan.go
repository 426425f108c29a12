package usage

import (
	"math"
	"sync"
	"sync/atomic"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
)

// planCell is a plan as it is now; nil in it: the plan is gone.
type planCell struct {
	now   atomic.Pointer[plan]
	meter *Meter
	id    string

	naming sync.Mutex // held while a ledger of the plan gets a bucket
}

// plan is a usage plan as requests are held to it. It does not change.
type plan struct {
	quota  *limit.Quota // nil: none
	only   *planStage   // of a plan that opens one stage
	stages map[string]*planStage
}

// stage is what the plan says of a stage, nil if it does not open it.
func (p *plan) stage(name string) *planStage {
	if p.only != nil {
		if p.only.name != name {
			return nil
		}
		return p.only
	}
	return p.stages[name]
}

// planStage is a stage that a plan opens.
type planStage struct {
	name string
	terms
	methods map[string]*terms // "/pets/GET": instead of the stage's; nil: none
}

// of is the terms of a method.
func (st *planStage) of(method string) *terms {
	if st.methods != nil {
		if own := st.methods[method]; own != nil {
			return own
		}
	}
	return &st.terms
}

// terms are what a request is held to: a limit with the name of the bucket for
// it, and the plan's quota.
type terms struct {
	limit  limit.Limit
	bucket string
	quota  *limit.Quota // nil: none
}

// Stage is the name of a stage in plans.
func Stage(apiID, stage string) string { return apiID + ":" + stage }

// Method is the name of a method in plans.
func Method(path, verb string) string { return path + "/" + verb }

func newPlan(p *api.UsagePlan) *plan {
	out := &plan{quota: Quota(p), stages: make(map[string]*planStage, len(p.Stages))}
	for i := range p.Stages {
		st := &p.Stages[i]
		name := Stage(st.API, st.Stage)
		one := &planStage{name: name, terms: terms{Limit(p.Throttle), name, out.quota}}
		if len(st.Throttle) > 0 {
			one.methods = make(map[string]*terms, len(st.Throttle))
		}
		for method, t := range st.Throttle {
			one.methods[method] = &terms{Limit(&t), name + " " + method, out.quota}
		}
		out.stages[name] = one
	}
	if len(out.stages) == 1 {
		for _, one := range out.stages {
			out.only = one
		}
	}
	return out
}

// Quota is a plan's quota; nil: it has none.
func Quota(p *api.UsagePlan) *limit.Quota {
	if p.Quota == nil {
		return nil
	}
	period, ok := limit.PeriodOf(p.Quota.Period)
	if !ok {
		return nil
	}
	return &limit.Quota{Limit: int64(p.Quota.Limit), Offset: int64(p.Quota.Offset), Period: period}
}

// Limit is the limit of a throttle. One without a rate is none. One without a
// burst has that of one second.
func Limit(t *api.Throttle) limit.Limit {
	if t == nil || t.RateLimit == nil {
		return limit.Limit{}
	}
	burst := int64(math.Ceil(min(*t.RateLimit, math.MaxInt32)))
	if t.BurstLimit != nil {
		burst = int64(*t.BurstLimit)
	}
	return limit.New(*t.RateLimit, burst)
}
