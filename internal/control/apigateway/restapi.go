package apigateway

import (
	"context"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// Kinds of endpoint.
const (
	edge     = "EDGE"
	regional = "REGIONAL"
	private  = "PRIVATE"

	ipv4      = "ipv4"
	dualstack = "dualstack"
)

const (
	rootIDLength = 10 // also of APIs
	idLength     = 6
)

// CreateRestApi makes an API with its root resource and its two first models,
// or a copy of another API's tree. All of it is there at once or not at all.
func (s *Service) CreateRestApi(ctx context.Context, in *v1.CreateRestApiInput) (*v1.RestApi, error) {
	if err := s.checkRestAPI(in); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.RestApi, error) {
		a, err := s.newRestAPI(tx, in)
		if err != nil {
			return nil, err
		}
		if in.CloneFrom != nil {
			err = s.cloneTree(tx, &a, in)
		} else {
			err = s.plantTree(tx, &a)
		}
		if err != nil {
			return nil, err
		}
		if err := s.setEndpoint(&a, in.EndpointConfiguration); err != nil {
			return nil, err
		}
		if err := checkTLS(a.SecurityPolicy, a.EndpointAccessMode); err != nil {
			return nil, err
		}
		if in.Policy != nil {
			if a.Policy, err = s.policyText(a.ID, *in.Policy); err != nil {
				return nil, err
			}
		}
		if err := s.tallyAPI(tx, a.EndpointType, 1); err != nil {
			return nil, err
		}
		if err := store.Put(tx, api.RestAPIKey(a.ID), a); err != nil {
			return nil, err
		}
		return wireRestAPI(a, a.Tags), nil
	})
}

// checkRestAPI looks at what can be told from the input alone.
func (s *Service) checkRestAPI(in *v1.CreateRestApiInput) error {
	if in.Name == "" {
		return bad("Name cannot be empty")
	}
	if in.Description != nil && *in.Description == "" {
		return bad("Description cannot be an empty string")
	}
	if n := in.MinimumCompressionSize; n != nil {
		if err := checkCompression(*n); err != nil {
			return err
		}
	}
	if err := checkEndpoint(in.EndpointConfiguration); err != nil {
		return err
	}
	return checkTags(in.Tags)
}

const maxCompressionSize = 10485760 // bytes

func checkCompression(n int32) error {
	if n < 0 || n > maxCompressionSize {
		return bad(badCompression)
	}
	return nil
}

// checkEndpoint refuses what an API's endpoint cannot be.
// parity: spec/control-plane.md 2.4.
func checkEndpoint(e *v1.EndpointConfiguration) error {
	if e == nil || e.Types == nil {
		return nil
	}
	switch {
	case len(e.Types) == 0:
		return bad("REGIONAL Configuration and EDGE Configuration cannot be both DISABLED.")
	case len(e.Types) > 1:
		return bad("Cannot create an api with multiple Endpoint Types.")
	case e.Types[0] == private && e.IpAddressType != nil && *e.IpAddressType == ipv4:
		return bad(onlyDualstack)
	case e.Types[0] != private && len(e.VpcEndpointIds) > 0:
		return bad("VPC endpoint IDs can only be specified for PRIVATE APIs.")
	}
	return nil
}

const (
	badCompression = "Invalid minimum compression size, must be between 0 and 10485760"
	onlyDualstack  = "Only dualstack ipAddressType is supported for Private APIs."
)

// newRestAPI makes the document of an API, without its tree.
func (s *Service) newRestAPI(tx store.Tx, in *v1.CreateRestApiInput) (api.RestAPI, error) {
	id, err := s.apiID(tx, in.Tags)
	if err != nil {
		return api.RestAPI{}, err
	}
	a := api.RestAPI{
		ID: id, Name: in.Name, Description: in.Description, Version: in.Version, CreatedDate: s.now(),
		APIKeySource: "HEADER", MinimumCompressionSize: in.MinimumCompressionSize,
		BinaryMediaTypes: slices.Clone(in.BinaryMediaTypes),
		EndpointType:     edge, IPAddressType: ipv4, DisableExecuteEndpoint: isTrue(in.DisableExecuteApiEndpoint),
		SecurityPolicy: in.SecurityPolicy, EndpointAccessMode: in.EndpointAccessMode, Tags: some(in.Tags),
	}
	if in.ApiKeySource != nil {
		a.APIKeySource = *in.ApiKeySource
	}
	return a, nil
}

// apiID chooses an API's id: what its tags ask for, or one that is free.
func (s *Service) apiID(tx store.Tx, tags map[string]string) (string, error) {
	for _, tag := range []string{"stagedoor:id", "_custom_id_"} {
		id, asked := tags[tag]
		if !asked {
			continue
		}
		if !isLabel(id) {
			return "", badf("Invalid API identifier in tag %s: it must have 1 to 63 characters of a-z, 0-9, - and _", tag)
		}
		if taken, err := exists(tx, api.RestAPIKey(id)); err != nil || taken {
			return "", takenOr(err, "API identifier %s in tag %s is already in use", id, tag)
		}
		return id, nil
	}
	return s.freshID(tx, rootIDLength, api.RestAPIKey)
}

// takenOr is err, or a conflict if there is none.
func takenOr(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	return conflictf(format, args...)
}

// isLabel reports whether id can be the first label of a host name.
func isLabel(id string) bool {
	for _, c := range []byte(id) {
		if c != '-' && c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') {
			return false
		}
	}
	return id != "" && len(id) <= 63
}

// plantTree gives a new API its root resource and its two models.
func (s *Service) plantTree(tx store.Tx, a *api.RestAPI) error {
	var err error
	a.RootResourceID, err = s.freshID(tx, rootIDLength, func(id string) store.Key { return api.ResourceKey(a.ID, id) })
	if err != nil {
		return err
	}
	root := api.Resource{ID: a.RootResourceID, Path: "/"}
	if err := (branch{tx, a.ID}).put(&root); err != nil {
		return err
	}
	return s.plantModels(tx, a.ID)
}

// setEndpoint applies what was asked for to a new API.
func (s *Service) setEndpoint(a *api.RestAPI, e *v1.EndpointConfiguration) error {
	if e == nil {
		return nil
	}
	if len(e.Types) > 0 {
		a.EndpointType = e.Types[0]
		a.IPAddressType = ipv4
		if a.EndpointType == private {
			a.IPAddressType = dualstack
		}
	}
	if e.IpAddressType != nil {
		a.IPAddressType = *e.IpAddressType
	}
	if a.EndpointType == private && a.IPAddressType == ipv4 {
		return bad(onlyDualstack)
	}
	a.VPCEndpointIDs = slices.Clone(e.VpcEndpointIds)
	return nil
}

// GetRestApi reads an API.
func (s *Service) GetRestApi(ctx context.Context, in *v1.GetRestApiInput) (*v1.RestApi, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.RestApi, error) {
		a, err := s.restAPI(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		return wireRestAPI(a, shown(a.Tags)), nil
	})
}

// GetRestApis lists the APIs, in the order of their ids.
func (s *Service) GetRestApis(ctx context.Context, in *v1.GetRestApisInput) (*v1.RestApis, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.RestApis, error) {
		all, next, err := page[api.RestAPI](tx, api.RestAPIs, in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.RestApis{Position: next, Items: each(all, func(a api.RestAPI) v1.RestApi {
			return *wireRestAPI(a, a.Tags)
		})}, nil
	})
}

// UpdateRestApi patches an API.
func (s *Service) UpdateRestApi(ctx context.Context, in *v1.UpdateRestApiInput) (*v1.RestApi, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.RestApi, error) {
		a, err := s.restAPI(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		kind := a.EndpointType
		if err := s.restAPIPatches().apply(&a, in.PatchOperations); err != nil {
			return nil, err
		}
		if kind != a.EndpointType {
			if err := s.tallyAPI(tx, kind, -1); err != nil {
				return nil, err
			}
			if err := s.tallyAPI(tx, a.EndpointType, 1); err != nil {
				return nil, err
			}
		}
		if err := checkTLS(a.SecurityPolicy, a.EndpointAccessMode); err != nil {
			return nil, err
		}
		if err := store.Put(tx, api.RestAPIKey(a.ID), a); err != nil {
			return nil, err
		}
		return wireRestAPI(a, shown(a.Tags)), nil
	})
}

// DeleteRestApi removes an API with all that belongs to it: stages and
// deployments too. A domain name that is mapped to it holds it.
func (s *Service) DeleteRestApi(ctx context.Context, in *v1.DeleteRestApiInput) (*v1.DeleteRestApiOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteRestApiOutput, error) {
		a, err := s.restAPI(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		if err := checkUnmapped(tx, in.RestApiId); err != nil {
			return nil, err
		}
		if err := s.tallyAPI(tx, a.EndpointType, -1); err != nil {
			return nil, err
		}
		if err := store.DeleteAll(tx, api.Tree(in.RestApiId)); err != nil {
			return nil, err
		}
		return &v1.DeleteRestApiOutput{}, tx.Delete(api.RestAPIKey(in.RestApiId))
	})
}

// wireRestAPI is an API as callers see it. Whether empty tags are shown
// depends on the call, so they are given apart.
func wireRestAPI(a api.RestAPI, tags map[string]string) *v1.RestApi {
	out := &v1.RestApi{
		Id: &a.ID, Name: &a.Name, Description: a.Description, Version: a.Version, CreatedDate: &a.CreatedDate,
		ApiKeySource: &a.APIKeySource, MinimumCompressionSize: a.MinimumCompressionSize,
		DisableExecuteApiEndpoint: &a.DisableExecuteEndpoint, RootResourceId: &a.RootResourceID,
		EndpointConfiguration: &v1.EndpointConfiguration{
			Types: []string{a.EndpointType}, IpAddressType: &a.IPAddressType,
		},
		SecurityPolicy: a.SecurityPolicy, EndpointAccessMode: a.EndpointAccessMode, Warnings: a.Warnings,
	}
	if len(a.BinaryMediaTypes) > 0 {
		out.BinaryMediaTypes = a.BinaryMediaTypes
	}
	if len(a.VPCEndpointIDs) > 0 {
		out.EndpointConfiguration.VpcEndpointIds = a.VPCEndpointIDs
	}
	if a.Policy != nil {
		escaped := escapePolicy(*a.Policy)
		out.Policy = &escaped
	}
	if tags != nil {
		out.Tags = tags
	}
	return out
}

// some is a map that has entries; an empty one is none.
func some[V any](m map[string]V) map[string]V {
	if len(m) == 0 {
		return nil
	}
	return m
}

// shown is a map that is shown even when it is empty.
func shown[V any](m map[string]V) map[string]V {
	if m == nil {
		return map[string]V{}
	}
	return m
}

// each turns a list into another; an empty one stays a list.
func each[A, B any](in []A, f func(A) B) []B {
	out := make([]B, len(in))
	for i, a := range in {
		out[i] = f(a)
	}
	return out
}

// isTrue reads an optional boolean whose absence is false.
func isTrue(b *bool) bool { return b != nil && *b }
