package apigateway_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
)

const (
	functionURI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:${stageVariables.f}/invocations"

	badMappingText = "400 Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: "
	undeclaredText = "400 Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: "
)

func TestPutIntegration(t *testing.T) {
	const rest = `"timeoutInMillis":29000,"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[]`
	for _, tt := range []struct{ name, input, want string }{
		{"mock", `"type":"MOCK"`, `{"type":"MOCK",` + rest + `}`},
		{"http", `"type":"HTTP","integrationHttpMethod":"POST","uri":"http://h"`, `{"type":"HTTP","httpMethod":"POST","uri":"http://h","connectionType":"INTERNET",` + rest + `}`},
		{"http with stage variable", `"type":"HTTP_PROXY","integrationHttpMethod":"ANY","uri":"https://${stageVariables.host}:8443/{proxy}"`, `{"type":"HTTP_PROXY","httpMethod":"ANY","uri":"https://${stageVariables.host}:8443/{proxy}","connectionType":"INTERNET",` + rest + `}`},
		{
			"link", `"type":"HTTP_PROXY","integrationHttpMethod":"GET","uri":"http://h","connectionType":"VPC_LINK","connectionId":"${stageVariables.link}"`,
			`{"type":"HTTP_PROXY","httpMethod":"GET","uri":"http://h","connectionType":"VPC_LINK","connectionId":"${stageVariables.link}",` + rest + `}`,
		},
		{"function", `"type":"AWS_PROXY","integrationHttpMethod":"POST","uri":"` + functionURI + `"`, `{"type":"AWS_PROXY","httpMethod":"POST","uri":"` + functionURI + `",` + rest + `}`},
		{"function, not proxied", `"type":"AWS","integrationHttpMethod":"POST","uri":"` + functionURI + `"`, `{"type":"AWS","httpMethod":"POST","uri":"` + functionURI + `",` + rest + `}`},
		{
			"streaming function", `"type":"AWS_PROXY","integrationHttpMethod":"POST","responseTransferMode":"STREAM","timeoutInMillis":900000,
				"uri":"arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/f/response-streaming-invocations"`,
			`{"type":"AWS_PROXY","httpMethod":"POST","responseTransferMode":"STREAM","timeoutInMillis":900000,
				"uri":"arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/f/response-streaming-invocations",
				"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[]}`,
		},
		{
			"service", `"type":"AWS","integrationHttpMethod":"POST","uri":"arn:aws:apigateway:us-east-1:sqs:path/123456789012/q","credentials":"arn:aws:iam::123456789012:role/r"`,
			`{"type":"AWS","httpMethod":"POST","uri":"arn:aws:apigateway:us-east-1:sqs:path/123456789012/q","credentials":"arn:aws:iam::123456789012:role/r",` + rest + `}`,
		},
		{
			"all", `"type":"HTTP","integrationHttpMethod":"GET","uri":"http://h","passthroughBehavior":"NEVER","timeoutInMillis":50,"cacheNamespace":"n",
				"cacheKeyParameters":["method.request.querystring.kind"],"contentHandling":"CONVERT_TO_TEXT","tlsConfig":{"insecureSkipVerification":true},
				"requestTemplates":{"application/json":"t","$default":"u"},
				"requestParameters":{"integration.request.header.a":"method.request.header.X-Who","integration.request.path.b":"method.request.path.id",
					"integration.request.querystring.c":"'x'","integration.request.querystring.d":"method.request.body.a[0]","integration.request.querystring.e":"stageVariables.s",
					"integration.request.querystring.f":"context.authorizer.claims.sub","integration.request.querystring.g":"method.request.multivaluequerystring.kind"}`,
			`{"type":"HTTP","httpMethod":"GET","uri":"http://h","connectionType":"INTERNET","passthroughBehavior":"NEVER","timeoutInMillis":50,"cacheNamespace":"n",
				"cacheKeyParameters":["method.request.querystring.kind"],"contentHandling":"CONVERT_TO_TEXT","tlsConfig":{"insecureSkipVerification":true},
				"requestTemplates":{"application/json":"t","$default":"u"},
				"requestParameters":{"integration.request.header.a":"method.request.header.X-Who","integration.request.path.b":"method.request.path.id",
					"integration.request.querystring.c":"'x'","integration.request.querystring.d":"method.request.body.a[0]","integration.request.querystring.e":"stageVariables.s",
					"integration.request.querystring.f":"context.authorizer.claims.sub","integration.request.querystring.g":"method.request.multivaluequerystring.kind"}}`,
		},

		{"http without verb", `"type":"HTTP","uri":"http://h"`, "400 Enumeration value for HttpMethod must be non-empty"},
		{"http proxy without verb", `"type":"HTTP_PROXY","uri":"http://h"`, "400 Enumeration value for HttpMethod must be non-empty"},
		{"aws without verb", `"type":"AWS","uri":"http://h"`, "400 Enumeration value for HttpMethod must be non-empty"},
		{"http uri", `"type":"HTTP","integrationHttpMethod":"GET","uri":"non-valid-http"`, "400 Invalid HTTP endpoint specified for URI"},
		{"http proxy uri", `"type":"HTTP_PROXY","integrationHttpMethod":"GET","uri":"http://"`, "400 Invalid HTTP endpoint specified for URI"},
		{"http without uri", `"type":"HTTP_PROXY","integrationHttpMethod":"GET"`, "400 Invalid HTTP endpoint specified for URI"},
		{"aws uri", `"type":"AWS","integrationHttpMethod":"GET","uri":"non-valid-arn"`, "400 Invalid ARN specified in the request"},
		{"aws url", `"type":"AWS_PROXY","integrationHttpMethod":"GET","uri":"http://h"`, "400 Invalid ARN specified in the request"},
		{"aws without path", `"type":"AWS","integrationHttpMethod":"GET","uri":"arn:aws:iam::123456789012:role/service-role/asdf"`, "400 AWS ARN for integration must contain path or action"},
		{"function arn", `"type":"AWS_PROXY","integrationHttpMethod":"POST","uri":"arn:aws:lambda:us-east-1:123456789012:function:f"`, "400 AWS ARN for integration must contain path or action"},
		{
			"proxy of a service", `"type":"AWS_PROXY","integrationHttpMethod":"POST","uri":"arn:aws:apigateway:us-west-2:s3:path/b/k"`,
			"400 Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
		},
		{"no role", `"type":"AWS","integrationHttpMethod":"GET","uri":"arn:aws:apigateway:us-west-2:s3:path/b/k"`, "400 Role ARN must be specified for AWS integrations"},
		{"mapping source", `"type":"MOCK","requestParameters":{"integration.request.header.a":"true"}`, badMappingText + "true]"},
		{"all mappings", `"type":"MOCK","requestParameters":{"integration.request.header.a":"true","integration.request.header.b":"method.request.header.x-who","c":"'x'"}`, badMappingText + "c, Invalid mapping expression specified: true, Invalid mapping expression parameter specified: method.request.header.x-who]"},
		{"mapping target", `"type":"MOCK","requestParameters":{"a":"'x'"}`, badMappingText + "a]"},
		{"mapping undeclared", `"type":"MOCK","requestParameters":{"integration.request.header.a":"method.request.header.x-who"}`, undeclaredText + "method.request.header.x-who]"},
		{"template type", `"type":"MOCK","requestTemplates":{"json":"x"}`, "400 Validation Result: warnings : [], errors : [Invalid content type specified: json]"},
		{"passthrough", `"type":"MOCK","passthroughBehavior":"ALWAYS"`, "400 Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER"},
		{"too short", `"type":"MOCK","timeoutInMillis":49`, "400 Timeout should be between 50 ms and 29000 ms"},
		{"too long", `"type":"MOCK","timeoutInMillis":29001`, "400 Timeout should be between 50 ms and 29000 ms"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newMethod(t).play([]step{{"PutIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET",` + tt.input + `}`, tt.want}})
		})
	}
}

// An operator may let integrations of REGIONAL APIs take longer; EDGE stays.
func TestPutIntegrationLongTimeout(t *testing.T) {
	s := newMethod(t, func(c *apigateway.Config) { c.Limits, _ = api.ParseLimitRules([]string{"timeout=120s"}) })
	const input = `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","type":"MOCK","timeoutInMillis":120000}`
	s.play([]step{{"PutIntegration", input, "400 Timeout should be between 50 ms and 29000 ms"}})
	s.call("UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"}]}`)
	s.play([]step{
		{"PutIntegration", input, `{"type":"MOCK","timeoutInMillis":120000,"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[]}`},
		{"PutIntegration", strings.Replace(input, "120000", "120001", 1), "400 Timeout should be between 50 ms and 120000 ms"},
	})
}

// What is missing is missed in the order resource, method, integration.
func TestIntegrationMissing(t *testing.T) {
	const (
		resource = "404 Invalid Resource identifier specified"
		verb     = "404 Invalid Method identifier specified"
		itself   = "404 Invalid Integration identifier specified"
		noAPI    = `{"restApiId":"nope","resourceId":"$pets","httpMethod":"GET"`
		noPath   = `{"restApiId":"$api","resourceId":"nope","httpMethod":"GET"`
		noVerb   = `{"restApiId":"$api","resourceId":"$pets","httpMethod":"PUT"`
		at       = `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`
	)
	newMethod(t).play([]step{
		{"PutIntegration", noAPI + `,"type":"MOCK"}`, resource},
		{"PutIntegration", noPath + `,"type":"MOCK"}`, resource},
		{"PutIntegration", noVerb + `,"type":"MOCK"}`, verb},
		{"GetIntegration", noAPI + `}`, resource},
		{"GetIntegration", noVerb + `}`, verb},
		{"GetIntegration", at + `}`, itself},
		{"UpdateIntegration", noPath + `}`, resource},
		{"UpdateIntegration", at + `}`, itself},
		{"DeleteIntegration", noVerb + `}`, verb},
		{"DeleteIntegration", at + `}`, itself},
		{"PutIntegrationResponse", noAPI + `,"statusCode":"200"}`, resource},
		{"PutIntegrationResponse", noVerb + `,"statusCode":"200"}`, verb},
		{"PutIntegrationResponse", at + `,"statusCode":"200"}`, itself},
		{"GetIntegrationResponse", noPath + `,"statusCode":"200"}`, resource},
		{"GetIntegrationResponse", noVerb + `,"statusCode":"200"}`, verb},
		{"GetIntegrationResponse", at + `,"statusCode":"200"}`, itself},
		{"UpdateIntegrationResponse", at + `,"statusCode":"200"}`, itself},
		{"DeleteIntegrationResponse", noAPI + `,"statusCode":"200"}`, resource},
		{"DeleteIntegrationResponse", noVerb + `,"statusCode":"200"}`, itself},
		{"DeleteIntegrationResponse", at + `,"statusCode":"200"}`, itself},
	})
}

func TestUpdateIntegration(t *testing.T) {
	const at = `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`
	const before = `{"type":"HTTP","httpMethod":"GET","uri":"http://h","connectionType":"INTERNET","timeoutInMillis":29000,"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[]}`
	with := func(old, new string) string { return strings.Replace(before, old, new, 1) }
	plus := func(member string) string { return strings.Replace(before, `{`, `{`+member+`,`, 1) }
	for _, tt := range []struct{ name, ops, want string }{
		{"verb", `{"op":"replace","path":"/httpMethod","value":"PUT"}`, with(`"GET"`, `"PUT"`)},
		{"uri", `{"op":"replace","path":"/uri","value":"https://i/x"}`, with("http://h", "https://i/x")},
		{"credentials", `{"op":"replace","path":"/credentials","value":"r"}`, plus(`"credentials":"r"`)},
		{"connection", `{"op":"replace","path":"/connectionType","value":"VPC_LINK"},{"op":"replace","path":"/connectionId","value":"l"}`, strings.Replace(plus(`"connectionId":"l"`), "INTERNET", "VPC_LINK", 1)},
		{"target", `{"op":"replace","path":"/integrationTarget","value":"arn"}`, plus(`"integrationTarget":"arn"`)},
		{"content", `{"op":"replace","path":"/contentHandling","value":"CONVERT_TO_BINARY"}`, plus(`"contentHandling":"CONVERT_TO_BINARY"`)},
		{"content off", `{"op":"replace","path":"/contentHandling","value":"CONVERT_TO_BINARY"},{"op":"replace","path":"/contentHandling","value":""}`, before},
		{"passthrough", `{"op":"replace","path":"/passthroughBehavior","value":"NEVER"}`, with("WHEN_NO_MATCH", "NEVER")},
		{"transfer", `{"op":"replace","path":"/responseTransferMode","value":"STREAM"}`, plus(`"responseTransferMode":"STREAM"`)},
		{"timeout", `{"op":"replace","path":"/timeoutInMillis","value":"100"}`, with("29000", "100")},
		{"tls", `{"op":"replace","path":"/tlsConfig/insecureSkipVerification","value":"true"}`, plus(`"tlsConfig":{"insecureSkipVerification":true}`)},
		{"namespace", `{"op":"replace","path":"/cacheNamespace","value":"n"}`, with(`"$pets"`, `"n"`)},
		{"cache keys", `{"op":"add","path":"/cacheKeyParameters/method.request.path.id"},{"op":"replace","path":"/cacheKeyParameters/method.request.path.id"},{"op":"add","path":"/cacheKeyParameters/x"},{"op":"remove","path":"/cacheKeyParameters/x"}`, with("[]", `["method.request.path.id"]`)},
		{"parameters", `{"op":"add","path":"/requestParameters/integration.request.header.a","value":"'x'"},{"op":"replace","path":"/requestParameters/integration.request.header.a","value":"method.request.path.id"}`, plus(`"requestParameters":{"integration.request.header.a":"method.request.path.id"}`)},
		{"last parameter", `{"op":"add","path":"/requestParameters/integration.request.header.a","value":"'x'"},{"op":"remove","path":"/requestParameters/integration.request.header.a"}`, before},
		{"templates", `{"op":"add","path":"/requestTemplates/application~1json","value":"x"},{"op":"replace","path":"/requestTemplates/application~1json","value":"y"}`, plus(`"requestTemplates":{"application/json":"y"}`)},

		{"type", `{"op":"replace","path":"/type","value":"MOCK"}`, "400 Invalid patch path /type"},
		{"add uri", `{"op":"add","path":"/uri","value":"http://h"}`, "400 Invalid patch operation specified. Must be one of: [replace]"},
		{"wrong uri", `{"op":"replace","path":"/uri","value":"x"}`, "400 Invalid HTTP endpoint specified for URI"},
		{"wrong timeout", `{"op":"replace","path":"/timeoutInMillis","value":"x"}`, "400 Invalid value specified for /timeoutInMillis: x"},
		{"long timeout", `{"op":"replace","path":"/timeoutInMillis","value":"30000"}`, "400 Timeout should be between 50 ms and 29000 ms"},
		{"wrong passthrough", `{"op":"replace","path":"/passthroughBehavior","value":"x"}`, "400 Invalid passthrough behavior specified. Valid options are WHEN_NO_MATCH,WHEN_NO_TEMPLATES,NEVER"},
		{"wrong content", `{"op":"replace","path":"/contentHandling","value":"x"}`, "400 Invalid ContentHandlingStrategy specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT"},
		{"wrong connection", `{"op":"replace","path":"/connectionType","value":"x"}`, "400 Invalid ConnectionType specified. Valid options are INTERNET,VPC_LINK"},
		{"undeclared", `{"op":"add","path":"/requestParameters/integration.request.header.a","value":"method.request.path.x"}`, undeclaredText + "method.request.path.x]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newMethod(t)
			s.make("", "PutIntegration", `{`+at+`,"type":"HTTP","integrationHttpMethod":"GET","uri":"http://h"}`)
			s.play([]step{{"UpdateIntegration", `{` + at + `,"patchOperations":[` + tt.ops + `]}`, tt.want}})
			kept := tt.want
			if kept[0] != '{' {
				kept = before
			}
			s.play([]step{{"GetIntegration", `{` + at + `}`, kept}})
		})
	}
	s := newMethod(t)
	s.make("", "PutIntegration", `{`+at+`,"type":"MOCK"}`)
	s.play([]step{
		{"UpdateIntegration", `{` + at + `,"patchOperations":[{"op":"replace","path":"/uri","value":"http://h"}]}`, "400 Invalid patch path /uri"},
		{"DeleteIntegration", `{` + at + `}`, `{}`},
		{"GetIntegration", `{` + at + `}`, "404 Invalid Integration identifier specified"},
	})
}

func TestIntegrationResponse(t *testing.T) {
	const at = `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`
	s := newMethod(t)
	s.make("", "PutIntegration", `{`+at+`,"type":"MOCK"}`)
	s.make("", "PutMethodResponse", `{`+at+`,"statusCode":"200","responseParameters":{"method.response.header.A":true,"method.response.header.B":false}}`)
	s.play([]step{
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200"}`, `{"statusCode":"200"}`},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","selectionPattern":""}`, `{"statusCode":"200","selectionPattern":""}`},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseTemplates":{}}`, `{"statusCode":"200","responseTemplates":{}}`},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseTemplates":{"application/json":""}}`, `{"statusCode":"200","responseTemplates":{"application/json":""}}`},
		{
			"PutIntegrationResponse", `{` + at + `,"statusCode":"200","selectionPattern":"5\\d\\d","contentHandling":"CONVERT_TO_TEXT","responseTemplates":{"a/b":"t"},
				"responseParameters":{"method.response.header.A":"integration.response.header.X-Y","method.response.header.B":"integration.response.body.a"}}`,
			`{"statusCode":"200","selectionPattern":"5\\d\\d","contentHandling":"CONVERT_TO_TEXT","responseTemplates":{"a/b":"t"},
				"responseParameters":{"method.response.header.A":"integration.response.header.X-Y","method.response.header.B":"integration.response.body.a"}}`,
		},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseTemplates":{"json":"t"}}`, "400 Validation Result: warnings : [], errors : [Invalid content type specified: json]"},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseParameters":{"method.response.header.A":"x"}}`, badMappingText + "x]"},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseParameters":{"A":"'x'"}}`, badMappingText + "A]"},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseParameters":{"A":"'x'","method.response.header.A":"x"}}`, badMappingText + "A, Invalid mapping expression specified: x]"},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200","responseParameters":{"method.response.header.C":"'x'"}}`, undeclaredText + "method.response.header.C]"},
		{"PutIntegrationResponse", `{` + at + `,"statusCode":"201"}`, "404 Invalid Response status code specified"},
		{"GetIntegrationResponse", `{` + at + `,"statusCode":"201"}`, "404 Invalid Response status code specified"},

		{"PutIntegrationResponse", `{` + at + `,"statusCode":"200"}`, `{"statusCode":"200"}`},
		{
			"UpdateIntegrationResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"replace","path":"/selectionPattern","value":"a"},
				{"op":"replace","path":"/contentHandling","value":"CONVERT_TO_BINARY"},{"op":"add","path":"/responseTemplates/a~1b","value":"t"},
				{"op":"replace","path":"/responseTemplates/application~1json"},{"op":"add","path":"/responseParameters/method.response.header.A","value":"'x'"}]}`,
			`{"statusCode":"200","selectionPattern":"a","contentHandling":"CONVERT_TO_BINARY","responseTemplates":{"a/b":"t","application/json":""},"responseParameters":{"method.response.header.A":"'x'"}}`,
		},
		{
			"UpdateIntegrationResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"replace","path":"/selectionPattern","value":""},
				{"op":"replace","path":"/contentHandling","value":""},{"op":"remove","path":"/responseTemplates/a~1b"},
				{"op":"remove","path":"/responseTemplates/application~1json"},{"op":"remove","path":"/responseParameters/method.response.header.A"}]}`,
			`{"statusCode":"200","selectionPattern":""}`,
		},
		{"UpdateIntegrationResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"replace","path":"/statusCode","value":"a"}]}`, "400 Invalid patch path /statusCode"},
		{"UpdateIntegrationResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"add","path":"/selectionPattern","value":"a"}]}`, "400 Invalid patch operation specified. Must be one of: [replace]"},
		{"UpdateIntegrationResponse", `{` + at + `,"statusCode":"200","patchOperations":[{"op":"add","path":"/responseParameters/method.response.header.Z","value":"'x'"}]}`, undeclaredText + "method.response.header.Z]"},
		{"GetIntegrationResponse", `{` + at + `,"statusCode":"200"}`, `{"statusCode":"200","selectionPattern":""}`},
		{"DeleteIntegrationResponse", `{` + at + `,"statusCode":"200"}`, `{}`},
		{"DeleteIntegrationResponse", `{` + at + `,"statusCode":"200"}`, "404 Invalid Response status code specified"},
	})
}
