package control

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/wire"
)

// gatewayV1 says whether a service is the one whose events wrap the body and
// tell of relations.
func gatewayV1(t *wire.Service) bool { return t.Name == "apigateway" }

// parameters are the requestParameters of a call.
//
// parity: services-observability.md 9.6
func (v *veil) parameters(op *wire.Operation, in any) any {
	rv, s := reflect.ValueOf(in), v.table.Shape(op.Input)
	if !gatewayV1(v.table) {
		out := v.structure(rv, s, nil)
		if len(out) == 0 {
			return nil
		}
		return out
	}
	out := v.structure(rv, s, func(m *wire.Member) bool { return m.At != wire.InBody })
	out["template"] = false
	if body := v.structure(rv, s, func(m *wire.Member) bool { return m.At == wire.InBody }); len(body) > 0 {
		out[lowerFirst(op.Name)+"Input"] = body
	}
	return out
}

// labels are the labels of a call, by their names in the path.
func (v *veil) labels(op *wire.Operation, in any) map[string]string {
	out := map[string]string{}
	f := wire.FieldsOf(reflect.ValueOf(in))
	s := v.table.Shape(op.Input)
	for i := range s.Members {
		m, x := &s.Members[i], f.At(i)
		if wire.Absent(x) || v.table.Of(m).Kind != wire.String || secretName(v.table.Name, s.Name, m.Name) {
			continue
		}
		text := wire.Inner(x).String()
		if m.At == wire.InLabel || (!gatewayV1(v.table) && resourceType(v.table.Name, m.Name) != "") {
			out[m.Wire] = text
		}
	}
	return out
}

// elements are the members that a call answered with.
func (v *veil) elements(op *wire.Operation, out any) map[string]any {
	return v.structure(reflect.ValueOf(out), v.table.Shape(op.Output), func(m *wire.Member) bool { return m.At != wire.InStatus })
}

// relations adds one member for each relation of a thing.
func relations(all map[string]any, shape string, labels, members map[string]string) {
	k := kinds[shape]
	if k == nil {
		return
	}
	add := func(member, path string) {
		_, templated := bind(path[:endOfPath(path)], labels)
		r := map[string]any{"template": templated}
		for label, value := range labels {
			if strings.Contains(path, "{"+label+"}") {
				r[members[label]] = value
			}
		}
		switch member {
		case "restapiStages", "restapiResources", "restapiDeployments", "deploymentById":
			r["template"], r["templateSkipList"] = true, []string{"position"}
		case "modelByName":
			r["flatten"] = false
		case "documentationpartImport":
			r["failOnWarnings"] = false
		case "resourceCreate":
			r["parentId"], r["template"] = all["rootResourceId"], false
		}
		all[member] = r
	}
	add("self", k.path)
	for _, l := range k.links {
		add(camel(l.rel), k.at(l))
	}
}

// endOfPath is where the query part of a URI template begins.
func endOfPath(path string) int {
	if i := strings.IndexAny(path, "?"); i > 0 {
		return i - strings.Count(path[i-1:i], "{")
	}
	return len(path)
}

// camel is a relation as a member: resource:create-child as resourceCreateChild.
func camel(rel string) string {
	var b strings.Builder
	up := false
	for _, r := range rel {
		if r == ':' || r == '-' {
			up = true
			continue
		}
		if up {
			b.WriteString(strings.ToUpper(string(r)))
		} else {
			b.WriteRune(r)
		}
		up = false
	}
	return b.String()
}

// memberNames are the members that labels are, by the labels' names in paths.
func memberNames(t *wire.Service) map[string]string {
	names := map[string]string{}
	for i := range t.Operations {
		s := t.Shape(t.Operations[i].Input)
		for j := range s.Members {
			if m := &s.Members[j]; m.At == wire.InLabel {
				names[m.Wire] = m.Name
			}
		}
	}
	return names
}

// named are the labels of a call and those of what it made, which are in its
// answer.
func (v *veil) named(op *wire.Operation, out any, labels map[string]string) map[string]string {
	labels = maps.Clone(labels)
	s := v.table.Shape(op.Output)
	if k := kinds[s.Name]; gatewayV1(v.table) {
		if k != nil && k.id != "" {
			f := wire.FieldsOf(reflect.ValueOf(out))
			for i := range s.Members {
				if s.Members[i].Name == k.id && !wire.Absent(f.At(i)) {
					labels[k.label()] = wire.Inner(f.At(i)).String()
				}
			}
		}
		return labels
	}
	v.collect(reflect.ValueOf(out), s, 0, labels)
	return labels
}

// collect finds the names of resources in an answer.
func (v *veil) collect(rv reflect.Value, s *wire.Shape, depth int, into map[string]string) {
	f := wire.FieldsOf(rv)
	for i := range s.Members {
		m, x := &s.Members[i], f.At(i)
		if wire.Absent(x) {
			continue
		}
		switch ms := v.table.Of(m); {
		case ms.Kind == wire.Structure && depth < 2 && !ms.Has(wire.EventStream):
			v.collect(x, ms, depth+1, into)
		case ms.Kind == wire.String && !ms.Has(wire.Sensitive) && resourceType(v.table.Name, m.Name) != "":
			into[m.Wire] = wire.Inner(x).String()
		}
	}
}

// touch notes what a call has to do with.
func (e *entry) touch(labels map[string]string) {
	e.labels = labels
	e.event.Resources, e.record.Resources = nil, nil
	add := func(kind, name string) {
		if kind != "" && name != "" {
			e.event.Resources = append(e.event.Resources, api.EventResource{Type: kind, Name: name})
		}
	}
	t := e.service.table
	for _, label := range sortedNames(labels) {
		if !gatewayV1(t) {
			add(resourceType(t.Name, label), labels[label])
			continue
		}
		for _, k := range kinds {
			if k.id != "" && k.label() == label && k.cfn != "Method" {
				add("AWS::ApiGateway::"+k.cfn, labels[label])
				break
			}
		}
	}
	if gatewayV1(t) {
		e.arn(labels)
	}
}

// arn tells which resource of API Gateway a call was for.
func (e *entry) arn(labels map[string]string) {
	path, kindName := e.op.URI, ""
	if tagged := labels["resource_arn"]; tagged != "" {
		e.record.Resources = []recordResource{{ARN: tagged, AccountID: e.server.account}}
		return
	}
	if k := kinds[e.service.table.Shape(e.op.Output).Name]; k != nil {
		path, kindName = k.path, "AWS::ApiGateway::"+k.cfn
	}
	path, templated := bind(strings.SplitN(path, "?", 2)[0], labels)
	if templated {
		path, _ = bind(strings.SplitN(e.op.URI, "?", 2)[0], labels) // failed before there was an id
	}
	e.record.Resources = []recordResource{{
		ARN:       "arn:" + partition(e.record.AWSRegion) + ":apigateway:" + e.record.AWSRegion + "::" + path,
		AccountID: e.server.account, Type: kindName,
	}}
}

// resourceType is the type of the resources that a member names.
func resourceType(service, member string) string {
	name := strings.ToLower(member)
	switch service {
	case "lambda":
		return map[string]string{"functionname": "AWS::Lambda::Function", "layername": "AWS::Lambda::LayerVersion", "uuid": "AWS::Lambda::EventSourceMapping"}[name]
	case "iam", "sts":
		return map[string]string{
			"username": "AWS::IAM::User", "rolename": "AWS::IAM::Role", "groupname": "AWS::IAM::Group", "policyname": "AWS::IAM::Policy",
			"policyarn": "AWS::IAM::Policy", "rolearn": "AWS::IAM::Role", "accesskeyid": "AWS::IAM::AccessKey", "instanceprofilename": "AWS::IAM::InstanceProfile",
		}[name]
	case "logs":
		return map[string]string{"loggroupname": "AWS::Logs::LogGroup", "logstreamname": "AWS::Logs::LogStream"}[name]
	case "cloudformation":
		return map[string]string{"stackname": "AWS::CloudFormation::Stack", "changesetname": "AWS::CloudFormation::ChangeSet"}[name]
	case "apigatewayv2":
		return map[string]string{
			"apiid": "AWS::ApiGatewayV2::Api", "stagename": "AWS::ApiGatewayV2::Stage", "routeid": "AWS::ApiGatewayV2::Route",
			"integrationid": "AWS::ApiGatewayV2::Integration", "authorizerid": "AWS::ApiGatewayV2::Authorizer", "domainname": "AWS::ApiGatewayV2::DomainName",
			"deploymentid": "AWS::ApiGatewayV2::Deployment", "vpclinkid": "AWS::ApiGatewayV2::VpcLink",
		}[name]
	case "acm":
		return map[string]string{"certificatearn": "AWS::CertificateManager::Certificate"}[name]
	case "wafv2":
		return map[string]string{"webaclarn": "AWS::WAFv2::WebACL"}[name]
	case "cloudwatch":
		return map[string]string{"alarmname": "AWS::CloudWatch::Alarm", "dashboardname": "AWS::CloudWatch::Dashboard"}[name]
	}
	return ""
}

func sortedNames(labels map[string]string) []string {
	return slices.Sorted(maps.Keys(labels))
}
