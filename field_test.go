package stagedoor_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestFieldsAreNotChanged: outside of http1 a field is made and never changed,
// because it remembers what was found out about its parts, and the writer takes
// it at its word. A package is looked at with its types, as far as they are ours.
func TestFieldsAreNotChanged(t *testing.T) {
	h := newHouse()
	home, err := h.Import(module + "/internal/http1")
	if err != nil {
		t.Fatal(err)
	}
	field, ok := home.Scope().Lookup("Field").Type().Underlying().(*types.Struct)
	if !ok {
		t.Fatal("http1 has no Field")
	}
	for part := range field.Fields() {
		if part.Exported() {
			h.parts = append(h.parts, part)
		}
	}
	toy := h.check("toy", []*ast.File{h.parse(t, "toy.go", toyFields)})
	if got := h.changes(toy); len(got) != strings.Count(toyFields, "// changed") {
		t.Errorf("of the toy, these are changes: %v", got)
	}
	h.used = 0
	err = filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil || !d.IsDir():
			return err
		case name != "." && skipped(d.Name()):
			return filepath.SkipDir
		case name == filepath.Join("internal", "http1"):
			return nil
		}
		if _, err := h.Import(path.Join(module, filepath.ToSlash(name))); err != nil {
			return err
		}
		for _, where := range h.changes(h.files[name]) {
			t.Errorf("%s: a part of a field is changed: make a new field", where)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if h.used < 50 {
		t.Errorf("%d uses of fields: their types were not found", h.used)
	}
}

const toyFields = `package toy

import (
	"slices"

	"` + module + `/internal/http1"
)

func toy(r *http1.Request, fields []http1.Field) []byte {
	r.Fields[0].Value = nil // changed
	f := &slices.Grow(fields, 1)[0]
	f.Name, fields = fields[0].Name, nil // changed
	f.Name[0] = 'x' // changed
	_ = append(f.Name[:1], 'x') // changed
	copy(f.Value, "x") // changed
	p := &f.Value // changed
	for _, f.Value = range [][]byte{nil} { // changed
	}
	*f = http1.Field{Name: f.Name, Value: append([]byte("x"), f.Value...)}
	return *p
}
`

// house finds the types of our packages. Of those of others only a few are
// read, which hand on what they are given; the rest is empty, which is no
// trouble: all that is asked is what a field is.
type house struct {
	set    *token.FileSet
	others types.Importer
	known  map[string]*types.Package
	files  map[string]*checked // by folder
	parts  []types.Object      // of a field
	used   int                 // parts seen
}

type checked struct {
	pkg   *types.Package
	files []*ast.File
	info  types.Info
}

func newHouse() *house {
	set := token.NewFileSet()
	return &house{set: set, others: importer.ForCompiler(set, "source", nil), known: map[string]*types.Package{}, files: map[string]*checked{}}
}

// Import makes house a types.Importer.
func (h *house) Import(name string) (*types.Package, error) {
	if pkg := h.known[name]; pkg != nil {
		return pkg, nil
	}
	if slices.Contains([]string{"slices", "maps", "iter", "cmp", "sync", "sync/atomic"}, name) {
		return h.others.Import(name)
	}
	if name != module && !strings.HasPrefix(name, module+"/") {
		h.known[name] = types.NewPackage(name, path.Base(name))
		h.known[name].MarkComplete()
		return h.known[name], nil
	}
	dir := filepath.FromSlash(strings.TrimPrefix(strings.TrimPrefix(name, module), "/"))
	if dir == "" {
		dir = "."
	}
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, file := range names {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(h.set, file, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	h.files[dir] = h.check(name, files)
	h.known[name] = h.files[dir].pkg
	return h.known[name], nil
}

func (h *house) parse(t *testing.T, name, text string) *ast.File {
	t.Helper()
	f, err := parser.ParseFile(h.set, name, text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// check finds the types of a package. What it cannot find for want of a type of
// somebody else's is no error.
func (h *house) check(name string, files []*ast.File) *checked {
	c := &checked{files: files, info: types.Info{Selections: map[*ast.SelectorExpr]*types.Selection{}}}
	conf := types.Config{Importer: h, Error: func(error) {}}
	c.pkg, _ = conf.Check(name, h.set, files, &c.info)
	return c
}

// changes are the places where a part of a field is assigned to or written into.
func (h *house) changes(c *checked) (where []string) {
	look := func(exprs ...ast.Expr) {
		for _, e := range exprs {
			if e != nil && h.isPart(c, e) {
				where = append(where, h.set.Position(e.Pos()).String())
			}
		}
	}
	for _, f := range c.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if h.isPart(c, n) {
					h.used++
				}
			case *ast.AssignStmt:
				look(n.Lhs...)
			case *ast.IncDecStmt:
				look(n.X)
			case *ast.RangeStmt:
				look(n.Key, n.Value)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					look(n.X)
				}
			case *ast.CallExpr:
				if to, ok := n.Fun.(*ast.Ident); ok && slices.Contains([]string{"append", "copy", "clear"}, to.Name) {
					look(n.Args[0])
				}
			}
			return true
		})
	}
	return where
}

// isPart says whether e is a part of a field, or something in one.
func (h *house) isPart(c *checked, e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return h.isPart(c, e.X)
	case *ast.IndexExpr:
		return h.isPart(c, e.X)
	case *ast.SliceExpr:
		return h.isPart(c, e.X)
	case *ast.SelectorExpr:
		s := c.info.Selections[e]
		return s != nil && slices.Contains(h.parts, types.Object(s.Obj()))
	}
	return false
}
