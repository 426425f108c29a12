package stagedoor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stagedoor/stagedoor"
	"github.com/stagedoor/stagedoor/internal/engine/jwt/jwttest"
)

// TestPublicTemplates deploys the REST templates that people deploy, with our
// functions laid over them, and calls what has one.
func TestPublicTemplates(t *testing.T) {
	root := shared(t, "conformance/templates")
	need(t, "python3", "node")
	const pool = "arn:aws:cognito-idp:us-east-1:000000000000:userpool/us-east-1_abc"
	users := jwttest.New(t)
	for _, tt := range []struct {
		name       string
		parameters []string
		calls      []templateCall
		more       func(t *testing.T, r *running, api string)
	}{
		{name: "01-lambda-proxy", calls: []templateCall{{"GET hello", 200, `"hello world"`}}},
		{name: "02-sqs"},
		{name: "03-dynamodb", parameters: []string{"SenderEmailAddress=a@example.com"}, calls: []templateCall{
			{
				`POST reminders {"datetime": 1}`, 400,
				"{\n\"Invalid Request Body\": \"[object has missing required properties ([\"description\",\"email\"])]\"\n}",
			},
		}},
		{name: "04-step-functions"},
		{name: "08-request-validation", calls: []templateCall{
			{`POST vehicle {"make":"MINI","model":"Cooper","year":2010,"color":"red"}`, 200, `"Cooper"`},
			{`POST vehicle {"make":"MINI","model":"Cooper","year":2009}`, 400, `{"message": "Invalid request body"}`},
			{`POST vehicle {"make":"MINI","model":"Cooper","year":"2010"}`, 400, `{"message": "Invalid request body"}`},
			{`POST vehicle {"make":"MINI","model":"Cooper","year":2010,"color":"pink"}`, 400, `{"message": "Invalid request body"}`},
			{`POST vehicle {"make":"MINI","year":2010}`, 400, `{"message": "Invalid request body"}`},
			{`POST vehicle ["MINI"]`, 400, `{"message": "Invalid request body"}`},
			{`POST vehicle {"make":`, 400, `{"message": "Invalid request body"}`},
			{`POST vehicle`, 400, `{"message": "Invalid request body"}`},
		}},
		{name: "09-api-key-usage-plan", more: callPlanTemplate},
		{name: "10-cognito", parameters: []string{"CognitoUserPoolArn=" + pool}, more: callCognitoTemplate(users)},
		{name: "11-custom-authorizer", more: callAuthorizerTemplate},
		{name: "12-cors", more: callCORSTemplate},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), tt.name)
			lay(t, dir, filepath.Join(root, tt.name))
			lay(t, dir, filepath.Join("test/templates", tt.name))
			r := start(t, func(c *stagedoor.Config) {
				c.Definitions, c.Parameters, c.OIDCIssuers = []string{dir}, tt.parameters, []string{pool + "=" + users.URL}
			})
			a := r.next(t)
			if len(a.Problems) > 0 || len(a.Stages) == 0 {
				t.Fatalf("deployed: %+v", a)
			}
			at := strings.TrimPrefix(a.Stages[0].URL, r.endpoint+"/_aws/execute-api/")
			api, stage, _ := strings.Cut(at, "/")
			if tt.more != nil {
				tt.more(t, r, api)
			}
			for _, c := range tt.calls {
				method, path, _ := strings.Cut(c.call, " ")
				got := r.call(t, api, method+" /"+stage+path)
				if got.status != c.status || !strings.Contains(got.body, c.body) {
					t.Errorf("%s = %d %q, want %d %q", c.call, got.status, got.body, c.status, c.body)
				}
			}
		})
	}
}

// templateCall is a call of a template's first stage: "POST path body".
type templateCall struct {
	call   string
	status int
	body   string // part of the answer
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
