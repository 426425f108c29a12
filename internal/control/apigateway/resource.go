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
		all, err := resources(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		parent, ok := all[in.ParentId]
		if !ok {
			return nil, missing(noResource)
		}
		r := api.Resource{ParentID: parent.ID, PathPart: in.PathPart, Path: join(parent.Path, in.PathPart)}
		if err := all.checkPlace(r); err != nil {
			return nil, err
		}
		key := func(id string) store.Key { return api.ResourceKey(in.RestApiId, id) }
		if r.ID, err = s.freshID(tx, idLength, key); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key(r.ID), r); err != nil {
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

// tree is the resources of an API by id.
type tree map[string]api.Resource

// resources reads all of an API's resources; an API that is not there has none.
func resources(tx store.Tx, apiID string) (tree, error) {
	t := tree{}
	for r, err := range store.Scan[api.Resource](tx, api.Resources(apiID), "") {
		if err != nil {
			return nil, err
		}
		t[r.ID] = r
	}
	return t, nil
}

// children lists what stands directly below a resource, by path.
func (t tree) children(id string) []api.Resource {
	var out []api.Resource
	for _, r := range t {
		if r.ParentID == id && id != "" {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, byPath)
	return out
}

func byPath(a, b api.Resource) int { return strings.Compare(a.Path, b.Path) }

// checkPlace refuses r where it would stand beside or below what it cannot.
// parity: spec/control-plane.md 2.4.
func (t tree) checkPlace(r api.Resource) error {
	if err := checkPlace(r, t[r.ParentID], t.children(r.ParentID)); err != nil {
		return err
	}
	if r.ID != "" && isGreedy(r.PathPart) && len(t.children(r.ID)) > 0 {
		return badf("Cannot create a child of a resource with a greedy path variable: %s", r.PathPart)
	}
	return nil
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

// below lists a resource and all under it, a parent before its children.
func (t tree) below(id string) []api.Resource {
	kids := map[string][]api.Resource{}
	for _, r := range t {
		kids[r.ParentID] = append(kids[r.ParentID], r)
	}
	out := []api.Resource{t[id]}
	for i := 0; i < len(out); i++ {
		out = append(out, kids[out[i].ID]...)
	}
	return out
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
		all, err := store.All[api.Resource](tx, api.Resources(in.RestApiId))
		if err != nil {
			return nil, err
		}
		slices.SortFunc(all, byPath)
		some, next, err := pageOf(all, in.Limit, in.Position, func(r api.Resource) string { return r.Path })
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
		all, err := resources(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		r, ok := all[in.ResourceId]
		if !ok {
			return nil, missing(noResource)
		}
		if err := all.patches().apply(&r, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := all.move(tx, in.RestApiId, &r); err != nil {
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
func (t tree) patches() table[api.Resource] {
	return table[api.Resource]{manners: namesPaths, rows: []row[api.Resource]{
		{path: "/parentId", replace: func(r *api.Resource, p patch) error {
			if r.ParentID == "" {
				return bad("Root resource cannot update its parentId.")
			}
			if _, ok := t[p.text()]; !ok {
				return missing(noResource)
			}
			if slices.ContainsFunc(t.below(r.ID), func(b api.Resource) bool { return b.ID == p.text() }) {
				return bad("Resources cannot be cyclical.")
			}
			r.ParentID = p.text()
			return t.checkPlace(*r)
		}},
		{path: "/pathPart", replace: func(r *api.Resource, p patch) error {
			if r.ParentID == "" {
				return bad("Root resource cannot update its pathPart.")
			}
			if err := checkPart(p.text()); err != nil {
				return err
			}
			r.PathPart = p.text()
			return t.checkPlace(*r)
		}},
	}}
}

// move stores r where it now stands, and the new paths of all below it.
func (t tree) move(tx store.Tx, apiID string, r *api.Resource) error {
	for _, node := range t.below(r.ID) {
		if node.ID == r.ID {
			node = *r
		}
		if node.ParentID != "" {
			node.Path = join(t[node.ParentID].Path, node.PathPart)
		}
		t[node.ID] = node
		if err := store.Put(tx, api.ResourceKey(apiID, node.ID), node); err != nil {
			return err
		}
	}
	*r = t[r.ID]
	return nil
}

// DeleteResource removes a resource, all below it and their methods.
func (s *Service) DeleteResource(ctx context.Context, in *v1.DeleteResourceInput) (*v1.DeleteResourceOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteResourceOutput, error) {
		all, err := resources(tx, in.RestApiId)
		if err != nil {
			return nil, err
		}
		r, ok := all[in.ResourceId]
		if !ok {
			return nil, missing(noResource)
		}
		if r.ParentID == "" {
			return nil, bad("Root resource cannot be deleted.")
		}
		for _, node := range all.below(r.ID) {
			if err := store.DeleteAll(tx, api.ResourceMethods(in.RestApiId, node.ID)); err != nil {
				return nil, err
			}
			if err := tx.Delete(api.ResourceKey(in.RestApiId, node.ID)); err != nil {
				return nil, err
			}
		}
		return &v1.DeleteResourceOutput{}, nil
	})
}

func wireResource(r api.Resource, methods map[string]v1.Method) *v1.Resource {
	return &v1.Resource{
		Id: &r.ID, ParentId: given(r.ParentID), PathPart: given(r.PathPart), Path: &r.Path, ResourceMethods: methods,
	}
}
