package apigateway_test

import "testing"

const noSuchAuthorizer = "400 Invalid authorizer ID specified. " +
	"Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."

// newGuarded is a script with a resource $pets, an authorizer $guard and a
// validator $check.
func newGuarded(t testing.TB) *script {
	t.Helper()
	s := newAPI(t)
	s.make("pets", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"pets"}`)
	s.make("guard", "CreateAuthorizer", `{"restApiId":"$api","name":"guard","type":"TOKEN","identitySource":"method.request.header.Auth",
		"authorizerUri":"arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:f/invocations"}`)
	s.make("check", "CreateRequestValidator", `{"restApiId":"$api","name":"check"}`)
	return s
}

func TestPutMethod(t *testing.T) {
	for _, tt := range []struct{ name, input, want string }{
		{"least", `"httpMethod":"ANY","authorizationType":"NONE"`, `{"httpMethod":"ANY","authorizationType":"NONE","apiKeyRequired":false}`},
		{"lower case", `"httpMethod":"GET","authorizationType":"none"`, `{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false}`},
		{
			"all", `"httpMethod":"POST","authorizationType":"CUSTOM","authorizerId":"$guard","apiKeyRequired":true,"operationName":"add",
				"requestValidatorId":"$check","authorizationScopes":["a/b"],"requestModels":{"application/json":"Empty"},
				"requestParameters":{"method.request.header.A":true,"method.request.querystring.B":false}`,
			`{"httpMethod":"POST","authorizationType":"CUSTOM","authorizerId":"$guard","apiKeyRequired":true,"operationName":"add",
				"requestValidatorId":"$check","authorizationScopes":["a/b"],"requestModels":{"application/json":"Empty"},
				"requestParameters":{"method.request.header.A":true,"method.request.querystring.B":false}}`,
		},
		{
			"NONE ignores the authorizer", `"httpMethod":"GET","authorizationType":"NONE","authorizerId":"nope"`,
			`{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false}`,
		},

		{"verb", `"httpMethod":"TRACE","authorizationType":"NONE"`, "400 Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY"},
		{"type", `"httpMethod":"GET","authorizationType":"JWT"`, "400 Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS"},
		{"no authorizer", `"httpMethod":"GET","authorizationType":"CUSTOM"`, noSuchAuthorizer},
		{"wrong authorizer", `"httpMethod":"GET","authorizationType":"COGNITO_USER_POOLS","authorizerId":"nope"`, noSuchAuthorizer},
		{"wrong validator", `"httpMethod":"GET","authorizationType":"NONE","requestValidatorId":"nope"`, "400 Invalid Request Validator identifier specified"},
		{"wrong model", `"httpMethod":"GET","authorizationType":"NONE","requestModels":{"a/b":"Nope"}`, "400 Invalid model identifier specified: Nope"},
		{
			"name in two places", `"httpMethod":"GET","authorizationType":"NONE","requestParameters":{"method.request.header.a":true,"method.request.querystring.a":true}`,
			"400 Parameter names must be unique across querystring, header and path",
		},
		{
			"wrong parameter", `"httpMethod":"GET","authorizationType":"NONE","requestParameters":{"method.request.body.a":true}`,
			"400 Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: method.request.body.a]",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newGuarded(t).play([]step{{"PutMethod", `{"restApiId":"$api","resourceId":"$pets",` + tt.input + `}`, tt.want}})
		})
	}
	s := newMethod(t)
	s.play([]step{
		{"PutMethod", `{"restApiId":"nope","resourceId":"$pets","httpMethod":"GET","authorizationType":"NONE"}`, "404 Invalid Resource identifier specified"},
		{"PutMethod", `{"restApiId":"$api","resourceId":"nope","httpMethod":"GET","authorizationType":"NONE"}`, "404 Invalid Resource identifier specified"},
		{"PutMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","authorizationType":"NONE"}`, "409 Method already exists for this resource"},
	})
}

func TestGetMethod(t *testing.T) {
	s := newMethod(t)
	const own = `"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false,
		"requestParameters":{"method.request.querystring.kind":false,"method.request.header.X-Who":true,"method.request.path.id":true}`
	s.play([]step{
		{"GetMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, `{` + own + `}`},
		{"GetMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"PUT"}`, "404 Invalid Method identifier specified"},
		{"GetMethod", `{"restApiId":"$api","resourceId":"nope","httpMethod":"GET"}`, "404 Invalid Resource identifier specified"},
	})
	s.call("PutMethodResponse", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","statusCode":"200"}`)
	s.call("PutIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","type":"MOCK"}`)
	s.call("PutIntegrationResponse", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","statusCode":"200","selectionPattern":""}`)
	s.play([]step{
		{
			"GetMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`,
			`{` + own + `,"methodResponses":{"200":{"statusCode":"200"}},"methodIntegration":{"type":"MOCK","timeoutInMillis":29000,
				"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[],
				"integrationResponses":{"200":{"statusCode":"200","selectionPattern":""}}}}`,
		},
		{"DeleteMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, `{}`},
		{"DeleteMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, "404 Invalid Method identifier specified"},
		{"GetIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, "404 Invalid Method identifier specified"},
	})
}

func TestUpdateMethod(t *testing.T) {
	const none = `"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":false`
	for _, tt := range []struct{ name, ops, want string }{
		{"type", `[{"op":"replace","path":"/authorizationType","value":"AWS_IAM"}]`, `{"httpMethod":"GET","authorizationType":"AWS_IAM","apiKeyRequired":false}`},
		{
			"authorizer", `[{"op":"replace","path":"/authorizationType","value":"CUSTOM"},{"op":"replace","path":"/authorizerId","value":"$guard"}]`,
			`{"httpMethod":"GET","authorizationType":"CUSTOM","authorizerId":"$guard","apiKeyRequired":false}`,
		},
		{"NONE ignores the authorizer", `[{"op":"replace","path":"/authorizerId","value":"$guard"}]`, `{` + none + `}`},
		{"scopes by value", `[{"op":"add","path":"/authorizationScopes","value":"a/b"},{"op":"add","path":"/authorizationScopes","value":"c"},{"op":"remove","path":"/authorizationScopes","value":"c"}]`, `{` + none + `,"authorizationScopes":["a/b"]}`},
		{"scopes by path", `[{"op":"add","path":"/authorizationScopes/a~1b"},{"op":"add","path":"/authorizationScopes/c"},{"op":"remove","path":"/authorizationScopes/a~1b"}]`, `{` + none + `,"authorizationScopes":["c"]}`},
		{"key", `[{"op":"replace","path":"/apiKeyRequired","value":"true"}]`, `{"httpMethod":"GET","authorizationType":"NONE","apiKeyRequired":true}`},
		{"key of garbage", `[{"op":"replace","path":"/apiKeyRequired","value":"true"},{"op":"replace","path":"/apiKeyRequired","value":"random"}]`, `{` + none + `}`},
		{"name", `[{"op":"replace","path":"/operationName","value":"list"}]`, `{` + none + `,"operationName":"list"}`},
		{"validator", `[{"op":"replace","path":"/requestValidatorId","value":"$check"}]`, `{` + none + `,"requestValidatorId":"$check"}`},
		{"validator off", `[{"op":"replace","path":"/requestValidatorId","value":"$check"},{"op":"replace","path":"/requestValidatorId","value":""}]`, `{` + none + `}`},
		{"parameters", `[{"op":"add","path":"/requestParameters/method.request.querystring.a","value":"true"},{"op":"replace","path":"/requestParameters/method.request.header.b","value":"x"}]`, `{` + none + `,"requestParameters":{"method.request.querystring.a":true,"method.request.header.b":false}}`},
		{"last parameter", `[{"op":"add","path":"/requestParameters/method.request.querystring.a","value":"true"},{"op":"remove","path":"/requestParameters/method.request.querystring.a"}]`, `{` + none + `}`},
		{"models", `[{"op":"add","path":"/requestModels/application~1json","value":"Error"},{"op":"replace","path":"/requestModels/application~1json","value":"Empty"}]`, `{` + none + `,"requestModels":{"application/json":"Empty"}}`},
		{"last model", `[{"op":"add","path":"/requestModels/application~1json","value":"Error"},{"op":"remove","path":"/requestModels/application~1json"}]`, `{` + none + `}`},

		{"no authorizer", `[{"op":"replace","path":"/authorizationType","value":"CUSTOM"}]`, noSuchAuthorizer},
		{"wrong authorizer", `[{"op":"replace","path":"/authorizationType","value":"CUSTOM"},{"op":"replace","path":"/authorizerId","value":"x"}]`, noSuchAuthorizer},
		{"wrong validator", `[{"op":"replace","path":"/requestValidatorId","value":"x"}]`, "400 Invalid Request Validator identifier specified"},
		{"wrong model", `[{"op":"add","path":"/requestModels/application~1json","value":"x"}]`, "400 Invalid model identifier specified: x"},
		{"all parameters", `[{"op":"add","path":"/requestParameters","value":"x"}]`, "400 Invalid patch path /requestParameters"},
		{"plain media type", `[{"op":"add","path":"/requestModels/application/json","value":"Empty"}]`, "400 Invalid patch path /requestModels/application/json"},
		{"verb", `[{"op":"replace","path":"/httpMethod","value":"PUT"}]`, "400 Invalid patch path /httpMethod"},
		{"no path", `[{"op":"replace","value":"PUT"}]`, "400 Invalid patch path null"},
		{"add type", `[{"op":"add","path":"/authorizationType","value":"NONE"}]`, "400 Invalid patch operation specified. Must be one of: [replace]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newGuarded(t)
			s.make("", "PutMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","authorizationType":"NONE"}`)
			s.play([]step{{"UpdateMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","patchOperations":` + tt.ops + `}`, tt.want}})
			kept := tt.want
			if kept[0] != '{' {
				kept = `{` + none + `}`
			}
			s.play([]step{{"GetMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, kept}})
		})
	}
	newMethod(t).play([]step{
		{"UpdateMethod", `{"restApiId":"$api","resourceId":"nope","httpMethod":"GET"}`, "404 Invalid Resource identifier specified"},
		{"UpdateMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"PUT"}`, "404 Invalid Method identifier specified"},
	})
}

func TestMethodResponse(t *testing.T) {
	s := newMethod(t)
	const at = `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`
	s.play([]step{
		{"PutMethodResponse", `{` + at + `,"statusCode":"200"}`, `{"statusCode":"200"}`},
		{"PutMethodResponse", `{` + at + `,"statusCode":"201","responseModels":{},"responseParameters":{}}`, `{"statusCode":"201","responseModels":{},"responseParameters":{}}`},
		{
			"PutMethodResponse", `{` + at + `,"statusCode":"202","responseModels":{"a/b":"Empty"},"responseParameters":{"method.response.header.A":true}}`,
			`{"statusCode":"202","responseModels":{"a/b":"Empty"},"responseParameters":{"method.response.header.A":true}}`,
		},
		{"GetMethodResponse", `{` + at + `,"statusCode":"201"}`, `{"statusCode":"201","responseModels":{},"responseParameters":{}}`},

		{"PutMethodResponse", `{` + at + `,"statusCode":"200"}`, "409 Response already exists for this resource"},
		{"PutMethodResponse", `{` + at + `,"statusCode":"203","responseModels":{"a/b":"Nope"}}`, "400 Invalid model identifier specified: Nope"},
		{
			"PutMethodResponse", `{` + at + `,"statusCode":"203","responseParameters":{"A":true}}`,
			"400 Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: A]",
		},
		{"PutMethodResponse", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"PUT","statusCode":"203"}`, "404 Invalid Method identifier specified"},
		{"PutMethodResponse", `{"restApiId":"$api","resourceId":"nope","httpMethod":"GET","statusCode":"203"}`, "404 Invalid Resource identifier specified"},
		{"GetMethodResponse", `{` + at + `,"statusCode":"203"}`, "404 Invalid Response status code specified"},
		{"GetMethodResponse", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"PUT","statusCode":"200"}`, "404 Invalid Method identifier specified"},

		{
			"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[
				{"op":"add","path":"/responseParameters/method.response.header.A","value":"true"},
				{"op":"add","path":"/responseModels/application~1json","value":"Empty"},
				{"op":"replace","path":"/responseModels/application~1json","value":"Error"}]}`,
			`{"statusCode":"200","responseParameters":{"method.response.header.A":true},"responseModels":{"application/json":"Error"}}`,
		},
		{
			"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[
				{"op":"remove","path":"/responseParameters/method.response.header.A"},{"op":"remove","path":"/responseModels/application~1json"}]}`,
			`{"statusCode":"200"}`,
		},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"remove","path":"/responseParameters/method.response.header.A"}]}`, "404 Invalid parameter name specified"},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"replace","path":"/responseParameters/method.response.header.A","value":"true"}]}`, "404 Invalid parameter name specified"},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"remove","path":"/responseModels/a~1b"}]}`, "404 Content-Type specified was not found"},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"replace","path":"/statusCode","value":"201"}]}`, "400 Invalid patch path /statusCode"},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"copy","path":"/responseModels/a~1b","from":"/x"}]}`, "400 Invalid patch path /responseModels/a~1b"},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"add"}]}`, "400 Invalid patch path null"},
		{"UpdateMethodResponse", `{` + at + `,"statusCode":"203"}`, "404 Invalid Response status code specified"},

		{"DeleteMethodResponse", `{` + at + `,"statusCode":"200"}`, `{}`},
		{"DeleteMethodResponse", `{` + at + `,"statusCode":"200"}`, "404 Invalid Response status code specified"},
	})
}
