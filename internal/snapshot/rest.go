// Package snapshot freezes a tree of documents into the content of a
// deployment.
//
// A snapshot is a value: it is taken in one transaction, holds all that a
// compiler needs to know of an API, and never changes afterwards, whatever is
// edited later. What applies at once without a deployment (stages, their
// variables and settings, usage plans, keys, tags) is not in it.
// parity: spec/rest-data-plane.md 8.1.
package snapshot

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// REST is the content of one deployment of a REST API. The store keeps it
// under api.SnapshotKey. Every list is in an order that depends on its content
// only, so two snapshots of the same tree are equal.
type REST struct {
	API              api.RestAPI            `json:"api"`       // without tags and import warnings
	Resources        []api.Resource         `json:"resources"` // by path; the root is the first
	Methods          []api.Method           `json:"methods"`   // by path of their resource, then verb
	Models           []api.Model            `json:"models,omitempty"`
	Validators       []api.RequestValidator `json:"validators,omitempty"`
	Authorizers      []api.Authorizer       `json:"authorizers,omitempty"`
	GatewayResponses []api.GatewayResponse  `json:"gatewayResponses,omitempty"` // customised ones only
}

// FreezeREST reads the whole tree of a REST API as tx sees it. An API that
// does not exist is store.ErrMissing.
func FreezeREST(tx store.Tx, apiID string) (REST, error) {
	r, err := freeze(tx, apiID)
	if err != nil {
		return REST{}, fmt.Errorf("freeze REST API %q: %w", apiID, err)
	}
	return r, nil
}

func freeze(tx store.Tx, apiID string) (REST, error) {
	var r REST
	var err error
	if r.API, err = store.Get[api.RestAPI](tx, api.RestAPIKey(apiID)); err != nil {
		return r, err
	}
	r.API.Tags, r.API.Warnings = nil, nil
	if r.Resources, err = store.All[api.Resource](tx, api.Resources(apiID)); err != nil {
		return r, err
	}
	if r.Methods, err = store.All[api.Method](tx, api.Methods(apiID)); err != nil {
		return r, err
	}
	if r.Models, err = store.All[api.Model](tx, api.Models(apiID)); err != nil {
		return r, err
	}
	if r.Validators, err = store.All[api.RequestValidator](tx, api.Validators(apiID)); err != nil {
		return r, err
	}
	if r.Authorizers, err = store.All[api.Authorizer](tx, api.Authorizers(apiID)); err != nil {
		return r, err
	}
	if r.GatewayResponses, err = store.All[api.GatewayResponse](tx, api.GatewayResponses(apiID)); err != nil {
		return r, err
	}
	inOrder(&r)
	return r, nil
}

// inOrder puts resources and methods in the order of their paths; the store
// yields them in that of their ids.
func inOrder(r *REST) {
	paths := make(map[string]string, len(r.Resources))
	for _, res := range r.Resources {
		paths[res.ID] = res.Path
	}
	slices.SortFunc(r.Resources, func(a, b api.Resource) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(r.Methods, func(a, b api.Method) int {
		return cmp.Or(
			cmp.Compare(paths[a.ResourceID], paths[b.ResourceID]),
			cmp.Compare(a.ResourceID, b.ResourceID),
			cmp.Compare(a.HTTPMethod, b.HTTPMethod),
		)
	})
}

// Hash names the content: equal snapshots have equal hashes, on every machine
// and in every process. 64 hexadecimal digits.
func (r REST) Hash() string {
	doc, err := json.Marshal(r)
	if err != nil {
		panic(fmt.Sprintf("snapshot: a REST snapshot has no JSON form: %v", err)) // its nouns are strings, numbers, maps of them
	}
	sum := sha256.Sum256(doc)
	return hex.EncodeToString(sum[:])
}
