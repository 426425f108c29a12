package apigateway

import (
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
)

// maxDepth bounds how deep a schema may nest to be flattened.
const maxDepth = 200

// flatten is a model's schema with the models of the same API that it refers
// to, directly or through others, as its definitions. Models may refer to each
// other in circles. References to models that are not there stay as they are,
// as does a schema that is no JSON object.
func flatten(tx store.Tx, apiID string, m api.Model) (string, error) {
	f := flattener{tx: tx, apiID: apiID, definitions: map[string]any{}}
	doc, ok := readSchema(m.Schema)
	if !ok {
		return m.Schema, nil
	}
	if err := f.rewrite(doc, 0); err != nil {
		return "", err
	}
	if len(f.definitions) == 0 {
		return m.Schema, nil
	}
	own, ok := doc["definitions"].(map[string]any)
	if !ok {
		own = map[string]any{}
		doc["definitions"] = own
	}
	maps.Copy(own, f.definitions)
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(doc); err != nil {
		return "", err
	}
	return strings.TrimSpace(out.String()), nil
}

func readSchema(text string) (map[string]any, bool) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var doc map[string]any
	return doc, d.Decode(&doc) == nil && doc != nil
}

type flattener struct {
	tx          store.Tx
	apiID       string
	definitions map[string]any // by model name; nil: not there
}

// rewrite points each reference inside v to the definitions, and fetches them.
func (f *flattener) rewrite(v any, depth int) error {
	if depth > maxDepth {
		return bad("Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]")
	}
	switch v := v.(type) {
	case map[string]any:
		if ref, ok := v["$ref"].(string); ok {
			if err := f.follow(v, ref, depth); err != nil {
				return err
			}
		}
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if err := f.rewrite(v[k], depth+1); err != nil {
				return err
			}
		}
	case []any:
		for _, e := range v {
			if err := f.rewrite(e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *flattener) follow(at map[string]any, ref string, depth int) error {
	name, ok := strings.CutPrefix(ref, modelURL(f.apiID, ""))
	if !ok {
		return nil
	}
	if _, known := f.definitions[name]; !known {
		m, err := store.Get[api.Model](f.tx, api.ModelKey(f.apiID, name))
		if errors.Is(err, store.ErrMissing) {
			return nil
		} else if err != nil {
			return err
		}
		doc, ok := readSchema(m.Schema)
		if !ok {
			return nil
		}
		f.definitions[name] = doc // before its own references, which may come back
		if err := f.rewrite(doc, depth+1); err != nil {
			return err
		}
	}
	at["$ref"] = "#/definitions/" + name
	return nil
}
