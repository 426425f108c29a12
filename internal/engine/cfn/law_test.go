package cfn_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// plainTree draws a tree without functions.
func plainTree(depth int) *rapid.Generator[*doc.Value] {
	word := rapid.StringMatching(`[a-zA-Z][a-zA-Z0-9 :/._$-]{0,8}`)
	return rapid.Custom(func(t *rapid.T) *doc.Value {
		kind := rapid.IntRange(0, 5).Draw(t, "kind")
		if depth == 0 {
			kind %= 4
		}
		switch kind {
		case 0:
			return doc.NewBool(rapid.Bool().Draw(t, "bool"))
		case 1:
			return doc.NewInt(rapid.Int().Draw(t, "int"))
		case 4:
			return doc.NewList(rapid.SliceOfN(plainTree(depth-1), 0, 4).Draw(t, "list")...)
		case 5:
			m := doc.NewMap()
			for _, k := range rapid.SliceOfN(word, 0, 4).Draw(t, "keys") {
				if k != "Ref" {
					m.Set(k, plainTree(depth-1).Draw(t, "value"))
				}
			}
			return m
		}
		return doc.NewString(word.Draw(t, "text"))
	})
}

// evaluate resolves one value as a property of the resource R.
func evaluate(t *rapid.T, v *doc.Value) *doc.Value {
	text := doc.Obj("Parameters", doc.Obj("P", doc.Obj("Type", "String", "Default", "p")), "Resources", doc.Obj(
		"O", doc.Obj("Type", "T::T::T"),
		"R", doc.Obj("Type", "T::T::T", "Properties", doc.Obj("V", v)))).JSON()
	tmpl, problems := cfn.Parse(cfn.Source{Text: []byte(text)}, nil)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	p, problems := tmpl.Transform(inputs(nil))
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	tree, problems := p.Resolve("R", made{})
	if len(problems) > 0 {
		t.Fatalf("%s: %v", text, problems)
	}
	return tree.Get("V")
}

// TestResolveIsIdentity holds that a tree without functions resolves to itself,
// and that there is no difference between the two.
func TestResolveIsIdentity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := plainTree(4).Draw(t, "tree")
		got := evaluate(t, v)
		if !got.Equal(v) {
			t.Fatalf("%s became %s", v.JSON(), got.JSON())
		}
		if d := cfn.Diff(doc.Obj("V", v), doc.Obj("V", got)); len(d) > 0 {
			t.Fatalf("%s differs from itself: %v", v.JSON(), d)
		}
	})
}

// TestSplitJoin holds that Join undoes Split, and that Select takes of a Split
// what strings.Split has there.
func TestSplitJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringMatching(`[a-c,;]{0,20}`).Draw(t, "text")
		by := rapid.SampledFrom([]string{",", ";", "a", "b,", ",;"}).Draw(t, "delimiter")
		split := doc.Obj("Fn::Split", doc.NewList(doc.NewString(by), doc.NewString(s)))
		if got := evaluate(t, doc.Obj("Fn::Join", doc.NewList(doc.NewString(by), split))).Text(); got != s {
			t.Fatalf("Join(Split(%q, %q)) = %q", s, by, got)
		}
		want := strings.Split(s, by)
		i := rapid.IntRange(0, len(want)-1).Draw(t, "index")
		if got := evaluate(t, doc.Obj("Fn::Select", doc.NewList(doc.NewInt(i), split.Clone()))).Text(); got != want[i] {
			t.Fatalf("Select(%d, Split(%q, %q)) = %q, want %q", i, s, by, got, want[i])
		}
		if got := evaluate(t, doc.Obj("Fn::Select", doc.NewList(doc.NewString(strconv.Itoa(i)), split.Clone()))).Text(); got != want[i] {
			t.Fatalf("Select(%q, ...) = %q, want %q", strconv.Itoa(i), got, want[i])
		}
	})
}

// TestSubIsJoin holds that Sub of pieces is their Join, that ${!x} is ${x},
// and that a text without ${ stays as it is.
func TestSubIsJoin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sub strings.Builder
		parts := doc.NewList()
		for range rapid.IntRange(0, 6).Draw(t, "pieces") {
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				sub.WriteString("${P}")
				parts.Append(doc.Obj("Ref", "P"))
			case 1:
				sub.WriteString("${O.Attr}")
				parts.Append(doc.Obj("Fn::GetAtt", []string{"O", "Attr"}))
			case 2:
				sub.WriteString("${!x}")
				parts.Append(doc.NewString("${x}"))
			default:
				s := rapid.StringMatching(`[a-z {}.-]{0,6}`).Draw(t, "text")
				sub.WriteString(s)
				parts.Append(doc.NewString(s))
			}
		}
		want := evaluate(t, doc.Obj("Fn::Join", doc.NewList(doc.NewString(""), parts))).Text()
		if got := evaluate(t, doc.Obj("Fn::Sub", sub.String())).Text(); got != want {
			t.Fatalf("Sub(%q) = %q, want %q", sub.String(), got, want)
		}
	})
}

// TestSort holds the order to its law on graphs of any form: everything after
// what it needs, nothing lost, and a circle only where there is one.
func TestSort(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "n")
		var ids []string
		needs := map[string][]string{}
		for i := range n {
			ids = append(ids, strconv.Itoa(i))
		}
		for range rapid.IntRange(0, 20).Draw(t, "edges") {
			if n > 0 {
				a, b := rapid.SampledFrom(ids).Draw(t, "a"), rapid.SampledFrom(ids).Draw(t, "b")
				needs[a] = append(needs[a], b)
			}
		}
		order, cycle := cfn.Sort(ids, func(id string) []string { return needs[id] })
		if cycle != nil {
			for i, id := range cycle {
				next := cycle[(i+1)%len(cycle)]
				if !slices.Contains(needs[id], next) {
					t.Fatalf("%v is no circle of %v", cycle, needs)
				}
			}
			return
		}
		if len(order) != n {
			t.Fatalf("order %v of %d", order, n)
		}
		seen := map[string]bool{}
		for _, id := range order {
			for _, need := range needs[id] {
				if !seen[need] {
					t.Fatalf("%s comes before %s in %v", id, need, order)
				}
			}
			seen[id] = true
		}
	})
}
