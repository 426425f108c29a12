package usage_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// bench is a meter over a real store. Its clock stands until it is set.
type bench struct {
	*usage.Meter
	t     testing.TB
	store store.Store
	now   time.Time
}

func start(t testing.TB) *bench {
	t.Helper()
	st, err := sqlite.Open(context.Background(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	b := &bench{t: t, store: st, now: time.Date(2026, 1, 14, 12, 0, 0, 0, time.UTC)} // a Wednesday
	b.restart()
	return b
}

// restart is another process on the same store.
func (b *bench) restart() {
	b.Meter = usage.New(usage.Config{Store: b.store, Clock: limit.NewClock(func() time.Time { return b.now })})
	b.refresh(nil, true)
}

func (b *bench) refresh(changed []store.Key, all bool) {
	b.t.Helper()
	if err := b.store.View(context.Background(), func(tx store.Tx) error { return b.Refresh(tx, changed, all) }); err != nil {
		b.t.Fatal(err)
	}
}

// put writes a document, nil deletes it, and has the meter read it.
func (b *bench) put(name store.Key, doc any) {
	b.t.Helper()
	err := b.store.Update(context.Background(), func(tx store.Tx) error {
		if doc == nil {
			if err := tx.Delete(name); !errors.Is(err, store.ErrMissing) {
				return err
			}
			return nil
		}
		return store.Put(tx, name, doc)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if b.Follows(name) {
		b.refresh([]store.Key{name}, false)
	}
}

func (b *bench) key(id, value string, enabled bool) {
	b.put(api.APIKeyKey(id), api.APIKey{ID: id, Value: value, Enabled: enabled})
}

func (b *bench) plan(p api.UsagePlan) { b.put(api.UsagePlanAt(p.ID), p) }

func (b *bench) join(plan, key string) {
	b.put(api.PlanKeyKey(plan, key), api.UsagePlanKey{Plan: plan, Key: key, AddedDate: b.now})
}

// take asks for one request on /pets of prod, or of another stage or method.
func (b *bench) take(value string, at ...string) string {
	stage, method := "api:prod", "/pets/GET"
	if len(at) > 0 {
		stage = at[0]
	}
	if len(at) > 1 {
		method = at[1]
	}
	g, ok := b.Find([]byte(value), stage, method)
	if !ok {
		return "forbidden"
	}
	return map[usage.Verdict]string{usage.Admitted: "ok", usage.Throttled: "throttled", usage.Exceeded: "exceeded"}[g.Take()]
}

// wants takes as often as there are wants.
func (b *bench) wants(value string, wants ...string) {
	b.t.Helper()
	for i, want := range wants {
		if got := b.take(value); got != want {
			b.t.Errorf("request %d of %s: %s, want %s", i+1, value, got, want)
		}
	}
}

// read reads a document of the store.
func read[T any](b *bench, name store.Key) (v T) {
	b.t.Helper()
	err := b.store.View(context.Background(), func(tx store.Tx) (err error) {
		v, err = store.Get[T](tx, name)
		return err
	})
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	return v
}

// has says whether a document is there.
func (b *bench) has(name store.Key) (there bool) {
	b.t.Helper()
	err := b.store.View(context.Background(), func(tx store.Tx) error {
		_, err := tx.Get(name)
		there = err == nil
		if errors.Is(err, store.ErrMissing) {
			return nil
		}
		return err
	})
	if err != nil {
		b.t.Fatal(err)
	}
	return there
}

func (b *bench) flush() {
	b.t.Helper()
	if err := b.Flush(context.Background()); err != nil {
		b.t.Fatal(err)
	}
}

// gold is a plan over prod of one API.
func gold(edit ...func(*api.UsagePlan)) api.UsagePlan {
	p := api.UsagePlan{ID: "gold", Name: "gold", Stages: []api.PlanStage{{API: "api", Stage: "prod"}}}
	for _, f := range edit {
		f(&p)
	}
	return p
}

func quota(n, offset int32, period string) func(*api.UsagePlan) {
	return func(p *api.UsagePlan) { p.Quota = &api.Quota{Limit: n, Offset: offset, Period: period} }
}

func rate(perSecond float64, burst int32) *api.Throttle {
	return &api.Throttle{RateLimit: &perSecond, BurstLimit: &burst}
}
