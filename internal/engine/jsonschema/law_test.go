package jsonschema

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dlclark/regexp2/v2"
	oracle "github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"
)

// writer draws schemas and documents over few names and values, so that they
// meet often.
type writer struct{ t *rapid.T }

func (w writer) pick(of ...string) string { return rapid.SampledFrom(of).Draw(w.t, "pick") }

func (w writer) number() string {
	return w.pick("0", "-0", "1", "2", "3", "-1", "1.5", "-2.5", "0.25", "12e-1", "10", "9007199254740993", "100000000000000000000", "0.1")
}

func (w writer) name() string { return w.pick(`"a"`, `"b"`, `"c"`, `"\u0061b"`, `"é"`) }

func (w writer) scalar() string {
	return w.pick("null", "true", "false", `"a"`, `"ab"`, `"\u00e9"`, `""`, `"b\n"`, w.number(), w.number(), w.number())
}

// document is a value whose objects name nothing twice.
func (w writer) document(depth int) string {
	kind := rapid.IntRange(0, 5).Draw(w.t, "kind")
	if depth == 0 || kind < 2 {
		return w.scalar()
	}
	var parts []string
	if kind < 4 {
		for range rapid.IntRange(0, 4).Draw(w.t, "elements") {
			parts = append(parts, w.document(depth-1))
		}
		return "[" + strings.Join(parts, " , ") + "]"
	}
	seen := map[string]bool{`"ab"`: true}
	for range rapid.IntRange(0, 4).Draw(w.t, "members") {
		if name := w.name(); !seen[name] {
			seen[name] = true
			parts = append(parts, name+": "+w.document(depth-1))
		}
	}
	return "{" + strings.Join(parts, ",") + "}"
}

// schema is a schema. References stand only where they descend into the
// document, so that none is endless.
func (w writer) schema(depth int, inner bool) string {
	if inner && rapid.IntRange(0, 5).Draw(w.t, "reference") == 0 {
		return w.pick(`{"$ref":"#"}`, `{"$ref":"#/definitions/d"}`, `{"$ref":"#e","type":"null"}`)
	}
	var parts []string
	seen := map[string]bool{}
	for range rapid.IntRange(0, 3).Draw(w.t, "keywords") {
		keyword := w.pick("type", "type", "enum", "bounds", "multipleOf", "lengths", "pattern", "items", "tuple", "counts",
			"uniqueItems", "properties", "properties", "required", "additionalProperties", "patternProperties", "dependencies",
			"sizes", "allOf", "anyOf", "oneOf", "not")
		if text := w.keyword(keyword, depth); text != "" && !seen[keyword] {
			seen[keyword] = true
			parts = append(parts, text)
		}
	}
	if seen["items"] && seen["tuple"] {
		parts = parts[:0]
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func (w writer) keyword(keyword string, depth int) string {
	small := func() string { return w.pick("0", "1", "2", "3") }
	switch keyword {
	case "type":
		return `"type":` + w.pick(`"object"`, `"object"`, `"array"`, `"string"`, `"number"`, `"integer"`, `"null"`, `["object","array"]`, `["integer","string"]`)
	case "enum":
		return fmt.Sprintf(`"enum":[%s,"other"]`, w.document(2))
	case "bounds":
		return fmt.Sprintf(`"minimum":%s,"exclusiveMinimum":%s,"maximum":%s,"exclusiveMaximum":%s`, w.number(), w.pick("true", "false"), w.number(), w.pick("true", "false"))
	case "multipleOf":
		return `"multipleOf":` + w.pick("1", "2", "0.5", "0.1", "3e-1", "7")
	case "lengths":
		return fmt.Sprintf(`"minLength":%s,"maxLength":%s`, small(), small())
	case "pattern":
		return `"pattern":` + w.pick(`"^a"`, `"b$"`, `"."`, `"^[a-c]+$"`)
	case "counts":
		return fmt.Sprintf(`"minItems":%s,"maxItems":%s`, small(), small())
	case "sizes":
		return fmt.Sprintf(`"minProperties":%s,"maxProperties":%s`, small(), small())
	case "uniqueItems":
		return `"uniqueItems":true`
	case "required":
		return `"required":` + w.pick(`["a"]`, `["a","b"]`, `["c"]`, `["é"]`)
	}
	if depth == 0 {
		return ""
	}
	return w.deepKeyword(keyword, depth-1)
}

func (w writer) deepKeyword(keyword string, depth int) string {
	in := func() string { return w.schema(depth, true) }
	here := func() string { return w.schema(depth, false) }
	switch keyword {
	case "items":
		return `"items":` + in()
	case "tuple":
		return fmt.Sprintf(`"items":[%s,%s],"additionalItems":%s`, in(), in(), w.pick("false", "true", in()))
	case "properties":
		return fmt.Sprintf(`"properties":{"a":%s,"ab":%s}`, in(), in())
	case "additionalProperties":
		return `"additionalProperties":` + w.pick("false", "false", "true", in())
	case "patternProperties":
		return fmt.Sprintf(`"patternProperties":{"^a":%s,"b":%s}`, in(), in())
	case "dependencies":
		return fmt.Sprintf(`"dependencies":{"a":["b"],"b":%s}`, here())
	case "not":
		return `"not":` + here()
	default: // allOf, anyOf, oneOf
		return fmt.Sprintf(`%q:[%s,%s]`, keyword, here(), here())
	}
}

func (w writer) root() string {
	s := w.schema(3, false)
	definitions := fmt.Sprintf(`"definitions":{"d":%s,"e":{"id":"#e","items":%s}}`, w.schema(1, false), w.schema(1, true))
	if s == "{}" {
		return "{" + definitions + "}"
	}
	return s[:len(s)-1] + "," + definitions + "}"
}

// agrees: a document is valid here if and only if the library says so; and
// whatever is not valid has a reason.
func agrees(t *rapid.T) {
	w := writer{t}
	schema, body := w.root(), w.document(4)
	const uri = "https://example.test/schema"
	s, err := Compile(uri, schema, nil)
	if err != nil {
		t.Fatalf("Compile(%s): %v", schema, err)
	}
	got := s.Validate([]byte(body))
	if got != nil && got.Error() == "["+unreadable+"]" {
		t.Fatalf("%s by %s: no reason", body, schema)
	}
	if want := oracleValidate(t, uri, schema, body); (got == nil) != (want == nil) {
		t.Fatalf("%s\nby %s:\nhere %v\nthe library: %v", body, schema, got, want)
	}
}

func oracleValidate(t *rapid.T, uri, schema, body string) error {
	doc, err := oracle.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		t.Fatal(err)
	}
	c := oracle.NewCompiler()
	c.DefaultDraft(oracle.Draft4)
	if err := c.AddResource(uri, doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile(uri)
	if err != nil {
		t.Fatalf("the library refuses %s: %v", schema, err)
	}
	value, err := oracle.UnmarshalJSON(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return compiled.Validate(value)
}

func TestAgreesWithLibrary(t *testing.T) { rapid.Check(t, agrees) }

// FuzzAgreesWithLibrary is TestAgreesWithLibrary for longer.
func FuzzAgreesWithLibrary(f *testing.F) { f.Fuzz(rapid.MakeFuzz(agrees)) }

// FuzzValidate: no schema and no document do harm; what is valid is JSON for
// others as well, and what others call JSON is refused only for a limit.
func FuzzValidate(f *testing.F) {
	f.Add(`{"properties":{"a":{"$ref":"#"}},"required":["a"],"enum":[1,{"a":[]}]}`, []byte(`{"a":{"a":1}}`))
	f.Add(`{"pattern":"^(?!a)\\s*[\\S-]+$","id":"x","definitions":{"b":{"id":"#c"}},"not":{"$ref":"x#c"}}`, []byte(`"\ud83d\ude00 \u0041"`))
	f.Add(`{"uniqueItems":true,"items":[{"multipleOf":0.3}],"additionalItems":false}`, []byte(`[1e5, 0.1E-7, {"a":1,"a":2}]`))
	anything, err := Compile(here, `{}`, nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, schema string, body []byte) {
		plain := anything.Validate(body)
		if plain == nil && !json.Valid(body) {
			t.Fatalf("%q is no JSON", body)
		}
		if plain != nil && json.Valid(body) && len(body) < MaxDepth && !bytes.ContainsAny(body, "eE") {
			t.Fatalf("%q is JSON", body)
		}
		s, err := Compile(here, schema, nil)
		if err != nil {
			return
		}
		if s.Validate(body) == nil && plain != nil {
			t.Fatalf("%q is valid by %s, and no JSON", body, schema)
		}
	})
}

// FuzzPattern: a pattern that Go's regexp runs for us finds what ECMA 262
// finds.
func FuzzPattern(f *testing.F) {
	f.Add(`^[\w.+-]+@[a-z\d-]+(\.[a-z]{2,})+$`, "a.b@c-d.com")
	f.Add(`\s[\S\s][^]\u00e9\x41\cA`, "\u00a0\nxéA\x01")
	f.Add(`[[a]\[.{2}|$`, "[]")
	f.Fuzz(func(t *testing.T, source, text string) {
		if !utf8.ValidString(source) || !utf8.ValidString(text) || len(text) > 100 {
			return
		}
		p, err := compilePattern(source)
		if err != nil || p.linear == nil {
			return
		}
		slow, err := regexp2.Compile(source, regexp2.ECMAScript|regexp2.Unicode)
		if err != nil {
			return // Go is more patient
		}
		slow.MatchTimeout = maxMatchTime
		want, err := slow.MatchString(text)
		if err == nil && p.match([]byte(text)) != want {
			t.Fatalf("%q finds %q: %v, want %v", source, text, !want, want)
		}
	})
}
