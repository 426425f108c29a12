package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// globalProperties are the properties that a section of Globals may hold; none
// if there is no such section.
func globalProperties(section string) []string {
	all := map[string]string{
		"Function": `Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment Tags PropagateTags Tracing
KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers DeploymentPreference RolePath PermissionsBoundary
ReservedConcurrentExecutions ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig FileSystemConfigs
CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig RuntimeManagementConfig LoggingConfig RecursiveLoop
SourceKMSKeyArn TenancyConfig DurableConfig CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished
VersionDeletionPolicy`,
		"Api": `Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables EndpointConfiguration MethodSettings
BinaryMediaTypes MinimumCompressionSize Cors GatewayResponses AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Domain
AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode`,
		"HttpApi": `Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain RouteSettings FailOnWarnings
PropagateTags`,
		"SimpleTable":      `SSESpecification`,
		"StateMachine":     `PropagateTags`,
		"LayerVersion":     `PublishLambdaVersion`,
		"CapacityProvider": `VpcConfig OperatorRole Tags InstanceRequirements ScalingConfig KmsKeyArn PropagateTags`,
		"WebSocketApi": `AccessLogSettings ApiKeySelectionExpression DefaultRouteSettings DisableExecuteApiEndpoint DisableSchemaValidation
Domain FailOnWarnings IpAddressType PropagateTags RouteSelectionExpression RouteSettings StageVariables Tags`,
	}
	return strings.Fields(all[section])
}

// globals gives every resource what the section Globals says for its type.
func (t *transformer) globals() {
	g := t.root.Get("Globals")
	if t.root.Has("Globals") && !t.validGlobals(g) {
		return
	}
	for _, id := range t.source.Keys() {
		r := t.source.Get(id)
		section, ok := strings.CutPrefix(r.Get("Type").Text(), typePrefix)
		all := g.Get(section)
		if !ok || all == nil {
			continue
		}
		ignored := r.Get("IgnoreGlobals")
		if truthy(ignored) {
			if all = t.without(id, all, ignored); all == nil {
				continue
			}
		}
		if !t.spend(r, all) {
			return
		}
		p := mergeGlobal(all, properties(r))
		p.At = properties(r).At
		r.Set("Properties", p)
	}
	t.root.Delete("Globals")
	t.each(func(_ string, r *Value) { fixVersion(properties(r)) }, typeAPI)
}

func (t *transformer) validGlobals(g *Value) bool {
	bad := func(at *Value, message string) bool {
		t.fail(at.Pos(), "Globals", "'Globals' section is invalid. "+message)
		return false
	}
	if !g.Is(doc.Map) {
		return bad(g, "It must be a non-empty dictionary")
	}
	ok := true
	for i, section := range g.Keys() {
		known, v := globalProperties(section), g.Nth(i)
		switch {
		case len(known) == 0:
			ok = bad(v, "'"+section+"' is not supported. Must be one of the following values - ['Api', 'CapacityProvider', 'Function', 'HttpApi', 'LayerVersion', 'SimpleTable', 'StateMachine', 'WebSocketApi']")
			continue
		case !v.Is(doc.Map):
			ok = bad(v, "Value of ${section} must be a dictionary")
			continue
		}
		for _, key := range v.Keys() {
			if !slices.Contains(known, key) {
				at := doc.NewNull()
				at.At = v.KeyPos(key)
				ok = bad(at, "'"+key+"' is not a supported property of '"+section+"'. Must be one of the following values - ['"+strings.Join(known, "', '")+"']")
			}
		}
	}
	return ok
}

// without are globals without those that a resource ignores; nil for none.
func (t *transformer) without(id string, all, ignored *Value) *Value {
	if ignored.Text() == "*" {
		return nil
	}
	message := "Resource with id [" + id + "] is invalid. Resource " + id + " has invalid resource attribute 'IgnoreGlobals'"
	if !ignored.Is(doc.List) {
		t.fail(ignored.Pos(), "Resources."+id, message+".")
		return nil
	}
	left := merged(all, nil)
	for _, it := range ignored.Items() {
		if !left.Has(it.Text()) {
			t.fail(it.Pos(), "Resources."+id, message+" on item '"+it.Text()+"'.")
		}
		left.Delete(it.Text())
	}
	return left
}

// mergeGlobal is a global value with the resource's own over it: maps are
// merged deeply, lists follow each other, anything else is the resource's. A
// function counts as a scalar.
func mergeGlobal(global, own *Value) *Value {
	if global.Kind() != own.Kind() || isIntrinsic(global) || isIntrinsic(own) {
		return own
	}
	switch own.Kind() {
	case doc.List:
		return concat(global.Clone(), own)
	case doc.Map:
		m := doc.NewMap()
		m.At = own.At
		for i, k := range global.Keys() {
			if o := own.Get(k); o != nil {
				m.SetAt(k, mergeGlobal(global.Nth(i), o), own.KeyPos(k))
			} else {
				m.SetAt(k, global.Nth(i).Clone(), global.KeyPos(k))
			}
		}
		for i, k := range own.Keys() {
			if !global.Has(k) {
				m.SetAt(k, own.Nth(i), own.KeyPos(k))
			}
		}
		return m
	default:
		return own
	}
}

// fixVersion makes a definition of SAM's own one of OpenAPI 3, where the API
// asks for that.
func fixVersion(p *Value) {
	v := p.Get("OpenApiVersion")
	version := v.Text()
	if !p.Has(managed) || !openAPI3.MatchString(version) {
		return
	}
	p.SetText("OpenApiVersion", version)
	if d := p.Get("DefinitionBody"); d.Is(doc.Map) {
		d.SetText("openapi", version)
		d.Delete("swagger")
	}
}
