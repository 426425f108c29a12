package cfn_test

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

// files is what a template finds beside itself.
type files map[string]string

func (f files) ReadFile(name string) ([]byte, error) {
	if s, ok := f[name]; ok {
		return []byte(s), nil
	}
	return nil, fmt.Errorf("read %s: %w", name, fs.ErrNotExist)
}

// made is an Env for which every resource exists: Ref gives "id-ID",
// GetAtt "ID/attribute".
type made struct{}

func (made) Ref(id string) (any, error)          { return "id-" + id, nil }
func (made) GetAtt(id, attr string) (any, error) { return id + "/" + attr, nil }

func (made) Import(name string) (any, error) {
	if name != "known" {
		return nil, errors.New("No export named " + name + " found")
	}
	return "imported", nil
}

func (made) Dynamic(service, key string) (string, error) { return service + "=" + key, nil }

// inputs are those of most tests.
func inputs(parameters map[string]string) cfn.Inputs {
	return cfn.Inputs{
		Parameters: parameters, AccountID: "123456789012", Region: "us-east-1", StackName: "st",
		StackID: "arn:aws:cloudformation:us-east-1:123456789012:stack/st/1",
	}
}

// plan evaluates a template; the problems of any phase come as text.
func plan(t *testing.T, text string, beside files, in cfn.Inputs) (*cfn.Plan, []string) {
	t.Helper()
	tmpl, problems := cfn.Parse(cfn.Source{Text: []byte(text)}, beside)
	if len(problems) > 0 {
		return nil, lines(problems)
	}
	p, problems := tmpl.Transform(in)
	return p, lines(problems)
}

func lines(problems []cfn.Problem) []string {
	var all []string
	for _, p := range problems {
		all = append(all, p.Error())
	}
	return all
}

const head = `
Transform: [AWS::LanguageExtensions]
Parameters:
  Name: {Type: String, Default: world}
  Count: {Type: Number, Default: 3}
  Zones: {Type: CommaDelimitedList, Default: "a, b ,c"}
Mappings:
  Sizes: {small: {disk: 1, list: [x, y]}, us-east-1: {disk: big}}
Conditions:
  Holds: !Equals [!Ref Name, world]
  Fails: !Not [!Condition Holds]
  Both: !And [!Condition Holds, !Or [!Condition Fails, !Equals [!Ref Count, 3]]]
Resources:
  Other: {Type: "T::T::T", Properties: {}}
  Gone: {Type: "T::T::T", Condition: Fails}
  R:
    Type: T::T::T
    Properties:
      V: `

func TestFunctions(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"plain", `"plain"`},
		{"!Ref Name", `"world"`},
		{"!Ref Count", `"3"`},
		{"!Ref Zones", `["a","b","c"]`},
		{"!Ref Other", `"id-Other"`},
		{"!Ref AWS::Region", `"us-east-1"`},
		{"!Ref AWS::Partition", `"aws"`},
		{"!Ref AWS::URLSuffix", `"amazonaws.com"`},
		{"[!Ref AWS::NoValue, 1]", `[1]`},
		{"{a: !Ref AWS::NoValue, b: 2}", `{"b":2}`},
		{"!GetAtt Other.Arn", `"Other/Arn"`},
		{"!GetAtt Other.Outputs.X", `"Other/Outputs.X"`},
		{"!GetAtt [Other, Arn]", `"Other/Arn"`},
		{"{'Fn::GetAtt': [Other, !Ref Name]}", `"Other/world"`},
		{"{'Fn::GetAtt': Other.Arn}", `"Other/Arn"`},
		{"!Sub 'hello ${Name} ${Other} ${Other.Arn} ${AWS::Region}'", `"hello world id-Other Other/Arn us-east-1"`},
		{"!Sub ['${A}-${Name}', {A: !Ref Count}]", `"3-world"`},
		{"!Sub ['${Name}', {Name: mine}]", `"mine"`},
		{"!Sub '${!Literal} $ {x} ${'", `"${Literal} $ {x} ${"`},
		{"!Join ['-', [a, 1, true, !Ref Name]]", `"a-1-true-world"`},
		{"!Join ['', !Ref Zones]", `"abc"`},
		{"!Split [',', 'a,b,,c']", `["a","b","","c"]`},
		{"!Select [1, !Split ['|', 'a|b']]", `"b"`},
		{"!Select ['0', !Ref Zones]", `"a"`},
		{"!FindInMap [Sizes, small, disk]", `1`},
		{"!FindInMap [Sizes, small, list]", `["x","y"]`},
		{"!FindInMap [Sizes, !Ref AWS::Region, disk]", `"big"`},
		{"!FindInMap [Sizes, small, none, {DefaultValue: d}]", `"d"`},
		{"!If [Holds, 1, 2]", `1`},
		{"!If [Fails, !GetAtt Gone.Arn, 2]", `2`},
		{"!If [Both, {a: !Ref Name}, x]", `{"a":"world"}`},
		{"!Base64 abc", `"YWJj"`},
		{"!Base64 {'Fn::Sub': '${Name}'}", `"d29ybGQ="`},
		{"!Base64\n        Fn::Sub: '${Name}'", `"d29ybGQ="`},
		{"!Cidr [10.0.0.0/16, 3, 8]", `["10.0.0.0/24","10.0.1.0/24","10.0.2.0/24"]`},
		{"!Select [1, !Cidr ['fd00::/56', 2, 64]]", `"fd00:0:0:1::/64"`},
		{"!GetAZs ''", `["us-east-1a","us-east-1b","us-east-1c"]`},
		{"!ImportValue known", `"imported"`},
		{"{'Fn::Length': !Ref Zones}", `3`},
		{"{'Fn::ToJsonString': {b: [1, '2'], a: !Ref Name}}", `"{\"b\":[1,\"2\"],\"a\":\"world\"}"`},
		{"'x{{resolve:ssm:key:1}}y'", `"xssm=key:1y"`},
		{"!Sub '{{resolve:secretsmanager:${Name}:SecretString}}'", `"secretsmanager=world:SecretString"`},
		{"{Condition: {StringEquals: {a: b}}}", `{"Condition":{"StringEquals":{"a":"b"}}}`},
		{"2012-10-17", `"2012-10-17"`},
		{"{'Fn::ForEach::L': [Z, !Ref Zones, {'K${Z}': ['${Z}', !Ref Z, !Sub '${Z}-${Name}']}]}", `{"Ka":["a","a","a-world"],"Kb":["b","b","b-world"],"Kc":["c","c","c-world"]}`},
		{"{'Fn::ForEach::L': [Z, [a/b], {'K&{Z}': 1}]}", `{"Kab":1}`},
	} {
		p, problems := plan(t, head+tt.value+"\n", nil, inputs(nil))
		if len(problems) > 0 {
			t.Errorf("%s: %v", tt.value, problems)
			continue
		}
		tree, found := p.Resolve("R", made{})
		if len(found) > 0 {
			t.Errorf("%s: %v", tt.value, found)
			continue
		}
		if got := tree.Get("V").JSON(); got != tt.want {
			t.Errorf("%s = %s, want %s", tt.value, got, tt.want)
		}
	}
}

func TestFunctionProblems(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{"!Ref Missing", "19:10: Resources.R.Properties.V: Template format error: Unresolved resource dependencies [Missing] in the Resources block of the template"},
		{"!Ref Gone", "Unresolved resource dependencies [Gone] in the Resources block of the template (its condition Fails is false)"},
		{"!GetAtt Missing.Arn", "Template error: instance of Fn::GetAtt references undefined resource Missing"},
		{"!GetAtt Other", "every Fn::GetAtt object requires two non-empty parameters"},
		{"!Sub '${Missing}'", "Unresolved resource dependencies [Missing]"},
		{"!Sub '${ Name }'", "variable names in Fn::Sub syntax must contain only alphanumeric characters"},
		{"!Sub '${Zones}'", "does not resolve to a string"},
		{"!Sub [a]", ""},
		{"!Sub [[a]]", "One or more Fn::Sub intrinsic functions don't specify expected arguments"},
		{"!Join [a]", "every Fn::Join object requires two parameters"},
		{"!Join ['', [{a: b}]]", "every Fn::Join object requires two parameters"},
		{"!Split [a]", "every Fn::Split object requires two parameters"},
		{"!Select [5, [a]]", "Template error: Fn::Select cannot select nonexistent value at index 5"},
		{"!Select [x, [a]]", "Fn::Select requires a list argument"},
		{"!FindInMap [None, a, b]", "Mapping named 'None' is not present in the 'Mappings' section of template."},
		{"!FindInMap [Sizes, a, b]", "Unable to get mapping for Sizes::a::b"},
		{"!If [Nope, 1, 2]", "unresolved condition dependency Nope in Fn::If"},
		{"!If [Holds, 1]", "Fn::If requires a list argument with three elements"},
		{"!Cidr [10.0.0.0/24, 9, 8]", "cannot fit 9 blocks"},
		{"{'Fn::Nope': 1}", "the function Fn::Nope is not known"},
		{"{'Fn::Sub': x, b: 1}", "a function stands alone in its map"},
		{"!ImportValue", "the attribute in Fn::ImportValue"},
		{"!Nope x", "the tag !Nope is not known"},
	} {
		p, problems := plan(t, head+tt.value+"\n", nil, inputs(nil))
		if len(problems) == 0 {
			_, found := p.Resolve("R", made{})
			problems = lines(found)
		}
		if tt.want == "" && len(problems) > 0 || tt.want != "" && !slices.ContainsFunc(problems, func(s string) bool { return strings.Contains(s, tt.want) }) {
			t.Errorf("%s: got %q, want %q", tt.value, problems, tt.want)
		}
	}
}
