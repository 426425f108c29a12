package apigateway

import (
	"context"
	"maps"
	"regexp"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

var responseParameter = regexp.MustCompile(`^method\.response\.header\.[a-zA-Z0-9._$-]+$`)

// PutMethodResponse declares a status of a method; one that is declared is not
// replaced.
func (s *Service) PutMethodResponse(ctx context.Context, in *v1.PutMethodResponseInput) (*v1.MethodResponse, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.MethodResponse, error) {
		m, err := method(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		r := api.MethodResponse{
			StatusCode: in.StatusCode, ResponseParameters: in.ResponseParameters, ResponseModels: in.ResponseModels,
		}
		if err := checkMethodResponse(tx, in.RestApiId, r); err != nil {
			return nil, err
		}
		if _, there := m.Responses[in.StatusCode]; there {
			return nil, conflictf("Response already exists for this resource")
		}
		if m.Responses == nil {
			m.Responses = map[string]api.MethodResponse{}
		}
		m.Responses[in.StatusCode] = r
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireMethodResponse(r), nil
	})
}

func checkMethodResponse(tx store.Tx, apiID string, r api.MethodResponse) error {
	var wrong []string
	for _, key := range slices.Sorted(maps.Keys(r.ResponseParameters)) {
		if !responseParameter.MatchString(key) {
			wrong = append(wrong, invalidMapping+key)
		}
	}
	if wrong != nil {
		return badMappings(wrong)
	}
	return checkModels(tx, apiID, r.ResponseModels)
}

// methodResponse reads a declared status: its resource, its method and then
// itself are missed.
func methodResponse(tx store.Tx, apiID, resourceID, verb, status string) (api.Method, api.MethodResponse, error) {
	m, err := method(tx, apiID, resourceID, verb)
	if err != nil {
		return m, api.MethodResponse{}, err
	}
	r, ok := m.Responses[status]
	if !ok {
		return m, r, missing(noStatus)
	}
	return m, r, nil
}

// GetMethodResponse reads a declared status.
func (s *Service) GetMethodResponse(ctx context.Context, in *v1.GetMethodResponseInput) (*v1.MethodResponse, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.MethodResponse, error) {
		_, r, err := methodResponse(tx, in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode)
		if err != nil {
			return nil, err
		}
		return wireMethodResponse(r), nil
	})
}

// UpdateMethodResponse patches a declared status.
func (s *Service) UpdateMethodResponse(
	ctx context.Context, in *v1.UpdateMethodResponseInput,
) (*v1.MethodResponse, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.MethodResponse, error) {
		m, r, err := methodResponse(tx, in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode)
		if err != nil {
			return nil, err
		}
		if err := methodResponsePatches().apply(&r, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkMethodResponse(tx, in.RestApiId, r); err != nil {
			return nil, err
		}
		m.Responses[in.StatusCode] = r
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireMethodResponse(r), nil
	})
}

// methodResponsePatches is what a PATCH may do to a declared status.
// parity: spec/control-plane.md 3.4.
func methodResponsePatches() table[api.MethodResponse] {
	parameters := func(r *api.MethodResponse) *map[string]bool { return &r.ResponseParameters }
	models := func(r *api.MethodResponse) *map[string]string { return &r.ResponseModels }
	return table[api.MethodResponse]{manners: namesNothing, rows: []row[api.MethodResponse]{
		{
			path: "/responseParameters/{}", add: setEntry(parameters, asFlag),
			replace: swapEntry(parameters, asFlag, noParameter), remove: dropEntry(parameters, noParameter),
		},
		{
			path: "/responseModels/{}", add: setEntry(models, asText),
			replace: swapEntry(models, asText, noContentType), remove: dropEntry(models, noContentType),
		},
	}}
}

// DeleteMethodResponse takes a declared status away.
func (s *Service) DeleteMethodResponse(
	ctx context.Context, in *v1.DeleteMethodResponseInput,
) (*v1.DeleteMethodResponseOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteMethodResponseOutput, error) {
		m, _, err := methodResponse(tx, in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode)
		if err != nil {
			return nil, err
		}
		delete(m.Responses, in.StatusCode)
		return &v1.DeleteMethodResponseOutput{}, putMethod(tx, in.RestApiId, m)
	})
}

func wireMethodResponse(r api.MethodResponse) *v1.MethodResponse {
	return &v1.MethodResponse{
		StatusCode: &r.StatusCode, ResponseParameters: r.ResponseParameters, ResponseModels: r.ResponseModels,
	}
}
