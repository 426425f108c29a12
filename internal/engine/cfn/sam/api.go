package sam

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

var openAPIVersion = regexp.MustCompile(`^[2-3](\.\d)(\.\d)?$`)

// rest is the work on one REST API.
type rest struct {
	*job
	body      *Value // the definition; absent with DefinitionUri
	auth      *Value
	domain    *Value
	stageName *Value
	api       *made
}

// restAPI makes a REST API, its deployment and stage, and what they need.
func (j *job) restAPI() {
	for _, key := range []string{"BinaryMediaTypes", "Domain", "Auth"} {
		if v := j.get(key); v != nil {
			j.props.Set(key, j.resolve(v))
		}
	}
	r := &rest{
		job: j, body: j.get("DefinitionBody"), auth: j.get("Auth"),
		domain: j.get("Domain"), stageName: j.get("StageName"),
	}
	r.construct()
	if r.failed {
		return
	}
	r.customDomain()
	deployment := r.also(j.id+"Deployment", "AWS::ApiGateway::Deployment")
	deployment.set("RestApiId", ref(j.id))
	if r.get("OpenApiVersion") == nil {
		deployment.set("StageName", text("Stage")) // parity: sam 6.3.4, the historic extra stage
	}
	stage := r.stage(deployment)
	r.authorizerPermissions()
	r.usagePlan(stage)
	j.propagate(j.get("Tags"), j.get("PropagateTags"))
}

// construct makes the RestApi itself.
func (r *rest) construct() {
	if !r.valid() {
		return
	}
	r.api = r.main(r.id, "AWS::ApiGateway::RestApi")
	r.api.copied(r.props, "BinaryMediaTypes", "MinimumCompressionSize")
	if e := r.get("EndpointConfiguration"); truthy(e) {
		r.endpoint(e)
	} else if !edgeEndpoints(r.in.Partition) {
		r.endpoint(text("REGIONAL"))
	}
	r.addCORS()
	r.addAuth()
	r.addGatewayResponses()
	r.addBinaryMediaTypes()
	r.addModels()
	if off := r.get("DisableExecuteApiEndpoint"); off != nil && r.editable("DisableExecuteApiEndpoint works only within 'DefinitionBody' property.", "") {
		r.editor(r.body).disableEndpoint(off)
	}
	if uri := r.get("DefinitionUri"); truthy(uri) {
		r.api.set("BodyS3Location", r.bodyLocation(uri))
	} else if truthy(r.body) {
		r.toOpenAPI()
		r.api.set("Body", r.body)
	}
	for _, key := range []string{"FailOnWarnings", "Name", "Description", "Mode", "ApiKeySourceType", "Policy", "SecurityPolicy", "EndpointAccessMode"} {
		if v := r.get(key); truthy(v) {
			r.api.set(key, v)
		}
	}
}

// edgeEndpoints reports whether a partition has endpoints at the edge.
func edgeEndpoints(partition string) bool {
	switch partition {
	case "aws-us-gov", "aws-cn", "aws-eusc":
		return false
	}
	return !strings.HasPrefix(partition, "aws-iso")
}

func (r *rest) valid() bool {
	uri := r.get("DefinitionUri")
	switch v := r.get("OpenApiVersion"); {
	case truthy(uri) && truthy(r.body):
		r.fail(uri, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.")
	case truthy(uri) && truthy(r.get("MergeDefinitions")):
		r.fail(uri, "Cannot set 'MergeDefinitions' to True when using `DefinitionUri`.")
	case truthy(v) && !openAPIVersion.MatchString(v.Text()):
		r.fail(v, "The OpenApiVersion value must be of the format '3.0.0'.")
	default:
		return true
	}
	return false
}

// editable reports whether the definition can be edited; the messages are for
// one that is not there and one that is of another form.
func (r *rest) editable(missing, malformed string) bool {
	switch {
	case !truthy(r.body):
		r.fail(r.props, "%s", missing)
	case !isSwagger(r.body):
		if malformed == "" {
			r.failed = true
			r.invalid(r.body, "Invalid Swagger document or the Swagger document is not explicitly defined in 'DefinitionBody'.")
			return false
		}
		r.fail(r.body, "%s", malformed)
	default:
		return true
	}
	return false
}

// endpoint sets the kind of endpoint, in the old way and the new.
func (r *rest) endpoint(v *Value) {
	kind := v
	types := obj("Types", list(v))
	if t := v.Get("Type"); truthy(t) {
		kind = t
		types = obj("Types", list(t))
		vpce, vpce2 := v.Get("VPCEndpointIds"), v.Get("VpcEndpointIds")
		if vpce != nil && vpce2 != nil {
			r.fail(v, "'VPCEndpointIds' and 'VpcEndpointIds' cannot be used together in EndpointConfiguration.")
		}
		if vpce == nil {
			vpce = vpce2
		}
		types.Set("VpcEndpointIds", vpce)
		types.Set("IpAddressType", v.Get("IpAddressType"))
	}
	r.api.set("EndpointConfiguration", types)
	r.api.set("Parameters", obj("endpointConfigurationTypes", kind))
}

// bodyLocation is where a definition lies in S3.
func (j *job) bodyLocation(uri *Value) *Value {
	if uri.Is(doc.Map) {
		if !truthy(uri.Get("Bucket")) || !truthy(uri.Get("Key")) {
			j.fail(uri, "'DefinitionUri' requires Bucket and Key properties to be specified.")
			return nil
		}
		return obj("Bucket", uri.Get("Bucket"), "Key", uri.Get("Key"), "Version", uri.Get("Version"))
	}
	bucket, key, version, ok := parseS3(uri.Text())
	if !ok {
		j.fail(uri, "'DefinitionUri' is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.")
		return nil
	}
	at := obj("Bucket", bucket, "Key", key)
	if version != "" {
		at.SetText("Version", version)
	}
	return at
}

// addCORS adds OPTIONS methods to all paths.
func (r *rest) addCORS() {
	v := r.get("Cors")
	if !truthy(v) {
		return
	}
	c := corsConfig{origin: text("'*'")}
	switch {
	case !truthy(r.body):
		r.fail(v, "Cors works only with inline Swagger specified in 'DefinitionBody' property.")
		return
	case v.Is(doc.String) || isIntrinsic(v):
		c.origin = v
	case v.Is(doc.Map):
		if !r.readCORS(v, &c) {
			return
		}
	default:
		r.fail(v, "Invalid value for 'Cors' property")
		return
	}
	if !r.editable("", "Unable to add Cors configuration because 'DefinitionBody' does not contain a valid Swagger definition.") {
		return
	}
	e := r.editor(r.body)
	done := map[string]bool{}
	for _, path := range slices.Clone(e.paths().Keys()) {
		plain := path
		if path != "/" {
			plain = strings.TrimRight(path, "/")
		}
		if done[plain] {
			continue
		}
		done[plain] = true
		e.addCORS(path, c)
	}
}

func (r *rest) readCORS(v *Value, c *corsConfig) bool {
	for _, k := range v.Keys() {
		if !slices.Contains([]string{"AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials"}, k) {
			r.fail(v, "Invalid key '%s' for 'Cors' property.", k)
			return false
		}
	}
	if o := v.Get("AllowOrigin"); o != nil {
		c.origin = o
	}
	c.headers, c.methods, c.maxAge = v.Get("AllowHeaders"), v.Get("AllowMethods"), given(v.Get("MaxAge"))
	c.credentials = v.Get("AllowCredentials").True()
	switch {
	case c.credentials && c.origin.Text() == "'*'":
		r.fail(v, `Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is "'*'" or not set`)
		return false
	case !truthy(c.origin):
		r.fail(v, "Structure of the SAM template is invalid. Invalid input. Value for AllowedOrigins is required")
		return false
	}
	return true
}

// addBinaryMediaTypes names binary types in the definition; ~1 stands for a slash.
func (r *rest) addBinaryMediaTypes() {
	types := r.get("BinaryMediaTypes")
	if !truthy(types) || !truthy(r.body) || !r.editable("", "") {
		return
	}
	r.body.Set("x-amazon-apigateway-binary-media-types", unslash(types))
}

// unslash is a copy with ~1 replaced by a slash in texts and keys.
func unslash(v *Value) *Value {
	switch v.Kind() {
	case doc.String:
		return text(strings.ReplaceAll(v.Text(), "~1", "/"))
	case doc.List:
		l := list()
		for _, it := range v.Items() {
			l.Append(unslash(it))
		}
		return l
	case doc.Map:
		m := doc.NewMap()
		for i, k := range v.Keys() {
			m.Set(strings.ReplaceAll(k, "~1", "/"), unslash(v.Nth(i)))
		}
		return m
	default:
		return v
	}
}

// addModels adds the schemas of request bodies.
func (r *rest) addModels() {
	models := r.get("Models")
	if !truthy(models) || !r.editable("Models works only with inline Swagger specified in 'DefinitionBody' property.",
		"Unable to add Models definitions because 'DefinitionBody' does not contain a valid Swagger definition.") {
		return
	}
	definitions := ensure(r.body, "definitions")
	for i, name := range models.Keys() {
		m := models.Nth(i)
		switch {
		case !m.Is(doc.Map):
			r.fail(m, "Invalid value for 'Models' property")
		case !truthy(m.Get("type")):
			r.failed = true
			r.invalid(m, "'Models' schema is missing 'type'.")
		default:
			definitions.Set(strings.ToLower(name), m)
		}
	}
	r.toOpenAPI()
}

// stage makes the stage and gives the deployment an id that changes with the
// definition.
func (r *rest) stage(deployment *made) *made {
	id := r.id + "Stage"
	if name, ok := r.stageName.Str(); ok && alphanumeric(name) {
		id = r.id + name + "Stage"
	} else if ok {
		id += short(text(name))
	}
	stage := r.also(id, "AWS::ApiGateway::Stage")
	r.hashDeployment(deployment)
	stage.setAll("RestApiId", ref(r.id), "DeploymentId", ref(deployment.id), "StageName", r.stageName)
	stage.copied(r.props, "CacheClusterEnabled", "CacheClusterSize", "Variables", "MethodSettings", "AccessLogSetting",
		"CanarySetting", "TracingEnabled")
	if tags := r.get("Tags"); tags != nil {
		stage.set("Tags", tagList(tags))
	}
	return stage
}

// hashDeployment puts a hash of all that should lead to a new deployment into
// the deployment's id. parity: the translator hashes the Python text of the
// definition, so the digits differ from AWS's, their changes do not.
func (r *rest) hashDeployment(deployment *made) {
	body := r.api.props.Get("Body")
	if body == nil {
		body = r.api.props.Get("BodyS3Location")
	}
	if !truthy(body) {
		return
	}
	parts := []string{canonical(body)}
	if v := r.get("OpenApiVersion"); truthy(v) {
		parts = append(parts, v.Text())
	}
	if truthy(r.domain) {
		parts = append(parts, canonical(r.domain))
	}
	if names := r.functionNames[r.id]; names != "" {
		parts = append(parts, names)
	}
	data := strings.Join(parts, "||")
	if truthy(r.get("AlwaysDeploy")) {
		data = r.in.Now.UTC().Format(time.RFC3339Nano)
	}
	hash := digest(text(data))
	deployment.id += hash[:10]
	deployment.set("Description", text("RestApi deployment id: "+hash))
}
