package gateway

import (
	"math"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/program"
	"github.com/stagedoor/stagedoor/internal/store"
)

// said is an API whose one answer says what the canary changes.
func said(deployment string) api.Integration {
	return mock(200, deployment+` $context.deploymentId "$context.isCanaryRequest" $stageVariables.both $stageVariables.fresh`)
}

// release is a stage on deployment one with a canary on deployment two.
func (b *bench) release(t testing.TB, canary *api.CanarySettings) {
	t.Helper()
	two := frozen("abc", map[string]api.Integration{"GET /": said("two"), "GET /new": mock(200, "new")})
	if err := b.store.Update(t.Context(), func(tx store.Tx) error { return store.Put(tx, api.SnapshotKey("abc", "d2"), two) }); err != nil {
		t.Fatal(err)
	}
	b.deploy(t, frozen("abc", map[string]api.Integration{"GET /": said("one")}), api.Stage{
		Name: "prod", DeploymentID: "d1", Variables: map[string]string{"both": "old"}, Canary: canary,
	})
	b.sync(t)
}

func overrides() map[string]string { return map[string]string{"both": "new", "fresh": "only"} }

// parity: spec/rest-data-plane.md 8.3, 14 item 12.
func TestCanary(t *testing.T) {
	b := start(t, nil)
	const host = "abc.execute-api.localhost"
	for _, tt := range []struct {
		name       string
		canary     *api.CanarySettings
		body       string
		addedRoute int
	}{
		{"none", nil, `one d1 "" old `, 403},
		{"0 percent", &api.CanarySettings{DeploymentID: "d2", StageVariableOverrides: overrides()}, `one d1 "false" old `, 403},
		{"100 percent", &api.CanarySettings{DeploymentID: "d2", PercentTraffic: 100, StageVariableOverrides: overrides()}, `two d2 "true" new only`, 200},
		{"100 percent of the same deployment", &api.CanarySettings{DeploymentID: "d1", PercentTraffic: 100, StageVariableOverrides: overrides()}, `one d1 "true" new only`, 403},
		{"no overrides", &api.CanarySettings{DeploymentID: "d2", PercentTraffic: 100}, `two d2 "true" old `, 200},
		{"taken away", nil, `one d1 "" old `, 403},
	} {
		b.release(t, tt.canary)
		for range 20 {
			if got := ask(t, b, "GET /prod/", host); got.Status != 200 || got.Body != tt.body {
				t.Fatalf("%s: %d %q, want %q", tt.name, got.Status, got.Body, tt.body)
			}
		}
		if got := ask(t, b, "GET /prod/new", host); got.Status != tt.addedRoute {
			t.Errorf("%s: a route of the canary alone answers %d, want %d", tt.name, got.Status, tt.addedRoute)
		}
	}
}

// A canary of p percent gets p percent of the requests, over custom domain
// names as well, and no client can choose.
func TestCanaryShare(t *testing.T) {
	b := start(t, nil)
	const n = 20000
	for _, percent := range []float64{0.5, 12.5, 50, 99} {
		b.release(t, &api.CanarySettings{DeploymentID: "d2", PercentTraffic: percent, StageVariableOverrides: overrides()})
		x := exchange(t, "GET /prod/", "abc.execute-api.localhost", "x-amzn-RequestId: 0b1a6d52-5d3c-4f55-9a1b-3f2e1d0c9b8a")
		seen := 0
		for range n {
			x.Params = x.Params[:0]
			b.Begin(x)
			if x.Stage.CanaryRequest == "true" {
				seen++
			}
		}
		p := percent / 100
		if off := math.Abs(float64(seen)-n*p) / math.Sqrt(n*p*(1-p)); off > 6 {
			t.Errorf("%g %%: %d of %d, %.1f standard deviations away", percent, seen, n, off)
		}
	}
}

// What a canary does to a request is drawn once, and costs no allocation.
func TestCanaryDraw(t *testing.T) {
	canary := &program.Stage{APIID: "abc", Name: "prod", CanaryRequest: "true"}
	stage := &program.Stage{APIID: "abc", Name: "prod", CanaryRequest: "false", Canary: canary, CanaryShare: program.CanaryShare(50)}
	x := exchange(t, "GET /prod/", "abc.execute-api.localhost")
	for range 100 {
		x.Identify()
		first := stage.Draw(x)
		for range 10 {
			if stage.Draw(x) != first {
				t.Fatal("one request was drawn twice, with two ends")
			}
		}
	}
	if got := testing.AllocsPerRun(1000, func() { x.Identify(); stage.Draw(x) }); got > 0 {
		t.Errorf("a draw allocates %v times", got)
	}
}

// A canary whose deployment is not there changes nothing: the stage goes on as
// it was, and Status tells.
func TestBrokenCanary(t *testing.T) {
	b := start(t, nil)
	b.release(t, nil)
	b.release(t, &api.CanarySettings{DeploymentID: "gone", PercentTraffic: 100})
	if got := ask(t, b, "GET /prod/", "abc.execute-api.localhost"); got.Body != `one d1 "" old ` {
		t.Errorf("the stage answers %d %s", got.Status, got.Body)
	}
	if failed := b.Status().Failures; len(failed) != 1 || !strings.Contains(failed[0].Error, `the canary's deployment "gone"`) {
		t.Errorf("Failures = %+v", failed)
	}
}

func TestExplainCanary(t *testing.T) {
	b := start(t, nil)
	b.release(t, &api.CanarySettings{DeploymentID: "d2", PercentTraffic: 12.5})
	e, err := b.Explain("abc", "prod")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	if err := e.WriteText(&text); err != nil || !strings.Contains(text.String(), "canary, 12.5 % of the requests: abc prod deployment d2\n") {
		t.Errorf("Explain = %s, %v", text.String(), err)
	}
}
