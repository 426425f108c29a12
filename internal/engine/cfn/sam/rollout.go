package sam

import (
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const (
	rolloutApplication = "ServerlessDeploymentApplication"
	rolloutRole        = "CodeDeployServiceRole"
	rolloutCondition   = "ServerlessCodeDeployCondition"
)

// rollout is how new versions of one function take over.
type rollout struct {
	job       *job
	config    *Value
	condition string // of the function, where it is to be passed on
	tags      *Value // where they are to be passed on
}

// rollouts are those of all functions of a template.
type rollouts struct{ all []rollout }

// rollout reads DeploymentPreference and gives the alias its update policy.
func (f *fn) rollout() {
	config := f.get("DeploymentPreference")
	if !truthy(config) {
		return
	}
	for _, key := range []string{"Enabled", "Type"} {
		if v := config.Get(key); v != nil {
			config.Set(key, f.resolveMapping(f.resolve(v)))
		}
	}
	r := rollout{job: f.job, config: config}
	if f.passesCondition(config) {
		r.condition = f.pass.Get("Condition").Text()
	}
	if e := config.Get("Enabled"); e != nil && (!truthy(e) || e.Text() == "false" || e.Text() == "False") {
		return
	}
	switch {
	case !config.Has("Type"):
		f.fail(config, "'DeploymentPreference' is missing required Property 'Type'")
		return
	case config.Has("Hooks") && !config.Get("Hooks").Is(doc.Map):
		f.fail(config, "'Hooks' property of 'DeploymentPreference' must be a dictionary")
		return
	case f.alias == nil:
		f.fail(config, "'DeploymentPreference' requires AutoPublishAlias property to be specified.")
		return
	}
	if tags := f.get("Tags"); truthy(tags) && truthy(f.get("PropagateTags")) {
		r.tags = tags
	}
	f.rollouts.all = append(f.rollouts.all, r)
	update := obj("ApplicationName", ref(rolloutApplication), "DeploymentGroupName", ref(f.id+"DeploymentGroup"))
	update.Set("BeforeAllowTrafficHook", given(config.Find("Hooks", "PreTraffic")))
	update.Set("AfterAllowTrafficHook", given(config.Find("Hooks", "PostTraffic")))
	f.alias.attrs.Set("UpdatePolicy", obj("CodeDeployLambdaAliasUpdate", update))
}

// passesCondition reads whether the condition of the function holds for its
// deployment as well.
func (f *fn) passesCondition(config *Value) bool {
	v := config.Get("PassthroughCondition")
	if v == nil {
		return false
	}
	v = f.resolveMapping(f.resolve(v))
	switch v.Text() {
	case "true", "True":
		return true
	case "false", "False":
		return false
	}
	if isIntrinsic(v) {
		f.fail(v, "Unsupported intrinsic: the only intrinsic functions supported for property PassthroughCondition are FindInMap and parameter Refs.")
	} else {
		f.fail(v, "Invalid value for property PassthroughCondition.")
	}
	return false
}

// finish makes what the rollouts of a template share, and a group for each.
func (r *rollouts) finish(t *transformer) {
	if len(r.all) == 0 {
		return
	}
	condition := r.condition(t)
	tags := doc.NewMap()
	skipRole := true
	for _, one := range r.all {
		tags = merged(tags, one.tags)
		skipRole = skipRole && truthy(one.config.Get("Role"))
	}
	shared := func(id, typ string) *made {
		m := newMade(id, typ, nil)
		if condition != "" {
			m.attrs.SetText("Condition", condition)
		}
		if tags.Len() > 0 {
			m.set("Tags", tagList(tags))
		}
		return m
	}
	app := shared(rolloutApplication, "AWS::CodeDeploy::Application").setAll("ComputePlatform", "Lambda")
	t.out.Set(app.id, app.value())
	if !skipRole {
		policy := "service-role/AWSCodeDeployRoleForLambda"
		if t.in.Partition == "aws-iso" || t.in.Partition == "aws-iso-b" {
			policy += "Limited"
		}
		role := shared(rolloutRole, "AWS::IAM::Role").setAll(
			"AssumeRolePolicyDocument", assumeRole("codedeploy.amazonaws.com"), "ManagedPolicyArns", texts(t.awsPolicy(policy)))
		t.out.Set(role.id, role.value())
	}
	for _, one := range r.all {
		g := one.group()
		t.out.Set(g.id, g.value())
	}
}

// condition is the one under which any rollout happens; "" if one always does.
func (r *rollouts) condition(t *transformer) string {
	var all []string
	for _, one := range r.all {
		if one.condition == "" {
			return ""
		}
		if !slices.Contains(all, one.condition) {
			all = append(all, one.condition)
		}
	}
	if len(all) == 1 {
		return all[0]
	}
	t.combine(all, rolloutCondition)
	return rolloutCondition
}

// group is the deployment group of a function.
func (r rollout) group() *made {
	g := newMade(r.job.id+"DeploymentGroup", "AWS::CodeDeploy::DeploymentGroup", nil)
	g.setAll(
		"AlarmConfiguration", r.alarms(r.config.Get("Alarms")),
		"ApplicationName", ref(rolloutApplication),
		"AutoRollbackConfiguration", obj("Enabled", true, "Events", texts("DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST")),
		"DeploymentConfigName", deploymentType(r.config.Get("Type").Clone(), ""),
		"DeploymentStyle", obj("DeploymentType", "BLUE_GREEN", "DeploymentOption", "WITH_TRAFFIC_CONTROL"),
		"ServiceRoleArn", getAtt(rolloutRole, "Arn"))
	if role := r.config.Get("Role"); truthy(role) {
		g.set("ServiceRoleArn", role)
	}
	if v := r.config.Get("TriggerConfigurations"); truthy(v) {
		g.set("TriggerConfigurations", v)
	}
	if r.tags != nil {
		g.set("Tags", tagList(r.tags))
	}
	if r.condition != "" {
		g.attrs.SetText("Condition", r.condition)
	}
	return g
}

// alarms is the configuration of alarms that stop a rollout.
func (r rollout) alarms(v *Value) *Value {
	if !truthy(v) || isNoValue(v) {
		return nil
	}
	if isIf(v) {
		cond, then, otherwise, ok := ifItems(v)
		if !ok {
			r.job.fail(v, "Fn::If requires 3 arguments")
			return nil
		}
		return when(cond, r.alarmList(then), r.alarmList(otherwise))
	}
	return r.alarmList(v)
}

func (r rollout) alarmList(v *Value) *Value {
	if !v.Is(doc.List) {
		r.job.fail(v, "Alarms must be a list")
		return nil
	}
	if v.Len() == 0 || isNoValue(v.Item(0)) {
		return doc.NewMap()
	}
	all := list()
	for _, a := range v.Items() {
		all.Append(obj("Name", a))
	}
	return obj("Enabled", true, "Alarms", all)
}

// deploymentType is a type of rollout with the names of CodeDeploy's own in full.
func deploymentType(v *Value, key string) *Value {
	switch {
	case v.Is(doc.List):
		for i, it := range v.Items() {
			v.SetNth(i, deploymentType(it, ""))
		}
	case isIntrinsic(v):
		k, arg := v.Single()
		v.SetNth(0, deploymentType(arg, k))
	case slices.Contains([]string{
		"Canary10Percent5Minutes", "Canary10Percent10Minutes", "Canary10Percent15Minutes", "Canary10Percent30Minutes",
		"Linear10PercentEvery1Minute", "Linear10PercentEvery2Minutes", "Linear10PercentEvery3Minutes", "Linear10PercentEvery10Minutes", "AllAtOnce",
	}, v.Text()):
		full := list(text("CodeDeployDefault.Lambda${ConfigName}"), obj("ConfigName", v))
		if key == "Fn::Sub" {
			return full
		}
		return obj("Fn::Sub", full)
	}
	return v
}
