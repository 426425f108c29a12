package cfn_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stagedoor/stagedoor/internal/engine/cfn"
)

// conformance is the folder of the conformance data; the test skips where it
// is absent.
func conformance(t testing.TB) string {
	t.Helper()
	root := os.Getenv("STAGEDOOR_SHARED")
	at, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	for ; root == "" && at != filepath.Dir(at); at = filepath.Dir(at) {
		if _, err := os.Stat(filepath.Join(at, "shared", "conformance")); err == nil {
			root = filepath.Join(at, "shared")
		}
	}
	dir := filepath.Join(root, "conformance")
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("conformance data is not here: %v", err)
	}
	return dir
}

// folder reads files of a folder.
type folder string

func (f folder) ReadFile(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(string(f), filepath.FromSlash(name)))
}

// TestTemplates takes templates that people deploy all the way to the
// properties of every resource.
func TestTemplates(t *testing.T) {
	dir := filepath.Join(conformance(t), "templates")
	for _, tt := range []struct {
		name       string
		file       string
		parameters map[string]string
		has        []string // some of the logical ids
	}{
		{"01-lambda-proxy", "", nil, []string{"ServerlessRestApi", "ServerlessRestApiProdStage"}},
		{"02-sqs", "", nil, nil},
		{"03-dynamodb", "", map[string]string{"SenderEmailAddress": "a@example.org"}, nil},
		{"04-step-functions", "", nil, nil},
		{"05-eventbridge", "", nil, nil},
		{"06-http-api-jwt", "", nil, nil},
		{"06-http-api-jwt", "auth.yaml", map[string]string{"ClientDomain": "https://example.org", "Postman": "true"}, nil},
		{"07-websocket", "", nil, nil},
		{"08-request-validation", "", nil, nil},
		{"09-api-key-usage-plan", "", nil, nil},
		{"10-cognito", "", map[string]string{"CognitoUserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_1"}, nil},
		{"11-custom-authorizer", "", nil, nil},
		{"12-cors", "", nil, nil},
	} {
		if tt.file == "" {
			tt.file = "template.yaml"
		}
		t.Run(tt.name+"/"+tt.file, func(t *testing.T) {
			beside := folder(filepath.Join(dir, tt.name))
			text, err := beside.ReadFile(tt.file)
			if err != nil {
				t.Fatal(err)
			}
			tmpl, problems := cfn.Parse(cfn.Source{Name: tt.file, Text: text}, beside)
			fatal(t, problems)
			in := inputs(tt.parameters)
			in.Local = true
			p, problems := tmpl.Transform(in)
			fatal(t, problems)
			for _, id := range tt.has {
				if p.Resource(id) == nil {
					t.Errorf("no resource %s", id)
				}
			}
			walkOrder(t, p)
			if _, problems := p.Outputs(made{}); len(problems) > 0 {
				t.Error(lines(problems))
			}
		})
	}
}

// streams is made with the ARNs of streams as DynamoDB has them.
type streams struct{ made }

func (s streams) GetAtt(id, attr string) (any, error) {
	if attr == "StreamArn" {
		return "arn:aws:dynamodb:us-east-1:123456789012:table/" + id + "/stream/2026-01-01T00:00:00.000", nil
	}
	return s.made.GetAtt(id, attr)
}

// walkOrder resolves every resource in order and holds the order to its law.
func walkOrder(t *testing.T, p *cfn.Plan) {
	t.Helper()
	order := p.Order()
	if len(order) != len(p.Resources) {
		t.Errorf("order has %d of %d resources", len(order), len(p.Resources))
	}
	for i, id := range order {
		for _, need := range p.Needs(id) {
			if j := slices.Index(order, need); j < 0 || j > i {
				t.Errorf("%s comes before %s, which it needs", id, need)
			}
		}
		tree, problems := p.Resolve(id, streams{})
		if len(problems) > 0 {
			t.Errorf("%s: %v", id, lines(problems))
			continue
		}
		if _, ok := tree.Plain().(map[string]any); !ok {
			t.Errorf("%s: properties are %T", id, tree.Plain())
		}
	}
}

func fatal(t *testing.T, problems []cfn.Problem) {
	t.Helper()
	if len(problems) > 0 {
		t.Fatal(lines(problems))
	}
}
