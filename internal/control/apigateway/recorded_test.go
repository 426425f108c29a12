package apigateway_test

import (
	"encoding/base64"
	"strings"
	"testing"
)

// body is a document as the input of an import has it.
func body(document string) string {
	return `"body":"` + base64.StdEncoding.EncodeToString([]byte(document)) + `"`
}

// TestOverwriteResets: what a document that replaces everything does not say is
// as in a new API, but for the endpoint.
func TestOverwriteResets(t *testing.T) {
	s := newAPI(t)
	s.make("", "UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"add","path":"/binaryMediaTypes/a~1b"},{"op":"replace","path":"/minimumCompressionSize","value":"5"},
		{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"*\"}]}"},{"op":"replace","path":"/apiKeySource","value":"AUTHORIZER"},
		{"op":"replace","path":"/disableExecuteApiEndpoint","value":"true"},{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"}]}`)
	const (
		before = `"id":"$api","createdDate":1760000000,"rootResourceId":"$root","tags":{},"name":"n","disableExecuteApiEndpoint":true,"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"}`
		doc    = `{"swagger":"2.0","info":{"title":"n"},"paths":{}`
	)
	s.play([]step{
		{
			"PutRestApi", `{"restApiId":"$api",` + body(doc+`,"x-amazon-apigateway-binary-media-types":["c/d"]}`) + `}`,
			`{` + before + `,"apiKeySource":"AUTHORIZER","minimumCompressionSize":5,"policy":"{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Allow\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"execute-api:Invoke\\\",\\\"Resource\\\":\\\"*\\\"}]}","binaryMediaTypes":["a/b","c/d"]}`,
		},
		{
			"PutRestApi", `{"restApiId":"$api","mode":"overwrite",` + body(doc+`,"x-amazon-apigateway-binary-media-types":["e/f"]}`) + `}`,
			`{` + before + `,"apiKeySource":"HEADER","binaryMediaTypes":["e/f"]}`,
		},
		{"PutRestApi", `{"restApiId":"$api","mode":"overwrite",` + body(doc+`}`) + `}`, `{` + before + `,"apiKeySource":"HEADER"}`},
	})
}

// TestShown holds answers to what AWS shows and does not show.
func TestShown(t *testing.T) {
	const (
		method = `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`
		rest   = `"timeoutInMillis":29000,"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"$pets","cacheKeyParameters":[]`
	)
	s := newMethod(t)
	s.play([]step{
		// INTERNET is shown of HTTP only, whoever asked for it.
		{"PutIntegration", `{` + method + `,"type":"MOCK","connectionType":"INTERNET"}`, `{"type":"MOCK",` + rest + `}`},
		{"PutIntegration", `{` + method + `,"type":"AWS_PROXY","connectionType":"INTERNET","integrationHttpMethod":"POST","uri":"` + functionURI + `"}`, `{"type":"AWS_PROXY","httpMethod":"POST","uri":"` + functionURI + `",` + rest + `}`},
		{"PutIntegration", `{` + method + `,"type":"HTTP","integrationHttpMethod":"GET","uri":"http://h"}`, `{"type":"HTTP","httpMethod":"GET","uri":"http://h","connectionType":"INTERNET",` + rest + `}`},
		{
			"PutIntegration", `{` + method + `,"type":"AWS_PROXY","integrationHttpMethod":"POST","uri":"arn:aws:apigateway:us-east-1:firehose:action/PutRecord"}`,
			`{"type":"AWS_PROXY","httpMethod":"POST","uri":"arn:aws:apigateway:us-east-1:firehose:action/PutRecord",` + rest + `}`,
		},
		{"PutIntegration", `{` + method + `,"type":"AWS_PROXY","integrationHttpMethod":"POST","uri":"arn:aws:apigateway:us-west-2:s3:path/b/k","credentials":"arn:aws:iam::1:role/r"}`, "400 Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations."},

		// No tags are shown in what was made without any.
		{"CreateUsagePlan", `{"name":"p","tags":{}}`, `{"id":"000006","name":"p","apiStages":[]}`},
		{"GetUsagePlan", `{"usagePlanId":"000006"}`, `{"id":"000006","name":"p","apiStages":[],"tags":{}}`},

		// A gateway response has its own two words for what is not there.
		{"UpdateGatewayResponse", `{"restApiId":"$api","responseType":"THROTTLED","patchOperations":[{"op":"replace","path":"/responseParameters/gatewayresponse.header.A","value":"'a'"}]}`, "404 Invalid parameter name specified"},
		{"UpdateGatewayResponse", `{"restApiId":"$api","responseType":"THROTTLED","patchOperations":[{"op":"replace","path":"/responseTemplates/a~1b","value":"a"}]}`, "404 Content-Type specified was not found"},
		{"UpdateGatewayResponse", `{"restApiId":"$api","responseType":"THROTTLED","patchOperations":[{"op":"replace","path":"/responseTemplates/a~1b"}]}`, "400 Invalid null or empty value in responseTemplates"},

		// A newer TLS policy needs an access mode.
		{"CreateRestApi", `{"name":"a","securityPolicy":"SecurityPolicy_TLS13_1_3_2025_09"}`, "400 Endpoint access mode must be specified for security policy SecurityPolicy_TLS13_1_3_2025_09"},
		{"UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/securityPolicy","value":"SecurityPolicy_X"}]}`, "400 Endpoint access mode must be specified for security policy SecurityPolicy_X"},
		{"ImportRestApi", `{` + body(`{"swagger":"2.0","info":{"title":"n"},"x-amazon-apigateway-security-policy":"SecurityPolicy_X"}`) + `}`, "400 Endpoint access mode must be specified for security policy SecurityPolicy_X"},
	})
}

// TestImportedLocations: imports write the place of a part out.
func TestImportedLocations(t *testing.T) {
	s := newAPI(t)
	s.call("ImportDocumentationParts", `{"restApiId":"$api",`+body(`{"swagger":"2.0","info":{"title":"t"},"x-amazon-apigateway-documentation":{"documentationParts":[
		{"location":{"type":"RESPONSE"},"properties":{}},{"location":{"type":"METHOD","path":"/p"},"properties":{}},{"location":{"type":"MODEL","name":"M"},"properties":{}}]}}`)+`}`)
	got := s.call("GetDocumentationParts", `{"restApiId":"$api"}`)
	for _, want := range []string{
		`{"location":{"method":"*","path":"/","statusCode":"*","type":"RESPONSE"}`, `{"location":{"method":"*","path":"/p","type":"METHOD"}`, `{"location":{"name":"M","type":"MODEL"}`,
	} {
		if !strings.Contains(strings.NewReplacer(" ", "", "\n", "").Replace(got), want[1:]) {
			t.Errorf("GetDocumentationParts = %s, want %s", got, want)
		}
	}
}

// TestLongNames: a name that fits into no key is refused, as long as it may be to
// be read, made by a call or by a document. Such names were answered 500.
func TestLongNames(t *testing.T) {
	s := newAPI(t)
	long := strings.Repeat("a", 1025)
	const (
		model   = "Model name can have at most 1024 characters."
		version = "Documentation version can have at most 1024 characters."
		doc     = `{"swagger":"2.0","info":{"title":"n"},`
		found   = "400 Errors found during import:\n\t"
	)
	s.play([]step{
		{"CreateModel", `{"restApiId":"$api","name":"` + long + `","contentType":"application/json","schema":"{}"}`, "400 " + model},
		{"CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"` + long + `"}`, "400 " + version},
		{"ImportRestApi", `{` + body(doc+`"definitions":{"`+long+`":{"type":"object"}}}`) + `}`, found + "Unable to create model for '" + long + "': " + model},
		{"ImportRestApi", `{` + body(doc+`"x-amazon-apigateway-documentation":{"version":"`+long+`"}}`) + `}`, found + "Unable to create documentation version: " + version},
	})
}

// TestLongPath: a path that fits into no key is refused, made at once or moved.
func TestLongPath(t *testing.T) {
	s := newAPI(t)
	long := strings.Repeat("a", 1000)
	const refused = "400 Resource's path can have at most 1900 characters."
	s.make("one", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"`+long+`"}`)
	s.make("b", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"b"}`)
	s.make("two", "CreateResource", `{"restApiId":"$api","parentId":"$b","pathPart":"`+long+`"}`)
	s.play([]step{
		{"CreateResource", `{"restApiId":"$api","parentId":"$one","pathPart":"` + long + `"}`, refused},
		{"UpdateResource", `{"restApiId":"$api","resourceId":"$b","patchOperations":[{"op":"replace","path":"/parentId","value":"$one"}]}`, refused},
	})
}
