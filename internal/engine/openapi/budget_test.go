package openapi_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stagedoor/stagedoor/internal/engine/openapi"
)

// TestBombs: a document that is small only because it repeats itself is
// refused, and soon.
func TestBombs(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	paths := func(op string) string {
		var b strings.Builder
		for i := range 5000 {
			fmt.Fprintf(&b, "  /p%d: {get: %s}\n", i, op)
		}
		return b.String()
	}
	many := func(member string) string {
		return member + ": [" + strings.TrimSuffix(strings.Repeat("a/b,", 100_000), ",") + "]\n"
	}
	const head = "openapi: 3.0.0\ninfo: {title: t}\n"
	for _, tt := range []struct{ name, doc string }{
		{"alias", head + "x: &x " + long + "\npaths:\n" + paths("{description: *x}")},
		{"integration", head + "components: {i: {type: mock, uri: " + long + "}}\npaths:\n" + paths(`{x-amazon-apigateway-integration: {$ref: "#/components/i"}}`)},
		{"response", head + "components: {r: {description: " + long + "}}\npaths:\n" + paths(`{responses: {"200": {$ref: "#/components/r"}}}`)},
		{"schema", head + "components: {r: {content: {a/b: {schema: {description: " + long + "}}}}}\npaths:\n" + paths(`{responses: {"200": {$ref: "#/components/r"}}}`)},
		{"media types", "swagger: '2.0'\ninfo: {title: t}\n" + many("produces") + "paths:\n" + paths(`{responses: {"200": {schema: {type: object}}}}`)},
		{"security", head + many("security") + "paths:\n" + paths("{}")},
	} {
		t.Run(tt.name, func(t *testing.T) {
			start := time.Now()
			if _, err := openapi.Import([]byte(tt.doc), openapi.Options{}); !errors.Is(err, openapi.ErrInvalid) {
				t.Errorf("Import of %d bytes = %v, want ErrInvalid", len(tt.doc), err)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("Import of %d bytes took %v", len(tt.doc), took)
			}
		})
	}
}
