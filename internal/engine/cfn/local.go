package cfn

import (
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// localizer does what `aws cloudformation package` does, without moving
// anything: code beside the template is named by LocalBucket and its path,
// definitions of APIs and state machines are read into the template.
type localizer struct {
	files    Files
	problems []Problem
}

// isLocal reports whether a property names a file or folder beside the template.
func isLocal(v *Value) bool {
	s, ok := v.Str()
	return ok && s != "" && !strings.Contains(s, "://") && !strings.HasPrefix(s, "{{resolve:")
}

// localize changes a template.
func (l *localizer) localize(root *Value) *Value {
	global := root.Find("Globals", "Function")
	l.code(global, "CodeUri", "Bucket", "Key")
	resources := root.Get("Resources")
	for _, id := range resources.Keys() {
		r := resources.Get(id)
		p := r.Get("Properties")
		switch r.Get("Type").Text() {
		case "AWS::Serverless::Function":
			if p == nil {
				p = doc.NewMap()
				p.At = r.Pos()
				r.Set("Properties", p)
			}
			// The CLI takes the template's own folder where nothing is named.
			if p.Is(doc.Map) && !p.Has("CodeUri") && !p.Has("InlineCode") && !p.Has("ImageUri") && !global.Has("CodeUri") && p.Get("PackageType").Text() != "Image" {
				p.SetText("CodeUri", ".")
			}
			l.code(p, "CodeUri", "Bucket", "Key")
		case "AWS::Serverless::LayerVersion":
			l.code(p, "ContentUri", "Bucket", "Key")
		case "AWS::Lambda::Function":
			l.code(p, "Code", "S3Bucket", "S3Key")
		case "AWS::Lambda::LayerVersion":
			l.code(p, "Content", "S3Bucket", "S3Key")
		case "AWS::Serverless::Api", "AWS::Serverless::HttpApi":
			l.inline(p, "DefinitionUri", "DefinitionBody")
		case "AWS::Serverless::StateMachine":
			l.inline(p, "DefinitionUri", "Definition")
		case "AWS::StepFunctions::StateMachine":
			l.inline(p, "DefinitionS3Location", "Definition")
		case "AWS::ApiGateway::RestApi", "AWS::ApiGatewayV2::Api":
			l.inline(p, "BodyS3Location", "Body")
		}
	}
	return root
}

// code names code by bucket and path.
func (l *localizer) code(p *Value, property, bucket, key string) {
	v := p.Get(property)
	if !isLocal(v) {
		return
	}
	at := doc.Obj(bucket, LocalBucket, key, v.Text())
	at.At = v.At
	p.Set(property, at)
}

// inline reads a file into another property.
func (l *localizer) inline(p *Value, property, into string) {
	v := p.Get(property)
	if !isLocal(v) || p.Has(into) {
		return
	}
	tree, problems := readValue(l.files, v.Text())
	for _, problem := range problems {
		if problem.Line == 0 {
			problem = doc.At(v.Pos(), property, strings.TrimPrefix(problem.Message, "Transform AWS::Include failed with: "), problem.Hint)
		}
		l.problems = append(l.problems, problem)
	}
	if tree != nil {
		p.Delete(property)
		p.Set(into, tree)
	}
}
