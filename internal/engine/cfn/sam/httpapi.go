package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const (
	keyCORS      = "x-amazon-apigateway-cors"
	defaultRoute = "$default" // the route and the stage that serve all the rest
)

// httpAPI makes an HTTP API and its stage.
func (j *job) httpAPI() {
	for _, key := range []string{"CorsConfiguration", "Domain"} {
		if v := j.get(key); v != nil {
			j.props.Set(key, j.resolve(v))
		}
	}
	h := &http{job: j, body: j.get("DefinitionBody"), auth: j.get("Auth"), tags: j.get("Tags"), stageName: j.get("StageName")}
	if !truthy(h.stageName) {
		h.stageName = text(defaultRoute)
	}
	api := h.construct()
	if h.failed {
		return
	}
	h.authorizerPermissions()
	h.domainV2(api, "httpapi:createdBy")
	h.stage()
	if truthy(h.body) {
		j.propagate(j.get("Tags"), doc.NewBool(true)) // tags reach stage and domain with an inline definition only
	}
}

// http is the work on one HTTP API.
type http struct {
	*job
	body, auth, tags, stageName *Value
}

func (h *http) construct() *made {
	api := h.main(h.id, "AWS::ApiGatewayV2::Api")
	uri := h.get("DefinitionUri")
	if truthy(uri) && truthy(h.body) {
		h.fail(uri, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
		return nil
	}
	h.addCORS()
	h.addAuth()
	h.addTags()
	if v := h.get("FailOnWarnings"); truthy(v) {
		api.set("FailOnWarnings", v)
	}
	if off := h.get("DisableExecuteApiEndpoint"); off != nil {
		h.disableEndpoint(off)
	}
	h.describe("Name", "title")
	h.describe("Description", "description")
	h.renameDefaultPath()
	switch {
	case truthy(uri):
		api.set("BodyS3Location", h.bodyLocation(uri))
	case truthy(h.body):
		api.set("Body", h.body)
	default:
		h.fail(h.src, "'DefinitionUri' or 'DefinitionBody' are required properties of an 'AWS::Serverless::HttpApi'. Add a value for one of these properties or add a 'HttpApi' event to an 'AWS::Serverless::Function'.")
	}
	return api
}

// editable reports whether the definition can be edited for a property.
func (h *http) editable(at *Value, missing, malformed string) bool {
	switch {
	case !truthy(h.body):
		h.fail(at, "%s", missing)
	case !isOpenAPI(h.body):
		h.fail(h.body, "%s", malformed)
	default:
		return true
	}
	return false
}

func (h *http) disableEndpoint(off *Value) {
	if !h.editable(off, "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.",
		"Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.") {
		return
	}
	servers := h.body.Get("servers")
	if servers == nil {
		servers = list(doc.NewMap())
		h.body.Set("servers", servers)
	}
	for _, s := range servers.Items() {
		if !s.Is(doc.Map) {
			h.failed = true
			h.invalid(s, "Value of 'servers' item must be a dictionary according to Swagger spec.")
			continue
		}
		ensure(s, keyEndpoint).Set("disableExecuteApiEndpoint", off.Clone())
	}
}

// describe writes a property into the info of the definition, unless that says
// something else.
func (h *http) describe(property, key string) {
	v := h.get(property)
	if !truthy(v) {
		return
	}
	if !truthy(h.body) {
		h.fail(v, "%s works only with inline OpenApi specified in the 'DefinitionBody' property.", property)
		return
	}
	info := ensure(h.body, "info")
	before := info.Get(key)
	if truthy(before) && !(key == "title" && before.Equal(ref("AWS::StackName"))) || key == "title" && before == nil {
		h.fail(v, "Unable to set %s because it is already defined within inline OpenAPI specified in the 'DefinitionBody' property.", property)
		return
	}
	info.Set(key, v)
}

// renameDefaultPath writes $default as a path, where warnings would be errors.
func (h *http) renameDefaultPath() {
	paths := h.body.Get("paths")
	if item := paths.Get(defaultRoute); item != nil && truthy(h.get("FailOnWarnings")) {
		paths.Delete(defaultRoute)
		paths.Set("/"+defaultRoute, item)
	}
}

// addTags writes the tags into the definition.
func (h *http) addTags() {
	if !truthy(h.body) {
		if truthy(h.tags) {
			h.fail(h.tags, "Tags works only with inline OpenApi specified in the 'DefinitionBody' property.")
		}
		return
	}
	if !isOpenAPI(h.body) {
		if truthy(h.tags) {
			h.fail(h.tags, "Unable to add `Tags` because 'DefinitionBody' does not contain a valid OpenApi definition.")
		}
		return
	}
	if !truthy(h.tags) {
		h.tags = doc.NewMap()
	}
	h.tags.SetText("httpapi:createdBy", "SAM")
	all := ensureList(h.body, "tags")
	for i, name := range h.tags.Keys() {
		var tag *Value
		for _, it := range all.Items() {
			if it.Get("name").Text() == name {
				tag = it
			}
		}
		if tag == nil {
			tag = obj("name", name)
			all.Append(tag)
		}
		tag.Set("x-amazon-apigateway-tag-value", h.tags.Nth(i).Clone())
	}
}

// addCORS writes the CORS configuration into the definition.
func (h *http) addCORS() {
	v := h.get("CorsConfiguration")
	if !truthy(v) {
		return
	}
	keys := []string{"AllowOrigins", "AllowHeaders", "AllowMethods", "ExposeHeaders", "MaxAge", "AllowCredentials"}
	if v.Is(doc.Map) && !isIntrinsic(v) {
		for _, k := range v.Keys() {
			if !slices.Contains(keys, k) {
				h.fail(v, "Invalid key '%s' for 'Cors' property.", k)
				return
			}
		}
	}
	if !h.editable(v, "Cors works only with inline OpenApi specified in 'DefinitionBody' property.",
		"Unable to add Cors configuration because 'DefinitionBody' does not contain a valid OpenApi definition.") {
		return
	}
	if v.Get("AllowCredentials").True() && v.Get("AllowOrigins").Equal(texts("*")) {
		h.fail(v, `Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is "'*'" or not set.`)
		return
	}
	cors := ensure(h.body, keyCORS)
	switch {
	case v.Is(doc.Bool):
		cors.Set("allowOrigins", texts("*"))
	case isIntrinsic(v):
		lowered := lowerKeys(v, keys)
		for i, k := range lowered.Keys() {
			cors.Set(k, lowered.Nth(i))
		}
	default:
		for _, k := range keys {
			x := given(v.Get(k))
			if truthy(x) || k == "MaxAge" && x != nil {
				cors.Set(lowerFirst(k), x)
			}
		}
	}
}

func lowerFirst(s string) string { return strings.ToLower(s[:1]) + s[1:] }

// lowerKeys is a copy in which some keys begin with a small letter.
func lowerKeys(v *Value, keys []string) *Value {
	switch v.Kind() {
	case doc.List:
		l := list()
		for _, it := range v.Items() {
			l.Append(lowerKeys(it, keys))
		}
		return l
	case doc.Map:
		m := doc.NewMap()
		for i, k := range v.Keys() {
			if slices.Contains(keys, k) {
				k = lowerFirst(k)
			}
			m.Set(k, lowerKeys(v.Nth(i), keys))
		}
		return m
	default:
		return v
	}
}

func (h *http) stage() {
	id := h.id + "Stage"
	if name, ok := h.stageName.Str(); ok {
		switch {
		case alphanumeric(name):
			id = h.id + name + "Stage"
		case name == defaultRoute:
			id = h.id + "ApiGatewayDefaultStage"
		default:
			id += short(text(name))
		}
	}
	s := h.also(id, "AWS::ApiGatewayV2::Stage")
	s.setAll("ApiId", ref(h.id), "StageName", h.stageName, "AutoDeploy", true)
	s.copied(h.props, "StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings")
	s.set("Tags", h.tags)
}
