package usage_test

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// parity: spec/rest-data-plane.md 10.4: who is let in, and that every change
// counts at once.
func TestFind(t *testing.T) {
	b := start(t)
	want := func(what, value, verdict string, at ...string) {
		t.Helper()
		if got := b.take(value, at...); got != verdict {
			t.Errorf("%s: %s, want %s", what, got, verdict)
		}
	}
	b.key("k", "value-of-k", true)
	want("in no plan", "value-of-k", "forbidden")
	b.plan(gold())
	b.join("gold", "k")
	want("in a plan", "value-of-k", "ok")
	want("no key", "", "forbidden")
	want("the key's id", "k", "forbidden")
	want("another case", "Value-of-k", "forbidden")
	want("a longer value", "value-of-k ", "forbidden")
	want("a very long value", strings.Repeat("x", 200), "forbidden")
	want("another stage", "value-of-k", "forbidden", "api:test")
	want("another API", "value-of-k", "forbidden", "ipa:prod")

	b.key("k", "value-of-k", false)
	want("disabled", "value-of-k", "forbidden")
	b.key("k", "value-of-k", true)
	want("enabled again", "value-of-k", "ok")
	b.put(api.PlanKeyKey("gold", "k"), nil)
	want("taken out of the plan", "value-of-k", "forbidden")
	b.join("gold", "k")
	want("put back", "value-of-k", "ok")
	b.plan(gold(func(p *api.UsagePlan) { p.Stages[0].Stage = "test" }))
	want("the plan has left the stage", "value-of-k", "forbidden")
	want("the plan has come to the stage", "value-of-k", "ok", "api:test")
	b.plan(api.UsagePlan{ID: "iron", Stages: []api.PlanStage{{API: "api", Stage: "prod"}}})
	b.join("iron", "k")
	want("by another plan", "value-of-k", "ok")
	want("by the first plan", "value-of-k", "ok", "api:test")
	b.put(api.UsagePlanAt("iron"), nil)
	want("the other plan is gone", "value-of-k", "forbidden")
	b.put(api.APIKeyKey("k"), nil)
	want("deleted", "value-of-k", "forbidden", "api:test")
}

// parity: spec/rest-data-plane.md 10.1 and 10.3: a bucket for each key in each
// stage, and one for each method that has its own.
func TestThrottle(t *testing.T) {
	b := start(t)
	b.plan(gold(func(p *api.UsagePlan) {
		p.Throttle = rate(1, 2)
		p.Stages[0].Throttle = map[string]api.Throttle{"/pets/POST": *rate(10, 1), "/closed/GET": *rate(0, 5), "/open/GET": {}}
		p.Stages = append(p.Stages, api.PlanStage{API: "api", Stage: "test"})
	}))
	for _, k := range []string{"a", "b"} {
		b.key(k, "value-"+k, true)
		b.join("gold", k)
	}
	b.wants("value-a", "ok", "ok", "throttled")
	b.wants("value-b", "ok", "ok", "throttled")
	for _, tt := range []struct{ stage, method, want string }{
		{"api:prod", "/dogs/GET", "throttled"}, // shares the stage's bucket
		{"api:prod", "/pets/POST", "ok"},
		{"api:prod", "/pets/POST", "throttled"},
		{"api:prod", "/closed/GET", "throttled"},
		{"api:prod", "/open/GET", "ok"}, // its own entry has no limit
		{"api:test", "/pets/GET", "ok"},
		{"api:test", "/pets/POST", "ok"},
		{"api:test", "/pets/GET", "throttled"},
	} {
		if got := b.take("value-a", tt.stage, tt.method); got != tt.want {
			t.Errorf("%s %s: %s, want %s", tt.stage, tt.method, got, tt.want)
		}
	}
	b.now = b.now.Add(100 * time.Millisecond)
	if got := b.take("value-a", "api:prod", "/pets/POST"); got != "ok" {
		t.Errorf("POST after 100 ms: %s", got)
	}
	b.wants("value-a", "throttled")
	b.now = b.now.Add(time.Second)
	b.wants("value-a", "ok", "throttled")
	b.plan(gold(func(p *api.UsagePlan) { p.Throttle = rate(1, 5) })) // keeps the bucket: it is 4 below the brim that was 2
	b.wants("value-a", "ok", "ok", "ok", "throttled")
	b.plan(gold())
	b.wants("value-a", "ok", "ok", "ok", "ok", "ok", "ok")
}

// parity: spec/rest-data-plane.md 10.2
func TestQuota(t *testing.T) {
	b := start(t)
	b.plan(gold(quota(3, 1, "DAY")))
	b.key("k", "value-k", true)
	b.join("gold", "k")
	b.wants("value-k", "ok", "ok", "exceeded") // the offset counts on the first day
	b.plan(gold(quota(4, 1, "DAY")))
	b.wants("value-k", "ok", "exceeded")
	b.now = b.now.Add(12*time.Hour - time.Second)
	b.wants("value-k", "exceeded")
	b.now = b.now.Add(time.Second)
	b.wants("value-k", "ok", "ok", "ok", "ok", "exceeded")
	b.plan(gold(quota(8, 0, "WEEK"))) // 3 on the first day, 4 on this one
	b.wants("value-k", "ok", "exceeded")
	b.now = b.now.Add(4 * 24 * time.Hour) // Monday
	b.wants("value-k", "ok")
	b.plan(gold(quota(10, 0, "MONTH")))
	b.wants("value-k", "ok", "exceeded")
	b.now = time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	b.wants("value-k", "ok")
	b.plan(gold(quota(0, 0, "DAY")))
	b.wants("value-k", "exceeded")
}

// A key that goes from plan to plan has what it used of each when it comes back.
func TestMoves(t *testing.T) {
	b := start(t)
	for _, id := range []string{"gold", "iron", "lead"} {
		b.plan(gold(quota(3, 0, "DAY"), func(p *api.UsagePlan) { p.ID = id }))
	}
	b.key("k", "value-k", true)
	left := map[string]int{"gold": 3, "iron": 3, "lead": 3}
	for i, plan := range []string{"gold", "iron", "gold", "lead", "iron", "gold", "lead", "lead"} {
		b.join(plan, "k")
		if left[plan]--; left[plan] == 0 {
			b.wants("value-k", "ok", "exceeded")
		} else {
			b.wants("value-k", "ok")
		}
		if i%3 == 2 {
			b.refresh(nil, true) // all is read again
		}
		b.put(api.PlanKeyKey(plan, "k"), nil)
		b.wants("value-k", "forbidden")
	}
	b.key("k", "another-value", true) // a key's value may change under it
	b.wants("value-k", "forbidden")
	b.join("iron", "k")
	b.wants("another-value", "ok", "exceeded")
	b.put(api.UsagePlanAt("iron"), nil)
	b.plan(gold(quota(1, 0, "DAY"), func(p *api.UsagePlan) { p.ID = "iron" })) // another one by this name
	b.wants("another-value", "forbidden")
	b.flush()
	if got := read[api.Usage](b, api.UsageKey("gold", "k")); got.Used != 3 {
		t.Errorf("%d used of gold, want 3", got.Used)
	}
}

// What was granted on top holds for its period and not longer.
func TestExtra(t *testing.T) {
	b := start(t)
	b.plan(gold(quota(1, 0, "DAY")))
	b.key("k", "value-k", true)
	b.join("gold", "k")
	b.wants("value-k", "ok", "exceeded")
	b.put(api.UsageGrantKey("gold", "k"), api.UsageGrant{Period: "DAY", Start: int32(limit.DateOf(b.now)), Amount: 2})
	b.wants("value-k", "ok", "ok", "exceeded")
	b.restart()
	b.wants("value-k", "ok", "ok", "ok", "exceeded") // nothing was flushed, the grant was
	b.now = b.now.AddDate(0, 0, 1)
	b.wants("value-k", "ok", "exceeded")
}

// What is refused is not counted, and what a later limit refuses is given back.
func TestReturn(t *testing.T) {
	b := start(t)
	b.plan(gold(quota(2, 0, "DAY"), func(p *api.UsagePlan) { p.Throttle = rate(1, 2) }))
	b.key("k", "value-k", true)
	b.join("gold", "k")
	for range 5 {
		g, ok := b.Find([]byte("value-k"), "api:prod", "/pets/GET")
		if !ok || g.Take() != usage.Admitted {
			t.Fatal("not admitted")
		}
		g.Return()
		g.Return() // has nothing left to give
	}
	b.wants("value-k", "ok", "ok", "throttled")
	b.now = b.now.Add(2 * time.Second)
	b.wants("value-k", "exceeded", "exceeded", "exceeded") // a quota that refuses costs no token
	var none usage.Grant
	none.Return()
	b.flush()
	if got := read[api.Usage](b, api.UsageKey("gold", "k")); got.Used != 2 {
		t.Errorf("%d used, want 2", got.Used)
	}
}

// TestFlush: another process goes on from what was written.
func TestFlush(t *testing.T) {
	b := start(t)
	b.plan(gold(quota(5, 0, "WEEK")))
	b.key("k", "value-k", true)
	b.join("gold", "k")
	b.wants("value-k", "ok", "ok")
	b.flush()
	first := int32(limit.DateOf(b.now))
	want := api.Usage{Day: first, Used: 2}
	if got := read[api.Usage](b, api.UsageKey("gold", "k")); got != want {
		t.Errorf("written: %+v, want %+v", got, want)
	}
	b.wants("value-k", "ok") // is lost
	b.restart()
	b.wants("value-k", "ok")
	b.now = b.now.AddDate(0, 0, 1)
	b.wants("value-k", "ok")
	b.flush()
	left := int64(2)
	if got, want := read[api.Usage](b, api.UsageLogKey(first, "gold", "k")), (api.Usage{Day: first, Used: 3, Left: &left}); !cmp.Equal(got, want) {
		t.Errorf("the first day: %+v, want %+v", got, want)
	}
	if got, want := read[api.Usage](b, api.UsageKey("gold", "k")), (api.Usage{Day: first + 1, Used: 1, Week: 3, Month: 3}); got != want {
		t.Errorf("the second day: %+v, want %+v", got, want)
	}
	b.restart()
	b.wants("value-k", "ok", "exceeded")
	b.now = b.now.AddDate(0, 0, usage.Retention+2)
	b.wants("value-k", "ok")
	b.flush() // the first day is older than what is kept
	err := b.store.View(t.Context(), func(tx store.Tx) error {
		days, err := store.All[api.Usage](tx, api.UsageLogs)
		if len(days) != 0 {
			t.Errorf("%+v are kept", days)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A key that is gone leaves nothing to be written.
func TestFlushOfGone(t *testing.T) {
	b := start(t)
	b.plan(gold())
	b.key("k", "value-k", true)
	b.join("gold", "k")
	b.wants("value-k", "ok")
	b.put(api.APIKeyKey("k"), nil)
	b.flush()
	err := b.store.View(t.Context(), func(tx store.Tx) error {
		if _, err := tx.Get(api.UsageKey("gold", "k")); err == nil {
			t.Error("its usage was written")
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestRefreshLaw: a meter that was told of every change answers as one that
// has read everything afresh.
func TestRefreshLaw(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		b := start(t)
		names := func(n int, prefix string) string { return fmt.Sprint(prefix, rapid.IntRange(0, n).Draw(rt, prefix)) }
		for range rapid.IntRange(1, 40).Draw(rt, "steps") {
			key, plan := names(3, "k"), names(2, "p")
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0:
				b.key(key, "value-"+key, rapid.Bool().Draw(rt, "enabled"))
			case 1:
				b.plan(api.UsagePlan{ID: plan, Stages: []api.PlanStage{{API: "api", Stage: names(2, "s")}}})
			case 2:
				if b.has(api.UsagePlanAt(plan)) && b.has(api.APIKeyKey(key)) { // as CreateUsagePlanKey asks
					b.join(plan, key)
				}
			case 3:
				b.put(api.PlanKeyKey(plan, key), nil)
			case 4:
				b.put(api.APIKeyKey(key), nil)
				for _, p := range []string{"p0", "p1", "p2"} { // as DeleteApiKey does
					b.put(api.PlanKeyKey(p, key), nil)
				}
			case 5:
				b.put(api.UsagePlanAt(plan), nil)
				for _, k := range []string{"k0", "k1", "k2", "k3"} { // as DeleteUsagePlan does
					b.put(api.PlanKeyKey(plan, k), nil)
				}
			}
		}
		answers := func() (all []string) {
			for _, k := range []string{"k0", "k1", "k2", "k3"} {
				for _, s := range []string{"api:s0", "api:s1", "api:s2"} {
					_, ok := b.Find([]byte("value-"+k), s, "/GET")
					all = append(all, fmt.Sprint(k, " ", s, " ", ok))
				}
			}
			return all
		}
		followed := answers()
		b.refresh(nil, true)
		again := answers()
		b.restart()
		if fresh := answers(); !cmp.Equal(followed, fresh) || !cmp.Equal(again, fresh) {
			rt.Fatalf("followed, against read afresh: %s", cmp.Diff(followed, fresh))
		}
	})
}

// TestTogether: requests, changes and flushes at one time lose no count.
func TestTogether(t *testing.T) {
	b := start(t)
	b.plan(gold())
	b.key("k", "value-k", true)
	b.join("gold", "k")
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 2000 {
				if b.take("value-k") == "ok" {
					admitted.Add(1)
				}
			}
		})
	}
	for i := range 50 {
		b.key("k", "value-k", i%5 != 0)
		b.plan(gold(quota(1_000_000, 0, "DAY"), func(p *api.UsagePlan) { p.Throttle = rate(1e6, 10_000) }))
		b.flush()
	}
	wg.Wait()
	b.flush()
	if got := read[api.Usage](b, api.UsageKey("gold", "k")); got.Used != admitted.Load() {
		t.Errorf("%d counted, %d admitted", got.Used, admitted.Load())
	}
}

// TestAllocs: finding a key and asking its plan costs no memory.
func TestAllocs(t *testing.T) {
	b := start(t)
	b.Meter = usage.New(usage.Config{Store: b.store})
	b.refresh(nil, true)
	b.plan(gold(quota(1<<30, 0, "MONTH"), func(p *api.UsagePlan) { p.Throttle = rate(1e6, 1000) }))
	b.key("k", "value-of-a-key-that-is-40-characters-long", true)
	b.join("gold", "k")
	good, wrong := []byte("value-of-a-key-that-is-40-characters-long"), []byte("value-of-a-key-that-is-nobody's")
	if got := testing.AllocsPerRun(1000, func() {
		g, ok := b.Find(good, "api:prod", "/pets/GET")
		if !ok {
			t.Fatal("not found")
		}
		g.Take()
		if _, ok := b.Find(wrong, "api:prod", "/pets/GET"); ok {
			t.Fatal("found")
		}
	}); got > 0 {
		t.Errorf("a request allocates %v times, want 0", got)
	}
}

// BenchmarkLoad reads keys in one plan, as at start.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		b.Run(strconv.Itoa(n), func(b *testing.B) { benchmarkLoad(b, n) })
	}
}

func benchmarkLoad(b *testing.B, n int) {
	b.Helper()
	m := start(b)
	m.plan(gold())
	for from := 0; from < n; from += 10_000 {
		err := m.store.Update(b.Context(), func(tx store.Tx) error {
			for i := from; i < from+10_000; i++ {
				id := fmt.Sprintf("%010d", i)
				k := api.APIKey{
					ID: id, Value: "value-of-a-key-that-is-long-" + id, Enabled: true, Name: new("customer " + id), Description: new("made for a customer"),
					CreatedDate: m.now, LastUpdatedDate: m.now,
				}
				if err := store.Put(tx, api.APIKeyKey(id), k); err != nil {
					return err
				}
				if err := store.Put(tx, api.PlanKeyKey("gold", id), api.UsagePlanKey{Plan: "gold", Key: id, AddedDate: m.now}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	heap := func() float64 {
		var s runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&s)
		return float64(s.HeapAlloc)
	}
	before := heap()
	for b.Loop() {
		m.restart()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/key")
	b.ReportMetric((heap()-before)/float64(n), "B/key")
	if m.take(fmt.Sprintf("value-of-a-key-that-is-long-%010d", n-1)) != "ok" {
		b.Fatal("a key is not there")
	}
}
