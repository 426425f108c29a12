// Package sam turns a SAM template into a plain CloudFormation template.
//
// Transform is a function of the tree and of the values of its parameters,
// nothing else. Its phases follow the order that the AWS translator has,
// because they see each other's work: default definitions, implicit APIs,
// Globals, connectors written inside resources, then every resource on its
// own: functions and state machines first, since their events write into the
// definitions of APIs, then APIs, then the rest, connectors last.
//
// The witness of every detail is conformance/sam: 543 templates and what the
// translator makes of them. Messages have the translator's words and come all
// at once.
package sam

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// Value is a node of a template's tree.
type Value = doc.Value

// Inputs is what a template is transformed with.
type Inputs struct {
	// Parameters are the values of all parameters, defaults included.
	Parameters map[string]*Value
	Region     string
	Partition  string    // "aws" if empty
	Now        time.Time // goes into the deployments of APIs with AlwaysDeploy

	// Application gives the URL of the template of an application in the
	// Serverless Application Repository; nil where there is none.
	Application func(id, version string) (templateURL string, err error)
}

// The types of SAM.
const (
	typePrefix       = "AWS::Serverless::"
	typeAPI          = "AWS::Serverless::Api"
	typeHTTPAPI      = "AWS::Serverless::HttpApi"
	typeWebSocketAPI = "AWS::Serverless::WebSocketApi"
	typeFunction     = "AWS::Serverless::Function"
	typeStateMachine = "AWS::Serverless::StateMachine"
	typeTable        = "AWS::Serverless::SimpleTable"
	typeLayer        = "AWS::Serverless::LayerVersion"
	typeApplication  = "AWS::Serverless::Application"
	typeConnector    = "AWS::Serverless::Connector"
	typeCapacity     = "AWS::Serverless::CapacityProvider"
)

// Limits of a transform. What SAM writes for every path, method or resource
// multiplies, so what it makes is bounded as well.
const (
	maxProblems  = 100      // that one template is told of
	maxResources = 500      // parity: CloudFormation quotas
	maxEvents    = 1000     // each makes a resource or a method
	maxMade      = 32 << 20 // bytes that values written more than once may take
)

// transformer holds what the resources of one template share.
type transformer struct {
	in       Inputs
	root     *Value            // the template, becoming the result
	source   *Value            // its resources as SAM has them; events write into APIs here
	out      *Value            // the resources of the result
	values   map[string]*Value // what Ref of a parameter stands for
	problems []doc.Problem
	spent    int // bytes of values written more than once

	refs          map[string]map[string]string // logical id, property -> logical id made for it
	renamed       map[string]string            // logical ids that changed
	recordSets    map[string]*made             // record set groups that APIs share
	templates     *Value                       // policy templates, once read
	connectors    *Value                       // connector profiles, once read
	functionNames map[string]string            // of an API: the names of its functions
	plan          sharedPlan
	rollouts      rollouts
}

// Transform turns root, which it changes, into a plain template.
func Transform(root *Value, in Inputs) (*Value, []doc.Problem) {
	if in.Partition == "" {
		in.Partition = "aws"
	}
	t := &transformer{
		in: in, root: root, source: root.Get("Resources"), values: map[string]*Value{},
		refs: map[string]map[string]string{}, renamed: map[string]string{},
		recordSets: map[string]*made{}, functionNames: map[string]string{},
	}
	maps.Copy(t.values, in.Parameters)
	t.values["AWS::Region"] = doc.NewString(in.Region)
	t.values["AWS::Partition"] = doc.NewString(in.Partition)
	for _, phase := range []func(){t.checkStructure, t.defaultDefinitions, t.implicitAPIs, t.globals, t.embeddedConnectors, t.convert} {
		if phase(); len(t.problems) > 0 {
			return nil, t.problems
		}
	}
	return root, nil
}

// fail notes a problem with a place in the template.
func (t *transformer) fail(at doc.Pos, path, message string) {
	p := doc.At(at, path, message, "")
	if len(t.problems) < maxProblems && !slices.Contains(t.problems, p) {
		t.problems = append(t.problems, p)
	}
}

// spend takes the price of writing values once more; false when nothing is left.
func (t *transformer) spend(at *Value, values ...*Value) bool {
	bytes := 0
	for _, v := range values {
		bytes += v.Size()
	}
	return t.charge(at, bytes)
}

// charge is spend by bytes.
func (t *transformer) charge(at *Value, bytes int) bool {
	t.spent += bytes
	if t.spent > maxMade {
		t.fail(at.Pos(), "", "Structure of the SAM template is invalid. The template is too large once transformed.")
		return false
	}
	return true
}

// invalid notes a problem with the template as a whole.
func (t *transformer) invalid(at *Value, format string, args ...any) {
	t.fail(at.Pos(), "", "Structure of the SAM template is invalid. "+fmt.Sprintf(format, args...))
}

func (t *transformer) checkStructure() {
	if t.source.Len() == 0 || !t.source.Is(doc.Map) {
		t.invalid(t.root, "'Resources' section is required")
		return
	}
	if n := t.source.Len(); n > maxResources {
		t.fail(t.source.Pos(), "Resources", fmt.Sprintf("Template format error: Number of resources, %d, is greater than maximum allowed, %d", n, maxResources))
		return
	}
	events := 0
	for _, id := range t.source.Keys() {
		r := t.source.Get(id)
		if events += r.Find("Properties", "Events").Len(); events > maxEvents {
			t.invalid(r, "There are more than %d events.", maxEvents)
			return
		}
		if !r.Is(doc.Map) {
			t.invalid(r, "All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.")
			return
		}
		if p := r.Get("Properties"); isSAM(r) && p != nil && !p.Is(doc.Map) {
			t.fail(p.Pos(), "Resources."+id, "Resource with id ["+id+"] is invalid. Attribute 'Properties' should be a map.")
		}
		if c := r.Get("Condition"); isSAM(r) && truthy(c) && !c.Is(doc.String) {
			t.invalid(c, "Every Condition member must be a string.")
		}
	}
}

// isSAM reports whether a resource is of a type that Globals and implicit APIs know.
func isSAM(r *Value) bool {
	switch r.Get("Type").Text() {
	case typeAPI, typeHTTPAPI, typeWebSocketAPI, typeFunction, typeStateMachine, typeTable, typeLayer, typeApplication, typeCapacity:
		return true
	}
	return false
}

// each calls f for the resources of the given types, in order.
func (t *transformer) each(f func(id string, r *Value), types ...string) {
	for _, id := range slices.Clone(t.source.Keys()) {
		if r := t.source.Get(id); slices.Contains(types, r.Get("Type").Text()) {
			f(id, r)
		}
	}
}

// properties are the properties of a resource, made if there are none.
func properties(r *Value) *Value {
	p := r.Get("Properties")
	if !p.Is(doc.Map) {
		p = doc.NewMap()
		p.At = r.Pos()
		r.Set("Properties", p)
	}
	return p
}

// defaultDefinitions gives APIs without a definition an empty one that events
// may write into.
func (t *transformer) defaultDefinitions() {
	t.each(func(_ string, r *Value) {
		p := properties(r)
		if truthy(p.Get("DefinitionBody")) || truthy(p.Get("DefinitionUri")) {
			return
		}
		if r.Get("Type").Text() == typeHTTPAPI {
			p.Set("DefinitionBody", openAPISkeleton())
		} else {
			p.Set("DefinitionBody", swaggerSkeleton())
		}
		p.Set(managed, doc.NewBool(true))
	}, typeAPI, typeHTTPAPI)
}

// managed marks a definition that is SAM's own, so that events may write into it.
const managed = "__MANAGE_SWAGGER"

// convert makes plain resources of those of SAM.
func (t *transformer) convert() {
	t.out = t.source.Clone()
	t.root.Set("Resources", t.out)
	for _, types := range [][]string{
		{typeFunction},
		{typeStateMachine},
		{typeAPI, typeHTTPAPI, typeWebSocketAPI},
		{typeTable, typeLayer, typeApplication, typeCapacity},
		{typeConnector},
	} {
		t.each(t.convertOne, types...)
	}
	t.rollouts.finish(t)
	t.root.Delete("Transform")
	if len(t.problems) > 0 {
		return
	}
	t.rewrite(t.root)
	for i, id := range t.out.Keys() {
		at := t.out.Nth(i).Pos()
		if at.Line == 0 {
			at = t.source.Get(id).Pos()
		}
		settle(t.out.Nth(i), at)
	}
}

// convertOne makes plain resources of one.
func (t *transformer) convertOne(id string, r *Value) {
	properties(r)
	j := newJob(t, id, r)
	if !alphanumeric(id) {
		j.fail(r, "Logical ids must be alphanumeric.")
		return
	}
	typ := r.Get("Type").Text()
	j.beforeConversion(typ)
	if !j.check(typ, id, j.props, resourceSchema(typ)) || j.failed {
		return
	}
	switch typ {
	case typeFunction:
		j.function()
	case typeStateMachine:
		j.stateMachine()
	case typeAPI:
		j.restAPI()
	case typeHTTPAPI:
		j.httpAPI()
	case typeWebSocketAPI:
		j.webSocketAPI()
	case typeTable:
		j.table()
	case typeLayer:
		j.layer()
	case typeApplication:
		j.application()
	case typeCapacity:
		j.capacityProvider()
	case typeConnector:
		j.connector()
	}
	j.emit()
}

// settle gives values without a place that of what they lie in.
func settle(v *Value, at doc.Pos) {
	if v.Pos().Line == 0 {
		v.At = at
	}
	for i := range v.Len() {
		settle(v.Nth(i), v.At)
	}
}

// Summary is the text by which AWS tells of a failed transform.
func Summary(problems []doc.Problem) string {
	messages := make([]string, 0, len(problems))
	for _, p := range problems {
		messages = append(messages, p.Message)
	}
	slices.Sort(messages)
	return fmt.Sprintf("Invalid Serverless Application Specification document. Number of errors found: %d. %s",
		len(messages), strings.Join(messages, " "))
}
