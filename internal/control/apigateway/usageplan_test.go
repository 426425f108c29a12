package apigateway_test

import "testing"

func newPlans(t *testing.T) *script {
	t.Helper()
	s := newDeployment(t, ticking)
	for _, stage := range []string{"prod", "test"} {
		s.make("", "CreateStage", `{"restApiId":"$api","stageName":"`+stage+`","deploymentId":"$first"}`)
	}
	s.make("gold", "CreateUsagePlan", `{"name":"gold","apiStages":[{"apiId":"$api","stage":"prod"}]}`)
	s.make("iron", "CreateUsagePlan", `{"name":"iron"}`)
	s.make("ann", "CreateApiKey", `{"name":"ann","value":"`+value20+`1"}`)
	s.make("bob", "CreateApiKey", `{"name":"bob","value":"`+value20+`2"}`)
	return s
}

func TestCreateUsagePlan(t *testing.T) {
	s := newPlans(t)
	s.play([]step{
		{"CreateUsagePlan", `{"name":"p"}`, `{"id":"000011","name":"p","apiStages":[]}`},
		{
			"CreateUsagePlan", `{"name":"p","description":"d","quota":{"limit":100,"period":"DAY"},"throttle":{"rateLimit":10,"burstLimit":20},"tags":{"a":"b"},
				"apiStages":[{"apiId":"$api","stage":"prod","throttle":{"/pets/GET":{"rateLimit":1.5,"burstLimit":2}}}]}`,
			`{"id":"000012","name":"p","description":"d","quota":{"limit":100,"offset":0,"period":"DAY"},"throttle":{"rateLimit":10,"burstLimit":20},"tags":{"a":"b"},
				"apiStages":[{"apiId":"$api","stage":"prod","throttle":{"/pets/GET":{"rateLimit":1.5,"burstLimit":2}}}]}`,
		},
		{"CreateUsagePlan", `{"name":""}`, "400 Usage Plan name cannot be blank"},
		{"CreateUsagePlan", `{"name":"p","apiStages":[{"apiId":"$api"}]}`, "400 Invalid API Stage specified"},
		{"CreateUsagePlan", `{"name":"p","apiStages":[{"apiId":"$api","stage":"nope"}]}`, "404 Invalid API Stage {api: $api, stage: nope} specified for usageplan 000014"},
		{"CreateUsagePlan", `{"name":"p","quota":{"limit":1}}`, "400 Usage Plan quota period must be one of: DAY, WEEK, MONTH"},
		{"CreateUsagePlan", `{"name":"p","quota":{"limit":-1,"period":"DAY"}}`, "400 Usage Plan quota limit must not be negative"},
		{"GetUsagePlan", `{"usagePlanId":"000011"}`, `{"id":"000011","name":"p","apiStages":[],"tags":{}}`},
		{"GetUsagePlan", `{"usagePlanId":"nope"}`, "404 Invalid Usage Plan ID specified"},
		{"GetUsagePlans", `{"limit":2}`, `{"items":[{"id":"$gold","name":"gold","apiStages":[{"apiId":"$api","stage":"prod"}]},{"id":"$iron","name":"iron","apiStages":[]}],"position":"MDAwMDA4"}`},
		{"TagResource", `{"resourceArn":"arn:aws:apigateway:us-east-1::/usageplans/$iron","tags":{"t":"u"}}`, `{}`},
		{"GetUsagePlan", `{"usagePlanId":"$iron"}`, `{"id":"$iron","name":"iron","apiStages":[],"tags":{"t":"u"}}`},
		{"DeleteUsagePlan", `{"usagePlanId":"$gold"}`, "400 Cannot delete Usage Plan $gold because there are API Stages associated with it, including $api:prod"},
		{"DeleteUsagePlan", `{"usagePlanId":"$iron"}`, `{}`},
		{"DeleteUsagePlan", `{"usagePlanId":"$iron"}`, "404 Invalid Usage Plan ID specified"},
	})
}

func TestUpdateUsagePlan(t *testing.T) {
	const (
		prod   = `{"apiId":"$api","stage":"prod"}`
		before = `{"id":"$gold","name":"gold","apiStages":[` + prod + `],"tags":{}}`
	)
	with := func(member string) string {
		return `{"id":"$gold","name":"gold","apiStages":[` + prod + `],"tags":{},` + member + `}`
	}
	method := func(throttle string) string {
		return `{"id":"$gold","name":"gold","apiStages":[{"apiId":"$api","stage":"prod","throttle":{"/pets/GET":` + throttle + `}}],"tags":{}}`
	}
	for _, tt := range []struct{ name, ops, want string }{
		{"name", `{"op":"replace","path":"/name","value":"n"}`, `{"id":"$gold","name":"n","apiStages":[` + prod + `],"tags":{}}`},
		{"description", `{"op":"replace","path":"/description","value":"d"}`, with(`"description":"d"`)},
		{"code", `{"op":"add","path":"/productCode","value":"c"},{"op":"replace","path":"/productCode","value":"d"}`, with(`"productCode":"d"`)},
		{"no code", `{"op":"add","path":"/productCode","value":"c"},{"op":"remove","path":"/productCode"}`, before},
		{"stages", `{"op":"add","path":"/apiStages","value":"$api:test"},{"op":"remove","path":"/apiStages","value":"$api:prod"}`, `{"id":"$gold","name":"gold","apiStages":[{"apiId":"$api","stage":"test"}],"tags":{}}`},
		{"throttle", `{"op":"add","path":"/throttle/rateLimit","value":"1.5"},{"op":"replace","path":"/throttle/burstLimit","value":"2"}`, with(`"throttle":{"rateLimit":1.5,"burstLimit":2}`)},
		{"no throttle", `{"op":"add","path":"/throttle/rateLimit","value":"1.5"},{"op":"remove","path":"/throttle"}`, before},
		{"quota", `{"op":"add","path":"/quota/limit","value":"5"},{"op":"add","path":"/quota/period","value":"WEEK"},{"op":"replace","path":"/quota/offset","value":"1"}`, with(`"quota":{"limit":5,"offset":1,"period":"WEEK"}`)},
		{"no quota", `{"op":"add","path":"/quota/limit","value":"5"},{"op":"remove","path":"/quota"}`, before},
		{"method by pointer", `{"op":"add","path":"/apiStages/$api:prod/throttle/~1pets/GET/rateLimit","value":"1.5"},{"op":"replace","path":"/apiStages/$api:prod/throttle/~1pets/GET/burstLimit","value":"2"}`, method(`{"rateLimit":1.5,"burstLimit":2}`)},
		{"method by path", `{"op":"replace","path":"/apiStages/$api:prod/throttle//pets/GET/rateLimit","value":"1.5"}`, method(`{"rateLimit":1.5}`)},
		{"method off", `{"op":"replace","path":"/apiStages/$api:prod/throttle//pets/GET/rateLimit","value":"1.5"},{"op":"remove","path":"/apiStages/$api:prod/throttle/~1pets/GET"}`, before},
		{"methods", `{"op":"replace","path":"/apiStages/$api:prod/throttle","value":"{\"/pets/GET\":{\"rateLimit\":1.5}}"}`, method(`{"rateLimit":1.5}`)},
		{"methods off", `{"op":"add","path":"/apiStages/$api:prod/throttle","value":"{\"/pets/GET\":{\"rateLimit\":1.5}}"},{"op":"remove","path":"/apiStages/$api:prod/throttle"}`, before},

		{"no stage", `{"op":"add","path":"/apiStages","value":"nope:prod"}`, "404 Invalid API Stage {api: nope, stage: prod} specified for usageplan $gold"},
		{"no such stage in it", `{"op":"remove","path":"/apiStages","value":"$api:test"}`, "404 Invalid API Stage {api: $api, stage: test} specified for usageplan $gold"},
		{"stage without value", `{"op":"add","path":"/apiStages"}`, "400 Invalid API Stage specified"},
		{"stage without colon", `{"op":"remove","path":"/apiStages","value":"x"}`, "400 Invalid API Stage specified"},
		{"method of no stage", `{"op":"replace","path":"/apiStages/$api:test/throttle/~1pets/GET/rateLimit","value":"1"}`, "404 Invalid API Stage {api: $api, stage: test} specified for usageplan $gold"},
		{"no number", `{"op":"replace","path":"/throttle/rateLimit","value":"NaN"}`, "400 Invalid value specified for /throttle/rateLimit: NaN"},
		{"no whole number", `{"op":"replace","path":"/throttle/burstLimit","value":"1.5"}`, "400 Invalid value specified for /throttle/burstLimit: 1.5"},
		{"no methods", `{"op":"replace","path":"/apiStages/$api:prod/throttle","value":"x"}`, "400 Invalid value specified for /apiStages/$api:prod/throttle: x"},
		{"quota without period", `{"op":"add","path":"/quota/limit","value":"5"}`, "400 Usage Plan quota period must be one of: DAY, WEEK, MONTH"},
		{"no name", `{"op":"replace","path":"/name","value":""}`, "400 Usage Plan name cannot be blank"},
		{"no path", `{"op":"remove","path":"/x"}`, "400 Invalid patch path  '/x' specified for op 'remove'. Must be one of: [/productCode, /apiStages, /throttle, /quota]"},
		{"no operation", `{"op":"copy","path":"/name","from":"/x"}`, "400 Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations"},
		{"method limit removed", `{"op":"remove","path":"/apiStages/$api:prod/throttle/~1pets/GET/rateLimit"}`, "400 Invalid patch path  '/apiStages/$api:prod/throttle/~1pets/GET/rateLimit' specified for op 'remove'. Must be one of: [/productCode, /apiStages, /throttle, /quota]"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newPlans(t)
			s.play([]step{{"UpdateUsagePlan", `{"usagePlanId":"$gold","patchOperations":[` + tt.ops + `]}`, tt.want}})
			kept := tt.want
			if kept[0] != '{' {
				kept = before
			}
			s.play([]step{{"GetUsagePlan", `{"usagePlanId":"$gold"}`, kept}})
		})
	}
	newPlans(t).play([]step{{"UpdateUsagePlan", `{"usagePlanId":"nope"}`, "404 Invalid Usage Plan ID specified"}})
}

func TestUsagePlanKey(t *testing.T) {
	s := newPlans(t)
	const (
		ann = `{"id":"$ann","type":"API_KEY","name":"ann","value":"` + value20 + `1"}`
		bob = `{"id":"$bob","type":"API_KEY","name":"bob","value":"` + value20 + `2"}`
	)
	s.play([]step{
		{"CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$ann","keyType":"API_KEY"}`, ann},
		{"CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$bob","keyType":"API_KEY"}`, bob},
		{"CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$ann","keyType":"API_KEY"}`, "409 API Key $ann is already associated with Usage Plan $gold"},
		{"CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$ann","keyType":"x"}`, "400 Invalid Usage Plan Key type specified. Valid options are API_KEY"},
		{"CreateUsagePlanKey", `{"usagePlanId":"nope","keyId":"$ann","keyType":"API_KEY"}`, "404 Invalid Usage Plan ID specified"},
		{"CreateUsagePlanKey", `{"usagePlanId":"$gold","keyId":"nope","keyType":"API_KEY"}`, "404 Invalid API Key identifier specified"},
		{"GetUsagePlanKey", `{"usagePlanId":"$gold","keyId":"$ann"}`, ann},
		{"GetUsagePlanKey", `{"usagePlanId":"$iron","keyId":"$ann"}`, "404 Invalid API Key identifier specified"},
		{"GetUsagePlanKey", `{"usagePlanId":"nope","keyId":"$ann"}`, "404 Invalid Usage Plan ID specified"},
		{"GetUsagePlanKeys", `{"usagePlanId":"$gold"}`, `{"items":[` + bob + `,` + ann + `]}`},
		{"GetUsagePlanKeys", `{"usagePlanId":"$gold","nameQuery":"an"}`, `{"items":[` + ann + `]}`},
		{"GetUsagePlanKeys", `{"usagePlanId":"$gold","nameQuery":"AN"}`, `{"items":[]}`},
		{"GetUsagePlanKeys", `{"usagePlanId":"nope"}`, `{"items":[]}`},
		{"GetUsagePlans", `{"keyId":"$ann"}`, `{"items":[{"id":"$gold","name":"gold","apiStages":[{"apiId":"$api","stage":"prod"}]}]}`},
		{"GetUsagePlans", `{"keyId":"nope"}`, `{"items":[]}`},

		// A key may use a stage by one plan only.
		{"CreateUsagePlanKey", `{"usagePlanId":"$iron","keyId":"$ann","keyType":"API_KEY"}`, ann},
		{
			"UpdateUsagePlan", `{"usagePlanId":"$iron","patchOperations":[{"op":"add","path":"/apiStages","value":"$api:prod"}]}`,
			"409 Usage Plan $iron cannot be updated because API Key $ann cannot reference multiple Usage Plans with the same API stage: $api:prod",
		},
		{"DeleteUsagePlanKey", `{"usagePlanId":"$iron","keyId":"$ann"}`, `{}`},
		{"DeleteUsagePlanKey", `{"usagePlanId":"$iron","keyId":"$ann"}`, "404 Invalid API Key identifier specified"},
		{"DeleteUsagePlanKey", `{"usagePlanId":"nope","keyId":"$ann"}`, "404 Invalid Usage Plan ID specified"},
		{"UpdateUsagePlan", `{"usagePlanId":"$iron","patchOperations":[{"op":"add","path":"/apiStages","value":"$api:prod"}]}`, `{"id":"$iron","name":"iron","apiStages":[{"apiId":"$api","stage":"prod"}],"tags":{}}`},
		{
			"CreateUsagePlanKey", `{"usagePlanId":"$iron","keyId":"$ann","keyType":"API_KEY"}`,
			"409 Usage Plan $iron cannot be added because API Key $ann cannot reference multiple Usage Plans with the same API stage: $api:prod",
		},
		{"DeleteApiKey", `{"apiKey":"$ann"}`, `{}`},
		{"GetUsagePlanKeys", `{"usagePlanId":"$gold"}`, `{"items":[` + bob + `]}`},
	})
}
