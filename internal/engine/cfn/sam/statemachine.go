package sam

import (
	"slices"
	"strconv"
	"strings"
)

// machine is the work on one state machine.
type machine struct {
	*job
	machine *made
	alias   *made // nil without AutoPublishAlias
}

// stateMachine makes a state machine, its role, and what its events ask for.
func (j *job) stateMachine() {
	m := &machine{job: j}
	m.machine = m.main(j.id, "AWS::StepFunctions::StateMachine")
	m.define()
	m.setRole()
	m.machine.set("StateMachineName", j.get("Name")).set("StateMachineType", j.get("Type"))
	m.machine.set("LoggingConfiguration", j.get("Logging")).set("TracingConfiguration", j.get("Tracing"))
	m.machine.set("Tags", j.tags("stateMachine:createdBy"))
	m.publish()
	if j.failed {
		return
	}
	events := j.get("Events")
	for i, name := range events.Keys() {
		m.event(name, events.Nth(i))
	}
	j.propagate(j.get("Tags"), j.get("PropagateTags"))
}

// define writes the definition, with a substitution for every function in it.
func (m *machine) define() {
	definition, uri := m.get("Definition"), m.get("DefinitionUri")
	substitutions := m.get("DefinitionSubstitutions")
	switch {
	case truthy(definition) && truthy(uri):
		m.fail(uri, "Specify either 'Definition' or 'DefinitionUri' property and not both.")
	case truthy(definition):
		definition = definition.Clone()
		all := merged(substitutions, nil)
		n := 0
		substitute(definition, func(v *Value) *Value {
			n++
			name := "definition_substitution_" + strconv.Itoa(n)
			all.Set(name, v)
			return text("${" + name + "}")
		})
		if all.Len() > 0 {
			substitutions = all
		}
		var b strings.Builder
		indented(&b, definition, "")
		m.machine.set("DefinitionString", joined("\n", texts(strings.Split(b.String(), "\n")...).Items()...))
	case truthy(uri):
		m.machine.set("DefinitionS3Location", m.bodyLocation(uri))
	default:
		m.fail(m.src, "Either 'Definition' or 'DefinitionUri' property must be specified.")
	}
	if truthy(substitutions) {
		m.machine.set("DefinitionSubstitutions", substitutions)
	}
}

// substitute replaces every function and dynamic reference below v, in the
// order of sorted keys.
func substitute(v *Value, f func(*Value) *Value) {
	order := make([]int, v.Len())
	for i := range order {
		order[i] = i
	}
	if keys := v.Keys(); keys != nil {
		slices.SortFunc(order, func(a, b int) int { return compareText(keys[a], keys[b]) })
	}
	for _, i := range order {
		if x := v.Nth(i); isIntrinsic(x) || isDynamicReference(x) {
			v.SetNth(i, f(x))
		} else {
			substitute(x, f)
		}
	}
}

func (m *machine) setRole() {
	role, policies := m.get("Role"), m.get("Policies")
	switch {
	case truthy(role) && truthy(policies):
		m.fail(role, "Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them")
	case truthy(role):
		m.machine.set("RoleArn", role)
	default:
		all := concat(asList(policies))
		if m.get("Tracing").Get("Enabled").True() {
			all.Append(text(m.tracePolicy()))
		}
		made := m.add(m.newRole(roleSpec{
			assume: assumeRole("states.amazonaws.com"), policies: all, path: m.get("RolePath"),
			boundary: m.get("PermissionsBoundary"), tags: m.tags("stateMachine:createdBy"),
		}))
		m.machine.set("RoleArn", made.arn())
	}
}

// publish makes a version and an alias, where AutoPublishAlias asks for them.
func (m *machine) publish() {
	name, preference := m.get("AutoPublishAlias"), m.get("DeploymentPreference")
	if !truthy(name) {
		if truthy(m.get("UseAliasAsEventTarget")) {
			m.fail(m.src, "'UseAliasAsEventTarget' requires 'AutoPublishAlias' property to be specified.")
		} else if truthy(preference) {
			m.fail(preference, "'DeploymentPreference' requires 'AutoPublishAlias' property to be specified.")
		}
		return
	}
	v := m.also(m.id+"Version", "AWS::StepFunctions::StateMachineVersion").setAll(
		"StateMachineArn", ref(m.id), "StateMachineRevisionId", getAtt(m.id, "StateMachineRevisionId"))
	for _, key := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		if !v.attrs.Has(key) {
			v.attrs.SetText(key, "Retain")
		}
	}
	if truthy(preference) {
		preference = merged(preference, nil)
	} else {
		preference = obj("Type", "ALL_AT_ONCE")
	}
	m.alias = m.also(m.id+"Alias"+name.Text(), "AWS::StepFunctions::StateMachineAlias").setAll(
		"Name", name, "DeploymentPreference", preference.Set("StateMachineVersionArn", ref(v.id)))
}

// event makes what an event of the state machine needs.
func (m *machine) event(name string, v *Value) {
	e := m.newEvent(name, v, stateMachineEventSchema)
	if e == nil {
		return
	}
	e.target = m.machine
	if m.alias != nil && truthy(m.get("UseAliasAsEventTarget")) {
		e.target = m.alias
	}
	switch e.typ {
	case "Api":
		e.apiOfMachine()
	case "Schedule":
		e.ruleOfMachine(e.schedule)
	case "CloudWatchEvent", "EventBridgeRule":
		e.ruleOfMachine(e.pattern)
	case "ScheduleV2":
		e.scheduler(func(id string) *Value {
			return allow(id+"StartExecutionPolicy", "states:StartExecution", e.target.arn())
		})
	}
}

// startRole makes a role by which a service may start executions.
func (e *event) startRole(service string) *made {
	role := e.also("Role", "AWS::IAM::Role")
	role.setAll("AssumeRolePolicyDocument", assumeRole(service),
		"Policies", list(allow(role.id+"StartExecutionPolicy", "states:StartExecution", e.target.arn())))
	if b := e.job.get("PermissionsBoundary"); truthy(b) {
		role.set("PermissionsBoundary", b)
	}
	return role
}

// ruleOfMachine makes an EventBridge rule that starts executions.
func (e *event) ruleOfMachine(fill func(*made)) {
	rule := e.also("", "AWS::Events::Rule")
	fill(rule)
	e.setState(rule)
	role := e.get("RoleArn")
	if role == nil {
		role = e.startRole("events.amazonaws.com").arn()
	}
	if target := e.ruleTarget(rule, stateMachineTarget); target != nil {
		rule.set("Targets", list(target.Set("RoleArn", role)))
	}
}

// apiOfMachine writes an integration that starts executions into the API's
// definition.
func (e *event) apiOfMachine() {
	a, ok := e.link()
	if !ok {
		return
	}
	role := e.startRole("apigateway.amazonaws.com")
	body := a.props.Get("DefinitionBody")
	if !truthy(a.props.Get(managed)) || given(body) == nil || !a.swagger(body) {
		return
	}
	ed := a.editor(body)
	if ed.hasIntegration(a.path, a.method) {
		e.fail(e.get("Path"), `API method "%s" defined multiple times for path "%s".`, a.method, a.path)
		return
	}
	ed.addIntegration(integration{
		path: a.path, method: a.method, condition: e.condition(),
		uri: sub("arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution"),
		value: obj("type", "aws", "httpMethod", "POST",
			"responses", obj("200", obj("statusCode", "200"), "400", obj("statusCode", "400")),
			"credentials", role.arn(), "requestTemplates", obj("application/json", sub(e.startTemplate()))),
		responses: obj("200", obj("description", "OK"), "400", obj("description", "Bad Request")),
	}, nil)
	if auth := e.get("Auth"); truthy(auth) {
		a.authorize(ed, auth)
	}
}

// startTemplate is the request template that starts an execution.
func (e *event) startTemplate() string {
	if truthy(e.get("UnescapeMappingTemplate")) {
		return `{"input": "$util.escapeJavaScript($input.json('$')).replaceAll("\\'","'")", "stateMachineArn": "${` + e.target.id + `}"}`
	}
	return `{"input": "$util.escapeJavaScript($input.json('$'))", "stateMachineArn": "${` + e.target.id + `}"}`
}
