//go:build linux

package vtl_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
	"golang.org/x/sys/unix"
	"pgregory.net/rapid"

	"github.com/stagedoor/stagedoor/internal/engine/vtl"
)

// velocity is Apache Velocity 1.7 in a Java of its own, as Debian has it.
type velocity struct {
	in  io.Writer
	out *bufio.Reader
}

// startVelocity skips the test where there is no Velocity or no Java.
func startVelocity(t testing.TB) *velocity {
	t.Helper()
	const jars = "/usr/share/java/"
	path := jars + "velocity.jar:" + jars + "commons-collections3.jar:" + jars + "commons-lang.jar"
	if _, err := os.Stat(jars + "velocity.jar"); err != nil {
		t.Skip("no Velocity: install Debian's package velocity")
	}
	classes := t.TempDir()
	compile := exec.Command("javac", "-cp", path, "-d", classes, "testdata/Render.java")
	if compile.Err != nil {
		t.Skip(compile.Err)
	}
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("javac: %v: %s", err, out)
	}
	cmd := exec.Command("java", "-cp", classes+":"+path, "Render")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &velocity{in: in, out: bufio.NewReaderSize(out, 1<<20)}
}

func (v *velocity) ask(t interface{ Fatal(args ...any) }, line string) string {
	if _, err := io.WriteString(v.in, line+"\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := v.out.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(answer, "\n")
}

// render is what Velocity makes of a template; ok says that it is one.
func (v *velocity) render(t interface{ Fatal(args ...any) }, template string) (text string, ok bool) {
	answer := v.ask(t, "render "+base64.StdEncoding.EncodeToString([]byte(template)))
	encoded, ok := strings.CutPrefix(answer, "ok ")
	if !ok {
		return "", false
	}
	out, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		t.Fatal(err)
	}
	return string(out), true
}

// stub stands for $input and $util; testdata/Render.java has the same.
type stub struct{ data any }

func (s stub) Call(name string, args []any) (any, bool, error) {
	if name == "getBody" && len(args) == 0 {
		return `{"body":1}`, true, nil
	}
	if len(args) != 1 {
		return nil, false, nil
	}
	text := "null"
	if args[0] != nil {
		text = vtl.Text(args[0])
	}
	switch name {
	case "path":
		return s.data, true, nil
	case "json":
		return `{"json":"` + text + `"}`, true, nil
	case "params":
		return "param:" + text, true, nil
	case "escapeJavaScript":
		return "js:" + text, true, nil
	case "urlEncode":
		return "url:" + text, true, nil
	case "base64Encode":
		return "b64:" + text, true, nil
	}
	return nil, false, nil
}

func (s stub) Property(name string) (any, bool) {
	if name == "body" {
		return `{"body":1}`, true
	}
	return nil, false
}

func (stub) String() string { return "stub" }

// sameData is what both engines are given.
func sameData(t testing.TB) vars {
	t.Helper()
	var rows []string
	for i := range 10 {
		rows = append(rows, fmt.Sprintf(`{"id":%d,"name":"item %d","tags":["red","green"]}`, i, i))
	}
	data := vars{}
	for name, text := range map[string]string{
		"i": "7", "n": "12", "s": `"hello"`, "t": `"a,b;c"`, "yes": "true", "no": "false", "l": `["x","y","z"]`, "e": "[]",
		"m": `{"a":"one","b":{"c":"deep","n":42},"k-x":"dash"}`, "rows": "[" + strings.Join(rows, ",") + "]",
	} {
		v, err := vtl.FromJSON([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		data[name] = v
	}
	data["input"], data["util"] = stub{data["m"]}, stub{}
	return data
}

// author draws templates that mean the same to Velocity and to API Gateway:
// no null, no list printed, no backslash, no macro, no blanks before #set, as
// spec/rest-data-plane.md 4.3 has recorded those to differ.
type author struct {
	*rapid.T
	scope []binding // what the template has set, with its type
	depth int
}

type binding struct{ name, kind string }

func (a *author) pick(from ...string) string { return rapid.SampledFrom(from).Draw(a.T, "pick") }

// set is a variable of a kind, or "" if there is none.
func (a *author) set(kind string) string {
	var names []string
	for _, b := range a.scope {
		if b.kind == kind {
			names = append(names, "$"+b.name)
		}
	}
	if len(names) == 0 || rapid.Bool().Draw(a.T, "given") {
		return ""
	}
	return a.pick(names...)
}

func (a *author) text() string {
	if v := a.set("text"); v != "" {
		return v
	}
	return a.pick(`"plain"`, `'sin$gle'`, `"in $s ter"`, `"${s}x"`, `"$m.b.c!"`, "$s", "$t", "$m.a", "$m.b.c", `$m["k-x"]`, `$m.get("a")`, "$l[0]", "$l.get(2)", "$l[-1]",
		`$s.toUpperCase()`, `$s.substring(1,3)`, `$s.substring(2)`, `$t.replaceAll("[,;]","-")`, `$t.replace(",","::")`, `$t.split(",")[0]`, `$t.split(",").get(1)`,
		`$s.concat("!")`, `$input.json('$.a')`, `$input.params('x')`, `$util.urlEncode($s)`, `$input.body`, `$m.b.toString().length()`, `$t.replaceAll("(a),(b)","$2$1")`, `"a ""quoted"" b"`)
}

func (a *author) number() string {
	if v := a.set("number"); v != "" {
		return v
	}
	if a.depth > 3 {
		return a.pick("1", "2", "10", "$i", "$n")
	}
	a.depth++
	defer func() { a.depth-- }()
	switch rapid.IntRange(0, 6).Draw(a.T, "number") {
	case 0:
		return a.number() + " + " + a.number()
	case 1:
		return a.number() + " - " + a.number()
	case 2:
		return "(" + a.number() + " * " + a.pick("2", "3", "$i") + ")"
	case 3:
		return "(" + a.number() + ")" + a.pick(" / 3", " % 5", " / $i", " % $n")
	case 4:
		return a.pick("$s.length()", "$l.size()", `$s.indexOf("l")`, `$s.lastIndexOf("l")`, "$m.size()", "$rows.size()", "$l.subList(0,2).size()", "$m.b.n", `$s.compareTo("help")`)
	}
	return a.pick("0", "1", "2", "10", "$i", "$n", "100")
}

func (a *author) truth() string {
	if v := a.set("truth"); v != "" {
		return v
	}
	if a.depth > 3 {
		return a.pick("true", "false", "$yes", "$no")
	}
	a.depth++
	defer func() { a.depth-- }()
	switch rapid.IntRange(0, 6).Draw(a.T, "truth") {
	case 0:
		return "(" + a.truth() + a.pick(" && ", " || ", " and ", " or ") + a.truth() + ")"
	case 1:
		return a.pick("!", "not ") + "(" + a.truth() + ")"
	case 2:
		return a.number() + a.pick(" == ", " != ", " > ", " >= ", " < ", " <= ", " eq ", " ne ", " gt ", " ge ", " lt ", " le ") + a.number()
	case 3:
		return a.text() + a.pick(" == ", " != ") + a.text()
	case 4:
		return a.pick(`$s.contains("el")`, `$s.startsWith("he")`, `$s.endsWith("x")`, `$s.matches("h.*o")`, "$e.isEmpty()", `$m.containsKey("a")`, `$l.contains("y")`, `$s.equals("hello")`, `$s.isEmpty()`)
	}
	return a.pick("true", "false", "$yes", "$no")
}

// body is some statements that do not set what others see.
func (a *author) body() string {
	a.depth++
	kept := len(a.scope)
	defer func() { a.depth--; a.scope = a.scope[:kept] }()
	var b strings.Builder
	for range rapid.IntRange(0, 3).Draw(a.T, "statements") {
		b.WriteString(a.statement())
	}
	return b.String()
}

func (a *author) statement() string {
	kind := rapid.IntRange(0, 11).Draw(a.T, "statement")
	if a.depth > 3 && kind >= 6 {
		kind -= 6
	}
	switch kind {
	case 0, 1:
		return a.pick("text ", "{\"k\": ", "\n", "  ", "\t<b>", "#13ff93 ", "$ ", "$5 ", "} ", "\n\n", "1 # 2 ", " ## note\n", " #* no #if *#", "é世 ", "$, ", " ")
	case 2:
		return a.pick("$s", "$!s", "${s}", "$!{s}", "$m.a", "${m.b.c}", "$i", "${n}px", "$yes", "$l[1]", "$m.b.n", "$input.json('$')", "$rows[3].name", "$rows.get(2).tags[1]", "$s.length()", "$l.size()", "$m", "$m.b", "$m.keySet()", "$m.b.values()", "$m.entrySet()", "$l.empty", "$t.split(',').size()") + a.pick("", " ", ".", ",", "\n")
	case 3, 4, 5:
		return a.assign()
	case 6, 7:
		out := "#if(" + a.truth() + ")" + a.pick("", "\n", " ") + a.body()
		if rapid.Bool().Draw(a.T, "elseif") {
			out += "#elseif(" + a.truth() + ")" + a.body()
		}
		if rapid.Bool().Draw(a.T, "else") {
			out += a.pick("#else", "#{else}") + a.pick("", "\n", " ") + a.body()
		}
		return out + a.end()
	case 8, 9, 10:
		return a.loop()
	}
	return "#define($d" + strconv.Itoa(a.depth) + ")" + a.body() + a.end() + "$d" + strconv.Itoa(a.depth)
}

func (a *author) end() string { return a.pick("#end", "#{end}") + a.pick("", "\n", " ", "x") }

// assign sets a variable of a kind of its own: what was set in a block that did
// not run has no value.
func (a *author) assign() string {
	if rapid.IntRange(0, 9).Draw(a.T, "list") == 0 {
		return "|#set($own = [" + a.text() + ", $i, [" + a.pick("true", "$no", `$s.isEmpty()`) + "], []])$own $own[0] $own.size()"
	}
	kind := a.pick("text", "number", "truth")
	value := map[string]func() string{"text": a.text, "number": a.number, "truth": a.truth}[kind]()
	name := fmt.Sprintf("v%d", len(a.scope))
	a.scope = append(a.scope, binding{name, kind})
	return "|#set(" + a.pick("", " ") + "$" + name + " = " + value + a.pick("", " ") + ")" + a.pick("", "\n", " \n", " ")
}

func (a *author) loop() string {
	kept := len(a.scope)
	defer func() { a.scope = a.scope[:kept] }()
	name := fmt.Sprintf("x%d", len(a.scope))
	over, kind := "$l", "text"
	switch a.pick("list", "range", "keys", "literal", "empty", "rows") {
	case "range":
		over, kind = a.pick("[1..3]", "[3..1]", "[-1..1]"), "number"
	case "keys":
		over = "$m.keySet()"
	case "literal":
		over = `["p", $s, 'q']`
	case "empty":
		over = "$e"
	case "rows":
		over, kind = "$rows[0].tags", "text"
	}
	a.scope = append(a.scope, binding{name, kind})
	return "#foreach($" + name + " in " + over + ")" + a.pick("", "\n", " ") + a.body() +
		a.pick("$foreach.count", "$foreach.index", "$velocityCount", "#if($foreach.hasNext),#end", "#if($foreach.first)F#end", "#if($foreach.last)L#end", "$"+name, "") + a.end()
}

// TestVelocity holds the engine to the one that API Gateway's is made of.
func TestVelocity(t *testing.T) {
	v, data := startVelocity(t), sameData(t)
	rapid.Check(t, func(t *rapid.T) {
		a := &author{T: t}
		var b strings.Builder
		for range rapid.IntRange(1, 8).Draw(t, "length") {
			b.WriteString(a.statement())
		}
		template := b.String()
		want, parses := v.render(t, template)
		got, err := render(template, data)
		if parses != (err == nil) {
			t.Fatalf("%q: Velocity takes it: %v; Render = %v", template, parses, err)
		}
		if parses && got != want {
			t.Fatalf("%q\n got %q\nwant %q", template, got, want)
		}
	})
}

// written are the mapping templates of the public definitions, by their text.
func written(t testing.TB, root string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		ext := filepath.Ext(name)
		if err != nil || d.IsDir() || ext != ".yaml" && ext != ".yml" && ext != ".json" {
			return err
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var doc yaml.Node
		if yaml.Unmarshal(text, &doc) == nil { // some are there to be refused
			collect(&doc, filepath.Base(name), false, all)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func collect(n *yaml.Node, file string, inside bool, all map[string]string) {
	if n.Kind != yaml.MappingNode {
		for _, c := range n.Content {
			collect(c, file, false, all)
		}
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := strings.ToLower(n.Content[i].Value), n.Content[i+1]
		if text := substituted(value); inside && text != "" {
			all[text] = file
		}
		collect(value, file, key == "requesttemplates" || key == "responsetemplates", all)
	}
}

// substituted is a template's text, which may stand in Fn::Sub.
func substituted(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.ScalarNode:
		return n.Value
	case n.Kind == yaml.MappingNode && len(n.Content) == 2 && n.Content[0].Value == "Fn::Sub":
		return substituted(n.Content[1])
	case n.Kind == yaml.SequenceNode && len(n.Content) > 0:
		return substituted(n.Content[0])
	}
	return ""
}

// TestVelocityPublic holds the engine to Velocity on all templates that people
// have published. The few that differ do so as AWS was recorded to.
func TestVelocityPublic(t *testing.T) {
	root := filepath.Join(sharedRoot(t), "conformance")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no public definitions: set STAGEDOOR_SHARED")
	}
	v, data := startVelocity(t), sameData(t)
	all := written(t, root)
	for _, template := range slices.Sorted(maps.Keys(all)) {
		want, parses := v.render(t, template)
		got, err := render(template, data)
		if parses != (err == nil) {
			t.Errorf("%s: %q: Velocity takes it: %v; Render = %v", all[template], template, parses, err)
		} else if parses && got != want {
			t.Errorf("%s: %q\n got %q\nwant %q", all[template], template, got, want)
		}
	}
	t.Logf("%d templates", len(all))
}

// threadTime is the CPU time of this thread so far, in nanoseconds.
func threadTime(b *testing.B) int64 {
	b.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &used); err != nil {
		b.Fatal(err)
	}
	return unix.TimevalToNsec(used.Utime) + unix.TimevalToNsec(used.Stime)
}

// BenchmarkVelocity renders what a tutorial's mapping does, beside Velocity with
// a warm Java: CPU time a rendering.
func BenchmarkVelocity(b *testing.B) {
	const template = `{"items": [#foreach($r in $rows){"id": $r.id, "name": "$util.escapeJavaScript($r.name)", "first": "$r.tags[0]"}#if($foreach.hasNext),
#end#end], #set($total = $rows.size() + $i)"total": $total, #if($total > 10 && $m.a == "one")"kind": "many"#else"kind": "few"#end, "body": $input.json('$.a')}`
	v, env := startVelocity(b), vtl.Env(sameData(b))
	t, err := vtl.Parse(template)
	if err != nil {
		b.Fatal(err)
	}
	encoded := base64.StdEncoding.EncodeToString([]byte(template))
	v.ask(b, "bench 100000 "+encoded) // warm
	var theirs []float64
	var out []byte
	b.ReportAllocs()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	started := threadTime(b)
	for b.Loop() {
		if out, err = t.Render(env, out[:0]); err != nil {
			b.Fatal(err)
		}
	}
	ours := float64(threadTime(b)-started) / float64(b.N)
	for range 5 {
		ns, err := strconv.Atoi(v.ask(b, "bench 50000 "+encoded))
		if err != nil {
			b.Fatal(err)
		}
		theirs = append(theirs, float64(ns))
	}
	slices.Sort(theirs)
	b.ReportMetric(ours, "cpu-ns/op")
	b.ReportMetric(theirs[2], "velocity-ns/op")
	b.ReportMetric(theirs[2]/ours, "times-faster")
}
