package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// invokeConfig makes what becomes of asynchronous events; the policies that
// the role needs for it come back.
func (f *fn) invokeConfig() []*Value {
	config := f.get("EventInvokeConfig")
	if !truthy(config) {
		return nil
	}
	config = f.resolve(config)
	var policies []*Value
	destinations := doc.NewMap()
	if d := config.Get("DestinationConfig"); truthy(d) && f.expect(d, doc.Map, "EventInvokeConfig.DestinationConfig") {
		for _, event := range []string{"OnSuccess", "OnFailure"} {
			v := given(d.Get(event))
			if v == nil || !f.expect(v, doc.Map, "EventInvokeConfig.DestinationConfig."+event) {
				continue
			}
			to, policy := f.destination(v, f.id+"EventInvokeConfig"+event)
			destinations.Set(event, obj("Destination", orNull(to)))
			if policy != nil {
				policies = append(policies, policy)
			}
		}
	}
	m := newMade(f.id+"EventInvokeConfig", "AWS::Lambda::EventInvokeConfig", f.attrs)
	qualifier := text("$LATEST")
	if f.alias != nil {
		m.dependsOn = texts(f.alias.id)
		qualifier = f.alias.props.Get("Name")
	}
	m.setAll("FunctionName", ref(f.id), "Qualifier", qualifier, "DestinationConfig", destinations)
	m.copied(config, "MaximumEventAgeInSeconds", "MaximumRetryAttempts")
	f.add(m)
	return policies
}

// destination is where events of one kind go, made if none is named, and the
// policy for it.
func (f *fn) destination(v *Value, id string) (to, policy *Value) {
	typ := v.Get("Type").Text()
	if !slices.Contains([]string{"SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"}, typ) {
		f.fail(v, "'Type: %s' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']", orNone(typ))
		return nil, nil
	}
	to = given(v.Get("Destination"))
	cond, named := f.unlessGiven(to)
	if to != nil && cond == "" {
		return to, destinationPolicy(typ, id, to)
	}
	var m *made
	switch typ {
	case "SQS":
		m = f.also(id+"Queue", "AWS::SQS::Queue")
	case "SNS":
		m = f.also(id+"Topic", "AWS::SNS::Topic")
	default:
		f.fail(v, "Destination is required if Type is not ['SQS', 'SNS']")
		return nil, nil
	}
	to = m.arn()
	if cond != "" {
		to = when(cond, to, named)
		m.attrs.SetText("Condition", f.both(f.pass.Get("Condition").Text(), cond))
	}
	return to, destinationPolicy(typ, id, to)
}

func orNone(s string) string {
	if s == "" {
		return "None"
	}
	return s
}

// unlessGiven reads a destination that is only named under a condition: the
// condition under which one must be made, and the one named otherwise.
func (f *fn) unlessGiven(to *Value) (cond string, named *Value) {
	if !isIf(to) {
		return "", nil
	}
	c, then, otherwise, ok := ifItems(to)
	switch {
	case !ok:
		f.fail(to, "Malformed 'Destination' property: Fn::If requires 3 arguments.")
	case isNoValue(then) && isNoValue(otherwise):
	case isNoValue(then):
		return c, otherwise
	case isNoValue(otherwise):
		not := "NOT" + c + short(text(f.id+"EventInvokeConfig"))
		f.conditionsSection().Set(not, obj("Fn::Not", list(obj("Condition", c))))
		return not, then
	}
	return "", nil
}

// both is a condition that holds when two do; the first may be empty.
func (f *fn) both(a, b string) string {
	if a == "" {
		return b
	}
	name := a + "AND" + b + short(text(f.id))
	f.conditionsSection().Set(name, obj("Fn::And", list(
		obj("Condition", obj("Condition", a)), obj("Condition", obj("Condition", b)))))
	return name
}

// destinationPolicy lets the function send events to their destination.
func destinationPolicy(typ, id string, to *Value) *Value {
	switch typ {
	case "SQS":
		return allow(id+"SQSPolicy", "sqs:SendMessage", to)
	case "SNS":
		return allow(id+"SNSPolicy", "sns:publish", to)
	case "EventBridge":
		return allow(id+"EventBridgePolicy", "events:PutEvents", to)
	case "Lambda":
		return allow(id+"LambdaPolicy", "lambda:InvokeFunction", to)
	}
	return obj("PolicyName", id+"S3Policy", "PolicyDocument", obj("Statement", list(
		obj("Action", "s3:PutObject", "Effect", "Allow", "Resource", joined("/", to.Clone(), text("*"))),
		obj("Action", "s3:ListBucket", "Effect", "Allow", "Resource", to.Clone()))))
}

// isDynamicReference reports whether a text is one {{resolve:...}}.
func isDynamicReference(v *Value) bool {
	s, ok := v.Str()
	return ok && strings.HasPrefix(s, "{{resolve:") && strings.HasSuffix(s, "}}")
}
