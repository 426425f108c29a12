package storetest

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp" //nolint:depguard // a suite for tests
	"pgregory.net/rapid"           //nolint:depguard // a suite for tests

	"github.com/stagedoor/stagedoor/internal/store"
)

// model plays random transactions on the store and on a map, and compares.
// What earlier rounds left is there for the next: the map is read first.
func model(t *testing.T, s store.Store) {
	t.Helper()
	// Few letters, so that keys meet; the lowest and highest bytes as well.
	key := rapid.StringOfN(rapid.SampledFrom([]rune{'a', 'b', '/', 0, 0x10ffff}), 1, 4, -1)
	prefix := rapid.StringOfN(rapid.SampledFrom([]rune{'a', 'b', '/', 0, 0x10ffff}), 0, 3, -1)
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{s: s, key: key, prefix: prefix}
		m.read(rt)
		rt.Repeat(map[string]func(*rapid.T){
			"update": m.update,
			"scan":   m.scan,
			"":       m.same,
		})
		m.follow(rt)
	})
}

// machine is a store, and what it should hold.
type machine struct {
	s           store.Store
	key, prefix *rapid.Generator[string]
	want        map[string]string
	from        store.Revision    // where the round began
	base        map[string]string // and with what
}

func (m *machine) read(t *rapid.T) {
	m.want = map[string]string{}
	err := m.s.View(t.Context(), func(tx store.Tx) (err error) {
		m.from, err = tx.Revision()
		for item, err := range tx.Scan("", "") {
			if err != nil {
				return err
			}
			m.want[item.Key] = string(item.Doc)
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	m.base = maps.Clone(m.want)
}

// update plays some operations and keeps them, or takes them back.
func (m *machine) update(t *rapid.T) {
	reason := errors.New("reason")
	fail := rapid.Bool().Draw(t, "fail")
	next := maps.Clone(m.want)
	err := m.s.Update(t.Context(), func(tx store.Tx) error {
		for range rapid.IntRange(0, 6).Draw(t, "operations") {
			key := m.key.Draw(t, "key")
			if rapid.Bool().Draw(t, "delete") {
				_, there := next[key]
				if err := tx.Delete(key); there != (err == nil) || err != nil && !errors.Is(err, store.ErrMissing) {
					t.Errorf("Delete(%q) = %v; there: %v", key, err, there)
				}
				delete(next, key)
				continue
			}
			doc := rapid.StringN(0, 20, -1).Draw(t, "doc")
			if err := tx.Put(key, []byte(doc)); err != nil {
				return err
			}
			next[key] = doc
			if got, err := tx.Get(key); err != nil || string(got) != doc {
				t.Errorf("Get(%q) = %q, %v; want %q", key, got, err, doc)
			}
		}
		if fail {
			return reason
		}
		return nil
	})
	switch {
	case fail && !errors.Is(err, reason):
		t.Errorf("Update = %v, want its function's error", err)
	case !fail && err != nil:
		t.Fatalf("Update: %v", err)
	case !fail:
		m.want = next
	}
}

func (m *machine) scan(t *rapid.T) {
	prefix, after := m.prefix.Draw(t, "prefix"), m.prefix.Draw(t, "after")
	var want []string
	for _, key := range slices.Sorted(maps.Keys(m.want)) {
		if strings.HasPrefix(key, prefix) && key > after {
			want = append(want, key+"="+m.want[key])
		}
	}
	err := m.s.View(t.Context(), func(tx store.Tx) error {
		got, err := state(tx, prefix, after)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Scan(%q, %q) (-want +got):\n%s", prefix, after, diff)
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
}

// same compares everything.
func (m *machine) same(t *rapid.T) {
	err := m.s.View(t.Context(), func(tx store.Tx) error {
		got, err := state(tx, "", "")
		var want []string
		for _, key := range slices.Sorted(maps.Keys(m.want)) {
			want = append(want, key+"="+m.want[key])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the store (-want +got):\n%s", diff)
		}
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
}

// follow plays the feed of the round on what the round began with. The feed
// has no documents: those of changed keys are taken from the map.
func (m *machine) follow(t *rapid.T) {
	var to store.Revision
	err := m.s.View(t.Context(), func(tx store.Tx) (err error) {
		to, err = tx.Revision()
		return err
	})
	if err != nil {
		t.Fatalf("View: %v", err)
	}
	at := m.from
	got := m.base
	for at < to {
		for changes, err := range m.s.Watch(t.Context(), at) {
			if err != nil {
				t.Fatalf("Watch: %v", err)
			}
			for _, c := range changes {
				at = c.Revision
				delete(got, c.Key)
				if doc, there := m.want[c.Key]; !c.Deleted && there {
					got[c.Key] = doc
				}
			}
			break
		}
	}
	if diff := cmp.Diff(m.want, got); diff != "" {
		t.Errorf("what the feed tells (-want +got):\n%s", diff)
	}
}
