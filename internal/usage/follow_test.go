package usage_test

import (
	"context"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/limit"
	"github.com/stagedoor/stagedoor/internal/usage"
)

// TestTwoProcesses: while one process takes the place of another, both count,
// and neither's count overwrites the other's.
func TestTwoProcesses(t *testing.T) {
	old := start(t)
	old.key("k", "value-of-k", true)
	old.plan(gold())
	old.join("gold", "k")
	old.wants("value-of-k", "ok")
	old.flush()
	next := &bench{t: t, store: old.store, now: old.now}
	next.restart()
	count := func(b *bench, n int) {
		for range n {
			grant, _ := b.Find([]byte("value-of-k"), "api:prod", "/pets/GET")
			if v := grant.Take(); v != usage.Admitted {
				t.Fatalf("a request was not admitted: %v", v)
			}
			old.now = old.now.Add(time.Second)
			next.now = old.now
		}
	}
	count(old, 2)
	count(next, 3)
	old.flush()
	next.flush() // 1 + 2 + 3
	count(old, 1)
	count(next, 1)
	next.flush()
	if err := old.Flush(context.Background()); err != nil { // the last of the old process
		t.Fatal(err)
	}
	want := api.Usage{Day: int32(limit.DateOf(old.now)), Used: 8}
	if got := read[api.Usage](old, api.UsageKey("gold", "k")); got.Used != want.Used || got.Day != want.Day {
		t.Errorf("the store has %+v, want %+v", got, want)
	}
	count(next, 1)
	next.flush()
	if got := read[api.Usage](old, api.UsageKey("gold", "k")); got.Used != 9 {
		t.Errorf("the store has %+v, want 9 used", got)
	}
}
