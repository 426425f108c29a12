package apigateway

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// Kinds of integration, and how they are reached.
const (
	typeHTTP      = "HTTP"
	typeHTTPProxy = "HTTP_PROXY"
	typeAWS       = "AWS"
	typeAWSProxy  = "AWS_PROXY"
	typeMock      = "MOCK"

	internet = "INTERNET"
	stream   = "STREAM"
)

// PutIntegration gives a method its integration. One that is there is replaced
// with its responses.
func (s *Service) PutIntegration(ctx context.Context, in *v1.PutIntegrationInput) (*v1.Integration, error) {
	i := newIntegration(in)
	if err := checkTarget(&i); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Integration, error) {
		m, err := method(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		if err := s.checkIntegration(tx, in.RestApiId, &m, &i); err != nil {
			return nil, err
		}
		m.Integration = &i
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireIntegration(i), nil
	})
}

// newIntegration is an integration with all defaults.
// parity: spec/control-plane.md 3.5.
func newIntegration(in *v1.PutIntegrationInput) api.Integration {
	i := api.Integration{
		Type: in.Type, HTTPMethod: in.IntegrationHttpMethod, URI: in.Uri,
		ConnectionType: in.ConnectionType, ConnectionID: in.ConnectionId, IntegrationTarget: in.IntegrationTarget,
		Credentials: in.Credentials, RequestParameters: in.RequestParameters,
		PassthroughBehavior: "WHEN_NO_MATCH", ContentHandling: in.ContentHandling,
		TimeoutMillis: defaultTimeout, CacheNamespace: in.ResourceId, CacheKeyParameters: []string{},
	}
	if in.RequestTemplates != nil {
		i.RequestTemplates = optionals(in.RequestTemplates)
	}
	if in.PassthroughBehavior != nil {
		i.PassthroughBehavior = *in.PassthroughBehavior
	}
	if in.TimeoutInMillis != nil {
		i.TimeoutMillis = *in.TimeoutInMillis
	}
	if in.CacheNamespace != nil {
		i.CacheNamespace = *in.CacheNamespace
	}
	if in.CacheKeyParameters != nil {
		i.CacheKeyParameters = in.CacheKeyParameters
	}
	if in.TlsConfig != nil {
		i.InsecureSkipVerify = in.TlsConfig.InsecureSkipVerification
	}
	if in.ResponseTransferMode != nil {
		i.ResponseTransferMode = *in.ResponseTransferMode
	}
	if i.ConnectionType == nil && (i.Type == typeHTTP || i.Type == typeHTTPProxy) {
		connection := internet
		i.ConnectionType = &connection
	}
	return i
}

// integration reads a method that has an integration: the resource, the
// method and then the integration are missed.
func integration(tx store.Tx, apiID, resourceID, verb string) (api.Method, error) {
	m, err := method(tx, apiID, resourceID, verb)
	if err != nil {
		return m, err
	}
	if m.Integration == nil {
		return m, missing(noIntegration)
	}
	return m, nil
}

// GetIntegration reads a method's integration.
func (s *Service) GetIntegration(ctx context.Context, in *v1.GetIntegrationInput) (*v1.Integration, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Integration, error) {
		m, err := integration(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		return wireIntegration(*m.Integration), nil
	})
}

// UpdateIntegration patches a method's integration.
func (s *Service) UpdateIntegration(ctx context.Context, in *v1.UpdateIntegrationInput) (*v1.Integration, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.Integration, error) {
		m, err := integration(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		if err := integrationPatches(m.Integration.Type).apply(m.Integration, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkTarget(m.Integration); err != nil {
			return nil, err
		}
		if err := s.checkIntegration(tx, in.RestApiId, &m, m.Integration); err != nil {
			return nil, err
		}
		if err := putMethod(tx, in.RestApiId, m); err != nil {
			return nil, err
		}
		return wireIntegration(*m.Integration), nil
	})
}

// integrationPatches is what a PATCH may do to an integration.
// parity: spec/control-plane.md 3.5.
func integrationPatches(kind string) table[api.Integration] {
	keys := func(i *api.Integration) *[]string { return &i.CacheKeyParameters }
	parameters := func(i *api.Integration) *map[string]string { return &i.RequestParameters }
	templates := func(i *api.Integration) *map[string]*string { return &i.RequestTemplates }
	var setMethod, setURI setter[api.Integration]
	if kind != typeMock {
		setMethod = setText(func(i *api.Integration) **string { return &i.HTTPMethod })
		setURI = setText(func(i *api.Integration) **string { return &i.URI })
	}
	return table[api.Integration]{rows: []row[api.Integration]{
		{path: "/httpMethod", replace: setMethod},
		{path: "/uri", replace: setURI},
		{path: "/credentials", replace: setText(func(i *api.Integration) **string { return &i.Credentials })},
		{path: "/connectionType", replace: setConnectionType},
		{path: "/connectionId", replace: setText(func(i *api.Integration) **string { return &i.ConnectionID })},
		{path: "/integrationTarget", replace: setText(func(i *api.Integration) **string { return &i.IntegrationTarget })},
		{path: "/contentHandling", replace: setContentHandling(func(i *api.Integration) **string { return &i.ContentHandling })},
		{path: "/passthroughBehavior", replace: setChoice(func(i *api.Integration) *string { return &i.PassthroughBehavior },
			"passthrough behavior", passthroughs()...)},
		{path: "/responseTransferMode", replace: setChoice(func(i *api.Integration) *string { return &i.ResponseTransferMode },
			"ResponseTransferMode", "BUFFERED", stream)},
		{path: "/timeoutInMillis", replace: func(i *api.Integration, p patch) (err error) {
			i.TimeoutMillis, err = p.number()
			return err
		}},
		{path: "/tlsConfig/insecureSkipVerification", replace: func(i *api.Integration, p patch) error {
			skip := p.flag()
			i.InsecureSkipVerify = &skip
			return nil
		}},
		{path: "/cacheNamespace", replace: func(i *api.Integration, p patch) error {
			i.CacheNamespace = p.text()
			return nil
		}},
		{
			path: "/cacheKeyParameters/{}",
			add:  addItem(keys, inPath), replace: addItem(keys, inPath), remove: dropItem(keys, inPath),
		},
		{
			path: "/requestParameters/{}",
			add:  setEntry(parameters, asText), replace: setEntry(parameters, asText), remove: dropEntry(parameters, ""),
		},
		{
			path: "/requestTemplates/{}",
			add:  setEntry(templates, asOptional), replace: setEntry(templates, asOptional), remove: dropEntry(templates, ""),
		},
	}}
}

func setConnectionType(i *api.Integration, p patch) error {
	if p.text() != internet && p.text() != "VPC_LINK" {
		return bad("Invalid ConnectionType specified. Valid options are INTERNET,VPC_LINK")
	}
	i.ConnectionType = p.value
	return nil
}

// setContentHandling sets how bodies are converted; empty is not at all.
func setContentHandling[T any](field func(*T) **string) setter[T] {
	return func(doc *T, p patch) error {
		if err := checkContentHandling(p.text()); err != nil {
			return err
		}
		*field(doc) = given(p.text())
		return nil
	}
}

func checkContentHandling(handling string) error {
	switch handling {
	case "", "CONVERT_TO_BINARY", "CONVERT_TO_TEXT":
		return nil
	}
	return bad("Invalid ContentHandlingStrategy specified. Valid options are CONVERT_TO_BINARY,CONVERT_TO_TEXT")
}

// DeleteIntegration takes a method's integration away, with its responses.
func (s *Service) DeleteIntegration(
	ctx context.Context, in *v1.DeleteIntegrationInput,
) (*v1.DeleteIntegrationOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteIntegrationOutput, error) {
		m, err := integration(tx, in.RestApiId, in.ResourceId, in.HttpMethod)
		if err != nil {
			return nil, err
		}
		m.Integration = nil
		return &v1.DeleteIntegrationOutput{}, putMethod(tx, in.RestApiId, m)
	})
}

func wireIntegration(i api.Integration) *v1.Integration {
	out := &v1.Integration{
		Type: &i.Type, HttpMethod: i.HTTPMethod, Uri: i.URI, ConnectionType: i.ConnectionType, ConnectionId: i.ConnectionID,
		Credentials: i.Credentials, PassthroughBehavior: &i.PassthroughBehavior, ContentHandling: i.ContentHandling,
		TimeoutInMillis: &i.TimeoutMillis, CacheNamespace: &i.CacheNamespace, CacheKeyParameters: i.CacheKeyParameters,
		ResponseTransferMode: given(i.ResponseTransferMode), IntegrationTarget: i.IntegrationTarget,
	}
	if out.CacheKeyParameters == nil {
		out.CacheKeyParameters = []string{}
	}
	if i.Type != typeHTTP && i.Type != typeHTTPProxy && text(i.ConnectionType) == internet {
		out.ConnectionType = nil // parity: spec/control-plane.md 3.5, recorded
	}
	if len(i.RequestParameters) > 0 {
		out.RequestParameters = i.RequestParameters
	}
	if len(i.RequestTemplates) > 0 {
		out.RequestTemplates = texts(i.RequestTemplates)
	}
	if i.InsecureSkipVerify != nil {
		out.TlsConfig = &v1.TlsConfig{InsecureSkipVerification: i.InsecureSkipVerify}
	}
	if len(i.Responses) > 0 {
		out.IntegrationResponses = make(map[string]v1.IntegrationResponse, len(i.Responses))
		for code, r := range i.Responses {
			out.IntegrationResponses[code] = *wireIntegrationResponse(r)
		}
	}
	return out
}

// optionals and texts turn templates from their wire form, in which an empty
// one is null, into the kept form and back.
func optionals(in map[string]string) map[string]*string {
	if in == nil {
		return nil
	}
	out := make(map[string]*string, len(in))
	for k, v := range in {
		out[k] = given(v)
	}
	return out
}

func texts(in map[string]*string) map[string]string {
	if in == nil {
		return nil
	}
	out := make(map[string]string, len(in))
	for k, v := range in {
		out[k] = ""
		if v != nil {
			out[k] = *v
		}
	}
	return out
}
