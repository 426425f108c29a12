package apigateway_test

import (
	"errors"
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
	plan   string
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
	switch w.random.IntN(24) {
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
	default:
		err = w.editBeside(replace)
	}
	if fault.BadRequest.Is(err) || fault.NotFound.Is(err) || fault.Conflict.Is(err) || fault.TooMany.Is(err) {
		return nil
	}
	return err
}

// editBeside does one thing beside the tree: to stages, parts, documents, and
// the keys of the one plan.
func (w *writer) editBeside(replace func(path, value string) []v1.PatchOperation) error {
	ctx, stage, name := w.t.Context(), w.pick("s", "t"), w.pick("A", "B")
	var err error
	switch w.random.IntN(12) {
	case 0:
		_, err = w.UpdateStage(ctx, &v1.UpdateStageInput{RestApiId: w.api, StageName: stage, PatchOperations: replace("/variables/"+name, w.pick("1", "2"))})
	case 1:
		_, err = w.DeleteStage(ctx, &v1.DeleteStageInput{RestApiId: w.api, StageName: stage})
	case 2:
		var all *v1.Deployments
		if all, err = w.GetDeployments(ctx, &v1.GetDeploymentsInput{RestApiId: w.api}); err == nil && len(all.Items) > 3 {
			d := all.Items[w.random.IntN(len(all.Items))].Id
			_, err = w.DeleteDeployment(ctx, &v1.DeleteDeploymentInput{RestApiId: w.api, DeploymentId: *d})
		}
	case 3:
		_, err = w.CreateModel(ctx, &v1.CreateModelInput{RestApiId: w.api, Name: name, ContentType: "application/json", Schema: new("{}")})
	case 4:
		_, err = w.DeleteModel(ctx, &v1.DeleteModelInput{RestApiId: w.api, ModelName: name})
	case 5:
		_, err = w.PutGatewayResponse(ctx, &v1.PutGatewayResponseInput{RestApiId: w.api, ResponseType: "THROTTLED", StatusCode: new(w.pick("429", "430"))})
	case 6:
		doc := `{"swagger":"2.0","info":{"title":"t"},"paths":{"/a/` + w.pick("b", "{c}") + `":{"get":{"x-amazon-apigateway-integration":{"type":"mock"}}}}}`
		_, err = w.PutRestApi(ctx, &v1.PutRestApiInput{RestApiId: w.api, Body: []byte(doc), Mode: new(w.pick("merge", "merge", "merge", "merge", "merge", "merge", "merge", "overwrite"))})
	case 7:
		_, err = w.TagResource(ctx, &v1.TagResourceInput{ResourceArn: "arn:aws:apigateway:us-east-1::/restapis/" + w.api, Tags: map[string]string{name: "1"}})
	case 8, 9:
		var k *v1.ApiKey
		if k, err = w.CreateApiKey(ctx, &v1.CreateApiKeyInput{Name: &name}); err == nil {
			_, err = w.CreateUsagePlanKey(ctx, &v1.CreateUsagePlanKeyInput{UsagePlanId: w.plan, KeyId: *k.Id, KeyType: "API_KEY"})
		}
	case 10:
		err = w.dropKey()
	case 11:
		_, err = w.UpdateUsagePlan(ctx, &v1.UpdateUsagePlanInput{UsagePlanId: w.plan, PatchOperations: []v1.PatchOperation{
			{Op: new(w.pick("add", "remove")), Path: new("/apiStages"), Value: new(w.api + ":" + stage)},
		}})
	}
	return err
}

// dropKey deletes a key of the plan, or takes it out.
func (w *writer) dropKey() error {
	all, err := w.GetUsagePlanKeys(w.t.Context(), &v1.GetUsagePlanKeysInput{UsagePlanId: w.plan})
	if err != nil || len(all.Items) == 0 {
		return err
	}
	id := *all.Items[w.random.IntN(len(all.Items))].Id
	if w.random.IntN(2) == 0 {
		_, err = w.DeleteApiKey(w.t.Context(), &v1.DeleteApiKeyInput{ApiKey: id})
	} else {
		_, err = w.DeleteUsagePlanKey(w.t.Context(), &v1.DeleteUsagePlanKeyInput{UsagePlanId: w.plan, KeyId: id})
	}
	return err
}

// checkEntries reports where what leads to a document does not lead to it, or
// a count is not what it counts.
func checkEntries(tx store.Tx, apiID, plan string) error {
	count := func(prefix store.Key) (n int, err error) {
		for _, err := range tx.Scan(prefix, "") {
			if err != nil {
				return n, err
			}
			n++
		}
		return n, nil
	}
	same := func(what string, a, b int) error {
		if a != b {
			return fmt.Errorf("%s: %d and %d", what, a, b)
		}
		return nil
	}
	resources := 0
	for r, err := range store.Scan[api.Resource](tx, api.Resources(apiID), "") {
		if err != nil {
			return err
		}
		if id, err := store.Get[string](tx, api.PathKey(apiID, r.Path)); err != nil || id != r.ID {
			return fmt.Errorf("%s leads to %q: %w", r.Path, id, err)
		}
		resources++
	}
	paths, err := count(api.PathsBelow(apiID, "/"))
	if err != nil {
		return err
	}
	tallied, _ := store.Get[int](tx, api.ResourceCountKey(apiID))
	keys, err := count(api.APIKeys)
	if err != nil {
		return err
	}
	entries, err := count(api.KeyEntries)
	if err != nil {
		return err
	}
	talliedKeys, _ := store.Get[int](tx, api.CountKey(apigateway.QuotaKeys))
	in, err := count(api.KeysOfPlan(plan))
	if err != nil {
		return err
	}
	inEntries, err := count(api.PlanKeyEntries(plan))
	return errors.Join(err,
		same("resources and paths", resources, paths), same("resources and their count", resources-1, tallied),
		same("keys and entries", keys, entries), same("keys and their count", keys, talliedKeys),
		same("keys in the plan and entries", in, inEntries))
}

// Many writers of all kinds on one API and one plan never break its tree, nor
// that of a deployment, nor leave a stage without its deployment, nor an entry
// that leads nowhere.
func TestConcurrentWriters(t *testing.T) {
	const writers, edits = 32, 50
	st := memory(t)
	s := apigateway.New(st, apigateway.Config{})
	made, err := s.CreateRestApi(t.Context(), &v1.CreateRestApiInput{Name: "a"})
	if err != nil {
		t.Fatal(err)
	}
	plan, err := s.CreateUsagePlan(t.Context(), &v1.CreateUsagePlanInput{Name: "p"})
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			w := writer{Service: s, t: t, api: *made.Id, plan: *plan.Id, random: rand.New(rand.NewPCG(uint64(i), 7))}
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
		if err := errors.Join(checkTree(&now), checkEntries(tx, *made.Id, *plan.Id)); err != nil {
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
		{"op":"add","path":"/binaryMediaTypes/a~1b"},{"op":"replace","path":"/minimumCompressionSize","value":"5"},{"op":"replace","path":"/policy","value":"{\"Statement\":[{\"Effect\":\"Deny\",\"Principal\":\"*\",\"Action\":\"*\",\"Resource\":\"execute-api:/*\"}]}"}]}`)
	s.make("first", "CreateDeployment", `{"restApiId":"$api","stageName":"prod"}`)

	s.make("copy", "CreateRestApi", `{"name":"copy","cloneFrom":"$api"}`)
	policy := func(id string) string {
		return `"policy":"{\\\"Statement\\\":[{\\\"Effect\\\":\\\"Deny\\\",\\\"Principal\\\":\\\"*\\\",\\\"Action\\\":\\\"*\\\",\\\"Resource\\\":\\\"arn:aws:execute-api:us-east-1:123456789012:` + id + `/*\\\"}]}"`
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
