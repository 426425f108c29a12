package guard

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control"
	"github.com/stagedoor/stagedoor/internal/identity"
	"github.com/stagedoor/stagedoor/internal/wire"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewaymanagementapi"
	"github.com/stagedoor/stagedoor/internal/wire/apigatewayv2"
	"github.com/stagedoor/stagedoor/internal/wire/cloudformation"
	"github.com/stagedoor/stagedoor/internal/wire/cloudwatch"
	"github.com/stagedoor/stagedoor/internal/wire/iam"
	"github.com/stagedoor/stagedoor/internal/wire/lambda"
	"github.com/stagedoor/stagedoor/internal/wire/logs"
	"github.com/stagedoor/stagedoor/internal/wire/sts"
)

func testGuard() *Guard {
	return New(Config{Book: identity.New(identity.Config{}), Account: "111122223333", Region: "eu-west-1"})
}

// needsOf is what an operation with an input needs, as "action resource".
func needsOf(t testing.TB, table *wire.Service, name string, input any, labels ...string) string {
	t.Helper()
	op := table.Operation(name)
	if op == nil {
		t.Fatalf("%s has no operation %s", table.Name, name)
	}
	in := &control.Incoming{HTTP: httptest.NewRequest(http.MethodPost, "http://abc.execute-api.eu-west-1.amazonaws.com/prod/@connections/X", nil), Service: table, Operation: op, Labels: labels}
	var all []string
	for _, n := range testGuard().needs(in, control.Caller{ARN: "arn:aws:iam::111122223333:user/me"}, value{input}) {
		all = append(all, n.action+" "+n.resource)
	}
	return strings.Join(all, ", ")
}

func TestNeeds(t *testing.T) {
	const gw = "arn:aws:apigateway:eu-west-1::"
	const fn = "arn:aws:lambda:eu-west-1:111122223333:function:f"
	for _, tt := range []struct {
		table  *wire.Service
		op     string
		input  any
		labels []string
		want   string
	}{
		{apigateway.Table(), "GetRestApi", nil, []string{"a1"}, "apigateway:GET " + gw + "/restapis/a1"},
		{apigateway.Table(), "GetIntegration", nil, []string{"a1", "r1", "GET"}, "apigateway:GET " + gw + "/restapis/a1/resources/r1/methods/GET/integration"},
		{apigateway.Table(), "ImportRestApi", &apigateway.ImportRestApiInput{Body: []byte(`{}`)}, nil, "apigateway:POST " + gw + "/restapis"},
		{apigateway.Table(), "ImportRestApi", &apigateway.ImportRestApiInput{Body: []byte(`{"x-amazon-apigateway-policy":{}}`)}, nil, "apigateway:POST " + gw + "/restapis, apigateway:UpdateRestApiPolicy " + gw + "/restapis"},
		{apigateway.Table(), "ImportRestApi", &apigateway.ImportRestApiInput{Body: []byte(`{"x-\u0061mazon-apigateway-policy":{}}`)}, nil, "apigateway:POST " + gw + "/restapis, apigateway:UpdateRestApiPolicy " + gw + "/restapis"},
		{apigateway.Table(), "ImportRestApi", &apigateway.ImportRestApiInput{Body: []byte(`{"credentials":"arn:aws:iam::111122223333:role\/a/b", "x": "arn:aws:iam::111122223333:role/c"}`)}, nil, "apigateway:POST " + gw + "/restapis, iam:PassRole arn:aws:iam::111122223333:role/a/b, iam:PassRole arn:aws:iam::111122223333:role/c"},
		{apigateway.Table(), "ImportRestApi", &apigateway.ImportRestApiInput{Body: []byte("info: {title: \"\\x61\"}")}, nil, "apigateway:POST " + gw + "/restapis, apigateway:UpdateRestApiPolicy " + gw + "/restapis, iam:PassRole *"},
		{apigateway.Table(), "CreateRestApi", &apigateway.CreateRestApiInput{CloneFrom: new("a1")}, nil, "apigateway:POST " + gw + "/restapis, apigateway:GET " + gw + "/restapis/a1"},
		{apigateway.Table(), "UpdateRestApi", &apigateway.UpdateRestApiInput{PatchOperations: []apigateway.PatchOperation{{Path: new("/policy")}}}, []string{"a1"}, "apigateway:PATCH " + gw + "/restapis/a1, apigateway:UpdateRestApiPolicy " + gw + "/restapis/a1"},
		{apigateway.Table(), "PutIntegration", &apigateway.PutIntegrationInput{Credentials: new("arn:aws:iam::111122223333:role/r")}, []string{"a1", "r1", "GET"}, "apigateway:PUT " + gw + "/restapis/a1/resources/r1/methods/GET/integration, iam:PassRole arn:aws:iam::111122223333:role/r"},
		{apigateway.Table(), "GetTags", nil, []string{gw + "/restapis/a1"}, "apigateway:GET " + gw + "/tags/arn%3Aaws%3Aapigateway%3Aeu-west-1%3A%3A%2Frestapis%2Fa1"},
		{apigatewayv2.Table(), "GetRoute", nil, []string{"a1", "r1"}, "apigateway:GET " + gw + "/apis/a1/routes/r1"},
		{apigatewaymanagementapi.Table(), "PostToConnection", nil, []string{"X"}, "execute-api:ManageConnections arn:aws:execute-api:eu-west-1:111122223333:abc/prod/POST/@connections/X"},
		{lambda.Table(), "Invoke", &lambda.InvokeInput{FunctionName: "f"}, nil, "lambda:InvokeFunction " + fn},
		{lambda.Table(), "Invoke", &lambda.InvokeInput{FunctionName: "f", Qualifier: new("live")}, nil, "lambda:InvokeFunction " + fn + ":live"},
		{lambda.Table(), "Invoke", &lambda.InvokeInput{FunctionName: "f:live"}, nil, "lambda:InvokeFunction " + fn + ":live"},
		{lambda.Table(), "GetFunction", &lambda.GetFunctionInput{FunctionName: "111122223333:function:f"}, nil, "lambda:GetFunction " + fn},
		{lambda.Table(), "GetFunction", &lambda.GetFunctionInput{FunctionName: "111122223333:f"}, nil, "lambda:GetFunction " + fn},
		{lambda.Table(), "GetFunction", &lambda.GetFunctionInput{FunctionName: "eu-west-1:111122223333:function:f"}, nil, "lambda:GetFunction " + fn},
		{lambda.Table(), "GetFunction", &lambda.GetFunctionInput{FunctionName: fn}, nil, "lambda:GetFunction " + fn},
		{lambda.Table(), "CreateFunction", &lambda.CreateFunctionInput{FunctionName: "f", Role: "arn:aws:iam::1:role/r"}, nil, "lambda:CreateFunction " + fn + ", iam:PassRole arn:aws:iam::1:role/r"},
		{lambda.Table(), "ListFunctions", &lambda.ListFunctionsInput{}, nil, "lambda:ListFunctions *"},
		{lambda.Table(), "GetLayerVersion", &lambda.GetLayerVersionInput{LayerName: "l", VersionNumber: 3}, nil, "lambda:GetLayerVersion arn:aws:lambda:eu-west-1:111122223333:layer:l:3"},
		{iam.Table(), "CreateUser", &iam.CreateUserInput{UserName: "u", Path: new("/a/")}, nil, "iam:CreateUser arn:aws:iam::111122223333:user/a/u"},
		{iam.Table(), "AddUserToGroup", &iam.AddUserToGroupInput{UserName: "u", GroupName: "g"}, nil, "iam:AddUserToGroup arn:aws:iam::111122223333:group/g"},
		{iam.Table(), "CreateAccessKey", &iam.CreateAccessKeyInput{}, nil, "iam:CreateAccessKey arn:aws:iam::111122223333:user/me"},
		{iam.Table(), "AttachRolePolicy", &iam.AttachRolePolicyInput{RoleName: "r", PolicyArn: "arn:aws:iam::aws:policy/P"}, nil, "iam:AttachRolePolicy arn:aws:iam::111122223333:role/r"},
		{iam.Table(), "DeletePolicy", &iam.DeletePolicyInput{PolicyArn: "arn:aws:iam::111122223333:policy/P"}, nil, "iam:DeletePolicy arn:aws:iam::111122223333:policy/P"},
		{sts.Table(), "GetCallerIdentity", nil, nil, ""},
		{sts.Table(), "GetFederationToken", nil, nil, "sts:GetFederationToken *"},
		{logs.Table(), "FilterLogEvents", &logs.FilterLogEventsInput{LogGroupName: new("/aws/lambda/f")}, nil, "logs:FilterLogEvents arn:aws:logs:eu-west-1:111122223333:log-group:/aws/lambda/f:*"},
		{logs.Table(), "PutLogEvents", &logs.PutLogEventsInput{LogGroupName: "g", LogStreamName: "s"}, nil, "logs:PutLogEvents arn:aws:logs:eu-west-1:111122223333:log-group:g:log-stream:s"},
		{cloudformation.Table(), "DeleteStack", &cloudformation.DeleteStackInput{StackName: "s"}, nil, "cloudformation:DeleteStack arn:aws:cloudformation:eu-west-1:111122223333:stack/s/*"},
		{cloudwatch.Table(), "DeleteAlarms", &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a", "b"}}, nil, "cloudwatch:DeleteAlarms arn:aws:cloudwatch:eu-west-1:111122223333:alarm:a, cloudwatch:DeleteAlarms arn:aws:cloudwatch:eu-west-1:111122223333:alarm:b"},
	} {
		if got := needsOf(t, tt.table, tt.op, tt.input, tt.labels...); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.op, got, tt.want)
		}
	}
}

// TestNoneForgotten holds every operation of IAM and Lambda that names
// something to a resource: a deny for it would be of no use otherwise.
func TestNoneForgotten(t *testing.T) {
	for _, c := range []struct {
		table *wire.Service
		names []string
	}{
		{iam.Table(), []string{"UserName", "RoleName", "GroupName", "PolicyArn", "PolicySourceArn"}},
		{lambda.Table(), []string{"FunctionName", "LayerName", "UUID", "Resource"}},
		{logs.Table(), []string{"LogGroupName", "LogGroupIdentifier", "ResourceArn", "LogGroupNames"}},
		{cloudformation.Table(), []string{"StackName"}},
	} {
		for i := range c.table.Operations {
			op := &c.table.Operations[i]
			shape := &c.table.Shapes[op.Input]
			var fields []reflect.StructField
			var set []int
			for _, m := range shape.Members {
				name := strings.ToUpper(m.Name[:1]) + m.Name[1:]
				if slices.Contains(c.names, name) {
					set = append(set, len(fields))
					fields = append(fields, reflect.StructField{Name: name, Type: reflect.TypeFor[string]()})
				}
			}
			if len(set) == 0 || op.Name == "CreateEventSourceMapping" || op.Name == "ListEventSourceMappings" {
				continue
			}
			in := reflect.New(reflect.StructOf(fields))
			for _, n := range set {
				in.Elem().Field(n).SetString("arn:aws:x:y:z:name")
			}
			if got := needsOf(t, c.table, op.Name, in.Interface()); strings.HasSuffix(got, " *") {
				t.Errorf("%s of %s: %s, want a resource", op.Name, c.table.Name, got)
			}
		}
	}
}
