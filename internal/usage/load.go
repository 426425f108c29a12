package usage

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"runtime"

	"github.com/tidwall/gjson"
	"golang.org/x/sync/errgroup"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// load takes up all there is. What was counted stays.
func (m *Meter) load(tx store.Tx) error {
	all, err := scan(tx, api.APIKeys, m.readKey)
	if err != nil {
		return err
	}
	keys := make(map[string]*key, len(all))
	for _, k := range all {
		keys[string(k.id())] = k
	}
	plans, err := m.loadPlans(tx)
	if err != nil {
		return err
	}
	m.forget(func(p pair) bool { return keys[p.key] == nil || !plans[p.plan] })
	in, err := scan(tx, api.PlanKeys, func(doc []byte) (k api.UsagePlanKey, err error) { return k, json.Unmarshal(doc, &k) })
	if err != nil {
		return err
	}
	if err := m.loadLedgers(tx, keys, plans, in); err != nil {
		return err
	}
	m.keys = keys
	m.index.replace(maps.Values(keys))
	return nil
}

// loadLedgers lets keys into the plans that documents name, and out of all
// others.
func (m *Meter) loadLedgers(tx store.Tx, keys map[string]*key, plans map[string]bool, in []api.UsagePlanKey) error {
	left, fresh := maps.Clone(m.ledgers), map[pair]*ledger{}
	for _, doc := range in {
		k, p := keys[doc.Key], pair{doc.Plan, doc.Key}
		if k == nil || !plans[doc.Plan] {
			continue
		}
		if l := m.ledgers[p]; l != nil {
			l.join(doc)
			delete(left, p)
			continue
		}
		fresh[p] = m.newLedger(k, p)
	}
	if err := m.loadCounts(tx, fresh); err != nil {
		for p := range fresh {
			delete(m.ledgers, p) // it does not know what was counted
		}
		return err
	}
	for _, doc := range in {
		if l := fresh[pair{doc.Plan, doc.Key}]; l != nil {
			l.join(doc)
		}
	}
	for _, l := range left {
		l.in.Store(false)
	}
	return nil
}

func (m *Meter) loadPlans(tx store.Tx) (map[string]bool, error) {
	plans := map[string]bool{}
	for doc, err := range store.Scan[api.UsagePlan](tx, api.UsagePlans, "") {
		if err != nil {
			return nil, err
		}
		plans[doc.ID] = true
		m.plan(doc.ID).now.Store(newPlan(&doc))
	}
	for id, cell := range m.plans {
		if !plans[id] {
			cell.now.Store(nil)
			delete(m.plans, id)
		}
	}
	return plans, nil
}

// readKey reads of an API key what requests need, and nothing else: with a
// million keys the rest would be most of the work.
func (m *Meter) readKey(doc []byte) (*key, error) {
	id, value := gjson.GetBytes(doc, "id"), gjson.GetBytes(doc, "value")
	if id.Type != gjson.String || value.Type != gjson.String {
		return nil, errors.New("it is no API key")
	}
	enabled := gjson.GetBytes(doc, "enabled").Bool()
	switch old := m.keys[id.Str]; {
	case old == nil:
		return m.makeKey(id.Str, value.Str, enabled), nil
	case old.is(value.Str, enabled):
		return old, nil
	default:
		return old.heir(m.index.hash(value.Str), value.Str, enabled), nil
	}
}

// batch is documents that are decoded together.
type batch[T any] struct {
	text []byte
	ends []int // of each document in text
	out  []T
}

func (b *batch[T]) decode(prefix store.Key, read func([]byte) (T, error)) error {
	b.out = make([]T, 0, len(b.ends))
	from := 0
	for _, end := range b.ends {
		v, err := read(b.text[from:end:end])
		if err != nil {
			return fmt.Errorf("decode a document of %s: %w", prefix, err)
		}
		b.out, from = append(b.out, v), end
	}
	b.text, b.ends = nil, nil
	return nil
}

// scan reads all documents under a prefix, in their order. The store is read
// by the caller; decoding, which takes as long, by all cores.
func scan[T any](tx store.Tx, prefix store.Key, read func(doc []byte) (T, error)) ([]T, error) {
	const size = 512
	var g errgroup.Group
	g.SetLimit(max(1, runtime.GOMAXPROCS(0)))
	var done []*batch[T]
	now := &batch[T]{}
	flush := func() {
		b := now
		done, now = append(done, b), &batch[T]{text: make([]byte, 0, len(b.text)), ends: make([]int, 0, size)}
		g.Go(func() error { return b.decode(prefix, read) })
	}
	var failed error
	for item, err := range tx.Scan(prefix, "") {
		if err != nil {
			failed = err
			break
		}
		now.text = append(now.text, item.Doc...)
		if now.ends = append(now.ends, len(now.text)); len(now.ends) == size {
			flush()
		}
	}
	flush()
	if err := g.Wait(); failed == nil {
		failed = err
	}
	if failed != nil {
		return nil, failed
	}
	n := 0
	for _, b := range done {
		n += len(b.out)
	}
	all := make([]T, 0, n)
	for _, b := range done {
		all, b.out = append(all, b.out...), nil
	}
	return all, nil
}

// loadCounts gives new ledgers what an earlier process wrote, and all of them
// what was granted.
func (m *Meter) loadCounts(tx store.Tx, fresh map[pair]*ledger) error {
	for item, err := range tx.Scan(api.Usages, "") {
		if err != nil {
			return err
		}
		parts := api.Split(item.Key)
		if l := fresh[pair{parts[1], parts[2]}]; l != nil {
			doc, err := decode[api.Usage](item)
			if err != nil {
				return err
			}
			l.take(doc)
		}
	}
	for item, err := range tx.Scan(api.UsageGrants, "") {
		if err != nil {
			return err
		}
		parts := api.Split(item.Key)
		if l := m.ledgers[pair{parts[1], parts[2]}]; l != nil {
			doc, err := decode[api.UsageGrant](item)
			if err != nil {
				return err
			}
			l.extra.Store(Extra(doc))
		}
	}
	return nil
}
