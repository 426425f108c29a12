package openapi

import (
	"bytes"
	"fmt"
	"strings"
)

// ModelRef is the form in which models refer to each other.
// parity: spec/control-plane.md 3.7
const ModelRef = "https://apigateway.amazonaws.com/restapis/%s/models/%s"

// Text is the schema as API Gateway keeps it: JSON, with refs to the models of
// the API whose id is given.
func (m Model) Text(apiID string) string { return jsonText(rewriteRefs(m.schema, apiID)) }

func rewriteRefs(v any, apiID string) any {
	switch v := v.(type) {
	case *object:
		out := newObject()
		for _, name := range v.names {
			if ref, ok := v.values[name].(string); ok && name == "$ref" {
				out.set(name, rewriteRef(ref, apiID))
				continue
			}
			out.set(name, rewriteRefs(v.values[name], apiID))
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = rewriteRefs(v[i], apiID)
		}
		return out
	}
	return v
}

func rewriteRef(ref, apiID string) string {
	if name, ok := modelName(ref); ok {
		return fmt.Sprintf(ModelRef, apiID, name)
	}
	return ref
}

// modelName is the model that a local ref names.
func modelName(ref string) (string, bool) {
	for _, prefix := range []string{"#/definitions/", "#/components/schemas/"} {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			return strings.NewReplacer("~1", "/", "~0", "~").Replace(name), true
		}
	}
	return "", false
}

func (d *document) models() {
	o := d.root.object("definitions")
	if d.v3 {
		o = d.root.object("components").object("schemas")
	}
	if o == nil {
		return
	}
	for _, name := range o.names {
		d.api.Models = append(d.api.Models, Model{
			Name:        name,
			Description: o.object(name).text("description"),
			schema:      o.get(name),
		})
	}
}

// schemaModel is the name of the model for a schema in an operation: the one
// it refers to, or one made for it.
func (d *document) schemaModel(schema *object) string {
	if schema == nil {
		return ""
	}
	if ref := schema.text("$ref"); ref != nil {
		name, _ := modelName(*ref)
		return name
	}
	text := jsonText(schema)
	for _, m := range d.api.Models {
		if strings.HasPrefix(m.Name, inlinePrefix) && jsonText(m.schema) == text {
			return m.Name
		}
	}
	d.inline++
	name := fmt.Sprintf("%s%06d", inlinePrefix, d.inline)
	d.api.Models = append(d.api.Models, Model{Name: name, schema: schema})
	return name
}

// inlinePrefix starts the names of models made for inline schemas; AWS's form
// is MODEL and some random text (spec/definitions.md 5.4, not recorded).
const inlinePrefix = "MODEL"

// deref follows a local reference; nil if it leads nowhere.
func (d *document) deref(o *object) *object {
	for range 16 {
		ref := o.text("$ref")
		if ref == nil {
			return o
		}
		path, ok := strings.CutPrefix(*ref, "#/")
		if !ok {
			return nil
		}
		o = d.root
		for part := range strings.SplitSeq(path, "/") {
			o = o.object(strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
		}
	}
	return nil
}

func jsonText(v any) string {
	if s, ok := v.(string); ok {
		return s // already text, as CloudFormation hands policies
	}
	var b bytes.Buffer
	if err := appendValue(&b, v); err != nil {
		return ""
	}
	return b.String()
}
