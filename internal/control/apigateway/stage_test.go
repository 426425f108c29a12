package apigateway_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
)

func TestCreateStage(t *testing.T) {
	for _, tt := range []struct{ name, input, want string }{
		{"least", `"stageName":"prod","deploymentId":"$first"`, `{"stageName":"prod","deploymentId":"$first",` + plainStage + `}`},
		{
			"all", `"stageName":"p_-1","deploymentId":"$first","description":"d","variables":{"a":"b:1"},"documentationVersion":"1","tracingEnabled":true,"tags":{"k":"v"},
				"cacheClusterEnabled":true,"canarySettings":{"percentTraffic":12.5,"deploymentId":"$first","stageVariableOverrides":{"a":"c"},"useStageCache":true}`,
			`{"stageName":"p_-1","deploymentId":"$first","description":"d","variables":{"a":"b:1"},"documentationVersion":"1","tracingEnabled":true,"tags":{"k":"v"},
				"cacheClusterEnabled":true,"cacheClusterSize":"0.5","cacheClusterStatus":"AVAILABLE","methodSettings":{},` + stageDates + `,
				"canarySettings":{"percentTraffic":12.5,"deploymentId":"$first","stageVariableOverrides":{"a":"c"},"useStageCache":true}}`,
		},
		{"size without cache", `"stageName":"prod","deploymentId":"$first","cacheClusterSize":"6.1","tags":{},"variables":{}`, `{"stageName":"prod","deploymentId":"$first","cacheClusterSize":"6.1",` + plainStage + `}`},
		{"no deployment", `"stageName":"prod","deploymentId":"nope"`, "404 Invalid Deployment identifier specified"},
		{"no canary deployment", `"stageName":"prod","deploymentId":"$first","canarySettings":{"deploymentId":"nope"}`, "400 Deployment id does not exist"},
		{"canary share", `"stageName":"prod","deploymentId":"$first","canarySettings":{"percentTraffic":-1}`, "400 Percent traffic must be between 0.0 and 100.0"},
		{"no documentation", `"stageName":"prod","deploymentId":"$first","documentationVersion":"nope"`, "404 Invalid Documentation version specified"},
		{"name", `"stageName":"a.b","deploymentId":"$first"`, "400 Stage name only allows a-zA-Z0-9_-"},
		{"variable name", `"stageName":"a","deploymentId":"$first","variables":{"a-b":"c"}`, "400 Invalid stage variable name: a-b. Names must match [A-Za-z0-9_]+"},
		{"variable value", `"stageName":"a","deploymentId":"$first","variables":{"a":"c d"}`, "400 Invalid stage variable value: c d. Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."},
		{"tag", `"stageName":"a","deploymentId":"$first","tags":{"":"c"}`, "400 Invalid tag key: . A key has 1 to 128 characters"},
		{"taken", `"stageName":"taken","deploymentId":"$first"`, "409 Stage already exists"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newDeployment(t)
			s.make("", "CreateStage", `{"restApiId":"$api","stageName":"taken","deploymentId":"$first"}`)
			s.make("", "CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`)
			s.play([]step{{"CreateStage", `{"restApiId":"$api",` + tt.input + `}`, tt.want}})
		})
	}
}

func TestGetStages(t *testing.T) {
	s := newDeployment(t)
	s.make("second", "CreateDeployment", `{"restApiId":"$api","stageName":"b"}`)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"a","deploymentId":"$first"}`)
	const (
		a = `{"stageName":"a","deploymentId":"$first",` + plainStage + `}`
		b = `{"stageName":"b","deploymentId":"$second",` + plainStage + `}`
	)
	s.play([]step{
		{"GetStages", `{"restApiId":"$api"}`, `{"item":[` + a + `,` + b + `]}`},
		{"GetStages", `{"restApiId":"$api","deploymentId":"$second"}`, `{"item":[` + b + `]}`},
		{"GetStages", `{"restApiId":"$api","deploymentId":"nope"}`, `{"item":[]}`},
		{"GetStages", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"GetStage", `{"restApiId":"$api","stageName":"a"}`, a},
		{"GetStage", `{"restApiId":"$api","stageName":"c"}`, "404 Invalid stage identifier specified"},
		{"DeleteStage", `{"restApiId":"$api","stageName":"a"}`, `{}`},
		{"DeleteStage", `{"restApiId":"$api","stageName":"a"}`, "404 Invalid stage identifier specified"},
		{"UpdateStage", `{"restApiId":"$api","stageName":"a"}`, "404 Invalid stage identifier specified"},
		{"CreateStage", `{"restApiId":"nope","stageName":"a","deploymentId":"x"}`, "404 Invalid API identifier specified 123456789012:nope"},
	})
}

// badSetting is AWS's text, missing commas included.
const badSetting = "]. Must be one of: [/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, /accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, /{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, /{resourcePath}/{httpMethod}/logging/loglevel, /{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, /{resourcePath}/{httpMethod}/caching/dataEncrypted, /{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, /{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, /*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit /*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, /*/*/caching/requireAuthorizationForCacheControl, /*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled]"

func badSettingAt(path string) string {
	return "400 Invalid method setting path: " + path + badSetting[1:]
}

func notSet(what string) string {
	return "400 Cannot remove method setting " + what + " because there is no method setting for this method "
}

func TestUpdateStage(t *testing.T) {
	const (
		prod    = `"stageName":"prod",`
		rest    = `"deploymentId":"$first",` + plainStage
		setting = `"dataTraceEnabled":false,"throttlingRateLimit":10000,"cachingEnabled":true,"cacheTtlInSeconds":300,"cacheDataEncrypted":false,"requireAuthorizationForCacheControl":true,"unauthorizedCacheControlHeaderStrategy":"SUCCEED_WITH_RESPONSE_HEADER"`
		burst10 = `{"metricsEnabled":false,"throttlingBurstLimit":10,` + setting + `}`
	)
	settings := func(json string) string {
		return `{` + prod + strings.Replace(rest, `"methodSettings":{}`, `"methodSettings":{`+json+`}`, 1) + `}`
	}
	before := `{` + prod + rest + `}`
	with := func(member string) string { return `{` + prod + rest + `,` + member + `}` }
	for _, tt := range []struct{ name, ops, want string }{
		{"nothing", ``, before},
		{"deployment", `{"op":"replace","path":"/deploymentId","value":"$second"}`, `{` + prod + `"deploymentId":"$second",` + plainStage + `}`},
		{"description", `{"op":"replace","path":"/description","value":"d"}`, with(`"description":"d"`)},
		{"certificate", `{"op":"replace","path":"/clientCertificateId","value":""}`, before},
		{"documentation", `{"op":"replace","path":"/documentationVersion","value":"1"}`, with(`"documentationVersion":"1"`)},
		{"tracing", `{"op":"replace","path":"/tracingEnabled","value":"true"}`, `{` + prod + strings.Replace(rest, `"tracingEnabled":false`, `"tracingEnabled":true`, 1) + `}`},
		{
			"cache on", `{"op":"replace","path":"/cacheClusterEnabled","value":"true"},{"op":"replace","path":"/cacheClusterSize","value":"118"}`,
			`{` + prod + `"deploymentId":"$first",` + stageDates + `,"cacheClusterEnabled":true,"cacheClusterSize":"118","cacheClusterStatus":"AVAILABLE","methodSettings":{},"tracingEnabled":false}`,
		},
		{"cache off", `{"op":"replace","path":"/cacheClusterEnabled","value":"true"},{"op":"replace","path":"/cacheClusterEnabled","value":"false"}`, with(`"cacheClusterSize":"0.5"`)},

		{"variable", `{"op":"replace","path":"/variables/a","value":"1"},{"op":"replace","path":"/variables/b","value":"2"},{"op":"remove","path":"/variables/a"}`, with(`"variables":{"b":"2"}`)},
		{"variables", `{"op":"replace","path":"/variables","value":"{\"a\":\"1\"}"}`, with(`"variables":{"a":"1"}`)},
		{"no variables", `{"op":"replace","path":"/variables/a","value":"1"},{"op":"remove","path":"/variables"}`, before},

		{"access log", `{"op":"replace","path":"/accessLogSettings/destinationArn","value":"arn:aws:logs:us-east-1:1:log-group:g:*"},{"op":"add","path":"/accessLogSettings/format","value":"$context.requestId"}`, with(`"accessLogSettings":{"destinationArn":"arn:aws:logs:us-east-1:1:log-group:g","format":"$context.requestId"}`)},
		{"access log part", `{"op":"add","path":"/accessLogSettings/destinationArn","value":"arn:aws:logs:us-east-1:1:log-group:g"},{"op":"add","path":"/accessLogSettings/format","value":"$context.requestId"},{"op":"remove","path":"/accessLogSettings/format"}`, with(`"accessLogSettings":{"destinationArn":"arn:aws:logs:us-east-1:1:log-group:g"}`)},
		{"access log last part", `{"op":"add","path":"/accessLogSettings/format","value":"$context.requestId"},{"op":"remove","path":"/accessLogSettings/format"}`, before},
		{"access log off", `{"op":"add","path":"/accessLogSettings/format","value":"$context.requestId"},{"op":"remove","path":"/accessLogSettings"}`, before},

		{"canary by deployment", `{"op":"replace","path":"/canarySettings/deploymentId","value":"$second"}`, with(`"canarySettings":{"deploymentId":"$second","percentTraffic":0,"useStageCache":false}`)},
		{"canary by share", `{"op":"replace","path":"/canarySettings/percentTraffic","value":"12.5"}`, with(`"canarySettings":{"deploymentId":"$first","percentTraffic":12.5,"useStageCache":false}`)},
		{"canary by cache", `{"op":"replace","path":"/canarySettings/useStageCache","value":"true"}`, with(`"canarySettings":{"deploymentId":"$first","percentTraffic":0,"useStageCache":true}`)},
		{"canary by variable", `{"op":"replace","path":"/canarySettings/stageVariableOverrides/v","value":"1"},{"op":"replace","path":"/canarySettings/stageVariableOverrides/w","value":"2"},{"op":"remove","path":"/canarySettings/stageVariableOverrides/w"}`, with(`"canarySettings":{"deploymentId":"$first","percentTraffic":0,"useStageCache":false,"stageVariableOverrides":{"v":"1"}}`)},
		{"canary off", `{"op":"replace","path":"/canarySettings/percentTraffic","value":"1"},{"op":"remove","path":"/canarySettings"}`, before},
		{
			"promotion", `{"op":"replace","path":"/variables/v","value":"old"},{"op":"replace","path":"/variables/w","value":"stays"},
				{"op":"replace","path":"/canarySettings/deploymentId","value":"$second"},{"op":"replace","path":"/canarySettings/stageVariableOverrides/v","value":"new"},
				{"op":"replace","path":"/canarySettings/percentTraffic","value":"0.0"},{"op":"remove","path":"/canarySettings/stageVariableOverrides"},
				{"op":"copy","from":"/canarySettings/deploymentId","path":"/deploymentId"},{"op":"copy","from":"/canarySettings/stageVariableOverrides","path":"/variables"}`,
			`{` + prod + `"deploymentId":"$second",` + plainStage + `,"variables":{"v":"new","w":"stays"},"canarySettings":{"deploymentId":"$second","percentTraffic":0,"useStageCache":false}}`,
		},

		{"setting", `{"op":"replace","path":"/*/*/throttling/burstLimit","value":"10"}`, settings(`"*/*":` + burst10)},
		{"setting of a method", `{"op":"replace","path":"/test/GET/throttling/burstLimit","value":"10"}`, settings(`"test/GET":` + burst10)},
		{"setting of a deep method", `{"op":"replace","path":"/~1a~1{b}/ANY/throttling/burstLimit","value":"10"}`, settings(`"~1a~1{b}/ANY":` + burst10)},
		{"setting of the root", `{"op":"replace","path":"/~1/GET/throttling/burstLimit","value":"10"},{"op":"replace","path":"//GET/throttling/burstLimit","value":"10"}`, settings(`"~1/GET":` + burst10 + `,"/GET":` + burst10)},
		{"setting of a plain path", `{"op":"replace","path":"/a/b/GET/throttling/burstLimit","value":"10"}`, settings(`"a/b/GET":` + burst10)},
		{
			"all settings", `{"op":"replace","path":"/*/*/metrics/enabled","value":"true"},{"op":"replace","path":"/*/*/logging/loglevel","value":"INFO"},
				{"op":"replace","path":"/*/*/logging/dataTrace","value":"true"},{"op":"replace","path":"/*/*/throttling/burstLimit","value":"-1"},
				{"op":"replace","path":"/*/*/throttling/rateLimit","value":"0.5"},{"op":"replace","path":"/*/*/caching/enabled","value":"false"},
				{"op":"replace","path":"/*/*/caching/ttlInSeconds","value":"3600"},{"op":"replace","path":"/*/*/caching/dataEncrypted","value":"true"},
				{"op":"replace","path":"/*/*/caching/requireAuthorizationForCacheControl","value":"false"},
				{"op":"replace","path":"/*/*/caching/unauthorizedCacheControlHeaderStrategy","value":"FAIL_WITH_403"}`,
			settings(`"*/*":{"metricsEnabled":true,"loggingLevel":"INFO","dataTraceEnabled":true,"throttlingBurstLimit":-1,"throttlingRateLimit":0.5,"cachingEnabled":false,
				"cacheTtlInSeconds":3600,"cacheDataEncrypted":true,"requireAuthorizationForCacheControl":false,"unauthorizedCacheControlHeaderStrategy":"FAIL_WITH_403"}`),
		},
		{"settings off", `{"op":"replace","path":"/test/GET/metrics/enabled","value":"true"},{"op":"remove","path":"/test/GET"}`, before},
		{"all settings off", `{"op":"replace","path":"/*/*/metrics/enabled","value":"true"},{"op":"remove","path":"/*/*"}`, before},

		{"no such path", `{"op":"replace","path":"/documentation_version","value":"1"}`, badSettingAt("/documentation_version")},
		{"tags", `{"op":"replace","path":"/tags/tag1","value":"1"}`, badSettingAt("/tags/tag1")},
		{"no such verb", `{"op":"replace","path":"/a/GOT/metrics/enabled","value":"1"}`, badSettingAt("/a/GOT/metrics/enabled")},
		{"no such setting", `{"op":"replace","path":"/a/GET/metrics/on","value":"1"}`, badSettingAt("/a/GET/metrics/on")},
		{"no path", `{"op":"replace","value":"1"}`, badSettingAt("null")},
		{"no certificate", `{"op":"replace","path":"/clientCertificateId","value":"nope"}`, "404 Invalid client certificate identifier specified"},
		{"no documentation", `{"op":"replace","path":"/documentationVersion","value":"nope"}`, "404 Invalid Documentation version specified"},
		{"remove all of nothing", `{"op":"remove","path":"/*/*"}`, notSet("*/*")},
		{"remove a description", `{"op":"remove","path":"/description"}`, notSet("description")},
		{"remove no variable", `{"op":"remove","path":"/variables/a"}`, notSet("variables/a")},
		{"remove no variables", `{"op":"remove","path":"/variables"}`, notSet("variables")},
		{"remove no canary", `{"op":"remove","path":"/canarySettings"}`, notSet("canarySettings")},
		{"remove no overrides", `{"op":"remove","path":"/canarySettings/stageVariableOverrides"}`, notSet("canarySettings/stageVariableOverrides")},
		{"remove no override", `{"op":"replace","path":"/canarySettings/percentTraffic","value":"1"},{"op":"remove","path":"/canarySettings/stageVariableOverrides/v"}`, notSet("canarySettings/stageVariableOverrides/v")},
		{"remove no access log", `{"op":"remove","path":"/accessLogSettings"}`, notSet("accessLogSettings")},
		{"remove no access log part", `{"op":"remove","path":"/accessLogSettings/format"}`, notSet("accessLogSettings/format")},
		{"access log path", `{"op":"replace","path":"/accessLogSettings/x","value":"1"}`, "400 Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"},
		{"access log whole", `{"op":"replace","path":"/accessLogSettings","value":"1"}`, "400 Invalid accessLogSettings path. Must be one of : [/accessLogSettings/destinationArn, /accessLogSettings/format]"},
		{"access log without an id", `{"op":"replace","path":"/accessLogSettings/format","value":"$context.status"}`, "400 Access Log format must contain $context.requestId or $context.extendedRequestId"},
		{"access log of two lines", `{"op":"replace","path":"/accessLogSettings/format","value":"$context.requestId\n$context.status"}`, "400 Access Log format must be single line, new line character is allowed only at end of the format"},
		{"access log to nowhere", `{"op":"replace","path":"/accessLogSettings/destinationArn","value":"arn:aws:s3:::b"}`, "400 Invalid ARN specified in the request. The destination of an access log must be a CloudWatch Logs log group or an Amazon Data Firehose delivery stream"},
		{"access log to a foreign stream", `{"op":"replace","path":"/accessLogSettings/destinationArn","value":"arn:aws:firehose:us-east-1:1:deliverystream/x"}`, "400 The name of the delivery stream must begin with amazon-apigateway-"},
		{"access log to no Firehose", `{"op":"replace","path":"/accessLogSettings/destinationArn","value":"arn:aws:firehose:us-east-1:1:deliverystream/amazon-apigateway-x"}`, "400 Access logs can be sent to Firehose only where its endpoint is known: start with --aws-endpoint firehose=URL"},
		{"access log empty", `{"op":"replace","path":"/accessLogSettings/format","value":""}`, "400 Access Log value must not be empty"},
		{"add to canary", `{"op":"add","path":"/canarySettings/deploymentId","value":"$second"}`, "400 Invalid add operation with path: /canarySettings/deploymentId"},
		{"add a canary", `{"op":"add","path":"/canarySettings","value":"{}"}`, "400 Cannot add method setting canarySettings because there is no method setting for this method "},
		{"replace a canary", `{"op":"replace","path":"/canarySettings","value":"{}"}`, badSettingAt("/canarySettings")},
		{"remove part of a canary", `{"op":"remove","path":"/canarySettings/percentTraffic"}`, "400 Invalid remove operation with path: /canarySettings/percentTraffic"},
		{"add an override", `{"op":"add","path":"/canarySettings/stageVariableOverrides/v","value":"1"}`, "400 Invalid add operation with path: /canarySettings/stageVariableOverrides/v"},
		{"no such part of a canary", `{"op":"replace","path":"/canarySettings/x","value":"1"}`, badSettingAt("/canarySettings/x")},
		{"no canary deployment", `{"op":"replace","path":"/canarySettings/deploymentId","value":"nope"}`, "400 Deployment id does not exist"},
		{"no deployment", `{"op":"replace","path":"/deploymentId","value":"nope"}`, "404 Invalid Deployment identifier specified"},
		{"canary share", `{"op":"replace","path":"/canarySettings/percentTraffic","value":"NaN"}`, "400 Percent traffic must be between 0.0 and 100.0"},
		{"canary share text", `{"op":"replace","path":"/canarySettings/percentTraffic","value":"x"}`, "400 Invalid value specified for /canarySettings/percentTraffic: x"},
		{
			"copy elsewhere", `{"op":"copy","path":"/deploymentId","from":"/canarySettings/x"}`,
			"400 Invalid copy operation with path: /deploymentId and from /canarySettings/x. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]",
		},
		{
			"copy to elsewhere", `{"op":"copy","path":"/x","from":"/canarySettings/deploymentId"}`,
			"400 Invalid copy operation with path: /x and from /canarySettings/deploymentId. Valid copy:path are [/deploymentId, /variables] and valid copy:from are [/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]",
		},
		{"copy without canary", `{"op":"copy","path":"/deploymentId","from":"/canarySettings/deploymentId"}`, "400 Promotion not available. Canary does not exist."},
		{"variable value", `{"op":"replace","path":"/variables/a","value":"a b"}`, "400 Invalid stage variable value: a b. Please use values with alphanumeric characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."},
		{"cache size", `{"op":"replace","path":"/cacheClusterSize","value":"7"}`, "400 Invalid cache cluster size specified. Valid options are 0.5,1.6,6.1,13.5,28.4,58.2,118,237"},
		{"level", `{"op":"replace","path":"/*/*/logging/loglevel","value":"DEBUG"}`, "400 Invalid logging level specified. Valid options are OFF,ERROR,INFO"},
		{"ttl", `{"op":"replace","path":"/*/*/caching/ttlInSeconds","value":"3601"}`, "400 Invalid cache TTL specified. It must be between 0 and 3600 seconds"},
		{"rate", `{"op":"replace","path":"/*/*/throttling/rateLimit","value":"nan"}`, "400 Invalid value specified for /*/*/throttling/rateLimit: nan"},
		{"burst", `{"op":"replace","path":"/*/*/throttling/burstLimit","value":"1.5"}`, "400 Invalid value specified for /*/*/throttling/burstLimit: 1.5"},
		{"one bad of two", `{"op":"replace","path":"/description","value":"d"},{"op":"replace","path":"/x","value":"1"}`, badSettingAt("/x")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newDeployment(t)
			s.make("second", "CreateDeployment", `{"restApiId":"$api"}`)
			s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
			s.make("", "CreateDocumentationVersion", `{"restApiId":"$api","documentationVersion":"1"}`)
			s.play([]step{{"UpdateStage", `{"restApiId":"$api","stageName":"prod","patchOperations":[` + tt.ops + `]}`, tt.want}})
			kept := tt.want
			if kept[0] != '{' {
				kept = before // one failure changes nothing
			}
			s.play([]step{{"GetStage", `{"restApiId":"$api","stageName":"prod"}`, kept}})
		})
	}
}

// Logging waits for the account's role only where the operator wants AWS's rule.
func TestUpdateStageLogRole(t *testing.T) {
	s := newDeployment(t, func(c *apigateway.Config) { c.RequireLogRole = true })
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	const refused = "400 CloudWatch Logs role ARN must be set in account settings to enable logging"
	ops := []string{
		`{"op":"replace","path":"/*/*/logging/loglevel","value":"INFO"}`,
		`{"op":"replace","path":"/*/*/logging/dataTrace","value":"true"}`,
		`{"op":"replace","path":"/accessLogSettings/format","value":"$context.requestId"}`,
	}
	for _, op := range ops {
		s.play([]step{{"UpdateStage", `{"restApiId":"$api","stageName":"prod","patchOperations":[` + op + `]}`, refused}})
	}
	s.make("", "UpdateStage", `{"restApiId":"$api","stageName":"prod","patchOperations":[{"op":"replace","path":"/*/*/logging/loglevel","value":"OFF"}]}`)
	s.make("", "UpdateAccount", `{"patchOperations":[{"op":"replace","path":"/cloudwatchRoleArn","value":"arn:aws:iam::123456789012:role/logs"}]}`)
	for _, op := range ops {
		s.make("", "UpdateStage", `{"restApiId":"$api","stageName":"prod","patchOperations":[`+op+`]}`)
	}
}
