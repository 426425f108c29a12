package apigateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// branch is the resources of one API. Beside each stands the way from its path
// to its id, so that no call needs to look at the whole tree: what stands at a
// path is one read, and what stands below it a range.
type branch struct {
	tx  store.Tx
	api string
}

// get is the resource with an id.
func (b branch) get(id string) (api.Resource, error) {
	return find[api.Resource](b.tx, api.ResourceKey(b.api, id), noResource)
}

// at is the id of the resource at a path, empty if there is none.
func (b branch) at(path string) (string, error) {
	id, err := store.Get[string](b.tx, api.PathKey(b.api, path))
	if errors.Is(err, store.ErrMissing) {
		return "", nil
	}
	return id, err
}

// put stores a resource that has a place.
func (b branch) put(r *api.Resource) error {
	if err := store.Put(b.tx, api.ResourceKey(b.api, r.ID), r); err != nil {
		return err
	}
	return store.Put(b.tx, api.PathKey(b.api, r.Path), r.ID)
}

// drop removes a resource, and nothing below it.
func (b branch) drop(r *api.Resource) error {
	if err := drop(b.tx, api.PathKey(b.api, r.Path)); err != nil {
		return err
	}
	return b.tx.Delete(api.ResourceKey(b.api, r.ID))
}

// below lists what stands below a path, a parent before its children.
func (b branch) below(path string) ([]api.Resource, error) {
	prefix := api.PathsBelow(b.api, path)
	ids, err := b.ids(prefix, prefix, -1)
	if err != nil {
		return nil, err
	}
	return b.all(ids)
}

// ids reads the ids of paths that start with a prefix and come after one: so
// many, or all of them.
func (b branch) ids(prefix, after store.Key, most int) ([]string, error) {
	var ids []string
	for item, err := range b.tx.Scan(prefix, after) {
		if err != nil {
			return nil, err
		}
		if len(ids) == most {
			break
		}
		var id string
		if err := json.Unmarshal(item.Doc, &id); err != nil {
			return nil, fmt.Errorf("decode %s: %w", item.Key, err)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func (b branch) all(ids []string) ([]api.Resource, error) {
	all := make([]api.Resource, len(ids))
	for i, id := range ids {
		var err error
		if all[i], err = store.Get[api.Resource](b.tx, api.ResourceKey(b.api, id)); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// page reads the resources that stand behind position, by path, and where the
// next page starts; nil: nowhere.
func (b branch) page(limit *int32, position *string) ([]api.Resource, *string, error) {
	after, err := openPosition(position)
	if err != nil {
		return nil, nil, err
	}
	if after != "" {
		after = api.PathKey(b.api, after)
	}
	size := pageSize(limit)
	ids, err := b.ids(api.PathsBelow(b.api, "/"), after, size+1)
	if err != nil {
		return nil, nil, err
	}
	more := len(ids) > size
	some, err := b.all(ids[:min(size, len(ids))])
	if err != nil || !more {
		return some, nil, err
	}
	return some, wrapPosition(some[size-1].Path), nil
}

// checkPlace refuses r, which may be stored somewhere else as yet, where it
// would stand beside or below what it cannot.
// parity: spec/control-plane.md 2.4.
func (b branch) checkPlace(r *api.Resource) error {
	parent, err := b.get(r.ParentID)
	if err != nil {
		return err
	}
	place := join(parent.Path, r.PathPart)
	if err := checkPath(place); err != nil {
		return err
	}
	var beside []api.Resource
	for _, find := range []func(string, string) (string, error){b.same, b.variable} {
		path, err := find(parent.Path, r.PathPart)
		if err != nil {
			return err
		}
		if path == "" {
			continue
		}
		id, err := b.at(path)
		if err != nil {
			return err
		}
		beside = append(beside, api.Resource{ID: id, PathPart: path[strings.LastIndexByte(path, '/')+1:]})
	}
	if err := checkPlace(*r, parent, beside); err != nil {
		return err
	}
	if r.ID == "" || !isGreedy(r.PathPart) {
		return nil
	}
	prefix := api.PathsBelow(b.api, r.Path)
	if kids, err := b.ids(prefix, prefix, 1); err != nil || len(kids) > 0 {
		return orBad(err, "Cannot create a child of a resource with a greedy path variable: "+r.PathPart)
	}
	return nil
}

// same is the path of a child with a name, empty if there is none.
func (b branch) same(parent, part string) (string, error) {
	path := join(parent, part)
	if id, err := b.at(path); err != nil || id == "" {
		return "", err
	}
	return path, nil
}

// variable is the path of the child that is a variable, empty if there is
// none. There is never more than one, so the first path will do, its own or
// that of something below it.
func (b branch) variable(parent, _ string) (string, error) {
	prefix := api.PathsBelow(b.api, parent)
	for item, err := range b.tx.Scan(prefix+"{", "") {
		if err != nil {
			return "", err
		}
		part, _, _ := strings.Cut(strings.TrimPrefix(item.Key, prefix), "/")
		return join(parent, part), nil
	}
	return "", nil
}

// checkPath refuses a path that fits into no key.
func checkPath(path string) error {
	if len(path) > api.LongestPath {
		return badf("Resource's path can have at most %d characters.", api.LongestPath)
	}
	return nil
}

// move stores r where it now stands, and the new paths of all below it.
func (b branch) move(r *api.Resource) error {
	if r.ParentID == "" {
		return b.put(r)
	}
	parent, err := b.get(r.ParentID)
	if err != nil {
		return err
	}
	old, path := r.Path, join(parent.Path, r.PathPart)
	if old == path {
		return b.put(r)
	}
	all, err := b.below(old)
	if err != nil {
		return err
	}
	all = append(all, *r)
	for i := range all {
		if err := drop(b.tx, api.PathKey(b.api, all[i].Path)); err != nil {
			return err
		}
	}
	for i := range all {
		all[i].Path = path + strings.TrimPrefix(all[i].Path, old)
		if err := checkPath(all[i].Path); err != nil {
			return err
		}
		if err := b.put(&all[i]); err != nil {
			return err
		}
	}
	r.Path = path
	return nil
}
