package lambda_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control/lambda"
	host "github.com/stagedoor/stagedoor/internal/lambda"
)

// TestBefore: the asynchronous calls that the process before has accepted are
// made by it until it has ended, and then by the one that takes its place, which
// makes its own at once.
func TestBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		old := newBench(t)
		old.create(t, "f")
		old.send(t, "f", `{}`) // it does not run, so the call stays
		gone, a := make(chan struct{}), newAttempts()
		next := newBench(t, func(c *lambda.Config) { c.Store, c.Before = old.store, gone })
		next.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) {
			a.note(c)
			return &host.Result{}, nil
		}
		defer next.run(t)()
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string(nil), a.calls); diff != "" {
			t.Errorf("calls while the process before is there (-want +got):\n%s", diff)
		}
		next.send(t, "f", `{}`)
		time.Sleep(5 * time.Second)
		close(gone)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		if diff := cmp.Diff([]string{"f 5", "f 10"}, a.calls); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if left := next.waiting(t); len(left) > 0 {
			t.Errorf("%d calls are left", len(left))
		}
	})
}
