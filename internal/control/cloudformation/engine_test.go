package cloudformation_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/control/cloudformation"
	"github.com/stagedoor/stagedoor/internal/control/iam"
	clambda "github.com/stagedoor/stagedoor/internal/control/lambda"
	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/store/sqlite"
	model "github.com/stagedoor/stagedoor/internal/wire/apigateway"
	iammodel "github.com/stagedoor/stagedoor/internal/wire/iam"
	lambdamodel "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// bench is a control plane in this process, with an engine on it.
type bench struct {
	engine  *cloudformation.Engine
	control *control.Server
	calls   []string // operations called since the last look
	after   func()   // called when one has been carried out; may be nil
}

func (b *bench) Call(ctx context.Context, service, operation string, in any) (any, error) {
	b.calls = append(b.calls, operation)
	if b.after != nil {
		defer b.after()
	}
	return b.control.Call(ctx, service, operation, in)
}

// host takes definitions and runs nothing: these tests are about resources.
type host struct{}

func (host) Define(lambda.Definition) error { return nil }
func (host) Remove(string)                  {}
func (host) Invoke(context.Context, lambda.Call) (*lambda.Result, error) {
	return nil, lambda.ErrNoFunction
}

func newBench(t *testing.T) *bench {
	t.Helper()
	st, err := sqlite.Open(t.Context(), sqlite.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	return benchOn(t, st)
}

func benchOn(t *testing.T, st store.Store) *bench {
	t.Helper()
	functions := clambda.New(clambda.Config{Store: st, Host: host{}, Dir: t.TempDir()})
	if err := functions.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	server, err := control.New(control.Config{
		Account: "000000000000", Region: "us-east-1", Log: slog.New(slog.DiscardHandler),
		Services: []control.Service{
			{Table: model.Table(), Handlers: apigateway.New(st, apigateway.Config{}).Handlers()},
			{Table: lambdamodel.Table(), Handlers: functions.LocalHandlers()},
			{Table: iammodel.Table(), Handlers: iam.New(st, iam.Config{}).Handlers()},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	b := &bench{control: server}
	b.engine = cloudformation.New(cloudformation.Config{
		Store: st, Control: b, Account: "000000000000", Region: "us-east-1", Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	return b
}

type files struct{ dir string }

func (f files) ReadFile(name string) ([]byte, error) { return os.ReadFile(filepath.Join(f.dir, name)) }

func (b *bench) deploy(t *testing.T, dir, template string) *cloudformation.Result {
	t.Helper()
	r, err := b.engine.Deploy(t.Context(), cloudformation.Request{
		Stack: "shop", Source: cfn.Source{Name: "template.yaml", Text: []byte(template)}, Dir: dir, Files: files{dir},
	})
	if err != nil {
		t.Fatalf("deploy: %v", err)
	}
	if len(r.Problems) > 0 {
		t.Fatalf("deploy: %v", r.Problems)
	}
	return r
}

const shop = `
Resources:
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties: {Name: shop, Description: first, Tags: [{Key: "stagedoor:id", Value: shop}]}
  Hello:
    Type: AWS::ApiGateway::Resource
    Properties: {RestApiId: !Ref Api, ParentId: !GetAtt Api.RootResourceId, PathPart: hello}
  HelloGet:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !Ref Hello
      HttpMethod: GET
      AuthorizationType: NONE
      MethodResponses: [{StatusCode: 200}]
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses: [{StatusCode: 200, ResponseTemplates: {application/json: '"one"'}}]
  Live:
    Type: AWS::ApiGateway::Deployment
    DependsOn: HelloGet
    Properties: {RestApiId: !Ref Api}
  Stage:
    Type: AWS::ApiGateway::Stage
    Properties:
      RestApiId: !Ref Api
      StageName: prod
      DeploymentId: !Ref Live
      Variables: {color: red, size: xl}
      MethodSettings: [{ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: 5.5}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: fn
      AssumeRolePolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Principal: {Service: lambda.amazonaws.com}, Action: "sts:AssumeRole"}]}
      Policies: [{PolicyName: p, PolicyDocument: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:*", Resource: "*"}]}}]
      ManagedPolicyArns: [arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]
  Fn:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.12, Handler: index.handler, Role: !GetAtt Role.Arn, Code: {ZipFile: "def handler(e, c): return 1"}}
  May:
    Type: AWS::Lambda::Permission
    Properties: {FunctionName: !Ref Fn, Action: "lambda:InvokeFunction", Principal: apigateway.amazonaws.com, SourceArn: !Sub "arn:aws:execute-api:us-east-1:000000000000:${Api}/*"}
  Queue:
    Type: AWS::SQS::Queue
Outputs:
  Fn: {Value: !GetAtt Fn.Arn}
  Queue: {Value: !GetAtt Queue.Arn}
`

func TestDeploy(t *testing.T) {
	b := newBench(t)
	r := b.deploy(t, t.TempDir(), shop)
	if r.Stack.Status != "CREATE_COMPLETE" || len(r.Stack.Resources) != 9 {
		t.Errorf("stack = %s with %d resources, want CREATE_COMPLETE with 9", r.Stack.Status, len(r.Stack.Resources))
	}
	if len(r.Warnings) != 1 || !strings.Contains(r.Warnings[0].Message, "AWS::SQS::Queue is not made here") || r.Warnings[0].Line == 0 {
		t.Errorf("warnings = %v, want one about the queue, with its line", r.Warnings)
	}
	stage := get[model.Stage](t, b, "apigateway", "GetStage", &model.GetStageInput{RestApiId: "shop", StageName: "prod"})
	if stage.Variables["color"] != "red" || *stage.MethodSettings["*/*"].ThrottlingRateLimit != 5.5 {
		t.Errorf("stage = %+v", stage)
	}

	// the same again touches nothing
	b.calls = nil
	if r := b.deploy(t, t.TempDir(), shop); r.Changed != 0 || len(b.calls) != 0 {
		t.Errorf("second deploy changed %d resources with %v, want none", r.Changed, b.calls)
	}

	// a change touches what changed; what went is deleted
	changed := strings.NewReplacer(
		"Description: first", "Description: second", `'"one"'`, `'"two"'`, "color: red, size: xl", "color: blue",
		"  Live:", "  Live2:", "!Ref Live", "!Ref Live2", "ThrottlingRateLimit: 5.5", "ThrottlingRateLimit: 6",
	).Replace(shop)
	b.calls = nil
	r = b.deploy(t, t.TempDir(), changed)
	if r.Stack.Status != "UPDATE_COMPLETE" {
		t.Errorf("status = %s", r.Stack.Status)
	}
	for _, op := range []string{"UpdateRestApi", "PutMethod", "CreateDeployment", "UpdateStage", "DeleteDeployment"} {
		if !slices.Contains(b.calls, op) {
			t.Errorf("calls = %v, want %s among them", b.calls, op)
		}
	}
	for _, op := range []string{"CreateFunction", "UpdateFunctionConfiguration", "CreateRole", "CreateResource"} {
		if slices.Contains(b.calls, op) {
			t.Errorf("calls = %v: %s was not needed", b.calls, op)
		}
	}
	stage = get[model.Stage](t, b, "apigateway", "GetStage", &model.GetStageInput{RestApiId: "shop", StageName: "prod"})
	if _, kept := stage.Variables["size"]; kept || stage.Variables["color"] != "blue" {
		t.Errorf("variables = %v, want color blue alone", stage.Variables)
	}

	if err := b.engine.Delete(t.Context(), "shop"); err != nil {
		t.Fatal(err)
	}
	apis := get[model.RestApis](t, b, "apigateway", "GetRestApis", &model.GetRestApisInput{})
	roles := get[iammodel.ListRolesResponse](t, b, "iam", "ListRoles", &iammodel.ListRolesInput{})
	if len(apis.Items) != 0 || len(roles.Roles) != 0 {
		t.Errorf("after delete: %d APIs, %d roles", len(apis.Items), len(roles.Roles))
	}
}

// TestRollback: a deployment that fails leaves what was there before.
func TestRollback(t *testing.T) {
	b := newBench(t)
	b.deploy(t, t.TempDir(), shop)
	broken := strings.NewReplacer("Description: first", "Description: second", "PathPart: hello", "PathPart: 'hel lo'").Replace(shop)
	_, err := b.engine.Deploy(t.Context(), cloudformation.Request{Stack: "shop", Source: cfn.Source{Name: "t.yaml", Text: []byte(broken)}})
	if err == nil || !strings.Contains(err.Error(), "t.yaml:") || !strings.Contains(err.Error(), "Resource's path part only allow") {
		t.Errorf("deploy = %v, want AWS's text with the place", err)
	}
	a := get[model.RestApi](t, b, "apigateway", "GetRestApi", &model.GetRestApiInput{RestApiId: "shop"})
	if *a.Description != "first" {
		t.Errorf("description = %q after the rollback, want first", *a.Description)
	}
	if r := b.deploy(t, t.TempDir(), shop); r.Stack.Status != "UPDATE_COMPLETE" {
		t.Errorf("status = %s after the next deployment", r.Stack.Status)
	}

	fresh := newBench(t)
	if _, err := fresh.engine.Deploy(t.Context(), cloudformation.Request{Stack: "shop", Source: cfn.Source{Text: []byte(broken)}}); err == nil {
		t.Error("deploy of a broken template succeeded")
	}
	if apis := get[model.RestApis](t, fresh, "apigateway", "GetRestApis", &model.GetRestApisInput{}); len(apis.Items) != 0 {
		t.Errorf("a first deployment that failed left %d APIs", len(apis.Items))
	}
}

// TestProblems: what can be seen in the template stops a deployment before
// anything is called.
func TestProblems(t *testing.T) {
	b := newBench(t)
	r, err := b.engine.Deploy(t.Context(), cloudformation.Request{Stack: "s", Source: cfn.Source{Name: "t.yaml", Text: []byte(
		"Resources:\n  A:\n    Type: AWS::Nothing::There\n  B:\n    Type: AWS::Nothing::Here\n")}})
	if err != nil || len(r.Problems) < 2 {
		t.Fatalf("deploy = %v, %v, want both problems", r.Problems, err)
	}
	text := fmt.Sprint(r.Problems)
	if !strings.Contains(text, "t.yaml:3:") || !strings.Contains(text, "t.yaml:5:") || !strings.Contains(text, "AWS::Nothing::Here") {
		t.Errorf("problems = %s, want places and the type", text)
	}
	if len(b.calls) != 0 {
		t.Errorf("calls = %v, want none", b.calls)
	}
}

// TestFolderCode: a changed file of a function is a change of the function.
func TestFolderCode(t *testing.T) {
	b, dir := newBench(t), t.TempDir()
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("fn/index.py", "def handler(e, c): return 1")
	const template = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Fn:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.12, Handler: index.handler, CodeUri: fn/, Events: {E: {Type: Api, Properties: {Path: /x, Method: get}}}}
`
	b.deploy(t, dir, template)
	b.calls = nil
	if r := b.deploy(t, dir, template); r.Changed != 0 {
		t.Errorf("nothing changed, but %v", b.calls)
	}
	write("fn/index.py", "def handler(e, c): return 22")
	b.deploy(t, dir, template)
	if !slices.Contains(b.calls, "UpdateFunctionCode") {
		t.Errorf("calls = %v, want UpdateFunctionCode", b.calls)
	}
}

func get[O any](t *testing.T, b *bench, service, operation string, in any) *O {
	t.Helper()
	out, err := b.control.Call(t.Context(), service, operation, in)
	if err != nil {
		t.Fatalf("%s: %v", operation, err)
	}
	return out.(*O)
}
