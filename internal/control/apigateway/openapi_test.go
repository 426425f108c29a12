package apigateway_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/control/apigateway"
	"github.com/stagedoor/stagedoor/internal/fault"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

const petsDocument = `{"swagger":"2.0","info":{"title":"pets","version":"1"},
 "paths":{"/pets/{id}":{"get":{"parameters":[{"in":"path","name":"id","required":true,"type":"string"}],
   "responses":{"200":{"schema":{"$ref":"#/definitions/Pet"}}},
   "x-amazon-apigateway-integration":{"type":"http_proxy","httpMethod":"GET","uri":"http://127.0.0.1/{id}",
     "requestParameters":{"integration.request.path.id":"method.request.path.id"}}}}},
 "definitions":{"Pet":{"type":"object"}}}`

func TestImportRestApi(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	a, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(petsDocument)})
	if err != nil {
		t.Fatal(err)
	}
	if *a.Name != "pets" || *a.Version != "1" {
		t.Errorf("ImportRestApi = %q version %q, want pets version 1", *a.Name, *a.Version)
	}
	got := paths(t, s, *a.Id)
	if want := "/ /pets /pets/{id}:GET"; got != want {
		t.Errorf("resources = %q, want %q", got, want)
	}
	models, err := s.GetModels(t.Context(), &v1.GetModelsInput{RestApiId: *a.Id})
	if err != nil || len(models.Items) != 1 || *models.Items[0].Name != "Pet" {
		t.Errorf("GetModels = %v, %v, want Pet alone", models, err)
	}
}

func TestPutRestApi(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	a, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(petsDocument)})
	if err != nil {
		t.Fatal(err)
	}
	before := resourceID(t, s, *a.Id, "/pets")
	dogs := strings.NewReplacer(`/pets/{id}`, `/pets/{name}/dogs`, `"id"`, `"name"`, "path.id", "path.name").Replace(petsDocument)
	merge := &v1.PutRestApiInput{RestApiId: *a.Id, Mode: new("merge"), Body: []byte(dogs)}
	const sibling = "A sibling ({id}) of this resource already has a variable path part -- only one is allowed"
	if _, err := s.PutRestApi(t.Context(), merge); !fault.BadRequest.Is(err) || err.Error() != sibling {
		t.Errorf("merge = %v, want %q", err, sibling)
	}
	merge.Mode = new("overwrite")
	if _, err := s.PutRestApi(t.Context(), merge); err != nil {
		t.Fatal(err)
	}
	if got, want := paths(t, s, *a.Id), "/ /pets /pets/{name} /pets/{name}/dogs:GET"; got != want {
		t.Errorf("resources = %q, want %q", got, want)
	}
	if after := resourceID(t, s, *a.Id, "/pets"); after != before {
		t.Errorf("/pets has id %s after the change, want %s as before", after, before)
	}
}

func TestImportRefusals(t *testing.T) {
	s := apigateway.New(memory(t), apigateway.Config{})
	for _, tt := range []struct{ name, body, want string }{
		{"no document", "x", "Invalid OpenAPI input."},
		{"3.1", `{"openapi":"3.1.0","info":{"title":"x"}}`, "Invalid OpenAPI input."},
		{
			"integration", strings.Replace(petsDocument, "http://127.0.0.1/{id}", "nowhere", 1),
			"Errors found during import:\n\tUnable to put integration on 'GET' for resource at path '/pets/{id}': Invalid HTTP endpoint specified for URI",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := s.ImportRestApi(t.Context(), &v1.ImportRestApiInput{Body: []byte(tt.body)})
			if f, ok := err.(*fault.Error); !ok || f.Message != tt.want { //nolint:errorlint // the handler's own
				t.Errorf("ImportRestApi = %v, want %q", err, tt.want)
			}
			all, err := s.GetRestApis(t.Context(), &v1.GetRestApisInput{})
			if err != nil || len(all.Items) != 0 {
				t.Errorf("GetRestApis = %v, %v: a refused import left something", all, err)
			}
		})
	}
}

// paths lists an API's resources with their methods.
func paths(t *testing.T, s *apigateway.Service, id string) string {
	t.Helper()
	all, err := s.GetResources(t.Context(), &v1.GetResourcesInput{RestApiId: id, Embed: []string{"methods"}})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, r := range all.Items {
		p := *r.Path
		for verb := range r.ResourceMethods {
			p += ":" + verb
		}
		out = append(out, p)
	}
	return strings.Join(out, " ")
}

func resourceID(t *testing.T, s *apigateway.Service, id, path string) string {
	t.Helper()
	all, err := s.GetResources(t.Context(), &v1.GetResourcesInput{RestApiId: id})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all.Items {
		if *r.Path == path {
			return *r.Id
		}
	}
	t.Fatalf("no resource at %s", path)
	return ""
}
