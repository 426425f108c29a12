package cfn

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dlclark/regexp2/v2"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// Parameter is a parameter as declared.
type Parameter struct {
	Name, Type, Description string
	Default                 string
	HasDefault              bool // without, a value must be given
	NoEcho                  bool
	AllowedValues           []string
	AllowedPattern          string // a Java pattern for the whole value
	ConstraintDescription   string
	MinLength, MaxLength    *float64
	MinValue, MaxValue      *float64

	at doc.Pos
}

// IsList reports whether a Ref of the parameter gives a list.
func (p Parameter) IsList() bool {
	t := strings.TrimSuffix(strings.TrimPrefix(p.Type, ssmValuePrefix), ">")
	return t == "CommaDelimitedList" || strings.HasPrefix(t, "List<")
}

// fromSSM reports whether the value given is the name of a parameter of
// Systems Manager, whose value is what counts.
func (p Parameter) fromSSM() bool { return strings.HasPrefix(p.Type, ssmValuePrefix) }

func parameterKeys() []string {
	return []string{
		"Type", "Default", "NoEcho", "AllowedValues", "AllowedPattern", "ConstraintDescription",
		"Description", "MinLength", "MaxLength", "MinValue", "MaxValue",
	}
}

func (c *checker) parameters(section *Value) []Parameter {
	var all []Parameter
	for _, name := range section.Keys() {
		v, path := section.Get(name), "Parameters."+name
		if !v.Is(doc.Map) {
			c.pos(section.KeyPos(name), path, "Template format error: Every Parameters member must be an object.", "")
			continue
		}
		for _, k := range v.Keys() {
			if !slices.Contains(parameterKeys(), k) {
				c.pos(v.KeyPos(k), path+"."+k, "Invalid template parameter property '"+k+"'", nearest(k, parameterKeys()))
			}
		}
		all = append(all, c.parameter(name, v, path, section.KeyPos(name)))
	}
	return all
}

func (c *checker) parameter(name string, v *Value, path string, at doc.Pos) Parameter {
	p := Parameter{
		Name: name, Type: v.Get("Type").Text(), Description: v.Get("Description").Text(),
		NoEcho: v.Get("NoEcho").Text() == "true", AllowedPattern: v.Get("AllowedPattern").Text(),
		ConstraintDescription: v.Get("ConstraintDescription").Text(), at: at,
		MinLength: c.number(v, path, "MinLength"), MaxLength: c.number(v, path, "MaxLength"),
		MinValue: c.number(v, path, "MinValue"), MaxValue: c.number(v, path, "MaxValue"),
	}
	for _, a := range v.Get("AllowedValues").Items() {
		p.AllowedValues = append(p.AllowedValues, a.Text())
	}
	switch {
	case !v.Has("Type"):
		c.pos(at, path, "Template format error: Every Parameters object must contain a Type member.", "")
	case !parameterType(p.Type):
		c.at(v.Get("Type"), path+".Type", "Template format error: Unrecognized parameter type: "+p.Type,
			"String, Number, List<Number>, CommaDelimitedList, AWS::SSM::Parameter::Value<T>, AWS::SSM::Parameter::Name, AWS::EC2::*::Id, AWS::Route53::HostedZone::Id or a List<> of those")
	}
	if d := v.Get("Default"); d != nil {
		s, ok := d.Scalar()
		if d.Is(doc.List) { // as SAM's own tests have it; lists are joined
			s, ok = strings.Join(texts(d), ","), true
		}
		if !ok {
			c.at(d, path+".Default", "Template format error: Every Default member must be a string.", "")
		}
		p.Default, p.HasDefault = s, ok
	}
	return p
}

func (c *checker) number(v *Value, path, key string) *float64 {
	n := v.Get(key)
	if n == nil {
		return nil
	}
	f, err := strconv.ParseFloat(n.Text(), 64)
	if err != nil {
		c.at(n, path+"."+key, "Template format error: "+key+" must be a number.", "")
		return nil
	}
	return &f
}

func parameterType(t string) bool {
	if s, ok := strings.CutPrefix(t, ssmValuePrefix); ok {
		t = strings.TrimSuffix(s, ">")
	}
	if t == "CommaDelimitedList" || t == "List<String>" {
		return true
	}
	if s, ok := strings.CutPrefix(t, "List<"); ok {
		t = strings.TrimSuffix(s, ">")
	}
	switch t {
	case "String", "Number", "AWS::SSM::Parameter::Name", "AWS::Route53::HostedZone::Id":
		return true
	}
	return strings.HasPrefix(t, "AWS::EC2::")
}

// texts are the items of a list as text.
func texts(l *Value) []string {
	var all []string
	for _, it := range l.Items() {
		all = append(all, it.Text())
	}
	return all
}

// bind gives every parameter its value, or tells what is wrong with those given.
func (t *Template) bind(given map[string]string) ([]ParameterValue, []Problem) {
	c := &checker{}
	var values []ParameterValue
	var missing []string
	var firstMissing doc.Pos
	declared := map[string]bool{}
	for _, p := range t.Parameters {
		declared[p.Name] = true
		value, ok := given[p.Name]
		if !ok {
			value, ok = p.Default, p.HasDefault
		}
		if !ok {
			if missing = append(missing, p.Name); len(missing) == 1 {
				firstMissing = p.at
			}
			continue
		}
		if message := p.check(value); message != "" {
			c.pos(p.at, "Parameters."+p.Name, message, "")
		}
		values = append(values, ParameterValue{Name: p.Name, Value: value, NoEcho: p.NoEcho})
	}
	if len(missing) > 0 {
		c.pos(firstMissing, "Parameters", "Parameters: ["+strings.Join(missing, ", ")+"] must have values", "")
	}
	var strange []string
	for name := range given {
		if !declared[name] {
			strange = append(strange, name)
		}
	}
	if slices.Sort(strange); len(strange) > 0 {
		c.at(t.root.Get("Parameters"), "Parameters", "Parameters: ["+strings.Join(strange, ", ")+"] do not exist in the template", "")
	}
	return values, c.problems
}

// check is what AWS would say of a value; empty if it is fine.
func (p Parameter) check(value string) string {
	if len(value) > maxValue {
		return fmt.Sprintf("Parameter '%s' must contain at most %d characters", p.Name, maxValue)
	}
	items := []string{value}
	if p.IsList() {
		items = splitList(value)
	}
	for _, it := range items {
		if message := p.checkItem(it); message != "" {
			if p.ConstraintDescription != "" {
				return fmt.Sprintf("Parameter %s failed to satisfy constraint: %s", p.Name, p.ConstraintDescription)
			}
			return "Parameter '" + p.Name + "' " + message
		}
	}
	return ""
}

func (p Parameter) checkItem(s string) string {
	if len(p.AllowedValues) > 0 && !slices.Contains(p.AllowedValues, s) {
		return "must be one of AllowedValues"
	}
	if p.Type == "Number" || p.Type == "List<Number>" {
		return p.checkNumber(s)
	}
	switch n := float64(len([]rune(s))); {
	case p.MinLength != nil && n < *p.MinLength:
		return fmt.Sprintf("must contain at least %v characters", *p.MinLength)
	case p.MaxLength != nil && n > *p.MaxLength:
		return fmt.Sprintf("must contain at most %v characters", *p.MaxLength)
	case p.AllowedPattern != "" && !matchWhole(p.AllowedPattern, s):
		return "must match pattern " + p.AllowedPattern
	}
	return ""
}

func (p Parameter) checkNumber(s string) string {
	f, err := strconv.ParseFloat(s, 64)
	switch {
	case err != nil:
		return "must be a number"
	case p.MinValue != nil && f < *p.MinValue:
		return fmt.Sprintf("must be a number not less than %v", *p.MinValue)
	case p.MaxValue != nil && f > *p.MaxValue:
		return fmt.Sprintf("must be a number not greater than %v", *p.MaxValue)
	}
	return ""
}

// patternTime bounds the match of a pattern that RE2 cannot do.
const patternTime = 100 * time.Millisecond

// matchWhole matches a Java pattern against all of s. A pattern that is not
// well-formed matches nothing.
func matchWhole(pattern, s string) bool {
	if re, err := regexp.Compile(`^(?:` + pattern + `)$`); err == nil {
		return re.MatchString(s)
	}
	re, err := regexp2.Compile(`^(?:`+pattern+`)\z`, regexp2.None)
	if err != nil {
		return false
	}
	re.MatchTimeout = patternTime
	ok, err := re.MatchString(s)
	return ok && err == nil
}

// splitList splits a list at its commas, without blanks around the items.
func splitList(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	parts := strings.Split(s, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}
