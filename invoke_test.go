package stagedoor_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
)

const tried = `{"openapi":"3.0.1","info":{"title":"tried","version":"1"},"paths":{"/pets/{petId}":{"get":{
 "parameters":[{"name":"petId","in":"path","required":true}],
 "responses":{"200":{"description":"200 response"}},
 "x-amazon-apigateway-integration":{"type":"mock","requestTemplates":{"application/json":"{\"statusCode\": 200}"},
  "responses":{"default":{"statusCode":"200","responseTemplates":{"application/json":"{\"petId\": \"$input.params('petId')\", \"v\": \"$stageVariables.v\"}"}}}}}}}}`

// TestImportTryExport imports a document with the AWS SDK, tries its method
// before there is a deployment, deploys it and exports it.
func TestImportTryExport(t *testing.T) {
	r := start(t, nil)
	gw := apigateway.NewFromConfig(r.account())
	ctx := t.Context()
	a, err := gw.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(tried), Parameters: map[string]string{"basepath": "ignore"}})
	if err != nil {
		t.Fatal(err)
	}
	all, err := gw.GetResources(ctx, &apigateway.GetResourcesInput{RestApiId: a.Id})
	if err != nil {
		t.Fatal(err)
	}
	var resource *string
	for _, r := range all.Items {
		if *r.Path == "/pets/{petId}" {
			resource = r.Id
		}
	}
	got, err := gw.TestInvokeMethod(ctx, &apigateway.TestInvokeMethodInput{
		RestApiId: a.Id, ResourceId: resource, HttpMethod: aws.String("GET"), PathWithQueryString: aws.String("/pets/123"),
		StageVariables: map[string]string{"v": "w"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != 200 || *got.Body != `{"petId": "123", "v": "w"}` || got.Headers["Content-Type"] != "application/json" ||
		!strings.Contains(*got.Log, "Method completed with status: 200") {
		t.Errorf("TestInvokeMethod = %d %s %v\n%s", got.Status, *got.Body, got.Headers, *got.Log)
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: a.Id, StageName: aws.String("v1")}); err != nil {
		t.Fatal(err)
	}
	out, err := gw.GetExport(ctx, &apigateway.GetExportInput{
		RestApiId: a.Id, StageName: aws.String("v1"), ExportType: aws.String("oas30"), Parameters: map[string]string{"extensions": "integrations"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if *out.ContentDisposition != `attachment; filename="oas30_1.json"` || *out.ContentType != "application/octet-stream" {
		t.Errorf("GetExport is %s, %s", *out.ContentType, *out.ContentDisposition)
	}
	if text := string(out.Body); !strings.HasPrefix(text, "{\n  \"openapi\" : \"3.0.1\"") || !strings.Contains(text, "x-amazon-apigateway-integration") {
		t.Errorf("GetExport =\n%s", text)
	}

	// The Go SDK asks for JSON whatever it is told.
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.endpoint+"/restapis/"+*a.Id+"/stages/v1/exports/swagger", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/yaml")
	answer, err := new(http.Client).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != 200 || !strings.HasPrefix(string(text), "---\nswagger: \"2.0\"\n") ||
		answer.Header.Get("Content-Disposition") != `attachment; filename="swagger_1.yaml"` {
		t.Errorf("GetExport as YAML = %d %v %v\n%s", answer.StatusCode, answer.Header, err, text)
	}
}
