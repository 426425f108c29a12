package stagedoor_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// edition is a document whose one method says its number and what a canary changes.
func edition(n int) []byte {
	return fmt.Appendf(nil, `{"openapi": "3.0.1", "info": {"title": "editions", "version": "1"}, "paths": {"/": {"get": {
		"responses": {"200": {"description": ""}},
		"x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"}, "responses": {"default": {"statusCode": "200",
			"responseTemplates": {"application/json": "edition %d canary=$context.isCanaryRequest deployment=$context.deploymentId $stageVariables.color $stageVariables.extra"}}}}}}}}`, n)
}

// editions deploys one edition after the other, each in a deployment of its own.
type editions struct {
	*running
	t   *testing.T
	gw  *apigateway.Client
	api string
}

// put makes an edition what the next deployment has.
func (e *editions) put(n int) {
	e.t.Helper()
	if _, err := e.gw.PutRestApi(e.t.Context(), &apigateway.PutRestApiInput{RestApiId: &e.api, Mode: types.PutModeOverwrite, Body: edition(n)}); err != nil {
		e.t.Fatal(err)
	}
}

// deploy deploys to the stage prod, or to its canary.
func (e *editions) deploy(canary *types.DeploymentCanarySettings) (id string) {
	e.t.Helper()
	d, err := e.gw.CreateDeployment(e.t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &e.api, StageName: aws.String("prod"), CanarySettings: canary})
	if err != nil {
		e.t.Fatal(err)
	}
	return *d.Id
}

func (e *editions) patch(ops ...types.PatchOperation) {
	e.t.Helper()
	if _, err := e.gw.UpdateStage(e.t.Context(), &apigateway.UpdateStageInput{RestApiId: &e.api, StageName: aws.String("prod"), PatchOperations: ops}); err != nil {
		e.t.Fatal(err)
	}
}

// want calls n times; every answer must be one of those given, and each of them
// must have come.
func (e *editions) want(what string, n int, answers ...string) {
	e.t.Helper()
	seen := map[string]int{}
	for range n {
		got := e.call(e.t, e.api, "GET /prod/")
		seen[strings.TrimSpace(got.body)]++
	}
	for _, a := range answers {
		if seen[a] == 0 {
			e.t.Errorf("%s: %v, want also %q", what, seen, a)
		}
		delete(seen, a)
	}
	if len(seen) > 0 {
		e.t.Errorf("%s: also %v", what, seen)
	}
}

// TestCanaryRelease plays a release as the developer guide has it: a canary, its
// promotion, its end; then the way back to the first deployment.
// parity: spec/rest-data-plane.md 8.1, 8.3.
func TestCanaryRelease(t *testing.T) {
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api, err := gw.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: edition(1)})
	if err != nil {
		t.Fatal(err)
	}
	e := &editions{running: r, t: t, gw: gw, api: *api.Id}
	op := func(op types.Op, path, value string) types.PatchOperation {
		return types.PatchOperation{Op: op, Path: &path, Value: &value}
	}
	first := e.deploy(nil)
	e.patch(op(types.OpReplace, "/variables/color", "blue"))
	e.want("the first", 5, "edition 1 canary= deployment="+first+" blue")

	e.put(2)
	e.want("not deployed", 5, "edition 1 canary= deployment="+first+" blue")
	second := e.deploy(&types.DeploymentCanarySettings{PercentTraffic: 50, StageVariableOverrides: map[string]string{"color": "green", "extra": "only-here"}})
	one, two := "edition 1 canary=false deployment="+first+" blue", "edition 2 canary=true deployment="+second+" green only-here"
	e.want("half of the requests", 100, one, two)
	e.patch(op(types.OpReplace, "/canarySettings/percentTraffic", "0.0"))
	e.want("0 %", 20, one)
	e.patch(op(types.OpReplace, "/canarySettings/percentTraffic", "100"))
	e.want("100 %", 20, two)

	e.put(3)
	third := e.deploy(nil) // while there is a canary it is the canary's
	e.want("a newer canary", 20, "edition 3 canary=true deployment="+third+" green only-here")
	e.patch(op(types.OpReplace, "/canarySettings/percentTraffic", "0"))
	e.want("the stage is still on the first", 10, one)

	from := func(from, path string) types.PatchOperation {
		return types.PatchOperation{Op: types.OpCopy, From: &from, Path: &path}
	}
	e.patch(from("/canarySettings/stageVariableOverrides", "/variables"), from("/canarySettings/deploymentId", "/deploymentId"))
	e.want("promoted", 10, "edition 3 canary=false deployment="+third+" green only-here")
	e.patch(types.PatchOperation{Op: types.OpRemove, Path: aws.String("/canarySettings")})
	e.want("at its end", 10, "edition 3 canary= deployment="+third+" green only-here")

	all, err := gw.GetDeployments(ctx, &apigateway.GetDeploymentsInput{RestApiId: &e.api})
	if err != nil || len(all.Items) != 3 {
		t.Fatalf("GetDeployments = %v, %v, want the three", all, err)
	}
	for _, back := range []struct {
		id string
		n  int
	}{{first, 1}, {second, 2}, {first, 1}, {third, 3}} {
		e.patch(op(types.OpReplace, "/deploymentId", back.id))
		e.want("rolled back", 3, fmt.Sprintf("edition %d canary= deployment=%s green only-here", back.n, back.id))
	}
}
