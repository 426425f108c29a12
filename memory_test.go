package stagedoor

import (
	"runtime"
	"runtime/debug"
	"testing"
	"testing/synctest"
	"time"
)

// TestGiveBack: what a burst leaves is given back in the first minute in which
// hardly anything is asked for.
func TestGiveBack(t *testing.T) {
	debug.FreeOSMemory()
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // nobody else looks
	burst := make([][]byte, 64)
	for i := range burst {
		burst[i] = make([]byte, 1<<20)
	}
	runtime.KeepAlive(burst)
	busy := readHeap()
	if busy.spare < 48<<20 {
		t.Fatalf("%+v: the burst is not seen", busy)
	}
	if busy.settled(heap{}) {
		t.Error("settled while memory is asked for")
	}
	synctest.Test(t, func(t *testing.T) {
		go func() { _ = giveBack(t.Context()) }()
		synctest.Wait() // it has looked once
		before := readHeap()
		time.Sleep(calmAfter)
		synctest.Wait()
		if after := readHeap(); after.spare > before.spare-32<<20 {
			t.Errorf("%d bytes to spare a minute later, %d before", after.spare, before.spare)
		}
	})
}
