package usage

import "github.com/stagedoor/stagedoor/internal/limit"

// Grant is what a key may do to one stage, for one request. The zero Grant is
// no key's.
type Grant struct {
	key      *key
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
	if k.first != nil {
		if g, ok = m.grant(k, k.first, stage, method); ok {
			return g, true
		}
	}
	for _, l := range k.rest() {
		if g, ok = m.grant(k, l, stage, method); ok {
			return g, true
		}
	}
	return Grant{}, false
}

// grant is what a key may do by the plan of a ledger; ok is false if the plan
// does not open the stage, or is gone.
func (m *Meter) grant(k *key, l *ledger, stage, method string) (g Grant, ok bool) {
	p := l.cell.now.Load()
	if p == nil {
		return Grant{}, false
	}
	st := p.stage(stage)
	if st == nil {
		return Grant{}, false
	}
	t := st.of(method)
	g = Grant{key: k, meter: m, ledger: l, quota: p.quota, throttle: t}
	if !t.limit.None() {
		g.bucket = l.bucket(t.bucket)
	}
	return g, true
}

// Shown is a Grant that says of which key it is, and no more: it is not to be
// asked for anything else.
func Shown(id, value string) Grant { return Grant{key: newAccount(0, id, value, true)} }

// Key is the key that it is the grant of.
func (g *Grant) Key() Key {
	if g.key == nil {
		return Key{}
	}
	return Key{ID: g.key.id(), Value: g.key.value()}
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
