package cfn

import (
	"fmt"
	"slices"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// Limits of a template. parity: CloudFormation quotas.
const (
	maxResources  = 500
	maxParameters = 200
	maxOutputs    = 200
	maxMappings   = 200
	maxNames      = 255  // characters of a logical id
	maxProblems   = 100  // that one call tells of
	maxValue      = 4096 // bytes of a parameter's value
)

// The macros that are evaluated here.
const (
	macroSAM       = "AWS::Serverless-2016-10-31"
	macroInclude   = "AWS::Include"
	macroLanguage  = "AWS::LanguageExtensions"
	formatVersion  = "2010-09-09"
	forEachPrefix  = "Fn::ForEach::"
	transformKey   = "Fn::Transform"
	ssmValuePrefix = "AWS::SSM::Parameter::Value<"
)

// Template is a template as written. It does not change.
type Template struct {
	Description string
	Transforms  []string // macros in order, such as AWS::Serverless-2016-10-31
	Metadata    *Value
	Parameters  []Parameter

	root  *Value
	files Files
}

// Parse reads a template and checks its anatomy: all that needs no parameters.
// files may be nil when the template names nothing beside itself.
func Parse(src Source, files Files) (*Template, []Problem) {
	root, problems := doc.Parse(src.Name, src.Text)
	if len(problems) > 0 {
		return nil, problems
	}
	c := &checker{}
	if !root.Is(doc.Map) {
		c.at(root, "", "Template format error: unsupported structure.", "a template is a map of sections")
		return nil, c.problems
	}
	t := &Template{root: root, files: files, Metadata: root.Get("Metadata")}
	c.sections(root)
	t.Description = root.Get("Description").Text()
	t.Transforms = c.transforms(root.Get("Transform"))
	t.Parameters = c.parameters(root.Get("Parameters"))
	return t, c.problems
}

// ResourceTypes are the types that the template names as written, sorted.
func (t *Template) ResourceTypes() []string {
	var names []string
	resources := t.root.Get("Resources")
	for _, id := range resources.Keys() {
		if s, ok := resources.Get(id).Get("Type").Str(); ok {
			names = append(names, s)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// checker collects problems of a template's anatomy.
type checker struct{ problems []Problem }

func (c *checker) at(v *Value, path, message, hint string) {
	c.pos(v.Pos(), path, message, hint)
}

func (c *checker) pos(at doc.Pos, path, message, hint string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, doc.At(at, path, message, hint))
	}
}

// sectionNames are the sections a template may have.
func sectionNames() []string {
	return []string{
		"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Rules", "Mappings",
		"Conditions", "Transform", "Globals", "Resources", "Outputs", "Hooks", transformKey,
	}
}

func (c *checker) sections(root *Value) {
	for _, k := range root.Keys() {
		if !slices.Contains(sectionNames(), k) {
			c.pos(root.KeyPos(k), k, "Invalid template property or properties ["+k+"]", nearest(k, sectionNames()))
		}
	}
	if v := root.Get("AWSTemplateFormatVersion"); v != nil && v.Text() != formatVersion {
		c.at(v, "AWSTemplateFormatVersion", "Template format error: unsupported value for AWSTemplateFormatVersion.", "the only one is "+formatVersion)
	}
	if v := root.Get("Description"); v != nil {
		if s, ok := v.Str(); !ok {
			c.at(v, "Description", "Template format error: Every Description member must be a string.", "")
		} else if len(s) > 1024 {
			c.at(v, "Description", "Template format error: 'Description' length is greater than 1024.", "")
		}
	}
	for _, k := range []string{"Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs", "Globals"} {
		if v := root.Get(k); v != nil && !v.Is(doc.Map) && !v.Is(doc.Null) {
			c.at(v, k, "Template format error: "+k+" must be an object.", "")
		}
	}
	c.count(root, "Parameters", maxParameters)
	c.count(root, "Mappings", maxMappings)
}

// count holds a section to its limit and its names to letters and digits.
func (c *checker) count(root *Value, section string, most int) {
	v := root.Get(section)
	if n := len(v.Keys()); n > most {
		c.pos(root.KeyPos(section), section, fmt.Sprintf("Template format error: Number of %s, %d, is greater than maximum allowed, %d", strings.ToLower(section), n, most), "")
	}
	one := strings.TrimSuffix(section, "s")
	for _, k := range v.Keys() {
		if strings.HasPrefix(k, forEachPrefix) || k == transformKey {
			continue
		}
		if !alphanumeric(k) && !(section == "Mappings" || section == "Conditions") {
			c.pos(v.KeyPos(k), section+"."+k, "Template format error: "+one+" name "+k+" is non alphanumeric.", "")
		} else if len(k) > maxNames {
			c.pos(v.KeyPos(k), section, "Template format error: "+one+" name "+k[:20]+"... is longer than 255 characters.", "")
		}
	}
}

// transforms are the macros that a template declares.
func (c *checker) transforms(v *Value) []string {
	items := []*Value{v}
	if v.Is(doc.List) {
		items = v.Items()
	}
	var names []string
	for _, it := range items {
		name := it.Text()
		if it.Is(doc.Map) { // {Name: AWS::Include, Parameters: ...}
			name = it.Get("Name").Text()
		}
		switch name {
		case "":
			if it != nil {
				c.at(it, "Transform", "Template format error: Transform must be a string or a list of strings.", "")
			}
		case macroSAM, macroInclude, macroLanguage:
			names = append(names, name)
		default:
			c.at(it, "Transform", "No transform named "+name+" found.", "known are "+macroSAM+", "+macroInclude+" and "+macroLanguage)
		}
	}
	return names
}

// alphanumeric reports whether s holds letters and digits of ASCII only, and some.
func alphanumeric(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

// nearest is a hint that names what is closest to name, or all there is.
func nearest(name string, known []string) string {
	for _, k := range known {
		if strings.EqualFold(strings.TrimSuffix(k, "s"), strings.TrimSuffix(name, "s")) {
			return "did you mean " + k + "?"
		}
	}
	sorted := slices.Clone(known)
	slices.Sort(sorted)
	return "there are " + strings.Join(sorted, ", ")
}
