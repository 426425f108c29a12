package sam

import (
	"regexp"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var requestParameterName = regexp.MustCompile(`^method\.request\.(querystring|path|header)\.`)

// apiEvent is an event of a REST API, of a function or state machine.
type apiEvent struct {
	*event
	apiID        string
	props        *Value // of the API
	path, method string // method in small letters
	stage        string // what permissions and policies call the stage
}

// apiID is the logical id that an event names its API by.
func apiID(v *Value) *Value {
	if r := v.Get("Ref"); r != nil {
		return r
	}
	return v
}

// link finds the API of an event; false after a problem.
func (e *event) link() (*apiEvent, bool) {
	a := &apiEvent{
		event: e, path: e.get("Path").Text(), method: strings.ToLower(e.get("Method").Text()), stage: "AllStages",
	}
	id, ok := apiID(e.get("RestApiId")).Str()
	if !ok {
		a.props = doc.NewMap()
		return a, true
	}
	r := e.source.Get(id)
	if !r.Is(doc.Map) {
		e.fail(e.get("RestApiId"), "RestApiId property of Api event must reference a valid resource in the same template.")
		return nil, false
	}
	a.apiID, a.props = id, properties(r)
	switch name := a.props.Get("StageName"); {
	case name.Is(doc.String) && name.Text() == "":
		e.failAs(id, name, "StageName cannot be empty.")
		return nil, false
	case name.Is(doc.String):
		a.stage = name.Text()
	default:
		a.stage = "Stage"
	}
	return a, true
}

// api lets an API call the function, and writes the integration into the
// API's definition, where that is SAM's to write.
func (e *event) api() {
	a, ok := e.link()
	if !ok {
		return
	}
	a.allow()
	if truthy(a.props.Get(managed)) || truthy(a.props.Get("MergeDefinitions")) {
		a.integrate()
	}
	auth := e.get("Auth")
	body := a.props.Get("DefinitionBody")
	if !truthy(body) || !truthy(auth.Get("OverrideApiAuth")) || e.failed {
		return
	}
	if !truthy(auth.Get("Authorizer")) && !truthy(auth.Get("ApiKeyRequired")) && !truthy(auth.Get("ResourcePolicy")) {
		e.fail(auth, "Must define one of: Authorizer, ApiKeyRequired or ResourcePolicy when using the OverrideApiAuth property.")
		return
	}
	if a.swagger(body) {
		a.authorize(e.editor(body), auth)
	}
}

// swagger reports whether a definition can be edited.
func (a *apiEvent) swagger(body *Value) bool {
	if isSwagger(body) {
		return true
	}
	a.failed = true
	a.invalid(body, "Invalid Swagger document or the Swagger document is not explicitly defined in 'DefinitionBody'.")
	return false
}

// allow lets the API call the function for the path and method.
func (a *apiEvent) allow() {
	path := pathVariable.ReplaceAllString(trailingSlash.ReplaceAllString(a.path, "$1"), "*")
	method := strings.ToUpper(a.method)
	if a.method == "any" {
		method = "*"
	}
	id := a.id + "Permission"
	if alphanumeric(a.stage) {
		id += a.stage
	} else {
		id += short(text(a.stage))
	}
	a.permissionAs(id, "apigateway.amazonaws.com", sub(
		"arn:"+a.in.Partition+":execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}/"+method+path,
		"__ApiId__", a.get("RestApiId"), "__Stage__", "*"))
}

// functionURI is the uri by which API Gateway calls a function.
func functionURI(partition string, target *made, streaming bool) *Value {
	name := "${" + target.id + "}"
	if target.typ == "AWS::Lambda::Function" {
		name = "${" + target.id + ".Arn}"
	}
	version, end := "2015-03-31", "/invocations"
	if streaming {
		version, end = "2021-11-15", "/response-streaming-invocations"
	}
	return sub("arn:" + partition + ":apigateway:${AWS::Region}:lambda:path/" + version + "/functions/" + name + end)
}

// integrate writes the integration of the function into the definition.
func (a *apiEvent) integrate() {
	body := a.props.Get("DefinitionBody")
	if given(body) == nil {
		return
	}
	merge := truthy(a.props.Get("MergeDefinitions"))
	target := body
	if merge {
		target = swaggerSkeleton()
	}
	if !a.swagger(target) {
		return
	}
	ed := a.editor(target)
	if ed.hasIntegration(a.path, a.method) {
		a.fail(a.get("Path"), `API method "%s" defined multiple times for path "%s".`, a.method, a.path)
		return
	}
	auth, apiAuth := a.get("Auth"), a.props.Get("Auth")
	if truthy(apiAuth) && !apiAuth.Is(doc.Map) {
		a.failAs(a.apiID, apiAuth, "Property 'Auth' should be a map.")
		return
	}
	streaming := a.get("ResponseTransferMode").Text() == "RESPONSE_STREAM"
	in := integration{
		path: a.path, method: a.method, condition: a.condition(), uri: functionURI(a.in.Partition, a.target, streaming),
		value: obj("type", "aws_proxy", "httpMethod", "POST"), responses: doc.NewMap(),
	}
	if streaming {
		in.value.SetText("responseTransferMode", "STREAM")
	}
	ed.addIntegration(in, func(d *Value) {
		if c := a.credentials(auth, apiAuth); c != nil {
			d.Get(keyIntegration).Set("credentials", c)
		}
	})
	if truthy(auth) {
		a.authorize(ed, auth)
	}
	if t := a.get("TimeoutInMillis"); truthy(t) {
		ed.setTimeout(a.path, a.method, t)
	}
	a.requestModel(ed)
	a.requestParameters(ed)
	if merge {
		a.merge(body, target)
	}
}

// credentials are those that API Gateway calls with, where requests are
// signed; nil for none.
func (a *apiEvent) credentials(auth, apiAuth *Value) *Value {
	signed := auth.Get("Authorizer").Text() == "AWS_IAM" || apiAuth.Get("DefaultAuthorizer").Text() == "AWS_IAM" && !truthy(auth)
	if !signed {
		return nil
	}
	role := auth.Get("InvokeRole")
	if role != nil && !truthy(role) {
		role = text("NONE")
	}
	if role == nil {
		if role = apiAuth.Get("InvokeRole"); role != nil && !truthy(role) {
			role = text("NONE")
		}
	}
	switch {
	case role == nil, role.Text() == "CALLER_CREDENTIALS":
		return text("arn:" + a.in.Partition + ":iam::*:user/*")
	case role.Text() == "NONE":
		return nil
	}
	return role.Clone()
}

// merge puts what SAM made for the method into the definition that was given.
func (a *apiEvent) merge(body, made *Value) {
	paths := body.Get("paths")
	if !truthy(paths) {
		return
	}
	item := paths.Get(a.path)
	if item != nil && !item.Is(doc.Map) && truthy(item) {
		a.failAs(a.apiID, item, "Property 'DefinitionBody' is invalid: The value of '%s' should be a map", a.path)
		return
	}
	own := item.Get(a.method)
	if truthy(own) && !own.Is(doc.Map) {
		a.failAs(a.apiID, own, "Property 'DefinitionBody.paths.%s.%s' should be a map.", a.path, a.method)
		return
	}
	ensure(paths, a.path).Set(a.method, merged(own, made.Find("paths", a.path, normalMethod(a.method))))
}

// authorize writes what Auth says into the definition.
func (a *apiEvent) authorize(ed *editor, auth *Value) {
	apiAuth := a.props.Get("Auth")
	if apiAuth != nil {
		apiAuth = a.resolve(apiAuth)
	}
	name, all := auth.Get("Authorizer"), apiAuth.Get("Authorizers")
	scopes, key := auth.Get("AuthorizationScopes"), given(auth.Get("ApiKeyRequired"))
	switch {
	case truthy(name) && !a.validAuthorizer(name, all, apiAuth):
		return
	case truthy(scopes) && !a.expect(scopes, doc.List, "Auth.AuthorizationScopes"):
		return
	case truthy(scopes) && !truthy(name):
		a.fail(scopes, "AuthorizationScopes works only when Authorizer is set")
		return
	case key != nil && !truthy(key) && !truthy(apiAuth.Get("ApiKeyRequired")):
		a.fail(key, "Unable to set ApiKeyRequired [False] on API method [%s] for path [%s] because the related API does not specify any ApiKeyRequired.", a.method, a.path)
		return
	}
	if truthy(name) {
		ed.addMethodAuthorizer(a.path, a.method, name.Text(), all, scopes)
	}
	if key != nil {
		ed.addMethodAPIKey(a.path, a.method, truthy(key))
	}
	policy := auth.Get("ResourcePolicy")
	if !truthy(policy) || !a.expect(policy, doc.Map, "Auth.ResourcePolicy") {
		return
	}
	ed.addResourcePolicy(policy, a.path, text(a.stage))
	if s := policy.Get("CustomStatements"); truthy(s) {
		ed.addCustomStatements(s)
	}
}

// validAuthorizer checks that the authorizer an event names is declared.
func (a *apiEvent) validAuthorizer(name, all, apiAuth *Value) bool {
	s, isText := name.Str()
	switch {
	case truthy(all) && !all.Is(doc.Map):
		a.failAs(a.apiID, all, "Property 'Auth.Authorizers' should be a map.")
	case s == "AWS_IAM":
		return true
	case s == "NONE" && !truthy(apiAuth.Get("DefaultAuthorizer")):
		a.fail(name, "Unable to set Authorizer on API method [%s] for path [%s] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.", a.method, a.path)
	case s == "NONE":
		return true
	case !truthy(all):
		a.fail(name, "Unable to set Authorizer [%s] on API method [%s] for path [%s] because the related API does not define any Authorizers.", name.Text(), a.method, a.path)
	case !isText:
		a.fail(name, "Unable to set Authorizer [%s] on API method [%s] for path [%s]. The method authorizer must be a string with a corresponding dict entry in the api authorizer.", name.JSON(), a.method, a.path)
	case !truthy(all.Get(s)):
		a.fail(name, "Unable to set Authorizer [%s] on API method [%s] for path [%s] because it wasn't defined in the API's Authorizers.", s, a.method, a.path)
	case !all.Get(s).Is(doc.Map):
		a.failed = true
		a.invalid(all, "Type of authorizer '%s' must be a dictionary", s)
	default:
		return true
	}
	return false
}

// requestModel names the model of the request body, and validation.
func (a *apiEvent) requestModel(ed *editor) {
	rm := a.get("RequestModel")
	model := rm.Get("Model")
	if !truthy(model) {
		return
	}
	models := a.props.Get("Models")
	because := ""
	switch {
	case !truthy(models):
		because = "because the related API does not define any Models."
	case !models.Is(doc.Map):
		because = "because the related API Models defined is of invalid type."
	case !model.Is(doc.String):
		because = "because the related API does not contain valid Models."
	case !truthy(models.Get(model.Text())):
		because = "because it wasn't defined in the API's Models."
	}
	if because != "" {
		a.fail(model, "Unable to set RequestModel [%s] on API method [%s] for path [%s] %s", model.Text(), a.method, a.path, because)
		return
	}
	ed.addModel(a.path, a.method, strings.ToLower(model.Text()), rm.Get("Required"))
	body, parameters := given(rm.Get("ValidateBody")), given(rm.Get("ValidateParameters"))
	if body == nil && parameters == nil {
		return
	}
	if body != nil && !body.Is(doc.Bool) || parameters != nil && !parameters.Is(doc.Bool) {
		a.fail(rm, "Unable to set Validator to RequestModel [%s] on API method [%s] for path [%s] ValidateBody and ValidateParameters must be a boolean type, strings or intrinsics are not supported.", model.Text(), a.method, a.path)
		return
	}
	ed.addValidator(a.path, a.method, body.True(), parameters.True())
}

// requestParameters declares the parameters of the method.
func (a *apiEvent) requestParameters(ed *editor) {
	var all []requestParameter
	for _, v := range a.get("RequestParameters").Items() {
		p := requestParameter{name: v.Text(), required: doc.NewBool(false), caching: doc.NewBool(false)}
		if v.Is(doc.Map) && v.Len() > 0 {
			name, settings := v.Keys()[0], v.Nth(0)
			p.name = name
			if !validSettings(settings) {
				a.fail(v, "Invalid value for 'RequestParameters' property. Values must be an object, e.g { Required: true, Caching: false }")
				return
			}
			if r := settings.Get("Required"); r != nil {
				p.required = r
			}
			if c := settings.Get("Caching"); c != nil {
				p.caching = c
			}
		} else if !v.Is(doc.String) {
			a.fail(v, "Invalid value for 'RequestParameters' property. Property must be either a string or an object")
			return
		}
		if !requestParameterName.MatchString(p.name) {
			a.fail(v, "Invalid value for 'RequestParameters' property. Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.")
			return
		}
		all = append(all, p)
	}
	if len(all) > 0 {
		ed.addParameters(a.path, a.method, all)
	}
}

func validSettings(v *Value) bool {
	return v.Is(doc.Map) && !slices.ContainsFunc(v.Keys(), func(k string) bool { return k != "Required" && k != "Caching" })
}
