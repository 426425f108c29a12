package stagedoor_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/stagedoor/stagedoor"

// floors is the house from the top down: a package may import the floors below
// its own, never its own or one above. A prefix covers the packages below it;
// the longest prefix that matches wins.
var floors = map[string]int{
	"cmd/stagedoor":      90,
	".":                  80,
	"internal/control":   70,
	"internal/gateway":   70,
	"internal/console":   70,
	"internal/trial":     65,
	"internal/compile":   60,
	"internal/step":      50,
	"internal/transport": 45, // moves the bytes of an Exchange, so it stands on program
	"internal/program":   40,
	"internal/snapshot":  40,

	"internal/links":    20, // stands on api and store; integrations are led by it
	"internal/usage":    20, // stands on api, store and limit; Exchange holds its Grant
	"internal/userpool": 20, // stands on api, store and engine; tokens are verified with its keys
	"internal/identity": 20, // stands on api, store and engine; Exchange holds who signed

	"internal/api":        10,
	"internal/fault":      10,
	"internal/store":      10,
	"internal/wire":       10,
	"internal/engine":     10,
	"internal/proxyproto": 10,
	"internal/http1":      10,
	"internal/limit":      10,
	"internal/lambda":     10,
	"internal/sink":       10,
	"internal/handover":   10,
	"internal/metrics":    10,
	"internal/handshake":  10,
	"internal/hostname":   9, // how the gateway and handshakes read a host

	"internal/engine/cfn/doc":   9, // the tree that cfn and its sam both work on
	"internal/wire/jsonbody":    8, // what restjson, awsjson and eventstream write their bodies with
	"internal/wire/eventstream": 9, // what restjson and awsjson send streams with
}

// within says whether one of two packages lies in the other's folder: a
// package and its own subfolders may share a floor.
func within(from, to string) bool {
	return strings.HasPrefix(to, from+"/") || strings.HasPrefix(from, to+"/")
}

func floor(pkg string) (string, int) {
	for p := pkg; ; p = path.Dir(p) {
		if f, ok := floors[p]; ok {
			return p, f
		}
		if p == "." {
			return "", -1
		}
	}
}

// skipped are folders that are no part of the house.
func skipped(name string) bool {
	switch name {
	case "testdata", "node_modules", "examples", "bench", "tools", "test", "web":
		return true
	}
	return strings.HasPrefix(name, ".")
}

func TestFloors(t *testing.T) {
	files := 0
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && skipped(d.Name()) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		checkImports(t, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 10 {
		t.Fatalf("looked at %d files: the walk is broken", files)
	}
}

func checkImports(t *testing.T, name string) {
	t.Helper()
	pkg := filepath.ToSlash(filepath.Dir(name))
	at, own := floor(pkg)
	if own < 0 || (at == "." && pkg != ".") {
		t.Errorf("%s stands on no floor: add it to the table", pkg)
		return
	}
	f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
	if err != nil {
		t.Error(err)
		return
	}
	for _, imp := range f.Imports {
		p, err := strconv.Unquote(imp.Path.Value)
		if err != nil {
			t.Error(err)
		}
		if p != module && !strings.HasPrefix(p, module+"/") {
			continue
		}
		to := strings.TrimPrefix(strings.TrimPrefix(p, module), "/")
		if to == "" {
			to = "."
		}
		if _, below := floor(to); below >= own && !within(pkg, to) {
			t.Errorf("%s imports %s: imports go down only, never sideways", name, to)
		}
	}
}
