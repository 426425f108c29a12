package apigateway_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// lap is how long one call takes, the least of some.
func lap(b *testing.B, what string, call func(i int) error) {
	b.Helper()
	least := time.Hour
	for i := range 20 {
		at := time.Now()
		if err := call(i); err != nil {
			b.Fatal(err)
		}
		least = min(least, time.Since(at))
	}
	b.ReportMetric(float64(least.Nanoseconds())/1000, what+"-us")
}

// large is a service without quotas over a store in memory.
func large(b *testing.B) *apigateway.Service {
	b.Helper()
	quotas, err := apigateway.ReadQuotas([]string{"all=none"})
	if err != nil {
		b.Fatal(err)
	}
	return apigateway.New(memory(b), apigateway.Config{Quotas: quotas})
}

// BenchmarkLargeAPI is what calls cost with ten thousand resources in one API.
func BenchmarkLargeAPI(b *testing.B) {
	const resources = 10_000
	for b.Loop() {
		s, ctx := large(b), b.Context()
		a, err := s.CreateRestApi(ctx, &v1.CreateRestApiInput{Name: "large"})
		if err != nil {
			b.Fatal(err)
		}
		parent := *a.RootResourceId
		create := func(part string) (*v1.Resource, error) {
			return s.CreateResource(ctx, &v1.CreateResourceInput{RestApiId: *a.Id, ParentId: parent, PathPart: part})
		}
		at, first := time.Now(), time.Duration(0)
		for i := range resources {
			r, err := create(fmt.Sprintf("p%d", i))
			if err != nil {
				b.Fatal(err)
			}
			if i%100 == 99 {
				parent = *r.Id
			}
			if i == 999 {
				first = time.Since(at)
			}
		}
		b.ReportMetric(float64(first.Microseconds())/1000, "create-of-first-1000-us")
		b.ReportMetric(float64(time.Since(at).Microseconds())/resources, "create-us")
		var last *v1.Resources
		lap(b, "page-of-500", func(int) error {
			position := (*string)(nil)
			if last != nil {
				position = last.Position
			}
			last, err = s.GetResources(ctx, &v1.GetResourcesInput{RestApiId: *a.Id, Limit: new(int32(500)), Position: position})
			return err
		})
		lap(b, "get", func(i int) error {
			_, err := s.GetResource(ctx, &v1.GetResourceInput{RestApiId: *a.Id, ResourceId: *last.Items[i].Id})
			return err
		})
		lap(b, "create-last", func(i int) error {
			_, err := create(fmt.Sprintf("last%d", i))
			return err
		})
	}
}

// BenchmarkManyAPIs is what calls cost with a hundred thousand APIs in one store.
func BenchmarkManyAPIs(b *testing.B) {
	const apis = 100_000
	for b.Loop() {
		s, ctx := large(b), b.Context()
		at, id := time.Now(), ""
		for range apis {
			a, err := s.CreateRestApi(ctx, &v1.CreateRestApiInput{Name: "one"})
			if err != nil {
				b.Fatal(err)
			}
			id = *a.Id
		}
		b.ReportMetric(float64(time.Since(at).Microseconds())/apis, "create-us")
		var position *string
		lap(b, "page-of-25", func(int) error {
			all, err := s.GetRestApis(ctx, &v1.GetRestApisInput{Position: position})
			if err == nil {
				position = all.Position
			}
			return err
		})
		lap(b, "page-of-500", func(int) error {
			_, err := s.GetRestApis(ctx, &v1.GetRestApisInput{Limit: new(int32(500)), Position: position})
			return err
		})
		lap(b, "get", func(int) error {
			_, err := s.GetRestApi(ctx, &v1.GetRestApiInput{RestApiId: id})
			return err
		})
	}
}

// BenchmarkManyKeys is what calls cost with a hundred thousand API keys in one plan.
func BenchmarkManyKeys(b *testing.B) {
	const keys = 100_000
	for b.Loop() {
		s, ctx := large(b), b.Context()
		plan, err := s.CreateUsagePlan(ctx, &v1.CreateUsagePlanInput{Name: "p"})
		if err != nil {
			b.Fatal(err)
		}
		at := time.Now()
		for i := range keys {
			k, err := s.CreateApiKey(ctx, &v1.CreateApiKeyInput{Name: new(fmt.Sprintf("customer-%d", i)), Enabled: new(true)})
			if err != nil {
				b.Fatal(err)
			}
			_, err = s.CreateUsagePlanKey(ctx, &v1.CreateUsagePlanKeyInput{UsagePlanId: *plan.Id, KeyId: *k.Id, KeyType: "API_KEY"})
			if err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(time.Since(at).Microseconds())/keys, "create-and-add-us")
		lap(b, "page-of-25", func(int) error {
			_, err := s.GetApiKeys(ctx, &v1.GetApiKeysInput{})
			return err
		})
		lap(b, "rare-name", func(int) error {
			_, err := s.GetApiKeys(ctx, &v1.GetApiKeysInput{NameQuery: new("customer-77777")})
			return err
		})
		lap(b, "page-of-plan", func(int) error {
			_, err := s.GetUsagePlanKeys(ctx, &v1.GetUsagePlanKeysInput{UsagePlanId: *plan.Id})
			return err
		})
	}
}
