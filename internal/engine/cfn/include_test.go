package cfn_test

import (
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

func TestInclude(t *testing.T) {
	beside := files{
		"api.yaml":  "openapi: 3.0.1\ntitle: {'Fn::Sub': '${AWS::StackName}'}\n",
		"api.json":  `{"openapi": "3.0.1", "info": {"Fn::Transform": {"Name": "AWS::Include", "Parameters": {"Location": "info.yaml"}}}}`,
		"info.yaml": "version: !Ref Name\n",
		"more.yaml": "B: {Type: T::T::T}\n",
		"self.yaml": "{'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: self.yaml}}}\n",
		"list.yaml": "[1, 2]\n",
		"bad.yaml":  "a: [\n",
	}
	include := func(where string) string {
		return "{'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: " + where + "}}}"
	}
	const parameters = "Parameters: {Name: {Type: String, Default: api}}\n"
	for _, tt := range []struct{ name, text, want, problem string }{
		{"alone", "Resources: {R: {Type: 'T::T::T', Properties: {V: " + include("api.yaml") + "}}}", `{"V":{"openapi":"3.0.1","title":"st"}}`, ""},
		{"by a function", "Resources: {R: {Type: 'T::T::T', Properties: {V: " + include("!Sub '${Name}.yaml'") + "}}}", `{"V":{"openapi":"3.0.1","title":"st"}}`, ""},
		{"within a file", "Resources: {R: {Type: 'T::T::T', Properties: {V: " + include("api.json") + "}}}", `{"V":{"openapi":"3.0.1","info":{"version":"api"}}}`, ""},
		{"with neighbours", "Resources: {R: {Type: 'T::T::T', Properties: {V: {a: 1, 'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: api.yaml}}}}}}", `{"V":{"a":1,"openapi":"3.0.1","title":"st"}}`, ""},
		{"short tag", "Resources: {R: {Type: 'T::T::T', Properties: {V: !Transform {Name: 'AWS::Include', Parameters: {Location: list.yaml}}}}}", `{"V":[1,2]}`, ""},
		{"resources", "Resources:\n  R: {Type: T::T::T, Properties: {V: !Ref B}}\n  Fn::Transform: {Name: 'AWS::Include', Parameters: {Location: more.yaml}}", `{"V":"id-B"}`, ""},
		{"missing", "Resources: {R: {Type: 'T::T::T', Properties: {V: " + include("none.yaml") + "}}}", "", "2:68: Resources.R.Properties.V.Fn::Transform: Transform AWS::Include failed with: read none.yaml: file does not exist"},
		{"itself", "Resources: {R: {Type: 'T::T::T', Properties: {V: " + include("self.yaml") + "}}}", "", "more than 50 files (does a file include itself?)"},
		{"malformed", "Resources: {R: {Type: 'T::T::T', Properties: {V: " + include("bad.yaml") + "}}}", "", "bad.yaml:"},
		{"unknown macro", "Resources: {R: {Type: 'T::T::T', Properties: {V: {'Fn::Transform': {Name: Mine}}}}}", "", "No transform named Mine found. (known is AWS::Include)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, problems := plan(t, parameters+tt.text, beside, inputs(nil))
			if tt.problem != "" {
				if len(problems) != 1 || !strings.Contains(problems[0], tt.problem) {
					t.Errorf("got %q, want %q", problems, tt.problem)
				}
				return
			}
			if len(problems) > 0 {
				t.Fatal(problems)
			}
			tree, found := p.Resolve("R", made{})
			if len(found) > 0 {
				t.Fatal(lines(found))
			}
			if got := tree.JSON(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestLocal holds what a template evaluated beside its files becomes.
func TestLocal(t *testing.T) {
	in := inputs(nil)
	in.Local = true
	p, problems := plan(t, `
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.12, Handler: app.handler}}
Resources:
  F: {Type: AWS::Serverless::Function, Properties: {CodeUri: src/}}
  G: {Type: AWS::Serverless::Function}
  L: {Type: AWS::Lambda::Function, Properties: {Code: ./lambda, Role: r}}
  Api: {Type: AWS::Serverless::Api, Properties: {StageName: v1, DefinitionUri: api.yaml}}
  S: {Type: AWS::Serverless::StateMachine, Properties: {DefinitionUri: s.asl.json, Role: r}}
`, files{"api.yaml": "swagger: '2.0'\npaths: {}\n", "s.asl.json": `{"StartAt": "A"}`}, in)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for id, want := range map[string]string{
		"F":   `"Code":{"S3Bucket":"stagedoor-local","S3Key":"src/"}`,
		"G":   `"Code":{"S3Bucket":"stagedoor-local","S3Key":"."}`,
		"L":   `"Code":{"S3Bucket":"stagedoor-local","S3Key":"./lambda"}`,
		"Api": `"Body":{"swagger":"2.0","paths":{}}`,
		"S":   `"DefinitionString":"{\n    \"StartAt\": \"A\"\n}"`,
	} {
		tree, found := p.Resolve(id, made{})
		if len(found) > 0 {
			t.Errorf("%s: %v", id, lines(found))
		} else if got := tree.JSON(); !strings.Contains(got, want) {
			t.Errorf("%s: %s, want %s in it", id, got, want)
		}
	}
	if cfn.LocalBucket != "stagedoor-local" {
		t.Error("the bucket has another name")
	}
}

// TestParse holds what a template tells before it is evaluated.
func TestParse(t *testing.T) {
	tmpl, problems := cfn.Parse(cfn.Source{Text: []byte(`
Description: about
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Metadata: {a: b}
Parameters:
  P: {Type: CommaDelimitedList, Default: [a, b], NoEcho: true, AllowedValues: [a, b], MinLength: 1}
Resources:
  A: {Type: AWS::Serverless::Api, Properties: {StageName: x}}
  B: {Type: AWS::IAM::Role}
`)}, nil)
	fatal(t, problems)
	p := tmpl.Parameters[0]
	if tmpl.Description != "about" || len(tmpl.Transforms) != 2 || tmpl.Metadata.Get("a").Text() != "b" ||
		strings.Join(tmpl.ResourceTypes(), " ") != "AWS::IAM::Role AWS::Serverless::Api" ||
		!p.IsList() || !p.NoEcho || p.Default != "a,b" || !p.HasDefault || len(p.AllowedValues) != 2 || *p.MinLength != 1 {
		t.Errorf("got %+v", tmpl)
	}
}
