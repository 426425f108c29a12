package apigateway

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	"github.com/stagedoor/stagedoor/internal/wire"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

func (s *Service) documentationHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateDocumentationPart":  wire.Op(s.CreateDocumentationPart),
		"GetDocumentationPart":     wire.Op(s.GetDocumentationPart),
		"GetDocumentationParts":    wire.Op(s.GetDocumentationParts),
		"UpdateDocumentationPart":  wire.Op(s.UpdateDocumentationPart),
		"DeleteDocumentationPart":  wire.Op(s.DeleteDocumentationPart),
		"ImportDocumentationParts": wire.Op(s.ImportDocumentationParts),

		"CreateDocumentationVersion": wire.Op(s.CreateDocumentationVersion),
		"GetDocumentationVersion":    wire.Op(s.GetDocumentationVersion),
		"GetDocumentationVersions":   wire.Op(s.GetDocumentationVersions),
		"UpdateDocumentationVersion": wire.Op(s.UpdateDocumentationVersion),
		"DeleteDocumentationVersion": wire.Op(s.DeleteDocumentationVersion),
	}
}

// CreateDocumentationPart adds a text about something that has none yet.
func (s *Service) CreateDocumentationPart(
	ctx context.Context, in *v1.CreateDocumentationPartInput,
) (*v1.DocumentationPart, error) {
	if in.Location == nil {
		return nil, bad("Documentation part location must be specified")
	}
	p := api.DocumentationPart{Properties: in.Properties, Location: api.DocumentationLocation{
		Type: in.Location.Type, Path: in.Location.Path, Method: in.Location.Method,
		StatusCode: in.Location.StatusCode, Name: in.Location.Name,
	}}
	if err := checkPartLocation(p.Location); err != nil {
		return nil, err
	}
	if err := checkProperties(p.Properties); err != nil {
		return nil, err
	}
	return update(ctx, s, func(tx store.Tx) (*v1.DocumentationPart, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		all, err := store.All[api.DocumentationPart](tx, api.DocumentationParts(in.RestApiId))
		if err != nil {
			return nil, err
		}
		if at := partAt(all, p.Location); at != nil {
			return nil, conflictf("Documentation part already exists for the specified location: %s", spell(p.Location))
		}
		if err := s.within(QuotaParts, len(all)+1); err != nil {
			return nil, err
		}
		if err := s.addPart(tx, in.RestApiId, &p); err != nil {
			return nil, err
		}
		return wirePart(p), nil
	})
}

func (s *Service) addPart(tx store.Tx, apiID string, p *api.DocumentationPart) (err error) {
	key := func(id string) store.Key { return api.DocumentationPartKey(apiID, id) }
	if p.ID, err = s.freshID(tx, idLength, key); err != nil {
		return err
	}
	return store.Put(tx, key(p.ID), *p)
}

// checkPartLocation refuses members that a type's location does not have.
// parity: spec/definitions.md 5.11.
func checkPartLocation(l api.DocumentationLocation) error {
	allowed := partMembers(l.Type)
	for _, m := range []struct {
		name  string
		value *string
	}{{"path", l.Path}, {"method", l.Method}, {"statusCode", l.StatusCode}, {"name", l.Name}} {
		if text(m.value) != "" && !slices.Contains(allowed, m.name) {
			return badf("Invalid documentation part location: %s is not allowed for type %s", m.name, l.Type)
		}
	}
	return nil
}

// partMembers are the members that the location of a type may have.
func partMembers(kind string) []string {
	members := map[string]string{
		"AUTHORIZER": "name", "MODEL": "name", "RESOURCE": "path", "METHOD": "path method",
		"PATH_PARAMETER": "path method name", "QUERY_PARAMETER": "path method name", "REQUEST_HEADER": "path method name",
		"REQUEST_BODY": "path method", "RESPONSE": "path method statusCode", "RESPONSE_HEADER": "path method statusCode name",
		"RESPONSE_BODY": "path method statusCode",
	}
	return strings.Fields(members[kind])
}

// importedLocation is a location as imports keep it: the place is written out.
// parity: spec/control-plane.md 3.8.
func importedLocation(d openapi.DocumentationPart) api.DocumentationLocation {
	l := api.DocumentationLocation{
		Type: d.Type, Path: given(d.Path), Method: given(d.Method), StatusCode: given(d.StatusCode), Name: given(d.Name),
	}
	for _, member := range partMembers(d.Type) {
		switch {
		case member == "path" && l.Path == nil:
			l.Path = given("/")
		case member == "method" && l.Method == nil:
			l.Method = given("*")
		case member == "statusCode" && l.StatusCode == nil:
			l.StatusCode = given("*")
		}
	}
	return l
}

func checkProperties(properties string) error {
	if properties == "" {
		return bad("Documentation part properties must be non-empty")
	}
	var doc map[string]any
	if json.Unmarshal([]byte(properties), &doc) != nil {
		return bad("Documentation part properties must be a valid JSON object")
	}
	return nil
}

// spell writes a location out with what it means where nothing is given.
func spell(l api.DocumentationLocation) string {
	or := func(s *string, otherwise string) string {
		if text(s) == "" {
			return otherwise
		}
		return *s
	}
	return "type " + l.Type + ", path " + or(l.Path, "/") + ", method " + or(l.Method, "*") +
		", statusCode " + or(l.StatusCode, "*") + ", name " + or(l.Name, "*")
}

// partAt finds the part about a place; nil: there is none.
func partAt(all []api.DocumentationPart, l api.DocumentationLocation) *api.DocumentationPart {
	for i := range all {
		if spell(all[i].Location) == spell(l) {
			return &all[i]
		}
	}
	return nil
}

// GetDocumentationPart reads a part.
func (s *Service) GetDocumentationPart(
	ctx context.Context, in *v1.GetDocumentationPartInput,
) (*v1.DocumentationPart, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DocumentationPart, error) {
		p, err := find[api.DocumentationPart](tx, api.DocumentationPartKey(in.RestApiId, in.DocumentationPartId), noPart)
		if err != nil {
			return nil, err
		}
		return wirePart(p), nil
	})
}

// GetDocumentationParts lists an API's parts, in the order of their ids: those
// of a type, about a path, whose name begins so, with or without content.
func (s *Service) GetDocumentationParts(
	ctx context.Context, in *v1.GetDocumentationPartsInput,
) (*v1.DocumentationParts, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.DocumentationParts, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		keep := func(p api.DocumentationPart) bool {
			documented := p.Properties != "" && p.Properties != "{}"
			return (in.Type == nil || p.Location.Type == *in.Type) &&
				(in.Path == nil || text(p.Location.Path) == *in.Path) &&
				strings.HasPrefix(text(p.Location.Name), text(in.NameQuery)) &&
				(in.LocationStatus == nil || documented == (*in.LocationStatus == "DOCUMENTED"))
		}
		all, next, err := page(tx, api.DocumentationParts(in.RestApiId), in.Limit, in.Position, keep)
		if err != nil {
			return nil, err
		}
		return &v1.DocumentationParts{Position: next, Items: each(all, func(p api.DocumentationPart) v1.DocumentationPart {
			return *wirePart(p)
		})}, nil
	})
}

// UpdateDocumentationPart patches a part.
func (s *Service) UpdateDocumentationPart(
	ctx context.Context, in *v1.UpdateDocumentationPartInput,
) (*v1.DocumentationPart, error) {
	patches := table[api.DocumentationPart]{manners: namesPaths, rows: []row[api.DocumentationPart]{
		{path: "/properties", replace: func(d *api.DocumentationPart, p patch) error {
			d.Properties = p.text()
			return checkProperties(d.Properties)
		}},
	}}
	return update(ctx, s, func(tx store.Tx) (*v1.DocumentationPart, error) {
		key := api.DocumentationPartKey(in.RestApiId, in.DocumentationPartId)
		p, err := find[api.DocumentationPart](tx, key, noPart)
		if err != nil {
			return nil, err
		}
		if err := patches.apply(&p, in.PatchOperations); err != nil {
			return nil, err
		}
		if err := store.Put(tx, key, p); err != nil {
			return nil, err
		}
		return wirePart(p), nil
	})
}

// DeleteDocumentationPart removes a part; versions keep theirs.
func (s *Service) DeleteDocumentationPart(
	ctx context.Context, in *v1.DeleteDocumentationPartInput,
) (*v1.DeleteDocumentationPartOutput, error) {
	return update(ctx, s, func(tx store.Tx) (*v1.DeleteDocumentationPartOutput, error) {
		key := api.DocumentationPartKey(in.RestApiId, in.DocumentationPartId)
		if _, err := find[api.DocumentationPart](tx, key, noPart); err != nil {
			return nil, err
		}
		return &v1.DeleteDocumentationPartOutput{}, tx.Delete(key)
	})
}

// ImportDocumentationParts takes the parts of an OpenAPI document: those about
// the same places are replaced; with mode overwrite all others are removed.
func (s *Service) ImportDocumentationParts(
	ctx context.Context, in *v1.ImportDocumentationPartsInput,
) (*v1.DocumentationPartIds, error) {
	doc, err := openapi.Import(in.Body, openapi.Options{Variables: s.variables()})
	if err != nil {
		return nil, fault.BadRequest.New(err, "Unable to build importer with provided input.")
	}
	if isTrue(in.FailOnWarnings) {
		if err := refuseWarnings(doc.Warnings); err != nil {
			return nil, err
		}
	}
	return update(ctx, s, func(tx store.Tx) (*v1.DocumentationPartIds, error) {
		if _, err := s.restAPI(tx, in.RestApiId); err != nil {
			return nil, err
		}
		out := &v1.DocumentationPartIds{Warnings: doc.Warnings}
		out.Ids, err = s.takeParts(tx, in.RestApiId, doc.Documentation, text(in.Mode) == "overwrite")
		return out, err
	})
}

// takeParts brings a document's parts into an API and answers with their ids.
// doc may be nil.
func (s *Service) takeParts(tx store.Tx, apiID string, doc *openapi.Documentation, overwrite bool) ([]string, error) {
	old, err := store.All[api.DocumentationPart](tx, api.DocumentationParts(apiID))
	if err != nil {
		return nil, err
	}
	ids, taken := []string{}, map[string]bool{}
	at := make(map[string]string, len(old)) // place -> id
	for _, p := range old {
		at[spell(p.Location)] = p.ID
	}
	if doc == nil {
		doc = &openapi.Documentation{}
	}
	for _, d := range doc.Parts {
		p := api.DocumentationPart{Properties: d.Properties, Location: importedLocation(d)}
		if err := checkPartLocation(p.Location); err != nil {
			return nil, err
		}
		place := spell(p.Location)
		if p.ID = at[place]; p.ID != "" {
			err = store.Put(tx, api.DocumentationPartKey(apiID, p.ID), p)
		} else {
			err = s.addPart(tx, apiID, &p)
		}
		if err != nil {
			return nil, err
		}
		at[place], taken[p.ID] = p.ID, true
		ids = append(ids, p.ID)
	}
	left := len(at)
	for _, p := range old {
		if overwrite && !taken[p.ID] {
			if err := tx.Delete(api.DocumentationPartKey(apiID, p.ID)); err != nil {
				return nil, err
			}
			left--
		}
	}
	if len(ids) == 0 {
		return ids, nil
	}
	return ids, s.within(QuotaParts, left)
}

func wirePart(p api.DocumentationPart) *v1.DocumentationPart {
	return &v1.DocumentationPart{Id: &p.ID, Properties: &p.Properties, Location: &v1.DocumentationPartLocation{
		Type: p.Location.Type, Path: p.Location.Path, Method: p.Location.Method,
		StatusCode: p.Location.StatusCode, Name: p.Location.Name,
	}}
}
