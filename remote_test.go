package stagedoor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor"
)

// TestRemoteFunctions: with an endpoint for Lambda named, that endpoint runs the
// functions: here it is another stagedoor.
func TestRemoteFunctions(t *testing.T) {
	need(t, "python3")
	there := t.TempDir()
	write(t, there, "template.yaml", `
Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: f
      Runtime: python3.11
      Handler: index.handler
      InlineCode: |
        seen = []
        def handler(event, context):
            if event.get("fail"):
                raise Exception("on purpose")
            seen.append(event.get("n"))
            return {"statusCode": 201, "body": "seen " + str(seen)}
  G:
    Type: AWS::Serverless::Api
    Properties: {StageName: prod, DefinitionBody: {openapi: 3.0.1, info: {title: g, version: "1"}, paths: {/x: {get: {responses: {}, x-amazon-apigateway-integration: {type: mock}}}}}}
`)
	host := start(t, func(c *stagedoor.Config) { c.Definitions = []string{there} })
	if a := host.next(t); len(a.Problems) > 0 {
		t.Fatalf("deployed: %+v", a)
	}
	here := t.TempDir()
	const integration = `{"Fn::Sub": "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:NAME/invocations"}`
	custom := `{"type":"aws","httpMethod":"POST","uri":` + strings.ReplaceAll(integration, "NAME", "f") + `,"responses":{"default":{"statusCode":"200"},".*on purpose.*":{"statusCode":"400"}}`
	write(t, here, "template.json", `{"Resources":{
		"Api":{"Type":"AWS::ApiGateway::RestApi","Properties":{"Name":"r","Body":{"openapi":"3.0.1","info":{"title":"r","version":"1"},"paths":{
			"/proxy":{"get":{"responses":{},"x-amazon-apigateway-integration":{"type":"aws_proxy","httpMethod":"POST","uri":`+strings.ReplaceAll(integration, "NAME", "f")+`}}},
			"/none":{"get":{"responses":{},"x-amazon-apigateway-integration":{"type":"aws_proxy","httpMethod":"POST","uri":`+strings.ReplaceAll(integration, "NAME", "none")+`}}},
			"/custom":{"post":{"responses":{"200":{"description":"ok"},"400":{"description":"bad"}},"x-amazon-apigateway-integration":`+custom+`}}},
			"/event":{"post":{"responses":{"200":{"description":"ok"}},"x-amazon-apigateway-integration":`+custom+`,"requestParameters":{"integration.request.header.X-Amz-Invocation-Type":"'Event'"}}}}
		}}}},
		"D":{"Type":"AWS::ApiGateway::Deployment","Properties":{"RestApiId":{"Ref":"Api"}}},
		"S":{"Type":"AWS::ApiGateway::Stage","Properties":{"RestApiId":{"Ref":"Api"},"DeploymentId":{"Ref":"D"},"StageName":"prod"}}}}`)
	r := start(t, func(c *stagedoor.Config) {
		c.Definitions, c.AWSEndpoints = []string{here + "/template.json"}, []string{"lambda=" + host.endpoint}
	})
	a := r.next(t)
	if len(a.Problems) > 0 || len(a.Stages) == 0 {
		t.Fatalf("deployed: %+v", a)
	}
	api, _, _ := strings.Cut(strings.TrimPrefix(a.Stages[0].URL, r.endpoint+"/_aws/execute-api/"), "/")
	for _, tt := range []struct {
		call   string
		status int
		body   string
	}{
		{"GET /prod/proxy", 201, "seen [None]"},
		{`POST /prod/custom {"n":1}`, 200, `"seen [None, 1]"`},
		{`POST /prod/custom {"fail":true}`, 400, "on purpose"},
		{`GET /prod/none`, 500, `{"message": "Internal server error"}`},
		{`POST /prod/event {"n":2}`, 200, ""},
	} {
		if got := r.call(t, api, tt.call); got.status != tt.status || !strings.Contains(got.body, tt.body) || tt.body == "" && got.body != "" {
			t.Errorf("%s = %d %q, want %d %q", tt.call, got.status, got.body, tt.status, tt.body)
		}
	}
	body := ""
	for until := time.Now().Add(10 * time.Second); time.Now().Before(until) && !strings.Contains(body, ", 2"); {
		body = r.call(t, api, `POST /prod/custom {"n":0}`).body
	}
	if !strings.Contains(body, ", 2") {
		t.Errorf("the asynchronous call was not made: %s", body)
	}
	if got := cliFunctions(t, r.endpoint); !strings.Contains(got, `"f"`) {
		t.Errorf("lambda list-functions = %s, want the endpoint's", got)
	}
}

// cliFunctions is what the AWS CLI lists.
func cliFunctions(t testing.TB, endpoint string) string {
	t.Helper()
	need(t, "aws")
	return cli(t, endpoint, "lambda", "list-functions")
}
