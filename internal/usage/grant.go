package usage

import "github.com/stagedoor/stagedoor/internal/limit"

// Grant is what a key may do to one stage, for one request. The zero Grant is
// no key's.
type Grant struct {
	key    *key
	ledger *ledger
	terms  *terms
	day    limit.Date // on which it was counted
	taken  bool
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
	if t := k.own.terms(stage, method); t != nil {
		return Grant{key: k, ledger: &k.own, terms: t}, true
	}
	for _, l := range k.rest() {
		if t := l.terms(stage, method); t != nil {
			return Grant{key: k, ledger: l, terms: t}, true
		}
	}
	return Grant{}, false
}

// terms are those of the ledger's plan; nil: the key is not in it, it does not
// open the stage, or it is gone.
func (l *ledger) terms(stage, method string) *terms {
	if !l.in.Load() {
		return nil
	}
	p := l.cell.now.Load()
	if p == nil {
		return nil
	}
	st := p.stage(stage)
	if st == nil {
		return nil
	}
	return st.of(method)
}

// Shown is a Grant that says of which key it is, and no more: it is not to be
// asked for anything else.
func Shown(id, value string) Grant { return Grant{key: newKey(0, id, value, true)} }

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
	l, t := g.ledger, g.terms
	nanos, today := l.cell.meter.clock.Read()
	if !t.limit.None() && !l.bucket(t.bucket).Take(nanos, t.limit) {
		return Throttled
	}
	if t.quota == nil {
		g.day, g.taken = l.counter.Add(today), true
	} else {
		allowed := t.quota.Allowance(today, limit.Date(l.first.Load()), l.extra.Load())
		g.day, g.taken = l.counter.AddWithin(today, t.quota.Period, allowed)
	}
	if !g.taken {
		g.returnToken()
		return Exceeded
	}
	l.soil()
	return Admitted
}

// Return gives back what Take took, for a request that was refused later on. A
// Grant that took nothing has nothing to give.
// parity: spec/rest-data-plane.md 10.1.
func (g *Grant) Return() {
	if !g.taken {
		return
	}
	g.ledger.counter.Return(g.day)
	g.taken = false
	g.returnToken()
	g.ledger.soil()
}

func (g *Grant) returnToken() {
	if t := g.terms; !t.limit.None() {
		g.ledger.bucket(t.bucket).Return(t.limit)
	}
}
