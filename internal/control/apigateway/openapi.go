package apigateway

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

func (s *Service) openAPIHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"ImportRestApi": wire.Op(s.ImportRestApi),
		"PutRestApi":    wire.Op(s.PutRestApi),
	}
}

// ImportRestApi makes an API of an OpenAPI document, whole or not at all.
func (s *Service) ImportRestApi(ctx context.Context, in *v1.ImportRestApiInput) (*v1.RestApi, error) {
	d, err := s.readOpenAPI(in.Body, in.Parameters, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	create := &v1.CreateRestApiInput{Name: d.Title}
	if t := in.Parameters["endpointConfigurationTypes"]; t != "" {
		create.EndpointConfiguration = &v1.EndpointConfiguration{Types: []string{t}}
	}
	if err := checkEndpoint(create.EndpointConfiguration); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.RestApi, error) {
		a, err := s.newRestAPI(tx, create)
		if err != nil {
			return nil, err
		}
		if err := s.setEndpoint(&a, create.EndpointConfiguration); err != nil {
			return nil, err
		}
		if a.RootResourceID, err = s.freshID(tx, rootIDLength, func(id string) store.Key { return api.ResourceKey(a.ID, id) }); err != nil {
			return nil, err
		}
		root := api.Resource{ID: a.RootResourceID, Path: "/"}
		if err := store.Put(tx, api.ResourceKey(a.ID, root.ID), root); err != nil {
			return nil, err
		}
		return s.takeIn(tx, &a, d, false)
	})
}

// PutRestApi brings a document into an API: mode merge replaces what both have
// and keeps the rest, overwrite removes what the document does not have.
// Deployments and stages stay, so nothing that runs changes.
func (s *Service) PutRestApi(ctx context.Context, in *v1.PutRestApiInput) (*v1.RestApi, error) {
	d, err := s.readOpenAPI(in.Body, in.Parameters, in.FailOnWarnings)
	if err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.RestApi, error) {
		a, err := s.restAPI(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		out, err := s.takeIn(tx, &a, d, in.Mode != nil && *in.Mode == "overwrite")
		if err == nil && out.Tags == nil {
			out.Tags = map[string]string{}
		}
		return out, err
	})
}

// readOpenAPI reads a document; warnings are refusals if the caller says so.
func (s *Service) readOpenAPI(body []byte, params map[string]string, failOnWarnings *bool) (*openapi.API, error) {
	mode := params["basepath"]
	if mode != "" && mode != openapi.BasePathIgnore && mode != openapi.BasePathPrepend && mode != openapi.BasePathSplit {
		return nil, badf("Invalid basepath value %s. Valid options are ignore, prepend, split", mode)
	}
	d, err := openapi.Import(body, openapi.Options{
		BasePath:            mode,
		IgnoreDocumentation: params["ignore"] == "documentation",
		Variables:           map[string]string{"AWS::AccountId": s.cfg.Account, "AWS::Partition": s.cfg.Partition, "AWS::Region": s.cfg.Region},
	})
	if errors.Is(err, openapi.ErrInvalid) {
		return nil, fault.BadRequest.New(err, openapi.ErrInvalid.Error())
	}
	if err != nil {
		return nil, err
	}
	if d.Title == "" {
		return nil, bad(openapi.ErrInvalid.Error())
	}
	if isTrue(failOnWarnings) && len(d.Warnings) > 0 {
		return nil, bad("Warnings found during import:\n\t" + strings.Join(d.Warnings, "\n\t"))
	}
	return d, nil
}

// takeIn changes an API into what a document says.
func (s *Service) takeIn(tx store.Tx, a *api.RestAPI, d *openapi.API, overwrite bool) (*v1.RestApi, error) {
	if err := s.takeSettings(a, d, overwrite); err != nil {
		return nil, err
	}
	if err := store.Put(tx, api.RestAPIKey(a.ID), *a); err != nil { // integrations are checked against it
		return nil, err
	}
	t := &taking{service: s, tx: tx, api: a, overwrite: overwrite, validators: map[string]string{}, authorizers: map[string]string{}}
	for _, step := range []func(*openapi.API) error{t.models, t.takeValidators, t.takeAuthorizers, t.gatewayResponses, t.resources, t.documentation} {
		if err := step(d); err != nil {
			return nil, err
		}
	}
	out := wireRestAPI(*a, a.Tags)
	out.Warnings = d.Warnings
	return out, nil
}

func (s *Service) takeSettings(a *api.RestAPI, d *openapi.API, overwrite bool) error {
	a.Name, a.Version, a.Description = d.Title, d.Version, d.Description
	if d.APIKeySource != nil {
		a.APIKeySource = *d.APIKeySource
	}
	if overwrite && d.BinaryMediaTypes != nil {
		a.BinaryMediaTypes = nil
	}
	for _, t := range d.BinaryMediaTypes {
		if !slices.Contains(a.BinaryMediaTypes, t) {
			a.BinaryMediaTypes = append(a.BinaryMediaTypes, t)
		}
	}
	if d.MinimumCompressionSize != nil {
		if err := checkCompression(*d.MinimumCompressionSize); err != nil {
			return err
		}
		a.MinimumCompressionSize = d.MinimumCompressionSize
	}
	if d.DisableExecuteEndpoint != nil {
		a.DisableExecuteEndpoint = *d.DisableExecuteEndpoint
	}
	if len(d.VPCEndpointIDs) > 0 {
		a.VPCEndpointIDs = d.VPCEndpointIDs
	}
	if d.EndpointAccessMode != nil {
		a.EndpointAccessMode = d.EndpointAccessMode
	}
	if d.SecurityPolicy != nil {
		a.SecurityPolicy = d.SecurityPolicy
	}
	if d.Policy == nil {
		return nil
	}
	policy, err := s.policyText(a.ID, *d.Policy)
	if err != nil {
		return err
	}
	a.Policy = policy
	return nil
}

// taking is a document being taken into an API.
type taking struct {
	service     *Service
	tx          store.Tx
	api         *api.RestAPI
	overwrite   bool
	validators  map[string]string // name -> id
	authorizers map[string]string // name -> id
}

// clear removes what is under a prefix if the document replaces everything.
func (t *taking) clear(prefix store.Key) error {
	if !t.overwrite {
		return nil
	}
	return store.DeleteAll(t.tx, prefix)
}

func (t *taking) models(d *openapi.API) error {
	if err := t.clear(api.Models(t.api.ID)); err != nil {
		return err
	}
	for _, m := range d.Models {
		key := api.ModelKey(t.api.ID, m.Name)
		model, err := store.Get[api.Model](t.tx, key)
		if errors.Is(err, store.ErrMissing) {
			model.ID, err = t.service.cfg.NewID(idLength), nil
		}
		if err != nil {
			return err
		}
		model.Name, model.Description, model.ContentType, model.Schema = m.Name, m.Description, "application/json", m.Text(t.api.ID)
		if err := store.Put(t.tx, key, model); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) takeValidators(d *openapi.API) error {
	old, err := store.All[api.RequestValidator](t.tx, api.Validators(t.api.ID))
	if err != nil {
		return err
	}
	if err := t.clear(api.Validators(t.api.ID)); err != nil {
		return err
	}
	for _, v := range old {
		t.validators[v.Name] = v.ID
	}
	for _, v := range d.Validators {
		id, err := t.idOf(t.validators, v.Name, func(id string) store.Key { return api.ValidatorKey(t.api.ID, id) })
		if err != nil {
			return err
		}
		doc := api.RequestValidator{ID: id, Name: v.Name, ValidateBody: v.Body, ValidateParameters: v.Parameters}
		if err := store.Put(t.tx, api.ValidatorKey(t.api.ID, id), doc); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) takeAuthorizers(d *openapi.API) error {
	old, err := store.All[api.Authorizer](t.tx, api.Authorizers(t.api.ID))
	if err != nil {
		return err
	}
	if err := t.clear(api.Authorizers(t.api.ID)); err != nil {
		return err
	}
	for _, a := range old {
		t.authorizers[a.Name] = a.ID
	}
	for _, a := range d.Authorizers {
		id, err := t.idOf(t.authorizers, a.Name, func(id string) store.Key { return api.AuthorizerKey(t.api.ID, id) })
		if err != nil {
			return err
		}
		doc := api.Authorizer{
			ID: id, Name: a.Name, Type: a.Type, AuthType: a.AuthType, URI: a.URI, Credentials: a.Credentials, ProviderARNs: a.ProviderARNs,
			IdentitySource: a.Identity, IdentityValidationExpression: a.Validation, ResultTTLSeconds: a.TTLSeconds,
		}
		if err := store.Put(t.tx, api.AuthorizerKey(t.api.ID, id), doc); err != nil {
			return err
		}
	}
	return nil
}

// idOf is the id that a name had before, or a new one.
func (t *taking) idOf(known map[string]string, name string, key func(string) store.Key) (string, error) {
	if id, ok := known[name]; ok {
		return id, nil
	}
	id, err := t.service.freshID(t.tx, idLength, key)
	known[name] = id
	return id, err
}

func (t *taking) gatewayResponses(d *openapi.API) error {
	if err := t.clear(api.GatewayResponses(t.api.ID)); err != nil {
		return err
	}
	for _, g := range d.GatewayResponses {
		doc := api.GatewayResponse{Type: g.Type, StatusCode: g.StatusCode, Parameters: maps.Clone(g.Parameters), Templates: maps.Clone(g.Templates)}
		if err := store.Put(t.tx, api.GatewayResponseKey(t.api.ID, g.Type), doc); err != nil {
			return err
		}
	}
	return nil
}
