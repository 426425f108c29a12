package stagedoor

import (
	"context"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	calmAfter = time.Minute
	// spareMost is how many bytes the heap keeps for what comes next, beside a
	// quarter of what is in use.
	spareMost = 16 << 20
)

// heap is what the runtime says of it, in bytes.
type heap struct {
	live   uint64 // in use when the collector last looked
	spare  uint64 // not in use, as far as is known, and not given back
	allocs uint64 // handed out since the process began
}

func readHeap() heap {
	samples := []metrics.Sample{
		{Name: "/gc/heap/live:bytes"},
		{Name: "/memory/classes/heap/objects:bytes"},
		{Name: "/memory/classes/heap/free:bytes"},
		{Name: "/gc/heap/allocs:bytes"},
	}
	metrics.Read(samples)
	n := func(i int) uint64 { return samples[i].Value.Uint64() }
	h := heap{live: n(0), allocs: n(3)}
	if all := n(1) + n(2); all > h.live {
		h.spare = all - h.live
	}
	return h
}

// settled says whether memory lies idle of which less than half was asked for
// since before.
func (h heap) settled(before heap) bool {
	return h.spare > max(spareMost, h.live/4) && h.allocs-before.allocs < h.spare/2
}

// giveBack gives the memory that a burst has left, such as thousands of
// handshakes, back to the system when things have calmed down. The runtime
// alone keeps as much again as is in use, for as long as it runs.
func giveBack(ctx context.Context) error {
	tick := time.NewTicker(calmAfter)
	defer tick.Stop()
	before := readHeap()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		now := readHeap()
		if now.settled(before) {
			debug.FreeOSMemory()
		}
		before = now
	}
}
