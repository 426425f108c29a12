package openapi

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// Kinds of export.
const (
	Swagger = "swagger" // Swagger 2.0
	OAS30   = "oas30"   // OpenAPI 3.0.1
)

// Extensions that an export may have beside what OpenAPI knows.
const (
	ExtendIntegrations  = "integrations"
	ExtendAuthorizers   = "authorizers"
	ExtendDocumentation = "documentation"
	ExtendAll           = "apigateway" // these and everything else
)

// ExportOptions say how an API is written.
type ExportOptions struct {
	Kind       string   // Swagger or OAS30
	Extensions []string // Extend...; others add nothing
	YAML       bool
	Host       string // of the API's endpoint
	Stage      string
}

// Export writes an API in the form in which API Gateway exports it. What it
// writes with all extensions is read by Import as the same API, but for what a
// document cannot hold: a Swagger body has one model for all its media types,
// and an integration one response for each pattern.
// parity: spec/definitions.md 5.10, recorded form; members that are not in it
// stand as in conformance/templates/03-dynamodb, which API Gateway wrote.
func Export(a *API, opt ExportOptions) []byte {
	e := &exporter{api: a, opt: opt, v3: opt.Kind == OAS30}
	doc := e.document()
	if opt.YAML {
		return yamlText(doc)
	}
	return []byte(prettyText(doc))
}

// exporter writes one document.
type exporter struct {
	api *API
	opt ExportOptions
	v3  bool
}

// extends says whether the caller asked for an extension.
func (e *exporter) extends(name string) bool {
	return slices.Contains(e.opt.Extensions, name) || slices.Contains(e.opt.Extensions, ExtendAll)
}

func (e *exporter) document() *object {
	doc := newObject()
	if e.v3 {
		doc.set("openapi", "3.0.1")
	} else {
		doc.set("swagger", "2.0")
	}
	doc.set("info", e.info())
	e.address(doc)
	doc.set("paths", e.paths())
	schemes, models := e.schemes(), e.models()
	if e.v3 {
		components := newObject()
		components.setSome("schemas", models)
		components.setSome("securitySchemes", schemes)
		doc.set("components", components)
	} else {
		doc.setSome("securityDefinitions", schemes)
		doc.setSome("definitions", models)
	}
	if e.extends(ExtendAll) {
		e.settings(doc)
	}
	if d := e.api.Documentation; d != nil && e.extends(ExtendDocumentation) {
		doc.set(ext+"documentation", exportDocumentation(d))
	}
	return doc
}

func (e *exporter) info() *object {
	info := newObject()
	if e.v3 {
		info.set("title", e.api.Title)
		info.setText("description", e.api.Description)
		info.setText("version", e.api.Version)
		return info
	}
	info.setText("description", e.api.Description)
	info.setText("version", e.api.Version)
	info.set("title", e.api.Title)
	return info
}

func (e *exporter) address(doc *object) {
	if !e.v3 {
		doc.set("host", e.opt.Host)
		doc.set("basePath", "/"+e.opt.Stage)
		doc.set("schemes", []any{"https"})
		return
	}
	server := newObject()
	server.set("url", "https://"+e.opt.Host+"/{basePath}")
	server.set("variables", one("basePath", one("default", e.opt.Stage)))
	doc.set("servers", []any{server})
}

func (e *exporter) models() *object {
	out := newObject()
	for _, m := range slices.SortedFunc(slices.Values(e.api.Models), func(a, b Model) int { return cmp.Compare(a.Name, b.Name) }) {
		out.set(m.Name, e.schema(m.schema))
	}
	return out
}

func (e *exporter) modelRef(name string) string {
	if e.v3 {
		return "#/components/schemas/" + name
	}
	return "#/definitions/" + name
}

// refTo is a schema that is a model.
func (e *exporter) refTo(model string) *object { return one("$ref", e.modelRef(model)) }

// settings are the extensions at the root.
func (e *exporter) settings(doc *object) {
	a := e.api
	doc.setText(ext+"api-key-source", a.APIKeySource)
	if len(a.BinaryMediaTypes) > 0 {
		doc.set(ext+"binary-media-types", anyList(a.BinaryMediaTypes))
	}
	if a.MinimumCompressionSize != nil {
		doc.set(ext+"minimum-compression-size", number(*a.MinimumCompressionSize))
	}
	doc.setText(ext+"endpoint-access-mode", a.EndpointAccessMode)
	doc.setText(ext+"security-policy", a.SecurityPolicy)
	if a.Policy != nil {
		doc.set(ext+"policy", parsed(*a.Policy))
	}
	responses := newObject()
	for _, g := range a.GatewayResponses {
		o := newObject()
		if g.StatusCode != nil {
			o.set("statusCode", json.Number(*g.StatusCode))
		}
		o.setMap("responseParameters", g.Parameters)
		o.setMap("responseTemplates", g.Templates)
		responses.set(g.Type, o)
	}
	doc.setSome(ext+"gateway-responses", responses)
	validators := newObject()
	for _, v := range a.Validators {
		flags := newObject()
		flags.set("validateRequestParameters", v.Parameters)
		flags.set("validateRequestBody", v.Body)
		validators.set(v.Name, flags)
	}
	doc.setSome(ext+"request-validators", validators)
}

func exportDocumentation(d *Documentation) *object {
	out := newObject()
	out.setText("version", d.Version)
	out.setText("createdDate", d.Created)
	list := []any{}
	for _, p := range d.Parts {
		location := newObject()
		for _, m := range [...][2]string{{"type", p.Type}, {"path", p.Path}, {"method", p.Method}, {"statusCode", p.StatusCode}, {"name", p.Name}} {
			if m[1] != "" {
				location.set(m[0], m[1])
			}
		}
		part := newObject()
		part.set("location", location)
		part.set("properties", parsed(p.Properties))
		list = append(list, part)
	}
	out.set("documentationParts", list)
	return out
}

// NewModel is a model whose schema is given as JSON text, as API Gateway keeps
// it. Text that is no JSON becomes a schema that says nothing.
func NewModel(name string, description *string, text string) Model {
	return Model{Name: name, Description: description, schema: localRefs(parsed(text))}
}

// localRefs turns the refs of kept schemas into those of documents.
func localRefs(v any) any {
	switch v := v.(type) {
	case *object:
		for _, name := range v.names {
			if ref, ok := v.values[name].(string); ok && name == "$ref" {
				if at := strings.LastIndex(ref, "/models/"); at >= 0 && strings.Contains(ref, "://") {
					v.values[name] = "#/definitions/" + ref[at+len("/models/"):]
				}
				continue
			}
			v.values[name] = localRefs(v.values[name])
		}
	case []any:
		for i := range v {
			v[i] = localRefs(v[i])
		}
	}
	return v
}

// parsed is JSON text as a value; text that is none is an empty object.
func parsed(text string) any {
	r := &reader{vars: strings.NewReplacer()}
	v, err := r.readJSON([]byte(text))
	if err != nil {
		return newObject()
	}
	return v
}

// one is an object with one member.
func one(name string, v any) *object {
	o := newObject()
	o.set(name, v)
	return o
}

func (o *object) setText(name string, s *string) {
	if s != nil {
		o.set(name, *s)
	}
}

// setSome sets an object that has members.
func (o *object) setSome(name string, v *object) {
	if len(v.names) > 0 {
		o.set(name, v)
	}
}

// setMap sets a map that has entries, in the order of their names.
func (o *object) setMap(name string, m map[string]string) {
	v := newObject()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		v.set(k, m[k])
	}
	o.setSome(name, v)
}

// setTemplates is setMap for templates, of which an empty one is null.
func (o *object) setTemplates(name string, m map[string]*string) {
	v := newObject()
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if v.set(k, nil); m[k] != nil {
			v.set(k, *m[k])
		}
	}
	o.setSome(name, v)
}

func anyList(texts []string) []any {
	out := make([]any, len(texts))
	for i, s := range texts {
		out[i] = s
	}
	return out
}
