package stagedoor_test

import (
	"fmt"
	"net/http"
	"os"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"

	"github.com/stagedoor/stagedoor"
)

// BenchmarkControl makes control-plane calls with the AWS SDK, records of them
// and fsync included: one caller after the other, and 32 at a time. The client's
// own time counts. STAGEDOOR_ENDPOINT names a stagedoor that runs already.
func BenchmarkControl(b *testing.B) {
	r := &running{endpoint: os.Getenv("STAGEDOOR_ENDPOINT"), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
	if r.endpoint == "" {
		dir := b.TempDir()
		r.endpoint = start(b, func(c *stagedoor.Config) { c.Data, c.Quotas = dir, []string{"all=none"} }).endpoint
	}
	b.Cleanup(r.client.CloseIdleConnections)
	ctx, gw := b.Context(), apigateway.NewFromConfig(r.account())
	fail := func(err error) {
		if err != nil {
			b.Error(err)
		}
	}
	api, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("bench")})
	if err != nil {
		b.Fatal(err)
	}
	var made atomic.Int64
	newResource := func() *apigateway.CreateResourceOutput {
		out, err := gw.CreateResource(ctx, &apigateway.CreateResourceInput{
			RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String(fmt.Sprintf("r%d", made.Add(1))),
		})
		fail(err)
		return out
	}
	for range 100 {
		newResource()
	}
	one := newResource()
	for _, bench := range []struct {
		name string
		call func()
	}{
		{"GetRestApi", func() { _, err := gw.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: api.Id}); fail(err) }},
		{"GetResources100", func() {
			_, err := gw.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: api.Id, Limit: aws.Int32(100)})
			fail(err)
		}},
		{"CreateRestApi", func() {
			_, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("b")})
			fail(err)
		}},
		{"CreateResource", func() { newResource() }},
		{"UpdateResource", func() {
			_, err := gw.UpdateResource(ctx, &apigateway.UpdateResourceInput{
				RestApiId: api.Id, ResourceId: one.Id, PatchOperations: replaceOp("/pathPart", fmt.Sprintf("r%d", made.Add(1))),
			})
			fail(err)
		}},
		{"CreateResource+PutMethod", func() {
			_, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{
				RestApiId: api.Id, ResourceId: newResource().Id, HttpMethod: aws.String("GET"), AuthorizationType: aws.String("NONE"),
			})
			fail(err)
		}},
	} {
		b.Run(bench.name+"/1", func(b *testing.B) {
			for b.Loop() {
				bench.call()
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
		b.Run(bench.name+"/32", func(b *testing.B) {
			b.SetParallelism(16)
			b.RunParallel(func(p *testing.PB) {
				for p.Next() {
					bench.call()
				}
			})
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "calls/s")
		})
	}
}
