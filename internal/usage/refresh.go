package usage

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Follows reports whether a document is one that Refresh reads.
func (m *Meter) Follows(name store.Key) bool {
	return strings.HasPrefix(name, api.APIKeys) || strings.HasPrefix(name, api.UsagePlans) ||
		strings.HasPrefix(name, api.PlanKeys) || strings.HasPrefix(name, api.UsageGrants)
}

// Refresh takes up the documents that were changed, or all of them. Requests
// go on meanwhile: each sees a key and a plan as they were or as they are.
func (m *Meter) Refresh(tx store.Tx, changed []store.Key, all bool) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if all {
		return m.load(tx)
	}
	// Keys and plans first: what says that a key is in a plan needs both.
	for _, pass := range []struct {
		prefix string
		do     func(tx store.Tx, name store.Key) error
	}{
		{api.APIKeys, m.refreshKey},
		{api.UsagePlans, m.refreshPlan},
		{api.PlanKeys, m.refreshMembership},
		{api.UsageGrants, m.refreshExtra},
	} {
		for _, name := range changed {
			if !strings.HasPrefix(name, pass.prefix) {
				continue
			}
			if err := pass.do(tx, name); err != nil {
				return fmt.Errorf("refresh %s: %w", name, err)
			}
		}
	}
	return nil
}

// read reads a document; ok is false if there is none.
func read[T any](tx store.Tx, name store.Key) (v T, ok bool, err error) {
	v, err = store.Get[T](tx, name)
	if errors.Is(err, store.ErrMissing) {
		return v, false, nil
	}
	return v, err == nil, err
}

func (m *Meter) refreshKey(tx store.Tx, name store.Key) error {
	doc, ok, err := read[api.APIKey](tx, name)
	if err != nil {
		return err
	}
	if !ok {
		id := api.Split(name)[1]
		if k := m.keys[id]; k != nil {
			m.index.drop(k)
			delete(m.keys, id)
			m.forget(func(p pair) bool { return p.key == id })
		}
		return nil
	}
	k := m.keys[doc.ID]
	switch {
	case k == nil:
		k = m.makeKey(doc.ID, doc.Value, doc.Enabled)
	case bytes.Equal(k.value(), []byte(doc.Value)):
		k.enabled = doc.Enabled
	default:
		m.index.drop(k)
		k = k.heir(m.index.hash(doc.Value), doc.Value, doc.Enabled)
	}
	m.keys[doc.ID] = k
	m.index.put(k)
	return nil
}

// makeKey makes a key that is in no plan.
func (m *Meter) makeKey(id, value string, enabled bool) *key {
	return newKey(m.index.hash(value), id, value, enabled)
}

func (m *Meter) refreshPlan(tx store.Tx, name store.Key) error {
	doc, ok, err := read[api.UsagePlan](tx, name)
	if err != nil {
		return err
	}
	if ok {
		m.plan(doc.ID).now.Store(newPlan(&doc))
		return nil
	}
	id := api.Split(name)[1]
	if cell := m.plans[id]; cell != nil {
		cell.now.Store(nil)
		delete(m.plans, id)
		m.forget(func(p pair) bool { return p.plan == id })
	}
	return nil
}

// forget drops the ledgers of what is gone.
func (m *Meter) forget(gone func(pair) bool) {
	for p, l := range m.ledgers {
		if gone(p) {
			l.gone.Store(true)
			l.in.Store(false)
			delete(m.ledgers, p)
		}
	}
}

// plan is the cell of a plan; one that is not known yet is empty.
func (m *Meter) plan(id string) *planCell {
	cell := m.plans[id]
	if cell == nil {
		cell = &planCell{meter: m, id: id}
		m.plans[id] = cell
	}
	return cell
}

func (m *Meter) refreshMembership(tx store.Tx, name store.Key) error {
	parts := api.Split(name)
	doc, ok, err := read[api.UsagePlanKey](tx, name)
	if err != nil {
		return err
	}
	k, p := m.keys[parts[2]], pair{parts[1], parts[2]}
	if k == nil {
		return nil
	}
	l := m.ledgers[p]
	switch {
	case !ok:
		if l != nil {
			l.in.Store(false)
		}
		return nil
	case l == nil:
		if k.own.cell != nil && !k.own.in.Load() { // of a plan that it has left
			k = k.renewed()
			m.keys[parts[2]] = k
			m.index.put(k)
		}
		l = m.newLedger(k, p)
		if err := l.load(tx); err != nil {
			delete(m.ledgers, p) // it does not know what was counted
			return err
		}
	}
	l.join(doc)
	return nil
}

// newLedger is a ledger for a key, which is not in the plan yet: its own one,
// unless somebody has that.
func (m *Meter) newLedger(k *key, p pair) *ledger {
	l := &k.own
	other := l.cell != nil
	if other {
		l = &ledger{}
	}
	l.key, l.cell = p.key, m.plan(p.plan)
	if other {
		k.add(l)
	}
	m.ledgers[p] = l
	return l
}

// join lets the key into the plan.
func (l *ledger) join(doc api.UsagePlanKey) {
	l.first.Store(int32(limit.DateOf(doc.AddedDate)))
	l.in.Store(true)
}

// load takes up what an earlier process wrote.
func (l *ledger) load(tx store.Tx) error {
	doc, ok, err := read[api.Usage](tx, api.UsageKey(l.cell.id, l.key))
	if err != nil {
		return err
	}
	if ok {
		l.take(doc)
	}
	extra, ok, err := read[api.UsageGrant](tx, api.UsageGrantKey(l.cell.id, l.key))
	if err == nil && ok {
		l.extra.Store(Extra(extra))
	}
	return err
}

func (m *Meter) refreshExtra(tx store.Tx, name store.Key) error {
	parts := api.Split(name)
	l := m.ledgers[pair{parts[1], parts[2]}]
	if l == nil {
		return nil
	}
	doc, ok, err := read[api.UsageGrant](tx, name)
	if err != nil {
		return err
	}
	if ok {
		l.extra.Store(Extra(doc))
	} else {
		l.extra.Store(nil)
	}
	return nil
}

// Totals is a count as it was written.
func Totals(doc api.Usage) limit.Totals {
	return limit.Totals{Date: limit.Date(doc.Day), Used: doc.Used, Week: doc.Week, Month: doc.Month}
}

// Extra is a grant as it was written; nil if its period is none.
func Extra(doc api.UsageGrant) *limit.Extra {
	period, ok := limit.PeriodOf(doc.Period)
	if !ok {
		return nil
	}
	return &limit.Extra{Period: period, Start: limit.Date(doc.Start), Amount: doc.Amount}
}
