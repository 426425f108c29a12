package sam

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// transformText transforms a template; problems come as text.
func transformText(t *testing.T, template string) (*Value, []string) {
	t.Helper()
	root, problems := doc.ParseYAML("", []byte(template))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	out, problems := Transform(root, testInputs(root))
	var all []string
	for _, p := range problems {
		all = append(all, p.Error())
	}
	return out, all
}

// function is a function with an event of an API, and an API that may be
// given properties.
func function(event, api string) string {
	return "Resources:\n  F: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: a.b, Runtime: r, Events: {E: " + event + "}}}\n" +
		"  A: {Type: AWS::Serverless::Api, Properties: {StageName: s" + api + "}}\n"
}

func get(properties string) string {
	return "{Type: Api, Properties: {Path: /p, Method: get, RestApiId: !Ref A" + properties + "}}"
}

// TestMessages holds the words of the translator, and the places.
func TestMessages(t *testing.T) {
	const api = "Resource with id [A] is invalid. "
	const event = "Resource with id [F] is invalid. Event with id [E] is invalid. "
	for _, tt := range []struct{ template, want string }{
		{"Resources: {}", "Structure of the SAM template is invalid. 'Resources' section is required"},
		{"Resources: {A: 1}", "Structure of the SAM template is invalid. All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue."},
		{"Globals: {Nope: {}}\nResources: {A: {Type: x}}", "1:17: Globals: 'Globals' section is invalid. 'Nope' is not supported. Must be one of the following values - ['Api', 'CapacityProvider', 'Function', 'HttpApi', 'LayerVersion', 'SimpleTable', 'StateMachine', 'WebSocketApi']"},
		{"Globals: {SimpleTable: {Nope: 1}}\nResources: {A: {Type: x}}", "1:25: Globals: 'Globals' section is invalid. 'Nope' is not a supported property of 'SimpleTable'. Must be one of the following values - ['SSESpecification']"},
		{"Resources: {A: {Type: AWS::Serverless::Api}}", api + "Missing required property 'StageName'."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Nope: 1}}}", "1:72: Resources.A: " + api + "property Nope not defined for resource of type AWS::Serverless::Api"},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Auth: x}}}", api + "Property 'Auth' should be a map."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Tags: {a: b}, MethodSettings: x}}}", api + "Type of property 'MethodSettings' is invalid."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, DefinitionUri: s3://b/k, DefinitionBody: {swagger: 2, paths: {}}}}}", api + "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, DefinitionUri: file.yaml}}}", api + "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Cors: {AllowCredentials: true}}}}", api + `Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is "'*'" or not set`},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Cors: {Origin: x}}}}", api + "Invalid key 'Origin' for 'Cors' property."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Auth: {DefaultAuthorizer: X, Authorizers: {Y: {UserPoolArn: a}}}}}}", api + "Unable to set DefaultAuthorizer because 'X' was not defined in 'Authorizers'."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Auth: {Authorizers: {Y: {FunctionArn: a, FunctionPayloadType: REQUEST}}}}}}", api + "Y Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Auth: {UsagePlan: {CreateUsagePlan: X}}}}}", api + "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE']."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, OpenApiVersion: '4'}}}", api + "The OpenApiVersion value must be of the format '3.0.0'."},
		{"Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Domain: {DomainName: d}}}}", api + "Property 'Domain.CertificateArn' is required."},
		{"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {Authorizers: {X: {FunctionArn: f}}}}}}", api + "X Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'."},
		{"Resources: {A: {Type: AWS::Serverless::HttpApi, Properties: {Auth: {Authorizers: {X: {JwtConfiguration: {issuer: i}}}}}}}", api + "X OAuth2 Authorizer must define 'IdentitySource'."},
		{"Resources: {A: {Type: AWS::Serverless::WebSocketApi, Properties: {RouteSelectionExpression: x, Routes: {a-b: {FunctionArn: f}}}}}", api + "Route key 'a-b' must be alphanumeric. Only $connect, $disconnect, and $default special routes are supported."},
		{"Resources: {A: {Type: AWS::Serverless::WebSocketApi, Properties: {RouteSelectionExpression: x, Routes: {a: {FunctionArn: f}}, Auth: {AuthType: NONE}}}}", api + "Authorization is only available if there is a $connect route."},
		{"Resources: {A: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: r}}}", api + "Only one of 'InlineCode' or 'CodeUri' can be set."},
		{"Resources: {A: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Runtime: r}}}", api + "Runtime and Handler needs to be present when PackageType is of type `Zip`"},
		{"Resources: {A: {Type: AWS::Serverless::Function, Properties: {CodeUri: src/, Handler: a.b, Runtime: r}}}", api + "'CodeUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter."},
		{"Resources: {A: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: a.b, Runtime: r, Policies: [{SQSPollerPolicy: {}}]}}}", api + "Following required parameters of template 'SQSPollerPolicy' don't have values: ['QueueName']"},
		{"Resources: {A: {Type: AWS::Serverless::Function, Properties: {InlineCode: x, Handler: a.b, Runtime: r, AutoPublishAlias: '1'}}}", api + "AutoPublishAlias name ('1') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern."},
		{function("{Type: Nope}", ""), event + "Resource dict has missing or invalid value for key Type. Event Type is: Nope."},
		{function("{Type: Api, Properties: {Path: /p, RestApiId: !Ref A}}", ""), event + "Property 'Method' is required."},
		{function("{Type: Api, Properties: {Path: /p, Method: get, RestApiId: !Ref B}}", ""), event + "RestApiId must be a valid reference to an 'AWS::Serverless::Api' resource in same template."},
		{function(get(", Auth: {Authorizer: X}"), ""), event + "Unable to set Authorizer [X] on API method [get] for path [/p] because the related API does not define any Authorizers."},
		{function(get(", Auth: {Authorizer: X}"), ", Auth: {Authorizers: {Y: {UserPoolArn: a}}}"), event + "Unable to set Authorizer [X] on API method [get] for path [/p] because it wasn't defined in the API's Authorizers."},
		{function(get(", Auth: {Authorizer: NONE}"), ""), event + "Unable to set Authorizer on API method [get] for path [/p] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified."},
		{function(get(", RequestModel: {Model: M}"), ""), event + "Unable to set RequestModel [M] on API method [get] for path [/p] because the related API does not define any Models."},
		{function(get(", RequestParameters: [querystring.x]"), ""), event + "Invalid value for 'RequestParameters' property. Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'."},
		{function(get("")+", E2: "+get(""), ""), `Resource with id [F] is invalid. Event with id [E2] is invalid. API method "get" defined multiple times for path "/p".`},
		{"Resources: {A: {Type: AWS::Serverless::SimpleTable, Properties: {PrimaryKey: {Name: a, Type: b}}}}", api + `Invalid 'Type' "b".`},
		{"Resources: {A: {Type: AWS::Serverless::StateMachine}}", api + "Either 'Definition' or 'DefinitionUri' property must be specified."},
		{"Resources: {A: {Type: AWS::Serverless::Connector, Properties: {Source: {Id: X}, Destination: {Id: A}, Permissions: [Read]}}}", api + "Unable to find resource with logical ID 'X'."},
		{"Resources: {A: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a}}}}", api + "Resource is missing the required [SemanticVersion] property."},
	} {
		_, got := transformText(t, tt.template)
		if len(got) != 1 || !strings.Contains(got[0], tt.want) {
			t.Errorf("%s\ngot  %q\nwant %q", tt.template, got, tt.want)
		}
	}
}

// TestAllProblems holds that the problems of all resources come at once.
func TestAllProblems(t *testing.T) {
	_, got := transformText(t, "Resources:\n  A: {Type: AWS::Serverless::Api}\n  B: {Type: AWS::Serverless::SimpleTable, Properties: {X: 1, Y: 2}}\n")
	if len(got) != 3 {
		t.Errorf("got %q, want 3 problems", got)
	}
}

// deployments are the logical ids of the deployments of a template.
func deployments(t *testing.T, template string, now time.Time) string {
	t.Helper()
	root, problems := doc.ParseYAML("", []byte(template))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	in := testInputs(root)
	in.Now = now
	out, problems := Transform(root, in)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var ids []string
	for i, id := range out.Get("Resources").Keys() {
		if out.Get("Resources").Nth(i).Get("Type").Text() == "AWS::ApiGateway::Deployment" {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// TestDeploymentID holds that the id of a deployment is the same for the same
// definition and another for another, whatever else changes.
func TestDeploymentID(t *testing.T) {
	early, late := time.Unix(1, 0), time.Unix(2, 0)
	base := function(get(""), "")
	first := deployments(t, base, early)
	if !deploymentID.MatchString(first) {
		t.Fatalf("%q holds no hash", first)
	}
	for _, tt := range []struct {
		name, template string
		same           bool
	}{
		{"same", base, true},
		{"a variable of the stage", function(get(""), ", Variables: {a: b}"), true},
		{"another path", strings.Replace(base, "/p", "/q", 1), false},
		{"another method", strings.Replace(base, "get", "put", 1), false},
		{"cors", function(get(""), ", Cors: \"'*'\""), false},
		{"domain", function(get(""), ", Domain: {DomainName: d, CertificateArn: c}"), false},
	} {
		if got := deployments(t, tt.template, late); (got == first) != tt.same {
			t.Errorf("%s: %s after %s, want same %v", tt.name, got, first, tt.same)
		}
	}
	always := function(get(""), ", AlwaysDeploy: true")
	if deployments(t, always, early) == deployments(t, always, late) {
		t.Error("AlwaysDeploy gives the same id at another time")
	}
}

func TestMergeGlobal(t *testing.T) {
	for _, tt := range []struct{ name, global, own, want string }{
		{"scalar", "1", "2", "2"},
		{"kinds differ", "[1]", "{a: 1}", `{"a":1}`},
		{"lists", "[1, 2]", "[2, 3]", "[1,2,2,3]"},
		{"maps", "{a: 1, b: {c: 1, d: 1}}", "{b: {d: 2, e: 2}, f: 2}", `{"a":1,"b":{"c":1,"d":2,"e":2},"f":2}`},
		{"a function is a scalar", "{a: 1}", "!Ref X", `{"Ref":"X"}`},
		{"a function is a scalar, global too", "!Ref X", "{a: 1}", `{"a":1}`},
	} {
		global, _ := doc.ParseYAML("", []byte(tt.global))
		own, _ := doc.ParseYAML("", []byte(tt.own))
		if got := mergeGlobal(global, own).JSON(); got != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, got, tt.want)
		}
	}
}

// TestReferences holds that references to what SAM makes are rewritten.
func TestReferences(t *testing.T) {
	out, problems := transformText(t, function(get(""), "")+`
  L: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: s3://b/k}}
  O:
    Type: T::T::T
    DependsOn: L
    Properties: {A: !Ref A.Stage, B: !GetAtt A.Deployment.X, C: !Sub '${A.Stage}/${A}/${L}', D: !Ref L, E: !Ref A}
`)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	resources := out.Get("Resources")
	var deployment, layer string
	for _, id := range resources.Keys() {
		if strings.HasPrefix(id, "ADeployment") {
			deployment = id
		} else if strings.HasPrefix(id, "L") {
			layer = id
		}
	}
	o := resources.Get("O")
	want := `{"A":{"Ref":"AsStage"},"B":{"Fn::GetAtt":["` + deployment + `","X"]},"C":{"Fn::Sub":"${AsStage}/${A}/${` + layer + `}"},"D":{"Ref":"` + layer + `"},"E":{"Ref":"A"}}`
	if got := o.Get("Properties").JSON(); got != want || o.Get("DependsOn").Text() != layer {
		t.Errorf("got %s after %s\nwant %s after %s", got, o.Get("DependsOn").Text(), want, layer)
	}
}

// TestPlaces holds that everything that SAM makes has a place in the template.
func TestPlaces(t *testing.T) {
	out, problems := transformText(t, function(get(", Auth: {ApiKeyRequired: true}"), ", Cors: \"'*'\""))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	var look func(path string, v *Value)
	look = func(path string, v *Value) {
		if v.Pos().Line == 0 {
			t.Errorf("%s has no place", path)
		}
		for i := range v.Len() {
			look(path+"/"+strings.Join(v.Keys(), ","), v.Nth(i))
		}
	}
	for i, id := range out.Get("Resources").Keys() {
		look(id, out.Get("Resources").Nth(i))
	}
}

// TestCosts holds that templates whose parts multiply are refused in time.
func TestCosts(t *testing.T) {
	long := strings.Repeat("a, ", 1000)
	var paths, functions strings.Builder
	for range 20000 {
		paths.WriteString("'/" + strings.Repeat("x", paths.Len()%7) + "/" + time.Duration(paths.Len()).String() + "': {get: {}}, ")
	}
	for i := range 490 {
		functions.WriteString("  F" + strings.Repeat("a", i+1) + ": {Type: AWS::Serverless::Function}\n")
	}
	for name, template := range map[string]string{
		"cors of many paths":        "Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Cors: {AllowOrigin: x, AllowHeaders: {'Fn::Join': ['', [" + long + "]]}}, DefinitionBody: {swagger: 2, paths: {" + paths.String() + "}}}}}",
		"statements of many paths":  "Resources: {A: {Type: AWS::Serverless::Api, Properties: {StageName: s, Auth: {ResourcePolicy: {IpRangeWhitelist: [a]}}, DefinitionBody: {swagger: 2, paths: {" + paths.String() + "}}}}}",
		"globals of many functions": "Globals: {Function: {Layers: [" + strings.Repeat(long, 40) + "]}}\nResources:\n" + functions.String(),
	} {
		root, problems := doc.ParseYAML("", []byte(template))
		if len(problems) > 0 {
			t.Fatal(name, problems)
		}
		begin := time.Now()
		_, problems = Transform(root, testInputs(root))
		if len(problems) == 0 || !strings.Contains(problems[0].Message, "too large once transformed") {
			t.Errorf("%s: got %v", name, problems)
		}
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
}
