package stagedoor_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// TestStageCache gives a stage a cache with the AWS SDK, changes its settings,
// flushes it and takes it away again.
func TestStageCache(t *testing.T) {
	var calls atomic.Int32
	pause := atomic.Int64{}
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		time.Sleep(time.Duration(pause.Load()))
		_, _ = fmt.Fprintf(w, "%d %s", n, r.URL.Query().Get("type"))
	}))
	t.Cleanup(back.Close)
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api := proxyAPI(t, gw, back.URL, "method.request.querystring.type")
	stage, err := gw.CreateStage(ctx, &apigateway.CreateStageInput{
		RestApiId: &api, StageName: aws.String("prod"), DeploymentId: deploy(t, gw, api, nil),
		CacheClusterEnabled: true, CacheClusterSize: types.CacheClusterSizeSize0Point5Gb,
	})
	if err != nil || stage.CacheClusterStatus != types.CacheClusterStatusAvailable {
		t.Fatalf("CreateStage = %v, %v", stage, err)
	}
	patch := func(ops ...string) {
		t.Helper()
		var all []types.PatchOperation
		for i := 0; i < len(ops); i += 2 {
			all = append(all, replaceOp(ops[i], ops[i+1])...)
		}
		if _, err := gw.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: &api, StageName: aws.String("prod"), PatchOperations: all}); err != nil {
			t.Fatal(err)
		}
	}
	flush := func() {
		t.Helper()
		if _, err := gw.FlushStageCache(ctx, &apigateway.FlushStageCacheInput{RestApiId: &api, StageName: aws.String("prod")}); err != nil {
			t.Fatal(err)
		}
	}
	want := func(what, path, body string, fields ...string) answer {
		t.Helper()
		got := r.call(t, api, "GET /prod/"+path, fields...)
		if got.status != 200 || got.body != body {
			t.Errorf("%s: %d %q, want %q", what, got.status, got.body, body)
		}
		return got
	}
	want("no setting", "?type=a", "1 a")
	want("no setting, again", "?type=a", "2 a")
	patch("/*/*/caching/enabled", "true")
	want("cached", "?type=a", "3 a")
	want("cached, another parameter", "?type=a&x=1", "3 a")
	want("cached, another value", "?type=b", "4 b")
	first, second := want("hit", "?type=a", "3 a"), want("hit", "?type=a", "3 a")
	if a, b := first.header.Get("x-amzn-RequestId"), second.header.Get("x-amzn-RequestId"); a == b {
		t.Errorf("two requests have the id %q", a)
	}
	deploy(t, gw, api, aws.String("prod"))
	want("deployed again", "?type=a", "3 a")
	if got := want("may not", "?type=a", "3 a", "Cache-Control: max-age=0"); got.header.Get("Warning") == "" {
		t.Error("no warning")
	}
	patch("/*/*/caching/unauthorizedCacheControlHeaderStrategy", "FAIL_WITH_403")
	if got := r.call(t, api, "GET /prod/?type=a", "Cache-Control: max-age=0"); got.status != 403 || got.header.Get("x-amzn-ErrorType") != "AccessDeniedException" {
		t.Errorf("max-age=0: %+v", got)
	}
	patch("/*/*/caching/requireAuthorizationForCacheControl", "false")
	want("may", "?type=a", "5 a", "Cache-Control: max-age=0")
	want("replaced", "?type=a", "5 a")
	flush()
	want("flushed", "?type=a", "6 a")
	patch("/cacheClusterSize", "1.6")
	want("resized", "?type=a", "7 a")
	patch("/~1/GET/caching/ttlInSeconds", "0")
	want("its own setting", "?type=a", "8 a")
	patch("/~1/GET/caching/ttlInSeconds", "1")
	flush()
	want("for a second", "?type=a", "9 a")
	time.Sleep(1100 * time.Millisecond) // real time: the whole server runs on it
	want("after a second", "?type=a", "10 a")
	patch("/~1/GET/caching/ttlInSeconds", "3600")

	pause.Store(int64(200 * time.Millisecond))
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() { want("at a time", "?type=c", "11 c") })
	}
	all.Wait()
	pause.Store(0)

	patch("/cacheClusterEnabled", "false")
	want("off", "?type=a", "12 a")
	patch("/cacheClusterEnabled", "true")
	want("on again, and empty", "?type=a", "13 a")
	if _, err := gw.DeleteStage(ctx, &apigateway.DeleteStageInput{RestApiId: &api, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	var missing *types.NotFoundException
	if _, err := gw.FlushStageCache(ctx, &apigateway.FlushStageCacheInput{RestApiId: &api, StageName: aws.String("prod")}); !errors.As(err, &missing) {
		t.Errorf("FlushStageCache of no stage = %v", err)
	}
}

// proxyAPI is an API whose GET / goes to a URL, by parameters that answers are
// told apart by.
func proxyAPI(t testing.TB, gw *apigateway.Client, url string, keys ...string) (id string) {
	t.Helper()
	ctx := t.Context()
	made, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("cached")})
	if err != nil {
		t.Fatal(err)
	}
	declared := map[string]bool{}
	for _, k := range keys {
		declared[k] = false
	}
	if _, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{
		RestApiId: made.Id, ResourceId: made.RootResourceId, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE"), RequestParameters: declared,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: made.Id, ResourceId: made.RootResourceId, HttpMethod: aws.String("GET"), Type: types.IntegrationTypeHttpProxy,
		IntegrationHttpMethod: aws.String("GET"), Uri: &url, CacheKeyParameters: keys,
	}); err != nil {
		t.Fatal(err)
	}
	return *made.Id
}

// deploy deploys an API, to a stage if one is named.
func deploy(t testing.TB, gw *apigateway.Client, api string, stage *string) (deployment *string) {
	t.Helper()
	d, err := gw.CreateDeployment(t.Context(), &apigateway.CreateDeploymentInput{RestApiId: &api, StageName: stage})
	if err != nil {
		t.Fatal(err)
	}
	return d.Id
}
