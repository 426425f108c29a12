package sam

import (
	"regexp"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// subVariable finds ${Name}, ${Name.Attribute} and ${AWS::Name}.
var subVariable = regexp.MustCompile(`\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}`)

// resolve replaces references to parameters inside v by their values, where
// the reference is a Ref or in a Fn::Sub. It changes v; the result may be
// another value when v itself is a Ref.
func (t *transformer) resolve(v *Value) *Value {
	return walk(v, func(v *Value) *Value {
		switch k, arg := v.Single(); k {
		case "Ref":
			if p := t.values[arg.Text()]; p != nil && arg.Is(doc.String) && t.spend(v, p) {
				p = p.Clone()
				p.At = v.At
				return p
			}
		case "Fn::Sub":
			replaceSub(v, func(name string) string {
				p := t.values[name]
				if p == nil || !t.spend(v, p) {
					return "${" + name + "}"
				}
				s, ok := p.Scalar()
				if !ok {
					t.invalid(v, "Invalid Fn::Sub variable value %s. Fn::Sub expects all variables to be strings.", p.JSON())
				}
				return s
			})
		}
		return v
	})
}

// resolveMapping replaces v, if it is a Fn::FindInMap of names, by what the
// map holds.
func (t *transformer) resolveMapping(v *Value) *Value {
	mappings := t.root.Get("Mappings")
	return walk(v, func(v *Value) *Value {
		k, arg := v.Single()
		if k != "Fn::FindInMap" || arg.Len() != 3 {
			return v
		}
		found := mappings
		for _, key := range arg.Items() {
			s, ok := walk(key, t.resolveMapping).Str()
			if !ok {
				return v
			}
			if found = found.Get(s); found == nil {
				return v
			}
		}
		if !t.spend(v, found) {
			return v
		}
		return found.Clone()
	})
}

// walk calls f for v and all below it, parents first, and puts what f gives in
// the place of what it got.
func walk(v *Value, f func(*Value) *Value) *Value {
	if v == nil {
		return nil
	}
	v = f(v)
	for i := range v.Len() {
		v.SetNth(i, walk(v.Nth(i), f))
	}
	return v
}

// replaceSub replaces the variables in the text of a Fn::Sub.
func replaceSub(v *Value, f func(name string) string) {
	arg := v.Get("Fn::Sub")
	target := arg
	if arg.Is(doc.List) {
		target = arg.Item(0)
	}
	s, ok := target.Str()
	if !ok {
		return
	}
	now := subVariable.ReplaceAllStringFunc(s, func(m string) string { return f(m[2 : len(m)-1]) })
	if now == s {
		return
	}
	made := text(now)
	made.At = target.At
	if arg.Is(doc.List) {
		arg.SetNth(0, made)
		return
	}
	v.Set("Fn::Sub", made)
}

// rewrite replaces, in the whole template, logical ids that changed and
// references to properties of SAM resources, such as Api.Stage.
func (t *transformer) rewrite(root *Value) {
	if len(t.renamed) == 0 && len(t.refs) == 0 {
		return
	}
	walk(root, func(v *Value) *Value {
		if d := v.Get("DependsOn"); d != nil {
			t.rewriteDependsOn(v, d)
		}
		switch k, arg := v.Single(); k {
		case "Ref":
			if s, ok := arg.Str(); ok {
				if now := t.rewriteName(s); now != s {
					v.SetNth(0, text(now))
				}
			}
		case "Fn::Sub":
			replaceSub(v, func(name string) string { return "${" + t.rewriteName(name) + "}" })
		case "Fn::GetAtt":
			t.rewriteGetAtt(v, arg)
		}
		return v
	})
}

func (t *transformer) rewriteDependsOn(v, d *Value) {
	if now, ok := t.renamed[d.Text()]; ok {
		v.SetText("DependsOn", now)
	}
	for i, it := range d.Items() {
		if now, ok := t.renamed[it.Text()]; ok {
			d.SetNth(i, text(now))
		}
	}
}

// rewriteName gives "Id" or "Id.Property" as it is called in the result.
func (t *transformer) rewriteName(name string) string {
	id, rest, dotted := strings.Cut(name, ".")
	if now, ok := t.renamed[id]; ok {
		id = now
	}
	if !dotted {
		return id
	}
	property, more, deeper := strings.Cut(rest, ".")
	if now, ok := t.refs[id][property]; ok {
		if deeper {
			return now + "." + more
		}
		return now
	}
	return id + "." + rest
}

func (t *transformer) rewriteGetAtt(v, arg *Value) {
	if arg.Len() < 2 {
		return
	}
	parts := make([]string, 0, arg.Len())
	for _, it := range arg.Items() {
		s, ok := it.Str()
		if !ok {
			return
		}
		parts = append(parts, s)
	}
	name := strings.Join(parts, ".")
	if now := t.rewriteName(name); now != name {
		v.Set("Fn::GetAtt", texts(strings.Split(now, ".")...))
	}
}
