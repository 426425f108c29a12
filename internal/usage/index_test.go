package usage

import (
	"fmt"
	"maps"
	"runtime"
	"testing"
	"unsafe"

	"pgregory.net/rapid"
)

func value(i int) string { return fmt.Sprintf("abcdefghijklmnopqrstuvwxyz0123%010d", i) }

func BenchmarkFindAmongAMillion(b *testing.B) {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	m := populated(1_000_000)
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
	m := populated(1_000_000)
	k := m.keys["0000000007"]
	for b.Loop() {
		m.index.put(k)
	}
}

// TestIndex: whatever is put, dropped and replaced, the index finds what a map
// would, and its slots never fill up.
func TestIndex(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := New(Config{})
		want := map[string]*key{}
		for range rapid.IntRange(1, 400).Draw(r, "changes") {
			n := rapid.IntRange(0, 60).Draw(r, "key")
			k := m.makeKey(fmt.Sprint(n), value(n), rapid.IntRange(0, 3).Draw(r, "enabled") > 0)
			if n%2 == 0 {
				k.hash = uint64(n % 3) // they collide; requests cannot find them, the index must
			}
			if rapid.Bool().Draw(r, "drop") {
				m.index.drop(k)
				delete(want, string(k.value()))
				continue
			}
			m.index.put(k)
			if delete(want, string(k.value())); k.enabled {
				want[string(k.value())] = k
			}
		}
		if rapid.Bool().Draw(r, "all anew") {
			m.index.replace(maps.Values(want))
		}
		got := map[string]*key{}
		for k := range m.index.all() {
			got[string(k.value())] = k
		}
		if !maps.Equal(got, want) {
			r.Fatalf("the index has %d keys, want %d", len(got), len(want))
		}
		for n := 1; n <= 60; n += 2 {
			if got, want := m.index.find([]byte(value(n))), want[value(n)]; got != want {
				r.Fatalf("key %d is found as %v, want %v", n, got, want)
			}
		}
		if all := m.index.slots.Load(); all != nil && m.index.used > len(*all)/4*3 {
			r.Fatalf("%d of %d slots are in use", m.index.used, len(*all))
		}
	})
}

// TestIndexHeir: a key's value may go to another key before the first is gone.
func TestIndexHeir(t *testing.T) {
	m := New(Config{})
	old, heir := m.makeKey("1", "value", true), m.makeKey("2", "value", true)
	m.index.put(old)
	m.index.put(heir)
	m.index.drop(old)
	if got := m.index.find([]byte("value")); got != heir {
		t.Errorf("found %v, want the heir", got)
	}
}

// TestLines: what a request looks at stands where docs say.
func TestLines(t *testing.T) {
	const line = 64
	var k key
	if size := unsafe.Sizeof(k); size != 4*line { // what is made of so many begins with one
		t.Errorf("a key has %d bytes, want %d", size, 4*line)
	}
	if end := unsafe.Offsetof(k.text) + uintptr(len(value(0))+len("id of ten.")); end > line {
		t.Errorf("the value and the id of a key end at byte %d, want them to end in its first line", end)
	}
	if at := unsafe.Offsetof(k.own); at != line {
		t.Errorf("the ledger begins at byte %d, want the second line", at)
	}
	if end := unsafe.Offsetof(k.own.counter) + unsafe.Sizeof(uintptr(0)); end > line {
		t.Errorf("what a request looks at ends at byte %d of a ledger, want at most %d", end, line)
	}
	keys := make([]*key, 100) // not on the stack
	for i := range keys {
		keys[i] = newKey(0, "id", "value", true)
		if at := uintptr(unsafe.Pointer(keys[i])); at%(2*line) != 0 {
			t.Fatalf("a key begins at %x, want two lines that are fetched together", at)
		}
	}
}
