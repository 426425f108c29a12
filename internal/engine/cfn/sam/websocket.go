package sam

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// webSocketAPI makes a WebSocket API, its stage and what each route needs.
func (j *job) webSocketAPI() {
	for _, key := range []string{"Auth", "Domain", "Routes"} {
		if v := j.get(key); v != nil {
			j.props.Set(key, j.resolve(v))
		}
	}
	w := &webSocket{job: j, routes: j.get("Routes"), auth: j.get("Auth"), stageName: j.get("StageName")}
	if w.stageName == nil {
		w.stageName = text("default")
	}
	if !w.valid() {
		return
	}
	// parity: the attributes of the resource reach nothing of what is made, as in the translator.
	j.attrs, j.pass = doc.NewMap(), doc.NewMap()
	api := w.main(j.id, "AWS::ApiGatewayV2::Api")
	tags := j.get("Tags")
	if !truthy(tags) {
		tags = doc.NewMap()
	}
	tags.SetText("websocketapi:createdBy", "SAM")
	name := j.get("Name")
	if name == nil {
		name = text(j.id)
	}
	api.copied(j.props, "ApiKeySelectionExpression", "Description", "DisableExecuteApiEndpoint", "DisableSchemaValidation",
		"IpAddressType", "RouteSelectionExpression")
	api.setAll("Name", name, "Tags", tags, "ProtocolType", "WEBSOCKET")
	j.domainV2(api, "websocketapi:createdBy")
	routes := list()
	for i, key := range w.routes.Keys() {
		if id := w.route(key, w.routes.Nth(i)); id != "" {
			routes.Append(text(id))
		}
	}
	stage := w.stage()
	if truthy(j.get("RouteSettings")) {
		stage.dependsOn = routes
	}
	j.propagate(j.get("Tags"), j.get("PropagateTags"))
}

// webSocket is the work on one WebSocket API.
type webSocket struct {
	*job
	routes, auth, stageName *Value
}

func (w *webSocket) valid() bool {
	ip, d := w.get("IpAddressType"), w.get("Domain")
	switch {
	case !truthy(w.routes):
		w.fail(w.src, "WebSocket API must have at least one route.")
	case ip != nil && !isIntrinsic(ip) && ip.Text() != "ipv4" && ip.Text() != "dualstack":
		w.fail(ip, "IpAddressType must be 'ipv4' or 'dualstack'.")
	case truthy(d.Get("MutualTlsAuthentication")):
		w.fail(d, "Mutual TLS domain name association is not supported for Websocket APIs.")
	case truthy(w.auth) && !w.routes.Has("$connect"):
		w.fail(w.auth, "Authorization is only available if there is a $connect route.")
	case w.stageName.Text() == defaultRoute:
		w.fail(w.stageName, "Stages cannot be named $default for WebSocket APIs.")
	default:
		return !truthy(w.auth) || w.validAuth()
	}
	return false
}

func (w *webSocket) validAuth() bool {
	switch typ := w.auth.Get("AuthType").Text(); {
	case typ == "":
		w.fail(w.auth, "AuthType must be specified for additional auth configurations.")
	case typ != "NONE" && typ != "AWS_IAM" && typ != "CUSTOM":
		w.fail(w.auth, "AuthType is not one of AWS_IAM, CUSTOM or NONE.")
	case typ == "CUSTOM" && !truthy(w.auth.Get("AuthArn")):
		w.fail(w.auth, "AuthArn must be specified if AuthType is CUSTOM.")
	case typ != "CUSTOM" && w.auth.Len() > 1:
		w.fail(w.auth, "No additional configurations supported for AuthType %s.", typ)
	default:
		return true
	}
	return false
}

// route makes a route, its integration and the permission to call its
// function; its logical id comes back.
func (w *webSocket) route(key string, v *Value) string {
	name := key
	switch key {
	case "$connect", "$disconnect", "$default":
		name = key[1:]
	}
	if !alphanumeric(name) {
		w.fail(v, "Route key '%s' must be alphanumeric. Only $connect, $disconnect, and $default special routes are supported.", key)
		return ""
	}
	if !v.Is(doc.Map) || !v.Has("FunctionArn") {
		w.fail(v, "Route must have associated function.")
		return ""
	}
	base := w.id + strings.ToUpper(name[:1]) + strings.ToLower(name[1:])
	r := w.also(base+"Route", "AWS::ApiGatewayV2::Route")
	r.setAll("RouteKey", key, "ApiId", ref(w.id), "Target", joined("/", text("integrations"), ref(base+"Integration")))
	r.copied(v, "ApiKeyRequired", "ModelSelectionExpression", "OperationName", "RequestModels", "RouteResponseSelectionExpression")
	if p := v.Get("RequestParameters"); truthy(p) {
		if key != "$connect" {
			w.fail(p, "Request parameters are only supported for the $connect route in WebSocket APIs.")
		}
		r.set("RequestParameters", p)
	}
	if key == "$connect" && truthy(w.auth) {
		w.authorize(r)
	}
	fn := v.Get("FunctionArn")
	w.also(base+"Integration", "AWS::ApiGatewayV2::Integration").setAll(
		"ApiId", ref(w.id), "IntegrationType", "AWS_PROXY",
		"IntegrationUri", sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${FunctionArn}/invocations", "FunctionArn", fn),
	).set("TimeoutInMillis", v.Get("IntegrationTimeout"))
	w.also(base+"Permission", "AWS::Lambda::Permission").setAll(
		"Action", "lambda:InvokeFunction", "FunctionName", fn.Clone(), "Principal", "apigateway.amazonaws.com", "SourceArn", w.sourceARN(key))
	return r.id
}

// sourceARN is the ARN of a route of the stage.
func (w *webSocket) sourceARN(key string) *Value {
	prefix := "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${" + w.id + ".ApiId}/"
	if name, ok := w.stageName.Str(); ok {
		return sub(prefix + name + "/" + key)
	}
	return sub(prefix+"${__StageName__}/"+key, "__StageName__", w.stageName)
}

// authorize sets the kind of authorization of the route $connect, with the
// authorizer that this may need.
func (w *webSocket) authorize(r *made) {
	typ := w.auth.Get("AuthType").Text()
	r.set("AuthorizationType", text(typ))
	if typ != "CUSTOM" {
		return
	}
	arn, role := w.auth.Get("AuthArn"), w.auth.Get("InvokeRole")
	a := w.also(w.id+"ConnectAuthorizer", "AWS::ApiGatewayV2::Authorizer")
	name := w.auth.Get("Name")
	if !truthy(name) {
		name = text(a.id)
	}
	a.setAll("ApiId", ref(w.id), "AuthorizerType", "REQUEST", "Name", name,
		"AuthorizerUri", sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${AuthArn}/invocations", "AuthArn", arn))
	a.set("AuthorizerCredentialsArn", role).set("IdentitySource", w.auth.Get("IdentitySource"))
	r.set("AuthorizerId", ref(a.id))
	if !truthy(role) {
		w.authorizerPermission(w.id+"AuthorizerPermission", arn)
	}
}

func (w *webSocket) stage() *made {
	id := w.id + "Stage"
	if name, ok := w.stageName.Str(); ok && name == "default" {
		id = w.id + "DefaultStage"
	} else if ok {
		id = w.id + name + "Stage"
	}
	s := w.also(id, "AWS::ApiGatewayV2::Stage")
	s.setAll("ApiId", ref(w.id), "StageName", w.stageName, "AutoDeploy", true, "Tags", obj("websocketapi:createdBy", "SAM"))
	return s.copied(w.props, "StageVariables", "AccessLogSettings", "DefaultRouteSettings", "RouteSettings")
}
