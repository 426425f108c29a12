package jsonschema

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

const here = "https://apigateway.amazonaws.com/restapis/abc123/models/Here"

func compiled(t testing.TB, schema string) *Schema {
	t.Helper()
	s, err := Compile(here, schema, nil)
	if err != nil {
		t.Fatalf("Compile(%s): %v", schema, err)
	}
	return s
}

func TestMessages(t *testing.T) {
	for _, tt := range []struct{ name, schema, body, want string }{
		{"required", `{"required":["email"]}`, `{}`, `[object has missing required properties (["email"])]`},
		{"several required, in order", `{"required":["b","c","a"]}`, `{"c":1}`, `[object has missing required properties (["a","b"])]`},
		{"type", `{"properties":{"n":{"type":"number"}}}`, `{"n":"x"}`, `[instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])]`},
		{"one type", `{"type":"object"}`, `[]`, `[instance type (array) does not match any allowed primitive type (allowed: ["object"])]`},
		{"not JSON", `{"type":"object"}`, `{"a":`, `[Unknown error parsing request body]`},
		{"empty", `{"type":"object"}`, ``, `[Unknown error parsing request body]`},
		{"two values", `{"type":"object"}`, `{} {}`, `[Unknown error parsing request body]`},
		{"enum", `{"enum":["a",1,{"b":[]}]}`, `"c"`, `[instance value ("c") not found in enum (possible values: ["a",1,{"b":[]}])]`},
		{"minimum", `{"minimum":2010}`, `1999`, `[numeric instance is lower than the required minimum (minimum: 2010, found: 1999)]`},
		{"maximum", `{"maximum":1.5}`, `2.0`, `[numeric instance is greater than the required maximum (maximum: 1.5, found: 2.0)]`},
		{"exclusive minimum", `{"minimum":0,"exclusiveMinimum":true}`, `0`, `[numeric instance is not strictly greater than the required minimum 0]`},
		{"exclusive maximum", `{"maximum":0,"exclusiveMaximum":true}`, `0.0`, `[numeric instance is not strictly lower than the required maximum 0]`},
		{"multipleOf", `{"multipleOf":2}`, `5`, `[remainder of division is not zero (5 / 2)]`},
		{"minLength", `{"minLength":3}`, `"\u00e9\ud83d\ude00"`, `[string "é😀" is too short (length: 2, required minimum: 3)]`},
		{"maxLength", `{"maxLength":1}`, `"ab"`, `[string "ab" is too long (length: 2, maximum allowed: 1)]`},
		{"pattern", `{"pattern":"^[0-9]+$"}`, `"x"`, `[ECMA 262 regex "^[0-9]+$" does not match input string "x"]`},
		{"minItems", `{"minItems":1}`, `[]`, `[array is too short: must have at least 1 elements but instance has 0 elements]`},
		{"maxItems", `{"maxItems":1}`, `[1,2]`, `[array is too long: must have at most 1 elements but instance has 2 elements]`},
		{"uniqueItems", `{"uniqueItems":true}`, `[1,1.0]`, `[array must not contain duplicate elements]`},
		{"no more items", `{"items":[{}],"additionalItems":false}`, `[1,2]`, `[array has elements which are not allowed by the schema (at most 1 allowed, found 2)]`},
		{"unknown members", `{"properties":{"a":{}},"additionalProperties":false}`, `{"c":1,"a":1,"b":1}`, `[object instance has properties which are not allowed by the schema: ["b","c"]]`},
		{"minProperties", `{"minProperties":2}`, `{"a":1}`, `[object has too few properties (found 1 but schema requires at least 2)]`},
		{"maxProperties", `{"maxProperties":1}`, `{"a":1,"b":1}`, `[object has too many properties (found 2 but schema requires at most 1)]`},
		{"dependency", `{"dependencies":{"a":["b","c"]}}`, `{"a":1,"c":1}`, `[property "a" of object has missing property dependencies (schema requires ["b","c"]; missing: ["b"])]`},
		{"dependent schema", `{"dependencies":{"a":{"required":["b"]}}}`, `{"a":1}`, `[object has missing required properties (["b"])]`},
		{"allOf", `{"allOf":[{"type":"string"},{"minLength":2}]}`, `"x"`, `[instance failed to match all required schemas (matched only 1 out of 2)]`},
		{"anyOf", `{"anyOf":[{"type":"string"},{"type":"null"}]}`, `1`, `[instance failed to match at least one required schema among 2]`},
		{"oneOf", `{"oneOf":[{"type":"integer"},{"minimum":1}]}`, `1`, `[instance failed to match exactly one schema (matched 2 out of 2)]`},
		{"not", `{"not":{"type":"integer"}}`, `1`, `[instance matched a schema which it should not have]`},
		{"several of one value, by keyword", `{"type":"string","enum":["a"],"maximum":1}`, `2`, `[instance value (2) not found in enum (possible values: ["a"]), numeric instance is greater than the required maximum (maximum: 1, found: 2), instance type (integer) does not match any allowed primitive type (allowed: ["string"])]`},
		{"several members, by name", `{"properties":{"b":{"type":"string"},"a":{"type":"null"}}}`, `{"b":1,"a":true}`, `[instance type (boolean) does not match any allowed primitive type (allowed: ["null"]), instance type (integer) does not match any allowed primitive type (allowed: ["string"])]`},
		{"what is wrong outside hides the inside", `{"required":["z"],"properties":{"a":{"type":"null"}}}`, `{"a":1}`, `[object has missing required properties (["z"])]`},
		{"long values are cut", `{"maxLength":1}`, `"` + strings.Repeat("é", 600) + `"`, `[string "` + strings.Repeat("é", 256) + `..." is too long (length: 600, maximum allowed: 1)]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := compiled(t, tt.schema).Validate([]byte(tt.body))
			if err == nil || err.Error() != tt.want {
				t.Errorf("Validate(%.100s) = %v\nwant %s", tt.body, err, tt.want)
			}
			var m *Mismatch
			if !errors.As(err, &m) || len(m.Reasons) == 0 {
				t.Errorf("%T, want a *Mismatch with reasons", err)
			}
		})
	}
}

// What draft 4 leaves open, or API Gateway's users rely on.
func TestValidate(t *testing.T) {
	for _, tt := range []struct {
		name, schema, body string
		want               bool
	}{
		{"1.0 is no integer", `{"type":"integer"}`, `1.0`, false},
		{"1e2 is no integer", `{"type":"integer"}`, `1e2`, false},
		{"an integer is a number", `{"type":"number"}`, `1`, true},
		{"format checks nothing", `{"format":"email"}`, `"x"`, true},
		{"unknown keywords", `{"nullable":true,"discriminator":"a","example":1,"readOnly":true,"xml":{},"if":false}`, `null`, true},
		{"exclusiveMinimum of later drafts", `{"exclusiveMinimum":5}`, `1`, true},
		{"exclusiveMaximum of later drafts", `{"maximum":5,"exclusiveMaximum":3}`, `5`, true},
		{"required of OpenAPI's parameters", `{"properties":{"a":{"type":"string","required":true}}}`, `{}`, true},
		{"nothing required", `{"required":[]}`, `{}`, true},
		{"any $schema", `{"$schema":"http://json-schema.org/draft-07/schema#","const":1}`, `2`, true},
		{"beside a $ref", `{"definitions":{"a":{}},"properties":{"x":{"$ref":"#/definitions/a","type":"null"}}}`, `{"x":1}`, true},
		{"a count as a decimal", `{"maxLength":2.0}`, `"abc"`, false},
		{"a count beyond all", `{"maxLength":1e300,"minLength":0.0}`, `"abc"`, true},
		{"exact numbers", `{"maximum":9007199254740992}`, `9007199254740993`, false},
		{"exact decimals", `{"multipleOf":0.01}`, `19.99`, true},
		{"huge exponents", `{"multipleOf":0.5,"minimum":1e999999998}`, `1e999999999`, true},
		{"exponents beyond Java's", `{}`, `1e9999999999`, false},
		{"an exponent with zeros", `{"maximum":10}`, `1e0000000000001`, true},
		{"every member of one name", `{"properties":{"a":{"type":"string"}}}`, `{"a":1,"a":"x"}`, false},
		{"every member of one name, first right", `{"properties":{"a":{"type":"string"}}}`, `{"a":"x","a":1}`, false},
		{"one name counts once", `{"minProperties":2}`, `{"a":1,"a":2}`, false},
		{"one name counts once, at most", `{"maxProperties":1}`, `{"a":1,"\u0061":2}`, true},
		{"equal with repeated names", `{"uniqueItems":true}`, `[{"a":1,"a":2},{"a":2}]`, false},
		{"equal whatever the order", `{"enum":[{"a":1,"b":[2]}]}`, `{"b":[2.0],"a":1}`, true},
		{"escaped names", `{"required":["a"],"properties":{"a":{"type":"null"}},"additionalProperties":false}`, `{"\u0061":null}`, true},
		{"escaped values", `{"enum":["é"]}`, `"\u00e9"`, true},
		{"half a pair", `{"maxLength":1}`, `"\ud800"`, true},
		{"no UTF-8", `{"minLength":2}`, "\"a\xff\"", true},
		{"byte order mark", `{}`, "\ufeff{}", false},
		{"deep enough", `{}`, strings.Repeat("[", 64) + strings.Repeat("]", 64), true},
		{"too deep", `{}`, strings.Repeat("[", 65) + strings.Repeat("]", 65), false},
		{"too large", `{}`, `"` + strings.Repeat("a", MaxBody) + `"`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := compiled(t, tt.schema).Validate([]byte(tt.body)); (err == nil) != tt.want {
				t.Errorf("Validate(%.100s) = %v, want valid %v", tt.body, err, tt.want)
			}
		})
	}
}

func names(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`"m%d"`, i))
	}
	return strings.Join(all, ",")
}

// More members may be required than there are bits in a word.
func TestManyRequired(t *testing.T) {
	s := compiled(t, `{"required":[`+names(100)+`]}`)
	all := `{` + strings.ReplaceAll(names(100), ",", ":1,") + `:1}`
	if err := s.Validate([]byte(all)); err != nil {
		t.Error(err)
	}
	if err := s.Validate([]byte(strings.Replace(all, `"m77":1,`, "", 1))); err == nil || err.Error() != `[object has missing required properties (["m77"])]` {
		t.Errorf("without m77: %v", err)
	}
}

func TestCompileRefuses(t *testing.T) {
	for _, tt := range []struct{ name, schema, want string }{
		{"no JSON", `{"type":`, "not valid JSON"},
		{"no object", `true`, "must be an object"},
		{"no schema inside", `{"properties":{"a":true}}`, "properties: a: a schema must be an object"},
		{"lost reference", `{"$ref":"#/definitions/a"}`, `$ref "#/definitions/a" leads nowhere`},
		{"lost model", `{"items":{"$ref":"https://apigateway.amazonaws.com/restapis/abc123/models/Gone"}}`, "no such schema"},
		{"lost id", `{"$ref":"#a"}`, "nothing has this id"},
		{"bad reference", `{"$ref":"http://[::1"}`, "missing ']'"},
		{"circle", `{"$ref":"#"}`, "leads back to itself"},
		{"wide circle", `{"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"not":{"$ref":"#/definitions/a"}}`, "leads back to itself"},
		{"type", `{"type":"strng"}`, `type: there is no type "strng"`},
		{"no type", `{"type":[]}`, "must name a type"},
		{"pattern", `{"pattern":"("}`, "pattern"},
		{"long pattern", `{"pattern":"` + strings.Repeat("a", 5000) + `"}`, "the limit is 4096"},
		{"count", `{"maxLength":-1}`, "maxLength: must be a whole number"},
		{"fraction", `{"minItems":1.5}`, "minItems: must be a whole number"},
		{"multipleOf", `{"multipleOf":0}`, "greater than zero"},
		{"bound", `{"minimum":"1"}`, "minimum: must be of type number, not string"},
		{"flag", `{"uniqueItems":1}`, "must be of type boolean"},
		{"list", `{"anyOf":{}}`, "must be of type array"},
		{"empty list", `{"oneOf":[]}`, "must hold a schema"},
		{"names", `{"required":[1]}`, "must hold strings"},
		{"too deep", strings.Repeat(`{"not":`, 257) + `{}` + strings.Repeat(`}`, 257), "nested too deep"},
		{"too large", `{"title":"` + strings.Repeat("a", MaxSchema) + `"}`, "more than 1048576 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := Compile(here, tt.schema, nil); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Compile(%.100s) = %v, want %q", tt.schema, err, tt.want)
			}
		})
	}
	if _, err := Compile("http://a b/%", `{}`, nil); err == nil {
		t.Error("a bad URI was taken")
	}
}

// Models of an API refer to each other by URL, in circles too.
// parity: spec/rest-data-plane.md 5.2.
func TestModels(t *testing.T) {
	const base = "https://apigateway.amazonaws.com/restapis/abc123/models/"
	models := map[string]string{
		base + "Person":  `{"type":"object","required":["name"],"properties":{"name":{"type":"string"},"children":{"type":"array","items":{"$ref":"` + base + `Person"}},"house":{"$ref":"House"}}}`,
		base + "House":   `{"properties":{"owner":{"oneOf":[{"type":"null"},{"$ref":"` + base + `Person"}]},"street":{"$ref":"` + base + `Address#/definitions/street"}}}`,
		base + "Address": `{"definitions":{"street":{"type":"string"}}}`,
	}
	asked := map[string]int{}
	s, err := Compile(base+"Person", models[base+"Person"], func(uri string) (string, bool) {
		asked[uri]++
		text, ok := models[uri]
		return text, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	if asked[base+"House"] != 1 || asked[base+"Address"] != 1 || len(asked) != 2 {
		t.Errorf("asked for %v, want House and Address once", asked)
	}
	for body, want := range map[string]bool{
		`{"name":"a","children":[{"name":"b","house":{"owner":null,"street":"x"}}]}`: true,
		`{"name":"a","house":{"owner":{"name":"c"}}}`:                                true,
		`{"name":"a","house":{"owner":{}}}`:                                          false,
		`{"name":"a","children":[{"name":"b","house":{"street":1}}]}`:                false,
	} {
		if err := s.Validate([]byte(body)); (err == nil) != want {
			t.Errorf("%s: %v, want valid %v", body, err, want)
		}
	}
}

func TestTooManyDocuments(t *testing.T) {
	_, err := Compile("http://x/0", `{"$ref":"1"}`, func(uri string) (string, bool) {
		return `{"properties":{"a":{"$ref":"` + uri + `1"}}}`, true
	})
	if err == nil || !strings.Contains(err.Error(), "more than 1000 documents") {
		t.Errorf("an endless chain of documents: %v", err)
	}
}

// No document makes validation endless, whatever the schema.
func TestCostIsBounded(t *testing.T) {
	deep := func(open, leaf, end string) string {
		return strings.Repeat(open, 60) + leaf + strings.Repeat(end, 60)
	}
	for _, tt := range []struct {
		name, schema, body string
		want               bool
	}{
		{
			"two ways at each level", `{"definitions":{"n":{"anyOf":[{"properties":{"c":{"$ref":"#/definitions/n"},"x":{"type":"null"}}},{"properties":{"c":{"$ref":"#/definitions/n"}}}]}},"$ref":"#/definitions/n"}`,
			deep(`{"x":1,"c":`, `1`, `}`), true,
		},
		{
			"one of two at each level", `{"definitions":{"n":{"oneOf":[{"required":["c"],"properties":{"c":{"$ref":"#/definitions/n"}}},{"required":["c"],"properties":{"c":{"$ref":"#/definitions/n"}}},{"type":"integer"}]}},"$ref":"#/definitions/n"}`,
			deep(`{"c":`, `1`, `}`), false,
		},
		{"endless in place", `{"anyOf":[{"allOf":[{"$ref":"#"}]}]}`, `1`, false},
		{"endless in place, inverted", `{"not":{"allOf":[{"$ref":"#"}]}}`, `1`, false},
		{"endless dependency", `{"dependencies":{"a":{"$ref":"#"}}}`, `{"a":1}`, false},
		{"endless dependency, not asked for", `{"dependencies":{"a":{"$ref":"#"}}}`, `{"b":1}`, true},
		{"two to the power of forty", doubling(40), `1`, false},
		{"many elements, unique", `{"uniqueItems":true}`, `[` + counting(200_000) + `]`, true},
		{"many elements, alike", `{"uniqueItems":true}`, `[` + strings.Repeat(`{"a":[1]},`, 50_000) + `{"a":[1.0]}]`, false},
		{"many members", `{"minProperties":100001,"required":[` + names(90) + `]}`, `{` + strings.Repeat(`"a":1,`, 200_000) + `"b":1}`, false},
		{"backtracking", `{"items":{"pattern":"^(?=a)(a+)+$"}}`, `[` + strings.Repeat(`"`+strings.Repeat("a", 40)+`!",`, 1000) + `""]`, false},
		{"backtracking, inverted", `{"items":{"not":{"pattern":"^(?=a)(a+)+$"}}}`, `[` + strings.Repeat(`"`+strings.Repeat("a", 40)+`!",`, 1000) + `""]`, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := compiled(t, tt.schema)
			start := time.Now()
			if err := s.Validate([]byte(tt.body)); (err == nil) != tt.want {
				t.Errorf("Validate(%.60s) = %.200v, want valid %v", tt.body, err, tt.want)
			}
			if took := time.Since(start); took > 5*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// doubling is a schema that asks twice for one that asks twice, and so on.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString(`{"definitions":{`)
	for i := range n {
		fmt.Fprintf(&b, `"d%d":{"allOf":[{"$ref":"#/definitions/d%d"},{"$ref":"#/definitions/d%d"}]},`, i, i+1, i+1)
	}
	fmt.Fprintf(&b, `"d%d":{}},"$ref":"#/definitions/d0"}`, n)
	return b.String()
}

func counting(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `%d`, i)
	}
	return b.String()
}

func TestSlow(t *testing.T) {
	if compiled(t, `{"pattern":"^a+$"}`).Slow() || !compiled(t, `{"pattern":"^(?!a).{0,5000}$"}`).Slow() {
		t.Error("Slow is wrong about what must backtrack")
	}
}
