package iam

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	engine "github.com/stagedoor/stagedoor/internal/engine/iam"
	"github.com/stagedoor/stagedoor/internal/fault"
)

const syntax = "Syntax errors in policy."

// statement puts statements into a document of the present version.
func statement(statements string) string {
	return `{"Version":"2012-10-17","Statement":` + statements + `}`
}

func TestCheckIdentity(t *testing.T) {
	const good = `{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`
	for _, tt := range []struct{ name, document, want string }{
		{"one statement", statement(good), ""},
		{"a list", statement("[" + good + "," + good + "]"), ""},
		{"all elements", `{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A1","Effect":"Deny","NotAction":["iam:*","*"],` +
			`"NotResource":["arn:aws:s3:::b/${aws:username}/*"],"Condition":{"StringLike":{"aws:x":["a","b"],"y":1},"Bool":{"z":true}}}]}`, ""},
		{"white space", " \n" + statement(good) + "\t", ""},
		{"no JSON", "{", syntax},
		{"no object", `[]`, syntax},
		{"more after it", statement(good) + "{}", syntax},
		{"a key twice", `{"Version":"2012-10-17","Version":"2012-10-17","Statement":` + good + `}`, syntax},
		{"a key twice in a statement", statement(`{"Effect":"Deny","Effect":"Allow","Action":"s3:*","Resource":"*"}`), syntax},
		{"too deep", statement(strings.Repeat("[", 5000) + strings.Repeat("]", 5000)), syntax},
		{"no version", `{"Statement":` + good + `}`, ""},
		{"old version", `{"Version":"2008-10-17","Statement":` + good + `}`, "Policy document must be version 2012-10-17 or greater."},
		{"wrong version", `{"Version":"2012-10-18","Statement":` + good + `}`, "The policy must contain a valid version string"},
		{"version of another kind", `{"Version":{},"Statement":` + good + `}`, "The policy must contain a valid version string"},
		{"no statement", `{"Version":"2012-10-17"}`, syntax},
		{"empty statements", statement("[]"), syntax},
		{"unknown element", `{"Version":"2012-10-17","Statements":[],"Statement":` + good + `}`, syntax},
		{"unknown element of a statement", statement(`{"Effect":"Allow","Actions":"s3:*","Resource":"*"}`), syntax},
		{"element in another case", statement(`{"effect":"Allow","Action":"s3:*","Resource":"*"}`), syntax},
		{"effect in another case", statement(`{"Effect":"allow","Action":"s3:*","Resource":"*"}`), syntax},
		{"both actions", statement(`{"Effect":"Allow","Action":"s3:*","NotAction":"s3:*","Resource":"*"}`), syntax},
		{"no action", statement(`{"Effect":"Allow","Resource":"*"}`), "Policy statement must contain actions."},
		{"empty actions", statement(`{"Effect":"Allow","Action":[],"Resource":"*"}`), syntax},
		{"action of another kind", statement(`{"Effect":"Allow","Action":[1],"Resource":"*"}`), syntax},
		{"action without a vendor", statement(`{"Effect":"Allow","Action":"Get","Resource":"*"}`), "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."},
		{"wrong vendor", statement(`{"Effect":"Allow","Action":"s3*:Get","Resource":"*"}`), "Vendor s3* is not valid"},
		{"no resource", statement(`{"Effect":"Allow","Action":"s3:*"}`), "Policy statement must contain resources."},
		{"both resources", statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","NotResource":"*"}`), syntax},
		{"resource that is no ARN", statement(`{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}`), `Resource bucket must be in ARN format or "*".`},
		{"principal", statement(`{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":"*"}`), "Policy document should not specify a principal."},
		{"condition of another kind", statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":[]}}`), syntax},
		{"condition with null", statement(`{"Effect":"Allow","Action":"s3:*","Resource":"*","Condition":{"Bool":{"x":null}}}`), syntax},
		{"sid with a blank", statement(`{"Sid":"a b","Effect":"Allow","Action":"s3:*","Resource":"*"}`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{"sid twice", statement(`[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"s3:*","Resource":"*"}]`), "Statement IDs (SID) in a single policy must be unique."},
	} {
		if got := said(t, checkIdentity(tt.document)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCheckTrust(t *testing.T) {
	for _, tt := range []struct{ name, document, want string }{
		{"service", statement(`{"Effect":"Allow","Principal":{"Service":["lambda.amazonaws.com","apigateway.amazonaws.com"]},"Action":"sts:AssumeRole"}`), ""},
		{"everyone", statement(`{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","sts:TagSession"]}`), ""},
		{"old version", `{"Version":"2008-10-17","Statement":[{"Sid":"","Effect":"Allow","Principal":{"AWS":"123456789012"},"Action":"sts:AssumeRole"}]}`, ""},
		{"no version", `{"Statement":[{"Effect":"Allow","Principal":{"Federated":"x"},"Action":"STS:AssumeRoleWithWebIdentity","Condition":{"StringEquals":{"x:aud":"y"}}}]}`, ""},
		{"no JSON", `x`, "This policy contains invalid Json"},
		{"resource", statement(`{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}`), "Has prohibited field Resource"},
		{"no principal", statement(`{"Effect":"Allow","Action":"sts:AssumeRole"}`), "Missing required field Principal"},
		{"principal of another kind", statement(`{"Effect":"Allow","Principal":{"Host":"x"},"Action":"sts:AssumeRole"}`), "Invalid principal in policy."},
		{"principal that is a text", statement(`{"Effect":"Allow","Principal":"me","Action":"sts:AssumeRole"}`), "Invalid principal in policy."},
		{"another action", statement(`{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","s3:GetObject"]}`), "AssumeRole policy may only specify STS AssumeRole actions."},
		{"too large", statement(`{"Effect":"Allow","Principal":{"AWS":"` + strings.Repeat("1", engine.MaxTrust) + `"},"Action":"sts:AssumeRole"}`), "Cannot exceed quota for ACLSizePerRole: 4096"},
	} {
		if got := said(t, checkTrust(tt.document)); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAWSTexts holds the texts of AWS's policies to the grammar as well.
func TestAWSTexts(t *testing.T) {
	for _, p := range New(nil, Config{}).awsPolicies() {
		if err := checkManaged(p.Versions[0].Document); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

// said is what an error tells a caller.
func said(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	e, ok := errors.AsType[*fault.Error](err)
	if !ok || e.Type != "MalformedPolicyDocument" && e.Type != "LimitExceeded" {
		t.Errorf("%v is of the wrong kind", err)
		return ""
	}
	return e.Message
}

// FuzzCheck holds the grammar to a law: what is accepted is JSON, and is
// accepted again once a JSON library has read and written it.
func FuzzCheck(f *testing.F) {
	f.Add(statement(`[{"Sid":"A1","Effect":"Deny","NotAction":["iam:*"],"NotResource":["arn:aws:s3:::b"],"Condition":{"StringLike":{"x":["a"],"y":1}}}]`))
	f.Add(statement(`{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}`))
	f.Add(`{"Version":"2012-10-17","Version":"2012-10-17"}`)
	f.Fuzz(func(t *testing.T, document string) {
		for name, check := range map[string]func(string) error{"identity": checkIdentity, "trust": checkTrust} {
			if check(document) != nil {
				continue
			}
			var v any
			if err := json.Unmarshal([]byte(document), &v); err != nil {
				t.Fatalf("%s: %q is accepted and no JSON: %v", name, document, err)
			}
			again, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			if err := check(string(again)); err != nil && len(again) <= len(document) {
				t.Errorf("%s: %q is accepted, %q is not: %v", name, document, again, err)
			}
		}
	})
}
