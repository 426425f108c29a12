package openapi

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
)

func number(n int32) json.Number { return json.Number(strconv.Itoa(int(n))) }

func (e *exporter) paths() *object {
	out := newObject()
	for _, p := range e.api.Paths {
		item := newObject()
		for _, verb := range []string{"GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "ANY"} {
			for i := range p.Methods {
				if p.Methods[i].HTTPMethod == verb {
					item.set(memberOf(verb), e.operation(&p.Methods[i]))
				}
			}
		}
		out.set(p.Path, item)
	}
	return out
}

// memberOf is the member of a path item that a method is.
func memberOf(verb string) string {
	if verb == "ANY" {
		return ext + "any-method"
	}
	return strings.ToLower(verb)
}

func (e *exporter) operation(m *Method) *object {
	op := newObject()
	op.setText("operationId", m.OperationName)
	params := e.parameters(m)
	if !e.v3 {
		setTypes(op, "consumes", m.RequestModels)
		produced := map[string]string{}
		for _, r := range m.Responses {
			maps.Copy(produced, r.Models)
		}
		setTypes(op, "produces", produced)
		for _, model := range slices.Compact(slices.Sorted(maps.Values(m.RequestModels))) {
			p := newObject()
			p.set("in", "body")
			p.set("name", model)
			p.set("required", true)
			p.set("schema", e.refTo(model))
			params = append(params, p)
		}
	}
	if len(params) > 0 {
		op.set("parameters", params)
	}
	if e.v3 && len(m.RequestModels) > 0 {
		body := newObject()
		body.set("content", e.content(m.RequestModels))
		body.set("required", true)
		op.set("requestBody", body)
	}
	if len(m.Responses) > 0 {
		responses := newObject()
		for _, r := range m.Responses {
			responses.set(r.StatusCode, e.response(r))
		}
		op.set("responses", responses)
	}
	if security := e.security(m); len(security) > 0 {
		op.set("security", security)
	}
	if m.Validator != nil && e.extends(ExtendAll) {
		op.set(ext+"request-validator", *m.Validator)
	}
	if m.Integration != nil && e.extends(ExtendIntegrations) {
		op.set(ext+"integration", exportIntegration(m.Integration))
	}
	return op
}

func setTypes(op *object, name string, models map[string]string) {
	if len(models) > 0 {
		op.set(name, anyList(slices.Sorted(maps.Keys(models))))
	}
}

// content is OpenAPI 3's bodies by media type.
func (e *exporter) content(models map[string]string) *object {
	out := newObject()
	for _, t := range slices.Sorted(maps.Keys(models)) {
		out.set(t, one("schema", e.refTo(models[t])))
	}
	return out
}

func (e *exporter) parameters(m *Method) []any {
	places := map[string]string{"path": "path", "querystring": "query", "header": "header"}
	var out []any
	for _, key := range slices.Sorted(maps.Keys(m.RequestParameters)) {
		place, name, _ := strings.Cut(strings.TrimPrefix(key, "method.request."), ".")
		p, required := newObject(), m.RequestParameters[key]
		p.set("name", name)
		p.set("in", places[place])
		if required || !e.v3 { // parity: spec/definitions.md 5.10
			p.set("required", required)
		}
		if e.v3 {
			p.set("schema", one("type", "string"))
		} else {
			p.set("type", "string")
		}
		out = append(out, p)
	}
	return out
}

func (e *exporter) response(r Response) *object {
	out, headers := newObject(), newObject()
	out.set("description", r.StatusCode+" response")
	for _, key := range slices.Sorted(maps.Keys(r.Parameters)) {
		var h any = one("type", "string")
		if e.v3 {
			h = one("schema", h)
		}
		headers.set(strings.TrimPrefix(key, "method.response.header."), h)
	}
	out.setSome("headers", headers)
	if e.v3 {
		out.set("content", e.content(r.Models))
		return out
	}
	types := slices.Sorted(maps.Keys(r.Models))
	if model, ok := r.Models["application/json"]; ok {
		out.set("schema", e.refTo(model))
	} else if len(types) > 0 {
		out.set("schema", e.refTo(r.Models[types[0]]))
	}
	return out
}

func exportIntegration(in *Integration) *object {
	out := newObject()
	out.setText("credentials", in.Credentials)
	out.setText("httpMethod", in.HTTPMethod)
	out.setText("uri", in.URI)
	responses := newObject()
	for _, r := range in.Responses {
		key := "default"
		if r.SelectionPattern != nil && *r.SelectionPattern != "" {
			key = *r.SelectionPattern
		}
		if responses.has(key) {
			continue // a document has one response for each pattern
		}
		o := newObject()
		o.set("statusCode", r.StatusCode)
		o.setMap("responseParameters", r.Parameters)
		o.setTemplates("responseTemplates", r.Templates)
		o.setText("contentHandling", r.ContentHandling)
		responses.set(key, o)
	}
	out.setSome("responses", responses)
	out.setMap("requestParameters", in.RequestParameters)
	out.setTemplates("requestTemplates", in.RequestTemplates)
	if in.PassthroughBehavior != nil {
		out.set("passthroughBehavior", strings.ToLower(*in.PassthroughBehavior))
	}
	out.setText("contentHandling", in.ContentHandling)
	if in.TimeoutMillis != nil {
		out.set("timeoutInMillis", number(*in.TimeoutMillis))
	}
	out.setText("cacheNamespace", in.CacheNamespace)
	if len(in.CacheKeyParameters) > 0 {
		out.set("cacheKeyParameters", anyList(in.CacheKeyParameters))
	}
	out.setText("connectionType", in.ConnectionType)
	out.setText("connectionId", in.ConnectionID)
	out.setText("integrationTarget", in.IntegrationTarget)
	out.setText("responseTransferMode", in.ResponseTransferMode)
	if in.InsecureSkipVerify != nil {
		out.set("tlsConfig", one("insecureSkipVerification", *in.InsecureSkipVerify))
	}
	out.set("type", strings.ToLower(in.Type))
	return out
}
