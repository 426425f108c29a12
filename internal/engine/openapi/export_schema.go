package openapi

import "slices"

// schema is a model's schema as this kind of document writes it.
func (e *exporter) schema(v any) any {
	schema, ok := v.(*object)
	if !ok {
		return v
	}
	out := newObject()
	for _, name := range e.order(schema) {
		if name == "enum" {
			out.set(name, schema.values[name]) // values, no schemas
			continue
		}
		switch member := schema.values[name].(type) {
		case string:
			if name == "$schema" {
				continue // a document has its own
			}
			if model, ok := modelName(member); ok && name == "$ref" {
				member = e.modelRef(model)
			}
			out.set(name, member)
		case *object:
			if isNamed(name) {
				each := newObject()
				for _, key := range member.names {
					each.set(key, e.schema(member.values[key]))
				}
				out.set(name, each)
				continue
			}
			out.set(name, e.schema(member))
		case []any:
			each := make([]any, len(member))
			for i := range member {
				each[i] = e.schema(member[i])
			}
			out.set(name, each)
		default:
			out.set(name, member)
		}
	}
	return out
}

// isNamed says whether a keyword holds schemas that have names of their own.
func isNamed(keyword string) bool {
	return keyword == "properties" || keyword == "patternProperties" || keyword == "definitions"
}

// order is the order of a schema's members: in OpenAPI 3 that of the library
// with which API Gateway writes them, else that of their author.
func (e *exporter) order(schema *object) []string {
	if !e.v3 {
		return schema.names
	}
	first := []string{
		"title", "multipleOf", "maximum", "exclusiveMaximum", "minimum", "maxLength", "minLength", "pattern", "maxItems", "minItems",
		"uniqueItems", "maxProperties", "minProperties", "required", "type", "not", "properties", "additionalProperties", "description", "format",
	}
	rank := func(name string) int {
		if i := slices.Index(first, name); i >= 0 {
			return i
		}
		return len(first)
	}
	names := slices.Clone(schema.names)
	slices.SortStableFunc(names, func(a, b string) int { return rank(a) - rank(b) })
	return names
}
