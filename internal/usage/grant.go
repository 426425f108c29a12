package usage

import "github.com/stagedoor/stagedoor/internal/limit"

// Grant is what a key may do to one stage, for one request. The zero Grant is
// no key's.
type Grant struct {
	Key *Key

	meter    *Meter
	ledger   *ledger
	quota    *limit.Quota
	throttle *throttle
	bucket   *limit.Bucket // nil: no throttle
	tally    *limit.Tally
}

// Verdict is what a usage plan says of a request.
type Verdict uint8

// The verdicts.
const (
	Admitted Verdict = iota
	Throttled
	Exceeded // the quota is used up
)

// Find finds what the value of an API key is good for. ok is false if there is
// no such key, it is disabled, or none of its plans opens the stage: the caller
// is not told which. stage and method are what Stage and Method name.
// parity: spec/rest-data-plane.md 10.4.
func (m *Meter) Find(value []byte, stage, method string) (g Grant, ok bool) {
	k := m.index.find(value)
	if k == nil {
		return Grant{}, false
	}
	for _, l := range k.plans {
		p := l.cell.now.Load()
		if p == nil {
			continue
		}
		st := p.stage(stage)
		if st == nil {
			continue
		}
		t := st.of(method)
		g = Grant{Key: &k.Key, meter: m, ledger: l, quota: p.quota, throttle: t}
		if !t.limit.None() {
			g.bucket = l.bucket(t.bucket)
		}
		return g, true
	}
	return Grant{}, false
}

// Take asks the plan for one request: its throttle, then its quota. What was
// refused is counted by neither.
func (g *Grant) Take() Verdict {
	nanos, today := g.meter.clock.Read()
	if g.bucket != nil && !g.bucket.Take(nanos, g.throttle.limit) {
		return Throttled
	}
	if g.quota == nil {
		g.tally = g.ledger.counter.Add(today)
	} else {
		allowed := g.quota.Allowance(today, limit.Date(g.ledger.first.Load()), g.ledger.extra.Load())
		g.tally = g.ledger.counter.AddWithin(today, g.quota.Period, allowed)
	}
	if g.tally == nil {
		g.returnToken()
		return Exceeded
	}
	g.meter.soil(g.ledger)
	return Admitted
}

// Return gives back what Take took, for a request that was refused later on. A
// Grant that took nothing has nothing to give.
// parity: spec/rest-data-plane.md 10.1.
func (g *Grant) Return() {
	if g.tally == nil {
		return
	}
	g.tally.Return()
	g.tally = nil
	g.returnToken()
	g.meter.soil(g.ledger)
}

func (g *Grant) returnToken() {
	if g.bucket != nil {
		g.bucket.Return(g.throttle.limit)
	}
}
