package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// The models that each new API has, as AWS spells them.
// parity: spec/control-plane.md 3.7.
const (
	emptyModel = `{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Empty Schema",
  "type" : "object"
}`
	errorModel = `{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Error Schema",
  "type" : "object",
  "properties" : {
    "message" : { "type" : "string" }
  }
}`
)

// plantModels gives a new API its two models.
func (s *Service) plantModels(tx store.Tx, apiID string) error {
	for _, m := range []struct{ name, description, schema string }{
		{"Empty", "This is a default empty schema model", emptyModel},
		{"Error", "This is a default error schema model", errorModel},
	} {
		model := api.Model{
			ID: s.cfg.NewID(idLength), Name: m.name, Description: &m.description,
			ContentType: "application/json", Schema: m.schema,
		}
		if err := store.Put(tx, api.ModelKey(apiID, model.Name), model); err != nil {
			return err
		}
	}
	return nil
}

// modelURL is how schemas of an API refer to one of its models.
func modelURL(apiID, name string) string {
	return "https://apigateway.amazonaws.com/restapis/" + apiID + "/models/" + name
}

var modelName = regexp.MustCompile(`^[a-zA-Z0-9]+$`)

func checkModelName(name string) error {
	if !modelName.MatchString(name) {
		return bad("Model name must be alphanumeric: " + name)
	}
	return checkName("Model name", name)
}

// CreateModel adds a model to an API.
func (s *Service) CreateModel(ctx context.Context, in *v1.CreateModelInput) (*v1.Model, error) {
	if in.Name == "" {
		return nil, bad("Model name must be non-empty")
	}
	if err := checkModelName(in.Name); err != nil {
		return nil, err
	}
	m := api.Model{
		ID: s.cfg.NewID(idLength), Name: in.Name, Description: in.Description,
		ContentType: in.ContentType, Schema: text(in.Schema),
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Model, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		if err := checkSchema(tx, in.RestApiId, &m); err != nil {
			return nil, err
		}
		key := api.ModelKey(in.RestApiId, in.Name)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "Model name already exists for this REST API")
		}
		if err := store.Put(tx, key, m); err != nil {
			return nil, err
		}
		return wireModel(m), nil
	})
}

// GetModel reads a model by name; flatten=true brings the models that it
// refers to along.
func (s *Service) GetModel(ctx context.Context, in *v1.GetModelInput) (*v1.Model, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Model, error) {
		m, err := find[api.Model](tx, api.ModelKey(in.RestApiId, in.ModelName), noModel+in.ModelName)
		if err != nil {
			return nil, err
		}
		if isTrue(in.Flatten) {
			if m.Schema, err = flatten(tx, in.RestApiId, m); err != nil {
				return nil, err
			}
		}
		return wireModel(m), nil
	})
}

// GetModels lists an API's models by name.
func (s *Service) GetModels(ctx context.Context, in *v1.GetModelsInput) (*v1.Models, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Models, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		all, next, err := page[api.Model](tx, api.Models(in.RestApiId), in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.Models{Position: next, Items: each(all, func(m api.Model) v1.Model { return *wireModel(m) })}, nil
	})
}

// UpdateModel patches a model.
func (s *Service) UpdateModel(ctx context.Context, in *v1.UpdateModelInput) (*v1.Model, error) {
	changed := false
	patches := table[api.Model]{manners: namesPaths, rows: []row[api.Model]{
		{path: "/description", replace: setText(func(m *api.Model) **string { return &m.Description })},
		{path: "/schema", replace: func(m *api.Model, p patch) error {
			m.Schema, changed = p.text(), true
			return nil
		}},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.Model, error) {
		key := api.ModelKey(in.RestApiId, in.ModelName)
		m, err := find[api.Model](tx, key, noModel+in.ModelName)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&m, in.PatchOperations); err != nil {
			return nil, err
		}
		if changed {
			if err := checkSchema(tx, in.RestApiId, &m); err != nil {
				return nil, err
			}
		}
		if err := store.Put(tx, key, m); err != nil {
			return nil, err
		}
		return wireModel(m), nil
	})
}

// DeleteModel removes a model that no method names.
func (s *Service) DeleteModel(ctx context.Context, in *v1.DeleteModelInput) (*v1.DeleteModelOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteModelOutput, error) {
		key := api.ModelKey(in.RestApiId, in.ModelName)
		if _, err := find[api.Model](tx, key, noModel+in.ModelName); err != nil {
			return nil, err
		}
		where, err := user(tx, in.RestApiId, func(m api.Method) bool { return namesModel(m, in.ModelName) })
		if err != nil {
			return nil, err
		}
		if where != nil {
			part := "response"
			if hasValue(where.RequestModels, in.ModelName) {
				part = "request"
			}
			return nil, conflictf("Cannot delete model '%s', is referenced in method %s: %s/%s",
				in.ModelName, part, where.path, where.HTTPMethod)
		}
		return &v1.DeleteModelOutput{}, tx.Delete(key)
	})
}

func namesModel(m api.Method, name string) bool {
	if hasValue(m.RequestModels, name) {
		return true
	}
	for _, r := range m.Responses {
		if hasValue(r.ResponseModels, name) {
			return true
		}
	}
	return false
}

func hasValue(m map[string]string, value string) bool {
	for _, v := range m {
		if v == value {
			return true
		}
	}
	return false
}

// placed is a method and the path of its resource.
type placed struct {
	api.Method
	path string
}

// user finds the first method, by path and verb, that uses something; nil:
// none does.
func user(tx store.Tx, apiID string, uses func(api.Method) bool) (*placed, error) {
	var all []placed
	for m, err := range store.Scan[api.Method](tx, api.Methods(apiID), "") {
		if err != nil {
			return nil, err
		}
		if !uses(m) {
			continue
		}
		r, err := store.Get[api.Resource](tx, api.ResourceKey(apiID, m.ResourceID))
		if err != nil {
			return nil, err
		}
		all = append(all, placed{m, r.Path})
	}
	if all == nil {
		return nil, nil //nolint:nilnil // nobody and no error
	}
	first := slices.MinFunc(all, func(a, b placed) int {
		return strings.Compare(a.path+"/"+a.HTTPMethod, b.path+"/"+b.HTTPMethod)
	})
	return &first, nil
}

func wireModel(m api.Model) *v1.Model {
	return &v1.Model{Id: &m.ID, Name: &m.Name, Description: m.Description, Schema: &m.Schema, ContentType: &m.ContentType}
}
