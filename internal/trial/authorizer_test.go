package trial_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/compile"
	"github.com/stagedoor/stagedoor/internal/lambda"
	"github.com/stagedoor/stagedoor/internal/snapshot"
	"github.com/stagedoor/stagedoor/internal/step"
	"github.com/stagedoor/stagedoor/internal/transport"
	"github.com/stagedoor/stagedoor/internal/trial"
)

// TestAuthorize: what a client would get, and why.
// parity: spec/control-plane.md 4
func TestAuthorize(t *testing.T) {
	f := &functions{}
	b := trial.New(compile.Env{
		Account: "000000000000", Region: "us-east-1", Functions: f, Authorizers: step.NewAuthorizers(nil),
	}, transport.Config{})
	says := func(payload string) func([]byte) (*lambda.Result, error) {
		return func([]byte) (*lambda.Result, error) { return &lambda.Result{Payload: []byte(payload)}, nil }
	}
	policy := func(effect string) string {
		return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"execute-api:Invoke","Resource":"*"}]}`
	}
	answer := func(effect string) string {
		return `{"principalId":"joe","policyDocument":` + policy(effect) + `,"context":{"k":"v"}}`
	}
	known := map[string][]string{"k": {"v"}}
	for _, tt := range []struct {
		name  string
		token string
		call  func([]byte) (*lambda.Result, error)
		want  trial.Verdict
		log   string
	}{
		{"allowed", "x-1", says(answer("Allow")), trial.Verdict{Status: 200, Principal: "joe", Policy: policy("Allow"), Context: known}, "Successfully completed authorizer execution"},
		{"denied", "x-1", says(answer("Deny")), trial.Verdict{Status: 403, Principal: "joe", Policy: policy("Deny"), Context: known}, "The client is not authorized"},
		{"no token", "", nil, trial.Verdict{Status: 401}, "Unauthorized request: "},
		{"another token", "y", nil, trial.Verdict{Status: 401}, "Unauthorized request: "},
		{"nonsense", "x-1", says(`1`), trial.Verdict{Status: 500}, "Execution failed due to configuration error: "},
		{"trouble", "x-1", func([]byte) (*lambda.Result, error) { return nil, errors.New("trouble") }, trial.Verdict{Status: 500}, "configuration error: Trouble"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f.call = tt.call
			r := &trial.Request{Method: "GET", API: snapshot.REST{
				API: api.RestAPI{ID: "abc123", EndpointType: "PRIVATE"},
				Authorizers: []api.Authorizer{{
					ID: "a1", Name: "a", Type: "TOKEN", URI: new(uri), IdentitySource: new("method.request.header.Auth"), IdentityValidationExpression: new("x-.*"),
				}},
			}}
			if tt.token != "" {
				r.Fields = []trial.Field{{Name: "Auth", Value: tt.token}}
			}
			got, err := b.Authorize(t.Context(), "a1", r)
			if err != nil {
				t.Fatal(err)
			}
			if log := tidy(got.Log); !strings.Contains(log, "~ : Starting authorizer: a1 for request: <id>\n") || !strings.Contains(log, tt.log) {
				t.Errorf("log:\n%s\nwant %q", log, tt.log)
			}
			got.Log, got.Latency = "", 0
			if diff := cmp.Diff(&tt.want, got); diff != "" {
				t.Errorf("Authorize (-want +got):\n%s", diff)
			}
		})
	}
}
