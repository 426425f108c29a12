package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// securityDefinitions are the security schemes of a definition.
func (e *editor) securityDefinitions() *Value { return ensure(e.doc, "securityDefinitions") }

// addAWSIAM adds the security scheme of signed requests.
func (e *editor) addAWSIAM() {
	if s := e.securityDefinitions(); !s.Has("AWS_IAM") {
		s.Set("AWS_IAM", obj(keyAuthType, "awsSigv4", "type", "apiKey", "name", "Authorization", "in", "header"))
	}
}

// addAPIKey adds the security scheme of API keys.
func (e *editor) addAPIKey() {
	if s := e.securityDefinitions(); !s.Has("api_key") {
		s.Set("api_key", obj("type", "apiKey", "name", "x-api-key", "in", "header"))
	}
}

// setSecurity sets the requirements of a method, if there are any. The scheme
// of signed requests comes along where it is named first.
func (e *editor) setSecurity(d, requirements *Value) {
	if requirements.Len() == 0 {
		return
	}
	d.Set("security", requirements)
	if names(requirements.Item(0), "AWS_IAM") {
		e.addAWSIAM()
	}
}

// setDefaultAuthorizer adds the default authorizer to the methods of a path
// that name none themselves. NONE takes it off.
func (e *editor) setDefaultAuthorizer(path string, a *authorizers, preflight bool) {
	known := append([]string{"AWS_IAM"}, a.names()...)
	scopes := a.scopes(a.standard)
	e.eachMethod(path, func(method string, d *Value) {
		if method == "options" && !preflight || !e.spend(d, scopes) {
			return
		}
		other, own, none := list(), list(), false
		for _, s := range e.security(d, path, method).Items() {
			switch {
			case names(s, known...):
				own.Append(s)
			case !none && s.Has("NONE"):
				none = true
			default:
				other.Append(s)
			}
		}
		switch {
		case none:
			own = list()
		case own.Len() == 0:
			own = list(obj(a.standard, scopes.Clone()))
		}
		e.setSecurity(d, concat(other, own))
	})
}

// setDefaultAPIKey asks for an API key on the methods of a path that do not
// say otherwise.
func (e *editor) setDefaultAPIKey(path string, preflight bool) {
	e.eachMethod(path, func(method string, d *Value) {
		before := e.security(d, path, method)
		other, off := list(), false
		for _, s := range before.Items() {
			if names(s, "api_key", "api_key_false") {
				off = off || s.Has("api_key_false")
				continue
			}
			other.Append(s)
		}
		after := other
		if !off && (method != "options" || preflight) {
			after = concat(other, list(obj("api_key", list())))
		}
		if !after.Equal(before) {
			d.Set("security", after)
		}
	})
}

// addMethodAuthorizer adds the authorizer that an event names.
func (e *editor) addMethodAuthorizer(path, method, name string, authorizers, scopes *Value) {
	for _, d := range e.definitions(path, method, false) {
		granted := list()
		if a := authorizers.Get(name); name != "NONE" && truthy(authorizers) && a != nil {
			if s := given(a.Get("AuthorizationScopes")); s != nil {
				granted = s
			}
			if s := given(scopes); s != nil {
				granted = s
			}
		}
		e.setSecurity(d, concat(e.security(d, path, method), list(obj(name, granted.Clone()))))
	}
}

// addMethodAPIKey asks for an API key, or marks that none is needed though the
// API asks for one.
func (e *editor) addMethodAPIKey(path, method string, required bool) {
	for _, d := range e.definitions(path, method, false) {
		scheme := "api_key_false"
		if required {
			scheme = "api_key"
			e.addAPIKey()
		}
		d.Set("security", concat(e.security(d, path, method), list(obj(scheme, list()))))
	}
}

// corsConfig is what answers preflight requests.
type corsConfig struct {
	origin, headers, methods, maxAge *Value
	credentials                      bool
}

// addCORS adds an OPTIONS method to a path that has none.
func (e *editor) addCORS(path string, c corsConfig) {
	for _, item := range e.items(path) {
		if item.Has("options") || !e.spend(item, c.origin, c.headers, c.methods, c.maxAge) {
			continue
		}
		own := c
		if !truthy(own.methods) {
			own.methods = text("'" + corsMethods(item) + "'")
		}
		item.Set("options", own.method())
	}
}

// corsMethods are the methods of a path item with OPTIONS, sorted; all if it
// has the any method.
func corsMethods(item *Value) string {
	all := append(slices.Clone(item.Keys()), "options")
	if item.Has(keyAnyMethod) {
		all = []string{"OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"}
	}
	for i := range all {
		all[i] = strings.ToUpper(all[i])
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// method is the definition of the OPTIONS method.
func (c corsConfig) method() *Value {
	parameters, headers := doc.NewMap(), doc.NewMap()
	add := func(name string, v *Value, kind string) {
		parameters.Set("method.response.header."+name, v.Clone())
		headers.Set(name, obj("type", kind))
	}
	add("Access-Control-Allow-Origin", c.origin, "string")
	if truthy(c.headers) {
		add("Access-Control-Allow-Headers", c.headers, "string")
	}
	if truthy(c.methods) {
		add("Access-Control-Allow-Methods", c.methods, "string")
	}
	if c.maxAge != nil {
		add("Access-Control-Max-Age", c.maxAge, "integer")
	}
	if c.credentials {
		add("Access-Control-Allow-Credentials", text("'true'"), "string")
	}
	return obj(
		"summary", "CORS support",
		"consumes", texts("application/json"),
		"produces", texts("application/json"),
		keyIntegration, obj(
			"type", "mock",
			"requestTemplates", obj("application/json", "{\n  \"statusCode\" : 200\n}\n"),
			"responses", obj("default", obj(
				"statusCode", "200",
				"responseParameters", parameters,
				"responseTemplates", obj("application/json", "{}\n"),
			)),
		),
		"responses", obj("200", obj("description", "Default response for CORS method", "headers", headers)),
	)
}

// disableEndpoint says in the definition whether the API's own endpoint serves.
func (e *editor) disableEndpoint(off *Value) {
	targets := []*Value{e.doc}
	if openAPI3.MatchString(e.doc.Get("openapi").Text()) {
		servers := e.doc.Get("servers")
		if servers == nil {
			servers = list(doc.NewMap())
			e.doc.Set("servers", servers)
		}
		targets = servers.Items()
	}
	for _, target := range targets {
		if !target.Is(doc.Map) {
			e.fail(target, "Invalid OpenAPI definition of 'servers': It should be a map.")
			continue
		}
		ensure(target, keyEndpoint).Set("disableExecuteApiEndpoint", off.Clone())
	}
}

// addValidator lets a method validate its requests.
func (e *editor) addValidator(path, method string, body, parameters bool) {
	name := "no-validation"
	switch {
	case body && parameters:
		name = "body-and-params"
	case body:
		name = "body-only"
	case parameters:
		name = "params-only"
	}
	all := ensure(e.doc, "x-amazon-apigateway-request-validators")
	if !truthy(all.Get(name)) {
		all.Set(name, obj("validateRequestBody", body, "validateRequestParameters", parameters))
	}
	for _, d := range e.definitions(path, method, false) {
		d.SetText("x-amazon-apigateway-request-validator", name)
	}
}

// addModel names the model of a method's request body.
func (e *editor) addModel(path, method, model string, required *Value) {
	for _, d := range e.definitions(path, method, false) {
		if given(e.doc.Get("swagger")) != nil {
			p := obj("in", "body", "name", model, "schema", obj("$ref", "#/definitions/"+model))
			p.Set("required", given(required))
			ensureList(d, "parameters").Append(p)
		} else if openAPI3.MatchString(e.doc.Get("openapi").Text()) {
			b := obj("content", obj("application/json", obj("schema", obj("$ref", "#/components/schemas/"+model))))
			b.Set("required", given(required))
			d.Set("requestBody", b)
		}
	}
}

// requestParameter is a parameter that a method declares.
type requestParameter struct {
	name              string // method.request.LOCATION.NAME
	required, caching *Value
}

// addParameters declares parameters of a method.
func (e *editor) addParameters(path, method string, all []requestParameter) {
	for _, d := range e.definitions(path, method, false) {
		declared := ensureList(d, "parameters")
		for _, p := range all {
			location, name, _ := strings.Cut(strings.Replace(p.name, "method.request.", "", 1), ".")
			if location == "querystring" {
				location = "query"
			}
			declared.Append(obj("in", location, "name", name, "required", p.required.Clone(), "type", "string"))
			if truthy(p.caching) {
				ensureList(d.Get(keyIntegration), "cacheKeyParameters").Append(text(p.name))
			}
		}
	}
}
