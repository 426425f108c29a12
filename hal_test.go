package stagedoor_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// raw makes a control-plane call by hand.
func (r *running) raw(t testing.TB, method, path, accept, body string) (kind string, v map[string]any) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, r.endpoint+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	resp, err := r.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &v); err != nil {
			t.Fatalf("%s %s = %d %s: %v", method, path, resp.StatusCode, text, err)
		}
	}
	return resp.Header.Get("Content-Type"), v
}

// at is the value at a path of keys, such as "_links/self/href"; a '|' takes the
// place of a '/' within a key.
func at(v any, path string) any {
	for key := range strings.SplitSeq(path, "/") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[strings.ReplaceAll(key, "|", "/")]
	}
	return v
}

// TestHAL: who asks for HAL gets links and embedded things; who does not ask
// for it by name sees none of it.
func TestHAL(t *testing.T) {
	r := start(t, nil)
	_, api := r.raw(t, "POST", "/restapis", "", `{"name":"pets"}`)
	id, root := api["id"].(string), api["rootResourceId"].(string)
	method := "/restapis/" + id + "/resources/" + root + "/methods/GET"
	r.raw(t, "PUT", method, "", `{"authorizationType":"NONE"}`)
	r.raw(t, "PUT", method+"/responses/200", "", `{}`)
	r.raw(t, "PUT", method+"/integration", "", `{"type":"MOCK","requestTemplates":{"application/json":"{\"statusCode\":200}"}}`)
	r.raw(t, "PUT", method+"/integration/responses/200", "", `{}`)
	r.raw(t, "POST", "/restapis/"+id+"/deployments", "", `{"stageName":"prod"}`)

	for _, accept := range []string{"", "application/json", "*/*", "application/*", "text/html, */*;q=0.8", "application/json, application/hal+json;q=0"} {
		kind, v := r.raw(t, "GET", "/restapis", accept, "")
		if _, list := v["item"].([]any); kind != "application/json" || !list || v["_links"] != nil {
			t.Errorf("Accept %q gives %s %v", accept, kind, v)
		}
	}

	const hal = "application/hal+json"
	self := "/restapis/" + id
	for _, tt := range []struct {
		path string
		want map[string]any
	}{
		{"/restapis?limit=5", map[string]any{
			"_links/self/href": "/restapis?limit=5", "_links/item/href": self, "_links/restapi:create/href": "/restapis",
			"_links/restapi:by-id/href": "/restapis/{restapi_id}", "_links/restapi:by-id/templated": true,
			"_embedded/item/id": id, "_embedded/item/_links/restapi:update/href": self, "item": nil,
		}},
		{self, map[string]any{
			"id": id, "name": "pets", "_links/self/href": self, "_links/restapi:delete/href": self, "_links/restapi:stages/href": self + "/stages{?deployment_id}",
			"_links/resource:create/href": self + "/resources/" + root, "_links/resource:create/templated": nil, "_links/stage:by-name/templated": true,
			"_links/curies/href": "https://docs.aws.amazon.com/apigateway/latest/developerguide/restapi-restapi-{rel}.html",
		}},
		{self + "/resources/" + root, map[string]any{
			"path": "/", "_links/resource:methods/href": method, "_links/resource:methods/name": "GET", "_links/resource:create-child/href": self + "/resources/" + root,
			"_embedded": nil, "resourceMethods": nil,
		}},
		{self + "/resources?embed=methods", map[string]any{
			"_embedded/item/_embedded/resource:methods/httpMethod":                                                              "GET",
			"_embedded/item/_embedded/resource:methods/_embedded/method:integration/_embedded/integration:responses/statusCode": "200",
		}},
		{method, map[string]any{
			"httpMethod": "GET", "_links/method:integration/href": method + "/integration", "_embedded/method:integration/type": "MOCK",
			"_embedded/method:responses/_links/self/href": method + "/responses/200", "methodIntegration": nil, "_links/integration:put/href": method + "/integration",
		}},
		{self + "/stages", map[string]any{"_embedded/item/stageName": "prod", "_links/item/href": self + "/stages/prod", "_links/stage:by-name/templated": true}},
		{"/account", map[string]any{"throttleSettings/burstLimit": 5000.0, "_links/account:update/href": "/account"}},
		{"/apikeys", map[string]any{"_links/apikey:create/href": "/apikeys", "_embedded": nil}},
	} {
		kind, v := r.raw(t, "GET", tt.path, hal, "")
		if kind != hal {
			t.Errorf("GET %s gives %s", tt.path, kind)
		}
		for path, want := range tt.want {
			if d := cmp.Diff(want, at(v, path)); d != "" {
				t.Errorf("GET %s: %s (-want +got):\n%s", tt.path, path, d)
			}
		}
	}

	_, v := r.raw(t, "GET", self, "application/json;q=0.5, application/hal+json", "")
	if date, ok := v["createdDate"].(string); !ok || !strings.HasSuffix(date, "Z") {
		t.Errorf("createdDate = %v, want RFC 3339", v["createdDate"])
	}
	r.raw(t, "POST", "/restapis", "", `{"name":"second"}`)
	_, v = r.raw(t, "GET", "/restapis?limit=1", hal, "")
	next, _ := at(v, "_links/next/href").(string)
	if _, v = r.raw(t, "GET", next, hal, ""); at(v, "_embedded/item/id") == nil || !strings.HasPrefix(next, "/restapis?limit=1&position=") {
		t.Errorf("the next page, %s, gives %v", next, v)
	}
	// documents and refusals stay what they are
	if kind, v := r.raw(t, "GET", self+"/stages/prod/exports/oas30", hal, ""); strings.Contains(kind, "hal") || v["openapi"] == nil {
		t.Errorf("an export comes as %s: %v", kind, v)
	}
	if kind, v := r.raw(t, "GET", "/restapis/nope", hal, ""); kind != "application/json" || v["message"] != "Invalid API identifier specified 000000000000:nope" {
		t.Errorf("a refusal comes as %s: %v", kind, v)
	}
}
