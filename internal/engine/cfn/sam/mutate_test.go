package sam

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/cfn/doc"
)

// goldenTrees are the templates of the conformance data, parsed.
func goldenTrees(t testing.TB) []*Value {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(goldenDir(t), "input", "*.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var all []*Value
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, problems := doc.Parse("", text)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		all = append(all, root)
	}
	return all
}

// strange are values that stand where others are meant to.
func strange(r *rand.Rand) *Value {
	return []*Value{
		doc.NewNull(), doc.NewBool(true), doc.NewBool(false), doc.NewInt(7), text(""), text("x"), text("$default"), text("${a.b}"), text("s3://b/k"),
		list(), list(text("a")), list(doc.NewNull()), list(list()), doc.NewMap(), obj("a", "b"), obj("Ref", "x"), ref("AWS::NoValue"),
		obj("Fn::If", list(text("c"), text("a"), noValue())), obj("Fn::If", list()), obj("Fn::If", "x"), obj("Fn::Sub", list()), obj("Fn::Sub", "${param1}"),
		obj("Fn::GetAtt", list(text("a"))), obj("Type", "Api"), obj("Fn::FindInMap", list(text("a"), text("b"), text("c"))), obj("Ref", list()),
	}[r.IntN(26)]
}

// mutate puts a strange value somewhere into a tree, or takes one out.
func mutate(r *rand.Rand, v *Value) {
	for v.Len() > 0 {
		i := r.IntN(v.Len())
		child := v.Nth(i)
		if child.Len() > 0 && r.IntN(5) > 0 {
			v = child
			continue
		}
		if keys := v.Keys(); keys != nil && r.IntN(4) == 0 {
			v.Delete(keys[i])
			return
		}
		v.SetNth(i, strange(r))
		return
	}
}

// transformMutant transforms a template with a few changes: that must end
// soon, with a result or problems and not both.
func transformMutant(t *testing.T, tree *Value, seed uint64) {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	root := tree.Clone()
	for range 1 + r.IntN(3) {
		mutate(r, root)
	}
	before := root.JSON()
	begin := time.Now()
	defer func() {
		if p := recover(); p != nil {
			t.Fatalf("seed %d: %v\n%s", seed, p, before)
		}
	}()
	out, problems := Transform(root, testInputs(root))
	if (out == nil) == (len(problems) == 0) {
		t.Fatalf("seed %d: result %v and problems %v\n%s", seed, out, problems, before)
	}
	if d := time.Since(begin); d > 5*time.Second {
		t.Fatalf("seed %d took %v", seed, d)
	}
}

// TestMutants transforms templates that have something odd in them.
func TestMutants(t *testing.T) {
	trees := goldenTrees(t)
	for seed := range uint64(1500) {
		transformMutant(t, trees[seed%uint64(len(trees))], seed)
	}
}

// FuzzMutants is TestMutants without end.
func FuzzMutants(f *testing.F) {
	trees := goldenTrees(f)
	f.Add(uint64(1))
	f.Fuzz(func(t *testing.T, seed uint64) {
		transformMutant(t, trees[seed%uint64(len(trees))], seed)
	})
}
