package cfn

import (
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
	"github.com/stagedoor/stagedoor/internal/engine/cfn/sam"
)

// Transform evaluates the template for one stack: it binds the parameters,
// expands the macros, decides the conditions and finds the order. The template
// itself does not change. The Plan is nil when there are problems.
func (t *Template) Transform(in Inputs) (*Plan, []Problem) {
	in = in.withDefaults()
	values, problems := t.bind(in.Parameters)
	if len(problems) > 0 {
		return nil, problems
	}
	b := &builder{template: t, in: in, plan: &Plan{Parameters: values}}
	b.scope = newScope(t, in, values)
	b.plan.scope = b.scope
	for _, phase := range []func() []Problem{b.expand, b.decide, b.collect, b.check} {
		if problems := phase(); len(problems) > 0 {
			return nil, problems
		}
	}
	b.plan.Capabilities = capabilities(t, b.plan)
	return b.plan, nil
}

func (in Inputs) withDefaults() Inputs {
	if in.Partition == "" {
		in.Partition = "aws"
	}
	if in.URLSuffix == "" {
		in.URLSuffix = "amazonaws.com"
	}
	return in
}

func newScope(t *Template, in Inputs, values []ParameterValue) *scope {
	s := &scope{
		parameters: map[string]*Value{}, unread: map[string]string{},
		resources: map[string]*Resource{}, absent: map[string]string{},
		language: slices.Contains(t.Transforms, macroLanguage),
		pseudo: map[string]*Value{
			"AWS::AccountId":        doc.NewString(in.AccountID),
			"AWS::Region":           doc.NewString(in.Region),
			"AWS::Partition":        doc.NewString(in.Partition),
			"AWS::URLSuffix":        doc.NewString(in.URLSuffix),
			"AWS::StackName":        doc.NewString(in.StackName),
			"AWS::StackId":          doc.NewString(in.StackID),
			"AWS::NotificationARNs": doc.From(in.NotificationARNs),
		},
	}
	declared := map[string]Parameter{}
	for _, p := range t.Parameters {
		declared[p.Name] = p
	}
	for _, v := range values {
		switch p := declared[v.Name]; {
		case p.fromSSM():
			s.unread[v.Name] = "type " + p.Type + " reads Systems Manager, which is not here: declare it as String and give the value itself"
		case p.IsList():
			s.parameters[v.Name] = doc.From(splitList(v.Value))
		default:
			s.parameters[v.Name] = doc.NewString(v.Value)
		}
	}
	return s
}

// builder makes a Plan, phase by phase.
type builder struct {
	template *Template
	in       Inputs
	plan     *Plan
	scope    *scope
	root     *Value // after the transforms
}

// expand runs the macros: what files hold first, then loops, then SAM.
func (b *builder) expand() []Problem {
	root := b.template.root
	b.scope.mappings = root.Get("Mappings")
	in := &includer{evaluator: &evaluator{scope: b.scope}, files: b.template.files}
	root = in.global(in.expand(root))
	if len(in.problems) > 0 {
		return in.problems
	}
	if b.scope.language {
		u := &unroller{evaluator: &evaluator{scope: b.scope}}
		root = u.expand(root)
		if len(u.problems) > 0 {
			return u.problems
		}
	}
	if b.in.Local {
		l := &localizer{files: b.template.files}
		root = l.localize(root.Clone())
		if len(l.problems) > 0 {
			return l.problems
		}
	}
	if slices.Contains(b.template.Transforms, macroSAM) {
		made, problems := b.serverless(root)
		if len(problems) > 0 {
			return problems
		}
		root = made
	}
	b.root = root
	b.plan.Processed = root
	b.scope.mappings = root.Get("Mappings")
	return nil
}

// global handles AWS::Include in the section Transform itself.
func (in *includer) global(root *Value) *Value {
	items := []*Value{root.Get("Transform")}
	if items[0].Is(doc.List) {
		items = items[0].Items()
	}
	for _, it := range items {
		if !it.Is(doc.Map) || it.Get("Name").Text() != macroInclude {
			continue
		}
		in.path = []string{"Transform"}
		got := in.read(it)
		in.path = nil
		for i, k := range got.Keys() {
			if !root.Has(k) {
				root.SetAt(k, got.Nth(i), got.KeyPos(k))
			}
		}
	}
	return root
}

func (b *builder) serverless(root *Value) (*Value, []Problem) {
	return sam.Transform(root.Clone(), sam.Inputs{
		Region: b.in.Region, Partition: b.in.Partition, Now: b.in.Now, Parameters: b.scope.parameters, Application: b.in.Application,
	})
}

// decide evaluates conditions and rules.
func (b *builder) decide() []Problem {
	e := &evaluator{scope: b.scope}
	e.decideAll(b.root.Get("Conditions"))
	e.rules(b.root.Get("Rules"))
	b.plan.Conditions = b.scope.conditions
	return e.problems
}

// collect reads the sections Resources and Outputs.
func (b *builder) collect() []Problem {
	c := &checker{}
	resources := b.root.Get("Resources")
	if len(resources.Keys()) == 0 {
		c.at(b.root, "Resources", "Template format error: At least one Resources member must be defined.", "")
		return c.problems
	}
	c.count(b.root, "Resources", maxResources)
	c.count(b.root, "Outputs", maxOutputs)
	for _, id := range resources.Keys() {
		v := b.policies(c, id, resources.Get(id))
		r := c.resource(id, v, resources.KeyPos(id))
		cond := v.Get("Condition").Text()
		switch holds, known := b.scope.conditions[cond]; {
		case r == nil:
		case cond != "" && !known:
			c.at(v.Get("Condition"), "Resources."+id+".Condition", "Template format error: Condition "+cond+" is not defined.", "")
		case cond != "" && !holds:
			b.scope.absent[id] = cond
		default:
			b.support(c, r)
			b.plan.Resources = append(b.plan.Resources, r)
			b.scope.resources[id] = r
		}
	}
	b.plan.outputs = b.root.Get("Outputs")
	b.outputs(c)
	return c.problems
}

// policies evaluates functions in DeletionPolicy and UpdateReplacePolicy, which
// AWS::LanguageExtensions allows.
func (b *builder) policies(c *checker, id string, v *Value) *Value {
	for _, key := range []string{"DeletionPolicy", "UpdateReplacePolicy"} {
		p := v.Get(key)
		if !p.Is(doc.Map) {
			continue
		}
		if !b.scope.language {
			c.at(p, "Resources."+id+"."+key, "Template format error: Every "+key+" member must be a string.", "functions need Transform: "+macroLanguage)
		}
		e := &evaluator{scope: b.scope, path: []string{"Resources", id, key}}
		made := e.eval(p)
		c.problems = append(c.problems, e.problems...)
		copied := doc.NewMap()
		copied.At = v.At
		for i, k := range v.Keys() {
			copied.SetAt(k, v.Nth(i), v.KeyPos(k))
		}
		v = copied.Set(key, made)
	}
	return v
}

func (b *builder) outputs(c *checker) {
	for _, key := range b.plan.outputs.Keys() {
		v, path := b.plan.outputs.Get(key), "Outputs."+key
		if !v.Has("Value") {
			c.pos(b.plan.outputs.KeyPos(key), path, "Template format error: Every Outputs member must contain a Value object", "")
		}
		for _, k := range v.Keys() {
			if !slices.Contains([]string{"Value", "Description", "Export", "Condition"}, k) {
				c.pos(v.KeyPos(k), path+"."+k, "Invalid template output property '"+k+"'", nearest(k, []string{"Value", "Description", "Export", "Condition"}))
			}
		}
		if cond := v.Get("Condition"); cond != nil {
			if _, known := b.scope.conditions[cond.Text()]; !known {
				c.at(cond, path+".Condition", "Template format error: Condition "+cond.Text()+" is not defined.", "")
			}
		}
	}
}

func resourceKeys() []string {
	return []string{
		"Type", "Properties", "Condition", "DependsOn", "Metadata", "DeletionPolicy",
		"UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Description", "Version",
	}
}

// resource reads one resource; nil if there is no making it.
func (c *checker) resource(id string, v *Value, at doc.Pos) *Resource {
	path := "Resources." + id
	typ, ok := v.Get("Type").Str()
	if !ok || typ == "" {
		c.pos(at, path, "Template format error: ["+strings.ReplaceAll("/"+path, ".", "/")+"] Every Resources object must contain a Type member.", "")
		return nil
	}
	for _, k := range v.Keys() {
		if !slices.Contains(resourceKeys(), k) {
			c.pos(v.KeyPos(k), path+"."+k, "Invalid template resource property '"+k+"'", nearest(k, resourceKeys()))
		}
	}
	r := &Resource{
		ID: id, Type: typ, At: at, Properties: v.Get("Properties"), Metadata: v.Get("Metadata"),
		CreationPolicy: v.Get("CreationPolicy"), UpdatePolicy: v.Get("UpdatePolicy"),
		DeletionPolicy:      c.policy(v, path, "DeletionPolicy", "Delete", "Retain", "RetainExceptOnCreate", "Snapshot"),
		UpdateReplacePolicy: c.policy(v, path, "UpdateReplacePolicy", "Delete", "Retain", "Snapshot"),
	}
	if p := r.Properties; p != nil && !p.Is(doc.Map) && !p.Is(doc.Null) {
		c.at(p, path+".Properties", "Template format error: Properties must be an object.", "")
	}
	if !r.Properties.Is(doc.Map) {
		r.Properties = doc.NewMap()
		r.Properties.At = at
	}
	switch d := v.Get("DependsOn"); d.Kind() {
	case doc.List:
		r.DependsOn = texts(d)
	case doc.String:
		r.DependsOn = []string{d.Text()}
	case doc.Absent, doc.Null:
	default:
		c.at(d, path+".DependsOn", "Template format error: DependsOn must be a string or list of strings.", "")
	}
	return r
}

// policy is one of a set of words; the first if not given.
func (c *checker) policy(v *Value, path, key string, words ...string) string {
	x := v.Get(key)
	switch {
	case x == nil || x.Is(doc.Null):
		return words[0]
	case !slices.Contains(words, x.Text()):
		c.at(x, path+"."+key, "Template format error: Unrecognized "+key+" "+x.Text(), "there are "+strings.Join(words, ", "))
	}
	return x.Text()
}
