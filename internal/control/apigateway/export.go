package apigateway

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// GetExport writes what a stage runs as an OpenAPI document: its deployment,
// not what was edited since.
// parity: spec/definitions.md 5.10; the texts of refusals are not recorded
func (s *Service) GetExport(ctx context.Context, in *v1.GetExportInput) (*v1.ExportResponse, error) {
	if in.ExportType != openapi.Swagger && in.ExportType != openapi.OAS30 {
		return nil, badf("No API exporter for type '%s'", in.ExportType)
	}
	return view(ctx, s, func(tx store.Tx) (*v1.ExportResponse, error) {
		stage, frozen, err := s.deployed(tx, in.RestApiId, in.StageName)
		if err != nil {
			return nil, err
		}
		doc, err := exported(&frozen)
		if err != nil {
			return nil, err
		}
		if doc.Documentation, err = exportedDocumentation(tx, in.RestApiId, &stage); err != nil {
			return nil, err
		}
		opt := openapi.ExportOptions{
			Kind: in.ExportType, YAML: strings.Contains(text(in.Accepts), "yaml"), Stage: stage.Name,
			Host: in.RestApiId + ".execute-api." + s.cfg.Region + ".amazonaws.com",
		}
		for name := range strings.SplitSeq(in.Parameters["extensions"], ",") {
			opt.Extensions = append(opt.Extensions, strings.TrimSpace(name))
		}
		return exportResponse(doc, opt), nil
	})
}

// deployed is a stage and what it runs.
func (s *Service) deployed(tx store.Tx, apiID, name string) (stage api.Stage, frozen snapshot.REST, err error) {
	if _, err := s.restAPI(tx, apiID); err != nil {
		return stage, frozen, err
	}
	if stage, err = find[api.Stage](tx, api.StageKey(apiID, name), noStage); err != nil {
		return stage, frozen, err
	}
	frozen, err = store.Get[snapshot.REST](tx, api.SnapshotKey(apiID, stage.DeploymentID))
	return stage, frozen, err
}

func exportResponse(doc *openapi.API, opt openapi.ExportOptions) *v1.ExportResponse {
	suffix := ".json"
	if opt.YAML {
		suffix = ".yaml"
	}
	version := strings.Map(func(r rune) rune { // it stands in a header
		if r < ' ' || r > '~' || r == '"' || r == '\\' {
			return '_'
		}
		return r
	}, *doc.Version)
	kind, disposition := "application/octet-stream", `attachment; filename="`+opt.Kind+"_"+version+suffix+`"`
	return &v1.ExportResponse{ContentType: &kind, ContentDisposition: &disposition, Body: openapi.Export(doc, opt)}
}

// exported is the content of a deployment in the form of a document.
func exported(r *snapshot.REST) (*openapi.API, error) {
	version := r.API.CreatedDate.UTC().Format(time.RFC3339)
	doc := &openapi.API{
		Title: r.API.Name, Version: &version, Description: r.API.Description, BinaryMediaTypes: r.API.BinaryMediaTypes,
		MinimumCompressionSize: r.API.MinimumCompressionSize, Policy: r.API.Policy,
		EndpointAccessMode: r.API.EndpointAccessMode, SecurityPolicy: r.API.SecurityPolicy,
	}
	if r.API.Version != nil {
		doc.Version = r.API.Version
	}
	if r.API.APIKeySource != "HEADER" {
		doc.APIKeySource = &r.API.APIKeySource
	}
	for _, v := range r.Validators {
		doc.Validators = append(doc.Validators, openapi.Validator{Name: v.Name, Body: v.ValidateBody, Parameters: v.ValidateParameters})
	}
	for _, a := range r.Authorizers {
		doc.Authorizers = append(doc.Authorizers, openapi.Authorizer{
			Name: a.Name, Type: a.Type, AuthType: a.AuthType, URI: a.URI, Credentials: a.Credentials, Identity: a.IdentitySource,
			Validation: a.IdentityValidationExpression, TTLSeconds: a.ResultTTLSeconds, ProviderARNs: a.ProviderARNs,
		})
	}
	for _, g := range r.GatewayResponses {
		doc.GatewayResponses = append(doc.GatewayResponses, openapi.GatewayResponse{
			Type: g.Type, StatusCode: g.StatusCode, Parameters: g.Parameters, Templates: g.Templates,
		})
	}
	// Ids are drawn, names are not: a document has the same order each time.
	slices.SortFunc(doc.Validators, func(a, b openapi.Validator) int { return cmp.Compare(a.Name, b.Name) })
	slices.SortFunc(doc.Authorizers, func(a, b openapi.Authorizer) int { return cmp.Compare(a.Name, b.Name) })
	for _, m := range r.Models {
		if isJSON(m.ContentType) {
			doc.Models = append(doc.Models, openapi.NewModel(m.Name, m.Description, m.Schema))
		}
	}
	return doc, exportTree(doc, r)
}

func isJSON(contentType string) bool { return contentType == "application/json" }

// exportTree adds the paths: those that have methods, and those below which
// there is nothing and which would be lost.
func exportTree(doc *openapi.API, r *snapshot.REST) error {
	e := treeExport{models: map[string]bool{}, validators: map[string]string{}, authorizers: map[string]string{}}
	for _, m := range r.Models {
		e.models[m.Name] = isJSON(m.ContentType)
	}
	for _, v := range r.Validators {
		e.validators[v.ID] = v.Name
	}
	for _, a := range r.Authorizers {
		e.authorizers[a.ID] = a.Name
	}
	methods, parents := map[string][]openapi.Method{}, map[string]bool{}
	for i := range r.Methods {
		m, err := e.method(&r.Methods[i])
		if err != nil {
			return err
		}
		methods[r.Methods[i].ResourceID] = append(methods[r.Methods[i].ResourceID], m)
	}
	for _, res := range r.Resources {
		parents[res.ParentID] = true
	}
	for _, res := range r.Resources {
		if len(methods[res.ID]) > 0 || !parents[res.ID] {
			doc.Paths = append(doc.Paths, openapi.Path{Path: res.Path, Methods: methods[res.ID]})
		}
	}
	return nil
}

// treeExport knows what methods refer to.
type treeExport struct {
	models                  map[string]bool   // by name: whether it can be exported
	validators, authorizers map[string]string // id -> name
}

func (e treeExport) method(m *api.Method) (openapi.Method, error) {
	out := openapi.Method{
		HTTPMethod: m.HTTPMethod, OperationName: m.OperationName, AuthorizationType: m.AuthorizationType, Scopes: m.AuthorizationScopes,
		APIKeyRequired: m.APIKeyRequired, RequestParameters: m.RequestParameters,
	}
	var err error
	if out.RequestModels, err = e.bodies(m.RequestModels); err != nil {
		return out, err
	}
	if name, ok := e.authorizers[text(m.AuthorizerID)]; ok {
		out.Authorizer = &name
	}
	if name, ok := e.validators[text(m.RequestValidatorID)]; ok {
		out.Validator = &name
	}
	for _, code := range slices.Sorted(maps.Keys(m.Responses)) {
		r := openapi.Response{StatusCode: code, Parameters: m.Responses[code].ResponseParameters}
		if r.Models, err = e.bodies(m.Responses[code].ResponseModels); err != nil {
			return out, err
		}
		out.Responses = append(out.Responses, r)
	}
	if m.Integration != nil {
		out.Integration = exportedIntegration(m)
	}
	return out, nil
}

// bodies are the models that a document can hold.
func (e treeExport) bodies(models map[string]string) (map[string]string, error) {
	if len(models) == 0 {
		return nil, nil
	}
	kept, lost := map[string]string{}, []string{}
	for _, mime := range slices.Sorted(maps.Keys(models)) {
		if json, there := e.models[models[mime]]; json || !there {
			kept[mime] = models[mime]
		} else {
			lost = append(lost, models[mime])
		}
	}
	if len(kept) == 0 {
		return nil, badf("Only found non-JSON body models for %s", strings.Join(lost, ", "))
	}
	return kept, nil
}

// exportedIntegration leaves out what has its default.
func exportedIntegration(m *api.Method) *openapi.Integration {
	in := m.Integration
	out := &openapi.Integration{
		Type: in.Type, HTTPMethod: in.HTTPMethod, URI: in.URI, Credentials: in.Credentials, RequestParameters: in.RequestParameters,
		RequestTemplates: in.RequestTemplates, PassthroughBehavior: &in.PassthroughBehavior, ContentHandling: in.ContentHandling,
		ConnectionID: in.ConnectionID, IntegrationTarget: in.IntegrationTarget, ResponseTransferMode: given(in.ResponseTransferMode),
		CacheKeyParameters: in.CacheKeyParameters, InsecureSkipVerify: in.InsecureSkipVerify,
	}
	if in.TimeoutMillis != defaultTimeout {
		out.TimeoutMillis = &in.TimeoutMillis
	}
	if text(in.ConnectionType) != internet {
		out.ConnectionType = in.ConnectionType
	}
	if in.CacheNamespace != m.ResourceID {
		out.CacheNamespace = &in.CacheNamespace
	}
	for _, code := range slices.Sorted(maps.Keys(in.Responses)) {
		r := in.Responses[code]
		out.Responses = append(out.Responses, openapi.IntegrationResponse{
			SelectionPattern: r.SelectionPattern, StatusCode: r.StatusCode, Parameters: r.ResponseParameters,
			Templates: r.ResponseTemplates, ContentHandling: r.ContentHandling,
		})
	}
	return out
}

// exportedDocumentation is the version that a stage shows, nil if it shows none.
func exportedDocumentation(tx store.Tx, apiID string, stage *api.Stage) (*openapi.Documentation, error) {
	if text(stage.DocumentationVer) == "" {
		return nil, nil //nolint:nilnil // no version and no error
	}
	v, err := find[api.DocumentationVersion](tx, api.DocumentationVersionKey(apiID, *stage.DocumentationVer), noVersion)
	if err != nil {
		return nil, err
	}
	created := v.CreatedDate.UTC().Format(time.RFC3339)
	out := &openapi.Documentation{Version: &v.Version, Created: &created}
	slices.SortFunc(v.Parts, func(a, b api.DocumentationPart) int {
		return cmp.Or(cmp.Compare(text(a.Location.Path), text(b.Location.Path)), cmp.Compare(spell(a.Location), spell(b.Location)))
	})
	for _, p := range v.Parts {
		out.Parts = append(out.Parts, openapi.DocumentationPart{
			Type: p.Location.Type, Path: text(p.Location.Path), Method: text(p.Location.Method),
			StatusCode: text(p.Location.StatusCode), Name: text(p.Location.Name), Properties: p.Properties,
		})
	}
	return out, nil
}
