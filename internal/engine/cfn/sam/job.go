package sam

import (
	"fmt"
	"slices"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// job is the work on one resource of SAM.
type job struct {
	*transformer
	id        string
	src       *Value // the resource
	props     *Value
	dependsOn *Value
	attrs     *Value // attributes that the main resource keeps
	pass      *Value // attributes that all resources made of it take over
	made      []*made
	failed    bool
}

// attributeNames are the attributes that a resource keeps; the first three
// are taken over by what is made of it.
func attributeNames() []string {
	return []string{"Condition", "DeletionPolicy", "UpdateReplacePolicy", "UpdatePolicy", "Metadata"}
}

func newJob(t *transformer, id string, r *Value) *job {
	j := &job{
		transformer: t, id: id, src: r, props: r.Get("Properties"),
		dependsOn: r.Get("DependsOn"), attrs: doc.NewMap(), pass: doc.NewMap(),
	}
	for i, name := range attributeNames() {
		if v := r.Get(name); v != nil {
			j.attrs.Set(name, v)
			if i < 3 {
				j.pass.Set(name, v)
			}
		}
	}
	return j
}

// get is a property, absent if null.
func (j *job) get(key string) *Value { return given(j.props.Get(key)) }

// fail notes a problem with the resource; at is the value at fault.
func (j *job) fail(at *Value, format string, args ...any) {
	j.failAs(j.id, at, format, args...)
}

// failAs is fail in the name of another resource.
func (j *job) failAs(id string, at *Value, format string, args ...any) {
	j.failed = true
	pos := at.Pos()
	if pos.Line == 0 {
		pos = j.src.Pos()
	}
	j.transformer.fail(pos, "Resources."+j.id, "Resource with id ["+id+"] is invalid. "+fmt.Sprintf(format, args...))
}

// expect holds a value to a kind.
func (j *job) expect(v *Value, kind doc.Kind, path string) bool {
	if v.Is(kind) {
		return true
	}
	j.fail(v, "Property '%s' should be a %s.", path, kind)
	return false
}

// made is a plain resource being made.
type made struct {
	id, typ   string
	dependsOn *Value
	attrs     *Value
	props     *Value
}

// newMade makes a resource with a copy of the attributes.
func newMade(id, typ string, attrs *Value) *made {
	m := &made{id: id, typ: typ, attrs: doc.NewMap(), props: doc.NewMap()}
	for i, k := range attrs.Keys() {
		m.attrs.Set(k, attrs.Nth(i))
	}
	return m
}

// main makes the resource that keeps the logical id, or stands for it.
func (j *job) main(id, typ string) *made {
	m := newMade(id, typ, j.attrs)
	m.dependsOn = j.dependsOn
	return j.add(m)
}

// also makes a resource beside the main one.
func (j *job) also(id, typ string) *made { return j.add(newMade(id, typ, j.pass)) }

func (j *job) add(m *made) *made {
	if len(j.made) > 2*maxResources {
		j.fail(j.src, "It makes too many resources.")
		return m
	}
	j.made = append(j.made, m)
	return m
}

// set sets a property; absent and null ones are left out.
func (m *made) set(key string, v *Value) *made {
	if v = given(v); v != nil {
		m.props.Set(key, v)
	}
	return m
}

// setAll sets properties by turns of key and value.
func (m *made) setAll(pairs ...any) *made {
	o := obj(pairs...)
	for i, k := range o.Keys() {
		m.set(k, o.Nth(i))
	}
	return m
}

// copied sets properties of the same name.
func (m *made) copied(from *Value, keys ...string) *made {
	for _, k := range keys {
		m.set(k, from.Get(k))
	}
	return m
}

// arn is how the resource is named by ARN.
func (m *made) arn() *Value {
	switch m.typ {
	case "AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::SNS::Topic", "AWS::StepFunctions::StateMachine",
		"AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion":
		return ref(m.id)
	}
	return getAtt(m.id, "Arn")
}

// value is the resource as the template has it.
func (m *made) value() *Value {
	v := obj("Type", m.typ)
	if truthy(m.dependsOn) {
		v.Set("DependsOn", m.dependsOn)
	}
	for i, k := range m.attrs.Keys() {
		v.Set(k, m.attrs.Nth(i))
	}
	return v.Set("Properties", m.props)
}

// tag gives the resource the tags of what it was made of, replacing its own.
func (m *made) tag(tags *Value) {
	switch m.typ {
	case "AWS::ApiGatewayV2::Stage", "AWS::ApiGatewayV2::DomainName":
		m.set("Tags", tags)
	case "AWS::ApiGatewayV2::Api":
		if m.props.Has("ProtocolType") { // an HTTP API has them in its definition
			m.set("Tags", tags)
		}
	case "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Stage", "AWS::ApiGateway::DomainName", "AWS::ApiGateway::DomainNameV2",
		"AWS::ApiGateway::UsagePlan", "AWS::ApiGateway::ApiKey", "AWS::ApiGateway::DomainNameAccessAssociation",
		"AWS::Lambda::Function", "AWS::Lambda::CapacityProvider", "AWS::IAM::Role", "AWS::SQS::Queue", "AWS::SNS::Topic",
		"AWS::CloudFormation::Stack", "AWS::DynamoDB::Table", "AWS::IoT::TopicRule", "AWS::StepFunctions::StateMachine", "AWS::S3::Bucket":
		m.set("Tags", tagList(tags))
	}
}

// propagate gives all resources made the tags, if that is wanted.
func (j *job) propagate(tags, wanted *Value) {
	if !truthy(tags) || !truthy(wanted) {
		return
	}
	for _, m := range j.made {
		m.tag(tags)
	}
}

// emit puts what was made in the place of the resource.
func (j *job) emit() {
	if j.failed {
		return
	}
	for _, property := range referable(j.src.Get("Type").Text()) {
		for _, m := range j.made {
			if m.typ == property.typ {
				if j.refs[j.id] == nil {
					j.refs[j.id] = map[string]string{}
				}
				j.refs[j.id][property.name] = m.id
			}
		}
	}
	j.out.Delete(j.id)
	for _, m := range j.made {
		if !alphanumeric(m.id) {
			j.failAs(m.id, j.src, "Logical ids must be alphanumeric.")
			continue
		}
		if old := j.source.Get(m.id); old != nil && !mayReplace(m.typ, old.Get("Type").Text()) {
			j.transformer.fail(j.src.Pos(), "Resources."+j.id, fmt.Sprintf(
				"Transforming resource with id [%s] attempts to create a new resource with id [%s] and type %q. A resource with that id already exists within this template. Please use a different id for that resource.",
				j.id, m.id, m.typ))
			continue
		}
		v := m.value()
		v.At = j.src.At
		j.out.SetAt(m.id, v, j.source.KeyPos(j.id))
	}
}

// mayReplace reports whether a resource made may have the logical id of one of
// the template.
func mayReplace(typ, old string) bool {
	replaces := map[string][]string{
		"AWS::Lambda::Function":              {typeFunction},
		"AWS::Lambda::LayerVersion":          {typeLayer},
		"AWS::Lambda::CapacityProvider":      {typeCapacity},
		"AWS::ApiGateway::RestApi":           {typeAPI},
		"AWS::ApiGatewayV2::Api":             {typeHTTPAPI, typeWebSocketAPI},
		"AWS::DynamoDB::Table":               {typeTable},
		"AWS::CloudFormation::Stack":         {typeApplication},
		"AWS::StepFunctions::StateMachine":   {typeStateMachine},
		"AWS::S3::Bucket":                    {"AWS::S3::Bucket"},
		"AWS::SNS::Topic":                    {"AWS::SNS::Topic"},
		"AWS::Cognito::UserPool":             {"AWS::Cognito::UserPool"},
		"AWS::ApiGateway::DomainName":        {"AWS::ApiGateway::DomainName"},
		"AWS::ApiGateway::BasePathMapping":   {"AWS::ApiGateway::BasePathMapping"},
		"AWS::ApiGateway::DomainNameV2":      {"AWS::ApiGateway::DomainNameV2"},
		"AWS::ApiGateway::BasePathMappingV2": {"AWS::ApiGateway::BasePathMappingV2"},
	}
	return slices.Contains(replaces[typ], old)
}

// referableProperty is a property of a SAM resource that Ref and Fn::GetAtt
// may name, and the type of the resource that it stands for.
type referableProperty struct{ name, typ string }

func referable(typ string) []referableProperty {
	switch typ {
	case typeFunction:
		return []referableProperty{
			{"Alias", "AWS::Lambda::Alias"},
			{"Version", "AWS::Lambda::Version"},
			{"DestinationTopic", "AWS::SNS::Topic"},
			{"DestinationQueue", "AWS::SQS::Queue"},
		}
	case typeAPI:
		return []referableProperty{
			{"Stage", "AWS::ApiGateway::Stage"},
			{"Deployment", "AWS::ApiGateway::Deployment"},
			{"DomainName", "AWS::ApiGateway::DomainName"},
			{"DomainNameV2", "AWS::ApiGateway::DomainNameV2"},
			{"UsagePlan", "AWS::ApiGateway::UsagePlan"},
			{"UsagePlanKey", "AWS::ApiGateway::UsagePlanKey"},
			{"ApiKey", "AWS::ApiGateway::ApiKey"},
		}
	case typeHTTPAPI, typeWebSocketAPI:
		return []referableProperty{{"Stage", "AWS::ApiGatewayV2::Stage"}, {"DomainName", "AWS::ApiGatewayV2::DomainName"}}
	}
	return nil
}
