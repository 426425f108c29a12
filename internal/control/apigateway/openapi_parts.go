package apigateway

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/openapi"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
)

// taking is a document being taken into an API.
type taking struct {
	service     *Service
	tx          store.Tx
	api         *api.RestAPI
	overwrite   bool
	validators  map[string]string // name -> id
	authorizers map[string]string // name -> id
	refused     []string          // what of the document cannot be
}

// mostRefused is the most that a document is told at once.
const mostRefused = 1000

// note keeps a refusal, so that its author is told of all at once, and returns
// every other error.
func (t *taking) note(err error, format string, args ...any) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind == fault.Internal {
		return err
	}
	if text := fmt.Sprintf(format, args...) + ": " + f.Message; len(t.refused) < mostRefused && !slices.Contains(t.refused, text) {
		t.refused = append(t.refused, text)
	}
	return nil
}

// refusal is all that was noted, nil if nothing was.
func (t *taking) refusal(warnings []string) error {
	if len(t.refused) == 0 {
		return nil
	}
	text := "Errors found during import:\n\t" + strings.Join(t.refused, "\n\t")
	if len(warnings) > 0 {
		text += "\nAdditionally, warnings found during import:\n\t" + strings.Join(warnings, "\n\t")
	}
	return bad(text)
}

// clear removes what is under a prefix if the document replaces everything.
func (t *taking) clear(prefix store.Key) error {
	if !t.overwrite {
		return nil
	}
	return store.DeleteAll(t.tx, prefix)
}

func (t *taking) models(d *openapi.API) error {
	if err := t.clear(api.Models(t.api.ID)); err != nil {
		return err
	}
	taken := make([]api.Model, 0, len(d.Models))
	for _, m := range d.Models {
		key := api.ModelKey(t.api.ID, m.Name)
		model, err := store.Get[api.Model](t.tx, key)
		if errors.Is(err, store.ErrMissing) {
			model.ID, err = t.service.cfg.NewID(idLength), nil
		}
		if err != nil {
			return err
		}
		model.Name, model.Description, model.ContentType, model.Schema = m.Name, m.Description, "application/json", m.Text(t.api.ID)
		if err := store.Put(t.tx, key, model); err != nil {
			return err
		}
		taken = append(taken, model)
	}
	for i := range taken { // once all are there that they may refer to
		if err := t.checkModel(&taken[i]); err != nil {
			if err := t.note(err, "Unable to create model for '%s'", taken[i].Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkModel is what CreateModel checks.
func (t *taking) checkModel(m *api.Model) error {
	if err := checkModelName(m.Name); err != nil {
		return err
	}
	return checkSchema(t.tx, t.api.ID, m)
}

func (t *taking) takeValidators(d *openapi.API) error {
	old, err := store.All[api.RequestValidator](t.tx, api.Validators(t.api.ID))
	if err != nil {
		return err
	}
	if err := t.clear(api.Validators(t.api.ID)); err != nil {
		return err
	}
	for _, v := range old {
		t.validators[v.Name] = v.ID
	}
	for _, v := range d.Validators {
		id, err := t.idOf(t.validators, v.Name, func(id string) store.Key { return api.ValidatorKey(t.api.ID, id) })
		if err != nil {
			return err
		}
		doc := api.RequestValidator{ID: id, Name: v.Name, ValidateBody: v.Body, ValidateParameters: v.Parameters}
		if err := store.Put(t.tx, api.ValidatorKey(t.api.ID, id), doc); err != nil {
			return err
		}
	}
	return nil
}

func (t *taking) takeAuthorizers(d *openapi.API) error {
	old, err := store.All[api.Authorizer](t.tx, api.Authorizers(t.api.ID))
	if err != nil {
		return err
	}
	if err := t.clear(api.Authorizers(t.api.ID)); err != nil {
		return err
	}
	for _, a := range old {
		t.authorizers[a.Name] = a.ID
	}
	for _, a := range d.Authorizers {
		id, err := t.idOf(t.authorizers, a.Name, func(id string) store.Key { return api.AuthorizerKey(t.api.ID, id) })
		if err != nil {
			return err
		}
		doc := api.Authorizer{
			ID: id, Name: a.Name, Type: a.Type, AuthType: a.AuthType, URI: a.URI, Credentials: a.Credentials, ProviderARNs: a.ProviderARNs,
			IdentitySource: a.Identity, IdentityValidationExpression: a.Validation, ResultTTLSeconds: a.TTLSeconds,
		}
		if err := checkImported(&doc); err != nil {
			if err := t.note(err, "Unable to create authorizer for '%s'", a.Name); err != nil {
				return err
			}
		}
		if err := store.Put(t.tx, api.AuthorizerKey(t.api.ID, id), doc); err != nil {
			return err
		}
	}
	if len(d.Authorizers) == 0 {
		return nil
	}
	all, err := store.All[api.Authorizer](t.tx, api.Authorizers(t.api.ID))
	if err != nil {
		return err
	}
	return t.service.within(QuotaAuthorizers, len(all))
}

// idOf is the id that a name had before, or a new one.
func (t *taking) idOf(known map[string]string, name string, key func(string) store.Key) (string, error) {
	if id, ok := known[name]; ok {
		return id, nil
	}
	id, err := t.service.freshID(t.tx, idLength, key)
	known[name] = id
	return id, err
}

func (t *taking) gatewayResponses(d *openapi.API) error {
	if err := t.clear(api.GatewayResponses(t.api.ID)); err != nil {
		return err
	}
	for _, g := range d.GatewayResponses {
		doc := api.GatewayResponse{Type: g.Type, StatusCode: g.StatusCode, Parameters: maps.Clone(g.Parameters), Templates: maps.Clone(g.Templates)}
		if err := checkImportedGatewayResponse(doc); err != nil {
			if err := t.note(err, "Unable to put gateway response '%s'", g.Type); err != nil {
				return err
			}
			continue
		}
		if err := store.Put(t.tx, api.GatewayResponseKey(t.api.ID, g.Type), doc); err != nil {
			return err
		}
	}
	return nil
}

// checkImported is what CreateAuthorizer checks, its model's enum included.
func checkImported(a *api.Authorizer) error {
	if kinds := []string{authorizeToken, authorizeRequest, authorizePools}; !slices.Contains(kinds, a.Type) {
		return badf("Invalid authorizer type specified. Valid options are %s", strings.Join(kinds, ","))
	}
	return checkAuthorizer(a)
}

// checkImportedGatewayResponse is what PutGatewayResponse checks, its model's enum included.
func checkImportedGatewayResponse(g api.GatewayResponse) error {
	if !slices.ContainsFunc(gatewayKinds(), func(k gatewayKind) bool { return k.name == g.Type }) {
		return bad("Invalid gateway response type specified")
	}
	return checkGatewayResponse(g)
}

// documentation brings in what a document says about its API, and keeps it
// under the version that the document gives it.
// parity: spec/definitions.md 5.4
func (t *taking) documentation(d *openapi.API) error {
	if _, err := t.service.takeParts(t.tx, t.api.ID, d.Documentation, t.overwrite); err != nil {
		return t.note(err, "Unable to create documentation part")
	}
	if d.Documentation == nil || text(d.Documentation.Version) == "" {
		return nil
	}
	if err := checkName("Documentation version", *d.Documentation.Version); err != nil {
		return t.note(err, "Unable to create documentation version")
	}
	parts, err := store.All[api.DocumentationPart](t.tx, api.DocumentationParts(t.api.ID))
	if err != nil {
		return err
	}
	v := api.DocumentationVersion{Version: *d.Documentation.Version, CreatedDate: t.service.now(), Parts: parts}
	return store.Put(t.tx, api.DocumentationVersionKey(t.api.ID, v.Version), v)
}
