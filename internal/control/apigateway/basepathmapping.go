package apigateway

import (
	"context"
	"regexp"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// noPath is how this family writes the empty base path and the open stage.
const noPath = "(none)"

// basePath is what one level of a path may be made of.
// parity: spec/http-websocket-domains.md C2.2.
var basePath = regexp.MustCompile(`^[a-zA-Z0-9$\-_.+!*'()]{1,300}$`)

// CreateBasePathMapping leads a path of a domain name to a stage. That both
// are there and that the path is free commit with it.
func (s *Service) CreateBasePathMapping(
	ctx context.Context, in *v1.CreateBasePathMappingInput,
) (*v1.BasePathMapping, error) {
	m := api.DomainMapping{Path: orEmpty(text(in.BasePath)), API: in.RestApiId, Stage: orEmpty(text(in.Stage))}
	if err := checkBasePath(m.Path); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.BasePathMapping, error) {
		d, err := findDomain(tx, in.DomainName, in.DomainNameId)
		if err != nil {
			return nil, err
		}
		m.ID = s.cfg.NewID(idLength)
		if err := putMapping(tx, d, &m); err != nil {
			return nil, err
		}
		return wireMapping(m), nil
	})
}

// orEmpty reads a name that is written "(none)" when there is none.
func orEmpty(name string) string {
	if name == noPath {
		return ""
	}
	return name
}

func checkBasePath(path string) error {
	if strings.Contains(path, "/") {
		return bad("API Gateway V1 doesn't support the slash character (/) in base path mappings. " +
			"To create a multi-level base path mapping, use API Gateway V2.")
	}
	if path != "" && !basePath.MatchString(path) {
		return badf("Invalid base path specified: %s", path)
	}
	return nil
}

// putMapping stores a new mapping, or one at a new path.
func putMapping(tx store.Tx, d *api.DomainName, m *api.DomainMapping) error {
	if err := checkMappingTarget(tx, m); err != nil {
		return err
	}
	key := api.DomainMappingKey(d.Name, d.ID, m.Path)
	if there, err := exists(tx, key); err != nil || there {
		return takenOr(err, "Base path already exists for this domain name")
	}
	return store.Put(tx, key, m)
}

// checkMappingTarget refuses APIs and stages that are not there.
func checkMappingTarget(tx store.Tx, m *api.DomainMapping) error {
	if there, err := exists(tx, api.RestAPIKey(m.API)); err != nil || !there {
		return orBad(err, "Invalid REST API identifier specified")
	}
	if m.Stage == "" {
		return nil
	}
	if there, err := exists(tx, api.StageKey(m.API, m.Stage)); err != nil || !there {
		return orBad(err, noStage)
	}
	return nil
}

// mapping reads the mapping of a path of a domain name.
func mapping(tx store.Tx, name string, id *string, path string) (*api.DomainName, api.DomainMapping, error) {
	d, err := findDomain(tx, name, id)
	if err != nil {
		return nil, api.DomainMapping{}, err
	}
	m, err := find[api.DomainMapping](tx, api.DomainMappingKey(d.Name, d.ID, orEmpty(path)), noMapping)
	return d, m, err
}

// GetBasePathMapping reads a mapping.
func (s *Service) GetBasePathMapping(
	ctx context.Context, in *v1.GetBasePathMappingInput,
) (*v1.BasePathMapping, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.BasePathMapping, error) {
		_, m, err := mapping(tx, in.DomainName, in.DomainNameId, in.BasePath)
		if err != nil {
			return nil, err
		}
		return wireMapping(m), nil
	})
}

// GetBasePathMappings lists a domain name's mappings by their paths.
func (s *Service) GetBasePathMappings(
	ctx context.Context, in *v1.GetBasePathMappingsInput,
) (*v1.BasePathMappings, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.BasePathMappings, error) {
		d, err := findDomain(tx, in.DomainName, in.DomainNameId)
		if err != nil {
			return nil, err
		}
		all, next, err := page[api.DomainMapping](tx, api.MappingsOfDomain(d.Name, d.ID), in.Limit, in.Position, nil)
		if err != nil {
			return nil, err
		}
		return &v1.BasePathMappings{Position: next, Items: each(all, func(m api.DomainMapping) v1.BasePathMapping {
			return *wireMapping(m)
		})}, nil
	})
}

// UpdateBasePathMapping patches a mapping. One that gets another path moves.
func (s *Service) UpdateBasePathMapping(
	ctx context.Context, in *v1.UpdateBasePathMappingInput,
) (*v1.BasePathMapping, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.BasePathMapping, error) {
		d, m, err := mapping(tx, in.DomainName, in.DomainNameId, in.BasePath)
		if err != nil {
			return nil, err
		}
		old := m.Path
		if err := mappingPatches().apply(&m, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := checkMappingTarget(tx, &m); err != nil {
			return nil, err
		}
		if m.Path == old {
			return wireMapping(m), store.Put(tx, api.DomainMappingKey(d.Name, d.ID, m.Path), m)
		}
		if err := putMapping(tx, d, &m); err != nil {
			return nil, err
		}
		return wireMapping(m), tx.Delete(api.DomainMappingKey(d.Name, d.ID, old))
	})
}

// mappingPatches is what a PATCH may do to a mapping. The odd spelling is
// AWS's. parity: spec/control-plane.md 3.8.
func mappingPatches() table[api.DomainMapping] {
	setAPI := func(m *api.DomainMapping, p patch) error {
		m.API = p.text()
		return nil
	}
	return table[api.DomainMapping]{rows: []row[api.DomainMapping]{
		{path: "/basePath", replace: func(m *api.DomainMapping, p patch) error {
			m.Path = orEmpty(p.text())
			return checkBasePath(m.Path)
		}},
		{path: "/restapiId", replace: setAPI},
		{path: "/restApiId", replace: setAPI},
		{path: "/stage", replace: func(m *api.DomainMapping, p patch) error {
			m.Stage = orEmpty(p.text())
			return nil
		}},
	}}
}

// DeleteBasePathMapping removes a mapping.
func (s *Service) DeleteBasePathMapping(
	ctx context.Context, in *v1.DeleteBasePathMappingInput,
) (*v1.DeleteBasePathMappingOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteBasePathMappingOutput, error) {
		d, m, err := mapping(tx, in.DomainName, in.DomainNameId, in.BasePath)
		if err != nil {
			return nil, err
		}
		return &v1.DeleteBasePathMappingOutput{}, tx.Delete(api.DomainMappingKey(d.Name, d.ID, m.Path))
	})
}

// checkUnmapped refuses to delete an API that a domain name leads to.
func checkUnmapped(tx store.Tx, apiID string) error {
	for m, err := range store.Scan[api.DomainMapping](tx, api.DomainMappings, "") {
		if err != nil {
			return err
		}
		if m.API == apiID {
			return bad("Deleting API failed. Please remove all base path mappings related to the API in your domains")
		}
	}
	return nil
}

func wireMapping(m api.DomainMapping) *v1.BasePathMapping {
	path := m.Path
	if path == "" {
		path = noPath
	}
	return &v1.BasePathMapping{BasePath: &path, RestApiId: &m.API, Stage: given(m.Stage)}
}
