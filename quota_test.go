package stagedoor_test

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/stagedoor/stagedoor"
)

// TestQuota: a full quota is AWS's error to Amazon's client, and what the
// operator raised is not full.
func TestQuota(t *testing.T) {
	r := start(t, func(c *stagedoor.Config) { c.Quotas = []string{"usage-plans=1", "edge-apis=none"} })
	gw := apigateway.NewFromConfig(r.account(), func(o *apigateway.Options) { o.RetryMaxAttempts = 1 })
	if _, err := gw.CreateUsagePlan(t.Context(), &apigateway.CreateUsagePlanInput{Name: new("one")}); err != nil {
		t.Fatal(err)
	}
	_, err := gw.CreateUsagePlan(t.Context(), &apigateway.CreateUsagePlanInput{Name: new("two")})
	var full *types.LimitExceededException
	if !errors.As(err, &full) || full.RetryAfterSeconds == nil {
		t.Errorf("a second plan: %v, want a LimitExceededException with Retry-After", err)
	}
	for range 125 {
		if _, err := gw.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: new("a")}); err != nil {
			t.Fatal(err)
		}
	}
	c := stagedoor.Default()
	c.Quotas = []string{"stags=1"}
	if err := c.Check(); err == nil {
		t.Error("a quota that is none is taken")
	}
}
