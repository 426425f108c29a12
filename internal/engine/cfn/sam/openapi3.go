package sam

import "github.com/stagedoor/stagedoor/internal/engine/cfn/doc"

// toOpenAPI turns what SAM wrote in the manner of Swagger 2.0 into that of
// OpenAPI 3, if the definition is of that version.
func (r *rest) toOpenAPI() {
	if given(r.body.Get("swagger")) != nil {
		return
	}
	version := r.get("OpenApiVersion")
	if v := given(r.body.Get("openapi")); version == nil && v != nil {
		version = v
	}
	if !openAPI3.MatchString(version.Text()) {
		return
	}
	for _, move := range []struct{ from, to string }{{"securityDefinitions", "securitySchemes"}, {"definitions", "schemas"}} {
		if v := r.body.Get(move.from); truthy(v) {
			ensure(r.body, "components").Set(move.to, v)
			r.body.Delete(move.from)
		}
	}
	paths := r.body.Get("paths")
	for i, path := range paths.Keys() {
		item := paths.Nth(i)
		if !item.Is(doc.Map) {
			r.failed = true
			r.invalid(paths, "Value of '%s' path must be a dictionary according to Swagger spec.", path)
			continue
		}
		options := item.Get("options")
		if !truthy(options) {
			continue
		}
		options.Delete("produces")
		options.Delete("consumes")
		headers := options.Find("responses", "200", "headers")
		for i := range headers.Keys() {
			// parity: each pass wraps once more, as the translator's do.
			headers.SetNth(i, obj("schema", headers.Nth(i)))
		}
	}
}
