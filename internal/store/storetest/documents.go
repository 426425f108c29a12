package storetest

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp" //nolint:depguard // a suite for tests

	"github.com/stagedoor/stagedoor/internal/store"
)

func documents(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a", `{"n":1}`, "b", "", "c", "3")
	holds(t, s, `a={"n":1}`, "b=", "c=3")
	put(t, s, "a", `{"n":2}`, "c", "-")
	holds(t, s, `a={"n":2}`, "b=")
	put(t, s, "c", "4")

	err := s.Update(t.Context(), func(tx store.Tx) error {
		_, err := tx.Get("none")
		is(t, "Get of a key that is not there", err, store.ErrMissing)
		is(t, "Delete of a key that is not there", tx.Delete("none"), store.ErrMissing)

		mine := []byte("5")
		if err := tx.Put("d", mine); err != nil {
			return err
		}
		mine[0] = 'x' // the store must have its own copy
		got, err := tx.Get("d")
		if err != nil {
			return err
		}
		if string(got) != "5" {
			t.Errorf("Get(d) = %q, want 5", got)
		}
		got[0] = 'y' // and so must the caller
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, `a={"n":2}`, "b=", "c=4", "d=5")
}

func limits(t *testing.T, s store.Store) {
	t.Helper()
	longest := strings.Repeat("k", store.MaxKey)
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for name, err := range map[string]error{
			"Put with an empty key":              tx.Put("", []byte("1")),
			"Put with a key that is too long":    tx.Put(longest+"k", []byte("1")),
			"Put of a document that is too long": tx.Put("long", make([]byte, store.MaxDoc+1)),
		} {
			if err == nil {
				t.Errorf("%s is no error", name)
			}
		}
		_, err := tx.Get("")
		is(t, "Get of the empty key", err, store.ErrMissing)
		_, err = tx.Get(longest + "k")
		is(t, "Get of a key that is too long", err, store.ErrMissing)
		is(t, "Delete of the empty key", tx.Delete(""), store.ErrMissing)
		return tx.Put(longest, []byte("1"))
	})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, longest+"=1")
}

func order(t *testing.T, s store.Store) {
	t.Helper()
	// Written in an order that is not theirs.
	keys := []string{
		"b", "a/b", "a", "A", "\xff\xff", "\xff", "\x00", "a\x00", "a\xff", "a'", `a"`, "a%", "a_", "a\\",
		"é", "e\u0301", "\xc3", "日本", "a/", "a0", "a-", " ", "\n", "\x00\x00", "a;DROP TABLE doc",
	}
	var pairs []string
	for _, k := range keys {
		pairs = append(pairs, k, "1")
	}
	put(t, s, pairs...)
	want := []string{
		"\x00", "\x00\x00", "\n", " ", "A", "a", "a\x00", `a"`, "a%", "a'", "a-", "a/", "a/b", "a0",
		"a;DROP TABLE doc", "a\\", "a_", "a\xff", "b", "e\u0301", "\xc3", "é", "日本", "\xff", "\xff\xff",
	}
	var got []string
	err := s.View(t.Context(), func(tx store.Tx) error {
		for item, err := range tx.Scan("", "") {
			if err != nil {
				return err
			}
			got = append(got, item.Key)
		}
		for _, k := range keys {
			if _, err := tx.Get(k); err != nil {
				t.Errorf("Get(%q): %v", k, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
}

func scans(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a/1", "1", "a/2", "2", "a/3", "3", "a0", "4", "b/1", "5", "\xff", "6", "\xff\xff1", "7")
	for _, tt := range []struct {
		name, prefix, after string
		want                []string
	}{
		{"all", "", "", []string{"a/1=1", "a/2=2", "a/3=3", "a0=4", "b/1=5", "\xff=6", "\xff\xff1=7"}},
		{"prefix", "a/", "", []string{"a/1=1", "a/2=2", "a/3=3"}},
		{"prefix that is a key", "a/2", "", []string{"a/2=2"}},
		{"prefix of nothing", "c", "", nil},
		{"after a key", "a/", "a/1", []string{"a/2=2", "a/3=3"}},
		{"after a key that is not there", "a/", "a/11", []string{"a/2=2", "a/3=3"}},
		{"after the last", "a/", "a/3", nil},
		{"after the prefix itself", "a/", "a/", []string{"a/1=1", "a/2=2", "a/3=3"}},
		{"after a key before the prefix", "b/", "a/1", []string{"b/1=5"}},
		{"after a key beyond the prefix", "a/", "b", nil},
		{"after, without a prefix", "", "a0", []string{"b/1=5", "\xff=6", "\xff\xff1=7"}},
		{"prefix of the last byte", "\xff", "", []string{"\xff=6", "\xff\xff1=7"}},
		{"after, under the last byte", "\xff", "\xff", []string{"\xff\xff1=7"}},
		{"prefix of last bytes", "\xff\xff", "", []string{"\xff\xff1=7"}},
		{"prefix before a last byte", "a\xff", "", nil},
	} {
		err := s.View(t.Context(), func(tx store.Tx) error {
			got, err := state(tx, tt.prefix, tt.after)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%s: Scan(%q, %q) (-want +got):\n%s", tt.name, tt.prefix, tt.after, diff)
			}
			return err
		})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
	}
}

// scanChanges deletes and writes under a scan, and scans inside scans.
func scanChanges(t *testing.T, s store.Store) {
	t.Helper()
	put(t, s, "a/1", "1", "a/2", "2", "a/3", "3", "b/1", "1")
	err := s.Update(t.Context(), func(tx store.Tx) error {
		for item, err := range tx.Scan("a/", "") {
			if err != nil {
				return err
			}
			for inner, err := range tx.Scan("a/", item.Key) {
				if err != nil {
					return err
				}
				if inner.Key <= item.Key {
					t.Errorf("inner scan after %q yields %q", item.Key, inner.Key)
				}
				break
			}
			doc := string(item.Doc)
			if err := tx.Delete(item.Key); err != nil {
				return err
			}
			if err := tx.Put("c"+item.Key, []byte(doc)); err != nil {
				return err
			}
		}
		return store.DeleteAll(tx, "b/")
	})
	if err != nil {
		t.Fatal(err)
	}
	holds(t, s, "ca/1=1", "ca/2=2", "ca/3=3")
}

// sizes crosses whatever bounds a backend may have inside, up to 100 MB.
func sizes(t *testing.T, s store.Store) {
	t.Helper()
	all := []int{1, 1000, 4 << 10, 8 << 10, 64 << 10, 256 << 10, 1 << 20, 3<<20 + 1}
	if !testing.Short() {
		all = append(all, 100_000_000)
	}
	pattern := make([]byte, all[len(all)-1]+1)
	for i := range pattern {
		pattern[i] = byte(i ^ i>>8 ^ i>>16)
	}
	for _, size := range all {
		for _, n := range []int{size - 1, size, size + 1} {
			doc := pattern[:n]
			update(t, s, func(tx store.Tx) error { return tx.Put("doc", doc) })
			err := s.View(t.Context(), func(tx store.Tx) error {
				got, err := tx.Get("doc")
				if err == nil && !bytes.Equal(got, doc) {
					t.Errorf("Get of %d bytes: got %d, or others", n, len(got))
				}
				for item, err := range tx.Scan("d", "") {
					if err != nil || !bytes.Equal(item.Doc, doc) {
						t.Errorf("Scan of %d bytes: %d, or others; %v", n, len(item.Doc), err)
					}
				}
				return err
			})
			if err != nil {
				t.Fatalf("%d bytes: %v", n, err)
			}
		}
		// A large document leaves nothing behind, replaced or deleted.
		put(t, s, "doc", "small")
		holds(t, s, "doc=small")
		update(t, s, func(tx store.Tx) error { return tx.Put("doc", pattern[:size]) })
		put(t, s, "doc", "-")
		holds(t, s)
		put(t, s, "doc", "again", "doc", "-")
	}
}

func update(t *testing.T, s store.Store, fn func(store.Tx) error) {
	t.Helper()
	if err := s.Update(t.Context(), fn); err != nil {
		t.Fatalf("Update: %v", err)
	}
}
