package cfn_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

func TestDiff(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		want                []string // kind and path
	}{
		{"same", `{"a": 1, "b": {"c": [1, {"d": "e"}]}}`, `{"b": {"c": [1, {"d": "e"}]}, "a": 1}`, nil},
		{"text and number", `{"a": "1", "b": true}`, `{"a": 1, "b": "true"}`, nil},
		{"added", `{}`, `{"a": 1}`, []string{"1 a"}},
		{"removed", `{"a": {"b": 1, "c": 2}}`, `{"a": {"b": 1}}`, []string{"2 a.c"}},
		{"modified", `{"a": {"b": 1, "c": 2}, "d": 1}`, `{"a": {"b": 1, "c": 3}, "d": 2}`, []string{"3 a.c", "3 d"}},
		{"list as a whole", `{"a": [1, 2]}`, `{"a": [2, 1]}`, []string{"3 a"}},
		{"kind", `{"a": {"b": 1}}`, `{"a": "b"}`, []string{"3 a"}},
		{"null is something", `{"a": null}`, `{}`, []string{"2 a"}},
	} {
		before, p1 := doc.ParseJSON("", []byte(tt.before))
		after, p2 := doc.ParseJSON("", []byte(tt.after))
		if p1 != nil || p2 != nil {
			t.Fatal(p1, p2)
		}
		var got []string
		for _, c := range cfn.Diff(before, after) {
			got = append(got, fmt.Sprintf("%d %s", c.Kind, strings.Join(c.Path, ".")))
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDiffMaybe(t *testing.T) {
	before := doc.Obj("a", "x", "b", "y")
	after := doc.Obj("a", doc.NewUnknown("R.Arn"), "b", doc.NewList(doc.NewUnknown("S")))
	for _, c := range cfn.Diff(before, after) {
		if !c.Maybe {
			t.Errorf("%v may be the same in the end", c.Path)
		}
	}
	if n := len(cfn.Diff(before, after)); n != 2 {
		t.Errorf("%d changes, want 2", n)
	}
}
