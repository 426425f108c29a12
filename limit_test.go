package stagedoor_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/stagedoor/stagedoor"
)

// metered is an API with GET / and POST / that answer by themselves, on prod;
// GET asks for a key if keys is set.
func metered(t testing.TB, gw *apigateway.Client, keys bool) (api string) {
	t.Helper()
	ctx := t.Context()
	made, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("metered")})
	if err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"GET", "POST"} {
		if _, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{
			RestApiId: made.Id, ResourceId: made.RootResourceId, HttpMethod: &verb, AuthorizationType: aws.String("NONE"), ApiKeyRequired: keys,
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := gw.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{
			RestApiId: made.Id, ResourceId: made.RootResourceId, HttpMethod: &verb, StatusCode: aws.String("200"),
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := gw.PutIntegration(ctx, &apigateway.PutIntegrationInput{
			RestApiId: made.Id, ResourceId: made.RootResourceId, HttpMethod: &verb, Type: types.IntegrationTypeMock,
			RequestTemplates: map[string]string{"application/json": `{"statusCode": 200}`},
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := gw.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{
			RestApiId: made.Id, ResourceId: made.RootResourceId, HttpMethod: &verb, StatusCode: aws.String("200"),
			ResponseTemplates: map[string]string{"application/json": "$context.identity.apiKeyId"},
		}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	return *made.Id
}

// subscribe makes a plan over prod and a key in it.
func subscribe(t testing.TB, gw *apigateway.Client, api string, plan apigateway.CreateUsagePlanInput) (planID string, key *apigateway.CreateApiKeyOutput) {
	t.Helper()
	ctx := t.Context()
	plan.Name = aws.String("plan")
	if plan.ApiStages == nil {
		plan.ApiStages = []types.ApiStage{{ApiId: &api, Stage: aws.String("prod")}}
	}
	p, err := gw.CreateUsagePlan(ctx, &plan)
	if err != nil {
		t.Fatal(err)
	}
	key, err = gw.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: p.Id, KeyId: key.Id, KeyType: aws.String("API_KEY")}); err != nil {
		t.Fatal(err)
	}
	return *p.Id, key
}

// TestUsagePlan makes a key and a plan of two requests a day with the AWS SDK,
// uses them up, reads the usage, and grants more.
func TestUsagePlan(t *testing.T) {
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api := metered(t, gw, true)
	plan, key := subscribe(t, gw, api, apigateway.CreateUsagePlanInput{
		Quota: &types.QuotaSettings{Limit: 2, Period: types.QuotaPeriodTypeDay}, Throttle: &types.ThrottleSettings{RateLimit: 1000, BurstLimit: 1000},
	})
	sent := "x-api-key: " + *key.Value
	want := func(what string, status int, kind, body string, fields ...string) {
		t.Helper()
		got := r.call(t, api, "GET /prod/", fields...)
		if got.status != status || got.body != body || got.header.Get("x-amzn-ErrorType") != kind {
			t.Errorf("%s: %d %s %q, want %d %s %q", what, got.status, got.header.Get("x-amzn-ErrorType"), got.body, status, kind, body)
		}
	}
	const forbidden, exceeded = `{"message":"Forbidden"}`, `{"message":"Limit Exceeded"}`
	want("no key", 403, "ForbiddenException", forbidden)
	want("a wrong key", 403, "ForbiddenException", forbidden, sent+"x")
	want("first", 200, "", *key.Id, sent)
	want("second", 200, "", *key.Id, sent)
	want("third", 429, "LimitExceededException", exceeded, sent)

	today := time.Now().UTC().Format(time.DateOnly)
	used, err := gw.GetUsage(ctx, &apigateway.GetUsageInput{UsagePlanId: &plan, StartDate: &today, EndDate: &today})
	if err != nil || fmt.Sprint(used.Items) != "map["+*key.Id+":[[2 0]]]" {
		t.Errorf("GetUsage = %v, %v, want 2 used and none left", used.Items, err)
	}
	updated, err := gw.UpdateUsage(ctx, &apigateway.UpdateUsageInput{UsagePlanId: &plan, KeyId: key.Id, PatchOperations: replaceOp("/remaining", "1")})
	if err != nil || fmt.Sprint(updated.Items) != "map["+*key.Id+":[[2 1]]]" {
		t.Errorf("UpdateUsage = %v, %v, want 2 used and 1 left", updated.Items, err)
	}
	want("granted", 200, "", *key.Id, sent)
	want("used up again", 429, "LimitExceededException", exceeded, sent)

	// every change counts for the next request
	if _, err := gw.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: &plan, PatchOperations: replaceOp("/quota/limit", "100")}); err != nil {
		t.Fatal(err)
	}
	want("a larger quota", 200, "", *key.Id, sent)
	if _, err := gw.UpdateApiKey(ctx, &apigateway.UpdateApiKeyInput{ApiKey: key.Id, PatchOperations: replaceOp("/enabled", "false")}); err != nil {
		t.Fatal(err)
	}
	want("disabled", 403, "ForbiddenException", forbidden, sent)
	if _, err := gw.UpdateApiKey(ctx, &apigateway.UpdateApiKeyInput{ApiKey: key.Id, PatchOperations: replaceOp("/enabled", "true")}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{UsagePlanId: &plan, PatchOperations: replaceOp("/throttle/rateLimit", "0")}); err != nil {
		t.Fatal(err)
	}
	want("a plan without a rate", 429, "TooManyRequestsException", `{"message":"Too Many Requests"}`, sent)
	if _, err := gw.UpdateUsagePlan(ctx, &apigateway.UpdateUsagePlanInput{
		UsagePlanId: &plan, PatchOperations: append(replaceOp("/throttle/rateLimit", "1000"), types.PatchOperation{Op: types.OpRemove, Path: aws.String("/apiStages"), Value: aws.String(api + ":prod")}),
	}); err != nil {
		t.Fatal(err)
	}
	want("the plan has left the stage", 403, "ForbiddenException", forbidden, sent)
}

// flood asks as fast as it can from several connections for a while, and
// counts the answers by status.
func (r *running) flood(t testing.TB, api, path string, workers int, length time.Duration, fields ...string) map[int]int {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: workers}
	defer transport.CloseIdleConnections()
	var mu sync.Mutex
	total := map[int]int{}
	end := time.Now().Add(length)
	var wg sync.WaitGroup
	for range workers {
		wg.Go(func() {
			seen := map[int]int{}
			for time.Now().Before(end) {
				req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, r.endpoint+"/_aws/execute-api/"+api+path, nil)
				if err != nil {
					t.Error(err)
					return
				}
				for _, f := range fields {
					name, value, _ := strings.Cut(f, ": ")
					req.Header.Set(name, value)
				}
				resp, err := transport.RoundTrip(req)
				if err != nil {
					t.Error(err)
					return
				}
				_ = resp.Body.Close()
				seen[resp.StatusCode]++
			}
			mu.Lock()
			defer mu.Unlock()
			for status, n := range seen {
				total[status] += n
			}
		})
	}
	wg.Wait()
	return total
}

// TestRateUnderLoad: what a plan and a stage let pass under a flood from
// several connections is their burst and their rate, within 2 %. A burst of
// two seconds forgives a busy machine that does not ask for a while.
func TestRateUnderLoad(t *testing.T) {
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api := metered(t, gw, true)
	_, key := subscribe(t, gw, api, apigateway.CreateUsagePlanInput{Throttle: &types.ThrottleSettings{RateLimit: 300, BurstLimit: 600}})
	open := metered(t, gw, false)
	if _, err := gw.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &open, StageName: aws.String("prod"), PatchOperations: append(
		replaceOp("/~1/GET/throttling/rateLimit", "200"), replaceOp("/~1/GET/throttling/burstLimit", "400")...,
	)}); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, api   string
		rate, burst float64
	}{{"plan", api, 300, 600}, {"stage", open, 200, 400}} {
		began := time.Now()
		seen := r.flood(t, tt.api, "/prod/", 8, 2*time.Second, "x-api-key: "+*key.Value)
		least, most := tt.burst+tt.rate*2, tt.burst+tt.rate*time.Since(began).Seconds()
		t.Logf("%s: %v, want %.0f to %.0f", tt.name, seen, least, most)
		if got := float64(seen[200]); got < 0.98*least || got > 1.02*most || seen[429] == 0 {
			t.Errorf("%s: %v, want %.0f to %.0f answered 200 and the others 429", tt.name, seen, least, most)
		}
	}
	if got := r.call(t, open, "POST /prod/"); got.status != 200 {
		t.Errorf("a method without a setting: %d", got.status)
	}
}

// TestFairness: a flood on one API, held to its own limit, takes nothing from
// another one under the same account's limit, nor from another key.
func TestFairness(t *testing.T) {
	r := start(t, func(c *stagedoor.Config) { c.RateLimit, c.BurstLimit = 400, 100 })
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	loud, quiet := metered(t, gw, false), metered(t, gw, true)
	if _, err := gw.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &loud, StageName: aws.String("prod"), PatchOperations: append(
		replaceOp("/*/*/throttling/rateLimit", "50"), replaceOp("/*/*/throttling/burstLimit", "10")...,
	)}); err != nil {
		t.Fatal(err)
	}
	plan, greedy := subscribe(t, gw, quiet, apigateway.CreateUsagePlanInput{Throttle: &types.ThrottleSettings{RateLimit: 100, BurstLimit: 20}})
	modest, err := gw.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: &plan, KeyId: modest.Id, KeyType: aws.String("API_KEY")}); err != nil {
		t.Fatal(err)
	}
	var floods sync.WaitGroup
	var refused atomic.Int64
	floods.Go(func() { refused.Add(int64(r.flood(t, loud, "/prod/", 4, 2*time.Second)[429])) })
	floods.Go(func() {
		refused.Add(int64(r.flood(t, quiet, "/prod/", 4, 2*time.Second, "x-api-key: "+*greedy.Value)[429]))
	})
	bad, all := 0, 0
	for end := time.Now().Add(1800 * time.Millisecond); time.Now().Before(end); all++ {
		if got := r.call(t, quiet, "GET /prod/", "x-api-key: "+*modest.Value); got.status != 200 {
			bad++
		}
		time.Sleep(20 * time.Millisecond) // a caller of 50 a second at most
	}
	floods.Wait()
	t.Logf("%d requests beside %d refused ones", all, refused.Load())
	if bad > 0 || all < 10 || refused.Load() < 100 {
		t.Errorf("%d of %d requests refused beside a flood of %d", bad, all, refused.Load())
	}
}

// TestUsageSurvivesKill: a process that is killed forgets at most what was
// counted since the last flush, a second before.
func TestUsageSurvivesKill(t *testing.T) {
	need(t, "go")
	if testing.Short() {
		t.Skip("builds the program")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "stagedoor")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "./cmd/stagedoor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	r := &running{client: &http.Client{Transport: &http.Transport{}}}
	t.Cleanup(r.client.CloseIdleConnections)
	boot := func() *exec.Cmd {
		t.Helper()
		addr := freePort(t)
		cmd := exec.CommandContext(t.Context(), bin, "up", "--listen", addr, "--admin-listen", "off", "--data", filepath.Join(dir, "data"))
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		r.endpoint = "http://" + addr
		gw := apigateway.NewFromConfig(r.account())
		for range 500 {
			if _, err := gw.GetRestApis(t.Context(), &apigateway.GetRestApisInput{}); err == nil {
				return cmd
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Fatal("not up")
		return nil
	}
	kill := func(cmd *exec.Cmd) {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		r.client.CloseIdleConnections()
	}
	first := boot()
	gw := apigateway.NewFromConfig(r.account())
	api := metered(t, gw, true)
	plan, key := subscribe(t, gw, api, apigateway.CreateUsagePlanInput{Quota: &types.QuotaSettings{Limit: 10, Period: types.QuotaPeriodTypeMonth}})
	sent := "x-api-key: " + *key.Value
	for range 7 {
		if got := r.call(t, api, "GET /prod/", sent); got.status != 200 {
			t.Fatalf("GET = %d %s", got.status, got.body)
		}
	}
	time.Sleep(1500 * time.Millisecond) // a flush
	for range 2 {
		r.call(t, api, "GET /prod/", sent)
	}
	kill(first)

	second := boot()
	defer kill(second)
	gw = apigateway.NewFromConfig(r.account())
	today := time.Now().UTC().Format(time.DateOnly)
	out, err := gw.GetUsage(t.Context(), &apigateway.GetUsageInput{UsagePlanId: &plan, StartDate: &today, EndDate: &today})
	if err != nil || len(out.Items[*key.Id]) != 1 {
		t.Fatalf("GetUsage = %v, %v", out, err)
	}
	used := out.Items[*key.Id][0][0]
	if used < 7 || used > 9 {
		t.Errorf("%d used after the kill, want the 7 before the flush, and the 2 after it or not", used)
	}
	passed := int64(0)
	for range 10 {
		if r.call(t, api, "GET /prod/", sent).status == 200 {
			passed++
		}
	}
	if passed != 10-used {
		t.Errorf("%d more pass, want %d", passed, 10-used)
	}
}

// callPlanTemplate calls the public template of usage plans: /plantest asks for
// a key, and POST may come ten at a time and five a second.
func callPlanTemplate(t *testing.T, r *running, api string) {
	t.Helper()
	keys, err := apigateway.NewFromConfig(r.account()).GetApiKeys(t.Context(), &apigateway.GetApiKeysInput{IncludeValues: aws.Bool(true)})
	if err != nil || len(keys.Items) != 1 {
		t.Fatalf("GetApiKeys = %v, %v, want the template's key", keys, err)
	}
	key := "x-api-key: " + *keys.Items[0].Value
	if got := r.call(t, api, "GET /Prod/plantest"); got.status != 403 || got.body != `{"message":"Forbidden"}` {
		t.Errorf("without key: %d %s", got.status, got.body)
	}
	if got := r.call(t, api, "GET /Prod/plantest", key); got.status != 200 || !strings.Contains(got.body, "within the plan") {
		t.Errorf("with key: %d %s", got.status, got.body)
	}
	seen := map[int]int{}
	began := time.Now()
	for range 40 {
		seen[r.call(t, api, "POST /Prod/plantest", key).status]++
	}
	most := 10 + 5*time.Since(began).Seconds()
	if passed := float64(seen[200]); passed < 10 || passed > most || seen[429] != 40-seen[200] {
		t.Errorf("40 times POST: %v, want 10 to %.0f answered 200 and the others 429", seen, most)
	}
	if got := r.call(t, api, "GET /Prod/plantest", key); got.status != 200 {
		t.Errorf("GET beside a throttled POST: %d %s", got.status, got.body)
	}
}

// TestAPIKeysExample deploys the example and plays its README.
func TestAPIKeysExample(t *testing.T) {
	r := start(t, func(c *stagedoor.Config) { c.Definitions = []string{"examples/api-keys"} })
	a := r.next(t)
	if len(a.Problems) > 0 || len(a.Warnings) > 0 || len(a.Stages) != 1 {
		t.Fatalf("deployed: %+v", a)
	}
	const free, paid = "x-api-key: free-key-0123456789x", "x-api-key: paid-key-0123456789x"
	for i, tt := range []struct {
		what, field string
		status      int
	}{
		{"GET /prod/health", "", 200},
		{"GET /prod/quote", "", 403},
		{"GET /prod/quote", free, 200},
		{"GET /prod/quote", free, 200},
		{"GET /prod/quote", free, 200},
		{"GET /prod/quote", free, 200},
		{"GET /prod/search", free, 200},
		{"GET /prod/search", free, 429},
		{"GET /prod/search", paid, 200},
		{"GET /prod/search", paid, 200},
		{"GET /prod/search", paid, 429},
		{"GET /prod/quote", paid, 200},
	} {
		if got := r.call(t, "quotes", tt.what, tt.field); got.status != tt.status {
			t.Errorf("%d: %s %s = %d %s, want %d", i, tt.what, tt.field, got.status, got.body, tt.status)
		}
	}
}
