package openapi

import (
	"sort"
	"strings"
)

// operation reads one method. item is the path item that it stands in.
func (d *document) operation(item, op *object, path, verb string) Method {
	m := Method{
		HTTPMethod:        verb,
		OperationName:     op.text("operationId"),
		AuthorizationType: "NONE",
		Validator:         d.validate,
	}
	if v := op.text(ext + "request-validator"); v != nil {
		m.Validator = v
	}
	d.parameters(&m, item, op)
	d.requestBody(&m, op)
	d.responses(&m, op, path)
	d.security(&m, op)
	if in := d.integrationOf(op); in != nil {
		m.Integration = d.integration(in, path, verb)
	}
	d.describeOperation(&m, item, op, path)
	return m
}

// parameters merges those of the path item and of the operation.
func (d *document) parameters(m *Method, item, op *object) {
	for _, list := range [][]any{item.list("parameters"), op.list("parameters")} {
		for _, v := range list {
			o, _ := v.(*object)
			d.parameter(m, d.deref(o), op)
		}
	}
}

func (d *document) parameter(m *Method, p, op *object) {
	in, name := p.text("in"), p.text("name")
	if in == nil {
		return
	}
	if *in == "body" {
		d.bodyModels(m, d.consumes(op), p.object("schema"))
		return
	}
	place := map[string]string{"path": "path", "query": "querystring", "header": "header"}[*in]
	if place == "" || name == nil {
		return
	}
	if m.RequestParameters == nil {
		m.RequestParameters = map[string]bool{}
	}
	m.RequestParameters["method.request."+place+"."+*name] = *in == "path" || isTrue(p.boolean("required"))
}

func (d *document) consumes(op *object) []string { return d.mediaTypes(op, "consumes") }

// mediaTypes are Swagger 2.0's consumes or produces, of the operation or of the root.
func (d *document) mediaTypes(op *object, member string) []string {
	if op.has(member) {
		return op.texts(member)
	}
	if types := d.root.texts(member); len(types) > 0 {
		d.budget.spend(32 * len(types))
		return types
	}
	return []string{"application/json"}
}

func (d *document) bodyModels(m *Method, types []string, schema *object) {
	name := d.schemaModel(schema)
	if name == "" {
		return
	}
	if m.RequestModels == nil {
		m.RequestModels = map[string]string{}
	}
	for _, t := range types {
		m.RequestModels[t] = name
	}
}

// requestBody is OpenAPI 3's way to say what a body parameter says in 2.0.
func (d *document) requestBody(m *Method, op *object) {
	content := d.deref(op.object("requestBody")).object("content")
	if content == nil {
		return
	}
	for _, t := range content.names {
		d.bodyModels(m, []string{t}, content.object(t).object("schema"))
	}
}

// responses are the operation's by status. OpenAPI 3's ranges (4XX) are no
// status that API Gateway knows.
func (d *document) responses(m *Method, op *object, path string) {
	o := op.object("responses")
	if o == nil {
		return
	}
	for _, code := range o.names {
		if code == "default" || strings.HasPrefix(code, "x-") {
			continue // names no status
		}
		if !isStatus(code) {
			d.warn("Unsupported response code '%s' of resource '%s' and method '%s'. Ignoring.", code, path, m.HTTPMethod)
			continue
		}
		m.Responses = append(m.Responses, d.response(code, d.deref(o.object(code)), op))
	}
	sort.SliceStable(m.Responses, func(i, j int) bool { return m.Responses[i].StatusCode < m.Responses[j].StatusCode })
}

// isStatus reports whether a code is one that a method response may have.
func isStatus(code string) bool {
	return len(code) == 3 && code[0] >= '1' && code[0] <= '5' && code[1] >= '0' && code[1] <= '9' && code[2] >= '0' && code[2] <= '9'
}

func (d *document) response(code string, o, op *object) Response {
	r := Response{StatusCode: code}
	if headers := o.object("headers"); headers != nil {
		r.Parameters = map[string]bool{}
		for _, h := range headers.names {
			r.Parameters["method.response.header."+h] = false
		}
	}
	add := func(t string, schema *object) {
		if name := d.schemaModel(schema); name != "" {
			if r.Models == nil {
				r.Models = map[string]string{}
			}
			r.Models[t] = name
		}
	}
	if schema := o.object("schema"); schema != nil {
		for _, t := range d.mediaTypes(op, "produces") {
			add(t, schema)
		}
	}
	if content := o.object("content"); content != nil {
		for _, t := range content.names {
			add(t, content.object(t).object("schema"))
		}
	}
	return r
}

// integrationOf is the operation's integration, which OpenAPI 3 may keep among
// the components.
func (d *document) integrationOf(op *object) *object {
	return d.deref(op.object(ext + "integration"))
}

func (d *document) integration(o *object, path, verb string) *Integration {
	in := &Integration{
		HTTPMethod:           o.text("httpMethod"),
		URI:                  o.text("uri"),
		Credentials:          o.text("credentials"),
		RequestTemplates:     templates(o.object("requestTemplates")),
		PassthroughBehavior:  upper(o.text("passthroughBehavior")),
		ContentHandling:      upper(o.text("contentHandling")),
		TimeoutMillis:        o.number("timeoutInMillis"),
		ConnectionType:       upper(o.text("connectionType")),
		ConnectionID:         o.text("connectionId"),
		IntegrationTarget:    o.text("integrationTarget"),
		ResponseTransferMode: upper(o.text("responseTransferMode")),
		CacheNamespace:       o.text("cacheNamespace"),
		CacheKeyParameters:   o.texts("cacheKeyParameters"),
		InsecureSkipVerify:   o.object("tlsConfig").boolean("insecureSkipVerification"),
	}
	if t := upper(o.text("type")); t != nil {
		in.Type = *t
	}
	in.RequestParameters = d.requestParameters(o.object("requestParameters"), path, verb)
	responses := o.object("responses")
	if responses == nil {
		return in
	}
	for _, key := range responses.names {
		in.Responses = append(in.Responses, integrationResponse(key, responses.object(key)))
	}
	return in
}

// requestParameters keeps the texts; anything else is a warning.
// parity: spec/definitions.md 5.4, recorded warning
func (d *document) requestParameters(o *object, path, verb string) map[string]string {
	if o == nil {
		return nil
	}
	m := make(map[string]string, len(o.names))
	for _, name := range o.names {
		if s, ok := o.values[name].(string); ok {
			m[name] = s
			continue
		}
		got, _ := scalar(o.values[name])
		d.warn("Invalid format for 'requestParameters'. Expected type string for property '%s' of resource '%s' and method '%s' but got '%s'", name, path, verb, got)
	}
	return m
}

func integrationResponse(key string, o *object) IntegrationResponse {
	r := IntegrationResponse{
		Parameters:      textMap(o.object("responseParameters")),
		Templates:       templates(o.object("responseTemplates")),
		ContentHandling: upper(o.text("contentHandling")),
	}
	if key != "default" {
		r.SelectionPattern = &key
	}
	if s := o.text("statusCode"); s != nil {
		r.StatusCode = *s
	}
	return r
}

func upper(s *string) *string {
	if s == nil {
		return nil
	}
	u := strings.ToUpper(*s)
	return &u
}

func orEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
