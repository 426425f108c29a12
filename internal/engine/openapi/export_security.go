package openapi

import (
	"slices"
	"strings"
)

// Names of the schemes that stand for no authorizer. An authorizer that has
// such a name keeps it, and the scheme gets another.
const (
	keyScheme    = "api_key"
	signedScheme = "sigv4"
)

func (e *exporter) schemeName(name string) string {
	for slices.ContainsFunc(e.api.Authorizers, func(a Authorizer) bool { return a.Name == name }) {
		name += "_"
	}
	return name
}

// security is what a method asks for, one requirement each.
func (e *exporter) security(m *Method) []any {
	var out []any
	if e.extends(ExtendAuthorizers) {
		switch {
		case m.AuthorizationType == "AWS_IAM":
			out = append(out, one(e.schemeName(signedScheme), []any{}))
		case m.Authorizer != nil:
			out = append(out, one(*m.Authorizer, anyList(m.Scopes)))
		}
	}
	if m.APIKeyRequired {
		out = append(out, one(e.schemeName(keyScheme), []any{}))
	}
	return out
}

// schemes are the security schemes that methods and authorizers need.
func (e *exporter) schemes() *object {
	out := newObject()
	uses := func(yes func(*Method) bool) bool {
		return slices.ContainsFunc(e.api.Paths, func(p Path) bool {
			return slices.ContainsFunc(p.Methods, func(m Method) bool { return yes(&m) })
		})
	}
	if uses(func(m *Method) bool { return m.APIKeyRequired }) {
		out.set(e.schemeName(keyScheme), scheme("x-api-key", "header"))
	}
	if !e.extends(ExtendAuthorizers) {
		return out
	}
	if uses(func(m *Method) bool { return m.AuthorizationType == "AWS_IAM" }) {
		signed := scheme("Authorization", "header")
		signed.set(ext+"authtype", "awsSigv4")
		out.set(e.schemeName(signedScheme), signed)
	}
	for _, a := range e.api.Authorizers {
		out.set(a.Name, exportAuthorizer(a))
	}
	return out
}

func scheme(name, in string) *object {
	o := newObject()
	o.set("type", "apiKey")
	o.set("name", name)
	o.set("in", in)
	return o
}

// unused is the name of a scheme whose authorizer says itself what it reads.
const unused = "Unused"

func exportAuthorizer(a Authorizer) *object {
	name, source := unused, a.Identity
	if header, ok := strings.CutPrefix(orEmpty(a.Identity), "method.request.header."); ok && !strings.Contains(header, ",") && a.Type != "REQUEST" {
		name, source = header, nil
	}
	o := scheme(name, "header")
	o.setText(ext+"authtype", a.AuthType)
	x := newObject()
	x.set("type", strings.ToLower(a.Type))
	x.setText("authorizerUri", a.URI)
	x.setText("authorizerCredentials", a.Credentials)
	x.setText("identitySource", source)
	x.setText("identityValidationExpression", a.Validation)
	if len(a.ProviderARNs) > 0 {
		x.set("providerARNs", anyList(a.ProviderARNs))
	}
	if a.TTLSeconds != nil {
		x.set("authorizerResultTtlInSeconds", number(*a.TTLSeconds))
	}
	o.set(ext+"authorizer", x)
	return o
}
