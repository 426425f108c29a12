package stagedoor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor"
)

// TestPublicTemplates deploys the REST templates that people deploy, with our
// functions laid over them, and calls what has one.
func TestPublicTemplates(t *testing.T) {
	root := shared(t, "conformance/templates")
	need(t, "python3", "node")
	for _, tt := range []struct {
		name       string
		parameters []string
		path       string // to call on its first stage
		status     int
		body       string // part of the answer
	}{
		{name: "01-lambda-proxy", path: "GET hello", status: 200, body: "hello world"},
		{name: "02-sqs"},
		{name: "03-dynamodb", parameters: []string{"SenderEmailAddress=a@example.com"}},
		{name: "04-step-functions"},
		{name: "08-request-validation"},
		{name: "09-api-key-usage-plan"},
		{name: "10-cognito", parameters: []string{"CognitoUserPoolArn=arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"}},
		{name: "11-custom-authorizer"},
		{name: "12-cors"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), tt.name)
			lay(t, dir, filepath.Join(root, tt.name))
			lay(t, dir, filepath.Join("test/templates", tt.name))
			r := start(t, func(c *stagedoor.Config) { c.Definitions, c.Parameters = []string{dir}, tt.parameters })
			a := r.next(t)
			if len(a.Problems) > 0 || len(a.Stages) == 0 {
				t.Fatalf("deployed: %+v", a)
			}
			if tt.path == "" {
				return
			}
			method, path, _ := strings.Cut(tt.path, " ")
			at := strings.TrimPrefix(a.Stages[0].URL, r.endpoint+"/_aws/execute-api/")
			api, stage, _ := strings.Cut(at, "/")
			got := r.call(t, api, method+" /"+stage+path)
			if got.status != tt.status || !strings.Contains(got.body, tt.body) {
				t.Errorf("%s = %d %q, want %d %q", tt.path, got.status, got.body, tt.status, tt.body)
			}
		})
	}
}

// lay copies a folder over another; one that does not exist has nothing to copy.
func lay(t testing.TB, to, from string) {
	t.Helper()
	err := filepath.WalkDir(from, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		write(t, to, rel, string(text))
		return nil
	})
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
}
