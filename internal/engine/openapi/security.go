package openapi

import "strings"

// schemes are the document's security schemes.
func (d *document) schemes() *object {
	if d.v3 {
		return d.root.object("components").object("securitySchemes")
	}
	return d.root.object("securityDefinitions")
}

// authorizers are made for every scheme that has one, referred to or not.
// parity: spec/definitions.md 5.7
func (d *document) authorizers() {
	schemes := d.schemes()
	if schemes == nil {
		return
	}
	for _, name := range schemes.names {
		scheme := schemes.object(name)
		d.describe(DocumentationPart{Type: "AUTHORIZER", Name: name}, scheme, "description")
		a := scheme.object(ext + "authorizer")
		if a == nil {
			if kind := orEmpty(scheme.text("type")); kind != "" && kind != "apiKey" {
				d.warn("Unsupported security definition type '%s' for '%s'. Ignoring.", kind, name)
			}
			continue
		}
		d.api.Authorizers = append(d.api.Authorizers, authorizer(name, scheme, a))
	}
	d.signers = make(map[string]*Authorizer, len(d.api.Authorizers))
	for i := range d.api.Authorizers {
		d.signers[d.api.Authorizers[i].Name] = &d.api.Authorizers[i]
	}
}

func authorizer(name string, scheme, a *object) Authorizer {
	out := Authorizer{
		Name:         name,
		AuthType:     scheme.text(ext + "authtype"),
		URI:          a.text("authorizerUri"),
		Credentials:  a.text("authorizerCredentials"),
		Identity:     a.text("identitySource"),
		Validation:   a.text("identityValidationExpression"),
		TTLSeconds:   a.number("authorizerResultTtlInSeconds"),
		ProviderARNs: a.texts("providerARNs"),
	}
	if t := upper(a.text("type")); t != nil {
		out.Type = *t
	}
	if out.Identity == nil && (out.Type != "REQUEST" || !strings.EqualFold(orEmpty(scheme.text("name")), unused)) {
		if place := map[string]string{"header": "header", "query": "querystring"}[orEmpty(scheme.text("in"))]; place != "" {
			if n := scheme.text("name"); n != nil {
				source := "method.request." + place + "." + *n
				out.Identity = &source
			}
		}
	}
	return out
}

// security decides how an operation is authorized: its own requirement, even an
// empty one, replaces the root's; the first entry that names an authorizer counts.
// x-amazon-apigateway-auth is stronger than what requirements say about
// authorization, but not about API keys.
func (d *document) security(m *Method, op *object) {
	list := d.root.list("security")
	d.budget.spend(32 * len(list))
	if op.has("security") {
		list = op.list("security")
	}
	for _, v := range list {
		requirement, _ := v.(*object)
		if requirement == nil {
			continue
		}
		for _, name := range requirement.names {
			d.require(m, name, requirement.texts(name))
		}
	}
	if isSigned(op.text(ext + "authtype")) { // of old documents
		m.AuthorizationType, m.Authorizer, m.Scopes = "AWS_IAM", nil, nil
	}
	if t := upper(op.object(ext + "auth").text("type")); t != nil {
		m.AuthorizationType, m.Authorizer, m.Scopes = *t, nil, nil
	}
}

func isSigned(authtype *string) bool { return strings.EqualFold(orEmpty(authtype), "awsSigv4") }

func (d *document) require(m *Method, name string, scopes []string) {
	scheme := d.schemes().object(name)
	if a := d.signers[name]; a != nil && m.AuthorizationType == "NONE" {
		m.Authorizer = &a.Name
		m.AuthorizationType = "CUSTOM"
		if a.Type == "COGNITO_USER_POOLS" {
			m.AuthorizationType = "COGNITO_USER_POOLS"
			m.Scopes = scopes
		}
	}
	switch {
	case scheme.object(ext+"authorizer") != nil:
	case isSigned(scheme.text(ext + "authtype")):
		if m.Authorizer == nil {
			m.AuthorizationType = "AWS_IAM"
		}
	case orEmpty(scheme.text("type")) == "apiKey" && strings.EqualFold(orEmpty(scheme.text("name")), "x-api-key"):
		m.APIKeyRequired = true
	}
}
