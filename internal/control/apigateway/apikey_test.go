package apigateway_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
)

// ticking makes each look at the clock a nanosecond later.
func ticking(c *apigateway.Config) {
	at := start
	c.Now = func() time.Time { at = at.Add(1); return at }
}

const value20 = "abcdefghijklmnopqrst"

func TestApiKey(t *testing.T) {
	s := newDeployment(t, ticking)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	const (
		dates = `"createdDate":1760000000,"lastUpdatedDate":1760000000,"stageKeys":[]`
		one   = `{"id":"0000000007","name":"one","enabled":false,` + dates
		two   = `{"id":"0000000008","name":"two","customerId":"c","description":"d","enabled":true,"tags":{"a":"b"},"createdDate":1760000000,"lastUpdatedDate":1760000000,"stageKeys":["$api/prod"]`
		three = `{"id":"0000000009","enabled":false,` + dates
		paths = `Must be one of: [/description, /enabled, /name, /customerId]`
	)
	s.play([]step{
		{"CreateApiKey", `{"name":"one","value":"` + value20 + `"}`, one + `,"value":"` + value20 + `"}`},
		{
			"CreateApiKey", `{"name":"two","value":"` + value20 + `2","customerId":"c","description":"d","enabled":true,"tags":{"a":"b"},"stageKeys":[{"restApiId":"$api","stageName":"prod"}]}`,
			two + `,"value":"` + value20 + `2"}`,
		},
		{"CreateApiKey", `{"name":"","value":"` + value20 + `3"}`, three + `,"value":"` + value20 + `3"}`},
		{"CreateApiKey", `{"value":"` + value20 + `"}`, "409 API Key already exists"},
		{"CreateApiKey", `{"value":"` + value20[1:] + `"}`, "400 API Key value should be at least 20 characters"},
		{"CreateApiKey", `{"value":"` + strings.Repeat("a", 129) + `"}`, "400 API Key value exceeds maximum size of 128 characters"},
		{"CreateApiKey", `{"name":"` + strings.Repeat("a", 1025) + `"}`, "400 Invalid API Key name, can be at most 1024 characters."},
		{"CreateApiKey", `{"description":"` + strings.Repeat("a", 125001) + `"}`, "400 Invalid API Key description specified."},
		{"CreateApiKey", `{"stageKeys":[{"restApiId":"$api","stageName":"nope"}]}`, "404 Invalid stage identifier specified"},

		{"GetApiKey", `{"apiKey":"0000000007"}`, one + `}`},
		{"GetApiKey", `{"apiKey":"0000000007","includeValue":true}`, one + `,"value":"` + value20 + `"}`},
		{"GetApiKey", `{"apiKey":"nope"}`, "404 Invalid API Key identifier specified"},
		{"GetApiKeys", `{}`, `{"items":[` + three + `},` + two + `},` + one + `}]}`},
		{"GetApiKeys", `{"limit":-1}`, `{"items":[` + three + `},` + two + `},` + one + `}]}`},
		{"GetApiKeys", `{"nameQuery":"on","includeValues":true}`, `{"items":[` + one + `,"value":"` + value20 + `"}]}`},
		{"GetApiKeys", `{"nameQuery":"ne"}`, `{"items":[]}`},
		{"GetApiKeys", `{"nameQuery":"ON"}`, `{"items":[]}`},
		{"GetApiKeys", `{"customerId":"c"}`, `{"items":[` + two + `}]}`},

		{
			"UpdateApiKey", `{"apiKey":"0000000007","patchOperations":[{"op":"replace","path":"/name","value":"n"},{"op":"replace","path":"/description","value":"d"},
				{"op":"replace","path":"/enabled","value":"true"},{"op":"replace","path":"/customerId","value":"c"},{"op":"add","path":"/labels","value":"l"},{"op":"add","path":"/stages","value":"$api/prod"}]}`,
			`{"id":"0000000007","name":"n","description":"d","enabled":true,"customerId":"c","tags":{},"createdDate":1760000000,"lastUpdatedDate":1760000000,"stageKeys":["$api/prod"]}`,
		},
		{
			"UpdateApiKey", `{"apiKey":"0000000007","patchOperations":[{"op":"replace","path":"/enabled","value":"garbage"},{"op":"remove","path":"/labels","value":"l"},{"op":"remove","path":"/stages","value":"$api/prod"}]}`,
			`{"id":"0000000007","name":"n","description":"d","enabled":false,"customerId":"c","tags":{},` + dates + `}`,
		},
		{"UpdateApiKey", `{"apiKey":"0000000007","patchOperations":[{"op":"replace","path":"/value","value":"x"}]}`, "400 Invalid patch path  '/value' specified for op 'replace'. " + paths},
		{"UpdateApiKey", `{"apiKey":"0000000007","patchOperations":[{"op":"copy","path":"/name","from":"x"}]}`, "400 Invalid patch path  '/name' specified for op 'copy'. Please choose supported operations"},
		{"UpdateApiKey", `{"apiKey":"0000000007","patchOperations":[{"op":"add","path":"/stages","value":"x"}]}`, "404 Invalid stage identifier specified"},
		{"UpdateApiKey", `{"apiKey":"nope"}`, "404 Invalid API Key identifier specified"},

		{"TagResource", `{"resourceArn":"arn:aws:apigateway:us-east-1::/apikeys/0000000007","tags":{"t":"u"}}`, `{}`},
		{"GetTags", `{"resourceArn":"arn:aws:apigateway:us-east-1::/apikeys/0000000007"}`, `{"tags":{"t":"u"}}`},
		{"DeleteApiKey", `{"apiKey":"0000000007"}`, `{}`},
		{"DeleteApiKey", `{"apiKey":"0000000007"}`, "404 Invalid API Key identifier specified"},
		{"CreateApiKey", `{"value":"` + value20 + `","generateDistinctId":false}`, `{"id":"` + value20 + `","enabled":false,` + dates + `,"value":"` + value20 + `"}`},
	})
	made := s.call("CreateApiKey", `{}`)
	if value := strings.Split(made, `"value": "`)[1]; len(value) < 40 || strings.Trim(value[:40], "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789") != "" || value[40] != '"' {
		t.Errorf("CreateApiKey made the value %q, want 40 letters and digits", value)
	}
}

// Pages of a list that begins with the newest hold each key once.
func TestApiKeyPages(t *testing.T) {
	s := newScript(t, ticking)
	for i := range 7 {
		s.make("", "CreateApiKey", fmt.Sprintf(`{"name":"k%d"}`, i))
	}
	var names []string
	position := ""
	for {
		got := s.call("GetApiKeys", `{"limit":3,"position":"`+position+`"}`)
		for line := range strings.SplitSeq(got, "\n") {
			if n, ok := strings.CutPrefix(line, `      "name": "`); ok {
				names = append(names, n[:2])
			}
		}
		_, after, more := strings.Cut(got, `"position": "`)
		if !more {
			break
		}
		position = after[:strings.IndexByte(after, '"')]
	}
	if got, want := strings.Join(names, " "), "k6 k5 k4 k3 k2 k1 k0"; got != want {
		t.Errorf("pages hold %s, want %s", got, want)
	}
}

func TestImportApiKeys(t *testing.T) {
	s := newScript(t, ticking)
	s.make("gold", "CreateUsagePlan", `{"name":"gold"}`)
	s.make("iron", "CreateUsagePlan", `{"name":"iron"}`)
	s.make("old", "CreateApiKey", `{"name":"old","value":"`+value20+`1"}`)
	file := func(lines ...string) string {
		return base64.StdEncoding.EncodeToString([]byte(s.fill(strings.Join(lines, "\n"))))
	}
	s.play([]step{
		{
			"ImportApiKeys", `{"format":"csv","body":"` + file("\ufeffKEY, name ,Enabled,extra,usageplanids,description\r",
				value20+`1,new,FALSE,x,"$gold,$iron",d`, value20+"2,two,,,'$gold',\r", "", `short,three`, value20+"4,four,,,nope,", value20+"5,,", `"`+value20+`6","a ""b"", c",TRUE`) + `"}`,
			`{"ids":["$old","0000000004","0000000008"],"warnings":["Row 5: API Key value should be at least 20 characters","Row 6: Invalid Usage Plan ID specified","Row 7: Invalid API Key name specified."]}`,
		},
		{"GetApiKey", `{"apiKey":"$old","includeValue":true}`, `{"id":"$old","name":"new","description":"d","enabled":false,"value":"` + value20 + `1","createdDate":1760000000,"lastUpdatedDate":1760000000,"stageKeys":[]}`},
		{"GetApiKey", `{"apiKey":"0000000008"}`, `{"id":"0000000008","name":"a \"b\", c","description":"","enabled":true,"createdDate":1760000000,"lastUpdatedDate":1760000000,"stageKeys":[]}`},
		{"GetUsagePlanKeys", `{"usagePlanId":"$gold"}`, `{"items":[{"id":"0000000004","type":"API_KEY","value":"` + value20 + `2","name":"two"},{"id":"$old","type":"API_KEY","value":"` + value20 + `1","name":"new"}]}`},
		{"GetUsagePlanKeys", `{"usagePlanId":"$iron"}`, `{"items":[{"id":"$old","type":"API_KEY","value":"` + value20 + `1","name":"new"}]}`},
		{"ImportApiKeys", `{"format":"csv","failOnWarnings":true,"body":"` + file("name,key", "a,"+value20+"8", "b,x") + `"}`, "400 Row 3: API Key value should be at least 20 characters"},
		{"GetApiKeys", `{"nameQuery":"a"}`, `{"items":[{"id":"0000000008","name":"a \"b\", c","description":"","enabled":true,"createdDate":1760000000,"lastUpdatedDate":1760000000,"stageKeys":[]}]}`},
		{"ImportApiKeys", `{"format":"csv","body":"` + file("name,value") + `"}`, "400 The key file has no column key"},
		{"ImportApiKeys", `{"format":"csv","body":""}`, "400 The key file is empty"},
	})
}
