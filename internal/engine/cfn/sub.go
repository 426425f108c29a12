package cfn

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const subUsage = "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as first argument, and an optional second argument to specify a mapping of values to replace in the string"

// subPart is a piece of a Fn::Sub text: literal text, or the name in ${name}.
type subPart struct {
	text string
	name bool
}

// subParts cuts a text of Fn::Sub. ${!x} is the literal ${x}. The second
// result is a name that AWS would not take, such as one with blanks.
func subParts(s string) (parts []subPart, bad string) {
	for s != "" {
		i := strings.Index(s, "${")
		if i < 0 {
			break
		}
		end := strings.IndexByte(s[i:], '}')
		if end < 0 {
			break
		}
		name := s[i+2 : i+end]
		if i > 0 {
			parts = append(parts, subPart{text: s[:i]})
		}
		s = s[i+end+1:]
		switch {
		case strings.HasPrefix(name, "!"):
			parts = append(parts, subPart{text: "${" + name[1:] + "}"})
		case !subName(name):
			return parts, name
		default:
			parts = append(parts, subPart{text: name, name: true})
		}
	}
	if s != "" {
		parts = append(parts, subPart{text: s})
	}
	return parts, ""
}

// subName reports whether a name has the characters that AWS takes in ${}.
func subName(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case '0' <= c && c <= '9', 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '.', c == ':', c == '_', c == '-':
		default:
			return false
		}
	}
	return s != ""
}

// subArgs reads the argument of Fn::Sub: a text, or a text and a map.
func subArgs(arg *Value) (text string, variables *Value, ok bool) {
	if s, ok := arg.Scalar(); ok {
		return s, nil, true
	}
	text, ok = arg.Item(0).Scalar()
	variables = arg.Item(1)
	return text, variables, ok && arg.Len() <= 2 && (variables == nil || variables.Is(doc.Map))
}

func (e *evaluator) sub(v, arg *Value) *Value {
	text, variables, ok := subArgs(arg)
	if !ok {
		return e.fail(v, subUsage, "")
	}
	parts, bad := subParts(text)
	if bad != "" {
		return e.fail(v, "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons", "write ${!"+bad+"} for the text itself")
	}
	var b strings.Builder
	var later *Value
	for _, p := range parts {
		s := p.text
		if p.name {
			x := e.variable(v, p.text, variables)
			if x.Is(doc.Unknown) {
				later = x
				continue
			}
			if s, ok = x.Scalar(); !ok {
				return e.notText(v, p.text, x)
			}
		}
		if !e.spend(v, len(s)) {
			return nil
		}
		b.WriteString(s)
	}
	if later != nil {
		return later
	}
	return e.dynamic(e.placed(v, doc.NewString(b.String())))
}

func (e *evaluator) notText(v *Value, name string, got *Value) *Value {
	if got == nil {
		if len(e.problems) > 0 {
			return nil
		}
		return e.fail(v, "Template error: variable "+name+" in Fn::Sub expression does not resolve to a string", "")
	}
	return e.fail(v, "Template error: variable "+name+" in Fn::Sub expression does not resolve to a string", "it is a "+got.Kind().String())
}

// variable is what ${name} stands for: the map comes before parameters and resources.
func (e *evaluator) variable(v *Value, name string, variables *Value) *Value {
	if x := variables.Get(name); x != nil {
		return e.eval(x)
	}
	id, attr, dotted := strings.Cut(name, ".")
	if !dotted {
		return e.named(v, name)
	}
	if e.resources[id] == nil && e.absent[id] == "" {
		return e.fail(v, "Template error: instance of Fn::Sub references invalid resource attribute "+name, "no resource is called "+id)
	}
	if !e.exists(v, id) {
		return nil
	}
	x, err := e.env.GetAtt(id, attr)
	return e.answer(v, name, x, err)
}
