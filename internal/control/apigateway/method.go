package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// PutMethod adds a method to a resource; one that is there is not replaced.
func (s *Service) PutMethod(ctx context.Context, in *v1.PutMethodInput) (*v1.Method, error) {
	verbs := []string{"GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"}
	return update(ctx, s, func(tx store.Tx) (*v1.Method, error) {
		if _, err := find[api.Resource](tx, api.ResourceKey(in.RestApiId, in.ResourceId), noResource); err != nil {
			return nil, err
		}
		if !slices.Contains(verbs, in.HttpMethod) {
			return nil, badf("Invalid HttpMethod specified. Valid options are %s", strings.Join(verbs, ","))
		}
		m := api.Method{
			ResourceID: in.ResourceId, HTTPMethod: in.HttpMethod, AuthorizationType: strings.ToUpper(in.AuthorizationType),
			AuthorizerID: in.AuthorizerId, AuthorizationScopes: in.AuthorizationScopes, APIKeyRequired: isTrue(in.ApiKeyRequired),
			OperationName: in.OperationName, RequestValidatorID: in.RequestValidatorId,
			RequestParameters: in.RequestParameters, RequestModels: in.RequestModels,
		}
		if err := checkMethod(tx, in.RestApiId, &m); err != nil {
			return nil, err
		}
		key := api.MethodKey(in.RestApiId, in.ResourceId, in.HttpMethod)
		if there, err := exists(tx, key); err != nil || there {
			return nil, takenOr(err, "Method already exists for this resource")
		}
		if err := store.Put(tx, key, m); err != nil {
			return nil, err
		}
		return wireMethod(m), nil
	})
}

var requestParameter = regexp.MustCompile(`^method\.request\.(?:path|querystring|header)\.[a-zA-Z0-9._$-]+$`)

// checkMethod refuses a method that names what is not there, and drops what
// its type of authorization does not use.
func checkMethod(tx store.Tx, apiID string, m *api.Method) error {
	if err := checkAuthorization(tx, apiID, m); err != nil {
		return err
	}
	if m.RequestValidatorID != nil && *m.RequestValidatorID == "" {
		m.RequestValidatorID = nil
	}
	if id := m.RequestValidatorID; id != nil {
		if there, err := exists(tx, api.ValidatorKey(apiID, *id)); err != nil || !there {
			return orBad(err, noValidator)
		}
	}
	if err := checkModels(tx, apiID, m.RequestModels); err != nil {
		return err
	}
	return checkRequestParameters(m)
}

func checkRequestParameters(m *api.Method) error {
	names := map[string]bool{}
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(m.RequestParameters)) {
		if !requestParameter.MatchString(key) {
			wrong = append(wrong, invalidMapping+key)
			continue
		}
		names[key[strings.IndexByte(key[len("method.request."):], '.')+len("method.request."):]] = true
	}
	if wrong != nil {
		return badMappings(wrong)
	}
	if len(names) != len(m.RequestParameters) {
		return bad("Parameter names must be unique across querystring, header and path")
	}
	return nil
}

// checkAuthorization looks at the type and, if the type needs one, at the
// authorizer; other types ignore one that is given.
func checkAuthorization(tx store.Tx, apiID string, m *api.Method) error {
	switch m.AuthorizationType {
	case "NONE", "AWS_IAM":
		m.AuthorizerID = nil
		return nil
	case "CUSTOM", "COGNITO_USER_POOLS":
	default:
		return bad("Invalid authorization type specified. Valid options are NONE,AWS_IAM,CUSTOM,COGNITO_USER_POOLS")
	}
	const text = "Invalid authorizer ID specified. " +
		"Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer."
	if m.AuthorizerID == nil {
		return bad(text)
	}
	if there, err := exists(tx, api.AuthorizerKey(apiID, *m.AuthorizerID)); err != nil || !there {
		return orBad(err, text)
	}
	return nil
}

// checkModels refuses names of models that are not there.
func checkModels(tx store.Tx, apiID string, models map[string]string) error {
	for _, mime := range slices.Sorted(maps.Keys(models)) {
		if there, err := exists(tx, api.ModelKey(apiID, models[mime])); err != nil || !there {
			return orBad(err, "Invalid model identifier specified: "+models[mime])
		}
	}
	return nil
}

// orBad is err, or a refusal if there is none.
func orBad(err error, text string) error {
	if err != nil {
		return err
	}
	return bad(text)
}

// method reads a method; the resource is missed before the method.
func method(tx store.Tx, apiID, resourceID, verb string) (api.Method, error) {
	if _, err := find[api.Resource](tx, api.ResourceKey(apiID, resourceID), noResource); err != nil {
		return api.Method{}, err
	}
	return find[api.Method](tx, api.MethodKey(apiID, resourceID, verb), noMethod)
}

func putMethod(tx store.Tx, apiID string, m api.Method) error {
	return store.Put(tx, api.MethodKey(apiID, m.ResourceID, m.HTTPMethod), m)
}

// GetMethod reads a method with all that hangs on it.
func (s *Service) GetMethod(ctx context.Context, in *v1.GetMethodInput) (*v1.Method, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Method, error) {
		m, err := method(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		return wireMethod(m), nil
	})
}

// UpdateMethod patches a method. What it names is looked at after the last
// operation, so a type and its authorizer may come in any order.
func (s *Service) UpdateMethod(ctx context.Context, in *v1.UpdateMethodInput) (*v1.Method, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.Method, error) {
		m, err := method(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		if err := methodPatches().apply(&m, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkMethod(tx, in.RestApiId, &m); err != nil {
			return nil, err
		}
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireMethod(m), nil
	})
}

// methodPatches is what a PATCH may do to a method. parity: spec/control-plane.md 3.3.
func methodPatches() table[api.Method] {
	scopes := func(m *api.Method) *[]string { return &m.AuthorizationScopes }
	parameters := func(m *api.Method) *map[string]bool { return &m.RequestParameters }
	models := func(m *api.Method) *map[string]string { return &m.RequestModels }
	return table[api.Method]{rows: []row[api.Method]{
		{path: "/authorizationType", replace: func(m *api.Method, p patch) error {
			m.AuthorizationType = strings.ToUpper(p.text())
			return nil
		}},
		{path: "/authorizerId", replace: setText(func(m *api.Method) **string { return &m.AuthorizerID })},
		{path: "/authorizationScopes", add: addItem(scopes, inValue), remove: dropItem(scopes, inValue)},
		{path: "/authorizationScopes/{}", add: addItem(scopes, inPath), remove: dropItem(scopes, inPath)},
		{path: "/apiKeyRequired", replace: setFlag(func(m *api.Method) *bool { return &m.APIKeyRequired })},
		{path: "/operationName", replace: setText(func(m *api.Method) **string { return &m.OperationName })},
		{path: "/requestValidatorId", replace: setText(func(m *api.Method) **string { return &m.RequestValidatorID })},
		{
			path: "/requestParameters/{}",
			add:  setEntry(parameters, asFlag), replace: setEntry(parameters, asFlag), remove: dropEntry(parameters, ""),
		},
		{
			path: "/requestModels/{}",
			add:  setEntry(models, asText), replace: setEntry(models, asText), remove: dropEntry(models, ""),
		},
	}}
}

// DeleteMethod removes a method with its integration and responses.
func (s *Service) DeleteMethod(ctx context.Context, in *v1.DeleteMethodInput) (*v1.DeleteMethodOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteMethodOutput, error) {
		if _, err := method(tx, in.RestApiId, in.ResourceId, in.HttpMethod); err != nil {
			return nil, err
		}
		return &v1.DeleteMethodOutput{}, tx.Delete(api.MethodKey(in.RestApiId, in.ResourceId, in.HttpMethod))
	})
}

// wireMethod is a method as callers see it; what is empty is absent.
func wireMethod(m api.Method) *v1.Method {
	out := &v1.Method{
		HttpMethod: &m.HTTPMethod, AuthorizationType: &m.AuthorizationType, AuthorizerId: m.AuthorizerID,
		ApiKeyRequired: &m.APIKeyRequired, RequestValidatorId: m.RequestValidatorID, OperationName: m.OperationName,
	}
	if len(m.AuthorizationScopes) > 0 {
		out.AuthorizationScopes = m.AuthorizationScopes
	}
	if len(m.RequestParameters) > 0 {
		out.RequestParameters = m.RequestParameters
	}
	if len(m.RequestModels) > 0 {
		out.RequestModels = m.RequestModels
	}
	if len(m.Responses) > 0 {
		out.MethodResponses = make(map[string]v1.MethodResponse, len(m.Responses))
		for code, r := range m.Responses {
			out.MethodResponses[code] = *wireMethodResponse(r)
		}
	}
	if m.Integration != nil {
		out.MethodIntegration = wireIntegration(*m.Integration)
	}
	return out
}

// wireMethods is a resource's methods by verb: whole ones, or only their verbs.
func wireMethods(methods []api.Method, whole bool) map[string]v1.Method {
	if len(methods) == 0 {
		return nil
	}
	out := make(map[string]v1.Method, len(methods))
	for _, m := range methods {
		out[m.HTTPMethod] = v1.Method{}
		if whole {
			out[m.HTTPMethod] = *wireMethod(m)
		}
	}
	return out
}
