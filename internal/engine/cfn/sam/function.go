package sam

import (
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// fn is the work on one function.
type fn struct {
	*job
	fn    *made // the function
	alias *made // nil without AutoPublishAlias
	role  *made // its execution role, kept or not
}

// function makes a function, its role, and what its properties and events ask for.
func (j *job) function() {
	f := &fn{job: j}
	if !f.valid() {
		return
	}
	f.construct()
	f.publish()
	f.url()
	f.rollout()
	policies := f.invokeConfig()
	f.executionRole(policies)
	f.useRole()
	if f.failed {
		return
	}
	f.events()
	j.propagate(j.get("Tags"), j.get("PropagateTags"))
}

// target is what events call: the alias if there is one.
func (f *fn) target() *made {
	if f.alias != nil {
		return f.alias
	}
	return f.fn
}

// name is how other resources name the function or alias.
func (f *fn) name() *Value { return ref(f.target().id) }

func (f *fn) valid() bool {
	both := func(a, b string) bool { return f.get(a) != nil && f.get(b) != nil }
	dlq := f.get("DeadLetterQueue")
	switch {
	case both("CapacityProviderConfig", "ProvisionedConcurrencyConfig"):
		f.fail(f.src, "Cannot specify 'CapacityProviderConfig' and 'ProvisionedConcurrencyConfig' together.")
	case both("CapacityProviderConfig", "VpcConfig"):
		f.fail(f.src, "Cannot specify 'CapacityProviderConfig' and 'VpcConfig' together.")
	case f.get("FunctionScalingConfig") != nil && f.get("CapacityProviderConfig") == nil:
		f.fail(f.src, "'FunctionScalingConfig' requires 'CapacityProviderConfig'.")
	case f.get("VersionDeletionPolicy") != nil && f.get("AutoPublishAlias") == nil:
		f.fail(f.src, "'VersionDeletionPolicy' requires 'AutoPublishAlias'.")
	case truthy(dlq) && (!truthy(dlq.Get("Type")) || !truthy(dlq.Get("TargetArn"))):
		f.fail(dlq, "'DeadLetterQueue' requires Type and TargetArn properties to be specified.")
	case truthy(dlq) && dlq.Get("Type").Text() != "SQS" && dlq.Get("Type").Text() != "SNS":
		f.fail(dlq, "'DeadLetterQueue' requires Type of ['SQS', 'SNS']")
	case truthy(f.get("ProvisionedConcurrencyConfig")) && !truthy(f.get("AutoPublishAlias")):
		f.fail(f.src, "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function")
	default:
		return f.validTenancy()
	}
	return false
}

func (f *fn) validTenancy() bool {
	if !truthy(f.get("TenancyConfig")) {
		return true
	}
	for _, p := range []struct{ key, message string }{
		{"ProvisionedConcurrencyConfig", "Provisioned concurrency is not supported for functions enabled with tenancy configuration."},
		{"FunctionUrlConfig", "Function URL is not supported for functions enabled with tenancy configuration."},
		{"SnapStart", "SnapStart is not supported for functions enabled with tenancy configuration."},
	} {
		if v := f.get(p.key); truthy(v) {
			f.fail(v, "%s", p.message)
			return false
		}
	}
	events := f.get("Events")
	for i := range events.Keys() {
		if typ := events.Nth(i).Get("Type").Text(); typ != "Api" && typ != "HttpApi" {
			f.fail(events.Nth(i), "Event source '%s' is not supported for functions enabled with tenancy configuration. Only Api and HttpApi event sources are supported.", typ)
			return false
		}
	}
	return true
}

// construct makes the function itself.
func (f *fn) construct() {
	m := f.main(f.id, "AWS::Lambda::Function")
	f.fn = m
	m.copied(f.props, "FunctionName", "Handler", "Runtime", "Description", "MemorySize", "Timeout", "VpcConfig", "Role", "Environment",
		"KmsKeyArn", "ReservedConcurrentExecutions", "Layers", "FileSystemConfigs", "ImageConfig", "PackageType", "Architectures",
		"SnapStart", "EphemeralStorage", "CodeSigningConfigArn", "RuntimeManagementConfig", "LoggingConfig", "TenancyConfig",
		"RecursiveLoop", "DurableConfig", "PublishToLatestPublished")
	m.set("Code", f.code())
	m.set("Tags", f.tags("lambda:createdBy"))
	if f.traced() {
		m.set("TracingConfig", obj("Mode", f.get("Tracing")))
	}
	if dlq := f.get("DeadLetterQueue"); truthy(dlq) {
		m.set("DeadLetterConfig", obj("TargetArn", dlq.Get("TargetArn")))
	}
	if c := f.get("CapacityProviderConfig"); truthy(c) {
		m.set("CapacityProviderConfig", f.capacityConfig(c))
	}
	if c := f.get("FunctionScalingConfig"); truthy(c) {
		m.set("FunctionScalingConfig", c)
	}
	f.checkPackage()
}

// tags are the tags of the resource with the one that SAM adds.
func (j *job) tags(createdBy string) *Value {
	tags := j.get("Tags")
	for _, reserved := range []string{"lambda:createdBy", "serverlessrepo:applicationId", "serverlessrepo:semanticVersion"} {
		if createdBy == "lambda:createdBy" && tags.Has(reserved) {
			j.fail(tags, "%s is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input.", reserved)
		}
	}
	return concat(tagList(obj(createdBy, "SAM")), tagList(tags))
}

func (f *fn) traced() bool {
	t := f.get("Tracing")
	return truthy(t) && f.resolve(t.Clone()).Text() != "Disabled"
}

func (f *fn) capacityConfig(c *Value) *Value {
	out := doc.NewMap()
	for _, k := range c.Keys() {
		if !slices.Contains([]string{"Arn", "PerExecutionEnvironmentMaxConcurrency", "ExecutionEnvironmentMemoryGiBPerVCpu"}, k) {
			f.fail(c, "Invalid CapacityProviderConfig: %s is not permitted", k)
		}
	}
	if given(c.Get("Arn")) == nil {
		f.fail(c, "Invalid CapacityProviderConfig: Arn is required")
	}
	out.Set("CapacityProviderArn", c.Get("Arn"))
	out.Set("PerExecutionEnvironmentMaxConcurrency", given(c.Get("PerExecutionEnvironmentMaxConcurrency")))
	out.Set("ExecutionEnvironmentMemoryGiBPerVCpu", given(c.Get("ExecutionEnvironmentMemoryGiBPerVCpu")))
	return obj("LambdaManagedInstancesCapacityProviderConfig", out)
}

// executionRole makes the role that a function without one gets.
func (f *fn) executionRole(invoke []*Value) {
	assume := f.get("AssumeRolePolicyDocument")
	if assume == nil {
		assume = assumeRole("lambda.amazonaws.com")
	}
	basic := "service-role/AWSLambdaBasicExecutionRole"
	if truthy(f.get("DurableConfig")) {
		basic = "service-role/AWSLambdaBasicDurableExecutionRolePolicy"
	}
	managed := []string{basic}
	if f.traced() {
		managed = append(managed, f.tracePolicy())
	}
	if truthy(f.get("VpcConfig")) {
		managed = append(managed, "service-role/AWSLambdaVPCAccessExecutionRole")
	}
	documents := list()
	if dlq := f.get("DeadLetterQueue"); truthy(dlq) {
		action := map[string]string{"SQS": "sqs:SendMessage", "SNS": "sns:Publish"}[dlq.Get("Type").Text()]
		documents.Append(obj("PolicyName", "DeadLetterQueuePolicy", "PolicyDocument", obj("Version", "2012-10-17",
			"Statement", list(obj("Action", action, "Resource", dlq.Get("TargetArn").Clone(), "Effect", "Allow")))))
	}
	for _, p := range invoke {
		documents.Append(p)
	}
	f.role = f.newRole(roleSpec{
		assume: assume, managed: managed, documents: documents, policies: f.get("Policies"),
		path: f.get("RolePath"), boundary: f.get("PermissionsBoundary"), tags: f.tags("lambda:createdBy"),
	})
}

// useRole gives the function its role: the one named, the one made, or either
// as a condition says.
func (f *fn) useRole() {
	own := f.get("Role")
	if own == nil {
		f.fn.set("Role", f.role.arn())
		f.add(f.role)
		return
	}
	if !isIf(own) {
		return
	}
	cond, then, otherwise, ok := ifItems(f.resolve(own))
	if !ok {
		f.fail(own, "Malformed 'Role' property: Fn::If requires 3 arguments.")
		return
	}
	switch {
	case isNoValue(then) && isNoValue(otherwise):
		f.fn.set("Role", f.role.arn())
	case isNoValue(then):
		f.fn.set("Role", when(cond, f.role.arn(), otherwise))
		f.role.attrs.SetText("Condition", cond)
	case isNoValue(otherwise):
		f.fn.set("Role", when(cond, then, f.role.arn()))
		f.role.attrs.SetText("Condition", "NOT"+cond)
		f.conditionsSection().Set("NOT"+cond, obj("Fn::Not", list(obj("Condition", cond))))
	default:
		return
	}
	f.add(f.role)
}

// conditionsSection is the section Conditions of the template, made if it is missing.
func (t *transformer) conditionsSection() *Value { return ensure(t.root, "Conditions") }

// events makes what the events of the function need, in the order of their paths.
func (f *fn) events() {
	all := f.get("Events")
	names := slices.Clone(all.Keys())
	slices.SortStableFunc(names, func(a, b string) int { return compareText(eventOrder(all, a), eventOrder(all, b)) })
	for _, name := range names {
		f.event(name, all.Get(name))
	}
}

func eventOrder(events *Value, name string) string {
	if path := events.Find(name, "Properties", "Path"); path.Is(doc.String) {
		return path.Text()
	}
	return name
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
