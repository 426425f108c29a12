package apigateway_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// subject is a resource that can be patched.
type subject struct {
	noun  string // Update+noun, Get+noun
	at    string // the members that name it
	paths []suited
}

// suited is a path and values that suit it.
type suited struct {
	path   string
	values []string
}

func at(path string, values ...string) suited { return suited{path, values} }

// subjects are all that a script made by newSubjects has.
var subjects = []subject{
	{"RestApi", `"restApiId":"$api"`, []suited{
		at("/name", "n"), at("/description", "d", ""), at("/apiKeySource", "HEADER", "AUTHORIZER"), at("/binaryMediaTypes/a~1b", "c/d", "e/f"),
		at("/binaryMediaTypes/c~1d", "a/b"), at("/minimumCompressionSize", "0", "10485760", ""), at("/disableExecuteApiEndpoint", "true", "false"),
		at("/endpointConfiguration/types/0", "REGIONAL", "EDGE", "PRIVATE"), at("/endpointConfiguration/ipAddressType", "dualstack", "ipv4"),
		at("/endpointConfiguration/vpcEndpointIds", "v1", "v2"), at("/policy", `{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}`, ""),
		at("/endpointAccessMode", "STRICT", "BASIC"), at("/securityPolicy", "TLS_1_2"),
	}},
	{"Resource", `"restApiId":"$api","resourceId":"$pets"`, []suited{at("/pathPart", "a", "{b}"), at("/parentId", "$root", "$other", "$below")}},
	{"Method", `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`, []suited{
		at("/authorizationType", "NONE", "CUSTOM", "AWS_IAM"), at("/authorizerId", "$guard"), at("/authorizationScopes", "a", "b"),
		at("/authorizationScopes/a~1b"), at("/apiKeyRequired", "true", "false"), at("/operationName", "o", ""), at("/requestValidatorId", "$check", ""),
		at("/requestParameters/method.request.header.a", "true"), at("/requestParameters/method.request.path.b", "false"), at("/requestModels/a~1b", "Empty", "Error"),
	}},
	{"MethodResponse", `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","statusCode":"200"`, []suited{
		at("/responseParameters/method.response.header.a", "true", "false"), at("/responseModels/a~1b", "Empty", "Error"),
	}},
	{"Integration", `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`, []suited{
		at("/httpMethod", "PUT"), at("/uri", "http://i"), at("/credentials", "r", ""), at("/connectionType", "VPC_LINK", "INTERNET"), at("/connectionId", "l", ""),
		at("/contentHandling", "CONVERT_TO_TEXT", ""), at("/passthroughBehavior", "NEVER"), at("/responseTransferMode", "STREAM", "BUFFERED"),
		at("/timeoutInMillis", "50", "29000"), at("/tlsConfig/insecureSkipVerification", "true"), at("/cacheNamespace", "n"), at("/cacheKeyParameters/a.b"),
		at("/requestParameters/integration.request.header.a", "'x'", "context.a", "method.request.header.h"), at("/requestTemplates/a~1b", "t", ""),
	}},
	{"IntegrationResponse", `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","statusCode":"200"`, []suited{
		at("/selectionPattern", "a", ""), at("/contentHandling", "CONVERT_TO_BINARY", ""), at("/responseParameters/method.response.header.h", "'x'"),
		at("/responseTemplates/a~1b", "t", ""),
	}},
	{"Deployment", `"restApiId":"$api","deploymentId":"$first"`, []suited{at("/description", "d", "")}},
	{"Stage", `"restApiId":"$api","stageName":"prod"`, []suited{
		at("/deploymentId", "$first", "$second"), at("/description", "d", ""), at("/documentationVersion", "1"), at("/cacheClusterEnabled", "true", "false"),
		at("/cacheClusterSize", "6.1"), at("/tracingEnabled", "true"), at("/variables", `{\"a\":\"b\"}`), at("/variables/a", "c"), at("/variables/b", "d"),
		at("/accessLogSettings"), at("/accessLogSettings/format", "$context.requestId"), at("/accessLogSettings/destinationArn", "arn:aws:logs:us-east-1:1:log-group:g:*"), at("/canarySettings"),
		at("/canarySettings/deploymentId", "$second"), at("/canarySettings/percentTraffic", "12.5"), at("/canarySettings/useStageCache", "true"),
		at("/canarySettings/stageVariableOverrides"), at("/canarySettings/stageVariableOverrides/a", "1"), at("/*/*"), at("/*/*/metrics/enabled", "true"),
		at("/*/*/logging/loglevel", "INFO"), at("/a/GET/throttling/rateLimit", "0.5"), at("/a/GET/throttling/burstLimit", "-1"), at("/a/GET"),
		at("/*/*/caching/ttlInSeconds", "0"),
	}},
	{"Model", `"restApiId":"$api","modelName":"Empty"`, []suited{at("/description", "d", ""), at("/schema", "{}")}},
	{"RequestValidator", `"restApiId":"$api","requestValidatorId":"$check"`, []suited{
		at("/name", "n"), at("/validateRequestBody", "true", "false"), at("/validateRequestParameters", "true", "false"),
	}},
	{"GatewayResponse", `"restApiId":"$api","responseType":"THROTTLED"`, []suited{
		at("/statusCode", "430", ""), at("/responseParameters/gatewayresponse.header.a", "'x'"), at("/responseTemplates/a~1b", "t"), at("/responseTemplates/application~1json", "u"),
	}},
	{"Authorizer", `"restApiId":"$api","authorizerId":"$guard"`, []suited{
		at("/authorizerCredentials", "c", ""), at("/authorizerResultTtlInSeconds", "0", "3600"), at("/authType", "x", ""),
		at("/identitySource", "method.request.header.a"), at("/identityValidationExpression", "e", ""), at("/name", "n"), at("/type", "TOKEN", "REQUEST"), at("/providerARNs", "a"),
	}},
	{"DocumentationPart", `"restApiId":"$api","documentationPartId":"$part"`, []suited{at("/properties", "{}", `{\"a\":1}`)}},
	{"DocumentationVersion", `"restApiId":"$api","documentationVersion":"1"`, []suited{at("/description", "d", "")}},
	{"VpcLink", `"vpcLinkId":"$link"`, []suited{at("/name", "n"), at("/description", "d", "")}},
	{"UsagePlan", `"usagePlanId":"$plan"`, []suited{
		at("/name", "n"), at("/description", "d", ""), at("/productCode", "c", ""), at("/apiStages", "$api:prod"), at("/throttle"), at("/throttle/rateLimit", "1.5"),
		at("/throttle/burstLimit", "1"), at("/quota"), at("/quota/period", "DAY"), at("/apiStages/$api:prod/throttle/~1a/GET/rateLimit", "2"), at("/apiStages/$api:prod/throttle"),
	}},
	{"Account", ``, []suited{at("/cloudwatchRoleArn", "arn:aws:iam::123456789012:role/r", ""), at("/features", "UsagePlans")}},
}

func newSubjects(t testing.TB) *script {
	t.Helper()
	const at = `"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"`
	s := newGuarded(t)
	s.make("other", "CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"other"}`)
	s.make("below", "CreateResource", `{"restApiId":"$api","parentId":"$pets","pathPart":"below"}`)
	s.make("", "PutMethod", `{`+at+`,"authorizationType":"NONE","requestParameters":{"method.request.header.h":true}}`)
	s.make("", "PutMethodResponse", `{`+at+`,"statusCode":"200","responseParameters":{"method.response.header.h":true}}`)
	s.make("", "PutIntegration", `{`+at+`,"type":"HTTP","integrationHttpMethod":"GET","uri":"http://h"}`)
	s.make("", "PutIntegrationResponse", `{`+at+`,"statusCode":"200"}`)
	s.make("first", "CreateDeployment", `{"restApiId":"$api"}`)
	s.make("second", "CreateDeployment", `{"restApiId":"$api"}`)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	s.make("part", "CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API"},"properties":"{}"}`)
	s.make("", "CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`)
	s.make("link", "CreateVpcLink", `{"name":"l","targetArns":["arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/a/b"]}`)
	s.make("plan", "CreateUsagePlan", `{"name":"p"}`)
	return s
}

// checkPatch holds a PATCH to its laws: what it answers is what is read
// afterwards; what is refused changes nothing.
func checkPatch(s *script, sub subject, ops string) (done bool, err error) {
	read := func() string { return s.call("Get"+sub.noun, `{`+sub.at+`}`) }
	before := read()
	input := strings.TrimPrefix(sub.at+`,"patchOperations":`+ops+``, ",")
	got := s.call("Update"+sub.noun, `{`+input+`}`)
	after := read()
	switch {
	case strings.HasPrefix(got, "500"):
		return false, fmt.Errorf("Update%s(%s) = %s", sub.noun, input, got)
	case got[0] != '{' && before != after:
		return false, fmt.Errorf("Update%s(%s) was refused (%s) and changed\n%s\nto\n%s", sub.noun, input, got, before, after)
	case got[0] == '{' && got != after:
		return false, fmt.Errorf("Update%s(%s) =\n%s\nbut what is read is\n%s", sub.noun, input, got, after)
	}
	return got[0] == '{', nil
}

// Any list of operations, on any resource, keeps the laws of checkPatch.
func TestPatchLaws(t *testing.T) {
	s := newSubjects(t)
	done, refused := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		for range 20 {
			sub := rapid.SampledFrom(subjects).Draw(rt, "subject")
			ok, err := checkPatch(s, sub, drawPatch(rt, sub))
			if err != nil {
				rt.Fatal(err)
			}
			if ok {
				done++
			} else {
				refused++
			}
		}
	})
	t.Logf("%d carried out, %d refused", done, refused)
	if done < refused/4 {
		t.Errorf("only %d of %d were carried out: the values do not suit the paths", done, done+refused)
	}
}

// drawPatch draws up to three operations, most of which suit the subject.
func drawPatch(rt *rapid.T, sub subject) string {
	var ops []string
	for range rapid.IntRange(1, 3).Draw(rt, "operations") {
		one := rapid.SampledFrom(sub.paths).Draw(rt, "path")
		value := ""
		if len(one.values) > 0 {
			value = rapid.SampledFrom(one.values).Draw(rt, "value")
		}
		op := rapid.SampledFrom([]string{"replace", "replace", "replace", "replace", "add", "remove", "copy", "test"}).Draw(rt, "op")
		if rapid.IntRange(0, 19).Draw(rt, "odd") == 0 {
			one.path, value = rapid.SampledFrom([]string{"/nope", "", "/", "//", "/a/b"}).Draw(rt, "odd path"), "odd value"
		}
		from := rapid.SampledFrom([]string{"/canarySettings/deploymentId", "/canarySettings/stageVariableOverrides"}).Draw(rt, "from")
		ops = append(ops, fmt.Sprintf(`{"op":%q,"path":%q,"value":"%s","from":%q}`, op, one.path, value, from))
	}
	return `[` + strings.Join(ops, ",") + `]`
}

// FuzzPatch holds the laws of checkPatch for paths and values that nobody
// thought of.
func FuzzPatch(f *testing.F) {
	for i, sub := range subjects {
		for j, one := range sub.paths {
			for _, value := range one.values {
				f.Add(uint8(i), uint8(j), one.path, value, "/canarySettings/deploymentId")
			}
		}
	}
	f.Fuzz(func(t *testing.T, which, op uint8, path, value, from string) {
		ops, err := json.Marshal([]map[string]string{{
			"op":   []string{"add", "remove", "replace", "copy", "move", "test"}[op%6],
			"path": path, "value": value, "from": from,
		}})
		if err != nil {
			t.Fatal(err)
		}
		s := newSubjects(t)
		if _, err := checkPatch(s, subjects[int(which)%len(subjects)], string(ops)); err != nil {
			t.Error(err)
		}
	})
}
