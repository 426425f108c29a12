package openapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// ModelRef is the form in which models refer to each other.
// parity: spec/control-plane.md 3.7
const ModelRef = "https://apigateway.amazonaws.com/restapis/%s/models/%s"

// Text is the schema as API Gateway keeps it: JSON, with refs to the models of
// the API whose id is given.
func (m Model) Text(apiID string) string { return prettyText(rewriteRefs(m.schema, apiID)) }

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
		schema := o.object(name)
		d.api.Models = append(d.api.Models, Model{
			Name:        name,
			Description: schema.text("description"),
			schema:      d.supported(o.get(name)),
		})
		d.describe(DocumentationPart{Type: "MODEL", Name: name}, schema, "description")
	}
}

// supported is a schema without the keywords that API Gateway drops.
// parity: spec/definitions.md 5.4, known issues of the developer guide.
func (d *document) supported(v any) any {
	schema, ok := v.(*object)
	if !ok {
		return v
	}
	out := newObject()
	for _, name := range schema.names {
		member := schema.values[name]
		switch name {
		case "discriminator", "example", "exclusiveMinimum", "readOnly", "default":
			continue
		case "oneOf":
			if !d.v3 {
				continue
			}
		case "properties", "patternProperties", "definitions":
			out.set(name, d.supportedEach(member))
			continue
		case "enum":
			out.set(name, member) // values, no schema
			continue
		}
		if list, ok := member.([]any); ok {
			kept := make([]any, len(list))
			for i := range list {
				kept[i] = d.supported(list[i])
			}
			member = kept
		}
		out.set(name, d.supported(member))
	}
	return out
}

// supportedEach does the same to schemas that have names of their own.
func (d *document) supportedEach(v any) any {
	named, ok := v.(*object)
	if !ok {
		return v
	}
	out := newObject()
	for _, name := range named.names {
		out.set(name, d.supported(named.values[name]))
	}
	return out
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
	if name, ok := d.inlined[schema]; ok {
		return name
	}
	kept := d.supported(schema)
	text := jsonText(kept)
	name, ok := d.inline[text]
	if !ok {
		name = d.inlineName(text)
	}
	if d.inline[text], d.inlined[schema] = name, name; ok {
		return name
	}
	d.api.Models = append(d.api.Models, Model{Name: name, schema: kept})
	return name
}

// inlineName is a name for the model of an inline schema. AWS's form is MODEL
// and six digits; ours come from the text, so that a document taken in again
// gives the same names and another document none of them.
// parity: spec/definitions.md 5.4, the digits are not recorded
func (d *document) inlineName(text string) string {
	sum := sha256.Sum256([]byte(text))
	all := hex.EncodeToString(sum[:])
	for n := 6; n < len(all); n++ {
		name := "MODEL" + all[:n]
		if !slices.ContainsFunc(d.api.Models, func(m Model) bool { return m.Name == name }) {
			return name
		}
	}
	return "MODEL" + all
}

// deref follows a local reference. One that leads nowhere is a warning, and nil.
func (d *document) deref(o *object) *object {
	first := o.text("$ref")
	if first == nil {
		return o
	}
	for range 16 {
		ref := o.text("$ref")
		if ref == nil {
			d.budget.spend(d.budget.size(o))
			return o
		}
		path, ok := strings.CutPrefix(*ref, "#/")
		if !ok {
			break
		}
		o = d.root
		for part := range strings.SplitSeq(path, "/") {
			o = o.object(strings.NewReplacer("~1", "/", "~0", "~").Replace(part))
		}
		if o == nil {
			break
		}
	}
	if !d.lost[*first] {
		d.lost[*first] = true
		d.warn("Parse issue: the reference '%s' leads nowhere", *first)
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
