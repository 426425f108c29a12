package apigateway

import (
	"errors"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// cloneTree copies the tree of another API under a new one, with ids of its
// own, and takes over what the new one was not told: its media types,
// compression, key source, endpoint and policy. Deployments and stages are not
// part of a clone.
func (s *Service) cloneTree(tx store.Tx, to *api.RestAPI, in *v1.CreateRestApiInput) error {
	from := *in.CloneFrom
	src, err := snapshot.FreezeREST(tx, from)
	if errors.Is(err, store.ErrMissing) {
		return fault.NotFound.New(err, s.noAPI(from))
	} else if err != nil {
		return err
	}
	c := cloner{s: s, tx: tx, in: in, src: &src, to: to, ids: map[string]string{}}
	for _, step := range []func() error{c.own, c.resources, c.parts, c.models, c.methods} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type cloner struct {
	s   *Service
	tx  store.Tx
	in  *v1.CreateRestApiInput
	src *snapshot.REST
	to  *api.RestAPI
	ids map[string]string // ids of the source -> ids of the clone
}

// rename makes the id of something that had another in the source.
func (c *cloner) rename(old string, n int, key func(apiID, id string) string) (string, error) {
	id, err := c.s.freshID(c.tx, n, func(id string) store.Key { return key(c.to.ID, id) })
	c.ids[old] = id
	return id, err
}

// renamed finds the new id of something that a method names.
func (c *cloner) renamed(old *string) *string {
	if old == nil {
		return nil
	}
	if id, ok := c.ids[*old]; ok {
		return &id
	}
	return old
}

// own takes over the settings of the source that the caller gave no other for.
func (c *cloner) own() error {
	src, to := c.src.API, c.to
	if to.Description == nil {
		to.Description = src.Description
	}
	if to.Version == nil {
		to.Version = src.Version
	}
	if to.BinaryMediaTypes == nil {
		to.BinaryMediaTypes = src.BinaryMediaTypes
	}
	if to.MinimumCompressionSize == nil {
		to.MinimumCompressionSize = src.MinimumCompressionSize
	}
	to.EndpointType, to.IPAddressType, to.VPCEndpointIDs = src.EndpointType, src.IPAddressType, src.VPCEndpointIDs
	if c.in.ApiKeySource == nil {
		to.APIKeySource = src.APIKeySource
	}
	if c.in.DisableExecuteApiEndpoint == nil {
		to.DisableExecuteEndpoint = src.DisableExecuteEndpoint
	}
	if to.SecurityPolicy == nil {
		to.SecurityPolicy, to.EndpointAccessMode = src.SecurityPolicy, src.EndpointAccessMode
	}
	if src.Policy != nil {
		policy := strings.ReplaceAll(*src.Policy, ":"+src.ID+"/", ":"+to.ID+"/")
		to.Policy = &policy
	}
	return nil
}

func (c *cloner) resources() error {
	for _, r := range c.src.Resources { // a parent's path is before its children's
		n := idLength
		if r.ParentID == "" {
			n = rootIDLength
		}
		id, err := c.rename(r.ID, n, api.ResourceKey)
		if err != nil {
			return err
		}
		if r.ParentID == "" {
			c.to.RootResourceID = id
		} else {
			r.ParentID = c.ids[r.ParentID]
		}
		r.ID = id
		if err := (branch{c.tx, c.to.ID}).put(&r); err != nil {
			return err
		}
	}
	return c.s.tallyResources(c.tx, c.to.ID, len(c.src.Resources)-1)
}

// parts copies what methods name by id, and gateway responses.
func (c *cloner) parts() error {
	for _, v := range c.src.Validators {
		id, err := c.rename(v.ID, idLength, api.ValidatorKey)
		if err != nil {
			return err
		}
		v.ID = id
		if err := store.Put(c.tx, api.ValidatorKey(c.to.ID, id), v); err != nil {
			return err
		}
	}
	for _, a := range c.src.Authorizers {
		id, err := c.rename(a.ID, idLength, api.AuthorizerKey)
		if err != nil {
			return err
		}
		a.ID = id
		if err := store.Put(c.tx, api.AuthorizerKey(c.to.ID, id), a); err != nil {
			return err
		}
	}
	for _, g := range c.src.GatewayResponses {
		if err := store.Put(c.tx, api.GatewayResponseKey(c.to.ID, g.Type), g); err != nil {
			return err
		}
	}
	return nil
}

// models copies models; what they refer to are the clone's own.
func (c *cloner) models() error {
	for _, m := range c.src.Models {
		m.ID = c.s.cfg.NewID(idLength)
		m.Schema = strings.ReplaceAll(m.Schema, modelURL(c.src.API.ID, ""), modelURL(c.to.ID, ""))
		if err := store.Put(c.tx, api.ModelKey(c.to.ID, m.Name), m); err != nil {
			return err
		}
	}
	return nil
}

func (c *cloner) methods() error {
	for _, m := range c.src.Methods {
		m.ResourceID = c.ids[m.ResourceID]
		m.AuthorizerID = c.renamed(m.AuthorizerID)
		m.RequestValidatorID = c.renamed(m.RequestValidatorID)
		if m.Integration != nil {
			m.Integration.CacheNamespace = *c.renamed(&m.Integration.CacheNamespace)
		}
		if err := store.Put(c.tx, api.MethodKey(c.to.ID, m.ResourceID, m.HTTPMethod), m); err != nil {
			return err
		}
	}
	return nil
}
