package cache

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/limit"
)

func BenchmarkFind(b *testing.B) {
	for _, size := range []int{200, 1000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			c := NewSet(limit.NewClock(nil), 1<<30).Cache("c", "", 512<<20)
			defer c.close()
			for i := range 1000 {
				c.Put(c.Key(fmt.Appendf(nil, "key %d", i)), 1, time.Hour, make([]byte, size))
			}
			key, dst := []byte("key 500"), make([]byte, 0, size)
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := c.Find(dst, c.Key(key)); !ok {
					b.Fatal("not found")
				}
			}
		})
	}
}

// BenchmarkLarge fills a cache with ten million entries of a 23-byte key and 200
// bytes, and measures what they cost: memory beyond key and value, the time of
// a collection with them and without, and a hit at a random place.
func BenchmarkLarge(b *testing.B) {
	const entries, size = 10_000_000, 200
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	collect := func() (took, pause time.Duration) {
		runtime.GC()
		start := time.Now()
		runtime.GC()
		took = time.Since(start)
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return took, time.Duration(m.PauseNs[(m.NumGC+255)%256])
	}
	empty, _ := collect()
	before := resident(b)
	c := NewSet(limit.NewClock(nil), 64<<30).Cache("c", "", 13<<30)
	defer c.close()
	value, key := make([]byte, size), []byte(nil)
	start := time.Now()
	for i := range entries {
		key = fmt.Appendf(key[:0], "abcdefgh|GET|item-%09d", i)
		c.Put(c.Key(key), 1, time.Hour, value)
	}
	fill := time.Since(start)
	full, pause := collect()
	if n := c.Stats().Entries; n != entries {
		b.Fatalf("%d entries", n)
	}
	over := float64(resident(b)-before)/entries - float64(size+len(key))
	dst, r := make([]byte, 0, size), rand.New(rand.NewPCG(1, 2))
	for b.Loop() {
		key = fmt.Appendf(key[:0], "abcdefgh|GET|item-%09d", r.IntN(entries))
		if _, ok := c.Find(dst, c.Key(key)); !ok {
			b.Fatal("not found")
		}
	}
	b.ReportMetric(over, "over-B/entry")
	b.ReportMetric(float64(fill)/entries, "put-ns")
	b.ReportMetric(float64(full-empty)/1e6, "gc-ms")
	b.ReportMetric(float64(pause)/1e3, "pause-us")
}

// resident is how much memory the process has, in bytes.
func resident(b *testing.B) int64 {
	b.Helper()
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		b.Skip("no /proc")
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(text), &size, &pages); err != nil {
		b.Fatal(err)
	}
	return pages * int64(os.Getpagesize())
}
