package sam

import "github.com/stagedoor/stagedoor/internal/engine/cfn/doc"

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
