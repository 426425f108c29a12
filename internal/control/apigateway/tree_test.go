package apigateway_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// checkTree reports where a frozen API breaks a law of trees: one root; each
// path is its parent's and its own part; siblings differ, and at most one is a
// variable; nothing stands below a greedy variable; methods have a resource.
func checkTree(r *snapshot.REST) error {
	byID := map[string]api.Resource{}
	for _, res := range r.Resources {
		byID[res.ID] = res
	}
	if byID[r.API.RootResourceID].Path != "/" {
		return fmt.Errorf("the root is %+v", byID[r.API.RootResourceID])
	}
	parts, variables := map[string]bool{}, map[string]bool{}
	for _, res := range r.Resources {
		if res.ID == r.API.RootResourceID {
			continue
		}
		parent, ok := byID[res.ParentID]
		if want := strings.TrimSuffix(parent.Path, "/") + "/" + res.PathPart; !ok || res.Path != want {
			return fmt.Errorf("%+v stands below %+v", res, parent)
		}
		if strings.HasSuffix(parent.PathPart, "+}") {
			return fmt.Errorf("%s stands below a greedy variable", res.Path)
		}
		if parts[res.Path] || strings.HasPrefix(res.PathPart, "{") && variables[res.ParentID] {
			return fmt.Errorf("%s has a sibling like it", res.Path)
		}
		parts[res.Path] = true
		variables[res.ParentID] = variables[res.ParentID] || strings.HasPrefix(res.PathPart, "{")
	}
	for _, m := range r.Methods {
		if _, ok := byID[m.ResourceID]; !ok {
			return fmt.Errorf("method %s has no resource %s", m.HTTPMethod, m.ResourceID)
		}
	}
	return nil
}

// writer plays random edits of one API.
type writer struct {
	*apigateway.Service
	t      *testing.T
	api    string
	random *rand.Rand
}

// resource picks one of the API's resources.
func (w *writer) resource() string {
	all, err := w.GetResources(w.t.Context(), &v1.GetResourcesInput{RestApiId: w.api, Limit: new(int32(500))})
	if err != nil {
		w.t.Error(err)
		return ""
	}
	return *all.Items[w.random.IntN(len(all.Items))].Id
}

func (w *writer) pick(from ...string) string { return from[w.random.IntN(len(from))] }

// edit does one thing. Refusals are part of the game; errors of ours are not.
func (w *writer) edit() error {
	ctx, res, verb := w.t.Context(), w.resource(), w.pick("GET", "ANY")
	replace := func(path, value string) []v1.PatchOperation {
		return []v1.PatchOperation{{Op: new("replace"), Path: &path, Value: &value}}
	}
	var err error
	switch w.random.IntN(12) {
	case 0, 1, 2, 9, 10, 11:
		_, err = w.CreateResource(ctx, &v1.CreateResourceInput{RestApiId: w.api, ParentId: res, PathPart: w.pick("a", "b", "{c}", "{d+}")})
	case 3:
		_, err = w.UpdateResource(ctx, &v1.UpdateResourceInput{RestApiId: w.api, ResourceId: res, PatchOperations: replace("/parentId", w.resource())})
	case 4:
		_, err = w.UpdateResource(ctx, &v1.UpdateResourceInput{RestApiId: w.api, ResourceId: res, PatchOperations: replace("/pathPart", w.pick("a", "{x}", "{y+}"))})
	case 5:
		_, err = w.DeleteResource(ctx, &v1.DeleteResourceInput{RestApiId: w.api, ResourceId: res})
	case 6:
		_, err = w.PutMethod(ctx, &v1.PutMethodInput{RestApiId: w.api, ResourceId: res, HttpMethod: verb, AuthorizationType: "NONE"})
		if err == nil {
			_, err = w.PutIntegration(ctx, &v1.PutIntegrationInput{RestApiId: w.api, ResourceId: res, HttpMethod: verb, Type: "MOCK"})
		}
	case 7:
		_, err = w.DeleteMethod(ctx, &v1.DeleteMethodInput{RestApiId: w.api, ResourceId: res, HttpMethod: verb})
	case 8:
		_, err = w.CreateDeployment(ctx, &v1.CreateDeploymentInput{RestApiId: w.api, StageName: new(w.pick("s", "t"))})
	}
	if fault.BadRequest.Is(err) || fault.NotFound.Is(err) || fault.Conflict.Is(err) {
		return nil
	}
	return err
}

// Many writers on one API never break its tree, nor that of a deployment, nor
// leave a stage without its deployment.
func TestConcurrentWriters(t *testing.T) {
	const writers, edits = 32, 25
	st := memory(t)
	s := apigateway.New(st, apigateway.Config{})
	made, err := s.CreateRestApi(t.Context(), &v1.CreateRestApiInput{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			w := writer{Service: s, t: t, api: *made.Id, random: rand.New(rand.NewPCG(uint64(i), 7))}
			for range edits {
				if err := w.edit(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	err = st.View(t.Context(), func(tx store.Tx) error {
		now, err := snapshot.FreezeREST(tx, *made.Id)
		if err != nil {
			return err
		}
		if err := checkTree(&now); err != nil {
			return err
		}
		deployments := 0
		for d, err := range store.Scan[api.Deployment](tx, api.Deployments(*made.Id), "") {
			if err != nil {
				return err
			}
			frozen, err := store.Get[snapshot.REST](tx, api.SnapshotKey(*made.Id, d.ID))
			if err != nil {
				return err
			}
			if err := checkTree(&frozen); err != nil {
				return fmt.Errorf("deployment %s: %w", d.ID, err)
			}
			deployments++
		}
		for stage, err := range store.Scan[api.Stage](tx, api.Stages(*made.Id), "") {
			if err != nil {
				return err
			}
			if _, err := tx.Get(api.DeploymentKey(*made.Id, stage.DeploymentID)); err != nil {
				return fmt.Errorf("stage %s: %w", stage.Name, err)
			}
		}
		t.Logf("%d resources, %d methods, %d deployments", len(now.Resources), len(now.Methods), deployments)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A clone has the tree of its source under ids of its own.
func TestCloneRestApi(t *testing.T) {
	s := newGuarded(t)
	s.make("", "PutMethod", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","authorizationType":"CUSTOM","authorizerId":"$guard","requestValidatorId":"$check","requestModels":{"a/b":"Error"}}`)
	s.make("", "PutIntegration", `{"restApiId":"$api","resourceId":"$pets","httpMethod":"GET","type":"MOCK"}`)
	s.make("", "PutGatewayResponse", `{"restApiId":"$api","responseType":"THROTTLED","statusCode":"430"}`)
	s.make("", "CreateModel", `{"restApiId":"$api","name":"Pet","contentType":"application/json","schema":"{\"$ref\":\"https://apigateway.amazonaws.com/restapis/$api/models/Error\"}"}`)
	s.make("", "UpdateRestApi", `{"restApiId":"$api","patchOperations":[{"op":"replace","path":"/endpointConfiguration/types/0","value":"REGIONAL"},
		{"op":"add","path":"/binaryMediaTypes/a~1b"},{"op":"replace","path":"/minimumCompressionSize","value":"5"},{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Resource\":\"execute-api:/*\"}]}"}]}`)
	s.make("first", "CreateDeployment", `{"restApiId":"$api","stageName":"prod"}`)

	s.make("copy", "CreateRestApi", `{"name":"copy","cloneFrom":"$api"}`)
	policy := func(id string) string {
		return `"policy":"{\\\"Statement\\\":[{\\\"Resource\\\":\\\"arn:aws:execute-api:us-east-1:123456789012:` + id + `/*\\\"}]}"`
	}
	s.play([]step{
		{
			"CreateRestApi", `{"name":"told","cloneFrom":"$api","apiKeySource":"AUTHORIZER","description":"d","binaryMediaTypes":["c/d"],"endpointConfiguration":{"types":["EDGE"]},"disableExecuteApiEndpoint":true}`,
			`{"id":"0000000018","name":"told","description":"d","apiKeySource":"AUTHORIZER","createdDate":1760000000,"disableExecuteApiEndpoint":true,"rootResourceId":"0000000019",
				"endpointConfiguration":{"types":["EDGE"],"ipAddressType":"ipv4"},"binaryMediaTypes":["c/d"],"minimumCompressionSize":5,` + policy("0000000018") + `}`,
		},
		{
			"GetRestApi", `{"restApiId":"$copy"}`,
			`{"id":"$copy","name":"copy","apiKeySource":"HEADER","createdDate":1760000000,"disableExecuteApiEndpoint":false,"tags":{},"rootResourceId":"0000000011",
				"endpointConfiguration":{"types":["REGIONAL"],"ipAddressType":"ipv4"},"binaryMediaTypes":["a/b"],"minimumCompressionSize":5,` + policy("$copy") + `}`,
		},
		{
			"GetResources", `{"restApiId":"$copy","embed":["methods"]}`,
			`{"items":[{"id":"0000000011","path":"/"},{"id":"000012","parentId":"0000000011","path":"/pets","pathPart":"pets","resourceMethods":{"GET":{
				"httpMethod":"GET","authorizationType":"CUSTOM","authorizerId":"000014","requestValidatorId":"000013","apiKeyRequired":false,"requestModels":{"a/b":"Error"},
				"methodIntegration":{"type":"MOCK","timeoutInMillis":29000,"passthroughBehavior":"WHEN_NO_MATCH","cacheNamespace":"000012","cacheKeyParameters":[]}}}}]}`,
		},
		{"GetModel", `{"restApiId":"$copy","modelName":"Pet"}`, `{"id":"000017","name":"Pet","contentType":"application/json","schema":"{\"$ref\":\"https://apigateway.amazonaws.com/restapis/$copy/models/Error\"}"}`},
		{"GetAuthorizer", `{"restApiId":"$copy","authorizerId":"000014"}`, strings.Replace(s.call("GetAuthorizer", `{"restApiId":"$api","authorizerId":"$guard"}`), s.names["guard"], "000014", 1)},
		{"GetRequestValidators", `{"restApiId":"$copy"}`, `{"items":[{"id":"000013","name":"check","validateRequestBody":false,"validateRequestParameters":false}]}`},
		{"GetStages", `{"restApiId":"$copy"}`, `{"item":[]}`},
		{"GetDeployments", `{"restApiId":"$copy"}`, `{"items":[]}`},
		{
			"GetGatewayResponse", `{"restApiId":"$copy","responseType":"THROTTLED"}`,
			`{"responseType":"THROTTLED","statusCode":"430","responseParameters":{},"responseTemplates":{"application/json":"{\"message\":$context.error.messageString}"},"defaultResponse":false}`,
		},
	})
}
