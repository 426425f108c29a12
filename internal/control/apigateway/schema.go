package apigateway

import (
	"errors"
	"net/url"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/engine/jsonschema"
	"github.com/stagedoor/stagedoor/internal/store"
)

const (
	badModel     = "Invalid model specified: Validation Result: warnings : [], errors : ["
	badSchema    = badModel + "Invalid model schema specified]"
	badReference = badModel + "Model reference must be in canonical form]"
)

// checkSchema refuses the schema of a model that says nothing or, for JSON,
// one that no body could be held to. What it refers to need not be there yet:
// models come in any order.
func checkSchema(tx store.Tx, apiID string, m *api.Model) error {
	if trimmed := strings.TrimSpace(m.Schema); trimmed == "" || trimmed == `""` {
		return bad("Model schema must have at least 1 property or array items defined")
	}
	if !strings.Contains(m.ContentType, "json") {
		return nil
	}
	doc, ok := readSchema(m.Schema)
	if !ok {
		return bad(badSchema)
	}
	whole := map[string]bool{} // models of which a part is referred to
	if !readReferences(doc, whole, 0) {
		return bad(badReference)
	}
	var failed error
	_, err := jsonschema.Compile(modelURL(apiID, m.Name), m.Schema, func(uri string) (string, bool) {
		name, ok := modelAt(uri)
		if !ok || !whole[name] {
			return "{}", ok
		}
		other, err := store.Get[api.Model](tx, api.ModelKey(apiID, name))
		if err != nil && !errors.Is(err, store.ErrMissing) {
			failed = err
		}
		return other.Schema, err == nil
	})
	switch {
	case failed != nil:
		return failed
	case err != nil:
		return bad(badSchema)
	}
	return nil
}

// readReferences reports whether all references inside v lead to a place in
// the schema itself or to a model.
func readReferences(v any, whole map[string]bool, depth int) bool {
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok && !strings.HasPrefix(ref, "#") {
			uri, part, _ := strings.Cut(ref, "#")
			name, ok := modelAt(uri)
			if !ok {
				return false
			}
			whole[name] = whole[name] || part != ""
		}
		for _, e := range v {
			if depth > maxDepth || !readReferences(e, whole, depth+1) {
				return false
			}
		}
	case []any:
		for _, e := range v {
			if depth > maxDepth || !readReferences(e, whole, depth+1) {
				return false
			}
		}
	}
	return true
}

// modelAt is the name of the model that a URL leads to. The id in it may be
// that of another API: the model of that name is meant here.
// parity: spec/definitions.md 5.14.
func modelAt(uri string) (name string, ok bool) {
	u, err := url.Parse(uri)
	if err != nil || !strings.HasPrefix(u.Host, "apigateway.") {
		return "", false
	}
	parts := strings.Split(u.Path, "/")
	if len(parts) != 5 || parts[1] != "restapis" || parts[3] != "models" || parts[4] == "" {
		return "", false
	}
	return parts[4], true
}
