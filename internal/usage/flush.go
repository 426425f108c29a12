package usage

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
)

// Retention is how many days of use are kept.
// parity: spec/control-plane.md 6.1, GetUsage.
const Retention = 90

// flushSize is how many ledgers are written in one transaction.
const flushSize = 4096

// Flush writes all counts that have changed. What cannot be written is tried
// again next time.
func (m *Meter) Flush(ctx context.Context) error {
	m.flushing.Lock()
	defer m.flushing.Unlock()
	all := m.soiled()
	for len(all) > 0 {
		some := all[:min(len(all), flushSize)]
		if err := m.write(ctx, some); err != nil {
			for _, l := range all {
				l.soil()
			}
			return fmt.Errorf("write usage: %w", err)
		}
		all = all[len(some):]
	}
	if today := m.clock.Date(); m.pruned < today {
		if err := m.prune(ctx, today); err != nil {
			return fmt.Errorf("prune usage: %w", err)
		}
		m.pruned = today
	}
	return nil
}

// record is one document to be written.
type record struct {
	name   store.Key
	doc    api.Usage
	of     *ledger // whose count as it stands it is; nil: a day that is over
	others int64   // found to be counted by another process
}

// put writes a record. Another process may have counted in it meanwhile, while
// it takes our place or we take its: that is added, never overwritten.
func (r *record) put(tx store.Tx) error {
	doc := r.doc
	if r.of == nil {
		return store.Put(tx, r.name, doc)
	}
	there, err := tx.Get(r.name)
	if err != nil && !errors.Is(err, store.ErrMissing) {
		return err
	}
	if r.others = 0; err == nil && !r.of.wrote(there, doc) {
		now, err := decode[api.Usage](store.Item{Key: r.name, Doc: there})
		if err != nil {
			return err
		}
		r.others = r.of.others(Totals(doc), now)
		doc.Used += r.others
	}
	return tx.Put(r.name, appendUsage(nil, doc))
}

// wrote says whether a document is what this process knows to be there, on the
// day of now: so it is nearly always, and need not be decoded.
func (l *ledger) wrote(there []byte, now api.Usage) bool {
	var room [128]byte
	if now.Used = l.storedUsed; l.storedDay != limit.Date(now.Day) {
		return false
	}
	return bytes.Equal(there, appendUsage(room[:0], now))
}

// appendUsage appends a count as encoding/json does, without what is left.
func appendUsage(dst []byte, doc api.Usage) []byte {
	dst = strconv.AppendInt(append(dst, `{"day":`...), int64(doc.Day), 10)
	dst = strconv.AppendInt(append(dst, `,"used":`...), doc.Used, 10)
	if doc.Week != 0 {
		dst = strconv.AppendInt(append(dst, `,"week":`...), doc.Week, 10)
	}
	if doc.Month != 0 {
		dst = strconv.AppendInt(append(dst, `,"month":`...), doc.Month, 10)
	}
	return append(dst, '}')
}

// written takes note that the record is in the store.
func (r *record) written() {
	if r.of == nil {
		return
	}
	r.of.counter.Join(limit.Date(r.doc.Day), r.others)
	r.of.store(r.doc)
	r.of.storedUsed += r.others
}

func (m *Meter) write(ctx context.Context, some []*ledger) error {
	records := make([]record, 0, len(some))
	days := make([]int, len(some)) // of each that are over
	for i, l := range some {
		if !l.gone.Load() {
			records, days[i] = l.records(records)
		}
	}
	if len(records) == 0 {
		return nil
	}
	err := m.cfg.Store.Update(ctx, func(tx store.Tx) error {
		for i := range records {
			if err := records[i].put(tx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i := range records {
		records[i].written()
	}
	for i, l := range some {
		l.counter.Forget(days[i])
	}
	return nil
}

// records appends what is to be written: the days that are over, of which
// there are so many, and the count as it stands.
func (l *ledger) records(to []record) (_ []record, days int) {
	past := l.counter.Past()
	for _, day := range past {
		doc := document(day)
		if doc.Used > 0 {
			doc.Left = l.left(day)
			to = append(to, record{name: api.UsageLogKey(doc.Day, l.cell.id, l.key), doc: doc})
		}
	}
	if now, ok := l.counter.Totals(); ok {
		to = append(to, record{name: api.UsageKey(l.cell.id, l.key), doc: document(now), of: l})
	}
	return to, len(past)
}

func document(t limit.Totals) api.Usage {
	return api.Usage{Day: int32(t.Date), Used: t.Used, Week: t.Week, Month: t.Month}
}

// left is what was left of the quota at the end of a day; nil: there is none.
func (l *ledger) left(day limit.Totals) *int64 {
	p := l.cell.now.Load()
	if p == nil || p.quota == nil {
		return nil
	}
	n := max(0, p.quota.Allowance(day.Date, limit.Date(l.first.Load()), l.extra.Load())-day.InPeriod(p.quota.Period))
	return &n
}

// pruneSize is how many documents are deleted in one transaction.
const pruneSize = 10_000

// prune deletes the days that are older than Retention.
func (m *Meter) prune(ctx context.Context, today limit.Date) error {
	for {
		var old []store.Key
		err := m.cfg.Store.View(ctx, func(tx store.Tx) error {
			old = old[:0]
			for item, err := range tx.Scan(api.UsageLogs, "") {
				if err != nil {
					return err
				}
				day, err := strconv.Atoi(api.Split(item.Key)[1])
				if err != nil || limit.Date(day) >= today-Retention || len(old) == pruneSize {
					return err
				}
				old = append(old, item.Key)
			}
			return nil
		})
		if err != nil || len(old) == 0 {
			return err
		}
		err = m.cfg.Store.Update(ctx, func(tx store.Tx) error {
			for _, name := range old {
				if err := tx.Delete(name); err != nil && !errors.Is(err, store.ErrMissing) {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}

func decode[T any](item store.Item) (v T, err error) {
	if err := json.Unmarshal(item.Doc, &v); err != nil {
		return v, fmt.Errorf("decode %s: %w", item.Key, err)
	}
	return v, nil
}
