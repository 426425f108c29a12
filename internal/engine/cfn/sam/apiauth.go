package sam

import (
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// authorizers are those that an API declares.
type authorizers struct {
	standard string // name of the default one; may be empty
	all      []*authorizer
}

func (a *authorizers) names() []string {
	var all []string
	for _, x := range a.all {
		all = append(all, x.name)
	}
	return all
}

func (a *authorizers) get(name string) *authorizer {
	for _, x := range a.all {
		if x.name == name {
			return x
		}
	}
	return nil
}

// scopes are the OAuth scopes of an authorizer; an empty list if it has none.
func (a *authorizers) scopes(name string) *Value {
	if x := a.get(name); x != nil && !x.iam {
		if s := given(x.config.Get("AuthorizationScopes")); s != nil {
			return s.Clone()
		}
	}
	return list()
}

// authorizer is an authorizer as declared.
type authorizer struct {
	name   string
	iam    bool
	config *Value
}

func (a *authorizer) kind() string {
	switch {
	case a.iam:
		return "AWS_IAM"
	case truthy(a.config.Get("UserPoolArn")):
		return "COGNITO_USER_POOLS"
	}
	return "LAMBDA"
}

// payload is what a function gets: TOKEN or REQUEST.
func (a *authorizer) payload() string {
	if s := a.config.Get("FunctionPayloadType").Text(); s != "" {
		return s
	}
	return "TOKEN"
}

// authorizers reads those of the API; nil if there are none.
func (r *rest) authorizers(standard *Value) *authorizers {
	a := &authorizers{standard: standard.Text()}
	if a.standard == "AWS_IAM" {
		a.all = append(a.all, &authorizer{name: "AWS_IAM", iam: true})
	}
	config := r.auth.Get("Authorizers")
	if truthy(config) && r.expect(config, doc.Map, "Auth.Authorizers") {
		for i, name := range config.Keys() {
			c := config.Nth(i)
			if !r.expect(c, doc.Map, "Auth.Authorizers."+name) || !r.validAuthorizer(name, c) {
				continue
			}
			a.all = append(a.all, &authorizer{name: name, config: c})
		}
	}
	if len(a.all) == 0 {
		return nil
	}
	return a
}

func (r *rest) validAuthorizer(name string, c *Value) bool {
	payload, identity := given(c.Get("FunctionPayloadType")), c.Get("Identity")
	scopes, off := given(c.Get("AuthorizationScopes")), given(c.Get("DisableFunctionDefaultPermissions"))
	switch {
	case payload != nil && payload.Text() != "TOKEN" && payload.Text() != "REQUEST":
		r.fail(payload, "%s Authorizer has invalid 'FunctionPayloadType': %s.", name, payload.Text())
	case truthy(identity) && !identity.Is(doc.Map):
		r.fail(identity, "Auth.Authorizers.<Authorizer>.Identity must be a dict (LambdaTokenAuthorizationIdentity, LambdaRequestAuthorizationIdentity or CognitoAuthorizationIdentity).")
	case payload.Text() == "REQUEST" && noIdentity(identity):
		r.fail(c, "%s Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.", name)
	case scopes != nil && !r.expect(scopes, doc.List, "Authorizers."+name+".AuthorizationScopes"):
	case off != nil && !r.expect(off, doc.Bool, "Authorizers."+name+".DisableFunctionDefaultPermissions"):
	default:
		return true
	}
	return false
}

// noIdentity reports whether a REQUEST authorizer lacks the source of identity
// that its cache needs.
func noIdentity(identity *Value) bool {
	if !truthy(identity) {
		return true
	}
	for _, k := range []string{"Headers", "QueryStrings", "StageVariables", "Context"} {
		if truthy(identity.Get(k)) {
			return false
		}
	}
	ttl, err := strconv.Atoi(identity.Get("ReauthorizeEvery").Text())
	return err != nil || ttl > 0
}

// addAuth writes authorizers, API keys and resource policies into the definition.
func (r *rest) addAuth() {
	if !truthy(r.auth) {
		return
	}
	if !truthy(r.body) {
		r.fail(r.auth, "Auth works only with inline Swagger specified in 'DefinitionBody' property.")
		return
	}
	for _, k := range r.auth.Keys() {
		if !slices.Contains([]string{
			"Authorizers", "DefaultAuthorizer", "InvokeRole", "AddDefaultAuthorizerToCorsPreflight",
			"AddApiKeyRequiredToCorsPreflight", "ApiKeyRequired", "ResourcePolicy", "UsagePlan",
		}, k) {
			r.fail(r.auth, "Invalid value for 'Auth' property")
			return
		}
	}
	if !r.editable("", "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.") {
		return
	}
	e := r.editor(r.body)
	standard := given(r.auth.Get("DefaultAuthorizer"))
	if a := r.authorizers(standard); a != nil {
		definitions := e.securityDefinitions()
		for _, x := range a.all {
			definitions.Set(x.name, r.scheme(x))
		}
		r.setDefaultAuthorizer(e, a, standard)
	}
	paths := slices.Clone(e.paths().Keys())
	if truthy(r.auth.Get("ApiKeyRequired")) {
		e.addAPIKey()
		for _, path := range paths {
			e.setDefaultAPIKey(path, onUnlessFalse(r.auth.Get("AddApiKeyRequiredToCorsPreflight")))
		}
	}
	if policy := r.auth.Get("ResourcePolicy"); truthy(policy) {
		for _, path := range paths {
			e.addResourcePolicy(policy, path, r.stageName)
		}
		if s := policy.Get("CustomStatements"); truthy(s) {
			e.addCustomStatements(s)
		}
	}
	r.toOpenAPI()
}

// onUnlessFalse reads a switch that is on if it is not given.
func onUnlessFalse(v *Value) bool { return v == nil || truthy(v) }

func (r *rest) setDefaultAuthorizer(e *editor, a *authorizers, standard *Value) {
	if !truthy(standard) {
		return
	}
	switch name, ok := standard.Str(); {
	case !ok:
		r.fail(standard, "DefaultAuthorizer is not a string.")
	case a.get(name) == nil && name != "AWS_IAM":
		r.fail(standard, "Unable to set DefaultAuthorizer because '%s' was not defined in 'Authorizers'.", name)
	default:
		for _, path := range slices.Clone(e.paths().Keys()) {
			e.setDefaultAuthorizer(path, a, onUnlessFalse(r.auth.Get("AddDefaultAuthorizerToCorsPreflight")))
		}
	}
}

// scheme is the security scheme of an authorizer.
func (r *rest) scheme(a *authorizer) *Value {
	identity := a.config.Get("Identity")
	header := text("Authorization")
	if h := identity.Get("Header"); truthy(h) {
		header = h
	}
	switch a.kind() {
	case "AWS_IAM":
		return obj("type", "apiKey", "name", header, "in", "header", keyAuthType, "awsSigv4")
	case "COGNITO_USER_POOLS":
		x := obj("type", "cognito_user_pools", "providerARNs", asList(a.config.Get("UserPoolArn")))
		if v := identity.Get("ValidationExpression"); truthy(v) {
			x.Set("identityValidationExpression", v)
		}
		return obj("type", "apiKey", "name", header, "in", "header", keyAuthType, "cognito_user_pools", keyAuthorizer, x)
	}
	x := obj("type", strings.ToLower(a.payload()), "authorizerUri", sub(
		"arn:"+r.in.Partition+":apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations",
		"__FunctionArn__", orNull(a.config.Get("FunctionArn"))))
	if ttl := given(identity.Get("ReauthorizeEvery")); ttl != nil {
		x.Set("authorizerResultTtlInSeconds", ttl)
	}
	if role := a.config.Get("FunctionInvokeRole"); truthy(role) && role.Text() != "NONE" {
		x.Set("authorizerCredentials", role)
	}
	if a.payload() == "REQUEST" {
		header = text("Unused")
		if s := r.identitySource(a, identity); s != "" {
			x.SetText("identitySource", s)
		}
	} else if v := identity.Get("ValidationExpression"); truthy(v) {
		x.Set("identityValidationExpression", v)
	}
	return obj("type", "apiKey", "name", header, "in", "header", keyAuthType, "custom", keyAuthorizer, x)
}

// orNull is v, or null if it is absent.
func orNull(v *Value) *Value {
	if v == nil {
		return doc.NewNull()
	}
	return v
}

// identitySource names the parts of a request that identify the caller.
func (r *rest) identitySource(a *authorizer, identity *Value) string {
	var all []string
	for _, p := range []struct{ key, prefix string }{
		{"Headers", "method.request.header."},
		{"QueryStrings", "method.request.querystring."},
		{"StageVariables", "stageVariables."},
		{"Context", "context."},
	} {
		v := identity.Get(p.key)
		path := "Auth.Authorizers." + a.name + ".Identity." + p.key
		if !truthy(v) || !r.expect(v, doc.List, path) {
			continue
		}
		for i, it := range v.Items() {
			if r.expect(it, doc.String, path+"["+strconv.Itoa(i)+"]") {
				all = append(all, p.prefix+it.Text())
			}
		}
	}
	return strings.Join(all, ", ")
}

// authorizerPermissions lets API Gateway call the functions of authorizers.
func (r *rest) authorizerPermissions() {
	a := r.authorizers(nil)
	if a == nil {
		return
	}
	for _, x := range a.all {
		arn := x.config.Get("FunctionArn")
		if !truthy(arn) || truthy(x.config.Get("DisableFunctionDefaultPermissions")) {
			continue
		}
		r.also(r.id+x.name+"AuthorizerPermission", "AWS::Lambda::Permission").setAll(
			"Action", "lambda:InvokeFunction", "FunctionName", arn.Clone(), "Principal", "apigateway.amazonaws.com",
			"SourceArn", sub("arn:"+r.in.Partition+":execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*", "__ApiId__", ref(r.id)))
	}
}
