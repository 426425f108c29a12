package apigateway

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/sdk"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// GetSdk writes a client of what a stage runs: of its deployment, not of what
// was edited since.
// parity: spec/definitions.md 5.13; the texts of refusals are not recorded
func (s *Service) GetSdk(ctx context.Context, in *v1.GetSdkInput) (*v1.SdkResponse, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.SdkResponse, error) {
		stage, frozen, err := s.deployed(tx, in.RestApiId, in.StageName)
		if err != nil {
			return nil, err
		}
		made, err := sdk.Generate(in.SdkType, sdk.API{
			ID: in.RestApiId, Stage: stage.Name, Region: s.cfg.Region, Title: frozen.API.Name,
			Endpoint: s.cfg.InvokeURL(in.RestApiId, stage.Name), Methods: sdkMethods(&frozen),
		}, in.Parameters)
		switch {
		case errors.Is(err, sdk.ErrUnknown), errors.Is(err, sdk.ErrNotMade), errors.Is(err, sdk.ErrProperty):
			return nil, bad(err.Error())
		case err != nil:
			return nil, err
		}
		kind, disposition := "application/octet-stream", `attachment; filename="`+made.Name+`"`
		return &v1.SdkResponse{ContentType: &kind, ContentDisposition: &disposition, Body: made.Zip}, nil
	})
}

// sdkMethods are the methods in the order of their paths, so that a deployment
// has the same client each time.
func sdkMethods(r *snapshot.REST) []sdk.Method {
	paths := make(map[string]string, len(r.Resources))
	for _, res := range r.Resources {
		paths[res.ID] = res.Path
	}
	var all []sdk.Method
	for i := range r.Methods {
		m := &r.Methods[i]
		all = append(all, sdk.Method{
			Verb: m.HTTPMethod, Path: paths[m.ResourceID], Operation: text(m.OperationName), Parameters: sdkParameters(m.RequestParameters),
		})
	}
	slices.SortFunc(all, func(a, b sdk.Method) int { return strings.Compare(a.Path+" "+a.Verb, b.Path+" "+b.Verb) })
	return all
}

// sdkParameters are the keys "method.request.{place}.{name}" as parameters.
func sdkParameters(declared map[string]bool) []sdk.Parameter {
	var all []sdk.Parameter
	for key, required := range declared {
		place, name, ok := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		if ok {
			all = append(all, sdk.Parameter{In: sdk.Place(strings.TrimPrefix(place, "multivalue")), Name: name, Required: required})
		}
	}
	slices.SortFunc(all, func(a, b sdk.Parameter) int { return strings.Compare(string(a.In)+a.Name, string(b.In)+b.Name) })
	return slices.CompactFunc(all, func(a, b sdk.Parameter) bool { return a.In == b.In && a.Name == b.Name })
}
