package iam

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

// version puts statements into a document of the present version.
func version(statements string) string {
	return `{"Version":"2012-10-17","Statement":` + statements + `}`
}

// one is a document of one statement that allows everything, with more elements.
func one(more string) string {
	return version(`{"Effect":"Allow","Action":"*","Resource":"*"` + more + `}`)
}

func TestMalformed(t *testing.T) {
	const (
		good   = `{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}`
		named  = `{"Effect":"Allow","Principal":"*","Action":"s3:Get*","Resource":"*"}`
		vendor = "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc."
	)
	who := func(principal string) string {
		return version(`{"Effect":"Allow","Principal":` + principal + `,"Action":"sts:AssumeRole"}`)
	}
	where := func(condition string) string { return one(`,"Condition":` + condition) }
	for _, tt := range []struct {
		name     string
		kind     Kind
		document string
		want     string
	}{
		{"one statement", Identity, version(good), ""},
		{"a list", Identity, version("[" + good + "," + good + "]"), ""},
		{"all elements", Identity, `{"Version":"2012-10-17","Id":"x","Statement":[{"Sid":"A1","Effect":"Deny","NotAction":["iam:*","*"],` +
			`"NotResource":["arn:aws:s3:::b/${aws:username}/*"],"Condition":{"StringLike":{"aws:x":["a","b"],"y":1},"Bool":{"z":true}}}]}`, ""},
		{"old version", Identity, `{"Version":"2008-10-17","Statement":` + good + `}`, ""},
		{"no version", Identity, `{"Statement":` + good + `}`, ""},
		{"wrong version", Identity, `{"Version":"2012-10-18","Statement":` + good + `}`, "The policy must contain a valid version string"},
		{"version of another kind", Identity, `{"Version":{},"Statement":` + good + `}`, "The policy must contain a valid version string"},
		{"no JSON", Identity, "{", syntax},
		{"no JSON of a role", Trust, "{", "This policy contains invalid Json"},
		{"no object", Identity, `[]`, syntax},
		{"more after it", Identity, version(good) + "{}", syntax},
		{"a key twice", Identity, `{"Statement":` + good + `,"Statement":` + good + `}`, syntax},
		{"a key twice, escaped", Identity, version(`{"Effect":"Deny","\u0045ffect":"Allow","Action":"s3:*","Resource":"*"}`), syntax},
		{"too deep", Identity, version(strings.Repeat("[", 5000) + strings.Repeat("]", 5000)), syntax},
		{"too long", Identity, version(good) + strings.Repeat(" ", maxDocument), syntax},
		{"no statement", Identity, `{"Version":"2012-10-17"}`, syntax},
		{"empty statements", Identity, version("[]"), syntax},
		{"unknown element", Identity, `{"Statements":[],"Statement":` + good + `}`, syntax},
		{"id of another kind", Identity, `{"Id":1,"Statement":` + good + `}`, syntax},
		{"unknown element of a statement", Identity, one(`,"Actions":"s3:*"`), syntax},
		{"element in another case", Identity, one(`,"condition":{}`), syntax},
		{"effect in another case", Identity, version(`{"Effect":"allow","Action":"s3:*","Resource":"*"}`), syntax},
		{"no effect", Identity, version(`{"Action":"s3:*","Resource":"*"}`), syntax},
		{"both actions", Identity, one(`,"NotAction":"s3:*"`), syntax},
		{"no action", Identity, version(`{"Effect":"Allow","Resource":"*"}`), "Policy statement must contain actions."},
		{"empty actions", Identity, version(`{"Effect":"Allow","Action":[],"Resource":"*"}`), syntax},
		{"action of another kind", Identity, version(`{"Effect":"Allow","Action":[1],"Resource":"*"}`), syntax},
		{"action without a vendor", Identity, version(`{"Effect":"Allow","Action":"Get","Resource":"*"}`), vendor},
		{"action of a vendor alone", Identity, version(`{"Effect":"Allow","Action":"s3:","Resource":"*"}`), vendor},
		{"wrong vendor", Identity, version(`{"Effect":"Allow","Action":"s3*:Get","Resource":"*"}`), "Vendor s3* is not valid"},
		{"both resources", Identity, one(`,"NotResource":"*"`), syntax},
		{"no resource", Identity, version(`{"Effect":"Allow","Action":"s3:*"}`), "Policy statement must contain resources."},
		{"empty resources", Identity, version(`{"Effect":"Allow","Action":"s3:*","Resource":[]}`), syntax},
		{"resource that is no ARN", Identity, version(`{"Effect":"Allow","Action":"s3:*","Resource":"bucket"}`), `Resource bucket must be in ARN format or "*".`},
		{"principal of an identity", Identity, one(`,"Principal":"*"`), "Policy document should not specify a principal."},
		{"principal of an authorizer", Returned, one(`,"NotPrincipal":"*"`), "Policy document should not specify a principal."},
		{"sid with a blank", Identity, one(`,"Sid":"a b"`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{"sid with a blank of an authorizer", Returned, one(`,"Sid":"a b"`), ""},
		{"sid of another kind", Returned, one(`,"Sid":1`), syntax},
		{"sid twice", Identity, version(`[{"Sid":"a","Effect":"Allow","Action":"s3:*","Resource":"*"},{"Sid":"a","Effect":"Deny","Action":"s3:*","Resource":"*"}]`), "Statement IDs (SID) in a single policy must be unique."},

		{"condition of another kind", Identity, one(`,"Condition":[]`), syntax},
		{"operator of another kind", Identity, where(`{"Bool":[]}`), syntax},
		{"value of another kind", Identity, where(`{"Bool":{"x":null}}`), syntax},
		{"empty key", Identity, where(`{"Bool":{"":true}}`), syntax},
		{"unknown operator", Identity, where(`{"StringEqualz":{"x":"y"}}`), "Invalid Condition type : StringEqualz."},
		{"operator in another case", Identity, where(`{"stringequals":{"x":"y"}}`), "Invalid Condition type : stringequals."},
		{"unknown order", Identity, where(`{"NumericLess":{"x":"1"}}`), "Invalid Condition type : NumericLess."},
		{"unknown prefix", Identity, where(`{"ForSomeValues:Bool":{"x":"y"}}`), "Invalid Condition type : ForSomeValues:Bool."},
		{"Null if exists", Identity, where(`{"NullIfExists":{"x":"true"}}`), "Invalid Condition type : NullIfExists."},
		{"Null for all", Identity, where(`{"ForAllValues:Null":{"x":"true"}}`), "Invalid Condition type : ForAllValues:Null."},
		{"not a number", Identity, where(`{"NumericEquals":{"x":"one"}}`), syntax},
		{"variable for a number", Identity, where(`{"NumericEquals":{"x":"${aws:x}"}}`), syntax},
		{"not a date", Identity, where(`{"DateEquals":{"x":"yesterday"}}`), syntax},
		{"not a range", Identity, where(`{"IpAddress":{"x":"10.0.0.0/33"}}`), syntax},
		{"range beyond the addresses of IPv4", Identity, where(`{"IpAddress":{"x":"::ffff:10.0.0.0/64"}}`), syntax},
		{"not an address", Identity, where(`{"IpAddress":{"x":"10.0.0"}}`), syntax},
		{"not a flag", Identity, where(`{"Bool":{"x":"yes"}}`), syntax},
		{"not a flag of Null", Identity, where(`{"Null":{"x":"yes"}}`), syntax},
		{"not base64", Identity, where(`{"BinaryEquals":{"x":"?"}}`), syntax},
		{"variable for a flag", Identity, where(`{"Bool":{"x":"${aws:x}"}}`), ""},
		{"variable for a flag of old", Identity, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"x":"${aws:x}"}}}}`, syntax},

		{"resource policy", Resource, version(named), ""},
		{"resource policy without a principal", Resource, version(good), "Missing required field Principal"},
		{"resource policy with both", Resource, one(`,"Principal":"*","NotPrincipal":"*"`), syntax},
		{"service", Trust, who(`{"Service":["lambda.amazonaws.com","apigateway.amazonaws.com"]}`), ""},
		{"account", Trust, who(`{"AWS":"123456789012"}`), ""},
		{"unique id", Trust, who(`{"AWS":"AROAIOSFODNN7EXAMPLE"}`), ""},
		{"provider", Trust, who(`{"Federated":"cognito-identity.amazonaws.com"}`), ""},
		{"user of S3", Trust, who(`{"CanonicalUser":"79a59df900b949e55d96a1e698fbacedfd6e09d98eacf8f8d5218e7cd47ef2be"}`), ""},
		{"principal that is a text", Trust, who(`"me"`), badPrincipal},
		{"principal of no kind", Trust, who(`{}`), badPrincipal},
		{"principal of another kind", Trust, who(`{"Host":"x"}`), badPrincipal},
		{"no principals", Trust, who(`{"AWS":[]}`), badPrincipal},
		{"empty principal", Trust, who(`{"Service":""}`), badPrincipal},
		{"short account", Trust, who(`{"AWS":"12345678901"}`), badPrincipal},
		{"wildcard in a principal", Trust, who(`{"AWS":"arn:aws:iam::123456789012:user/*"}`), badPrincipal},
		{"principal of another service", Trust, who(`{"AWS":"arn:aws:s3::123456789012:x"}`), badPrincipal},
		{"principal that is no ARN", Trust, who(`{"AWS":"arn:aws:iam::123456789012"}`), badPrincipal},
		{"another action of a role", Trust, version(`{"Effect":"Allow","Principal":"*","Action":["sts:AssumeRole","s3:GetObject"]}`), "AssumeRole policy may only specify STS AssumeRole actions."},
		{"resource of a role", Trust, version(`{"Effect":"Allow","Principal":"*","Action":"STS:AssumeRole","Resource":"*"}`), "Has prohibited field Resource"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.document), tt.kind)
			got := ""
			if m, ok := errors.AsType[*Malformed](err); ok {
				got = m.Reason
			}
			if got != tt.want || (err == nil) != (tt.want == "") {
				t.Errorf("Parse(%s) = %v, want %q", tt.document, err, tt.want)
			}
		})
	}
}

func TestSize(t *testing.T) {
	if got := Size("{ \"ä\"\t:\n1 }"); got != 7 {
		t.Errorf("Size = %d, want 7", got)
	}
}

func TestKeys(t *testing.T) {
	p := parse(t, version(`[{"Effect":"Allow","Action":"*","Resource":["arn:aws:s3:::${AWS:UserName}/*","arn:aws:s3:${not:one}::b"],"Condition":{`+
		`"StringLike":{"aws:PrincipalTag/Team":["${aws:PrincipalTag/Dept, 'x'}","${*}"]},"ArnLike":{"aws:SourceArn":"arn:aws:iam::${aws:PrincipalAccount}:x"},"Null":{"aws:TokenIssueTime":true}}}]`), Identity)
	want := []string{"aws:principalaccount", "aws:principaltag/dept", "aws:principaltag/team", "aws:sourcearn", "aws:tokenissuetime", "aws:username"}
	if !slices.Equal(p.Keys(), want) {
		t.Errorf("Keys = %q, want %q", p.Keys(), want)
	}
	old := parse(t, `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::${aws:username}"}}`, Identity)
	if len(old.Keys()) != 0 {
		t.Errorf("Keys = %q of a version that has no variables", old.Keys())
	}
}
