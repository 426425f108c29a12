package sam

import (
	"regexp"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var (
	curlyName   = regexp.MustCompile(`\{(.*?)\}`)
	arnVariable = regexp.MustCompile(`([A-Za-z0-9]+)\.Arn`)
)

// httpEvent is an event of an HTTP API.
type httpEvent struct {
	*event
	apiID        string
	props        *Value // of the API
	path, method string // method in small letters
}

// httpAPI lets an HTTP API call the function and writes the integration into
// the API's definition.
func (e *event) httpAPI() {
	id := apiID(e.get("ApiId")).Text()
	r := e.source.Get(id)
	if !r.Is(doc.Map) {
		e.fail(e.get("ApiId"), "ApiId must be a valid reference to an 'AWS::Serverless::HttpApi' resource in same template.")
		return
	}
	h := &httpEvent{
		event: e, apiID: id, props: properties(r),
		path: e.get("Path").Text(), method: strings.ToLower(e.get("Method").Text()),
	}
	body := h.props.Get("DefinitionBody")
	if truthy(body) && !isOpenAPI(body) {
		e.failAs(id, body, "Structure of the SAM template is invalid. Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.")
		return
	}
	h.allow(body)
	if truthy(body) {
		h.integrate(body)
	}
}

// allow lets the API call the function for the route, unless it may already
// because the function has the default route.
func (h *httpEvent) allow(body *Value) {
	path := trailingSlash.ReplaceAllString(h.path, "$1")
	if path == defaultRoute {
		path = ""
	} else if truthy(body) && h.hasDefaultRoute(body) {
		return
	}
	path = httpPathVariable.ReplaceAllString(path, "*")
	method := strings.ToUpper(h.method)
	if h.method == "any" || h.method == keyAnyMethod {
		method = "*"
	}
	resource := "/" + method + path
	if h.method == "any" && path == "/"+defaultRoute {
		resource = path
	}
	h.permission("apigateway.amazonaws.com", sub(
		"arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/${__Stage__}"+resource,
		"__ApiId__", h.get("ApiId"), "__Stage__", "*"))
}

// hasDefaultRoute reports whether the default route of a definition calls this
// function.
func (h *httpEvent) hasDefaultRoute(body *Value) bool {
	ed := h.editor(body)
	if !ed.hasIntegration(defaultRoute, keyAnyMethod) {
		return false
	}
	for _, d := range ed.definitions(defaultRoute, keyAnyMethod, true) {
		uri := d.Find(keyIntegration, "uri")
		if !uri.Is(doc.Map) {
			return false
		}
		for _, u := range branches(uri) {
			m := arnVariable.FindStringSubmatch(u.Get("Fn::Sub").Text())
			if m == nil || m[1] != h.target.id {
				return false
			}
		}
	}
	return true
}

func (h *httpEvent) integrate(body *Value) {
	ed := h.editor(body)
	has := ed.hasIntegration(h.path, h.method)
	if has && truthy(h.props.Get(managed)) {
		h.fail(h.get("Path"), "API method '%s' defined multiple times for path '%s'.", h.method, h.path)
		return
	}
	if !has {
		ed.addIntegration(integration{
			path: h.path, method: h.method, condition: h.condition(), uri: functionURI("${AWS::Partition}", h.target, false),
			value: obj("type", "aws_proxy", "httpMethod", "POST", "payloadFormatVersion", "2.0"), responses: doc.NewMap(),
		}, func(d *Value) {
			if h.path == defaultRoute && normalMethod(h.method) == keyAnyMethod {
				d.Set("isDefaultRoute", doc.NewBool(true))
			}
		})
	}
	if auth := h.get("Auth"); truthy(auth) {
		h.authorize(ed, auth)
	}
	if t := h.get("TimeoutInMillis"); truthy(t) {
		ed.setTimeout(h.path, h.method, t)
	}
	h.pathParameters(ed)
	if v := h.get("PayloadFormatVersion"); truthy(v) {
		for _, d := range ed.definitions(h.path, h.method, false) {
			d.Get(keyIntegration).Set("payloadFormatVersion", v)
		}
	}
}

// pathParameters declares the variables of the path.
func (h *httpEvent) pathParameters(ed *editor) {
	found := curlyName.FindAllStringSubmatch(h.path, -1)
	if len(found) == 0 {
		return
	}
	for _, d := range ed.definitions(h.path, h.method, false) {
		declared := ensureList(d, "parameters")
		for _, m := range found {
			var p *Value
			for _, it := range declared.Items() {
				if it.Get("name").Text() == m[1] {
					p = it
					break
				}
			}
			if p == nil {
				p = obj("name", m[1])
				declared.Append(p)
			}
			p.SetText("in", "path").Set("required", doc.NewBool(true))
		}
	}
}

// authorize names the authorizer of the route.
func (h *httpEvent) authorize(ed *editor, auth *Value) {
	apiAuth := h.props.Get("Auth")
	if apiAuth != nil && !apiAuth.Is(doc.Map) {
		h.failAs(h.apiID, apiAuth, "Property 'Auth' should be a map.")
		return
	}
	name := auth.Get("Authorizer")
	if !truthy(name) {
		if name = apiAuth.Get("DefaultAuthorizer"); !truthy(name) {
			h.fail(auth, "'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured on the HttpApi.")
			return
		}
	}
	all := apiAuth.Get("Authorizers")
	if !h.validAuthorizer(name, all, apiAuth) {
		return
	}
	scopes := auth.Get("AuthorizationScopes")
	if truthy(scopes) && !scopes.Is(doc.List) {
		h.fail(scopes, "Unable to set Authorizer on API method [%s] for path [%s] because 'AuthorizationScopes' must be a list of strings.", h.method, h.path)
		return
	}
	s := name.Text()
	granted := list()
	if s != "NONE" && s != "AWS_IAM" {
		if !truthy(scopes) {
			scopes = all.Find(s, "AuthorizationScopes")
		}
		if truthy(scopes) {
			granted = scopes.Clone()
		}
	}
	for _, d := range ed.definitions(h.path, h.method, false) {
		d.Set("security", concat(ed.security(d, h.path, h.method), list(obj(s, granted.Clone()))))
	}
}

func (h *httpEvent) validAuthorizer(name, all, apiAuth *Value) bool {
	iam := apiAuth.Get("EnableIamAuthorizer").True()
	s, isText := name.Str()
	switch {
	case s == "AWS_IAM" && iam:
		return true
	case s == "NONE":
		if truthy(apiAuth.Get("DefaultAuthorizer")) {
			return true
		}
		h.fail(name, "Unable to set Authorizer on API method [%s] for path [%s] because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.", h.method, h.path)
	case !isText || !all.Is(doc.Map):
		h.fail(name, "Unable to set Authorizer [%s] on API method [%s] for path [%s]. The method authorizer must be a string with a corresponding dict entry in the api authorizer.", name.Text(), h.method, h.path)
	case all.Len() == 0:
		h.fail(name, "Unable to set Authorizer [%s] on API method [%s] for path [%s] because the related API does not define any Authorizers.", s, h.method, h.path)
	case !truthy(all.Get(s)):
		h.fail(name, "Unable to set Authorizer [%s] on API method [%s] for path [%s] because it wasn't defined in the API's Authorizers.", s, h.method, h.path)
	default:
		return true
	}
	return false
}
