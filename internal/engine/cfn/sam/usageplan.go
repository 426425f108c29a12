package sam

import (
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const sharedCondition = "SharedUsagePlanCondition"

// sharedPlan is the usage plan that all APIs with CreateUsagePlan: SHARED have.
type sharedPlan struct {
	apis          []string
	stages, keys  *Value
	conditions    []string
	unconditional bool // some API has no condition
	deletion      string
	updateReplace string
}

// attributes are those of the shared resources, which must outlive any of
// the APIs.
func (p *sharedPlan) attributes() *Value {
	m := doc.NewMap()
	if p.deletion != "" {
		m.SetText("DeletionPolicy", p.deletion)
	}
	if p.updateReplace != "" {
		m.SetText("UpdateReplacePolicy", p.updateReplace)
	}
	if len(p.conditions) > 0 && !p.unconditional {
		m.SetText("Condition", sharedCondition)
	}
	return m
}

// join takes one more API into the plan.
func (p *sharedPlan) join(r *rest, stage *made) {
	if p.stages == nil {
		p.stages, p.keys = list(), list()
	}
	if !slices.Contains(p.apis, r.id) {
		p.apis = append(p.apis, r.id)
	}
	appendNew(p.stages, obj("ApiId", ref(r.id), "Stage", ref(stage.id)))
	appendNew(p.keys, obj("RestApiId", ref(r.id), "StageName", ref(stage.id)))
	if d := r.pass.Get("DeletionPolicy").Text(); d != "" && (p.deletion == "" || d == "Retain") {
		p.deletion = d
	}
	if u := r.pass.Get("UpdateReplacePolicy").Text(); u != "" &&
		(p.updateReplace == "" || u == "Retain" || u == "Snapshot" && p.updateReplace == "Delete") {
		p.updateReplace = u
	}
	p.condition(r)
}

// condition keeps the condition of the plan: any of the APIs'.
func (p *sharedPlan) condition(r *rest) {
	all := r.root.Get("Conditions")
	c := r.pass.Get("Condition").Text()
	switch {
	case p.unconditional:
	case c == "":
		p.unconditional = true
		all.Delete(sharedCondition)
	case slices.Contains(p.conditions, c):
	case all == nil:
		r.failed = true
		r.invalid(r.src, "Can't have condition without having 'Conditions' section in the template")
	default:
		p.conditions = append(p.conditions, c)
		if len(p.conditions) == 1 {
			all.SetText(sharedCondition, c)
		} else {
			all.Set(sharedCondition, anyOf(p.conditions))
		}
	}
}

// usagePlan makes the usage plan, a key and their connection.
func (r *rest) usagePlan(stage *made) {
	plan := given(r.auth.Get("UsagePlan"))
	if plan == nil || !r.validUsagePlan(plan) {
		return
	}
	prefix, attrs := r.id, r.pass
	depends, stages, keys := texts(r.id), list(obj("ApiId", ref(r.id), "Stage", ref(stage.id))), list(obj("RestApiId", ref(r.id), "StageName", ref(stage.id)))
	switch plan.Get("CreateUsagePlan").Text() {
	case "NONE":
		return
	case "SHARED":
		shared := &r.plan
		shared.join(r, stage)
		prefix, attrs = "Serverless", shared.attributes()
		depends, stages, keys = texts(shared.apis...), shared.stages.Clone(), shared.keys.Clone()
	}
	p := r.add(newMade(prefix+"UsagePlan", "AWS::ApiGateway::UsagePlan", attrs))
	p.dependsOn = depends
	p.set("ApiStages", stages)
	for _, key := range []string{"UsagePlanName", "Description", "Quota", "Tags", "Throttle"} {
		if v := plan.Get(key); truthy(v) {
			p.set(key, v)
		}
	}
	k := r.add(newMade(prefix+"ApiKey", "AWS::ApiGateway::ApiKey", attrs))
	k.dependsOn = texts(p.id)
	k.setAll("Enabled", true, "StageKeys", keys)
	c := r.add(newMade(prefix+"UsagePlanKey", "AWS::ApiGateway::UsagePlanKey", attrs))
	c.dependsOn = texts(k.id)
	c.setAll("KeyId", ref(k.id), "KeyType", "API_KEY", "UsagePlanId", ref(p.id))
}

func (r *rest) validUsagePlan(plan *Value) bool {
	if !plan.Is(doc.Map) {
		r.fail(plan, "'UsagePlan' must be a dictionary")
		return false
	}
	for _, k := range plan.Keys() {
		if !slices.Contains([]string{"CreateUsagePlan", "Description", "Quota", "Tags", "Throttle", "UsagePlanName"}, k) {
			r.fail(plan, "Invalid property for 'UsagePlan'")
			return false
		}
	}
	switch create := given(plan.Get("CreateUsagePlan")); {
	case create == nil:
		r.fail(plan, "'CreateUsagePlan' is a required field for UsagePlan.")
	case !slices.Contains([]string{"SHARED", "PER_API", "NONE"}, create.Text()):
		r.fail(create, "'CreateUsagePlan' accepts one of ['SHARED', 'PER_API', 'NONE'].")
	default:
		return true
	}
	return false
}

// anyOf is a condition that holds when one of some conditions does.
func anyOf(conditions []string) *Value {
	l := list()
	for _, c := range conditions {
		l.Append(obj("Condition", c))
	}
	return obj("Fn::Or", l)
}
