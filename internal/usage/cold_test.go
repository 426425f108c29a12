package usage

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
)

// BenchmarkCold is what a request's key and its plan cost with a thousand keys
// in use, when everything else that a gateway does has had the near caches
// between: each round walks 4 MB, then times 64 requests one by one. The median
// of all rounds, and one that hardly anybody else on the machine disturbed.
func BenchmarkCold(b *testing.B) {
	const keys, batch, line = 1000, 64, 64
	m := populated(keys)
	values := make([][]byte, keys)
	for i := range values {
		values[i] = []byte(value(i))
	}
	order, other := rand.Perm(keys), make([]byte, 4<<20)
	rounds, n, seen := []float64{}, 0, byte(0)
	for b.Loop() {
		for i := 0; i < len(other); i += line {
			other[i]++
		}
		spent := time.Duration(0)
		for range batch {
			v := values[order[n%keys]]
			seen += v[0] + v[len(v)-1] // a request has just been read
			n++
			start := time.Now()
			g, ok := m.Find(v, "api:prod", "/pets/GET")
			if !ok || g.Take() != Admitted {
				b.Fatal("not admitted")
			}
			spent += time.Since(start)
		}
		rounds = append(rounds, float64(spent)/batch)
	}
	slices.Sort(rounds)
	b.ReportMetric(rounds[len(rounds)/10], "p10-ns/request")
	b.ReportMetric(rounds[len(rounds)/2], "p50-ns/request")
}

// populated is a meter of so many keys in one plan with a throttle.
func populated(keys int) *Meter {
	m := New(Config{})
	rate, burst := 1e9, int32(1e6)
	m.plan("gold").now.Store(newPlan(&api.UsagePlan{
		ID: "gold", Throttle: &api.Throttle{RateLimit: &rate, BurstLimit: &burst}, Stages: []api.PlanStage{{API: "api", Stage: "prod"}},
	}))
	for i := range keys {
		id := fmt.Sprintf("%010d", i)
		k := m.makeKey(id, value(i), true)
		m.newLedger(k, pair{"gold", id}).join(api.UsagePlanKey{})
		m.keys[id] = k
	}
	m.index.replace(maps.Values(m.keys))
	return m
}
