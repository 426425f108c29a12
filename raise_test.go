package stagedoor_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"

	"github.com/stagedoor/stagedoor"
)

// sized is a REGIONAL API over an HTTP back end that says how much it got, with
// tags.
func sized(t *testing.T, gw *apigateway.Client, url string, tags map[string]string) string {
	t.Helper()
	ctx := t.Context()
	api, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{
		Name: aws.String("sized"), Tags: tags, EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}},
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("POST"), AuthorizationType: aws.String("NONE")}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutMethodResponse(ctx, &apigateway.PutMethodResponseInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("POST"), StatusCode: aws.String("200")}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("POST"), Type: types.IntegrationTypeHttp,
		IntegrationHttpMethod: aws.String("POST"), Uri: &url,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.PutIntegrationResponse(ctx, &apigateway.PutIntegrationResponseInput{RestApiId: api.Id, ResourceId: api.RootResourceId, HttpMethod: aws.String("POST"), StatusCode: aws.String("200")}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("prod")}); err != nil {
		t.Fatal(err)
	}
	return *api.Id
}

// TestLimits: an API is held to AWS's limits, to those of its tags, or to the
// operator's; a tag goes no further than the operator lets it.
func TestLimits(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b bytes.Buffer
		n, _ := b.ReadFrom(r.Body)
		_, _ = w.Write([]byte(strconv.FormatInt(n, 10)))
	}))
	t.Cleanup(back.Close)
	const mb = 1 << 20
	for _, tt := range []struct {
		name  string
		given []string
		tags  map[string]string
		most  int // bytes of a body
	}{
		{"as on AWS", nil, nil, 10 * mb},
		{"by tag", nil, map[string]string{"stagedoor:limit:payload": "12MB"}, 12 * mb},
		{"less, by tag", nil, map[string]string{"stagedoor:limit:payload": "1000"}, 1000},
		{"by the operator", []string{"payload=11MB"}, nil, 11 * mb},
		{"no further than the operator lets it", []string{"payload=2MB..3MB"}, map[string]string{"stagedoor:limit:payload": "12MB"}, 3 * mb},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := start(t, func(c *stagedoor.Config) { c.Limits = tt.given })
			gw := apigateway.NewFromConfig(r.account())
			api := sized(t, gw, back.URL, tt.tags)
			if got := r.call(t, api, "POST /prod/ "+strings.Repeat("x", tt.most)); got.status != 200 || got.body != strconv.Itoa(tt.most) {
				t.Errorf("%d bytes: %d %s", tt.most, got.status, got.body)
			}
			got := r.call(t, api, "POST /prod/ "+strings.Repeat("x", tt.most+1))
			if got.status != 413 || got.body != `{"message":"Request Too Long"}` {
				t.Errorf("%d bytes: %d %s, want 413", tt.most+1, got.status, got.body)
			}
		})
	}
}

// TestLongTimeout: a tag lets an integration take longer than 29 s, at once, and
// AWS's refusal comes back when it is gone.
func TestLongTimeout(t *testing.T) {
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api := sized(t, gw, "http://127.0.0.1:1/", nil)
	arn := aws.String("arn:aws:apigateway:us-east-1::/restapis/" + api)
	root, err := gw.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: &api})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(d time.Duration) error {
		_, err := gw.UpdateIntegration(ctx, &apigateway.UpdateIntegrationInput{
			RestApiId: &api, ResourceId: root.Items[0].Id, HttpMethod: aws.String("POST"), PatchOperations: replaceOp("/timeoutInMillis", strconv.FormatInt(d.Milliseconds(), 10)),
		})
		return err
	}
	const refused = "Timeout should be between 50 ms and "
	if err := ask(30 * time.Second); err == nil || !strings.Contains(err.Error(), refused+"29000 ms") {
		t.Errorf("30 s without a tag: %v", err)
	}
	if _, err := gw.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"stagedoor:limit:timeout": "2m"}}); err != nil {
		t.Fatal(err)
	}
	if err := ask(2 * time.Minute); err != nil {
		t.Errorf("2 min with a tag: %v", err)
	}
	if err := ask(2*time.Minute + time.Millisecond); err == nil || !strings.Contains(err.Error(), refused+"120000 ms") {
		t.Errorf("more than 2 min with a tag: %v", err)
	}
	if _, err := gw.UntagResource(ctx, &apigateway.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"stagedoor:limit:timeout"}}); err != nil {
		t.Fatal(err)
	}
	if err := ask(30 * time.Second); err == nil || !strings.Contains(err.Error(), refused+"29000 ms") {
		t.Errorf("30 s without a tag again: %v", err)
	}
}

// TestLimitsConfig: a limit that is none is told before anything starts.
func TestLimitsConfig(t *testing.T) {
	cfg := stagedoor.Default()
	cfg.Limits = []string{"payload=20MB", "wishes=3"}
	if _, err := stagedoor.New(cfg); err == nil || !strings.Contains(err.Error(), `limit "wishes" is not known`) {
		t.Errorf("New = %v", err)
	}
}
