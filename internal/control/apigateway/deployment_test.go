package apigateway_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
)

const stageDates = `"createdDate":1760000000,"lastUpdatedDate":1760000000`

// plainStage is what is in every stage that nobody configured.
const plainStage = stageDates + `,"cacheClusterEnabled":false,"cacheClusterStatus":"NOT_AVAILABLE","methodSettings":{},"tracingEnabled":false`

func TestCreateDeployment(t *testing.T) {
	s := newMethod(t)
	s.play([]step{
		{"CreateDeployment", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"CreateDeployment", `{"restApiId":"$api"}`, "400 No integration defined for method"},
		{"CreateDeployment", `{"restApiId":"$api","canarySettings":{}}`, "400 Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is null"},
		{"CreateDeployment", `{"restApiId":"$api","stageName":"","canarySettings":{}}`, "400 Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is "},
		{"CreateDeployment", `{"restApiId":"$api","stageName":"non-existing","canarySettings":{}}`, "400 Invalid deployment content specified.Stage non-existing must already be created before making a canary release deployment"},
		{"CreateDeployment", `{"restApiId":"$api","stageName":"a b"}`, "400 Stage name only allows a-zA-Z0-9_-"},
	})
	s.call("DeleteMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`)
	s.play([]step{{"CreateDeployment", `{"restApiId":"$api"}`, "400 The REST API doesn't contain any methods"}})

	s = newDeployment(t)
	s.play([]step{
		{"CreateDeployment", `{"restApiId":"$api","description":"two"}`, `{"id":"000007","description":"two","createdDate":1760000000}`},
		{"GetDeployment", `{"restApiId":"$api","deploymentId":"000007"}`, `{"id":"000007","description":"two","createdDate":1760000000}`},
		{
			"GetDeployment", `{"restApiId":"$api","deploymentId":"$first","embed":["apisummary"]}`,
			`{"id":"$first","createdDate":1760000000,"apiSummary":{"/pets":{"GET":{"apiKeyRequired":false,"authorizationType":"NONE"}}}}`,
		},
		{"GetDeployment", `{"restApiId":"$api","deploymentId":"nope"}`, "404 Invalid Deployment identifier specified"},
		{"GetDeployments", `{"restApiId":"$api"}`, `{"items":[{"id":"$first","createdDate":1760000000},{"id":"000007","description":"two","createdDate":1760000000}]}`},
		{"GetDeployments", `{"restApiId":"$api","limit":1}`, `{"items":[{"id":"$first","createdDate":1760000000}],"position":"MDAwMDA2"}`},
		{"GetDeployments", `{"restApiId":"nope"}`, "404 Invalid API identifier specified 123456789012:nope"},
		{"UpdateDeployment", `{"restApiId":"$api","deploymentId":"$first","patchOperations":[{"op":"replace","path":"/description","value":"d"}]}`, `{"id":"$first","description":"d","createdDate":1760000000}`},
		{"UpdateDeployment", `{"restApiId":"$api","deploymentId":"$first","patchOperations":[{"op":"replace","path":"/id","value":"d"}]}`, "400 Invalid patch path  '/id' specified for op 'replace'. Must be one of: [/description]"},
		{"UpdateDeployment", `{"restApiId":"$api","deploymentId":"nope"}`, "404 Invalid Deployment identifier specified"},
	})
}

// A private API without a policy could not answer anybody.
func TestCreateDeploymentPrivate(t *testing.T) {
	s := newDeployment(t)
	s.call("UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/endpointConfiguration/types/0","value":"PRIVATE"}]}`)
	s.play([]step{{"CreateDeployment", `{"restApiId":"$api"}`, "400 Private REST API doesn't have a resource policy attached to it"}})
}

func TestCreateDeploymentWithStage(t *testing.T) {
	s := newDeployment(t)
	s.play([]step{
		{
			"CreateDeployment", `{"restApiId":"$api","stageName":"prod","stageDescription":"s","variables":{"a":"1"},"cacheClusterEnabled":true,"cacheClusterSize":"1.6","tracingEnabled":true}`,
			`{"id":"000007","createdDate":1760000000}`,
		},
		{
			"GetStage", `{"restApiId":"$api","stageName":"prod"}`,
			`{"stageName":"prod","deploymentId":"000007","description":"s","variables":{"a":"1"},"cacheClusterEnabled":true,"cacheClusterSize":"1.6","cacheClusterStatus":"AVAILABLE","tracingEnabled":true,"methodSettings":{},` + stageDates + `}`,
		},
		{"CreateDeployment", `{"restApiId":"$api","stageName":"prod"}`, `{"id":"000008","createdDate":1760000000}`},
		{
			"GetStage", `{"restApiId":"$api","stageName":"prod"}`,
			`{"stageName":"prod","deploymentId":"000008","description":"s","variables":{"a":"1"},"cacheClusterEnabled":true,"cacheClusterSize":"1.6","cacheClusterStatus":"AVAILABLE","tracingEnabled":true,"methodSettings":{},` + stageDates + `}`,
		},
	})
}

// A canary is moved by deployments, the stage below it is not.
func TestCreateDeploymentCanary(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	s.make("second", "CreateDeployment", `{"restApiId":"$api","stageName":"prod","canarySettings":{"percentTraffic":50,"stageVariableOverrides":{"v":"c"}}}`)
	s.play([]step{{
		"GetStage", `{"restApiId":"$api","stageName":"prod"}`,
		`{"stageName":"prod","deploymentId":"$first",` + plainStage + `,"canarySettings":{"deploymentId":"$second","percentTraffic":50,"useStageCache":false,"stageVariableOverrides":{"v":"c"}}}`,
	}})
	s.make("third", "CreateDeployment", `{"restApiId":"$api","stageName":"prod","canarySettings":{"percentTraffic":10,"useStageCache":true}}`)
	s.play([]step{{
		"GetStage", `{"restApiId":"$api","stageName":"prod"}`,
		`{"stageName":"prod","deploymentId":"$first",` + plainStage + `,"canarySettings":{"deploymentId":"$third","percentTraffic":10,"useStageCache":true}}`,
	}})
	s.make("fourth", "CreateDeployment", `{"restApiId":"$api","stageName":"prod"}`)
	s.play([]step{
		{
			"GetStage", `{"restApiId":"$api","stageName":"prod"}`,
			`{"stageName":"prod","deploymentId":"$first",` + plainStage + `,"canarySettings":{"deploymentId":"$fourth","percentTraffic":10,"useStageCache":true}}`,
		},
		{"CreateDeployment", `{"restApiId":"$api","stageName":"prod","canarySettings":{"percentTraffic":101}}`, "400 Percent traffic must be between 0.0 and 100.0"},
		{"DeleteDeployment", `{"restApiId":"$api","deploymentId":"$fourth"}`, "400 Active stages pointing to this deployment must be moved or deleted"},
		{"DeleteDeployment", `{"restApiId":"$api","deploymentId":"$third"}`, `{}`},
	})
}

func TestDeleteDeployment(t *testing.T) {
	s := newDeployment(t)
	s.make("", "CreateStage", `{"restApiId":"$api","stageName":"prod","deploymentId":"$first"}`)
	s.play([]step{
		{"DeleteDeployment", `{"restApiId":"$api","deploymentId":"$first"}`, "400 Active stages pointing to this deployment must be moved or deleted"},
		{"DeleteStage", `{"restApiId":"$api","stageName":"prod"}`, `{}`},
		{"DeleteDeployment", `{"restApiId":"$api","deploymentId":"$first"}`, `{}`},
		{"DeleteDeployment", `{"restApiId":"$api","deploymentId":"$first"}`, "404 Invalid Deployment identifier specified"},
	})
	for key, err := range everything(t, s.store) {
		if err != nil || key == api.SnapshotKey(s.names["api"], s.names["first"]) {
			t.Errorf("the content of a deleted deployment is left behind (%v)", err)
		}
	}
}

// What is edited later does not reach a deployment.
func TestDeploymentIsFrozen(t *testing.T) {
	s := newDeployment(t)
	read := func() (r snapshot.REST) {
		t.Helper()
		err := s.store.View(t.Context(), func(tx store.Tx) (err error) {
			r, err = store.Get[snapshot.REST](tx, api.SnapshotKey(s.names["api"], s.names["first"]))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	before := read()
	for _, st := range []step{
		{op: "UpdateRestApi", input: `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/name","value":"x"}]}`},
		{op: "UpdateResource", input: `{"restApiId":"$api","resourceId":"$pets","patchOperations":[{"op":"replace","path":"/pathPart","value":"x"}]}`},
		{op: "DeleteMethod", input: `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET"}`},
		{op: "DeleteModel", input: `{"restApiId":"$api","modelName":"Empty"}`},
	} {
		s.make("", st.op, st.input)
	}
	if diff := cmp.Diff(before, read()); diff != "" {
		t.Errorf("the content of a deployment changed (-before +after):\n%s", diff)
	}
	if len(before.Methods) != 1 || len(before.Resources) != 2 || len(before.Models) != 2 || before.Hash() != read().Hash() {
		t.Errorf("got %+v", before)
	}
}
