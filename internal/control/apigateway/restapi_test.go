package apigateway_test

import (
	"strings"
	"testing"
)

const plainAPI = `"apiKeySource":"HEADER","createdDate":1760000000,"disableExecuteApiEndpoint":false,` +
	`"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"rootResourceId":"0000000002","id":"0000000001"`

func TestCreateRestApi(t *testing.T) {
	for _, tt := range []struct{ name, input, want string }{
		{"least", `{"name":"shop"}`, `{"name":"shop",` + plainAPI + `}`},
		{
			"all",
			`{"name":"shop","description":"d","version":"v","binaryMediaTypes":["a/b"],"minimumCompressionSize":0,
				"apiKeySource":"AUTHORIZER","endpointConfiguration":{"types":["REGIONAL"]},"tags":{"k":"v"},
				"disableExecuteApiEndpoint":true,"securityPolicy":"TLS_1_2","endpointAccessMode":"STRICT"}`,
			`{"name":"shop","description":"d","version":"v","binaryMediaTypes":["a/b"],"minimumCompressionSize":0,
				"apiKeySource":"AUTHORIZER","endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"},
				"tags":{"k":"v"},"disableExecuteApiEndpoint":true,"securityPolicy":"TLS_1_2","endpointAccessMode":"STRICT",
				"createdDate":1760000000,"rootResourceId":"0000000002","id":"0000000001"}`,
		},
		{
			"private is dualstack", `{"name":"shop","endpointConfiguration":{"types":["PRIVATE"],"vpcEndpointIds":["vpce-1"]}}`,
			`{"name":"shop","apiKeySource":"HEADER","createdDate":1760000000,"disableExecuteApiEndpoint":false,
				"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack","vpcEndpointIds":["vpce-1"]},
				"rootResourceId":"0000000002","id":"0000000001"}`,
		},
		{"no media types are none", `{"name":"shop","binaryMediaTypes":[]}`, `{"name":"shop",` + plainAPI + `}`},
		{
			"custom id", `{"name":"shop","tags":{"_custom_id_":"my-shop"}}`,
			`{"name":"shop","apiKeySource":"HEADER","createdDate":1760000000,"disableExecuteApiEndpoint":false,
				"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"rootResourceId":"0000000001","id":"my-shop",
				"tags":{"_custom_id_":"my-shop"}}`,
		},
		{
			"policy", `{"name":"shop","policy":"{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\": \"execute-api:/*\", \"Sid\": \"a\\\\b\"}]}"}`,
			`{"name":"shop",` + plainAPI + `,"policy":"{\\\"Version\\\":\\\"2012-10-17\\\",\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":` +
				`\\\"arn:aws:execute-api:us-east-1:123456789012:0000000001/*\\\",\\\"Sid\\\":\\\"a\\\\\\\\b\\\"}]}"}`,
		},

		{"no name", `{"name":""}`, "400 Name cannot be empty"},
		{"empty description", `{"name":"a","description":""}`, "400 Description cannot be an empty string"},
		{"description before endpoint", `{"name":"a","description":"","endpointConfiguration":{"types":[]}}`, "400 Description cannot be an empty string"},
		{"compression below", `{"name":"a","minimumCompressionSize":-1}`, "400 Invalid minimum compression size, must be between 0 and 10485760"},
		{"compression above", `{"name":"a","minimumCompressionSize":10485761}`, "400 Invalid minimum compression size, must be between 0 and 10485760"},
		{"no type", `{"name":"a","endpointConfiguration":{"types":[]}}`, "400 REGIONAL Configuration and EDGE Configuration cannot be both DISABLED."},
		{"two types", `{"name":"a","endpointConfiguration":{"types":["EDGE","REGIONAL"]}}`, "400 Cannot create an api with multiple Endpoint Types."},
		{"private ipv4", `{"name":"a","endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"ipv4"}}`, "400 Only dualstack ipAddressType is supported for Private APIs."},
		{"endpoints of a public API", `{"name":"a","endpointConfiguration":{"types":["EDGE"],"vpcEndpointIds":["v"]}}`, "400 VPC endpoint IDs can only be specified for PRIVATE APIs."},
		{"broken policy", `{"name":"a","policy":"{"}`, "400 Invalid policy document. Please check the policy syntax and ensure that Principals are valid."},
		{"policy without statement", `{"name":"a","policy":"{}"}`, "400 Invalid policy document. Please check the policy syntax and ensure that Principals are valid."},
		{"clone of nothing", `{"name":"a","cloneFrom":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"id that is no label", `{"name":"a","tags":{"stagedoor:id":"A.b"}}`, "400 Invalid API identifier in tag stagedoor:id: it must have 1 to 63 characters of a-z, 0-9, - and _"},
		{"reserved tag", `{"name":"a","tags":{"aws:x":"y"}}`, "400 Invalid tag key: aws:x. Keys that start with aws: are reserved"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			newScript(t).play([]step{{"CreateRestApi", tt.input, tt.want}})
		})
	}
}

func TestCreateRestApiCustomIDOnce(t *testing.T) {
	s := newScript(t)
	s.make("", "CreateRestApi", `{"name":"a","tags":{"stagedoor:id":"one"}}`)
	s.play([]step{{
		"CreateRestApi", `{"name":"b","tags":{"_custom_id_":"one"}}`,
		"409 API identifier one in tag _custom_id_ is already in use",
	}})
}

// A new API has a root resource and two models, spelled as AWS spells them.
func TestCreateRestApiPlantsTree(t *testing.T) {
	newAPI(t).play([]step{
		{"GetResources", `{"restApiId":"$api"}`, `{"items":[{"id":"$root","path":"/"}]}`},
		{"GetModels", `{"restApiId":"$api"}`, `{"items":[
			{"id":"000003","name":"Empty","contentType":"application/json","description":"This is a default empty schema model",
			"schema":"{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Empty Schema\",\n  \"type\" : \"object\"\n}"},
			{"id":"000004","name":"Error","contentType":"application/json","description":"This is a default error schema model",
			"schema":"{\n  \"$schema\" : \"http://json-schema.org/draft-04/schema#\",\n  \"title\" : \"Error Schema\",\n  \"type\" : \"object\",\n  \"properties\" : {\n    \"message\" : { \"type\" : \"string\" }\n  }\n}"}]}`},
	})
}

func TestGetRestApi(t *testing.T) {
	s := newScript(t)
	s.make("", "CreateRestApi", `{"name":"a","tags":{"stagedoor:id":"one"}}`)
	s.make("", "CreateRestApi", `{"name":"b"}`)
	one := `"name":"a","apiKeySource":"HEADER","createdDate":1760000000,"disableExecuteApiEndpoint":false,
		"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"rootResourceId":"0000000001","id":"one","tags":{"stagedoor:id":"one"}`
	two := `"name":"b","apiKeySource":"HEADER","createdDate":1760000000,"disableExecuteApiEndpoint":false,
		"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"rootResourceId":"0000000005","id":"0000000004"`
	s.play([]step{
		{"GetRestApi", `{"restApiId":"one"}`, `{` + one + `}`},
		{"GetRestApi", `{"restApiId":"0000000004"}`, `{` + two + `,"tags":{}}`},
		{"GetRestApi", `{"restApiId":"ONE"}`, "404 Invalid API identifier specified 123456789012:ONE"},
		{"GetRestApis", `{}`, `{"items":[{` + two + `},{` + one + `}]}`},
		{"GetRestApis", `{"limit":1}`, `{"items":[{` + two + `}],"position":"MDAwMDAwMDAwNA"}`},
		{"GetRestApis", `{"limit":1,"position":"MDAwMDAwMDAwNA"}`, `{"items":[{` + one + `}]}`},
		{"GetRestApis", `{"limit":-1}`, `{"items":[{` + two + `},{` + one + `}]}`},
		{"GetRestApis", `{"position":"%"}`, "400 Invalid position specified"},
	})
}

func TestUpdateRestApi(t *testing.T) {
	const (
		before  = `"apiKeySource":"HEADER","createdDate":1760000000,"rootResourceId":"0000000002","id":"0000000001","tags":{}`
		name    = `"name":"shop"`
		off     = `"disableExecuteApiEndpoint":false`
		onEdge  = `"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"}`
		rest    = before + "," + off + "," + onEdge
		wrongOp = "400 Invalid patch operation specified. Must be one of: [replace]"
	)
	for _, tt := range []struct{ name, ops, want string }{
		{"nothing", `[]`, `{` + name + `,` + rest + `}`},
		{"name", `[{"op":"replace","path":"/name","value":"n"}]`, `{"name":"n",` + rest + `}`},
		{"add description", `[{"op":"add","path":"/description","value":"d"}]`, `{` + name + `,"description":"d",` + rest + `}`},
		{"remove description", `[{"op":"replace","path":"/description","value":"d"},{"op":"remove","path":"/description"}]`, `{` + name + `,` + rest + `}`},
		{"key source", `[{"op":"replace","path":"/apiKeySource","value":"AUTHORIZER"}]`, strings.Replace(`{`+name+`,`+rest+`}`, "HEADER", "AUTHORIZER", 1)},
		{"media types", `[{"op":"add","path":"/binaryMediaTypes/image~1png"},{"op":"add","path":"/binaryMediaTypes/a~1b"}]`, `{` + name + `,"binaryMediaTypes":["image/png","a/b"],` + rest + `}`},
		{"media type swapped", `[{"op":"add","path":"/binaryMediaTypes/image~1png"},{"op":"add","path":"/binaryMediaTypes/a~1b"},{"op":"replace","path":"/binaryMediaTypes/image~1png","value":"image/gif"}]`, `{` + name + `,"binaryMediaTypes":["a/b","image/gif"],` + rest + `}`},
		{"media type removed", `[{"op":"add","path":"/binaryMediaTypes/image~1png"},{"op":"remove","path":"/binaryMediaTypes/image~1png"}]`, `{` + name + `,` + rest + `}`},
		{"media type called dash", `[{"op":"add","path":"/binaryMediaTypes/-","value":"image/png"}]`, `{` + name + `,"binaryMediaTypes":["-"],` + rest + `}`},
		{"compression", `[{"op":"replace","path":"/minimumCompressionSize","value":"10"}]`, `{` + name + `,"minimumCompressionSize":10,` + rest + `}`},
		{"compression off", `[{"op":"replace","path":"/minimumCompressionSize","value":"10"},{"op":"replace","path":"/minimumCompressionSize"}]`, `{` + name + `,` + rest + `}`},
		{"endpoint off", `[{"op":"replace","path":"/disableExecuteApiEndpoint","value":"TRUE"}]`, `{` + name + `,"disableExecuteApiEndpoint":true,` + before + `,` + onEdge + `}`},
		{"garbage is false", `[{"op":"replace","path":"/disableExecuteApiEndpoint","value":"yes"}]`, `{` + name + `,` + rest + `}`},
		{"type by index", `[{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"}]`, `{` + name + `,` + before + `,` + off + `,"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"}}`},
		{"type by name", `[{"op":"replace","path":"/endpointConfiguration/types/EDGE","value":"PRIVATE"}]`, `{` + name + `,` + before + `,` + off + `,"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack"}}`},
		{"type in the path", `[{"op":"replace","path":"/endpointConfiguration/types/REGIONAL"}]`, `{` + name + `,` + before + `,` + off + `,"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"}}`},
		{"address type", `[{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"dualstack"}]`, `{` + name + `,` + before + `,` + off + `,"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"dualstack"}}`},
		{
			"VPC endpoints", `[{"op":"replace","path":"/endpointConfiguration/types/0","value":"PRIVATE"},{"op":"add","path":"/endpointConfiguration/vpcEndpointIds","value":"v1,v2"},{"op":"remove","path":"/endpointConfiguration/vpcEndpointIds","value":"v1"}]`,
			`{` + name + `,` + before + `,` + off + `,"endpointConfiguration":{"types":["PRIVATE"],"ipAddressType":"dualstack","vpcEndpointIds":["v2"]}}`,
		},
		{"access mode", `[{"op":"replace","path":"/endpointAccessMode","value":"STRICT"}]`, `{` + name + `,"endpointAccessMode":"STRICT",` + rest + `}`},
		{"security policy", `[{"op":"replace","path":"/securityPolicy","value":"TLS_1_2"}]`, `{` + name + `,"securityPolicy":"TLS_1_2",` + rest + `}`},
		{"policy", `[{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}]`, `{` + name + `,"policy":"{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":\\\"*\\\"}]}",` + rest + `}`},
		{"policy off", `[{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"},{"op":"replace","path":"/policy","value":""}]`, `{` + name + `,` + rest + `}`},

		{"no such path", `[{"op":"replace","path":"/x","value":"v"}]`, "400 Invalid patch path /x"},
		{"no path", `[{"op":"replace","value":"v"}]`, "400 Invalid patch path null"},
		{"all media types", `[{"op":"add","path":"/binaryMediaTypes","value":"a/b"}]`, "400 Invalid patch path /binaryMediaTypes"},
		{"compression added", `[{"op":"add","path":"/minimumCompressionSize","value":"1"}]`, wrongOp},
		{"compression word", `[{"op":"replace","path":"/minimumCompressionSize","value":"ten"}]`, "400 Invalid minimum compression size, must be between 0 and 10485760"},
		{"compression above", `[{"op":"replace","path":"/minimumCompressionSize","value":"10485761"}]`, "400 Invalid minimum compression size, must be between 0 and 10485760"},
		{"type added", `[{"op":"add","path":"/endpointConfiguration/types/0","value":"EDGE"}]`, "400 Invalid patch operation specified. Must be 'add'|'remove'|'replace'"},
		{"type unknown", `[{"op":"replace","path":"/endpointConfiguration/types/0","value":"x"}]`, "400 Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE"},
		{"address type added", `[{"op":"add","path":"/endpointConfiguration/ipAddressType","value":"ipv4"}]`, wrongOp},
		{"address type unknown", `[{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"x"}]`, "400 ipAddressType must be either ipv4 or dualstack."},
		{"private ipv4", `[{"op":"replace","path":"/endpointConfiguration/types/0","value":"PRIVATE"},{"op":"replace","path":"/endpointConfiguration/ipAddressType","value":"ipv4"}]`, "400 Only dualstack ipAddressType is supported for Private APIs."},
		{"name emptied", `[{"op":"replace","path":"/name","value":""}]`, "400 Name cannot be empty"},
		{"VPC endpoint of a public API", `[{"op":"add","path":"/endpointConfiguration/vpcEndpointIds","value":"v"}]`, "400 VPC endpoint IDs can only be specified for PRIVATE APIs."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newAPI(t)
			s.play([]step{{"UpdateRestApi", `{"restApiId":"$api","patchOperations":` + tt.ops + `}`, tt.want}})
			kept := tt.want
			if !strings.HasPrefix(kept, "{") {
				kept = `{` + name + `,` + rest + `}` // one failure changes nothing
			}
			s.play([]step{{"GetRestApi", `{"restApiId":"$api"}`, kept}})
		})
	}
	newScript(t).play([]step{{"UpdateRestApi", `{"restApiId":"x"}`, "404 Invalid API identifier specified 123456789012:x"}})
}

func TestDeleteRestApi(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	s.play([]step{
		{"DeleteRestApi", `{"restApiId":"$api"}`, `{}`},
		{"GetRestApi", `{"restApiId":"$api"}`, "404 Invalid API identifier specified 123456789012:$api"},
		{"DeleteRestApi", `{"restApiId":"$api"}`, "404 Invalid API identifier specified 123456789012:$api"},
		{"GetStage", `{"restApiId":"$api","stageName":"prod"}`, "404 Invalid stage identifier specified"},
		{"GetMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`, "404 Invalid Resource identifier specified"},
		{"GetModel", `{"restApiId":"$api","modelName":"Empty"}`, "404 Invalid model name specified: Empty"},
	})
	for item, err := range everything(t, s.store) {
		t.Errorf("left behind: %s (%v)", item, err)
	}
}
