package doc

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"
)

// ParseYAML reads one YAML document as CloudFormation does: YAML 1.1 scalars,
// except that dates stay text, and short tags for functions.
func ParseYAML(name string, text []byte) (*Value, []Problem) {
	docs, problems := parseYAML(name, text, 2)
	switch {
	case len(problems) > 0:
		return nil, problems
	case len(docs) == 0:
		return nil, []Problem{At(Pos{File: name}, "", "Template format error: the document is empty.", "")}
	case len(docs) > 1:
		return nil, []Problem{At(docs[1].At, "", "Template format error: YAML not well-formed.", "a template is one document, this text holds several")}
	}
	return docs[0], nil
}

// parseYAML reads the documents of a text, at most so many.
func parseYAML(name string, text []byte, most int) ([]*Value, []Problem) {
	// The library's own depth check stands before ours because it recurses.
	l, err := yaml.NewLoader(bytes.NewReader(text), yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(MaxDepth))))
	if err != nil {
		return nil, []Problem{At(Pos{File: name}, "", err.Error(), "")}
	}
	r := &yamlReader{file: name}
	var docs []*Value
	for len(docs) < most {
		var n yaml.Node
		if err := l.Load(&n); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, append(r.problems, syntaxProblem(name, err))
		}
		v := r.value(&n, 0)
		if len(r.problems) > 0 {
			return nil, r.problems
		}
		docs = append(docs, v)
	}
	return docs, nil
}

func syntaxProblem(file string, err error) Problem {
	at := Pos{File: file}
	what := err.Error()
	if le, ok := errors.AsType[*yaml.LoadError](err); ok {
		at.Line, at.Column = int32(le.Mark.Line), int32(le.Mark.Column)
		what = le.Message
		if le.ContextMsg != "" {
			what = le.ContextMsg + ", " + what
		}
	}
	return At(at, "", fmt.Sprintf("Template format error: YAML not well-formed. (line %d, column %d)", at.Line, at.Column), what)
}

// yamlReader turns the library's nodes into values.
type yamlReader struct {
	file     string
	count    int
	problems []Problem
	within   []*yaml.Node // aliases being followed
}

func (r *yamlReader) at(n *yaml.Node) Pos {
	return Pos{File: r.file, Line: int32(n.Line), Column: int32(n.Column)}
}

// fail notes a problem; the value around it no longer matters.
func (r *yamlReader) fail(n *yaml.Node, message, hint string) *Value {
	p := At(r.at(n), "", "Template format error: "+message, hint)
	if len(r.problems) < maxProblems && !slices.Contains(r.problems, p) { // an alias brings its own again
		r.problems = append(r.problems, p)
	}
	return NewNull()
}

func (r *yamlReader) value(n *yaml.Node, depth int) *Value {
	r.count++
	switch {
	case r.count > MaxValues:
		if r.count == MaxValues+1 {
			return r.fail(n, "the document holds too many values.", fmt.Sprintf("at most %d, with what aliases repeat", MaxValues))
		}
		return NewNull()
	case depth > MaxDepth:
		return r.fail(n, "values are nested too deep.", fmt.Sprintf("at most %d levels", MaxDepth))
	}
	v := r.untagged(n, depth)
	v.At = r.at(n)
	if tag := shortTag(n); tag != "" {
		return r.function(n, tag, v)
	}
	return v
}

func (r *yamlReader) untagged(n *yaml.Node, depth int) *Value {
	switch n.Kind {
	case yaml.DocumentNode:
		if len(n.Content) == 0 {
			return NewNull()
		}
		return r.value(n.Content[0], depth)
	case yaml.AliasNode:
		return r.alias(n, depth)
	case yaml.SequenceNode:
		l := &Value{kind: List, items: make([]*Value, 0, len(n.Content))}
		for _, c := range n.Content {
			l.Append(r.value(c, depth+1))
		}
		return l
	case yaml.MappingNode:
		return r.mapping(n, depth)
	case yaml.ScalarNode:
		return scalar(n)
	default:
		return r.fail(n, "this node is not understood.", "")
	}
}

func (r *yamlReader) alias(n *yaml.Node, depth int) *Value {
	if slices.Contains(r.within, n.Alias) {
		return r.fail(n, "alias *"+n.Value+" holds itself.", "")
	}
	r.within = append(r.within, n.Alias)
	v := r.value(n.Alias, depth)
	r.within = r.within[:len(r.within)-1]
	return v
}

func (r *yamlReader) mapping(n *yaml.Node, depth int) *Value {
	m := NewMap()
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		kn, vn := n.Content[i], n.Content[i+1]
		if kn.Kind == yaml.ScalarNode && kn.Value == "<<" && kn.Style&quoted == 0 {
			merges = append(merges, vn)
			continue
		}
		key, ok := r.key(kn)
		if !ok {
			r.fail(kn, "a key must be text.", "")
			continue
		}
		v := r.value(vn, depth+1)
		if m.Has(key) {
			r.fail(kn, fmt.Sprintf("the key %q stands twice in one map.", key), "the first is at "+m.KeyPos(key).String())
			continue
		}
		m.add(key, v, r.at(kn))
	}
	for _, src := range merges {
		r.merge(m, src, depth)
	}
	return m
}

// merge adds what "<<" names, without the keys that are there already.
func (r *yamlReader) merge(m *Value, src *yaml.Node, depth int) {
	v := r.value(src, depth+1)
	from := []*Value{v}
	if v.Is(List) {
		from = v.Items()
	}
	for _, f := range from {
		if !f.Is(Map) {
			r.fail(src, "<< takes a map or a list of maps.", "")
			return
		}
		for i, k := range f.keys {
			if !m.Has(k) {
				m.add(k, f.items[i], f.KeyPos(k))
			}
		}
	}
}

// key is the text of a key: numbers, booleans and null keep their look.
func (r *yamlReader) key(n *yaml.Node) (string, bool) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n.Value, n.Kind == yaml.ScalarNode && shortTag(n) == ""
}

// shortTag is the name of a local tag such as !Sub; "" for none or one of YAML's own.
func shortTag(n *yaml.Node) string {
	if n.Kind == yaml.AliasNode || !strings.HasPrefix(n.Tag, "!") || strings.HasPrefix(n.Tag, "!!") {
		return ""
	}
	return n.Tag[1:]
}

// function turns a tagged value into the long form of the function.
func (r *yamlReader) function(n *yaml.Node, tag string, v *Value) *Value {
	var key string
	switch tag {
	case "Ref", "Condition":
		key = tag
	case "GetAtt":
		key, v = "Fn::GetAtt", dotted(v)
	case "Base64", "Cidr", "FindInMap", "GetAZs", "If", "And", "Or", "Not", "Equals", "ImportValue", "Join",
		"Select", "Split", "Sub", "Transform", "Length", "ToJsonString",
		"Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll":
		key = "Fn::" + tag
	default:
		return r.fail(n, "the tag !"+tag+" is not known.",
			"known are !Ref !Sub !GetAtt !Join !Select !Split !If !Equals !And !Or !Not !Condition !FindInMap !ImportValue !Base64 !Cidr !GetAZs !Transform !Length !ToJsonString")
	}
	// A plain scalar under a tag is text: !Ref 1 names "1".
	if n.Kind == yaml.ScalarNode {
		at := v.At
		v = NewString(n.Value)
		if key == "Fn::GetAtt" {
			v = dotted(v)
		}
		v.At = at
	}
	f := NewMap()
	f.At = r.at(n)
	return f.add(key, v, f.At)
}

// dotted splits "Resource.Attribute" at its first dot.
func dotted(v *Value) *Value {
	s, ok := v.Str()
	if !ok {
		return v
	}
	id, attr, ok := strings.Cut(s, ".")
	if !ok {
		return v
	}
	l := NewList(NewString(id), NewString(attr))
	l.At, l.items[0].At, l.items[1].At = v.At, v.At, v.At
	return l
}
