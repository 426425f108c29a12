package cfn_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestCosts holds that templates whose functions multiply are refused in time.
func TestCosts(t *testing.T) {
	long := strings.Repeat("x", 4000)
	items := strings.Repeat("a, ", 1300)
	numbers := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "n%d, ", i)
		}
		return b.String()
	}
	for name, text := range map[string]string{
		"sub":    "Parameters: {P: {Type: String, Default: " + long + "}}\nResources: {R: {Type: 'T::T::T', Properties: {V: !Sub '" + strings.Repeat("${P}", 200000) + "'}}}",
		"ref":    "Parameters: {P: {Type: CommaDelimitedList, Default: '" + items + "'}}\nResources: {R: {Type: 'T::T::T', Properties: {V: [" + strings.Repeat("!Ref P, ", 60000) + "]}}}",
		"join":   "Resources: {R: {Type: 'T::T::T', Properties: {V: !Join ['" + long + "', [" + strings.Repeat("a, ", 100000) + "]]}}}",
		"map":    "Mappings: {M: {a: {b: [" + strings.Repeat("a, ", 100000) + "]}}}\nResources: {R: {Type: 'T::T::T', Properties: {V: [" + strings.Repeat("!FindInMap [M, a, b], ", 20000) + "]}}}",
		"loops":  "Transform: AWS::LanguageExtensions\nResources: {R: {Type: 'T::T::T', Properties: {'Fn::ForEach::A': [A, [" + numbers(2000) + "], {'Fn::ForEach::B': [B, [" + numbers(2000) + "], {'Fn::ForEach::C': [C, [" + numbers(2000) + "], {'x${A}${B}${C}': 1}]}]}]}}}",
		"filled": "Transform: AWS::LanguageExtensions\nResources: {R: {Type: 'T::T::T', Properties: {'Fn::ForEach::A': [A, [" + long + "], {'${A}': '" + strings.Repeat("${A}", 200000) + "'}]}}}",
	} {
		if len(text) > 1<<20 {
			t.Fatalf("%s has %d bytes", name, len(text))
		}
		begin := time.Now()
		_, problems := plan(t, text, nil, inputs(nil))
		if len(problems) == 0 || !strings.Contains(problems[0], "too large once evaluated") {
			t.Errorf("%s: got %.300q", name, problems)
		}
		if d := time.Since(begin); d > 10*time.Second {
			t.Errorf("%s took %v", name, d)
		}
	}
	deep := "Conditions: {C0: !Equals [a, a]"
	for i := range 5000 {
		deep += fmt.Sprintf(", C%d: !Not [!Condition C%d]", i+1, i)
	}
	begin := time.Now()
	if _, problems := plan(t, deep+"}\nResources: {R: {Type: 'T::T::T', Condition: C5000}}", nil, inputs(nil)); len(problems) > 0 {
		t.Errorf("a chain of conditions: %v", problems)
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("a chain of conditions took %v", d)
	}
}
