package sam

import (
	"fmt"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// event is the work on one event of a function or state machine.
type event struct {
	*job
	name   string // of the event
	id     string // of what is made for it: the resource's id and the name
	typ    string
	props  *Value
	target *made // what is called: function, alias or state machine
	role   *made // execution role of the function; nil for state machines
}

// get is a property of the event, absent if null.
func (e *event) get(key string) *Value { return given(e.props.Get(key)) }

// fail notes a problem with the event.
func (e *event) fail(at *Value, format string, args ...any) {
	if at.Pos().Line == 0 {
		at = e.props
	}
	e.job.fail(at, "Event with id [%s] is invalid. %s", e.name, fmt.Sprintf(format, args...))
}

// expect holds a value to a kind.
func (e *event) expect(v *Value, kind doc.Kind, path string) bool {
	if v.Is(kind) {
		return true
	}
	e.fail(v, "Property '%s' should be a %s.", path, kind)
	return false
}

// also makes a resource for the event.
func (e *event) also(suffix, typ string) *made { return e.job.also(e.id+suffix, typ) }

// condition is the one of the function or state machine; "" if it has none.
func (e *event) condition() string { return e.attrs.Get("Condition").Text() }

// newEvent reads an event; nil if it cannot be made sense of.
func (j *job) newEvent(name string, v *Value, s func(typ string) schema) *event {
	e := &event{job: j, name: name, id: j.id + name, typ: v.Get("Type").Text(), props: properties(v)}
	all := s(e.typ)
	if all == "" {
		e.fail(v, "Resource dict has missing or invalid value for key Type. Event Type is: %s.", orNone(e.typ))
		return nil
	}
	if !alphanumeric(e.id) {
		j.failAs(e.id, v, "Logical ids must be alphanumeric.")
		return nil
	}
	if !j.check(e.typ, e.id, e.props, all) {
		return nil
	}
	return e
}

// event makes what an event of the function needs.
func (f *fn) event(name string, v *Value) {
	e := f.newEvent(name, v, functionEventSchema)
	if e == nil {
		return
	}
	e.target, e.role = f.target(), f.role
	switch e.typ {
	case "Api":
		e.api()
	case "HttpApi":
		e.httpAPI()
	case "Schedule":
		e.rule(e.schedule, functionTarget)
	case "CloudWatchEvent", "EventBridgeRule":
		e.rule(e.pattern, functionTarget)
	case "ScheduleV2":
		e.scheduler(e.allowInvoke)
	case "S3":
		e.s3()
	case "SNS":
		e.sns()
	case "AlexaSkill":
		e.permission("alexa-appkit.amazon.com", nil).set("EventSourceToken", e.get("SkillId"))
	case "IoTRule":
		e.iot()
	case "Cognito":
		e.cognito()
	case "CloudWatchLogs":
		e.logs()
	default:
		e.pull()
	}
}

// functionARN is how rules and integrations name what they call.
func (e *event) functionARN() *Value { return e.target.arn() }

// functionName is how permissions and mappings name what they call.
func (e *event) functionName() *Value { return ref(e.target.id) }

// permission lets a service call the function.
func (e *event) permission(principal string, source *Value) *made {
	return e.permissionAs(e.id+"Permission", principal, source)
}

func (e *event) permissionAs(id, principal string, source *Value) *made {
	m := e.job.also(id, "AWS::Lambda::Permission")
	return m.setAll("Action", "lambda:InvokeFunction", "FunctionName", e.functionName(), "Principal", principal).set("SourceArn", source)
}
