package cfn_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

const one = "\nResources: {A: {Type: 'T::T::T'}}\n"

// TestProblems holds the words and places of what can be wrong.
func TestProblems(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		given      map[string]string
		want       []string // one problem each, as they begin
	}{
		{"no template", "", nil, []string{"Template format error: the document is empty."}},
		{"a list", "[1]", nil, []string{"1:1: Template format error: unsupported structure."}},
		{"not YAML", "a: b: c", nil, []string{"1:5: Template format error: YAML not well-formed. (line 1, column 5)"}},
		{"not JSON", `{"a": }`, nil, []string{"1:7: Template format error: JSON not well-formed. (line 1, column 7)"}},
		{"duplicate key", "A: 1\nA: 2\n", nil, []string{`2:1: Template format error: the key "A" stands twice in one map. (the first is at 1:1)`}},
		{"no resources", "Description: x", nil, []string{"1:1: Resources: Template format error: At least one Resources member must be defined."}},
		{"section", "Resource: {}" + one, nil, []string{"1:1: Resource: Invalid template property or properties [Resource] (did you mean Resources?)"}},
		{"version", "AWSTemplateFormatVersion: 2011-01-01" + one, nil, []string{"1:27: AWSTemplateFormatVersion: Template format error: unsupported value for AWSTemplateFormatVersion. (the only one is 2010-09-09)"}},
		{"macro", "Transform: Mine" + one, nil, []string{"1:12: Transform: No transform named Mine found."}},
		{"logical id", "Resources: {a-b: {Type: 'T::T::T'}}", nil, []string{"1:13: Resources.a-b: Template format error: Resource name a-b is non alphanumeric."}},
		{"no type", "Resources:\n  A: {Properties: {}}", nil, []string{"2:3: Resources.A: Template format error: [/Resources/A] Every Resources object must contain a Type member."}},
		{"attribute", "Resources:\n  A: {Type: 'T::T::T', Dependson: B}", nil, []string{"2:24: Resources.A.Dependson: Invalid template resource property 'Dependson' (did you mean DependsOn?)"}},
		{"depends on nothing", "Resources:\n  A: {Type: 'T::T::T', DependsOn: B}", nil, []string{"2:35: Resources.A.DependsOn: Template format error: Unresolved resource dependencies [B] in the Resources block of the template"}},
		{"circle", "Resources:\n  A: {Type: 'T::T::T', Properties: {X: !Ref B}}\n  B: {Type: 'T::T::T', Properties: {X: !GetAtt C.Arn}}\n  C: {Type: 'T::T::T', DependsOn: A}", nil, []string{"2:3: Resources: Circular dependency between resources: [A, B, C]"}},
		{"condition of a resource", "Resources:\n  A: {Type: 'T::T::T', Condition: Nope}", nil, []string{"2:35: Resources.A.Condition: Template format error: Condition Nope is not defined."}},
		{"condition of nothing", "Conditions: {C: !Not [!Condition D]}" + one, nil, []string{"1:17: Conditions.C: Template format error: Unresolved condition dependency D in the Conditions block of the template"}},
		{"conditions in a circle", "Conditions: {C: !Not [!Condition D], D: !Not [!Condition C]}" + one, nil, []string{"Template format error: Circular dependency between conditions: [C]", "Template format error: Circular dependency between conditions: [D]"}},
		{"deletion policy", "Resources:\n  A: {Type: 'T::T::T', DeletionPolicy: Keep}", nil, []string{"2:40: Resources.A.DeletionPolicy: Template format error: Unrecognized DeletionPolicy Keep (there are Delete, Retain, RetainExceptOnCreate, Snapshot)"}},
		{"deletion policy by function", "Resources:\n  A: {Type: 'T::T::T', DeletionPolicy: !Ref AWS::Region}", nil, []string{"Template format error: Every DeletionPolicy member must be a string.", "Unrecognized DeletionPolicy us-east-1"}},
		{"output without value", "Outputs: {O: {Description: x}}" + one, nil, []string{"1:11: Outputs.O: Template format error: Every Outputs member must contain a Value object"}},
		{"output of a list", "Outputs: {O: {Value: [a]}}" + one, nil, []string{"1:22: Outputs.O.Value: Template format error: The Value field of every Outputs member must evaluate to a String."}},
		{"output of nothing", "Outputs: {O: {Value: !Ref B}}" + one, nil, []string{"1:22: Outputs.O.Value: Template format error: Unresolved resource dependencies [B] in the Outputs block of the template"}},
		{"several at a time", "Resources:\n  A: {Type: 'T::T::T', Properties: {X: !Ref X, Y: !Sub '${Y.Z}', Z: !Join [a]}}", nil, []string{
			"2:40: Resources.A.Properties.X: Template format error: Unresolved resource dependencies [X]",
			"2:51: Resources.A.Properties.Y: Template error: instance of Fn::Sub references invalid resource attribute Y.Z",
			"2:69: Resources.A.Properties.Z: Template error: every Fn::Join object requires two parameters",
		}},
		{"unset parameters", "Parameters: {P: {Type: String}, Q: {Type: Number}}" + one, nil, []string{"1:14: Parameters: Parameters: [P, Q] must have values"}},
		{"strange parameters", "Parameters: {P: {Type: String}}" + one, map[string]string{"P": "", "X": "", "Y": ""}, []string{"Parameters: Parameters: [X, Y] do not exist in the template"}},
		{"parameter without type", "Parameters: {P: {Default: a}}" + one, nil, []string{"1:14: Parameters.P: Template format error: Every Parameters object must contain a Type member."}},
		{"parameter type", "Parameters: {P: {Type: Text}}" + one, nil, []string{"1:24: Parameters.P.Type: Template format error: Unrecognized parameter type: Text"}},
		{"parameter attribute", "Parameters: {P: {Type: String, Defalt: x}}" + one, nil, []string{"1:32: Parameters.P.Defalt: Invalid template parameter property 'Defalt'"}},
		{"not allowed", "Parameters: {P: {Type: String, AllowedValues: [a, b]}}" + one, map[string]string{"P": "c"}, []string{"1:14: Parameters.P: Parameter 'P' must be one of AllowedValues"}},
		{"pattern", "Parameters: {P: {Type: String, AllowedPattern: '[a-z]+'}}" + one, map[string]string{"P": "a1"}, []string{"Parameters.P: Parameter 'P' must match pattern [a-z]+"}},
		{"pattern of Java", "Parameters: {P: {Type: String, AllowedPattern: '(?!aws)[a-z]+'}}" + one, map[string]string{"P": "awsx"}, []string{"Parameters.P: Parameter 'P' must match pattern (?!aws)[a-z]+"}},
		{"in words of its own", "Parameters: {P: {Type: String, AllowedPattern: 'a', ConstraintDescription: say a}}" + one, map[string]string{"P": "b"}, []string{"Parameters.P: Parameter P failed to satisfy constraint: say a"}},
		{"too short", "Parameters: {P: {Type: String, MinLength: 2}}" + one, map[string]string{"P": "b"}, []string{"Parameters.P: Parameter 'P' must contain at least 2 characters"}},
		{"too long", "Parameters: {P: {Type: String, MaxLength: 2}}" + one, map[string]string{"P": "bcd"}, []string{"Parameters.P: Parameter 'P' must contain at most 2 characters"}},
		{"no number", "Parameters: {P: {Type: Number}}" + one, map[string]string{"P": "x"}, []string{"Parameters.P: Parameter 'P' must be a number"}},
		{"too small", "Parameters: {P: {Type: Number, MinValue: 2}}" + one, map[string]string{"P": "1"}, []string{"Parameters.P: Parameter 'P' must be a number not less than 2"}},
		{"too big", "Parameters: {P: {Type: 'List<Number>', MaxValue: 2}}" + one, map[string]string{"P": "1, 3"}, []string{"Parameters.P: Parameter 'P' must be a number not greater than 2"}},
		{"of Systems Manager", "Parameters: {P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /a}}\nResources: {A: {Type: 'T::T::T', Properties: {X: !Ref P}}}", nil, []string{"2:50: Resources.A.Properties.X: Parameters: [P] cannot be used here (type AWS::SSM::Parameter::Value<String> reads Systems Manager"}},
		{"rule", "Parameters: {P: {Type: String, Default: a}}\nRules: {R: {RuleCondition: !Equals [!Ref P, a], Assertions: [{Assert: !Contains [[b, c], !Ref P], AssertDescription: P is b or c}]}}" + one, nil, []string{"2:62: Rules.R: Template constraint error: rule R: P is b or c"}},
		{"loop", "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::L: [X, [a, b], {R: {Type: 'T::T::T'}}]", nil, []string{"Template error: Fn::ForEach makes the key R twice (put the identifier in the key)"}},
		{"serverless without macro", "Resources: {A: {Type: 'AWS::Serverless::Api'}}", nil, []string{"1:23: Resources.A.Type: AWS::Serverless::Api is not supported (add Transform: AWS::Serverless-2016-10-31)"}},
		{"serverless of another kind", "Transform: AWS::Serverless-2016-10-31\nResources: {A: {Type: 'AWS::Serverless::GraphQLApi'}}", nil, []string{"2:23: Resources.A.Type: AWS::Serverless::GraphQLApi is not supported (SAM has no such type here)"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, got := plan(t, tt.text, nil, inputs(tt.given))
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i, want := range tt.want {
				if !strings.Contains(got[i], want) {
					t.Errorf("got %q, want %q", got[i], want)
				}
			}
		})
	}
}

// TestSystemsManagerUnused holds that a template of the CDK goes through: its
// bootstrap version is a parameter of Systems Manager that only a rule reads.
func TestSystemsManagerUnused(t *testing.T) {
	p, problems := plan(t, `
Parameters: {BootstrapVersion: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /cdk-bootstrap/hnb659fds/version}}
Rules: {CheckBootstrapVersion: {Assertions: [{Assert: !Not [!Contains [['1', '2'], !Ref BootstrapVersion]], AssertDescription: too old}]}}
Resources: {CDKMetadata: {Type: 'AWS::CDK::Metadata', Properties: {Analytics: v2}}}
`, nil, inputs(nil))
	if len(problems) > 0 || len(p.Resources) != 1 {
		t.Errorf("got %v, want one resource", problems)
	}
}

func TestOrder(t *testing.T) {
	p, problems := plan(t, `
Conditions: {Never: !Equals [a, b]}
Resources:
  Stage: {Type: T::T::T, Properties: {A: !Ref Api, D: !Ref Deployment}}
  Deployment: {Type: T::T::T, DependsOn: [Get, Gone], Properties: {A: !Sub '${Api} ${!No} ${AWS::Region}'}}
  Get: {Type: T::T::T, Properties: {R: !Join ['', [!GetAtt Resource.Id]], X: !If [Never, !Ref Stage, 1]}}
  Resource: {Type: T::T::T, Properties: {A: !Sub ['${Api.Root} ${V}', {V: !Ref Api}]}}
  Api: {Type: T::T::T}
  Gone: {Type: T::T::T, Condition: Never}
`, nil, inputs(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	if want := []string{"Api", "Resource", "Get", "Deployment", "Stage"}; !slices.Equal(p.Order(), want) {
		t.Errorf("Order() = %v, want %v", p.Order(), want)
	}
	if want := []string{"Api", "Get"}; !slices.Equal(p.Needs("Deployment"), want) {
		t.Errorf("Needs(Deployment) = %v, want %v", p.Needs("Deployment"), want)
	}
	if p.Resource("Gone") != nil || p.Conditions["Never"] {
		t.Error("a resource is there though its condition is false")
	}
}

func TestOutputs(t *testing.T) {
	p, problems := plan(t, `
Conditions: {Never: !Equals [a, b]}
Resources: {A: {Type: T::T::T}}
Outputs:
  Url: {Value: !Sub 'https://${A}', Description: where, Export: {Name: !Sub '${AWS::StackName}-url'}}
  Number: {Value: 5}
  None: {Value: !Ref Missing, Condition: Never}
`, nil, inputs(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	got, found := p.Outputs(made{})
	if len(found) > 0 {
		t.Fatal(lines(found))
	}
	want := []cfn.Output{{Key: "Url", Value: "https://id-A", Description: "where", Export: "st-url"}, {Key: "Number", Value: "5"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

// later is made, but for the resource New, which does not exist yet.
type later struct{ made }

func (l later) Ref(id string) (any, error) {
	if id == "New" {
		return nil, fmt.Errorf("%s: %w", id, cfn.ErrLater)
	}
	return l.made.Ref(id)
}

func (l later) GetAtt(id, attr string) (any, error) {
	if id == "New" {
		return nil, cfn.ErrLater
	}
	if attr == "Bad" {
		return nil, errors.New("Requested attribute Bad does not exist in schema for T::T::T")
	}
	return l.made.GetAtt(id, attr)
}

// TestLater holds that what is not known yet stays so through every function,
// and that everything else is known.
func TestLater(t *testing.T) {
	p, problems := plan(t, `
Resources:
  New: {Type: T::T::T}
  Old: {Type: T::T::T}
  R:
    Type: T::T::T
    Properties:
      A: !Ref New
      B: !Sub 'x${New.Arn}y'
      C: !Join [',', [a, !Ref New]]
      D: !Select [1, !Split ['/', !GetAtt New.Arn]]
      E: !Base64 {Ref: New}
      F: !Ref Old
      G: [!Ref Old, !Ref New]
`, nil, inputs(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tree, found := p.Resolve("R", later{})
	if len(found) > 0 {
		t.Fatal(lines(found))
	}
	want := map[string]any{
		"A": doc.Later("New"), "B": doc.Later("New.Arn"), "C": doc.Later("New"), "D": doc.Later("New.Arn"), "E": doc.Later("New"),
		"F": "id-Old", "G": []any{"id-Old", doc.Later("New")},
	}
	if d := cmp.Diff(any(want), tree.Plain()); d != "" {
		t.Error(d)
	}
}

// TestEnvProblem holds that what an Env answers is told with its place.
func TestEnvProblem(t *testing.T) {
	p, problems := plan(t, "Resources:\n  Old: {Type: T::T::T}\n  R:\n    Type: T::T::T\n    Properties:\n      X: [!GetAtt Old.Bad]\n", nil, inputs(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	_, found := p.Resolve("R", later{})
	want := []string{"6:11: Resources.R.Properties.X.0: Requested attribute Bad does not exist in schema for T::T::T"}
	if got := lines(found); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestPlaces holds that resolved properties know where they came from.
func TestPlaces(t *testing.T) {
	p, problems := plan(t, "Resources:\n  R:\n    Type: T::T::T\n    Properties:\n      X:\n        Y: !Sub '${AWS::Region}'\n        Z: plain\n", nil, inputs(nil))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	tree, _ := p.Resolve("R", made{})
	for path, want := range map[string]string{"X.Y": "6:12", "X.Z": "7:12"} {
		if got := tree.Find(strings.Split(path, ".")...).Pos().String(); got != want {
			t.Errorf("%s is at %s, want %s", path, got, want)
		}
	}
}

func TestUnknownTypes(t *testing.T) {
	const text = "Resources:\n  A: {Type: 'AWS::ApiGateway::RestApi'}\n  B: {Type: 'AWS::Amplify::App'}\n  C: {Type: 'AWS::EKS::Cluster'}\n  D: {Type: 'Custom::Mine'}\n"
	for _, tt := range []struct {
		name    string
		unknown cfn.UnknownTypes
		want    []string
		stubs   []string
	}{
		{"refuse", cfn.RefuseUnknown, []string{
			"3:13: Resources.B.Type: AWS::Amplify::App is not supported (supported are AWS::ApiGateway::RestApi, Custom::*)",
			"4:13: Resources.C.Type: AWS::EKS::Cluster is not supported (supported are AWS::ApiGateway::RestApi, Custom::*)",
		}, nil},
		{"harmless", cfn.StubHarmless, []string{"4:13: Resources.C.Type: AWS::EKS::Cluster is not supported (supported are AWS::ApiGateway::RestApi, Custom::*)"}, nil},
		{"stub", cfn.StubUnknown, nil, []string{"B", "C"}},
	} {
		in := inputs(nil)
		in.Supported, in.Unknown = []string{"AWS::ApiGateway::RestApi", "Custom::*"}, tt.unknown
		p, problems := plan(t, text, nil, in)
		if !slices.Equal(problems, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, problems, tt.want)
		}
		var stubs []string
		if p != nil {
			for _, r := range p.Resources {
				if r.Stub {
					stubs = append(stubs, r.ID)
				}
			}
			if len(p.Warnings) != len(stubs) {
				t.Errorf("%s: %d warnings for %d stubs", tt.name, len(p.Warnings), len(stubs))
			}
		}
		if !slices.Equal(stubs, tt.stubs) {
			t.Errorf("%s: stubs %v, want %v", tt.name, stubs, tt.stubs)
		}
	}
}

func TestCapabilities(t *testing.T) {
	for _, tt := range []struct{ resources, want string }{
		{"A: {Type: 'T::T::T'}", ""},
		{"A: {Type: 'AWS::IAM::Role', Properties: {}}", "CAPABILITY_IAM"},
		{"A: {Type: 'AWS::IAM::Role', Properties: {RoleName: x}}", "CAPABILITY_NAMED_IAM"},
		{"A: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: x}}", "CAPABILITY_AUTO_EXPAND"},
	} {
		p, problems := plan(t, "Resources: {"+tt.resources+"}", nil, inputs(nil))
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		var got []string
		for _, c := range p.Capabilities {
			got = append(got, c.Name)
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %v, want %s", tt.resources, got, tt.want)
		}
	}
}

func TestReason(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"Resources: {A: {Type: 'T::T::T', Properties: {X: !Ref X, Y: !Ref Y}}}", "Template format error: Unresolved resource dependencies [X] in the Resources block of the template"},
		{
			"Transform: AWS::Serverless-2016-10-31\nResources:\n  B: {Type: 'AWS::Serverless::SimpleTable', Properties: {Nope: 1}}\n  A: {Type: 'AWS::Serverless::Api'}\n",
			"Transform AWS::Serverless-2016-10-31 failed with: Invalid Serverless Application Specification document. Number of errors found: 2. " +
				"Resource with id [A] is invalid. Missing required property 'StageName'. " +
				"Resource with id [B] is invalid. property Nope not defined for resource of type AWS::Serverless::SimpleTable",
		},
	} {
		tmpl, problems := cfn.Parse(cfn.Source{Text: []byte(tt.text)}, nil)
		fatal(t, problems)
		_, problems = tmpl.Transform(inputs(nil))
		if got := cfn.Reason(problems); got != tt.want {
			t.Errorf("got %q\nwant %q", got, tt.want)
		}
	}
	if cfn.Reason(nil) != "" {
		t.Error("a reason without a problem")
	}
}

// TestTemplateStays holds that evaluating a template leaves it as it was, and
// that a plan may be used by many at a time.
func TestTemplateStays(t *testing.T) {
	tmpl, problems := cfn.Parse(cfn.Source{Text: []byte(petstore())}, nil)
	fatal(t, problems)
	first, problems := tmpl.Transform(inputs(nil))
	fatal(t, problems)
	in := inputs(nil)
	in.Region, in.Local = "eu-west-1", true
	_, problems = tmpl.Transform(in)
	fatal(t, problems)
	second, problems := tmpl.Transform(inputs(nil))
	fatal(t, problems)
	if d := cmp.Diff(first.Processed.JSON(), second.Processed.JSON()); d != "" {
		t.Error(d)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for _, id := range first.Order() {
				if _, found := first.Resolve(id, made{}); len(found) > 0 {
					t.Error(lines(found))
				}
			}
		})
	}
	all.Wait()
}
