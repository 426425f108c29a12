package usage

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
)

// million is an index of a million keys in one plan.
func million(b *testing.B) *Meter {
	b.Helper()
	m := New(Config{})
	cell := m.plan("gold")
	cell.now.Store(newPlan(&api.UsagePlan{ID: "gold", Stages: []api.PlanStage{{API: "api", Stage: "prod"}}}))
	for i := range 1_000_000 {
		id := fmt.Sprintf("%010d", i)
		k := newKey(&api.APIKey{ID: id, Value: value(i), Enabled: true})
		l := &ledger{plan: "gold", key: id, cell: cell}
		m.ledgers[pair{"gold", id}] = l
		k.plans = []*membership{{plan: cell, ledger: l}}
		m.keys[id] = k
	}
	m.index.replace(m.keys)
	return m
}

func value(i int) string { return fmt.Sprintf("abcdefghijklmnopqrstuvwxyz0123%010d", i) }

func BenchmarkFindAmongAMillion(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := million(b)
	runtime.GC()
	runtime.ReadMemStats(&after)
	values := make([][]byte, 1024)
	for i := range values {
		values[i] = []byte(value(i * 977))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		g, ok := m.Find(values[i%len(values)], "api:prod", "/pets/GET")
		if !ok || g.Take() != Admitted {
			b.Fatal("not admitted")
		}
	}
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/1e6, "B/key")
}

// BenchmarkPut is what a change of one key costs among a million.
func BenchmarkPut(b *testing.B) {
	m := million(b)
	k := m.keys["0000000007"]
	for b.Loop() {
		m.index.put(k)
	}
}
