package jsonschema

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	oracle "github.com/santhosh-tekuri/jsonschema/v6"
)

// order is a model as people write them, and a document of 2 KB for it.
func order() (schema string, body []byte) {
	schema = `{
	"$schema": "http://json-schema.org/draft-04/schema#", "title": "Order", "type": "object",
	"required": ["id", "customer", "items"], "additionalProperties": false,
	"definitions": {
		"money": {"type": "object", "required": ["amount", "currency"], "properties": {
			"amount": {"type": "number", "minimum": 0, "multipleOf": 0.01}, "currency": {"enum": ["EUR", "USD", "GBP"]}}}
	},
	"properties": {
		"id": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{6}$"},
		"note": {"type": ["string", "null"], "maxLength": 500},
		"customer": {"type": "object", "required": ["name", "email"], "properties": {
			"name": {"type": "string", "minLength": 1, "maxLength": 100}, "email": {"type": "string", "format": "email"},
			"age": {"type": "integer", "minimum": 18}}},
		"items": {"type": "array", "minItems": 1, "maxItems": 50, "items": {"type": "object",
			"required": ["sku", "quantity", "price"], "properties": {
				"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1, "maximum": 1000},
				"price": {"$ref": "#/definitions/money"}, "tags": {"type": "array", "uniqueItems": false, "items": {"type": "string"}}}}}
	}
}`
	var items []string
	for i := range 18 {
		items = append(items, fmt.Sprintf(`{"sku": "part-%04d", "quantity": %d, "price": {"amount": %d.99, "currency": "EUR"}, "tags": ["new", "a\u00e9"]}`, i, i+1, i*7))
	}
	return schema, []byte(`{"id": "AB-123456", "note": null, "customer": {"name": "Ada Lovelace", "email": "ada@example.com", "age": 36}, "items": [` +
		strings.Join(items, ", ") + `]}`)
}

const validateAllocs = 0 // the memory of a validation is used again

// TestValidateAllocs holds BenchmarkValidate to its promise in every test run.
func TestValidateAllocs(t *testing.T) {
	if raced {
		t.Skip("the race detector makes pools forget")
	}
	schema, body := order()
	s := compiled(t, schema)
	if err := s.Validate(body); err != nil {
		t.Fatal(err)
	}
	if len(body) < 1900 || len(body) > 2200 {
		t.Fatalf("the body has %d bytes, want about 2 KB", len(body))
	}
	if got := testing.AllocsPerRun(1000, func() { _ = s.Validate(body) }); got > validateAllocs {
		t.Errorf("Validate allocates %v times, want at most %d", got, validateAllocs)
	}
}

func BenchmarkValidate(b *testing.B) {
	schema, body := order()
	s := compiled(b, schema)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if s.Validate(body) != nil {
			b.Fatal("not valid")
		}
	}
}

func BenchmarkRefuse(b *testing.B) {
	schema, body := order()
	body = bytes.Replace(body, []byte(`"currency": "EUR"}, "tags": ["new", "a\u00e9"]}]`), []byte(`"currency": "XXX"}}]`), 1)
	s := compiled(b, schema)
	b.ReportAllocs()
	for b.Loop() {
		if s.Validate(body) == nil {
			b.Fatal("valid")
		}
	}
}

func BenchmarkRead(b *testing.B) {
	_, body := order()
	var d document
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if !d.read(body, MaxDepth) {
			b.Fatal("not JSON")
		}
	}
}

// BenchmarkLibrary is the same with the library that the tests compare with.
func BenchmarkLibrary(b *testing.B) {
	schema, body := order()
	doc, err := oracle.UnmarshalJSON(strings.NewReader(schema))
	if err != nil {
		b.Fatal(err)
	}
	c := oracle.NewCompiler()
	c.DefaultDraft(oracle.Draft4)
	if err := c.AddResource(here, doc); err != nil {
		b.Fatal(err)
	}
	s, err := c.Compile(here)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		value, err := oracle.UnmarshalJSON(bytes.NewReader(body))
		if err != nil || s.Validate(value) != nil {
			b.Fatal("not valid")
		}
	}
}
