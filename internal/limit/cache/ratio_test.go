package cache

import (
	"container/list"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"
)

// trace is what is asked for: keys of which few are asked for often, and now
// and then a run of keys that nobody asks for again.
func trace(n int, ask func(key int)) {
	r := rand.New(rand.NewPCG(1, 2))
	often := rand.NewZipf(r, 1.001, 1, 200_000)
	once := 1 << 30
	for i := range n {
		if i%10_000 == 0 {
			for range 2_000 {
				ask(once)
				once++
			}
		}
		ask(int(often.Uint64()))
	}
}

// lru is the oldest way to choose what leaves, to compare with.
type lru struct {
	room  int
	order *list.List
	known map[int]*list.Element
}

func (l *lru) ask(key int) (hit bool) {
	if e := l.known[key]; e != nil {
		l.order.MoveToFront(e)
		return true
	}
	l.known[key] = l.order.PushFront(key)
	if l.order.Len() > l.room {
		last := l.order.Back()
		delete(l.known, last.Value.(int))
		l.order.Remove(last)
	}
	return false
}

// TestHitRatio: the cache finds more than one of the same size that lets go
// what was longest unused.
func TestHitRatio(t *testing.T) {
	const size = 1000
	each := int64(aligned(headerSize+8+size) + indexed)
	for _, room := range []int{20_000, 40_000} {
		c := NewSet(newClockwork().clock(), 1<<30).Cache("c", "", int64(room)*each)
		l := &lru{room, list.New(), map[int]*list.Element{}}
		value, asked, found, old := make([]byte, size), 0, 0, 0
		trace(200_000, func(key int) {
			asked++
			k := c.Key(fmt.Appendf(nil, "%08x", key))
			if _, ok := c.Find(nil, k); ok {
				found++
			} else {
				c.Put(k, 1, time.Hour, value)
			}
			if l.ask(key) {
				old++
			}
		})
		c.close()
		ours, theirs := float64(found)/float64(asked), float64(old)/float64(asked)
		t.Logf("room for %d of 200,000: %.1f %% found, %.1f %% by least recent use", room, ours*100, theirs*100)
		if ours < theirs {
			t.Errorf("room for %d: %.3f found, %.3f by least recent use", room, ours, theirs)
		}
	}
}
