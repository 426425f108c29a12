package apigateway

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// What a path part may be. parity: spec/control-plane.md 3.2.
var (
	literalPart  = regexp.MustCompile(`^[a-zA-Z0-9._\-:]+$`)
	variablePart = regexp.MustCompile(`^\{[a-zA-Z0-9._\-:]+\+?\}$`)
)

// CreateResource puts a resource under a parent. That its name is free there
// and that it is stored commit together.
func (s *Service) CreateResource(ctx context.Context, in *v1.CreateResourceInput) (*v1.Resource, error) {
	if err := checkPart(in.PathPart); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.Resource, error) {
		b := branch{tx, in.RestApiId}
		parent, err := b.get(in.ParentId)
		if err != nil {
			return nil, err
		}
		r := api.Resource{ParentID: parent.ID, PathPart: in.PathPart, Path: join(parent.Path, in.PathPart)}
		if err := b.checkPlace(&r); err != nil {
			return nil, err
		}
		key := func(id string) store.Key { return api.ResourceKey(in.RestApiId, id) }
		if r.ID, err = s.freshID(tx, idLength, key); err != nil {
			return nil, err
		}
		if err := s.tallyResources(tx, in.RestApiId, 1); err != nil {
			return nil, err
		}
		if err := b.put(&r); err != nil {
			return nil, err
		}
		return wireResource(r, nil), nil
	})
}

// checkPart refuses what cannot be a segment of a resource's path.
func checkPart(part string) error {
	if !literalPart.MatchString(part) && !variablePart.MatchString(part) {
		return bad("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable " +
			"and curly braces at the beginning and the end.")
	}
	return nil
}

func isVariable(part string) bool { return strings.HasPrefix(part, "{") }
func isGreedy(part string) bool   { return strings.HasSuffix(part, "+}") }

// join is the path of a child.
func join(parent, part string) string {
	if parent == "/" {
		return "/" + part
	}
	return parent + "/" + part
}

// checkPlace refuses r below parent, beside siblings, of which it may be one.
func checkPlace(r, parent api.Resource, siblings []api.Resource) error {
	for _, other := range siblings {
		if other.ID != r.ID && other.PathPart == r.PathPart {
			return conflictf("Another resource with the same parent already has this name: %s", r.PathPart)
		}
	}
	if isGreedy(parent.PathPart) {
		return badf("Cannot create a child of a resource with a greedy path variable: %s", parent.PathPart)
	}
	for _, other := range siblings {
		if other.ID != r.ID && isVariable(r.PathPart) && isVariable(other.PathPart) {
			return badf("A sibling (%s) of this resource already has a variable path part -- only one is allowed", other.PathPart)
		}
	}
	return nil
}

// GetResource reads a resource.
func (s *Service) GetResource(ctx context.Context, in *v1.GetResourceInput) (*v1.Resource, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Resource, error) {
		r, err := find[api.Resource](tx, api.ResourceKey(in.RestApiId, in.ResourceId), noResource)
		if err != nil {
			return nil, err
		}
		methods, err := store.All[api.Method](tx, api.ResourceMethods(in.RestApiId, r.ID))
		if err != nil {
			return nil, err
		}
		return wireResource(r, wireMethods(methods, slices.Contains(in.Embed, "methods"))), nil
	})
}

// GetResources lists an API's resources in the order of their paths.
func (s *Service) GetResources(ctx context.Context, in *v1.GetResourcesInput) (*v1.Resources, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Resources, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		some, next, err := branch{tx, in.RestApiId}.page(in.Limit, in.Position)
		if err != nil {
			return nil, err
		}
		out := &v1.Resources{Position: next, Items: make([]v1.Resource, len(some))}
		for i, r := range some {
			methods, err := store.All[api.Method](tx, api.ResourceMethods(in.RestApiId, r.ID))
			if err != nil {
				return nil, err
			}
			out.Items[i] = *wireResource(r, wireMethods(methods, slices.Contains(in.Embed, "methods")))
		}
		return out, nil
	})
}

// UpdateResource renames or moves a resource; the paths of all below it
// change in the same transaction.
func (s *Service) UpdateResource(ctx context.Context, in *v1.UpdateResourceInput) (*v1.Resource, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.Resource, error) {
		b := branch{tx, in.RestApiId}
		r, err := b.get(in.ResourceId)
		if err != nil {
			return nil, err
		}
		if err := b.patches().apply(&r, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := b.move(&r); err != nil {
			return nil, err
		}
		methods, err := store.All[api.Method](tx, api.ResourceMethods(in.RestApiId, r.ID))
		if err != nil {
			return nil, err
		}
		return wireResource(r, wireMethods(methods, false)), nil
	})
}

// patches is what a PATCH may do to a resource. parity: spec/control-plane.md 3.2.
func (b branch) patches() table[api.Resource] {
	return table[api.Resource]{manners: namesPaths, rows: []row[api.Resource]{
		{path: "/parentId", replace: func(r *api.Resource, p patch) error {
			if r.ParentID == "" {
				return bad("Root resource cannot update its parentId.")
			}
			parent, err := b.get(p.text())
			if err != nil {
				return err
			}
			if parent.ID == r.ID || strings.HasPrefix(parent.Path, r.Path+"/") {
				return bad("Resources cannot be cyclical.")
			}
			r.ParentID = parent.ID
			return b.checkPlace(r)
		}},
		{path: "/pathPart", replace: func(r *api.Resource, p patch) error {
			if r.ParentID == "" {
				return bad("Root resource cannot update its pathPart.")
			}
			if err := checkPart(p.text()); err != nil {
				return err
			}
			r.PathPart = p.text()
			return b.checkPlace(r)
		}},
	}}
}

// DeleteResource removes a resource, all below it and their methods.
func (s *Service) DeleteResource(ctx context.Context, in *v1.DeleteResourceInput) (*v1.DeleteResourceOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteResourceOutput, error) {
		b := branch{tx, in.RestApiId}
		r, err := b.get(in.ResourceId)
		if err != nil {
			return nil, err
		}
		if r.ParentID == "" {
			return nil, bad("Root resource cannot be deleted.")
		}
		all, err := b.below(r.Path)
		if err != nil {
			return nil, err
		}
		for _, node := range append(all, r) {
			if err := store.DeleteAll(tx, api.ResourceMethods(in.RestApiId, node.ID)); err != nil {
				return nil, err
			}
			if err := b.drop(&node); err != nil {
				return nil, err
			}
		}
		return &v1.DeleteResourceOutput{}, s.tallyResources(tx, in.RestApiId, -len(all)-1)
	})
}

func wireResource(r api.Resource, methods map[string]v1.Method) *v1.Resource {
	return &v1.Resource{
		Id: &r.ID, ParentId: given(r.ParentID), PathPart: given(r.PathPart), Path: &r.Path, ResourceMethods: methods,
	}
}
