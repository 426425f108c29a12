package step

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/iam"
)

// FuzzReadVerdict: an answer that is taken is a JSON object with a principal
// and a policy, no longer than it may be, without lists and objects in its
// context, and its policy allows nothing unless it says Allow.
func FuzzReadVerdict(f *testing.F) {
	f.Add([]byte(`{"principalId":"u","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]},"context":{"a":1,"b":"c","d":null}}`))
	f.Add([]byte(`{"principalId":"u","policyDocument":{"Statement":{"Effect":"Deny","Action":"execute-api:*","Resource":"*"}},"usageIdentifierKey":null}`))
	f.Add([]byte(`{"principalId":"u","policyDocument":{},"policyDocument":{}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		v, err := readVerdict(answer)
		if err != nil {
			return
		}
		if len(answer) > maxAuthorizerAnswer || !json.Valid(answer) || v.policy == nil {
			t.Fatalf("taken: %q", answer)
		}
		var doc map[string]any
		if err := json.Unmarshal(answer, &doc); err != nil {
			t.Fatalf("taken, and no object: %q", answer)
		}
		if _, ok := doc["principalId"].(string); !ok {
			t.Fatalf("a principal of nothing: %q", answer)
		}
		if context, ok := doc["context"].(map[string]any); ok {
			for name, value := range context {
				switch value.(type) {
				case map[string]any, []any:
					t.Fatalf("context %q: %q", name, answer)
				}
			}
		}
		r := iam.Request{Action: "execute-api:Invoke", Resource: "arn:aws:execute-api:us-east-1:000000000000:a/b/GET/"}
		if v.policy.Evaluate(&r).Effect == iam.Allow && !bytes.Contains(answer, []byte("Allow")) && !bytes.Contains(answer, []byte(`\u`)) {
			t.Fatalf("allowed by %q", answer)
		}
	})
}
