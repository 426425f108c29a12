package apigateway

import (
	"context"
	"errors"
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
		"GetExport":     wire.Op(s.GetExport),
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
		create.EndpointConfiguration = &v1.EndpointConfiguration{Types: strings.Split(t, ",")}
	}
	if err := checkEndpoint(create.EndpointConfiguration); err != nil {
		return nil, err
	}
	if e := create.EndpointConfiguration; e != nil && !slices.Contains([]string{edge, regional, private}, e.Types[0]) {
		return nil, bad("Invalid EndpointTypes specified. Valid options are REGIONAL,EDGE,PRIVATE")
	}
	return update(ctx, s, func(tx store.Tx) (*v1.RestApi, error) {
		a, err := s.newRestAPI(tx, create)
		if err != nil {
			return nil, err
		}
		if err := s.setEndpoint(&a, create.EndpointConfiguration); err != nil {
			return nil, err
		}
		if err := s.tallyAPI(tx, a.EndpointType, 1); err != nil {
			return nil, err
		}
		if a.RootResourceID, err = s.freshID(tx, rootIDLength, func(id string) store.Key { return api.ResourceKey(a.ID, id) }); err != nil {
			return nil, err
		}
		root := api.Resource{ID: a.RootResourceID, Path: "/"}
		if err := (branch{tx, a.ID}).put(&root); err != nil {
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
		Variables:           s.variables(),
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
	if isTrue(failOnWarnings) {
		if err := refuseWarnings(d.Warnings); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// refuseWarnings is the answer to a document with warnings when the caller
// wants none.
func refuseWarnings(warnings []string) error {
	if len(warnings) == 0 {
		return nil
	}
	return bad("Warnings found during import:\n\t" + strings.Join(warnings, "\n\t"))
}

// variables are what ${AWS::...} stands for in documents.
// parity: spec/definitions.md 5.3
func (s *Service) variables() map[string]string {
	return map[string]string{"AWS::AccountId": s.cfg.Account, "AWS::Partition": s.cfg.Partition, "AWS::Region": s.cfg.Region}
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
	if err := t.refusal(d.Warnings); err != nil {
		return nil, err
	}
	out := wireRestAPI(*a, a.Tags)
	out.Warnings = d.Warnings
	return out, nil
}

func (s *Service) takeSettings(a *api.RestAPI, d *openapi.API, overwrite bool) error {
	a.Name, a.Version, a.Description = d.Title, d.Version, d.Description
	if overwrite { // what the document does not say is as in a new API; the endpoint stays
		a.APIKeySource, a.BinaryMediaTypes, a.MinimumCompressionSize, a.Policy = "HEADER", nil, nil, nil
	}
	if source := d.APIKeySource; source != nil {
		if *source != "HEADER" && *source != "AUTHORIZER" {
			return bad("Invalid ApiKeySourceType specified. Valid options are HEADER,AUTHORIZER")
		}
		a.APIKeySource = *source
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
	if err := checkTLS(a.SecurityPolicy, a.EndpointAccessMode); err != nil || d.Policy == nil {
		return err
	}
	policy, err := s.policyText(a.ID, *d.Policy)
	if err != nil {
		return err
	}
	a.Policy = policy
	return nil
}
