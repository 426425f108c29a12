package stagedoor_test

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
)

// keyedAPI has a method that needs a key, with a parameter.
const keyedAPI = `{"openapi": "3.0.1", "info": {"title": "keyed", "version": "1"}, "paths": {"/pets/{petId}": {"get": {
  "security": [{"api_key": []}],
  "parameters": [{"name": "petId", "in": "path", "required": true, "schema": {"type": "string"}},
    {"name": "kind", "in": "query", "required": true, "schema": {"type": "string"}}],
  "responses": {"200": {"description": "ok"}},
  "x-amazon-apigateway-request-validator": "params",
  "x-amazon-apigateway-integration": {"type": "mock", "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
    "responses": {"default": {"statusCode": "200", "responseTemplates": {
      "application/json": "{\"id\": \"$input.params('petId')\", \"kind\": \"$input.params('kind')\"}"}}}}}}},
  "x-amazon-apigateway-request-validators": {"params": {"validateRequestBody": false, "validateRequestParameters": true}},
  "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}}`

const useClient = `
const client = require(process.argv[2]).newClient({apiKey: process.argv[3], maxRetries: 0});
const without = require(process.argv[2]).newClient({maxRetries: 0});
client.petsPetIdGet({petId: 'a7', kind: 'x y'}).then((a) => {
  console.log(a.status, JSON.stringify(a.data));
  return without.petsPetIdGet({petId: '7', kind: 'x'});
}).catch((err) => console.log(err.response.status, JSON.stringify(err.response.data)));`

// TestGeneratedClient deploys an API, gets its client and calls it with that:
// the client knows where the stage answers.
func TestGeneratedClient(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip(err)
	}
	r := start(t, nil)
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	api, err := gw.ImportRestApi(ctx, &apigateway.ImportRestApiInput{Body: []byte(keyedAPI)})
	if err != nil {
		t.Fatal(err)
	}
	stage := "v1"
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: &stage}); err != nil {
		t.Fatal(err)
	}
	key := r.keyFor(t, *api.Id, stage)
	kind := "javascript"
	made, err := gw.GetSdk(ctx, &apigateway.GetSdkInput{RestApiId: api.Id, StageName: &stage, SdkType: &kind})
	if err != nil {
		t.Fatal(err)
	}
	if got := *made.ContentDisposition; !strings.HasPrefix(got, `attachment; filename="javascript_`) {
		t.Errorf("Content-Disposition = %s", got)
	}
	dir := t.TempDir()
	extract(t, dir, made.Body)
	use := filepath.Join(dir, "use.js")
	if err := os.WriteFile(use, []byte(useClient), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	out, err := exec.CommandContext(ctx, node, use, filepath.Join(dir, "apiGateway-js-sdk"), key).CombinedOutput()
	const want = `200 {"id":"a7","kind":"x y"}
403 {"message":"Forbidden"}
`
	if err != nil || string(out) != want {
		t.Errorf("node: %v: %s, want %s", err, out, want)
	}
}

// keyFor is a key whose plan has the stage.
func (r *running) keyFor(t *testing.T, apiID, stage string) string {
	t.Helper()
	ctx, gw := t.Context(), apigateway.NewFromConfig(r.account())
	name, keyType := "mine", "API_KEY"
	key, err := gw.CreateApiKey(ctx, &apigateway.CreateApiKeyInput{Name: &name, Enabled: true})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := gw.CreateUsagePlan(ctx, &apigateway.CreateUsagePlanInput{Name: &name, ApiStages: []types.ApiStage{{ApiId: &apiID, Stage: &stage}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateUsagePlanKey(ctx, &apigateway.CreateUsagePlanKeyInput{UsagePlanId: plan.Id, KeyId: key.Id, KeyType: &keyType}); err != nil {
		t.Fatal(err)
	}
	return *key.Value
}

// extract puts an archive's files into a folder.
func extract(t *testing.T, dir string, archive []byte) {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
