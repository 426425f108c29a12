package apigateway

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/store"
	v1 "github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// Bounds of a sample: models may refer to themselves.
const (
	sampleDepth = 6
	sampleSize  = 64 << 10 // bytes, then members are left out
)

// GetModelTemplate writes a mapping template that copies what a model has.
// parity: spec/definitions.md 5.14; the text is ours.
func (s *Service) GetModelTemplate(ctx context.Context, in *v1.GetModelTemplateInput) (*v1.Template, error) {
	return view(ctx, s, func(tx store.Tx) (*v1.Template, error) {
		m, err := find[api.Model](tx, api.ModelKey(in.RestApiId, in.ModelName), noModel+in.ModelName)
		if err != nil {
			return nil, err
		}
		flat, err := flatten(tx, in.RestApiId, m)
		if err != nil {
			return nil, err
		}
		w := sampler{}
		w.out.WriteString("#set($inputRoot = $input.path('$'))\n")
		if doc, ok := readSchema(flat); ok {
			w.definitions, _ = doc["definitions"].(map[string]any)
			w.sample(doc, "$inputRoot", 0)
		} else {
			w.out.WriteString("{ }")
		}
		template := w.out.String()
		return &v1.Template{Value: &template}, nil
	})
}

// sampler writes a sample of a schema.
type sampler struct {
	out         strings.Builder
	definitions map[string]any
	lists       int
}

// sample writes what a schema describes, read from the reference given.
func (w *sampler) sample(schema map[string]any, from string, depth int) {
	if ref, ok := schema["$ref"].(string); ok {
		schema, _ = w.definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	}
	properties, _ := schema["properties"].(map[string]any)
	items, _ := schema["items"].(map[string]any)
	kind, _ := schema["type"].(string)
	switch {
	case depth >= sampleDepth || w.out.Len() > sampleSize:
		w.out.WriteString("{ }")
	case properties != nil:
		w.object(properties, from, depth)
	case items != nil:
		w.list(items, from, depth)
	case kind == "array":
		w.out.WriteString("[ ]")
	case kind == "string":
		w.out.WriteString(`"` + from + `"`)
	case kind == "number", kind == "integer", kind == "boolean":
		w.out.WriteString(from)
	default:
		w.out.WriteString("{ }")
	}
}

func (w *sampler) object(properties map[string]any, from string, depth int) {
	w.out.WriteString("{")
	for i, name := range slices.Sorted(maps.Keys(properties)) {
		if i > 0 {
			w.out.WriteString(",")
		}
		w.newLine(depth + 1)
		w.out.WriteString(strconv.Quote(name) + " : ")
		schema, _ := properties[name].(map[string]any)
		w.sample(schema, from+"."+name, depth+1)
	}
	w.newLine(depth)
	w.out.WriteString("}")
}

func (w *sampler) list(items map[string]any, from string, depth int) {
	w.lists++
	each := "$elem" + strconv.Itoa(w.lists)
	w.out.WriteString("[\n#foreach(" + each + " in " + from + ")")
	w.newLine(depth + 1)
	w.sample(items, each, depth+1)
	w.out.WriteString("#if($foreach.hasNext),#end\n#end")
	w.newLine(depth)
	w.out.WriteString("]")
}

func (w *sampler) newLine(depth int) {
	w.out.WriteString("\n" + strings.Repeat("  ", depth))
}
