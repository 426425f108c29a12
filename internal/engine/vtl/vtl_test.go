package vtl_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/engine/vtl"
)

// vars is an Env of plain variables.
type vars map[string]any

func (v vars) Lookup(name string) (any, bool) {
	x, ok := v[name]
	return x, ok
}

func render(template string, env vtl.Env) (string, error) {
	t, err := vtl.Parse(template)
	if err != nil {
		return "", err
	}
	out, err := t.Render(env, nil)
	return string(out), err
}

// sharedRoot is the folder of public test vectors, which may not be there.
func sharedRoot(t testing.TB) string {
	t.Helper()
	if root := os.Getenv("STAGEDOOR_SHARED"); root != "" {
		return root
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	root := filepath.Join(dir, "shared")
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		root = filepath.Join(dir, "shared")
		if _, err := os.Stat(root); err == nil {
			break
		}
	}
	return root
}

// shared reads one of the public test vectors.
func shared(t testing.TB, name string) []byte {
	t.Helper()
	root := sharedRoot(t)
	text, err := os.ReadFile(filepath.Join(root, name))
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("no %s: set STAGEDOOR_SHARED", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestRecorded renders what AWS rendered.
func TestRecorded(t *testing.T) {
	lines := bufio.NewScanner(bytes.NewReader(shared(t, "conformance/vtl/cases.jsonl")))
	n := 0
	for lines.Scan() {
		var c struct {
			ID, Template string
			Context      json.RawMessage
			Expected     any
			Loose        bool
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		n++
		t.Run(c.ID, func(t *testing.T) {
			doc, err := vtl.FromJSON(c.Context)
			if err != nil {
				t.Fatal(err)
			}
			env := vars{}
			for _, k := range doc.(*vtl.Map).Keys() {
				env[k], _ = doc.(*vtl.Map).Get(k)
			}
			got, err := render(c.Template, env)
			if err != nil {
				t.Fatalf("render %q: %v", c.Template, err)
			}
			check(t, c.Template, got, c.Expected, c.Loose)
		})
	}
	if n < 80 {
		t.Errorf("%d cases, want 80", n)
	}
}

func check(t *testing.T, template, got string, expected any, loose bool) {
	t.Helper()
	want, isText := expected.(string)
	if !isText {
		var doc any
		if err := json.Unmarshal([]byte(got), &doc); err != nil {
			t.Fatalf("render %q = %q, want JSON: %v", template, got, err)
		}
		if diff := cmp.Diff(expected, doc); diff != "" {
			t.Errorf("render %q (-want +got):\n%s", template, diff)
		}
		return
	}
	if loose {
		got, want = strings.Join(strings.Fields(got), " "), strings.Join(strings.Fields(want), " ")
	}
	if got != want {
		t.Errorf("render %q = %q, want %q", template, got, want)
	}
}

func TestRender(t *testing.T) {
	doc, err := vtl.FromJSON([]byte(`{"a":{"b":[1,2.5,"x",{"k":null}]},"n":null,"t":"héllo","f":false}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, template, want string }{
		{"undefined prints nothing", "[$nope][$!nope][${nope.a}]", "[][][]"},
		{"null equals empty", `#if($doc.n == "")y#end#if($doc.n == $null)y#end`, "yy"},
		{"null is true", "#if($doc.n)y#end#if(!$doc.n)n#end", "y"},
		{"map prints as Java", "$doc.a", `{b=[1,2.5,"x",{"k":null}]}`},
		{"list prints as JSON", "$doc.a.b", `[1,2.5,"x",{"k":null}]`},
		{"string methods", "$doc.t.length() $doc.t.toUpperCase() $doc.t.substring(1,3) $doc.t.indexOf('l')", "5 HÉLLO él 2"},
		{"replaceAll with groups", `$doc.t.replaceAll("(l+)", "<$1>")`, "hé<ll>o"},
		{"replaceAll of a quote", `#set($s = "it\'s")$s.replaceAll("\\'","'")`, "it's"},
		{"split", "#foreach($p in $doc.t.split('l'))[$p]#end", "[hé][][o]"},
		{"foreach over a map", "#foreach($v in {'a':1,'b':2})$v$foreach.hasNext #end", "1true 2false "},
		{"entrySet", "#set($m={'a':1})#foreach($e in $m.entrySet())$e.key=$e.value $e.getKey()#end", "a=1 a"},
		{"keySet", "#set($m={'a':1,'b':2})$m.keySet()", "[a, b]"},
		{"put gives the old value", "#set($m={})$m.put('a',1)$m.put('a',2)$m.a", "12"},
		{"stop", "a#stop b", "a"},
		{"break", "#foreach($i in [1..9])$i#if($i==3)#break#end#end!", "123!"},
		{"define is lazy", "#define($d)<$x>#end#set($x=1)$d#set($x=2)$d", "<1><2>"},
		{"macro is text", "#macro(m $a)x#end#m(1)", "#m(1)"},
		{"unknown directives are text", "#return(1) #evaluate('x') #13ff93", "#return(1) #evaluate('x') #13ff93"},
		{"integer division", "#set($x = 7 / 2)$x #set($y = 100.0 / 50)$y", "3 2.0"},
		{"range down", "#foreach($i in [2..-1])$i,#end", "2,1,0,-1,"},
		{"interpolation", `#set($s = "a$doc.t ${doc.t}$")$s`, "ahéllo héllo$"},
		{"single quotes do not interpolate", "#set($s = '$doc.t')$s", "$doc.t"},
		{"else on its line", "#if($doc.f)\nno\n#else\nyes\n#end\nend", "yes\nend"},
		{"line after set goes", "a\n  #set($x = 1)  \nb", "a\n  b"},
		{"comment takes its line break", "a ## c\nb", "a b"},
		{"unparsed", "#[[$doc #if]]#", "$doc #if"},
		{"negative index", "$doc.a.b[-1].keySet()", "[k]"},
		{"text + number", `#set($s = "a" + 1)$s`, "a1"},
		{"elseif after false", "#if($doc.f)a#elseif($doc.f)b#{else}c#end", "c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, err := render(tt.template, vars{"doc": doc})
			if err != nil || got != tt.want {
				t.Errorf("render %q = %q, %v, want %q", tt.template, got, err, tt.want)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	deep := strings.Repeat("(", 100) + "1" + strings.Repeat(")", 100)
	for _, tt := range []struct{ name, template string }{
		{"bare dollar at the end", "a$"},
		{"if without end", "#if(true)a"},
		{"end alone", "#end"},
		{"escaped quote", `#set($a = "x\"y")`},
		{"deep expression", "#set($x = " + deep + ")"},
		{"deep blocks", strings.Repeat("#if(true)", 100) + strings.Repeat("#end", 100)},
		{"parse", "#parse('x')"},
		{"include", "#include('x', 'y')"},
		{"define that calls itself", "#define($d)$d#end$d"},
		{"growing text", "#set($s='xxxxxxxxxx')" + strings.Repeat("#set($s=$s.replace('x','xxxxxxxxxx'))", 9)},
		{"growing output", "#set($s='xxxxxxxxxx')" + strings.Repeat("#set($s=$s.replace('x','xxxxxxxxxx'))", 5) + strings.Repeat("$s", 20)},
		{"slow pattern", `#set($s='aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!')$s.matches("(a+)+$1b")`},
		{"substring outside", "#set($s='abc')$s.substring(5)"},
		{"large range", "#foreach($i in [1..99999999])#end"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if out, err := render(tt.template, vars{}); !errors.Is(err, vtl.ErrTemplate) {
				t.Errorf("render = %.40q, %v, want ErrTemplate", out, err)
			}
		})
	}
}

// FuzzRender: no template makes the engine panic or run away; what parses
// renders the same twice; and a text without '#', '$' and '\' is itself.
func FuzzRender(f *testing.F) {
	for _, s := range []string{
		"#set($x = [1..3])#foreach($i in $x)$i#end", `#if($a.b["c"] == 'd' && !$e)${f}#elseif(1 < 2)#else#end`,
		`\$x \\$x \#end #define($d)$x#end$d`, "$doc.t.replaceAll('l','$1').split(',')", `{"a": "$!{doc.a.b[0]}"}`, "#[[x]]# #* c *# ##",
	} {
		f.Add(s)
	}
	doc, err := vtl.FromJSON([]byte(`{"a":{"b":[1,"x"]},"t":"hello"}`))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := render(s, vars{"doc": doc})
		if err != nil {
			if !errors.Is(err, vtl.ErrTemplate) {
				t.Fatalf("render %q: %v", s, err)
			}
			return
		}
		if !strings.ContainsAny(s, `#$\`) && first != s {
			t.Fatalf("render %q = %q", s, first)
		}
	})
}

func BenchmarkRender(b *testing.B) {
	t, err := vtl.Parse(`#set($in = $doc.a){"items": [#foreach($i in $in.b)"$i"#if($foreach.hasNext),#end#end], "t": "$doc.t.toUpperCase()"}`)
	if err != nil {
		b.Fatal(err)
	}
	doc, err := vtl.FromJSON([]byte(`{"a":{"b":[1,2,3,4,5]},"t":"hello"}`))
	if err != nil {
		b.Fatal(err)
	}
	var env vtl.Env = vars{"doc": doc}
	var out []byte
	b.ReportAllocs()
	for b.Loop() {
		if out, err = t.Render(env, out[:0]); err != nil {
			b.Fatal(err)
		}
	}
}

// Values that hold themselves, or each other many times over, end a rendering
// instead of filling the memory.
func TestValuesWithoutEnd(t *testing.T) {
	for _, template := range []string{
		"#set($l = [])#foreach($i in [1..5])#set($x = $l.add($l))#end$l",
		"#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end$l",
		"#set($m = {})#set($m.a = $m)#set($m.b = $m)$m",
		"#set($l = [1])#foreach($i in [1..60])#set($l = [$l, $l])#end#foreach($i in [1..1000])#if($l == 1)x#end#end",
	} {
		if out, err := render(template, vars{}); !errors.Is(err, vtl.ErrTemplate) {
			t.Errorf("%s: %d bytes, %v, want a template error", template, len(out), err)
		}
	}
}

// TestQuick: what may take long is known by its text and its input.
func TestQuick(t *testing.T) {
	for _, tt := range []struct {
		text  string
		input int
		want  bool
	}{
		{"plain", 1 << 20, false},
		{`{"a": $input.json('$.a')}`, 10 << 10, true},
		{`{"a": $input.json('$.a')}`, 20 << 10, false},
		{"#foreach($x in $input.path('$'))$x#end", 1 << 10, true},
		{"#foreach($x in $input.path('$'))$x#end", 10 << 10, false},
		{"#foreach($x in $a)#foreach($y in $x)$y#end#end", 1, false},
		{`#set($s = "#foreach($x in $a)#foreach($y in $x)$y#end#end")`, 1, false},
		{"#foreach($x in [1..1000])$x#end", 1, false},
		{"$input.body.replaceAll('(a+)+b', '')", 1, false},
		{strings.Repeat("x", 10<<10) + "$y", 1, false},
	} {
		template, err := vtl.Parse(tt.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := template.Quick(tt.input); got != tt.want {
			t.Errorf("Quick of %.60q with %d bytes = %v", tt.text, tt.input, got)
		}
	}
}

// TestLoopLimit: #foreach has 1,000 iterations in a rendering; what is beyond
// them is left out, and the rest of the template is not.
func TestLoopLimit(t *testing.T) {
	for _, tt := range []struct {
		name, text, want string
	}{
		{"as many as there may be", "#foreach($i in [1..1000])x#end.", strings.Repeat("x", 1000) + "."},
		{"one more", "#foreach($i in [1..1001])x#end.", strings.Repeat("x", 1000) + "."},
		{"two loops", "#foreach($i in [1..600])x#end,#foreach($i in [1..600])y#end.", strings.Repeat("x", 600) + "," + strings.Repeat("y", 400) + "."},
		{"nested iterations", "#foreach($i in [1..100])#foreach($j in [1..100])x#end#end", strings.Repeat("x", 990)},
		{"nested", "#foreach($i in [1..10])#foreach($j in [1..1000])x#end,#end.", strings.Repeat("x", 999) + ",."},
	} {
		if got, err := render(tt.text, vars{}); err != nil || got != tt.want {
			t.Errorf("%s: %d bytes, %v, want %d", tt.name, len(got), err, len(tt.want))
		}
	}
}
