package sam

import "github.com/stagedoor/stagedoor/internal/engine/cfn/doc"

// What the ids of targets end in.
const (
	functionTarget     = "LambdaTarget"
	stateMachineTarget = "StepFunctionsTarget"
)

// targetID is the id of a rule's target, at most 64 characters.
func targetID(id, suffix string) string {
	const most = 64
	return id[:min(len(id), most-len(suffix))] + suffix
}

// schedule fills in a rule that goes by the clock.
func (e *event) schedule(rule *made) {
	rule.set("ScheduleExpression", e.get("Schedule")).copied(e.props, "Name", "Description")
}

// pattern fills in a rule that goes by events.
func (e *event) pattern(rule *made) {
	rule.copied(e.props, "EventBusName")
	rule.set("EventPattern", e.get("Pattern")).set("Name", e.get("RuleName"))
}

// rule makes an EventBridge rule and lets it call the function.
func (e *event) rule(fill func(*made), suffix string) {
	rule := e.also("", "AWS::Events::Rule")
	fill(rule)
	e.setState(rule)
	target := e.ruleTarget(rule, suffix)
	if target == nil {
		return
	}
	rule.set("Targets", list(target))
	e.permission("events.amazonaws.com", rule.arn())
}

// setState switches the rule on or off.
func (e *event) setState(rule *made) {
	state, enabled := e.get("State"), e.get("Enabled")
	if truthy(state) && enabled != nil {
		e.fail(state, "State and Enabled Properties cannot both be specified.")
		return
	}
	if truthy(state) {
		rule.set("State", state)
	}
	if enabled != nil {
		on := "DISABLED"
		if truthy(enabled) {
			on = "ENABLED"
		}
		rule.set("State", text(on))
	}
}

// ruleTarget is the target of a rule, with a dead letter queue if one is asked
// for; nil after a problem.
func (e *event) ruleTarget(rule *made, suffix string) *Value {
	id := text(targetID(e.id, suffix))
	if own := e.get("Target").Get("Id"); own != nil {
		id = own
	}
	target := obj("Arn", e.target.arn(), "Id", id)
	target.Set("Input", e.get("Input"))
	target.Set("InputPath", e.get("InputPath"))
	if e.get("DeadLetterConfig") != nil {
		queue := e.deadLetters(rule.arn())
		if queue == nil {
			return nil
		}
		target.Set("DeadLetterConfig", obj("Arn", queue))
	}
	target.Set("RetryPolicy", e.get("RetryPolicy"))
	target.Set("InputTransformer", e.get("InputTransformer"))
	return target
}

// validDeadLetters checks DeadLetterConfig: a queue that is there, or one to
// be made.
func (e *event) validDeadLetters() bool {
	c := e.get("DeadLetterConfig")
	arn, typ, id := c.Has("Arn"), c.Has("Type"), given(c.Get("QueueLogicalId"))
	switch {
	case arn && typ:
		e.fail(c, "You can either define 'Arn' or 'Type' property of DeadLetterConfig.")
	case typ && c.Get("Type").Text() != "SQS":
		e.fail(c, "The only valid value for 'Type' property of DeadLetterConfig is 'SQS'.")
	case !arn && !typ:
		e.fail(c, "No 'Arn' or 'Type' property provided for DeadLetterConfig.")
	case id != nil && !id.Is(doc.String):
		e.fail(id, "QueueLogicalId must be a string")
	default:
		return true
	}
	return false
}

// deadLetters is the queue for what cannot be delivered, made if none is
// named. A queue made for a rule lets that rule send.
func (e *event) deadLetters(source *Value) *Value {
	if !e.validDeadLetters() {
		return nil
	}
	c := e.get("DeadLetterConfig")
	if arn := given(c.Get("Arn")); arn != nil {
		return arn
	}
	id := c.Get("QueueLogicalId").Text()
	if id == "" {
		id = e.id + "Queue"
	}
	queue := e.job.also(id, "AWS::SQS::Queue")
	if source != nil {
		e.also("QueuePolicy", "AWS::SQS::QueuePolicy").setAll(
			"PolicyDocument", queuePolicy(obj("Service", "events.amazonaws.com"), queue.arn(), source),
			"Queues", list(ref(queue.id)))
	}
	return queue.arn()
}

// queuePolicy lets a principal send to a queue on behalf of a source.
func queuePolicy(principal, queue, source *Value) *Value {
	return obj("Version", "2012-10-17", "Statement", list(obj(
		"Action", "sqs:SendMessage", "Effect", "Allow", "Principal", principal, "Resource", queue.Clone(),
		"Condition", obj("ArnEquals", obj("aws:SourceArn", source.Clone())))))
}

// scheduler makes a schedule of EventBridge Scheduler, with a role that may
// call what is scheduled.
func (e *event) scheduler(policy func(id string) *Value) {
	s := e.also("", "AWS::Scheduler::Schedule")
	s.copied(e.props, "ScheduleExpression", "Description", "StartDate", "EndDate", "ScheduleExpressionTimezone", "GroupName", "KmsKeyArn")
	if v := e.get("State"); truthy(v) {
		s.set("State", v)
	}
	name := e.get("Name")
	switch {
	case !truthy(e.get("OmitName")) && !truthy(name):
		s.set("Name", text(e.id))
	case !truthy(e.get("OmitName")):
		s.set("Name", name)
	case truthy(name):
		e.fail(name, "Name cannot be set when OmitName is True")
	}
	window := e.get("FlexibleTimeWindow")
	if !truthy(window) {
		window = obj("Mode", "OFF")
	}
	s.set("FlexibleTimeWindow", window)
	var queue *Value
	if e.get("DeadLetterConfig") != nil {
		if queue = e.deadLetters(nil); queue == nil {
			return
		}
	}
	role := e.get("RoleArn")
	if !truthy(role) {
		role = e.schedulerRole(policy(e.id), queue).arn()
	}
	target := obj("Arn", e.target.arn(), "RoleArn", role)
	target.Set("Input", e.get("Input"))
	if queue != nil {
		target.Set("DeadLetterConfig", obj("Arn", queue.Clone()))
	}
	target.Set("RetryPolicy", e.get("RetryPolicy"))
	s.set("Target", target)
}

func (e *event) allowInvoke(id string) *Value {
	return allow(id+"LambdaPolicy", "lambda:InvokeFunction", e.target.arn())
}

func (e *event) schedulerRole(policy, queue *Value) *made {
	policies := list(policy)
	if truthy(queue) {
		policies.Append(allow(e.id+"SQSPolicy", "sqs:SendMessage", queue))
	}
	role := e.also("Role", "AWS::IAM::Role").setAll("AssumeRolePolicyDocument", assumeRole("scheduler.amazonaws.com"), "Policies", policies)
	if b := e.get("PermissionsBoundary"); truthy(b) {
		role.set("PermissionsBoundary", b)
	}
	return role
}
