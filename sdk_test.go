package stagedoor_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	agtypes "github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

// account is a client's configuration that reaches r.
func (r *running) account() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &r.endpoint, HTTPClient: r.client,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", ""),
	}
}

// TestSDK builds an API with a function from nothing, deploys it, calls it,
// changes it and deletes it, with the AWS SDK as the client.
func TestSDK(t *testing.T) {
	need(t, "python3")
	r := start(t, nil)
	ctx, cfg := t.Context(), r.account()
	gw, fn := apigateway.NewFromConfig(cfg), lambda.NewFromConfig(cfg)

	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil || *who.Account != "000000000000" {
		t.Fatalf("GetCallerIdentity = %v, %v", who, err)
	}
	role, err := iam.NewFromConfig(cfg).CreateRole(ctx, &iam.CreateRoleInput{
		RoleName:                 aws.String("fn"),
		AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
	})
	if err != nil {
		t.Fatal(err)
	}
	f, err := fn.CreateFunction(ctx, &lambda.CreateFunctionInput{
		FunctionName: aws.String("echo"), Runtime: lambdatypes.RuntimePython312, Handler: aws.String("app.handler"), Role: role.Role.Arn,
		Code: &lambdatypes.FunctionCode{ZipFile: zipped(t, "app.py", "def handler(e, c):\n    return {'statusCode': 200, 'body': e['httpMethod'] + ' ' + e['path']}\n")},
	})
	if err != nil {
		t.Fatal(err)
	}
	api, err := gw.CreateRestApi(ctx, &apigateway.CreateRestApiInput{Name: aws.String("echo")})
	if err != nil {
		t.Fatal(err)
	}
	res, err := gw.CreateResource(ctx, &apigateway.CreateResourceInput{RestApiId: api.Id, ParentId: api.RootResourceId, PathPart: aws.String("{proxy+}")})
	if err != nil {
		t.Fatal(err)
	}
	any := aws.String("ANY")
	if _, err := gw.PutMethod(ctx, &apigateway.PutMethodInput{RestApiId: api.Id, ResourceId: res.Id, HttpMethod: any, AuthorizationType: aws.String("NONE")}); err != nil {
		t.Fatal(err)
	}
	uri := "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + *f.FunctionArn + "/invocations"
	if _, err := gw.PutIntegration(ctx, &apigateway.PutIntegrationInput{
		RestApiId: api.Id, ResourceId: res.Id, HttpMethod: any, Type: agtypes.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"), Uri: &uri,
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := fn.AddPermission(ctx, &lambda.AddPermissionInput{
		FunctionName: f.FunctionName, StatementId: aws.String("gw"), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String("arn:aws:execute-api:us-east-1:000000000000:" + *api.Id + "/*"),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := gw.CreateDeployment(ctx, &apigateway.CreateDeploymentInput{RestApiId: api.Id, StageName: aws.String("v1")}); err != nil {
		t.Fatal(err)
	}
	if got := r.call(t, *api.Id, "POST /v1/a/b {}"); got.body != "POST /a/b" {
		t.Errorf("POST /a/b = %d %q", got.status, got.body)
	}

	// new code is what the next request gets
	if _, err := fn.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{
		FunctionName: f.FunctionName, ZipFile: zipped(t, "app.py", "def handler(e, c):\n    return {'statusCode': 201, 'body': 'new'}\n"),
	}); err != nil {
		t.Fatal(err)
	}
	if got := r.call(t, *api.Id, "GET /v1/x"); got.status != 201 || got.body != "new" {
		t.Errorf("after UpdateFunctionCode: %d %q", got.status, got.body)
	}
	out, err := fn.Invoke(ctx, &lambda.InvokeInput{FunctionName: f.FunctionName, LogType: lambdatypes.LogTypeTail, Payload: []byte(`{}`)})
	if err != nil || string(out.Payload) != `{"statusCode": 201, "body": "new"}` || out.LogResult == nil {
		t.Errorf("Invoke = %s, %v", out.Payload, err)
	}

	if _, err := gw.DeleteRestApi(ctx, &apigateway.DeleteRestApiInput{RestApiId: api.Id}); err != nil {
		t.Fatal(err)
	}
	if got := r.call(t, *api.Id, "GET /v1/x"); got.status != 404 {
		t.Errorf("a deleted API answers %d %q", got.status, got.body)
	}
	var missing *agtypes.NotFoundException
	if _, err := gw.GetRestApi(ctx, &apigateway.GetRestApiInput{RestApiId: api.Id}); !errors.As(err, &missing) {
		t.Errorf("GetRestApi = %v, want NotFoundException", err)
	}
}

// TestUnbuilt: an operation that is not built says so, by name, in the form of
// its protocol.
func TestUnbuilt(t *testing.T) {
	r := start(t, nil)
	_, err := cloudwatch.NewFromConfig(r.account()).ListDashboards(t.Context(), &cloudwatch.ListDashboardsInput{})
	var e smithy.APIError
	if !errors.As(err, &e) || !bytes.Contains([]byte(e.ErrorMessage()), []byte("ListDashboards")) {
		t.Errorf("ListDashboards = %v, want an error of the service that names it", err)
	}
}

// zipped is an archive with one file.
func zipped(t testing.TB, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
