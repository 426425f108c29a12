package apigateway_test

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/fault"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// TestQuotas raises and lowers each quota: what fits is made, one more is
// refused in AWS's words and leaves nothing, and what is deleted makes room.
func TestQuotas(t *testing.T) {
	full := func(of, in string) string {
		return "429 Maximum number of " + of + " for this " + in + " has been reached. Please contact AWS if you need additional " + of + "."
	}
	document := func(text string) string { return `"body":"` + base64.StdEncoding.EncodeToString([]byte(text)) + `"` }
	const doc = `{"swagger":"2.0","info":{"title":"t","version":"1"},"paths":{`
	for _, tt := range []struct {
		quota string
		most  int
		steps []step
	}{
		{apigateway.QuotaRegionalAPIs, 1, []step{
			{"CreateRestApi", `{"name":"a","endpointConfiguration":{"types":["REGIONAL"]}}`, "ok"},
			{"CreateRestApi", `{"name":"b","endpointConfiguration":{"types":["REGIONAL"]}}`, full("Regional APIs", "account")},
			{"ImportRestApi", `{"parameters":{"endpointConfigurationTypes":"REGIONAL"},` + document(doc+`}}`) + `}`, full("Regional APIs", "account")},
			{"UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"}]}`, full("Regional APIs", "account")},
		}},
		{apigateway.QuotaEdgeAPIs, 1, []step{ // $api is one
			{"CreateRestApi", `{"name":"b"}`, full("Edge-optimized APIs", "account")},
			{"UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"}]}`, "ok"},
			{"CreateRestApi", `{"name":"b"}`, "ok"},
			{"CreateRestApi", `{"name":"c"}`, full("Edge-optimized APIs", "account")},
		}},
		{apigateway.QuotaEdgeAPIs, 1, []step{
			{"DeleteRestApi", `{"restApiId":"$api"}`, "ok"},
			{"CreateRestApi", `{"name":"b"}`, "ok"},
		}},
		{apigateway.QuotaPrivateAPIs, 0, []step{
			{"CreateRestApi", `{"name":"b","endpointConfiguration":{"types":["PRIVATE"]}}`, full("Private APIs", "account")},
		}},
		{apigateway.QuotaResources, 2, []step{ // /pets is one
			{"CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"b"}`, "ok"},
			{"CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"c"}`, full("resources", "API")},
			{"PutRestApi", `{"restApiId":"$api",` + document(doc+`"/c":{}}}`) + `}`, full("resources", "API")},
			{"DeleteResource", `{"restApiId":"$api","resourceId":"$pets"}`, "ok"},
			{"CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"c"}`, "ok"},
			{"PutRestApi", `{"restApiId":"$api","mode":"overwrite",` + document(doc+`"/d":{},"/e":{}}}`) + `}`, "ok"},
			{"CreateRestApi", `{"name":"copy","cloneFrom":"$api"}`, "ok"},
			{"CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"c"}`, full("resources", "API")},
			{"PutRestApi", `{"restApiId":"$api","mode":"overwrite",` + document(doc+`"/d":{}}}`) + `}`, "ok"},
			{"CreateResource", `{"restApiId":"$api","parentId":"$root","pathPart":"c"}`, "ok"},
		}},
		{apigateway.QuotaStages, 1, []step{
			{"CreateStage", `{"restApiId":"$api","stageName":"a","deploymentId":"$first"}`, "ok"},
			{"CreateStage", `{"restApiId":"$api","stageName":"b","deploymentId":"$first"}`, full("stages", "API")},
			{"CreateDeployment", `{"restApiId":"$api","stageName":"b"}`, full("stages", "API")},
			{"CreateDeployment", `{"restApiId":"$api","stageName":"a"}`, "ok"},
		}},
		{apigateway.QuotaVariables, 1, []step{
			{"CreateStage", `{"restApiId":"$api","stageName":"b","deploymentId":"$first","variables":{"a":"1","b":"2"}}`, full("stage variables", "stage")},
			{"CreateDeployment", `{"restApiId":"$api","stageName":"b","variables":{"a":"1","b":"2"}}`, full("stage variables", "stage")},
			{"CreateStage", `{"restApiId":"$api","stageName":"b","deploymentId":"$first","variables":{"a":"1"}}`, "ok"},
			{"UpdateStage", `{"restApiId":"$api","stageName":"b","patchOperations":[{"op":"replace","path":"/variables/b","value":"2"}]}`, full("stage variables", "stage")},
		}},
		{apigateway.QuotaAuthorizers, 1, []step{
			{"CreateAuthorizer", `{"restApiId":"$api","name":"a","type":"COGNITO_USER_POOLS","identitySource":"method.request.header.A","providerARNs":["arn:aws:cognito-idp:us-east-1:1:userpool/p"]}`, "ok"},
			{"CreateAuthorizer", `{"restApiId":"$api","name":"b","type":"COGNITO_USER_POOLS","identitySource":"method.request.header.A","providerARNs":["arn:aws:cognito-idp:us-east-1:1:userpool/p"]}`, full("authorizers", "API")},
		}},
		{apigateway.QuotaParts, 1, []step{
			{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"API"},"properties":"{}"}`, "ok"},
			{"CreateDocumentationPart", `{"restApiId":"$api","location":{"type":"MODEL"},"properties":"{}"}`, full("documentation parts", "API")},
		}},
		{apigateway.QuotaKeys, 1, []step{
			{"CreateApiKey", `{"value":"` + value20 + `","generateDistinctId":false}`, "ok"},
			{"CreateApiKey", `{}`, full("API keys", "account")},
			{"ImportApiKeys", `{"format":"csv","failOnWarnings":true,` + document("name,key\nn,"+value20+"2") + `}`, "400 Row 2: " + full("API keys", "account")[4:]},
			{"DeleteApiKey", `{"apiKey":"` + value20 + `"}`, "ok"},
			{"CreateApiKey", `{}`, "ok"},
		}},
		{apigateway.QuotaPlans, 1, []step{
			{"CreateUsagePlan", `{"name":"a"}`, "ok"},
			{"CreateUsagePlan", `{"name":"b"}`, full("usage plans", "account")},
		}},
		{apigateway.QuotaThrottles, 1, []step{
			{"CreateStage", `{"restApiId":"$api","stageName":"a","deploymentId":"$first"}`, "ok"},
			{"CreateUsagePlan", `{"name":"a","apiStages":[{"apiId":"$api","stage":"a","throttle":{"/a/GET":{},"/b/GET":{}}}]}`, full("method throttles", "API stage of a usage plan")},
		}},
		{apigateway.QuotaCertificates, 0, []step{{"GenerateClientCertificate", `{}`, full("client certificates", "account")}}},
		{apigateway.QuotaLinks, 0, []step{{"CreateVpcLink", `{"name":"a","targetArns":["arn:aws:elasticloadbalancing:us-east-1:1:loadbalancer/net/a/b"]}`, full("VPC links", "account")}}},
		{apigateway.QuotaDomains, 0, []step{{"CreateDomainName", `{"domainName":"a.example.com"}`, full("domain names", "account")}}},
		{apigateway.QuotaPolicy, 80, []step{
			{"UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\"}]}"}]}`, "ok"},
			{"UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"*\",\"Sid\":\"0123456789\"}]}"}]}`, "400 Invalid resource policy: it can have at most 80 characters"},
		}},
		{apigateway.QuotaAccessLog, 18, []step{
			{"CreateStage", `{"restApiId":"$api","stageName":"a","deploymentId":"$first"}`, "ok"},
			{"UpdateStage", `{"restApiId":"$api","stageName":"a","patchOperations":[{"op":"replace","path":"/accessLogSettings/format","value":"$context.requestId."}]}`, "400 Invalid access log format: it can have at most 18 bytes"},
		}},
		{apigateway.QuotaTemplate, 3, []step{
			{"PutIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","type":"MOCK","requestTemplates":{"a/b":"abcd"}}`, "400 Invalid mapping template: it can have at most 3 bytes"},
			{"PutIntegrationResponse", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","statusCode":"200","responseTemplates":{"a/b":"abcd"}}`, "400 Invalid mapping template: it can have at most 3 bytes"},
		}},
	} {
		t.Run(tt.quota, func(t *testing.T) {
			s := newDeployment(t, func(c *apigateway.Config) { c.Quotas = map[string]int{tt.quota: tt.most} })
			for i, st := range tt.steps {
				got := s.call(st.op, st.input)
				if ok := strings.HasPrefix(got, "{"); ok != (st.want == "ok") || !ok && got != st.want {
					t.Fatalf("step %d, %s = %s, want %s", i, st.op, got, st.want)
				}
			}
		})
	}
}

// A key is in so many usage plans and no more.
func TestQuotaOfPlans(t *testing.T) {
	s := newScript(t, func(c *apigateway.Config) { c.Quotas = map[string]int{apigateway.QuotaPlansOfKey: 1} })
	s.make("key", "CreateApiKey", `{}`)
	s.make("a", "CreateUsagePlan", `{"name":"a"}`)
	s.make("b", "CreateUsagePlan", `{"name":"b"}`)
	s.make("", "CreateUsagePlanKey", `{"usagePlanId":"$a","keyId":"$key","keyType":"API_KEY"}`)
	s.play([]step{{
		"CreateUsagePlanKey", `{"usagePlanId":"$b","keyId":"$key","keyType":"API_KEY"}`,
		"429 Maximum number of usage plans for this API key has been reached. Please contact AWS if you need additional usage plans.",
	}})
}

// A full quota is AWS's LimitExceededException, with a time to wait.
func TestQuotaFault(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{Quotas: map[string]int{apigateway.QuotaPlans: 0}})
	_, err := s.CreateUsagePlan(t.Context(), &v1.CreateUsagePlanInput{Name: "a"})
	var f *fault.Error
	if !errors.As(err, &f) || f.Type != "LimitExceededException" || f.Kind != fault.TooMany || f.Fields["retryAfterSeconds"] == "" {
		t.Errorf("CreateUsagePlan = %+v, want a LimitExceededException", err)
	}
}

func TestReadQuotas(t *testing.T) {
	got, err := apigateway.ReadQuotas([]string{"stages=5", "resources=none"})
	if want := map[string]int{"stages": 5, "resources": apigateway.Unlimited}; err != nil || !cmp.Equal(got, want) {
		t.Errorf("ReadQuotas = %v, %v, want %v", got, err, want)
	}
	got, err = apigateway.ReadQuotas([]string{"stages=5", "all=none"})
	if err != nil || got["stages"] != 5 || got["resources"] != apigateway.Unlimited || len(got) != len(apigateway.Quotas()) {
		t.Errorf("ReadQuotas(all=none) = %v, %v", got, err)
	}
	for text, want := range map[string]string{
		"stages":    `quota "stages": want NAME=N or NAME=none`,
		"stages=-1": `quota "stages=-1": want NAME=N or NAME=none`,
		"all=5":     `quota "all": there is no such quota`,
		"stags=5":   `quota "stags": there is no such quota`,
	} {
		if _, err := apigateway.ReadQuotas([]string{text}); err == nil || err.Error() != want {
			t.Errorf("ReadQuotas(%q) = %v, want %s", text, err, want)
		}
	}
}
