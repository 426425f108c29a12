package stagedoor_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

func asError[T error](err error, target *T) bool { return errors.As(err, target) }

func (c *caller) apis(t *testing.T) {
	ctx := t.Context()
	made := did(c.CreateRestApi(ctx, &apigateway.CreateRestApiInput{
		Name: aws.String("pets"), Description: aws.String("all pets"), Version: aws.String("v1"), BinaryMediaTypes: []string{"image/png"},
		MinimumCompressionSize: aws.Int32(1024), ApiKeySource: types.ApiKeySourceTypeAuthorizer, DisableExecuteApiEndpoint: true,
		EndpointConfiguration: &types.EndpointConfiguration{Types: []types.EndpointType{types.EndpointTypeRegional}, IpAddressType: types.IpAddressTypeDualstack},
		Tags:                  map[string]string{"team": "zoo"},
		Policy:                aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*"}]}`),
	}))(t)
	says(t, "CreateRestApi", made, `{
		"Name":"pets","Description":"all pets","Version":"v1","BinaryMediaTypes":["image/png"],"MinimumCompressionSize":1024,"ApiKeySource":"AUTHORIZER",
		"DisableExecuteApiEndpoint":true,"EndpointConfiguration":{"IpAddressType":"dualstack","Types":["REGIONAL"],"VpcEndpointIds":null},"Tags":{"team":"zoo"}}`)
	if !strings.Contains(aws.ToString(made.Policy), `\"Version\"`) {
		t.Errorf("policy = %s, want it escaped", aws.ToString(made.Policy))
	}
	readsBack(t, "GetRestApi", made, did(c.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: made.Id}))(t))

	list := did(c.GetRestApis(ctx, &apigateway.GetRestApisInput{Limit: aws.Int32(500)}))(t)
	found := false
	for _, a := range list.Items {
		if found = found || *a.Id == *made.Id; *a.Id == *made.Id {
			readsBack(t, "GetRestApis", made, a)
		}
	}
	if !found {
		t.Errorf("GetRestApis lacks %s", *made.Id)
	}

	updated := did(c.UpdateRestApi(ctx, &apigateway.UpdateRestApiInput{RestApiId: made.Id, PatchOperations: patch(
		"replace /name cats", "replace /disableExecuteApiEndpoint false", "add /binaryMediaTypes/image~1gif", "remove /binaryMediaTypes/image~1png",
	)}))(t)
	says(t, "UpdateRestApi", updated, `{"Name":"cats","DisableExecuteApiEndpoint":false,"BinaryMediaTypes":["image/gif"],"Description":"all pets"}`)
	readsBack(t, "GetRestApi after UpdateRestApi", updated, did(c.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: made.Id}))(t))

	arn := aws.String("arn:aws:apigateway:us-east-1::/restapis/" + *made.Id)
	did(c.TagResource(ctx, &apigateway.TagResourceInput{ResourceArn: arn, Tags: map[string]string{"env": "prod"}}))(t)
	says(t, "GetTags", did(c.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: arn}))(t), `{"Tags":{"team":"zoo","env":"prod"}}`)
	did(c.UntagResource(ctx, &apigateway.UntagResourceInput{ResourceArn: arn, TagKeys: []string{"team"}}))(t)
	says(t, "GetTags", did(c.GetTags(ctx, &apigateway.GetTagsInput{ResourceArn: arn}))(t), `{"Tags":{"env":"prod"}}`)

	did(c.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: made.Id}))(t)
	gone[apigateway.GetRestApiOutput](t, "GetRestApi of what was deleted")(c.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: made.Id}))
}

const petsDocument = `{"openapi":"3.0.1","info":{"title":"imported","version":"7"},"paths":{"/pets":{"get":{
	"responses":{"200":{"description":"fine"}},
	"x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\":200}"},"responses":{"default":{"statusCode":"200"}}}}}}}`

func (c *caller) documents(t *testing.T) {
	ctx := t.Context()
	made := did(c.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(petsDocument), Parameters: map[string]string{"endpointConfigurationTypes": "REGIONAL"}}))(t)
	says(t, "ImportRestApi", made, `{"Name":"imported","Version":"7","EndpointConfiguration":{"IpAddressType":"ipv4","Types":["REGIONAL"],"VpcEndpointIds":null}}`)
	readsBack(t, "GetRestApi", made, did(c.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: made.Id}))(t))

	more := strings.NewReplacer("/pets", "/dogs", "imported", "merged").Replace(petsDocument)
	put := did(c.PutRestApi(ctx, &apigateway.PutRestApiInput{RestApiId: made.Id, Mode: types.PutModeMerge, Body: []byte(more)}))(t)
	says(t, "PutRestApi", put, `{"Id":"`+*made.Id+`"}`)
	if got := c.paths(t, made.Id); got != "/ /dogs /pets" {
		t.Errorf("after merging there are %s", got)
	}
	did(c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: made.Id, StageName: aws.String("s")}))(t)

	export := did(c.GetExport(ctx, &apigateway.GetExportInput{
		RestApiId: made.Id, StageName: aws.String("s"), ExportType: aws.String("oas30"), Accepts: aws.String("application/json"),
		Parameters: map[string]string{"extensions": "integrations"},
	}))(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			Integration map[string]any `json:"x-amazon-apigateway-integration"`
		}
	}
	if err := json.Unmarshal(export.Body, &doc); err != nil || doc.Paths["/pets"]["get"].Integration["type"] != "mock" || len(doc.Paths) != 2 {
		t.Errorf("GetExport = %s, %v", export.Body, err)
	}
	says(t, "GetExport", export, `{"ContentType":"application/octet-stream"}`)

	var ids []string
	for _, k := range did(c.GetSdkTypes(ctx, &apigateway.GetSdkTypesInput{}))(t).Items {
		ids = append(ids, *k.Id)
		readsBack(t, "GetSdkType", k, did(c.GetSdkType(ctx, &apigateway.GetSdkTypeInput{Id: k.Id}))(t))
	}
	if len(ids) != 6 {
		t.Errorf("GetSdkTypes gives %s", ids)
	}
	sdk := did(c.GetSdk(ctx, &apigateway.GetSdkInput{RestApiId: made.Id, StageName: aws.String("s"), SdkType: aws.String("javascript")}))(t)
	archive, err := zip.NewReader(bytes.NewReader(sdk.Body), int64(len(sdk.Body)))
	if err != nil || len(archive.File) == 0 || !strings.HasPrefix(aws.ToString(sdk.ContentDisposition), "attachment") {
		t.Errorf("GetSdk = %d bytes, %s, %v", len(sdk.Body), aws.ToString(sdk.ContentDisposition), err)
	}
}

// paths are the paths of an API in the order that GetResources gives them.
func (c *caller) paths(t *testing.T, api *string) string {
	t.Helper()
	var all []string
	pages := apigateway.NewGetResourcesPaginator(c.Client, &apigateway.GetResourcesInput{RestApiId: api, Limit: aws.Int32(1)})
	for pages.HasMorePages() {
		page := did(pages.NextPage(t.Context()))(t)
		for _, r := range page.Items {
			all = append(all, *r.Path)
		}
	}
	return strings.Join(all, " ")
}

func (c *caller) deployments(t *testing.T) {
	ctx := t.Context()
	api, _, pets := c.newAPI(t, "deployments")
	c.mocked(t, api, pets, "GET")
	made := did(c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api, Description: aws.String("first")}))(t)
	says(t, "CreateDeployment", made, `{"Description":"first","ApiSummary":null}`)
	got := did(c.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: made.Id, Embed: []string{"apisummary"}}))(t)
	says(t, "GetDeployment", got, `{"Description":"first","ApiSummary":{"/pets":{"GET":{"ApiKeyRequired":false,"AuthorizationType":"NONE"}}}}`)
	readsBack(t, "GetDeployment", made, got, "ApiSummary")
	updated := did(c.UpdateDeployment(ctx, &apigateway.UpdateDeploymentInput{RestApiId: api, DeploymentId: made.Id, PatchOperations: patch("replace /description second")}))(t)
	says(t, "UpdateDeployment", updated, `{"Description":"second"}`)
	list := did(c.GetDeployments(ctx, &apigateway.GetDeploymentsInput{RestApiId: api}))(t)
	if len(list.Items) != 1 {
		t.Fatalf("GetDeployments gives %d", len(list.Items))
	}
	readsBack(t, "GetDeployments", updated, list.Items[0])
	did(c.DeleteDeployment(ctx, &apigateway.DeleteDeploymentInput{RestApiId: api, DeploymentId: made.Id}))(t)
	gone[apigateway.GetDeploymentOutput](t, "GetDeployment of what was deleted")(c.GetDeployment(ctx, &apigateway.GetDeploymentInput{RestApiId: api, DeploymentId: made.Id}))
}

func (c *caller) stages(t *testing.T) {
	ctx, name := t.Context(), aws.String("prod")
	api, _, pets := c.newAPI(t, "stages")
	c.mocked(t, api, pets, "GET")
	d := did(c.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api}))(t)
	made := did(c.CreateStage(ctx, &apigateway.CreateStageInput{
		RestApiId: api, StageName: name, DeploymentId: d.Id, Description: aws.String("live"), TracingEnabled: true,
		CacheClusterEnabled: true, CacheClusterSize: types.CacheClusterSizeSize0Point5Gb, Variables: map[string]string{"color": "red"}, Tags: map[string]string{"a": "b"},
		CanarySettings: &types.CanarySettings{PercentTraffic: 12.5, DeploymentId: d.Id, UseStageCache: true, StageVariableOverrides: map[string]string{"color": "blue"}},
	}))(t)
	says(t, "CreateStage", made, `{"StageName":"prod","Description":"live","TracingEnabled":true,"CacheClusterEnabled":true,"CacheClusterSize":"0.5","Variables":{"color":"red"},
		"DeploymentId":"`+*d.Id+`","CanarySettings":{"PercentTraffic":12.5,"DeploymentId":"`+*d.Id+`","UseStageCache":true,"StageVariableOverrides":{"color":"blue"}}}`)
	readsBack(t, "GetStage", made, did(c.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: name}))(t), "CacheClusterStatus")
	updated := did(c.UpdateStage(ctx, &apigateway.UpdateStageInput{RestApiId: api, StageName: name, PatchOperations: patch(
		"replace /variables/color green", "replace /*/*/throttling/rateLimit 5.5", "replace /~1pets/GET/caching/ttlInSeconds 60", "remove /canarySettings",
	)}))(t)
	says(t, "UpdateStage", updated, `{"Variables":{"color":"green"},"CanarySettings":null}`)
	if s := updated.MethodSettings["*/*"]; s.ThrottlingRateLimit != 5.5 || updated.MethodSettings["~1pets/GET"].CacheTtlInSeconds != 60 {
		t.Errorf("UpdateStage: method settings %+v", updated.MethodSettings)
	}
	did(c.FlushStageCache(ctx, &apigateway.FlushStageCacheInput{RestApiId: api, StageName: name}))(t)
	did(c.FlushStageAuthorizersCache(ctx, &apigateway.FlushStageAuthorizersCacheInput{RestApiId: api, StageName: name}))(t)
	list := did(c.GetStages(ctx, &apigateway.GetStagesInput{RestApiId: api, DeploymentId: d.Id}))(t)
	if len(list.Item) != 1 {
		t.Fatalf("GetStages gives %d", len(list.Item))
	}
	readsBack(t, "GetStages", updated, list.Item[0], "CacheClusterStatus")
	did(c.DeleteStage(ctx, &apigateway.DeleteStageInput{RestApiId: api, StageName: name}))(t)
	gone[apigateway.GetStageOutput](t, "GetStage of what was deleted")(c.GetStage(ctx, &apigateway.GetStageInput{RestApiId: api, StageName: name}))
}
