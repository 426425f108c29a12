package sam

import (
	_ "embed" // the profiles below
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

//go:embed data/connectors.json
var connectorsJSON []byte

// embeddedConnectors turns connectors that are written inside the resource
// they start from into resources of their own.
func (t *transformer) embeddedConnectors() {
	for _, id := range slices.Clone(t.source.Keys()) {
		r := t.source.Get(id)
		all := r.Get("Connectors")
		if all == nil {
			continue
		}
		r.Delete("Connectors")
		j := newJob(t, id, r)
		if !all.Is(doc.Map) {
			j.fail(all, "Attribute '%s.Connectors' should be a map.", id)
			continue
		}
		for i, name := range all.Keys() {
			c := all.Nth(i)
			if !c.Is(doc.Map) {
				j.failAs(id+name, c, "%s.%s should be a map.", id, id+name)
				continue
			}
			j.embeddedConnector(name, c)
		}
	}
}

func (j *job) embeddedConnector(name string, c *Value) {
	p := c.Get("Properties")
	if !p.Is(doc.Map) {
		j.fail(c, "Attribute 'Connectors.%s.Properties' should be a map.", name)
		return
	}
	from := obj("Id", j.id)
	if r := p.Get("SourceReference"); r != nil {
		switch {
		case !r.Is(doc.Map):
			j.fail(r, "Property 'Connectors.%s.Properties.SourceReference' should be a map.", name)
			return
		case r.Has("Id"):
			j.failAs(name, r, "'Id' shouldn't be defined in 'SourceReference'.")
			return
		}
		from = merged(from, r)
		p.Delete("SourceReference")
	}
	p.Set("Source", from)
	c.SetText("Type", typeConnector)
	if j.source.Has(j.id + name) {
		j.transformer.fail(c.Pos(), "Resources."+j.id, "Transforming resource with id ["+j.id+"] attempts to create a new resource with id ["+j.id+name+"] and type \""+typeConnector+"\". A resource with that id already exists within this template. Please use a different id for that resource.")
		return
	}
	j.source.Set(j.id+name, c)
}

// end is one end of a connector, as far as the template tells.
type end struct {
	id, typ                              string
	arn, role, url, ref, name, qualifier *Value
}

// connector makes the policies and permissions by which its source may use its
// destinations.
func (j *job) connector() {
	to := j.get("Destination")
	many := to.Is(doc.List)
	for i, d := range asList(to).Items() {
		suffix := ""
		if many {
			suffix = "Destination" + strconv.Itoa(i)
		}
		destination, ok := j.end(d, j.get("Source"))
		source, ok2 := j.end(j.get("Source"), d)
		if !ok || !ok2 {
			return
		}
		before := len(j.made)
		j.connect(source, destination, suffix)
		for _, m := range j.made[before:] {
			j.connectorMetadata(m, source, destination)
		}
	}
	if len(j.made) == 0 {
		j.fail(to, "'Destination' is an empty list")
		return
	}
	var ids []string
	for _, m := range j.made {
		ids = append(ids, m.id)
	}
	j.replaceDependsOn(ids)
}

// end reads one end of a connector; other is what it connects to.
func (j *job) end(v, other *Value) (end, bool) {
	beside := slices.ContainsFunc(v.Keys(), func(k string) bool { return k != "Id" && k != "Qualifier" })
	if v.Has("Id") == beside {
		j.fail(v, "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.")
		return end{}, false
	}
	if !truthy(v.Get("Id")) {
		typ, ok := v.Get("Type").Str()
		if !ok || typ == "" {
			j.fail(v, "'Type' is missing or not a string.")
			return end{}, false
		}
		return end{
			typ: plainType(typ), arn: v.Get("Arn"), role: v.Get("RoleName"), url: v.Get("QueueUrl"),
			ref: v.Get("ResourceId"), name: v.Get("Name"), qualifier: v.Get("Qualifier"),
		}, true
	}
	id, ok := v.Get("Id").Str()
	if !ok {
		j.fail(v, "'Id' is missing or not a string.")
		return end{}, false
	}
	r := j.out.Get(id)
	if r == nil {
		j.fail(v, "Unable to find resource with logical ID '%s'.", id)
		return end{}, false
	}
	typ := r.Get("Type").Text()
	known := fillProfile(j.profiles().Find("CfnResourceProperties", typ).Clone(), func(string) (*Value, bool) { return text(id), true })
	out := known.Get("Outputs")
	e := end{id: id, typ: typ, arn: out.Get("Arn"), url: out.Get("Url"), ref: out.Get("Id"), name: out.Get("Name"), qualifier: out.Get("Qualifier")}
	if q := v.Get("Qualifier"); q != nil {
		e.qualifier = q
	}
	e.role = roleOf(known.Find("Inputs", "Role"), r.Get("Properties"), other)
	return e, true
}

// plainType is the CloudFormation type of a resource of SAM.
func plainType(typ string) string {
	switch typ {
	case typeFunction:
		return "AWS::Lambda::Function"
	case typeStateMachine:
		return "AWS::StepFunctions::StateMachine"
	case typeAPI:
		return "AWS::ApiGateway::RestApi"
	case typeHTTPAPI:
		return "AWS::ApiGatewayV2::Api"
	case typeTable:
		return "AWS::DynamoDB::Table"
	}
	return typ
}

// roleOf is the name of the role that a resource acts with; nil if it is not known.
func roleOf(where, props, other *Value) *Value {
	role := props.Get(where.Text())
	if where.Is(doc.Map) { // of a rule: the role of the target that is connected to
		role = nil
		for _, t := range props.Get("Targets").Items() {
			arn := t.Get("Arn")
			if id := referred(arn); id != "" && id == other.Get("Id").Text() || truthy(other.Get("Arn")) && arn.Equal(other.Get("Arn")) {
				role = t.Get("RoleArn")
				break
			}
		}
	}
	if id := referred(role); id != "" {
		return ref(id)
	}
	return nil
}

func (t *transformer) profiles() *Value {
	if t.connectors == nil {
		t.connectors, _ = doc.ParseJSON("", connectorsJSON)
	}
	return t.connectors
}

var profileVariable = regexp.MustCompile(`%\{([\w.]+)\}`)

// fillProfile replaces the variables of a profile. A text that is one variable
// becomes its value; one that holds some becomes a Fn::Sub.
func fillProfile(v *Value, f func(name string) (*Value, bool)) *Value {
	s, ok := v.Str()
	if !ok {
		for i := range v.Len() {
			v.SetNth(i, fillProfile(v.Nth(i), f))
		}
		return v
	}
	if m := profileVariable.FindString(s); m == s && m != "" {
		x, _ := f(m[2 : len(m)-1])
		return x.Clone()
	}
	variables := doc.NewMap()
	s = profileVariable.ReplaceAllStringFunc(s, func(m string) string {
		name := m[2 : len(m)-1]
		x, _ := f(name)
		short := onlyAlphanumeric(name)
		variables.Set(short, x.Clone())
		return "${" + short + "}"
	})
	switch {
	case variables.Len() > 0:
		return obj("Fn::Sub", list(text(s), variables))
	case strings.Contains(s, "${"):
		return sub(s)
	}
	return v
}
