package apigateway

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// PutIntegrationResponse says what an answer of the integration becomes; what
// was said before for the same status is replaced.
func (s *Service) PutIntegrationResponse(
	ctx context.Context, in *v1.PutIntegrationResponseInput,
) (*v1.IntegrationResponse, error) {
	r := api.IntegrationResponse{
		StatusCode: in.StatusCode, SelectionPattern: in.SelectionPattern, ResponseParameters: in.ResponseParameters,
		ResponseTemplates: optionals(in.ResponseTemplates), ContentHandling: in.ContentHandling,
	}
	if err := checkContentTypes(r.ResponseTemplates); err != nil {
		return nil, err
	}
	if err := checkTemplates(s, r.ResponseTemplates); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.IntegrationResponse, error) {
		m, err := integration(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		if _, there := m.Responses[r.StatusCode]; !there {
			return nil, missing(noStatus) // parity: what Terraform's users meet without a method response
		}
		if err := checkResponseMappings(&m, r.StatusCode, r.ResponseParameters); err != nil {
			return nil, err
		}
		if m.Integration.Responses == nil {
			m.Integration.Responses = map[string]api.IntegrationResponse{}
		}
		m.Integration.Responses[r.StatusCode] = r
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireIntegrationResponse(r), nil
	})
}

// integrationResponse reads what answers of a method's integration become.
func integrationResponse(
	tx store.Tx, apiID, resourceID, verb, status string,
) (api.Method, api.IntegrationResponse, error) {
	m, err := integration(tx, apiID, resourceID, verb)
	if err != nil {
		return m, api.IntegrationResponse{}, err
	}
	r, ok := m.Integration.Responses[status]
	if !ok {
		return m, r, missing(noStatus)
	}
	return m, r, nil
}

// GetIntegrationResponse reads what answers become under one status.
func (s *Service) GetIntegrationResponse(
	ctx context.Context, in *v1.GetIntegrationResponseInput,
) (*v1.IntegrationResponse, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.IntegrationResponse, error) {
		_, r, err := integrationResponse(tx, in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode)
		if err != nil {
			return nil, err
		}
		return wireIntegrationResponse(r), nil
	})
}

// UpdateIntegrationResponse patches what answers become under one status.
func (s *Service) UpdateIntegrationResponse(
	ctx context.Context, in *v1.UpdateIntegrationResponseInput,
) (*v1.IntegrationResponse, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.IntegrationResponse, error) {
		m, r, err := integrationResponse(tx, in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode)
		if err != nil {
			return nil, err
		}
		if err := integrationResponsePatches().apply(&r, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkContentTypes(r.ResponseTemplates); err != nil {
			return nil, err
		}
		if err := checkTemplates(s, r.ResponseTemplates); err != nil {
			return nil, err
		}
		if err := checkResponseMappings(&m, r.StatusCode, r.ResponseParameters); err != nil {
			return nil, err
		}
		m.Integration.Responses[r.StatusCode] = r
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireIntegrationResponse(r), nil
	})
}

// integrationResponsePatches is what a PATCH may do to an integration
// response. parity: spec/control-plane.md 3.6.
func integrationResponsePatches() table[api.IntegrationResponse] {
	parameters := func(r *api.IntegrationResponse) *map[string]string { return &r.ResponseParameters }
	templates := func(r *api.IntegrationResponse) *map[string]*string { return &r.ResponseTemplates }
	return table[api.IntegrationResponse]{rows: []row[api.IntegrationResponse]{
		{path: "/selectionPattern", replace: func(r *api.IntegrationResponse, p patch) error {
			r.SelectionPattern = p.value // an empty one is shown, an absent one is not
			return nil
		}},
		{path: "/contentHandling", replace: setContentHandling(
			func(r *api.IntegrationResponse) **string { return &r.ContentHandling })},
		{
			path: "/responseParameters/{}",
			add:  setEntry(parameters, asText), replace: setEntry(parameters, asText), remove: dropEntry(parameters, ""),
		},
		{
			path: "/responseTemplates/{}",
			add:  setEntry(templates, asOptional), replace: setEntry(templates, asOptional), remove: dropEntry(templates, ""),
		},
	}}
}

// DeleteIntegrationResponse takes away what answers become under one status.
// A method that is not there is missed as its integration is.
// parity: spec/control-plane.md 2.4.
func (s *Service) DeleteIntegrationResponse(
	ctx context.Context, in *v1.DeleteIntegrationResponseInput,
) (*v1.DeleteIntegrationResponseOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteIntegrationResponseOutput, error) {
		if _, err := find[api.Resource](tx, api.ResourceKey(in.RestApiId, in.ResourceId), noResource); err != nil {
			return nil, err
		}
		m, _, err := integrationResponse(tx, in.RestApiId, in.ResourceId, in.HttpMethod, in.StatusCode)
		if m.HTTPMethod == "" && fault.NotFound.Is(err) {
			return nil, fault.NotFound.New(err, noIntegration)
		} else if err != nil {
			return nil, err
		}
		delete(m.Integration.Responses, in.StatusCode)
		return &v1.DeleteIntegrationResponseOutput{}, putMethod(tx, in.RestApiId, m)
	})
}

func wireIntegrationResponse(r api.IntegrationResponse) *v1.IntegrationResponse {
	return &v1.IntegrationResponse{
		StatusCode: &r.StatusCode, SelectionPattern: r.SelectionPattern, ResponseParameters: r.ResponseParameters,
		ResponseTemplates: texts(r.ResponseTemplates), ContentHandling: r.ContentHandling,
	}
}
