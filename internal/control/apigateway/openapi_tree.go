package apigateway

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// resources brings in the paths of a document. A path that was there keeps its
// resource and its id.
func (t *taking) resources(d *openapi.API) error {
	all, err := store.All[api.Resource](t.tx, api.Resources(t.api.ID))
	if err != nil {
		return err
	}
	if err := t.clear(api.Methods(t.api.ID)); err != nil {
		return err
	}
	before := len(all)
	if all, err = t.prune(all, d); err != nil {
		return err
	}
	grown := grownTree{at: make(map[string]api.Resource, len(all)), kids: map[string][]api.Resource{}}
	for _, r := range all {
		grown.add(r)
	}
	for _, p := range d.Paths {
		r, err := t.resource(grown, p.Path)
		if err != nil {
			if err := t.note(err, "Unable to create resource at path '%s'", p.Path); err != nil {
				return err
			}
			continue
		}
		for i := range p.Methods {
			if err := t.method(r, &p.Methods[i]); err != nil {
				return err
			}
		}
	}
	return t.service.tallyResources(t.tx, t.api.ID, len(grown.at)-before)
}

// prune removes the resources that a document which replaces everything does
// not need, before new ones are placed beside them.
func (t *taking) prune(all []api.Resource, d *openapi.API) ([]api.Resource, error) {
	if !t.overwrite {
		return all, nil
	}
	kept := map[string]bool{"/": true}
	for _, p := range d.Paths {
		for path := p.Path; path != ""; path = path[:strings.LastIndexByte(path, '/')] {
			kept[path] = true
		}
	}
	var left []api.Resource
	for _, r := range all {
		if kept[r.Path] {
			left = append(left, r)
			continue
		}
		if err := (branch{t.tx, t.api.ID}).drop(&r); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// grownTree is a tree that a document adds to: a thousand paths must not each
// look at all others.
type grownTree struct {
	at   map[string]api.Resource   // by path
	kids map[string][]api.Resource // by id of the parent
}

func (g grownTree) add(r api.Resource) {
	g.at[r.Path] = r
	g.kids[r.ParentID] = append(g.kids[r.ParentID], r)
}

// resource is the one at a path, made with its parents if it is not there.
func (t *taking) resource(g grownTree, path string) (api.Resource, error) {
	if r, ok := g.at[path]; ok {
		return r, nil
	}
	cut := strings.LastIndexByte(path, '/')
	parent, err := t.resource(g, cmp.Or(path[:cut], "/"))
	if err != nil {
		return api.Resource{}, err
	}
	r := api.Resource{ParentID: parent.ID, PathPart: path[cut+1:], Path: path}
	if err := checkPart(r.PathPart); err != nil {
		return api.Resource{}, err
	}
	if err := checkPath(r.Path); err != nil {
		return api.Resource{}, err
	}
	if err := checkPlace(r, parent, g.kids[parent.ID]); err != nil {
		return api.Resource{}, err
	}
	if r.ID, err = t.service.freshID(t.tx, idLength, func(id string) store.Key { return api.ResourceKey(t.api.ID, id) }); err != nil {
		return api.Resource{}, err
	}
	g.add(r)
	return r, branch{t.tx, t.api.ID}.put(&r)
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
		id := t.validators[*m.Validator]
		if id == "" {
			id = *m.Validator // nothing has it
		}
		doc.RequestValidatorID = &id
	}
	if len(m.Responses) > 0 {
		doc.Responses = map[string]api.MethodResponse{}
	}
	for _, a := range m.Responses {
		doc.Responses[a.StatusCode] = api.MethodResponse{StatusCode: a.StatusCode, ResponseParameters: a.Parameters, ResponseModels: a.Models}
	}
	if err := checkMethod(t.tx, t.api.ID, &doc); err != nil {
		return t.note(err, "Unable to put method '%s' on resource at path '%s'", m.HTTPMethod, r.Path)
	}
	if err := t.checkResponses(&doc); err != nil {
		return t.note(err, "Unable to put method response on '%s' for resource at path '%s'", m.HTTPMethod, r.Path)
	}
	if m.Integration != nil {
		if err := t.integration(r, &doc, m.Integration); err != nil {
			return err
		}
	}
	return store.Put(t.tx, api.MethodKey(t.api.ID, r.ID, m.HTTPMethod), doc)
}

// checkResponses is what PutMethodResponse checks, of all responses.
func (t *taking) checkResponses(m *api.Method) error {
	for _, code := range slices.Sorted(maps.Keys(m.Responses)) {
		if err := checkMethodResponse(t.tx, t.api.ID, m.Responses[code]); err != nil {
			return err
		}
	}
	return nil
}

// integration gives a method a document's integration, with the defaults and
// the checks of PutIntegration and PutIntegrationResponse.
func (t *taking) integration(r api.Resource, m *api.Method, d *openapi.Integration) error {
	in := newIntegration(&v1.PutIntegrationInput{
		ResourceId: r.ID, Type: d.Type, IntegrationHttpMethod: d.HTTPMethod, Uri: d.URI, ConnectionType: d.ConnectionType,
		ConnectionId: d.ConnectionID, IntegrationTarget: d.IntegrationTarget, Credentials: d.Credentials,
		RequestParameters: d.RequestParameters, PassthroughBehavior: d.PassthroughBehavior, ContentHandling: d.ContentHandling,
		TimeoutInMillis: d.TimeoutMillis, CacheNamespace: d.CacheNamespace, CacheKeyParameters: d.CacheKeyParameters,
		ResponseTransferMode: d.ResponseTransferMode,
	})
	in.RequestTemplates, in.InsecureSkipVerify = d.RequestTemplates, d.InsecureSkipVerify
	if err := t.checkIntegration(m, &in); err != nil {
		return t.note(err, "Unable to put integration on '%s' for resource at path '%s'", m.HTTPMethod, r.Path)
	}
	if len(d.Responses) > 0 {
		in.Responses = map[string]api.IntegrationResponse{}
	}
	for _, a := range d.Responses {
		doc := api.IntegrationResponse{
			StatusCode: a.StatusCode, SelectionPattern: a.SelectionPattern,
			ResponseParameters: a.Parameters, ResponseTemplates: a.Templates, ContentHandling: a.ContentHandling,
		}
		err := checkIntegrationResponse(m, &doc)
		if err == nil {
			err = checkTemplates(t.service, doc.ResponseTemplates)
		}
		if err != nil {
			if err := t.note(err, "Unable to put integration response on '%s' for resource at path '%s'", m.HTTPMethod, r.Path); err != nil {
				return err
			}
		}
		in.Responses[a.StatusCode] = doc
	}
	m.Integration = &in
	return nil
}

// checkIntegration is what PutIntegration checks, its model's enums included.
func (t *taking) checkIntegration(m *api.Method, in *api.Integration) error {
	if !slices.Contains([]string{typeAWS, typeAWSProxy, typeHTTP, typeHTTPProxy, typeMock}, in.Type) {
		return bad("Invalid integration type specified")
	}
	if c := text(in.ConnectionType); c != "" && c != internet && c != "VPC_LINK" {
		return bad("Invalid ConnectionType specified. Valid options are INTERNET,VPC_LINK")
	}
	if err := checkContentHandling(text(in.ContentHandling)); err != nil {
		return err
	}
	if err := checkTarget(in); err != nil {
		return err
	}
	return t.service.checkIntegration(t.tx, t.api.ID, m, in)
}

// checkIntegrationResponse is what PutIntegrationResponse checks, its model's
// patterns included.
func checkIntegrationResponse(m *api.Method, r *api.IntegrationResponse) error {
	if !statusCode.MatchString(r.StatusCode) {
		return badf("Invalid status code specified: %s", r.StatusCode)
	}
	if err := checkContentHandling(text(r.ContentHandling)); err != nil {
		return err
	}
	if err := checkContentTypes(r.ResponseTemplates); err != nil {
		return err
	}
	return checkResponseMappings(m, r.StatusCode, r.ResponseParameters)
}
