package cfn

import (
	"fmt"
	"strings"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// maxIncludes bounds the files that one template brings in, one within the
// other or beside each other.
const maxIncludes = 50

// includer puts the files that AWS::Include names in their places.
type includer struct {
	*evaluator
	files Files
	count int
	size  int
}

// expand replaces every Fn::Transform below v. v itself does not change.
func (in *includer) expand(v *Value) *Value {
	switch v.Kind() {
	case doc.List:
		l := doc.NewList()
		l.At = v.At
		for _, it := range v.Items() {
			l.Append(in.expand(it))
		}
		return l
	case doc.Map:
		m := doc.NewMap()
		m.At = v.At
		for i, k := range v.Keys() {
			in.path = append(in.path, k)
			if k == transformKey {
				if made := in.transform(v, v.Nth(i), m); made != nil {
					m = made
				}
			} else {
				m.SetAt(k, in.expand(v.Nth(i)), v.KeyPos(k))
			}
			in.path = in.path[:len(in.path)-1]
		}
		return m
	default:
		return v
	}
}

// transform handles one Fn::Transform of v: what a file holds replaces the map
// when that holds nothing else, and joins its neighbours otherwise.
func (in *includer) transform(v, arg, into *Value) *Value {
	calls := []*Value{arg}
	if arg.Is(doc.List) {
		calls = arg.Items()
	}
	for _, call := range calls {
		name := call.Get("Name").Text()
		if name != macroInclude {
			in.fail(call, "No transform named "+name+" found.", "known is "+macroInclude)
			continue
		}
		got := in.read(call)
		switch {
		case got == nil:
		case v.Len() == 1 && len(calls) == 1:
			return got
		case !got.Is(doc.Map):
			in.fail(call, "Transform AWS::Include failed with: The specified S3 object's content should be a map", "")
		default:
			for i, k := range got.Keys() {
				into.SetAt(k, got.Nth(i), got.KeyPos(k))
			}
		}
	}
	return nil
}

// read brings in one file, with what that brings in.
func (in *includer) read(call *Value) *Value {
	location, ok := in.eval(call.Find("Parameters", "Location")).Str()
	if !ok || location == "" {
		return in.fail(call, "Transform AWS::Include failed with: The location parameter is missing or no string", "")
	}
	if in.count++; in.count > maxIncludes {
		if in.count == maxIncludes+1 {
			in.fail(call, fmt.Sprintf("Transform AWS::Include failed with: more than %d files", maxIncludes), "does a file include itself?")
		}
		return nil
	}
	got, problems := readValue(in.files, location)
	if len(problems) > 0 {
		for _, p := range problems {
			if p.Line == 0 {
				p = doc.At(call.Pos(), "", p.Message, p.Hint)
			}
			p.Path = strings.Join(in.path, ".")
			in.problems = append(in.problems, p)
		}
		return nil
	}
	if in.size += got.Size(); in.size > maxEvaluated {
		return in.fail(call, "Transform AWS::Include failed with: the files are too large together", "")
	}
	return in.expand(got)
}

// readValue reads a file beside the template as a tree.
func readValue(files Files, name string) (*Value, []Problem) {
	if files == nil {
		return nil, []Problem{{Message: "Transform AWS::Include failed with: " + name + " cannot be read", Hint: "no files come with this template"}}
	}
	text, err := files.ReadFile(name)
	if err != nil {
		return nil, []Problem{{Message: "Transform AWS::Include failed with: " + err.Error()}}
	}
	return doc.Parse(name, text)
}
