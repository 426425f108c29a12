package apigateway

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// UpdateUsagePlan patches a plan.
func (s *Service) UpdateUsagePlan(ctx context.Context, in *v1.UpdateUsagePlanInput) (*v1.UsagePlan, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.UsagePlan, error) {
		p, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan)
		if err != nil {
			return nil, err
		}
		if err := planPatches(tx).apply(&p, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkQuota(p.Quota); err != nil {
			return nil, err
		}
		if err := checkPlanStages(tx, &p); err != nil {
			return nil, err
		}
		for i := range p.Stages {
			if err := s.within(QuotaThrottles, len(p.Stages[i].Throttle)); err != nil {
				return nil, err
			}
		}
		if err := store.Put(tx, api.UsagePlanAt(p.ID), p); err != nil {
			return nil, err
		}
		return wirePlan(&p, shown(p.Tags)), nil
	})
}

// checkPlanStages refuses stages that a key of the plan may already use by
// another plan.
func checkPlanStages(tx store.Tx, p *api.UsagePlan) error {
	for other, err := range store.Scan[api.UsagePlan](tx, api.UsagePlans, "") {
		if err != nil {
			return err
		}
		st := sharedStage(p, &other)
		if st == nil {
			continue
		}
		for pk, err := range store.Scan[api.UsagePlanKey](tx, api.KeysOfPlan(p.ID), "") {
			if err != nil {
				return err
			}
			if both, err := exists(tx, api.PlanKeyKey(other.ID, pk.Key)); err != nil || both {
				return takenOr(err, "Usage Plan %s cannot be updated because API Key %s "+
					"cannot reference multiple Usage Plans with the same API stage: %s:%s", p.ID, pk.Key, st.API, st.Stage)
			}
		}
	}
	return nil
}

// planPatches is what a PATCH may do to a plan. parity: spec/control-plane.md 3.8.
func planPatches(tx store.Tx) table[api.UsagePlan] {
	code := func(p *api.UsagePlan) **string { return &p.ProductCode }
	t := table[api.UsagePlan]{manners: namesPaths, rows: []row[api.UsagePlan]{
		{path: "/name", replace: func(p *api.UsagePlan, o patch) error {
			if o.text() == "" {
				return bad("Usage Plan name cannot be blank")
			}
			p.Name = o.text()
			return nil
		}},
		{path: "/description", replace: setText(func(p *api.UsagePlan) **string { return &p.Description })},
		{path: "/productCode", add: setText(code), replace: setText(code), remove: dropText(code)},
		{path: "/apiStages", remove: dropPlanStage, add: func(p *api.UsagePlan, o patch) error {
			st, err := readPlanStage(o.text())
			if err != nil {
				return err
			}
			return addPlanStage(tx, p, st)
		}},
		{path: "/throttle", remove: func(p *api.UsagePlan, _ patch) error {
			p.Throttle = nil
			return nil
		}},
		{path: "/throttle/rateLimit", add: setPlanThrottle, replace: setPlanThrottle},
		{path: "/throttle/burstLimit", add: setPlanThrottle, replace: setPlanThrottle},
		{path: "/quota", remove: func(p *api.UsagePlan, _ patch) error {
			p.Quota = nil
			return nil
		}},
		{path: "/quota/limit", add: setQuota, replace: setQuota},
		{path: "/quota/offset", add: setQuota, replace: setQuota},
		{path: "/quota/period", add: setQuota, replace: setQuota},
	}}
	rows := table[api.UsagePlan]{manners: t.manners, rows: t.rows}
	t.unknown = func(p *api.UsagePlan, o patch) error {
		known, err := setStageThrottle(p, o)
		if !known {
			return rows.refusal(o, nil)
		}
		return err
	}
	return t
}

// readPlanStage reads "{api}:{stage}".
func readPlanStage(text string) (api.PlanStage, error) {
	id, stage, ok := strings.Cut(text, ":")
	if !ok {
		return api.PlanStage{}, bad(badPlanStage)
	}
	return api.PlanStage{API: id, Stage: stage}, nil
}

func dropPlanStage(p *api.UsagePlan, o patch) error {
	st, err := readPlanStage(o.text())
	if err != nil {
		return err
	}
	if planStage(p, st.API, st.Stage) == nil {
		return missing(noPlanStage(st, p.ID))
	}
	p.Stages = slices.DeleteFunc(p.Stages, func(have api.PlanStage) bool {
		return have.API == st.API && have.Stage == st.Stage
	})
	return nil
}

func setPlanThrottle(p *api.UsagePlan, o patch) error {
	if p.Throttle == nil {
		p.Throttle = &api.Throttle{}
	}
	return setLimit(p.Throttle, o)
}

// setLimit sets the limit of a throttle that the path ends with.
func setLimit(t *api.Throttle, o patch) error {
	if strings.HasSuffix(o.path, "/burstLimit") {
		n, err := o.number()
		t.BurstLimit = &n
		return err
	}
	rate, err := strconv.ParseFloat(o.text(), 64)
	if err != nil || math.IsNaN(rate) || math.IsInf(rate, 0) {
		return badf("Invalid value specified for %s: %s", o.path, o.text())
	}
	t.RateLimit = &rate
	return nil
}

func setQuota(p *api.UsagePlan, o patch) error {
	if p.Quota == nil {
		p.Quota = &api.Quota{}
	}
	if o.path == "/quota/period" {
		p.Quota.Period = o.text()
		return nil
	}
	n, err := o.number()
	if o.path == "/quota/limit" {
		p.Quota.Limit = n
	} else {
		p.Quota.Offset = n
	}
	return err
}

// methodKey is how a plan names a method: "/pets/GET". Clients write the path
// as a JSON pointer does or plainly.
func methodKey(path string) string {
	if path = unescape(path); !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	return path
}

func setMethodThrottle(st *api.PlanStage, method string, t api.Throttle) {
	if st.Throttle == nil {
		st.Throttle = map[string]api.Throttle{}
	}
	st.Throttle[method] = t
}

// setStageThrottle carries out an operation on
// /apiStages/{api}:{stage}/throttle[/{path}/{VERB}[/rateLimit]], where the path
// may have plain slashes. It tells whether the path is one of these and the
// operation is one that it has.
func setStageThrottle(p *api.UsagePlan, o patch) (known bool, err error) {
	rest, ok := strings.CutPrefix(o.path, "/apiStages/")
	name, method, found := strings.Cut(rest, "/throttle")
	if !ok || !found || method != "" && method[0] != '/' {
		return false, nil
	}
	id, stage, _ := strings.Cut(unescape(name), ":")
	at := planStage(p, id, stage)
	if at == nil {
		return true, missing(noPlanStage(api.PlanStage{API: id, Stage: stage}, p.ID))
	}
	if method == "" {
		return replaceThrottles(at, o)
	}
	method = method[1:]
	limit := strings.HasSuffix(method, "/rateLimit") || strings.HasSuffix(method, "/burstLimit")
	switch {
	case limit && (o.op == "add" || o.op == "replace"):
		key := methodKey(method[:strings.LastIndexByte(method, '/')])
		t := at.Throttle[key]
		if err := setLimit(&t, o); err != nil {
			return true, err
		}
		setMethodThrottle(at, key, t)
		return true, nil
	case !limit && o.op == "remove":
		delete(at.Throttle, methodKey(method))
		return true, nil
	}
	return false, nil
}

// replaceThrottles sets or takes away all of a stage's throttles for methods.
func replaceThrottles(st *api.PlanStage, o patch) (known bool, err error) {
	switch o.op {
	case "remove":
		st.Throttle = nil
		return true, nil
	case "add", "replace":
	default:
		return false, nil
	}
	var all map[string]api.Throttle
	if err := json.Unmarshal([]byte(o.text()), &all); err != nil {
		return true, badf("Invalid value specified for %s: %s", o.path, o.text())
	}
	if o.op == "replace" {
		st.Throttle = nil
	}
	for method, t := range all {
		setMethodThrottle(st, methodKey(method), t)
	}
	return true, nil
}
