package apigateway

import (
	"context"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/usage"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// unlimited stands in a day's pair where a plan without a quota has nothing
// that could be left.
const unlimited = -1

// GetUsage tells for each key of a plan, or for one, what it used on each day
// and what was left of its quota then. Days to come are left out.
// parity: spec/control-plane.md 6.1; the words of refusals are ours.
func (s *Service) GetUsage(ctx context.Context, in *v1.GetUsageInput) (*v1.Usage, error) {
	from, to, err := s.usageDays(in.StartDate, in.EndDate)
	if err != nil {
		return nil, err
	}
	if err := s.cfg.FlushUsage(ctx); err != nil {
		return nil, err
	}
	return view(ctx, s, func(tx store.Tx) (*v1.Usage, error) {
		p, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan)
		if err != nil {
			return nil, err
		}
		keys, next, err := usageKeys(tx, in)
		if err != nil {
			return nil, err
		}
		out := &v1.Usage{
			UsagePlanId: &p.ID, StartDate: &in.StartDate, EndDate: &in.EndDate, Position: next, Items: map[string][][]int64{},
		}
		for _, k := range keys {
			pairs, err := s.usageOf(tx, &p, &k, from, to)
			if err != nil {
				return nil, err
			}
			out.Items[k.Key] = pairs
		}
		return out, nil
	})
}

// usageDays reads the two days of a GetUsage.
func (s *Service) usageDays(start, end string) (from, to limit.Date, err error) {
	a, err := time.Parse(time.DateOnly, start)
	if err != nil {
		return 0, 0, bad("Invalid startDate specified. Must be of the form YYYY-MM-DD")
	}
	b, err := time.Parse(time.DateOnly, end)
	if err != nil {
		return 0, 0, bad("Invalid endDate specified. Must be of the form YYYY-MM-DD")
	}
	from, to = limit.DateOf(a), limit.DateOf(b)
	today := limit.DateOf(s.cfg.Now())
	switch {
	case a.After(b):
		return 0, 0, bad("Invalid date range specified. startDate must not be after endDate")
	case from < today-usage.Retention || a.Year() < 1970:
		return 0, 0, badf("Invalid startDate specified. Usage is kept for %d days", usage.Retention)
	}
	return from, min(to, today), nil
}

// usageKeys are the keys that a GetUsage is about, by id.
func usageKeys(tx store.Tx, in *v1.GetUsageInput) ([]api.UsagePlanKey, *string, error) {
	if in.KeyId == nil {
		return page[api.UsagePlanKey](tx, api.KeysOfPlan(in.UsagePlanId), in.Limit, in.Position, nil)
	}
	k, err := find[api.UsagePlanKey](tx, api.PlanKeyKey(in.UsagePlanId, *in.KeyId), noAPIKey)
	return []api.UsagePlanKey{k}, nil, err
}

// keyUsage is what is known of one key's use of one plan.
type keyUsage struct {
	quota *limit.Quota // nil: none
	first limit.Date
	last  *api.Usage   // the last day of use
	extra *limit.Extra // nil: none
}

func readUsage(tx store.Tx, p *api.UsagePlan, k *api.UsagePlanKey) (keyUsage, error) {
	u := keyUsage{quota: usage.Quota(p), first: limit.DateOf(k.AddedDate)}
	last, err := store.Get[api.Usage](tx, api.UsageKey(p.ID, k.Key))
	if err == nil {
		u.last = &last
	} else if !errors.Is(err, store.ErrMissing) {
		return u, err
	}
	extra, err := store.Get[api.UsageGrant](tx, api.UsageGrantKey(p.ID, k.Key))
	if err == nil {
		u.extra = usage.Extra(extra)
	} else if !errors.Is(err, store.ErrMissing) {
		return u, err
	}
	return u, nil
}

// left is what is left of the quota after what was used until the end of a day.
func (u *keyUsage) left(t limit.Totals) int64 {
	if u.quota == nil {
		return unlimited
	}
	return max(0, u.quota.Allowance(t.Date, u.first, u.extra)-t.InPeriod(u.quota.Period))
}

// usageOf makes the pairs of one key, a pair a day. A day without use has what
// was left on the day before, unless a period begins with it.
func (s *Service) usageOf(tx store.Tx, p *api.UsagePlan, k *api.UsagePlanKey, from, to limit.Date) ([][]int64, error) {
	u, err := readUsage(tx, p, k)
	if err != nil {
		return nil, err
	}
	pairs := [][]int64{}
	var known limit.Totals
	// A month may tell what was left when the first day began.
	for day := from.Start(limit.Month) - 7; day <= to; day++ {
		known = known.On(day)
		pair := []int64{0, u.left(known)}
		doc, err := u.on(tx, day, p.ID, k.Key)
		if err != nil {
			return nil, err
		}
		if doc != nil {
			known = usage.Totals(*doc)
			pair = []int64{doc.Used, u.left(known)}
			if doc.Left != nil {
				pair[1] = *doc.Left
			}
		}
		if day >= from {
			pairs = append(pairs, pair)
		}
	}
	return pairs, nil
}

// on is what was written of a day; nil: nothing.
func (u *keyUsage) on(tx store.Tx, day limit.Date, plan, key string) (*api.Usage, error) {
	if u.last != nil && limit.Date(u.last.Day) == day {
		return u.last, nil
	}
	doc, err := store.Get[api.Usage](tx, api.UsageLogKey(int32(day), plan, key))
	if errors.Is(err, store.ErrMissing) {
		return nil, nil
	}
	return &doc, err
}

// UpdateUsage sets what is left of a key's quota in the period that is now. It
// holds for requests that begin after the call.
// parity: spec/control-plane.md 3.8.
func (s *Service) UpdateUsage(ctx context.Context, in *v1.UpdateUsageInput) (*v1.Usage, error) {
	if err := s.cfg.FlushUsage(ctx); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Usage, error) {
		p, err := find[api.UsagePlan](tx, api.UsagePlanAt(in.UsagePlanId), noPlan)
		if err != nil {
			return nil, err
		}
		k, err := find[api.UsagePlanKey](tx, api.PlanKeyKey(p.ID, in.KeyId), noAPIKey)
		if err != nil {
			return nil, err
		}
		u, err := readUsage(tx, &p, &k)
		if err != nil {
			return nil, err
		}
		today := limit.DateOf(s.cfg.Now())
		var now limit.Totals
		if u.last != nil {
			now = usage.Totals(*u.last)
		}
		now = now.On(today)
		if err := usagePatches(&u, now).apply(&u, in.PatchOperations); err != nil {
			return nil, err
		}
		if e := u.extra; e != nil {
			doc := api.UsageGrant{Period: p.Quota.Period, Start: int32(e.Start), Amount: e.Amount}
			if err := store.Put(tx, api.UsageGrantKey(p.ID, k.Key), doc); err != nil {
				return nil, err
			}
		}
		day := today.String()
		return &v1.Usage{UsagePlanId: &p.ID, StartDate: &day, EndDate: &day, Items: map[string][][]int64{
			k.Key: {{now.Used, u.left(now)}},
		}}, nil
	})
}

// usagePatches is what a PATCH may do to the use of a key.
func usagePatches(u *keyUsage, now limit.Totals) table[keyUsage] {
	return table[keyUsage]{rows: []row[keyUsage]{{path: "/remaining", replace: func(_ *keyUsage, p patch) error {
		if u.quota == nil {
			return bad("Usage Plan has no quota, so none of it can remain")
		}
		n, err := strconv.ParseInt(p.text(), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt32 {
			return badf("Invalid value specified for %s: %s", p.path, p.text())
		}
		plain := u.quota.Allowance(now.Date, u.first, nil)
		u.extra = &limit.Extra{
			Period: u.quota.Period, Start: now.Date.Start(u.quota.Period),
			Amount: n + now.InPeriod(u.quota.Period) - plain,
		}
		return nil
	}}}}
}

// dropUsage forgets what one key, or all of them, used of a plan. The days that
// are over go with their time.
func dropUsage(tx store.Tx, plan string, key *string) error {
	if key == nil {
		if err := store.DeleteAll(tx, api.UsagesOfPlan(plan)); err != nil {
			return err
		}
		return store.DeleteAll(tx, api.UsageGrantsOfPlan(plan))
	}
	for _, name := range []store.Key{api.UsageKey(plan, *key), api.UsageGrantKey(plan, *key)} {
		if err := drop(tx, name); err != nil {
			return err
		}
	}
	return nil
}
