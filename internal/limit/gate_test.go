package limit_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/limit"
)

// TestBucketsOutlivePrograms: the gate of the next program leads through the
// same bucket, under its own limit; a name that nobody holds is forgotten.
func TestBucketsOutlivePrograms(t *testing.T) {
	buckets := limit.NewBuckets(limit.NewClock(func() time.Time { return time.Unix(1, 0) }))
	before := buckets.Gate("api/prod/GET /", limit.New(1, 2))
	for i, want := range []bool{true, true, false} {
		if got := before.Take(); got != want {
			t.Fatalf("request %d of a burst of 2 passes: %v", i+1, got)
		}
	}
	after := buckets.Gate("api/prod/GET /", limit.New(1, 2))
	if after.Take() {
		t.Error("the next program's bucket is full again")
	}
	if other := buckets.Gate("api/test/GET /", limit.New(1, 2)); !other.Take() || buckets.Len() != 2 {
		t.Error("another name has the same bucket")
	}
	runtime.KeepAlive(before)
	runtime.KeepAlive(after)
	for range 100 {
		runtime.GC()
		if buckets.Len() == 0 {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("%d names are known that nobody holds", buckets.Len())
}
