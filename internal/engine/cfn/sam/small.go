package sam

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// table makes a DynamoDB table with a hash key.
func (j *job) table() {
	name, typ := text("id"), "S"
	if key := j.get("PrimaryKey"); truthy(key) {
		name = given(key.Get("Name"))
		t := given(key.Get("Type"))
		switch {
		case name == nil:
			j.fail(key, "Property 'PrimaryKey.Name' is required.")
			return
		case t == nil:
			j.fail(key, "Property 'PrimaryKey.Type' is required.")
			return
		}
		if typ = map[string]string{"String": "S", "Number": "N", "Binary": "B"}[t.Text()]; typ == "" {
			j.fail(t, `Invalid 'Type' "%s".`, t.Text())
			return
		}
	}
	m := j.main(j.id, "AWS::DynamoDB::Table").setAll(
		"AttributeDefinitions", list(obj("AttributeName", name, "AttributeType", typ)),
		"KeySchema", list(obj("AttributeName", name.Clone(), "KeyType", "HASH")))
	for _, key := range []string{"PointInTimeRecoverySpecification", "ProvisionedThroughput", "SSESpecification", "TableName"} {
		if v := j.get(key); truthy(v) {
			m.set(key, v)
		}
	}
	if !truthy(j.get("ProvisionedThroughput")) {
		m.set("BillingMode", text("PAY_PER_REQUEST"))
	}
	if tags := j.get("Tags"); truthy(tags) {
		m.set("Tags", tagList(tags))
	}
}

// layer makes a layer version, whose logical id changes with what it holds.
func (j *job) layer() {
	for _, key := range []string{"LayerName", "LicenseInfo", "Description", "RetentionPolicy"} {
		if v := j.get(key); truthy(v) {
			j.props.Set(key, j.resolve(v))
		}
	}
	attrs := merged(j.pass, nil)
	if !attrs.Has("DeletionPolicy") {
		attrs.SetText("DeletionPolicy", "Retain")
	}
	if r := j.get("RetentionPolicy"); r != nil {
		switch {
		case isIntrinsic(r):
			j.fail(r, "'RetentionPolicy' does not accept intrinsic functions, please use one of the following options: ['Retain', 'Delete']")
		case strings.EqualFold(r.Text(), "Retain"):
			attrs.SetText("DeletionPolicy", "Retain")
		case strings.EqualFold(r.Text(), "Delete"):
			attrs.SetText("DeletionPolicy", "Delete")
		default:
			j.fail(r, "'RetentionPolicy' must be one of the following options: ['Retain', 'Delete'].")
		}
	}
	j.checkArchitectures()
	id := j.id + short(j.layerContent())
	if id != j.id {
		j.renamed[j.id] = id
	}
	m := j.add(newMade(id, "AWS::Lambda::LayerVersion", attrs))
	m.dependsOn = j.dependsOn
	name := j.get("LayerName")
	if !truthy(name) {
		name = text(j.id)
	}
	m.set("LayerName", name).set("Content", j.location(j.get("ContentUri"), "ContentUri"))
	m.copied(j.props, "Description", "CompatibleArchitectures", "CompatibleRuntimes", "LicenseInfo")
}

// layerContent is what a new version is published for: the resource as written,
// but for what becomes of old versions.
func (j *job) layerContent() *Value {
	v := obj("Type", typeLayer)
	if truthy(j.dependsOn) {
		v.Set("DependsOn", j.dependsOn)
	}
	for i, k := range j.attrs.Keys() {
		if k != "DeletionPolicy" && k != "UpdateReplacePolicy" && k != "Metadata" {
			v.Set(k, j.attrs.Nth(i))
		}
	}
	props := doc.NewMap()
	for i, k := range j.props.Keys() {
		props.Set(k, given(j.props.Nth(i)))
	}
	return obj(j.id, v.Set("Properties", props))
}

func (j *job) checkArchitectures() {
	all := j.get("CompatibleArchitectures")
	for _, a := range all.Items() {
		if !isIntrinsic(a) && a.Text() != "arm64" && a.Text() != "x86_64" {
			j.fail(a, "CompatibleArchitectures needs to be a list of 'x86_64' or 'arm64'")
		}
	}
}

// application makes a nested stack of a template, or of an application of the
// Serverless Application Repository.
func (j *job) application() {
	location := j.get("Location")
	url, tags := location, doc.NewMap()
	if location.Is(doc.Map) && !isTemplateLocation(location) {
		url = text("")
		if j.fromRepository(location, &url); j.failed {
			return
		}
		tags.Set("serverlessrepo:applicationId", location.Get("ApplicationId"))
		tags.Set("serverlessrepo:semanticVersion", location.Get("SemanticVersion"))
	}
	m := newMade(j.id, "AWS::CloudFormation::Stack", j.pass)
	m.dependsOn = j.dependsOn
	j.add(m).copied(j.props, "Parameters", "NotificationARNs", "TimeoutInMinutes").set("TemplateURL", url)
	own := j.tags("lambda:createdBy").Items()
	m.set("Tags", concat(list(own[0]), tagList(tags), list(own[1:]...)))
}

// isTemplateLocation reports whether a location is a function, not an
// application of the repository.
func isTemplateLocation(v *Value) bool { return isIntrinsic(v) }

// fromRepository finds the template of an application.
func (j *job) fromRepository(location *Value, url **Value) {
	for _, key := range []string{"ApplicationId", "SemanticVersion"} {
		if !location.Has(key) {
			j.fail(location, "Resource is missing the required [%s] property.", key)
			return
		}
		if v := location.Get(key); v != nil {
			location.Set(key, j.resolveMapping(j.resolve(v)))
		}
	}
	id, version := given(location.Get("ApplicationId")), location.Get("SemanticVersion")
	switch {
	case id == nil:
		j.fail(location, "Property 'ApplicationId' is required.")
	case id.Is(doc.Map):
		j.fail(id, "Property 'ApplicationId' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.")
	case !truthy(version):
		j.fail(location, "Property 'SemanticVersion' cannot be blank.")
	case version.Is(doc.Map):
		j.fail(version, "Property 'SemanticVersion' cannot be resolved. Only FindInMap and Ref intrinsic functions are supported.")
	case j.in.Application == nil:
		j.fail(location, "Serverless Application Repository is not available in this region.")
	default:
		found, err := j.in.Application(id.Text(), version.Text())
		if err != nil {
			j.fail(location, "%s", err.Error())
			return
		}
		*url = text(found)
	}
}

// capacityProvider makes a capacity provider of Lambda and the role that runs it.
func (j *job) capacityProvider() {
	tags := func(own *Value) *Value { return tagList(merged(own, obj("lambda:createdBy", "SAM"))) }
	role := j.get("OperatorRole")
	if !truthy(role) {
		r := j.newRole(roleSpec{
			assume: assumeRole("lambda.amazonaws.com"), managed: []string{"AWSLambdaManagedEC2ResourceOperator"}, tags: tags(nil),
		})
		r.id = j.id + "OperatorRole"
		role = j.add(r).arn()
	}
	m := j.main(j.id, "AWS::Lambda::CapacityProvider")
	for _, key := range []string{"CapacityProviderName", "KmsKeyArn"} {
		if v := j.get(key); truthy(v) {
			m.set(key, v)
		}
	}
	vpc := j.get("VpcConfig")
	if given(vpc.Get("SubnetIds")) == nil {
		j.fail(vpc, "Property 'VpcConfig.SubnetIds' is required.")
	}
	network := obj("SubnetIds", vpc.Get("SubnetIds"))
	network.Set("SecurityGroupIds", given(vpc.Get("SecurityGroupIds")))
	m.setAll("VpcConfig", network, "PermissionsConfig", obj("CapacityProviderOperatorRoleArn", role), "Tags", tags(j.get("Tags")))
	j.instances(m)
	j.propagateMerged(j.get("Tags"), j.get("PropagateTags"))
}

func (j *job) instances(m *made) {
	need := j.get("InstanceRequirements")
	if given(need.Get("AllowedTypes")) != nil && given(need.Get("ExcludedTypes")) != nil {
		j.fail(need, "Cannot specify 'InstanceRequirements.AllowedTypes' and 'InstanceRequirements.ExcludedTypes' together.")
	}
	if truthy(need) {
		out := doc.NewMap()
		out.Set("Architectures", given(need.Get("Architectures")))
		out.Set("AllowedInstanceTypes", given(need.Get("AllowedTypes")))
		out.Set("ExcludedInstanceTypes", given(need.Get("ExcludedTypes")))
		m.set("InstanceRequirements", out)
	}
	if scaling := j.get("ScalingConfig"); truthy(scaling) {
		out := doc.NewMap()
		out.Set("MaxVCpuCount", given(scaling.Get("MaxVCpuCount")))
		if cpu := given(scaling.Get("AverageCPUUtilization")); cpu != nil {
			out.SetText("ScalingMode", "Manual")
			out.Set("ScalingPolicies", list(obj("PredefinedMetricType", "LambdaCapacityProviderAverageCPUUtilization", "TargetValue", cpu)))
		} else {
			out.SetText("ScalingMode", "Auto")
		}
		m.set("CapacityProviderScalingConfig", out)
	}
}

// propagateMerged adds tags to what was made, keeping those it has.
func (j *job) propagateMerged(tags, wanted *Value) {
	if !truthy(tags) || !truthy(wanted) {
		return
	}
	for _, m := range j.made {
		all := doc.NewMap()
		for _, t := range concat(m.props.Get("Tags"), tagList(tags)).Items() {
			all.Set(t.Get("Key").Text(), t.Get("Value"))
		}
		m.set("Tags", tagList(all))
	}
}
