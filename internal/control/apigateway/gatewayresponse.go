package apigateway

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// gatewayTemplate is the body of an answer that nobody customised.
const gatewayTemplate = `{"message":$context.error.messageString}`

const (
	default4XX = "DEFAULT_4XX"
	default5XX = "DEFAULT_5XX"
)

// gatewayKind is a type of gateway response with its status and the type that
// it falls back to; both are empty for the two that others fall back to.
type gatewayKind struct{ name, status, fallback string }

// gatewayKinds are all types, by name. parity: spec/control-plane.md 3.10.
func gatewayKinds() []gatewayKind {
	return []gatewayKind{
		{"ACCESS_DENIED", "403", default4XX},
		{"API_CONFIGURATION_ERROR", "500", default5XX},
		{"AUTHORIZER_CONFIGURATION_ERROR", "500", default5XX},
		{"AUTHORIZER_FAILURE", "500", default5XX},
		{"BAD_REQUEST_BODY", "400", default4XX},
		{"BAD_REQUEST_PARAMETERS", "400", default4XX},
		{default4XX, "", ""},
		{default5XX, "", ""},
		{"EXPIRED_TOKEN", "403", default4XX},
		{"INTEGRATION_FAILURE", "504", default5XX},
		{"INTEGRATION_TIMEOUT", "504", default5XX},
		{"INVALID_API_KEY", "403", default4XX},
		{"INVALID_SIGNATURE", "403", default4XX},
		{"MISSING_AUTHENTICATION_TOKEN", "403", default4XX},
		{"QUOTA_EXCEEDED", "429", default4XX},
		{"REQUEST_TOO_LARGE", "413", default4XX},
		{"RESOURCE_NOT_FOUND", "404", default4XX},
		{"THROTTLED", "429", default4XX},
		{"UNAUTHORIZED", "401", default4XX},
		{"UNSUPPORTED_MEDIA_TYPE", "415", default4XX},
		{"WAF_FILTERED", "403", default4XX},
	}
}

func kindOf(name string) gatewayKind {
	all := gatewayKinds()
	return all[slices.IndexFunc(all, func(k gatewayKind) bool { return k.name == name })] // the enum is checked
}

// The expressions of a gateway response. parity: spec/rest-data-plane.md 6.3.
var (
	gatewayTarget = regexp.MustCompile(`^gatewayresponse\.(?:header|path|querystring)\.[a-zA-Z0-9._$-]+$`)
	gatewaySource = regexp.MustCompile(`^method\.request\.(?:multivalue)?(?:path|querystring|header)\.[a-zA-Z0-9._$-]+$`)
	statusCode    = regexp.MustCompile(`^[1-5]\d\d$`)
)

// PutGatewayResponse customises one of the gateway's own answers. What is not
// given is as that type has it, not as DEFAULT_4XX or DEFAULT_5XX say.
func (s *Service) PutGatewayResponse(ctx context.Context, in *v1.PutGatewayResponseInput) (*v1.GatewayResponse, error) {
	g := api.GatewayResponse{
		Type: in.ResponseType, StatusCode: in.StatusCode,
		Parameters: in.ResponseParameters, Templates: in.ResponseTemplates,
	}
	if err := checkGatewayResponse(g); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.GatewayResponse, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		if err := store.Put(tx, api.GatewayResponseKey(in.RestApiId, g.Type), g); err != nil {
			return nil, err
		}
		return wireGatewayResponse(kindOf(g.Type), g, false), nil
	})
}

func checkGatewayResponse(g api.GatewayResponse) error {
	if g.StatusCode != nil && !statusCode.MatchString(*g.StatusCode) {
		return badf("Invalid status code specified: %s", *g.StatusCode)
	}
	var wrong []string
	for _, target := range slices.Sorted(maps.Keys(g.Parameters)) {
		if !gatewayTarget.MatchString(target) {
			wrong = append(wrong, invalidMapping+target)
		} else if source := g.Parameters[target]; !gatewaySource.MatchString(source) && !otherSource.MatchString(source) {
			wrong = append(wrong, invalidMapping+source)
		}
	}
	if err := badMappings(wrong); err != nil {
		return err
	}
	return checkContentTypes(g.Templates)
}

// effective is a type's answer as it would be given: customised itself, or
// showing what its fallback was made. parity: spec/rest-data-plane.md 6.2.
func effective(tx store.Tx, apiID string, kind gatewayKind) (*v1.GatewayResponse, error) {
	g, err := store.Get[api.GatewayResponse](tx, api.GatewayResponseKey(apiID, kind.name))
	if err == nil {
		return wireGatewayResponse(kind, g, false), nil
	} else if !errors.Is(err, store.ErrMissing) {
		return nil, err
	}
	if kind.fallback != "" {
		g, err = store.Get[api.GatewayResponse](tx, api.GatewayResponseKey(apiID, kind.fallback))
		if err != nil && !errors.Is(err, store.ErrMissing) {
			return nil, err
		}
	}
	return wireGatewayResponse(kind, g, true), nil
}

// GetGatewayResponse reads one of the gateway's own answers, customised or not.
func (s *Service) GetGatewayResponse(ctx context.Context, in *v1.GetGatewayResponseInput) (*v1.GatewayResponse, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.GatewayResponse, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		return effective(tx, in.RestApiId, kindOf(in.ResponseType))
	})
}

// GetGatewayResponses lists all of the gateway's own answers by type.
func (s *Service) GetGatewayResponses(
	ctx context.Context, in *v1.GetGatewayResponsesInput,
) (*v1.GatewayResponses, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.GatewayResponses, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		kinds, next, err := pageOf(gatewayKinds(), in.Limit, in.Position, func(k gatewayKind) string { return k.name })
		if err != nil {
			return nil, err
		}
		out := &v1.GatewayResponses{Position: next, Items: make([]v1.GatewayResponse, len(kinds))}
		for i, k := range kinds {
			g, err := effective(tx, in.RestApiId, k)
			if err != nil {
				return nil, err
			}
			out.Items[i] = *g
		}
		return out, nil
	})
}

// UpdateGatewayResponse patches one of the gateway's own answers; a type that
// was not customised is from then on.
func (s *Service) UpdateGatewayResponse(
	ctx context.Context, in *v1.UpdateGatewayResponseInput,
) (*v1.GatewayResponse, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.GatewayResponse, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		key := api.GatewayResponseKey(in.RestApiId, in.ResponseType)
		g, err := store.Get[api.GatewayResponse](tx, key)
		if errors.Is(err, store.ErrMissing) {
			g = api.GatewayResponse{Type: in.ResponseType}
		} else if err != nil {
			return nil, err
		}
		if len(g.Templates) == 0 {
			g.Templates = factoryTemplates()
		}
		if err := gatewayResponsePatches().apply(&g, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkGatewayResponse(g); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, g); err != nil {
			return nil, err
		}
		return wireGatewayResponse(kindOf(g.Type), g, false), nil
	})
}

// gatewayResponsePatches is what a PATCH may do to a gateway response.
// parity: spec/control-plane.md 3.8.
func gatewayResponsePatches() table[api.GatewayResponse] {
	parameters := func(g *api.GatewayResponse) *map[string]string { return &g.Parameters }
	templates := func(g *api.GatewayResponse) *map[string]string { return &g.Templates }
	parameter := notEmpty("Invalid null or empty value in responseParameters")
	template := notEmpty("Invalid null or empty value in responseTemplates")
	return table[api.GatewayResponse]{manners: namesNothing, rows: []row[api.GatewayResponse]{
		{path: "/statusCode", replace: setText(func(g *api.GatewayResponse) **string { return &g.StatusCode })},
		{
			path: "/responseParameters/{}", add: setEntry(parameters, parameter),
			replace: swapEntry(parameters, parameter, noParameter), remove: dropEntry(parameters, noParameter),
		},
		{
			path: "/responseTemplates/{}", add: setEntry(templates, template),
			replace: swapEntry(templates, template, noContentType), remove: dropEntry(templates, noContentType),
		},
	}}
}

// notEmpty reads the value of an entry that must have one.
func notEmpty(refusal string) func(patch) (string, error) {
	return func(p patch) (string, error) {
		if p.text() == "" {
			return "", bad(refusal)
		}
		return p.text(), nil
	}
}

// DeleteGatewayResponse takes a customisation back.
func (s *Service) DeleteGatewayResponse(
	ctx context.Context, in *v1.DeleteGatewayResponseInput,
) (*v1.DeleteGatewayResponseOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteGatewayResponseOutput, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		key := api.GatewayResponseKey(in.RestApiId, in.ResponseType)
		if _, err := find[api.GatewayResponse](tx, key, noGatewayResponse); err != nil {
			return nil, err
		}
		return &v1.DeleteGatewayResponseOutput{}, tx.Delete(key)
	})
}

func factoryTemplates() map[string]string {
	return map[string]string{"application/json": gatewayTemplate}
}

// wireGatewayResponse is g, or what g leaves open, under the type's own name.
func wireGatewayResponse(kind gatewayKind, g api.GatewayResponse, isDefault bool) *v1.GatewayResponse {
	out := &v1.GatewayResponse{
		ResponseType: &kind.name, StatusCode: given(kind.status), ResponseParameters: shown(g.Parameters),
		ResponseTemplates: factoryTemplates(), DefaultResponse: &isDefault,
	}
	if g.StatusCode != nil {
		out.StatusCode = g.StatusCode
	}
	if len(g.Templates) > 0 {
		out.ResponseTemplates = g.Templates
	}
	return out
}
