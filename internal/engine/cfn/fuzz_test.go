package cfn_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

// FuzzTransform takes any text all the way: it never panics, ends soon, and a
// plan that comes out has an order in which everything can be resolved once.
func FuzzTransform(f *testing.F) {
	f.Add([]byte(head + "!Sub '${Name}'"))
	f.Add([]byte(head + "{'Fn::ForEach::L': [Z, !Ref Zones, {'K${Z}': 1}]}"))
	for _, pattern := range []string{"templates/*/*.yaml", "sam/input/*api*.yaml", "sam/input/f*.yaml", "sam/input/s*.yaml", "sam/input/[^afs]*.yaml"} {
		files, _ := filepath.Glob(filepath.Join("../../../../shared/conformance", pattern))
		for _, name := range files {
			if text, err := os.ReadFile(name); err == nil {
				f.Add(text)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		begin := time.Now()
		defer func() {
			if d := time.Since(begin); d > 10*time.Second {
				t.Fatalf("%d bytes took %v", len(text), d)
			}
		}()
		tmpl, problems := cfn.Parse(cfn.Source{Text: text}, files{"x.yaml": "a: !Ref Name\n"})
		if len(problems) > 0 {
			return
		}
		given := map[string]string{}
		for _, p := range tmpl.Parameters {
			if !p.HasDefault {
				given[p.Name] = "a"
			}
		}
		p, problems := tmpl.Transform(inputs(given))
		if (p == nil) == (len(problems) == 0) {
			t.Fatalf("plan %v and problems %v", p, problems)
		}
		if p == nil {
			return
		}
		seen := map[string]bool{}
		for _, id := range p.Order() {
			for _, need := range p.Needs(id) {
				if !seen[need] {
					t.Fatalf("%s comes before %s, which it needs", id, need)
				}
			}
			seen[id] = true
			if tree, problems := p.Resolve(id, made{}); len(problems) == 0 {
				tree.Plain()
			}
		}
		p.Outputs(made{})
	})
}
