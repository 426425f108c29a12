package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// addAuth writes the authorizers of an HTTP API into its definition.
func (h *http) addAuth() {
	if !truthy(h.auth) {
		return
	}
	if !truthy(h.body) {
		h.fail(h.auth, "Auth works only with inline OpenApi specified in the 'DefinitionBody' property.")
		return
	}
	for _, k := range h.auth.Keys() {
		if !slices.Contains([]string{"Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"}, k) {
			h.fail(h.auth, "Invalid value for 'Auth' property")
			return
		}
	}
	if !h.editable(h.auth, "", "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid OpenApi definition.") {
		return
	}
	a := h.authorizers()
	if len(a.all) > 0 {
		schemes := ensure(ensure(h.body, "components"), "securitySchemes")
		for _, x := range a.all {
			schemes.Set(x.name, h.scheme(x))
		}
	}
	standard := h.auth.Get("DefaultAuthorizer")
	if !truthy(standard) || isNoValue(standard) || !h.expect(standard, doc.String, "Auth.DefaultAuthorizer") {
		return
	}
	if a.standard = standard.Text(); a.get(a.standard) == nil {
		h.fail(standard, "Unable to set DefaultAuthorizer because '%s' was not defined in 'Authorizers'.", a.standard)
		return
	}
	h.setDefaultAuthorizer(a)
}

// setDefaultAuthorizer adds the default to all methods without security.
func (h *http) setDefaultAuthorizer(a *authorizers) {
	e := h.editor(h.body)
	scopes := a.scopes(a.standard)
	for _, path := range slices.Clone(e.paths().Keys()) {
		for _, item := range e.items(path) {
			for i, method := range item.Keys() {
				if m := normalMethod(method); m == "parameters" || m == "options" {
					continue
				} else if !item.Has(m) {
					e.fail(item, "Could not find %s in %s within DefinitionBody.", m, path)
					continue
				}
				for _, d := range branches(item.Nth(i)) {
					if !d.Is(doc.Map) {
						e.fail(item, "Definition of method '%s' for path '%s' should be a map.", method, path)
						continue
					}
					if truthy(d.Get(keyIntegration)) && !truthy(d.Get("security")) && h.spend(d, scopes) {
						d.Set("security", list(obj(a.standard, scopes.Clone())))
					}
				}
			}
		}
	}
}

// authorizers reads those of the API.
func (h *http) authorizers() *authorizers {
	a := &authorizers{}
	if h.auth.Get("EnableIamAuthorizer").True() {
		a.all = append(a.all, &authorizer{name: "AWS_IAM", iam: true})
	}
	config := h.auth.Get("Authorizers")
	if !truthy(config) || !h.expect(config, doc.Map, "Auth.Authorizers") {
		return a
	}
	for i, name := range config.Keys() {
		c := config.Nth(i)
		if h.expect(c, doc.Map, "Auth.Authorizers."+name) && h.validAuthorizer(name, c) {
			a.all = append(a.all, &authorizer{name: name, config: c})
		}
	}
	return a
}

// validAuthorizer checks that an authorizer is one of JWT or of a function,
// with all that this needs and nothing of the other.
func (h *http) validAuthorizer(name string, c *Value) bool {
	jwt := c.Get("JwtConfiguration")
	isJWT := truthy(jwt)
	has := func(key string) bool { return given(c.Get(key)) != nil }
	if c.Has("OpenIdConnectUrl") {
		h.fail(c, "'OpenIdConnectUrl' is no longer a supported property for authorizer '%s'. Please refer to the AWS SAM documentation.", name)
		return false
	}
	if s := given(c.Get("AuthorizationScopes")); s != nil && !s.Is(doc.List) {
		h.fail(s, "AuthorizationScopes must be a list.")
		return false
	}
	for _, p := range []struct {
		key, only string
		jwt       bool
	}{
		{"AuthorizationScopes", "OAuth2 Authorizer", true},
		{"JwtConfiguration", "OAuth2 Authorizer", true},
		{"IdentitySource", "OAuth2 Authorizer. For Lambda Authorizer, use the 'Identity' property instead", true},
		{"FunctionArn", "Lambda Authorizer", false},
		{"FunctionInvokeRole", "Lambda Authorizer", false},
		{"Identity", "Lambda Authorizer", false},
		{"AuthorizerPayloadFormatVersion", "Lambda Authorizer", false},
		{"EnableSimpleResponses", "Lambda Authorizer", false},
		{"EnableFunctionDefaultPermissions", "Lambda Authorizer", false},
	} {
		if has(p.key) && p.jwt != isJWT {
			h.fail(c, "%s is only supported for %s.", p.key, p.only)
			return false
		}
	}
	switch on := given(c.Get("EnableFunctionDefaultPermissions")); {
	case isJWT && !h.expect(jwt, doc.Map, "JwtConfiguration"):
	case isJWT && !truthy(c.Get("IdentitySource")):
		h.fail(c, "%s OAuth2 Authorizer must define 'IdentitySource'.", name)
	case !isJWT && !truthy(c.Get("FunctionArn")):
		h.fail(c, "%s Lambda Authorizer must define 'FunctionArn'.", name)
	case !isJWT && !truthy(c.Get("AuthorizerPayloadFormatVersion")):
		h.fail(c, "%s Lambda Authorizer must define 'AuthorizerPayloadFormatVersion'.", name)
	case on != nil && !h.expect(on, doc.Bool, "Authorizers."+name+".EnableFunctionDefaultPermissions"):
	default:
		return true
	}
	return false
}

// scheme is the security scheme of an authorizer.
func (h *http) scheme(a *authorizer) *Value {
	if a.iam {
		return obj("type", "apiKey", "name", "Authorization", "in", "header", keyAuthType, "awsSigv4")
	}
	if jwt := a.config.Get("JwtConfiguration"); truthy(jwt) {
		config := doc.NewMap()
		for i, k := range jwt.Keys() {
			config.Set(strings.ToLower(k), jwt.Nth(i))
		}
		return obj("type", "oauth2", keyAuthorizer, obj(
			"jwtConfiguration", config, "identitySource", a.config.Get("IdentitySource"), "type", "jwt"))
	}
	x := obj("type", "request", "authorizerUri", sub(
		"arn:"+h.in.Partition+":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations",
		"__FunctionArn__", a.config.Get("FunctionArn")))
	if role := a.config.Get("FunctionInvokeRole"); truthy(role) && role.Text() != "NONE" {
		x.Set("authorizerCredentials", role)
	}
	if identity := a.config.Get("Identity"); truthy(identity) && h.expect(identity, doc.Map, "Auth.Authorizers."+a.name+".Identity") {
		x.Set("authorizerResultTtlInSeconds", given(identity.Get("ReauthorizeEvery")))
		x.Set("identitySource", h.identitySource(a, identity))
	}
	x.Set("authorizerPayloadFormatVersion", a.config.Get("AuthorizerPayloadFormatVersion"))
	if v := a.config.Get("EnableSimpleResponses"); truthy(v) {
		x.Set("enableSimpleResponses", v)
	}
	return obj("type", "apiKey", "name", "Unused", "in", "header", keyAuthorizer, x)
}

func (h *http) identitySource(a *authorizer, identity *Value) *Value {
	all := list()
	for _, p := range []struct{ key, prefix string }{
		{"Headers", "$request.header."},
		{"QueryStrings", "$request.querystring."},
		{"StageVariables", "$stageVariables."},
		{"Context", "$context."},
	} {
		v := identity.Get(p.key)
		path := "Authorizers." + a.name + ".Identity." + p.key
		if !truthy(v) || !h.expect(v, doc.List, path) {
			continue
		}
		for _, it := range v.Items() {
			if h.expect(it, doc.String, path) {
				all.Append(text(p.prefix + it.Text()))
			}
		}
	}
	return all
}

// authorizerPermissions lets API Gateway call the functions of authorizers
// that ask for it.
func (h *http) authorizerPermissions() {
	if !truthy(h.auth) {
		return
	}
	for _, x := range h.authorizers().all {
		arn := x.config.Get("FunctionArn")
		if truthy(arn) && truthy(x.config.Get("EnableFunctionDefaultPermissions")) {
			h.authorizerPermission(h.id+x.name+"AuthorizerPermission", arn)
		}
	}
}

// authorizerPermission lets the API call the function of an authorizer.
func (j *job) authorizerPermission(id string, arn *Value) {
	j.also(id, "AWS::Lambda::Permission").setAll(
		"Action", "lambda:InvokeFunction", "FunctionName", arn.Clone(), "Principal", "apigateway.amazonaws.com",
		"SourceArn", sub("arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*", "__ApiId__", ref(j.id)))
}
