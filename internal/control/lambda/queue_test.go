package lambda_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda"
	host "github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// run runs a service until the function it returns is called.
func (b *bench) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- b.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// send makes an asynchronous call.
func (b *bench) send(t *testing.T, name, payload string) {
	t.Helper()
	got := must(b.Invoke(t.Context(), &model.InvokeInput{FunctionName: name, Payload: []byte(payload), InvocationType: new("Event")}))(t)
	if *got.StatusCode != 202 {
		t.Errorf("an asynchronous call = %d, want 202", *got.StatusCode)
	}
}

// waiting is the calls in the store.
func (b *bench) waiting(t *testing.T) []api.FunctionEvent {
	t.Helper()
	var all []api.FunctionEvent
	err := b.store.View(t.Context(), func(tx store.Tx) (err error) {
		all, err = store.All[api.FunctionEvent](tx, api.FunctionEvents)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// attempts notes when which function was called, and answers as the test wants.
type attempts struct {
	mu    sync.Mutex
	start time.Time
	calls []string // "{function} {seconds since start}"
	ids   map[string]bool
	last  host.Call
}

func (a *attempts) note(c host.Call) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, fmt.Sprintf("%s %v", c.Function, time.Since(a.start).Seconds()))
	a.ids[c.RequestID] = true
	a.last = c
	return len(a.calls)
}

func newAttempts() *attempts { return &attempts{start: time.Now(), ids: map[string]bool{}} }

var failed = host.Result{Payload: []byte(`{"errorMessage":"x"}`), FunctionError: "Unhandled", ExecutedVersion: "$LATEST"}

func TestAsyncRetries(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config *model.PutFunctionEventInvokeConfigInput
		answer func(n int) (*host.Result, error)
		want   []string
	}{
		{"good at once", nil, func(int) (*host.Result, error) { return &host.Result{}, nil }, []string{"f 0"}},
		{"fails for ever", nil, func(int) (*host.Result, error) { return &failed, nil }, []string{"f 0", "f 60", "f 180"}},
		{"good at last", nil, func(n int) (*host.Result, error) {
			if n < 3 {
				return &failed, nil
			}
			return &host.Result{}, nil
		}, []string{"f 0", "f 60", "f 180"}},
		{"no retries", &model.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: new(int32(0))}, func(int) (*host.Result, error) { return &failed, nil }, []string{"f 0"}},
		{"too old for the second retry", &model.PutFunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: new(int32(100))}, func(int) (*host.Result, error) { return &failed, nil }, []string{"f 0", "f 60"}},
		{"throttled for a while", nil, func(n int) (*host.Result, error) {
			if n < 5 {
				return nil, &host.Throttled{Reason: host.AccountLimit}
			}
			return &host.Result{}, nil
		}, []string{"f 0", "f 1", "f 3", "f 7", "f 15"}},
		{"throttles are no failures", &model.PutFunctionEventInvokeConfigInput{MaximumRetryAttempts: new(int32(0))}, func(n int) (*host.Result, error) {
			if n < 3 {
				return nil, &host.NotReady{}
			}
			return &failed, nil
		}, []string{"f 0", "f 1", "f 3"}},
		{"throttled until it is too old", &model.PutFunctionEventInvokeConfigInput{MaximumEventAgeInSeconds: new(int32(60))}, func(int) (*host.Result, error) { return nil, &host.Throttled{} }, []string{"f 0", "f 1", "f 3", "f 7", "f 15", "f 31"}},
		{"deleted meanwhile", nil, func(int) (*host.Result, error) { return nil, host.ErrNoFunction }, []string{"f 0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				b.create(t, "f")
				if tt.config != nil {
					tt.config.FunctionName = "f"
					must(b.PutFunctionEventInvokeConfig(t.Context(), tt.config))(t)
				}
				a := newAttempts()
				b.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) { return tt.answer(a.note(c)) }
				stop := b.run(t)
				defer stop()
				b.send(t, "f", `{"a":1}`)
				time.Sleep(7 * time.Hour)
				synctest.Wait()
				if diff := cmp.Diff(tt.want, a.calls); diff != "" {
					t.Errorf("calls and their seconds (-want +got):\n%s", diff)
				}
				if len(a.ids) != 1 || string(a.last.Payload) != `{"a":1}` {
					t.Errorf("%d request ids for one call, payload %s", len(a.ids), a.last.Payload)
				}
				if left := b.waiting(t); len(left) != 0 {
					t.Errorf("%d calls are still waiting", len(left))
				}
			})
		})
	}
}

func TestAsyncDestinations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		ctx := t.Context()
		for _, name := range []string{"f", "g", "good", "bad"} {
			b.create(t, name)
		}
		dest := &model.DestinationConfig{OnSuccess: &model.OnSuccess{Destination: new(arnOf + "good")}, OnFailure: &model.OnFailure{Destination: new(arnOf + "bad")}}
		for _, name := range []string{"f", "g"} {
			must(b.PutFunctionEventInvokeConfig(ctx, &model.PutFunctionEventInvokeConfigInput{FunctionName: name, DestinationConfig: dest, MaximumRetryAttempts: new(int32(1))}))(t)
		}
		records := map[string]map[string]any{}
		b.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) {
			switch c.Function {
			case "f":
				return &host.Result{Payload: []byte(`{"b":2}`), ExecutedVersion: "$LATEST"}, nil
			case "g":
				return &failed, nil
			}
			var doc map[string]any
			if err := json.Unmarshal(c.Payload, &doc); err != nil {
				t.Error(err)
			}
			records[c.Function] = doc
			return &host.Result{}, nil
		}
		stop := b.run(t)
		defer stop()
		b.send(t, "f", `{"a":1}`)
		b.send(t, "g", `{"a":2}`)
		time.Sleep(time.Hour)
		synctest.Wait()
		want := map[string]map[string]any{
			"good": {
				"version": "1.0", "requestPayload": map[string]any{"a": 1.0}, "responsePayload": map[string]any{"b": 2.0},
				"requestContext":  map[string]any{"functionArn": arnOf + "f:$LATEST", "condition": "Success", "approximateInvokeCount": 1.0},
				"responseContext": map[string]any{"statusCode": 200.0, "executedVersion": "$LATEST"},
			},
			"bad": {
				"version": "1.0", "requestPayload": map[string]any{"a": 2.0}, "responsePayload": map[string]any{"errorMessage": "x"},
				"requestContext":  map[string]any{"functionArn": arnOf + "g:$LATEST", "condition": "RetriesExhausted", "approximateInvokeCount": 2.0},
				"responseContext": map[string]any{"statusCode": 200.0, "executedVersion": "$LATEST", "functionError": "Unhandled"},
			},
		}
		volatile := cmp.FilterPath(func(p cmp.Path) bool {
			s := p.Last().String()
			return s == `["timestamp"]` || s == `["requestId"]`
		}, cmp.Ignore())
		if diff := cmp.Diff(want, records, volatile); diff != "" {
			t.Errorf("records (-want +got):\n%s", diff)
		}
	})
}

// TestAsyncCircle: destinations that lead in a circle come to an end.
func TestAsyncCircle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.create(t, "f")
		must(b.PutFunctionEventInvokeConfig(t.Context(), &model.PutFunctionEventInvokeConfigInput{
			FunctionName: "f", DestinationConfig: &model.DestinationConfig{OnSuccess: &model.OnSuccess{Destination: new(arnOf + "f")}},
		}))(t)
		a := newAttempts()
		b.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) { a.note(c); return &host.Result{}, nil }
		stop := b.run(t)
		defer stop()
		b.send(t, "f", `{}`)
		time.Sleep(time.Hour)
		synctest.Wait()
		if len(a.calls) != 17 {
			t.Errorf("a circle was gone through %d times, want 17", len(a.calls))
		}
	})
}

// TestAsyncSurvivesRestart: a call that was acknowledged is made by the next
// process, and so is one that was under way when the last one ended.
func TestAsyncSurvivesRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first := newBench(t)
		first.create(t, "f")
		first.send(t, "f", `"before"`) // nobody works yet
		first.host.answer = func(ctx context.Context, _ host.Call) (*host.Result, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		}
		stop := first.run(t)
		first.send(t, "f", `"under way"`)
		synctest.Wait()
		stop()
		if left := first.waiting(t); len(left) != 2 {
			t.Fatalf("%d calls are in the store, want 2", len(left))
		}

		second := newBench(t, func(c *lambda.Config) { c.Store = first.store })
		var mu sync.Mutex
		made := map[string]int{}
		second.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) {
			mu.Lock()
			defer mu.Unlock()
			made[string(c.Payload)]++
			return &host.Result{}, nil
		}
		stop = second.run(t)
		defer stop()
		time.Sleep(time.Second)
		synctest.Wait()
		if diff := cmp.Diff(map[string]int{`"before"`: 1, `"under way"`: 1}, made); diff != "" {
			t.Errorf("calls made after the restart (-want +got):\n%s", diff)
		}
	})
}

// TestAsyncFleet: of two nodes on one store one makes a call; when it is gone
// the other does.
func TestAsyncFleet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newBench(t, func(c *lambda.Config) { c.Node = "one" })
		one.create(t, "f")
		two := newBench(t, func(c *lambda.Config) { c.Node, c.Store = "two", one.store })
		var mu sync.Mutex
		made := map[string]int{}
		node := func(name string) func(context.Context, host.Call) (*host.Result, error) {
			return func(_ context.Context, c host.Call) (*host.Result, error) {
				mu.Lock()
				defer mu.Unlock()
				made[name+" "+string(c.Payload)]++
				return &host.Result{}, nil
			}
		}
		one.host.answer, two.host.answer = node("one"), node("two")
		stopTwo := two.run(t)
		defer stopTwo()
		stopOne := one.run(t)
		one.send(t, "f", `1`)
		time.Sleep(time.Hour)
		stopOne()
		one.send(t, "f", `2`) // acknowledged by a node that then dies
		time.Sleep(time.Hour)
		synctest.Wait()
		if diff := cmp.Diff(map[string]int{"one 1": 1, "two 2": 1}, made); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
		if left := one.waiting(t); len(left) != 0 {
			t.Errorf("%d calls are still waiting", len(left))
		}
	})
}

// TestFollow: what one node commits, the other serves.
func TestFollow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := newBench(t)
		two := newBench(t, func(c *lambda.Config) { c.Store = one.store })
		stop := two.run(t)
		defer stop()
		one.create(t, "f")
		must(one.AddPermission(t.Context(), &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: invoke, Principal: gateway}))(t)
		synctest.Wait()
		if two.host.of("f").Name != "f" || !two.Gate().Permits(arnOf+"f", gateway, invoke, "", "") {
			t.Error("the other node does not have the function and its policy")
		}
		must(one.DeleteFunction(t.Context(), &model.DeleteFunctionInput{FunctionName: "f"}))(t)
		synctest.Wait()
		if two.host.of("f").Name != "" || two.Gate().Permits(arnOf+"f", gateway, invoke, "", "") {
			t.Error("the other node still has the function")
		}
		if _, err := two.Gate().Invoke(t.Context(), arnOf+"f", nil, false); !errors.Is(err, host.ErrNoFunction) {
			t.Errorf("Invoke of a function that is gone = %v", err)
		}
	})
}

// TestManyAsyncAtOnce: more calls than are made at a time are all made, once.
func TestManyAsyncAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(c *lambda.Config) { c.Concurrency = 50 })
		b.create(t, "f")
		var mu sync.Mutex
		made := map[string]int{}
		now, most := 0, 0
		b.host.answer = func(_ context.Context, c host.Call) (*host.Result, error) {
			mu.Lock()
			made[string(c.Payload)]++
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second)
			mu.Lock()
			now--
			mu.Unlock()
			return &host.Result{}, nil
		}
		stop := b.run(t)
		defer stop()
		const calls = 600
		for i := range calls {
			b.send(t, "f", fmt.Sprint(i))
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if len(made) != calls || most > 50 {
			t.Errorf("%d of %d calls were made, %d at a time", len(made), calls, most)
		}
		for payload, n := range made {
			if n != 1 {
				t.Errorf("call %s was made %d times", payload, n)
			}
		}
	})
}
