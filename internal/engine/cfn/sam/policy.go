package sam

import (
	_ "embed" // the policy templates below
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

//go:embed data/policies.json
var policiesJSON []byte

//go:embed data/managed.txt
var managedPaths string

// managedPolicyPath is the path of a policy of AWS's own, given its name;
// false for what is no name of one, such as an ARN.
func managedPolicyPath(name string) (string, bool) {
	for path := range strings.SplitSeq(managedPaths, "\n") {
		if path == name || strings.HasSuffix(path, "/"+name) {
			return path, name != ""
		}
	}
	return "", false
}

// template is the policy template of a name; nil if there is none.
func (t *transformer) template(name string) *Value {
	if name == "" {
		return nil
	}
	if t.templates == nil {
		t.templates, _ = doc.ParseJSON("", policiesJSON)
	}
	return t.templates.Get(name)
}

// beforeConversion prepares the properties of a resource: policy templates
// become policies.
func (j *job) beforeConversion(typ string) {
	if typ != typeFunction && typ != typeStateMachine {
		return
	}
	policies := j.get("Policies")
	if !truthy(policies) {
		return
	}
	all := list()
	for _, p := range asList(policies).Items() {
		if j.policyKind(p) == policyTemplate {
			p = inBranches(p, func(v *Value) bool { return !isNoValue(v) }, j.fromTemplate)
		}
		all.Append(p)
	}
	j.props.Set("Policies", all)
}

// fromTemplate is the policy that {TemplateName: {Parameter: value}} stands for.
func (j *job) fromTemplate(v *Value) *Value {
	name, arguments := v.Single()
	t := j.template(name)
	if !arguments.Is(doc.Map) {
		j.fail(v, "Must specify valid parameter values for policy template '%s'", name)
		return v
	}
	var missing []string
	for _, p := range t.Get("Parameters").Items() {
		if !arguments.Has(p.Text()) {
			missing = append(missing, "'"+p.Text()+"'")
		}
	}
	if len(missing) > 0 {
		slices.Sort(missing)
		j.fail(v, "Following required parameters of template '%s' don't have values: [%s]", name, strings.Join(missing, ", "))
		return v
	}
	made := fill(t.Get("Definition").Clone(), t.Get("Parameters"), arguments)
	settle(made, v.At)
	return made
}

// fill replaces references to parameters of a policy template by arguments.
// What is in an argument stays as it is, be it a Ref of the same name.
func fill(v, parameters, arguments *Value) *Value {
	if k, arg := v.Single(); k == "Ref" && contains(parameters, arg) {
		return arguments.Get(arg.Text()).Clone()
	}
	for i := range v.Len() {
		v.SetNth(i, fill(v.Nth(i), parameters, arguments))
	}
	return v
}
