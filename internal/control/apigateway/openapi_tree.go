package apigateway

import (
	"cmp"
	"errors"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// resources brings in the paths of a document. A path that was there keeps its
// resource and its id.
func (t *taking) resources(d *openapi.API) error {
	all, err := resources(t.tx, t.api.ID)
	if err != nil {
		return err
	}
	if err := t.clear(api.Methods(t.api.ID)); err != nil {
		return err
	}
	if err := t.prune(all, d); err != nil {
		return err
	}
	at := make(map[string]api.Resource, len(all))
	for _, r := range all {
		at[r.Path] = r
	}
	for _, p := range d.Paths {
		r, err := t.resource(all, at, p.Path)
		if err != nil {
			return err
		}
		for i := range p.Methods {
			if err := t.method(r, &p.Methods[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

// prune removes the resources that a document which replaces everything does
// not need, before new ones are placed beside them.
func (t *taking) prune(all tree, d *openapi.API) error {
	if !t.overwrite {
		return nil
	}
	kept := map[string]bool{"/": true}
	for _, p := range d.Paths {
		for path := p.Path; path != ""; path = path[:strings.LastIndexByte(path, '/')] {
			kept[path] = true
		}
	}
	for id, r := range all {
		if kept[r.Path] {
			continue
		}
		if err := t.tx.Delete(api.ResourceKey(t.api.ID, id)); err != nil {
			return err
		}
		delete(all, id)
	}
	return nil
}

// resource is the one at a path, made with its parents if it is not there. at
// is all by path.
func (t *taking) resource(all tree, at map[string]api.Resource, path string) (api.Resource, error) {
	if r, ok := at[path]; ok {
		return r, nil
	}
	cut := strings.LastIndexByte(path, '/')
	parent, err := t.resource(all, at, cmp.Or(path[:cut], "/"))
	if err != nil {
		return api.Resource{}, err
	}
	r := api.Resource{ParentID: parent.ID, PathPart: path[cut+1:], Path: path}
	if err := checkPart(r.PathPart); err != nil {
		return api.Resource{}, err
	}
	if err := all.checkPlace(r); err != nil {
		return api.Resource{}, err
	}
	if r.ID, err = t.service.freshID(t.tx, idLength, func(id string) store.Key { return api.ResourceKey(t.api.ID, id) }); err != nil {
		return api.Resource{}, err
	}
	all[r.ID], at[path] = r, r
	return r, store.Put(t.tx, api.ResourceKey(t.api.ID, r.ID), r)
}

// method replaces a method, whole.
func (t *taking) method(r api.Resource, m *openapi.Method) error {
	doc := api.Method{
		ResourceID: r.ID, HTTPMethod: m.HTTPMethod, AuthorizationType: m.AuthorizationType, AuthorizationScopes: m.Scopes,
		APIKeyRequired: m.APIKeyRequired, OperationName: m.OperationName,
		RequestParameters: m.RequestParameters, RequestModels: m.RequestModels,
	}
	if m.Authorizer != nil {
		if id, ok := t.authorizers[*m.Authorizer]; ok {
			doc.AuthorizerID = &id
		}
	}
	if m.Validator != nil {
		id, ok := t.validators[*m.Validator]
		if !ok {
			return badf("Invalid Request Validator identifier specified: %s", *m.Validator)
		}
		doc.RequestValidatorID = &id
	}
	if len(m.Responses) > 0 {
		doc.Responses = map[string]api.MethodResponse{}
	}
	for _, a := range m.Responses {
		doc.Responses[a.StatusCode] = api.MethodResponse{StatusCode: a.StatusCode, ResponseParameters: a.Parameters, ResponseModels: a.Models}
	}
	if m.Integration != nil {
		in, err := t.integration(r, &doc, m.Integration)
		if err != nil {
			return err
		}
		doc.Integration = in
	}
	return store.Put(t.tx, api.MethodKey(t.api.ID, r.ID, m.HTTPMethod), doc)
}

// integration gives a document's integration the defaults and the checks of
// PutIntegration.
func (t *taking) integration(r api.Resource, m *api.Method, d *openapi.Integration) (*api.Integration, error) {
	in := newIntegration(&v1.PutIntegrationInput{
		ResourceId: r.ID, Type: d.Type, IntegrationHttpMethod: d.HTTPMethod, Uri: d.URI, ConnectionType: d.ConnectionType,
		ConnectionId: d.ConnectionID, IntegrationTarget: d.IntegrationTarget, Credentials: d.Credentials,
		RequestParameters: d.RequestParameters, PassthroughBehavior: d.PassthroughBehavior, ContentHandling: d.ContentHandling,
		TimeoutInMillis: d.TimeoutMillis, CacheNamespace: d.CacheNamespace, CacheKeyParameters: d.CacheKeyParameters,
		ResponseTransferMode: d.ResponseTransferMode,
	})
	in.RequestTemplates, in.InsecureSkipVerify = d.RequestTemplates, d.InsecureSkipVerify
	if err := t.checkIntegration(r, m, &in); err != nil {
		return nil, err
	}
	for _, a := range d.Responses {
		if in.Responses == nil {
			in.Responses = map[string]api.IntegrationResponse{}
		}
		in.Responses[a.StatusCode] = api.IntegrationResponse{
			StatusCode: a.StatusCode, SelectionPattern: a.SelectionPattern,
			ResponseParameters: a.Parameters, ResponseTemplates: a.Templates, ContentHandling: a.ContentHandling,
		}
	}
	return &in, nil
}

// checkIntegration says as AWS's importer does what PutIntegration would refuse.
func (t *taking) checkIntegration(r api.Resource, m *api.Method, in *api.Integration) error {
	if !slices.Contains([]string{typeAWS, typeAWSProxy, typeHTTP, typeHTTPProxy, typeMock}, in.Type) {
		return badf("Errors found during import:\n\tUnable to put integration on '%s' for resource at path '%s': Invalid integration type specified", m.HTTPMethod, r.Path)
	}
	err := checkTarget(in)
	if err == nil {
		err = t.service.checkIntegration(t.tx, t.api.ID, m, in)
	}
	if f, ok := errors.AsType[*fault.Error](err); ok {
		return badf("Errors found during import:\n\tUnable to put integration on '%s' for resource at path '%s': %s", m.HTTPMethod, r.Path, f.Message)
	}
	return err
}
