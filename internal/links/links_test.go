package links

import (
	"context"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
)

func TestParse(t *testing.T) {
	all, err := Parse([]string{"orders=10.0.0.1:80,10.0.0.2:80", "arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/a/b=[::1]:8080"})
	if err != nil {
		t.Fatal(err)
	}
	if l := all.Find("orders"); l == nil || len(l.Addresses) != 2 {
		t.Errorf("Find(orders) = %+v, want two addresses", l)
	}
	if all.Find("arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/app/a/b") == nil {
		t.Error("a load balancer is not found by its ARN")
	}
	if all.Find("") != nil || all.Find("other") != nil || (*Links)(nil).Find("orders") != nil {
		t.Error("a link was found that leads nowhere")
	}
	for _, text := range []string{"", "orders", "=h:1", "orders=", "orders=h", "orders=h:x", "orders=h:0", "orders=h:70000", "orders=h:1,", "orders=:1"} {
		if _, err := Parse([]string{text}); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
	if _, err := Parse([]string{"a=h:1", "a=h:2"}); err == nil {
		t.Error("one name was taken twice")
	}
}

// A link is found by the id that it got when it was created, if the operator
// names it by its name.
func TestRefresh(t *testing.T) {
	st, err := sqlite.Open(context.Background(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	all, err := Parse([]string{"orders=h:1"})
	if err != nil {
		t.Fatal(err)
	}
	key := api.VPCLinkKey("abc123")
	change := func(fn func(tx store.Tx) error) {
		t.Helper()
		if err := st.Update(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
		if err := st.View(t.Context(), func(tx store.Tx) error { return all.Refresh(tx, []store.Key{"x", key}, false) }); err != nil {
			t.Fatal(err)
		}
	}
	name := func(name string) func(tx store.Tx) error {
		return func(tx store.Tx) error { return store.Put(tx, key, api.VPCLink{ID: "abc123", Name: name}) }
	}
	change(name("orders"))
	if all.Find("abc123") == nil {
		t.Error("a link that was created is not found")
	}
	change(name("other"))
	if all.Find("abc123") != nil {
		t.Error("a link that was renamed is found")
	}
	change(name("orders"))
	change(func(tx store.Tx) error { return tx.Delete(key) })
	if all.Find("abc123") != nil {
		t.Error("a link that was deleted is found")
	}
	if err := st.Update(t.Context(), name("orders")); err != nil {
		t.Fatal(err)
	}
	if err := st.View(t.Context(), func(tx store.Tx) error { return all.Refresh(tx, nil, true) }); err != nil {
		t.Fatal(err)
	}
	if all.Find("abc123") == nil {
		t.Error("a link that was there at start is not found")
	}
}

// TestTurns: targets take turns; one that failed is left out until its pause is
// over, unless there is no other.
func TestTurns(t *testing.T) {
	all, err := Parse([]string{"l=a:1,b:1,c:1"})
	if err != nil {
		t.Fatal(err)
	}
	l, now := all.Find("l"), time.Unix(1_700_000_000, 0)
	turns := func(n int) string {
		s := ""
		for range n {
			s += l.Addresses[l.Next(now)][:1]
		}
		return s
	}
	if got := turns(6); got != "abcabc" {
		t.Errorf("turns %s, want abcabc", got)
	}
	if next, ok := l.Failed(1, 1, now); next != 2 || !ok {
		t.Errorf("after b failed: %d, %v, want c", next, ok)
	}
	if got := turns(6); got != "accacc" {
		t.Errorf("turns %s, want accacc: b is left out", got)
	}
	if next, ok := l.Failed(2, 2, now); next != 0 || !ok {
		t.Errorf("after c failed too: %d, %v, want a", next, ok)
	}
	if _, ok := l.Failed(0, 3, now); ok {
		t.Error("after all failed there is another one")
	}
	if got := turns(3); got != "abc" {
		t.Errorf("turns %s, want abc: there is no better one", got)
	}
	now = now.Add(pause)
	if got := turns(3); got != "abc" {
		t.Errorf("turns %s, want abc: the pause is over", got)
	}
}
