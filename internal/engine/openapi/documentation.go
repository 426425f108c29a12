package openapi

import "slices"

// parts gathers documentation parts, one for each place, in the order in which
// the document first speaks of the place.
type parts struct {
	places []DocumentationPart // without properties
	at     map[DocumentationPart]*object
}

func newParts() *parts { return &parts{at: map[DocumentationPart]*object{}} }

// set puts a part in its place; a later one replaces an earlier one.
func (p *parts) set(place DocumentationPart, properties *object) {
	if p.at[place] == nil {
		p.places = append(p.places, place)
	}
	p.at[place] = properties
}

// describe makes a part of the members named that o has.
// parity: spec/definitions.md 5.11: recorded for METHOD, MODEL and RESPONSE
func (d *document) describe(place DocumentationPart, o *object, members ...string) {
	properties := newObject()
	for _, name := range members {
		if v := o.get(name); v != nil {
			properties.set(name, v)
		}
	}
	if len(properties.names) > 0 {
		d.parts.set(place, properties)
	}
}

// describeAPI makes the part about the API itself.
func (d *document) describeAPI() {
	properties := newObject()
	if text := d.root.object("info").get("description"); text != nil {
		info := newObject()
		info.set("description", text)
		properties.set("info", info)
	}
	for _, name := range []string{"externalDocs", "tags"} {
		if v := d.root.get(name); v != nil {
			properties.set(name, v)
		}
	}
	if len(properties.names) > 0 {
		d.parts.set(DocumentationPart{Type: "API"}, properties)
	}
}

// describeOperation makes the parts about a method, its parameters and its
// responses.
func (d *document) describeOperation(m *Method, item, op *object, path string) {
	place := DocumentationPart{Type: "METHOD", Path: path, Method: m.HTTPMethod}
	d.describe(place, op, "description", "summary", "tags")
	kinds := map[string]string{"path": "PATH_PARAMETER", "query": "QUERY_PARAMETER", "header": "REQUEST_HEADER", "body": "REQUEST_BODY"}
	for _, v := range slices.Concat(item.list("parameters"), op.list("parameters")) {
		o, _ := v.(*object)
		o = d.deref(o)
		place.Type, place.Name = kinds[orEmpty(o.text("in"))], orEmpty(o.text("name"))
		if place.Type == "REQUEST_BODY" {
			place.Name = ""
		}
		if place.Type != "" {
			d.describe(place, o, "description")
		}
	}
	place.Type, place.Name = "REQUEST_BODY", ""
	d.describe(place, d.deref(op.object("requestBody")), "description")
	for _, r := range m.Responses {
		place.Type, place.Name, place.StatusCode = "RESPONSE", "", r.StatusCode
		o := d.deref(op.object("responses").object(r.StatusCode))
		d.describe(place, o, "description")
		place.Type = "RESPONSE_HEADER"
		headers := o.object("headers")
		if headers == nil {
			continue
		}
		for _, place.Name = range headers.names {
			d.describe(place, d.deref(headers.object(place.Name)), "description")
		}
	}
}

// documentation is x-amazon-apigateway-documentation, over what the rest of
// the document says.
func (d *document) documentation() {
	d.describeAPI()
	o := d.root.object(ext + "documentation")
	for _, v := range o.list("documentationParts") {
		part, _ := v.(*object)
		loc := part.object("location")
		place := DocumentationPart{
			Type: orEmpty(upper(loc.text("type"))), Path: orEmpty(loc.text("path")), Method: orEmpty(upper(loc.text("method"))),
			StatusCode: orEmpty(loc.text("statusCode")), Name: orEmpty(loc.text("name")),
		}
		properties := part.object("properties")
		if !slices.Contains(partTypes(), place.Type) || properties == nil {
			d.warn("Documentation part of type '%s' for path '%s' has no location or no properties. Ignoring.", place.Type, place.Path)
			continue
		}
		d.parts.set(place, properties)
	}
	if o == nil && len(d.parts.places) == 0 {
		return
	}
	doc := &Documentation{Version: o.text("version")}
	for _, place := range d.parts.places {
		part := place
		part.Properties = jsonText(d.parts.at[place])
		doc.Parts = append(doc.Parts, part)
	}
	d.api.Documentation = doc
}

// partTypes are what a part can be about.
func partTypes() []string {
	return []string{
		"API", "AUTHORIZER", "MODEL", "RESOURCE", "METHOD", "PATH_PARAMETER", "QUERY_PARAMETER", "REQUEST_HEADER",
		"REQUEST_BODY", "RESPONSE", "RESPONSE_HEADER", "RESPONSE_BODY",
	}
}
