package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/limit"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clockwork is a clock that only the test moves.
type clockwork struct{ now time.Time }

func newClockwork() *clockwork {
	return &clockwork{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func (c *clockwork) clock() *limit.Clock { return limit.NewClock(func() time.Time { return c.now }) }

func open(t testing.TB, size int64) (*Cache, *clockwork) {
	t.Helper()
	w := newClockwork()
	set := NewSet(w.clock(), 1<<30)
	c := set.Cache("c", "", size)
	t.Cleanup(func() {
		check(t, c)
		set.Drop("c")
		if n := set.Used(); n != 0 {
			t.Errorf("a set without caches uses %d bytes", n)
		}
		runtime.KeepAlive(c)
	})
	return c, w
}

// check looks at what must hold at any time.
func check(t interface{ Errorf(string, ...any) }, c *Cache) {
	taken := int64(0)
	for i := range c.shards {
		sh := &c.shards[i]
		sh.mu.Lock()
		bytes, young := sh.counted, int64(0)
		for _, s := range sh.young {
			young += int64(len(s.mem))
		}
		for n, s := range sh.table {
			if s == nil {
				continue
			}
			if s.number != uint32(n) || s.used > len(s.mem) {
				t.Errorf("segment %d says it is %d and has %d of %d bytes", n, s.number, s.used, len(s.mem))
			}
			bytes += int64(len(s.mem))
		}
		if bytes != sh.taken || young != sh.youngs || bytes-sh.counted > sh.limit {
			t.Errorf("shard %d: %d bytes, counted %d; young %d, counted %d; limit %d", i, bytes, sh.taken, young, sh.youngs, sh.limit)
		}
		for hash, p := range sh.index {
			if e := sh.entry(p); e.hash() != hash {
				t.Errorf("shard %d: the index leads from %x to %x", i, hash, e.hash())
			}
		}
		taken += sh.taken
		sh.mu.Unlock()
	}
	if taken != c.taken.Load() {
		t.Errorf("%d bytes taken, counted %d", taken, c.taken.Load())
	}
}

func put(c *Cache, key, value string, ttl time.Duration) bool {
	return c.Put(c.Key([]byte(key)), c.Turn(), ttl, []byte(value))
}

func find(c *Cache, key string) string {
	v, ok := c.Find(nil, c.Key([]byte(key)))
	if !ok {
		return "-"
	}
	return string(v)
}

func TestCache(t *testing.T) {
	c, w := open(t, 512<<20)
	put(c, "a", "1", time.Minute)
	put(c, "b", "2", 2*time.Minute)
	put(c, "never", "3", 0)
	if k := c.Key(make([]byte, MaxKey+1)); k.Fits() || c.Put(k, c.Turn(), time.Minute) {
		t.Error("a key too long was taken")
	}
	want := func(what, want string) {
		t.Helper()
		if got := find(c, "a") + find(c, "b") + find(c, "never"); got != want {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	want("at first", "12-")
	w.now = w.now.Add(time.Minute - 1)
	want("just before", "12-")
	w.now = w.now.Add(1)
	want("just after", "-2-")
	put(c, "a", "4", time.Minute)
	want("again", "42-")
	turn := c.Turn()
	put(c, "a", "5", time.Minute)
	c.Put(c.Key([]byte("a")), turn, time.Minute, []byte("an answer to an older question"))
	want("the newer", "52-")
	turn = c.Turn()
	c.Flush()
	c.Put(c.Key([]byte("a")), turn, time.Minute, []byte("asked before the flush"))
	want("flushed", "---")
}

// TestModel: whatever is done, a value that is found is the one that was put
// last and is not over; with room for everything, it is always found.
func TestModel(t *testing.T) {
	type kept struct {
		value string
		until time.Time
	}
	rapid.Check(t, func(r *rapid.T) {
		w := newClockwork()
		small := rapid.Bool().Draw(r, "small")
		set := NewSet(w.clock(), 1<<30)
		size := int64(1 << 30)
		if small {
			size = 16 * 160 << 10 // one segment for a shard
		}
		c := set.Cache("c", "", size)
		defer set.Drop("c")
		model := map[string]kept{}
		for i := range rapid.IntRange(1, 200).Draw(r, "steps") {
			key := fmt.Sprint("key ", rapid.IntRange(0, 40).Draw(r, "key"))
			switch rapid.IntRange(0, 9).Draw(r, "what") {
			case 0:
				c.Flush()
				clear(model)
			case 1:
				w.now = w.now.Add(rapid.SampledFrom([]time.Duration{time.Second, time.Minute, time.Hour}).Draw(r, "pass"))
			case 2, 3, 4, 5:
				n := rapid.SampledFrom([]int{0, 1, 100, 7 << 10, 40 << 10, 300 << 10}).Draw(r, "size")
				value := strings.Repeat(fmt.Sprint(i, " "), n/3)
				ttl := time.Duration(rapid.IntRange(1, 100).Draw(r, "ttl")) * time.Second
				if put(c, key, value, ttl) {
					model[key] = kept{value, w.now.Add(ttl)}
				} else if delete(model, key); !small {
					r.Fatalf("no room for %d bytes", n)
				}
			default:
				m, ok := model[key]
				ok = ok && w.now.Before(m.until)
				got, found := c.Find(nil, c.Key([]byte(key)))
				if found && (!ok || string(got) != m.value) || ok && !found && !small {
					r.Fatalf("%s: found %v %.20q, want %v %.20q", key, found, got, ok, m.value)
				}
			}
			check(r, c)
		}
	})
}

// TestEviction: what is asked for stays, however much passes through that is not.
func TestEviction(t *testing.T) {
	c, _ := open(t, 16<<20)
	value := strings.Repeat("v", 1000)
	for i := range 1000 {
		put(c, fmt.Sprint("hot ", i), value, time.Hour)
	}
	for i := range 100_000 { // six times the capacity
		put(c, fmt.Sprint("once ", i), value, time.Hour)
		find(c, fmt.Sprint("hot ", i%1000))
	}
	lost := 0
	for i := range 1000 {
		if find(c, fmt.Sprint("hot ", i)) != value {
			lost++
		}
	}
	st := c.Stats()
	if lost > 10 || st.Evicted < 80_000 || st.Bytes > 17<<20 {
		t.Errorf("%d of 1000 hot entries lost; %+v", lost, st)
	}
}

// What is over makes room before anything else does, and large values have
// segments of their own.
func TestOver(t *testing.T) {
	c, w := open(t, 64<<20)
	large := strings.Repeat("x", 1<<20)
	for i := range 40 {
		if !put(c, fmt.Sprint("large ", i), large, time.Minute) {
			t.Fatal("no room")
		}
	}
	w.now = w.now.Add(time.Minute)
	for i := range 40_000 {
		put(c, fmt.Sprint("small ", i), "s", time.Hour)
	}
	if st := c.Stats(); st.Evicted > 30 || st.Bytes > 30<<20 || st.Entries < 40_000 {
		t.Errorf("%+v, want the large ones gone", st)
	}
}

// TestBudget: caches share what there is for all of them, and one that comes
// late gets its part.
func TestBudget(t *testing.T) {
	w := newClockwork()
	set := NewSet(w.clock(), 16<<20)
	first, late := set.Cache("first", "", 237<<30), set.Cache("late", "", 1<<29)
	value := strings.Repeat("v", 4000)
	fill := func(c *Cache, n int) {
		for i := range n {
			put(c, fmt.Sprint(i), value, time.Hour)
		}
	}
	fill(first, 20_000)
	if used := set.Used(); used > 17<<20 || used < 14<<20 {
		t.Errorf("%d bytes used of %d", used, 16<<20)
	}
	fill(late, 20_000)
	if a, b := first.Stats().Bytes, late.Stats().Bytes; set.Used() > 17<<20 || b < 6<<20 || a < 6<<20 {
		t.Errorf("%d and %d bytes of %d", a, b, 16<<20)
	}
	check(t, first)
	check(t, late)
	set.Drop("first")
	set.Drop("late")
	if put(first, "a", "b", time.Hour) || find(first, "a") != "-" || set.Used() != 0 {
		t.Errorf("a dropped cache works; %d bytes used", set.Used())
	}
}

// Where there is no memory nothing is kept, and nobody waits for it.
func TestNoBudget(t *testing.T) {
	set := NewSet(newClockwork().clock(), 0)
	c := set.Cache("c", "", 1<<29)
	if put(c, "a", "1", time.Hour) || find(c, "a") != "-" || set.Used() != 0 {
		t.Errorf("kept something in %d bytes", set.Used())
	}
	_, _, f, leads := c.Look(nil, c.Key([]byte("a")))
	if !leads {
		t.Error("nobody leads")
	}
	f.Land(true)
	set.Drop("c")
}

// A cache lives from program to program, and no longer than somebody has it.
func TestSet(t *testing.T) {
	set := NewSet(newClockwork().clock(), 1<<30)
	c := set.Cache("stage", "1", 512<<20)
	put(c, "a", "1", time.Hour)
	if again := set.Cache("stage", "1", 512<<20); find(again, "a") != "1" {
		t.Error("the next program's cache is another one")
	}
	resized := set.Cache("stage", "1", 1600<<20)
	if find(resized, "a") != "-" || find(c, "a") != "-" {
		t.Error("resizing keeps what there was")
	}
	put(resized, "a", "2", time.Hour)
	if next := set.Cache("stage", "2", 1600<<20); find(next, "a") != "-" || put(resized, "a", "3", time.Hour) {
		t.Error("another version keeps what there was")
	}
	for late := time.Now().Add(20 * time.Second); set.Len() > 0 && time.Now().Before(late); {
		runtime.GC()
		runtime.Gosched() // cleanups run on a goroutine of the runtime
	}
	if set.Len() != 0 || set.Used() != 0 {
		t.Errorf("%d caches and %d bytes that nobody has", set.Len(), set.Used())
	}
}

// TestStats: hits and misses are those of all shards.
func TestStats(t *testing.T) {
	c, _ := open(t, 64<<20)
	for i := range 100 {
		key := c.Key(fmt.Append(nil, i))
		_, _, f, _ := c.Look(nil, key)
		c.Look(nil, key) // which waits for the first
		c.Put(key, c.Turn(), time.Minute, []byte("v"))
		f.Land(false)
		c.Look(nil, key)
		c.Find(nil, key)
	}
	if st := c.Stats(); st.Hits != 200 || st.Misses != 100 || st.Entries != 100 {
		t.Errorf("%+v after 100 misses and 200 hits of 100 entries", st)
	}
}

func TestFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := NewSet(limit.NewClock(nil), 1<<30).Cache("c", "", 512<<20)
		k := c.Key([]byte("k"))
		asked, alone := 0, atomic.Int32{}
		ask := func(answer string, fails, private bool) {
			for {
				_, ok, f, leads := c.Look(nil, k)
				if ok {
					return
				}
				if !leads {
					if <-f.Done(); f.Alone() {
						alone.Add(1)
						return
					}
					continue
				}
				asked++
				turn := c.Turn()
				time.Sleep(time.Second)
				if fails = fails && asked == 1; !fails && !private {
					c.Put(k, turn, time.Minute, []byte(answer))
				}
				f.Land(private)
				f.Land(false)
				return
			}
		}
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { ask("v", true, false) })
		}
		all.Wait()
		if asked != 2 || find(c, "k") != "v" {
			t.Errorf("asked %d times, want 2: who failed, and the next", asked)
		}
		c.Flush()
		asked = 0
		for range 50 {
			all.Go(func() { ask("v", false, true) })
		}
		all.Wait()
		if asked != 1 || alone.Load() != 49 {
			t.Errorf("asked %d times, %d went alone, want 1 and 49", asked, alone.Load())
		}
		// who comes after a flush does not wait for what was asked before it
		_, _, before, _ := c.Look(nil, k)
		c.Flush()
		_, _, after, leads := c.Look(nil, k)
		if !leads || after == before {
			t.Error("a flush leaves a flight")
		}
		before.Land(false)
		if _, _, f, leads := c.Look(nil, k); leads || f != after {
			t.Error("a flight of before ends one of after")
		}
		after.Land(false)
		c.close()
	})
}

// TestRace has many goroutines do everything at a time.
func TestRace(t *testing.T) {
	set := NewSet(limit.NewClock(nil), 8<<20)
	value := bytes.Repeat([]byte("v"), 3000)
	var all sync.WaitGroup
	for g := range 8 {
		all.Go(func() {
			r := rand.New(rand.NewPCG(1, uint64(g)))
			var dst []byte
			for i := range 3000 {
				version := fmt.Sprint(i / 1000)
				c := set.Cache(fmt.Sprint("cache ", r.IntN(3)), version, 512<<20)
				key := c.Key(fmt.Appendf(nil, "key %d", r.IntN(3000)))
				v, ok, f, leads := c.Look(dst[:0], key)
				if dst = v; ok && !bytes.Equal(v, value[:len(v)]) {
					t.Errorf("found %q", v)
				}
				if leads {
					c.Put(key, c.Turn(), time.Duration(r.IntN(int(time.Second))), value[:r.IntN(len(value))])
					f.Land(r.IntN(2) == 0)
				}
				if r.IntN(500) == 0 {
					c.Flush()
				}
			}
		})
	}
	all.Wait()
	for n := range 3 {
		set.Drop(fmt.Sprint("cache ", n))
	}
	if set.Used() != 0 {
		t.Errorf("%d bytes used by nobody", set.Used())
	}
}

func TestFindAllocs(t *testing.T) {
	c, _ := open(t, 512<<20)
	put(c, "key", strings.Repeat("v", 1000), time.Hour)
	dst, key := make([]byte, 0, 2000), []byte("key")
	if n := testing.AllocsPerRun(1000, func() { _, _ = c.Find(dst, c.Key(key)) }); n > 0 {
		t.Errorf("Find allocates %v times", n)
	}
	if n := testing.AllocsPerRun(1000, func() { _, _, _, _ = c.Look(dst, c.Key(key)) }); n > 0 {
		t.Errorf("Look allocates %v times", n)
	}
}
