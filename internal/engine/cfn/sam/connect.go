package sam

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// connect makes what one source needs for one destination.
func (j *job) connect(source, destination end, suffix string) {
	profile := j.profiles().Find("Permissions", source.typ, destination.typ)
	if profile == nil {
		j.fail(j.src, "Unable to create connector from %s to %s; it's not supported or the template is invalid.", source.typ, destination.typ)
		return
	}
	if !j.validPermissions(profile.Get("Properties"), source.typ, destination.typ) {
		return
	}
	values := map[string]*Value{
		"Source.Arn": source.arn, "Destination.Arn": destination.arn,
		"Source.ResourceId": source.ref, "Destination.ResourceId": destination.ref,
		"Source.Name": source.name, "Destination.Name": destination.name,
		"Source.Qualifier": source.qualifier, "Destination.Qualifier": destination.qualifier,
	}
	p := fillProfile(profile.Get("Properties").Clone(), func(name string) (*Value, bool) {
		v := values[name]
		if v == nil {
			j.fail(j.src, "%s is missing.", name)
			return doc.NewNull(), false
		}
		return v, true
	})
	if j.failed {
		return
	}
	used := destination
	side := "Destination"
	if p.Get("SourcePolicy").True() {
		used, side = source, "Source"
	}
	add := func(name, typ string) *made {
		m := newMade(j.id+name+suffix, typ, j.attrs)
		m.dependsOn = j.dependsOn
		return j.add(m)
	}
	switch profile.Get("Type").Text() {
	case "AWS_IAM_ROLE_MANAGED_POLICY":
		if j.needs(used.role, "Unable to get IAM role name from '%s' resource.", side) {
			m := add("Policy", "AWS::IAM::ManagedPolicy").setAll("PolicyDocument", j.statements(p), "Roles", list(used.role))
			j.dependOnPolicy(p.Get("DependedBy").Text(), m.id, source, destination)
		}
	case "AWS_SQS_QUEUE_POLICY":
		if j.needs(used.url, "Unable to get SQS queue URL from '%s' resource.", side) {
			add("QueuePolicy", "AWS::SQS::QueuePolicy").setAll("PolicyDocument", j.statements(p), "Queues", list(used.url))
		}
	case "AWS_SNS_TOPIC_POLICY":
		if j.needs(used.arn, "Unable to get SNS topic ARN from '%s' resource.", side) {
			add("TopicPolicy", "AWS::SNS::TopicPolicy").setAll("PolicyDocument", j.statements(p), "Topics", list(used.arn))
		}
	case "AWS_LAMBDA_PERMISSION":
		if j.needs(used.arn, "Unable to get Lambda function ARN from '%s' resource.", side) {
			for i, name := range p.Get("AccessCategories").Keys() {
				if j.permitted(name) {
					c := p.Get("AccessCategories").Nth(i)
					add(name+"LambdaPermission", "AWS::Lambda::Permission").set("FunctionName", used.arn).
						copied(c, "Action", "Principal", "SourceArn", "SourceAccount")
				}
			}
		}
	}
}

func (j *job) needs(v *Value, message, side string) bool {
	if !truthy(v) {
		j.fail(j.src, message, side)
		return false
	}
	return true
}

// permitted reports whether the connector asks for a kind of access.
func (j *job) permitted(name string) bool { return contains(j.get("Permissions"), text(name)) }

func (j *job) validPermissions(p *Value, from, to string) bool {
	known := p.Get("AccessCategories").Keys()
	var asked []string
	for _, v := range j.get("Permissions").Items() {
		asked = append(asked, v.Text())
	}
	slices.Sort(asked)
	asked = slices.Compact(asked)
	if len(asked) == 0 {
		j.fail(j.src, "'Permissions' cannot be empty; valid values are: %s.", strings.Join(known, ", "))
		return false
	}
	for _, a := range asked {
		if !slices.Contains(known, a) {
			j.fail(j.get("Permissions"), "Unsupported 'Permissions' provided for connector from %s to %s; valid values are: %s.", from, to, strings.Join(known, ", "))
			return false
		}
	}
	combinations := p.Get("ValidAccessCategories")
	if combinations == nil {
		return true
	}
	var all []string
	for _, c := range combinations.Items() {
		var names []string
		for _, it := range c.Items() {
			names = append(names, it.Text())
		}
		if slices.Sort(names); slices.Equal(names, asked) {
			return true
		}
		all = append(all, strings.Join(names, " + "))
	}
	j.fail(j.get("Permissions"), "Unsupported 'Permissions' provided for connector from %s to %s; valid combinations are: %s.", from, to, strings.Join(all, ", "))
	return false
}

// statements is the policy document of the kinds of access asked for.
func (j *job) statements(p *Value) *Value {
	all := list()
	categories := p.Get("AccessCategories")
	for i, name := range categories.Keys() {
		if j.permitted(name) {
			all = concat(all, categories.Nth(i).Get("Statement"))
		}
	}
	return obj("Version", "2012-10-17", "Statement", all)
}

// dependOnPolicy makes what uses a policy wait for it.
func (j *job) dependOnPolicy(by, policy string, source, destination end) {
	switch by {
	case "SOURCE":
		j.dependOn(source.id, policy)
	case "DESTINATION_EVENT_SOURCE_MAPPING":
		var found []string
		for i, id := range j.out.Keys() {
			r := j.out.Nth(i)
			p := r.Get("Properties")
			if r.Get("Type").Text() == "AWS::Lambda::EventSourceMapping" && source.id != "" && destination.id != "" &&
				referred(p.Get("FunctionName")) == destination.id && referred(p.Get("EventSourceArn")) == source.id {
				found = append(found, id)
			}
		}
		if len(found) == 1 {
			j.dependOn(found[0], policy)
		}
	}
}

// dependOn adds a DependsOn to a resource of the result.
func (j *job) dependOn(id, on string) {
	r := j.out.Get(id)
	if r == nil {
		return
	}
	all := list()
	for _, it := range asList(r.Get("DependsOn")).Items() {
		appendNew(all, it)
	}
	appendNew(all, text(on))
	r.Set("DependsOn", all)
}

// replaceDependsOn makes what depends on the connector depend on what was made of it.
func (j *job) replaceDependsOn(ids []string) {
	for i := range j.out.Keys() {
		r := j.out.Nth(i)
		before := asList(r.Get("DependsOn"))
		if !contains(before, text(j.id)) {
			continue
		}
		all := list()
		for _, it := range before.Items() {
			if it.Text() != j.id {
				appendNew(all, it)
			}
		}
		for _, id := range ids {
			appendNew(all, text(id))
		}
		r.Set("DependsOn", all)
	}
}

// connectorMetadata notes on a resource which connector it is of.
func (j *job) connectorMetadata(m *made, source, destination end) {
	typ := func(e end) *Value {
		if t := j.source.Find(e.id, "Type"); t != nil {
			return obj("Type", t.Clone())
		}
		return obj("Type", e.typ)
	}
	m.attrs.Set("Metadata", merged(m.attrs.Get("Metadata"), obj("aws:sam:connectors", obj(j.id, obj(
		"Source", typ(source), "Destination", typ(destination))))))
}
