package sdk_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/engine/sdk"
)

// properties are what every kind may be given, with values that fit.
func properties() map[string]string {
	return map[string]string{
		"java.package-name": "com.example.pets", "service.name": "PetStore", "classPrefix": "Pets", "java.build-system": "gradle",
		"ruby.gem-name": "pet-store", "ruby.gem-version": "1.2.3", "java.license-text": "Licence */ \\u000a of ours",
	}
}

func petstore() sdk.API {
	return sdk.API{ID: "abc123", Stage: "dev", Region: "eu-west-1", Title: "Pets </script> */ \" \\", Endpoint: "http://127.0.0.1:1/x", Methods: []sdk.Method{
		{Verb: "GET", Path: "/"},
		{Verb: "ANY", Path: "/any"},
		{Verb: "GET", Path: "/{a}/{b}/{op}"},
		{Verb: "POST", Path: "/pets/{petId}", Operation: "adopt pet"},
		{Verb: "OPTIONS", Path: "/pets"},
		{Verb: "GET", Path: "/a-b"},
		{Verb: "GET", Path: "/a/b"},
		{Verb: "GET", Path: "/files/{path+}", Parameters: []sdk.Parameter{
			{In: sdk.InQuery, Name: "class", Required: true}, {In: sdk.InHeader, Name: "x-mine"}, {In: sdk.InQuery, Name: "7"},
		}},
	}}
}

// unpack is what a zip has, by name.
func unpack(t interface{ Fatal(args ...any) }, archive []byte) map[string]string {
	r, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range r.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if !fs.ValidPath(f.Name) {
			t.Fatal("a file that leads out of the archive: " + f.Name)
		}
		all[f.Name] = string(text)
	}
	return all
}

// write puts a client into a folder.
func write(t interface{ Fatal(args ...any) }, dir string, files map[string]string) (names []string) {
	for name, text := range files {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names = append(names, at)
	}
	slices.Sort(names)
	return names
}

func generate(t *testing.T, kind string, a sdk.API) map[string]string {
	t.Helper()
	made, err := sdk.Generate(kind, a, properties())
	if err != nil {
		t.Fatal(err)
	}
	again, err := sdk.Generate(kind, a, properties())
	if err != nil || !bytes.Equal(made.Zip, again.Zip) {
		t.Errorf("%s: the same API is not the same archive (%v)", kind, err)
	}
	return unpack(t, made.Zip)
}

// TestNames holds the names of calls to those that AWS's guides show.
func TestNames(t *testing.T) {
	for kind, want := range map[string][]string{
		"javascript": {"apigClient.rootGet = ", "apigClient.aBOpGet = ", "apigClient.petsPetIdPost = ", "apigClient.petsOptions = ", "apigClient.aBGet = ", "apigClient.aBGet2 = ", "apigClient.filesPathGet = "},
		"java":       {" getRoot(GetRootRequest ", " getABOp(", " adoptPet(AdoptPetRequest ", " getAB(", " getAB2(GetAB2Request ", " class2(String", " _7(String"},
		"ruby":       {"def get_root(", "def get_a_b_op(", "def adopt_pet(", "def get_a_b2("},
		"swift":      {"func rootGet(", "func aBOpGet(a: String, b: String, op: String, ", "func filesPathGet(path: String, class2: String, "},
	} {
		var text strings.Builder
		for _, f := range generate(t, kind, petstore()) {
			text.WriteString(f)
		}
		for _, w := range want {
			if !strings.Contains(text.String(), w) {
				t.Errorf("%s: no %q", kind, w)
			}
		}
		if strings.Contains(text.String(), "anyAny") || strings.Contains(text.String(), "any_any") {
			t.Errorf("%s: has the method of any verb", kind)
		}
	}
}

func TestOnlyAny(t *testing.T) {
	files := generate(t, "javascript", sdk.API{ID: "a", Stage: "s", Methods: []sdk.Method{{Verb: "ANY", Path: "/"}}})
	if _, there := files["apiGateway-js-sdk/apigClient.js"]; there {
		t.Error("a client without calls") // parity: spec/definitions.md 5.13
	}
}

func TestRefused(t *testing.T) {
	for _, tt := range []struct {
		name, kind string
		with       map[string]string
		want       error
		text       string
	}{
		{"unknown", "cobol", nil, sdk.ErrUnknown, "Invalid SDK type: cobol"},
		{"not made", "android", nil, sdk.ErrNotMade, "No SDK generator here for type: android. Choose javascript, java, ruby or swift"},
		{"missing", "java", nil, sdk.ErrProperty, "Invalid SDK property: java.package-name must be given for type java"},
		{"package", "java", map[string]string{"java.package-name": "../../etc"}, sdk.ErrProperty, ""},
		{"reserved", "java", map[string]string{"java.package-name": "com.class"}, sdk.ErrProperty, ""},
		{"artifact", "java", map[string]string{"java.package-name": "a", "java.artifact-id": "a'; exec('x"}, sdk.ErrProperty, ""},
		{"build", "java", map[string]string{"java.package-name": "a", "java.build-system": "make"}, sdk.ErrProperty, ""},
		{"service", "ruby", map[string]string{"service.name": "7"}, sdk.ErrProperty, ""},
		{"gem", "ruby", map[string]string{"service.name": "a", "ruby.gem-name": "../a"}, sdk.ErrProperty, ""},
		{"prefix", "swift", map[string]string{"classPrefix": "a b"}, sdk.ErrProperty, ""},
	} {
		_, err := sdk.Generate(tt.kind, petstore(), tt.with)
		if !errors.Is(err, tt.want) || tt.text != "" && err.Error() != tt.text {
			t.Errorf("%s: Generate = %v, want %v", tt.name, err, tt.want)
		}
	}
}

// compiler is how a language's sources are checked, by what must be there.
func compiler(kind, dir string, names []string) *exec.Cmd {
	some := func(suffix string) (out []string) {
		for _, n := range names {
			if strings.HasSuffix(n, suffix) {
				out = append(out, n)
			}
		}
		return out
	}
	switch kind {
	case "java":
		return exec.Command("javac", append([]string{"-Xlint:all", "-Werror", "--release", "11", "-d", filepath.Join(dir, "out")}, some(".java")...)...)
	case "ruby":
		return exec.Command("ruby", append([]string{"-W", "-e", `ARGV.each { |f| RubyVM::InstructionSequence.compile_file(f) }`}, some(".rb")...)...)
	}
	return exec.Command("node", append([]string{"-e", `for (const f of process.argv.slice(1)) new (require('vm').Script)(require('fs').readFileSync(f, 'utf8'), {filename: f})`}, some(".js")...)...)
}

// TestCompiles compiles clients of an API with names that a language could
// stumble over.
func TestCompiles(t *testing.T) {
	for _, kind := range []string{"javascript", "java", "ruby"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			cmd := compiler(kind, dir, write(t, dir, generate(t, kind, hostile())))
			if cmd.Err != nil {
				t.Skip("no compiler:", cmd.Err)
			}
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}

// hostile is petstore with all that could break out of a literal, a comment or
// a name, in every place.
func hostile() sdk.API {
	a := petstore()
	for _, bad := range []string{
		`'`, `"`, `\`, "`${x}`", "*/", "//", "#{x}", `\u000a`, "\n", "\u2028", "</script>", "é世", "@link", "class", "self", "initialize",
		"hashCode", "", "0", "%", "{", "$", "😀", `\(x)`,
	} {
		a.Methods = append(a.Methods, sdk.Method{
			Verb: "GET", Path: "/x" + bad + "/{id}", Operation: bad,
			Parameters: []sdk.Parameter{{In: sdk.InQuery, Name: bad, Required: true}, {In: sdk.InHeader, Name: bad}},
		}, sdk.Method{Verb: "PUT", Path: "/" + bad})
		a.Title += bad
	}
	return a
}

// TestAnyText says that no text of an API is ever code: whatever stands in it,
// the sources parse.
func TestAnyText(t *testing.T) {
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip(err)
	}
	if testing.Short() {
		t.Skip("starts many processes")
	}
	text := rapid.StringOf(rapid.RuneFrom([]rune("ab'\"\\`$(){}#*/\n\r\u2028<>-_0 é😀\x00")))
	rapid.Check(t, func(t *rapid.T) {
		a := sdk.API{ID: text.Draw(t, "id"), Stage: text.Draw(t, "stage"), Title: text.Draw(t, "title"), Endpoint: text.Draw(t, "endpoint"), Region: text.Draw(t, "region")}
		for range 30 {
			a.Methods = append(a.Methods, sdk.Method{
				Verb: "GET", Path: "/" + text.Draw(t, "path") + "/{" + text.Draw(t, "variable") + "}", Operation: text.Draw(t, "operation"),
				Parameters: []sdk.Parameter{{In: sdk.InQuery, Name: text.Draw(t, "parameter"), Required: true}},
			})
		}
		for _, kind := range []string{"javascript", "ruby"} {
			made, err := sdk.Generate(kind, a, properties())
			if err != nil {
				t.Fatal(err)
			}
			dir, err := os.MkdirTemp("", "sdk") //nolint:usetesting // one of many, gone at the end of a draw
			if err != nil {
				t.Fatal(err)
			}
			cmd := compiler(kind, dir, write(t, dir, unpack(t, made.Zip)))
			if out, err := cmd.CombinedOutput(); err != nil && cmd.Err == nil {
				t.Errorf("%s: %v: %s", kind, err, out)
			}
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		}
	})
}
