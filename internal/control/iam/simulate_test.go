package iam_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
)

func policyDoc(effect, action, more string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"` + effect + `","Action":"` + action + `","Resource":"*"` + more + `}]}`
}

func TestSimulateCustomPolicy(t *testing.T) {
	c := start(t)
	const fromOffice = `,"Condition":{"IpAddress":{"aws:SourceIp":"203.0.113.0/24"}}`
	office := []types.ContextEntry{{ContextKeyName: aws.String("aws:SourceIp"), ContextKeyValues: []string{"203.0.113.9"}, ContextKeyType: types.ContextKeyTypeEnumIp}}
	for _, tt := range []struct {
		name     string
		policies []string
		boundary []string
		context  []types.ContextEntry
		want     types.PolicyEvaluationDecisionType
		missing  string
	}{
		{"allowed", []string{policyDoc("Allow", "s3:*", "")}, nil, nil, "allowed", ""},
		{"silent", []string{policyDoc("Allow", "sqs:*", "")}, nil, nil, "implicitDeny", ""},
		{"denied", []string{policyDoc("Allow", "*", ""), policyDoc("Deny", "s3:Get*", "")}, nil, nil, "explicitDeny", ""},
		{"a key is missing", []string{policyDoc("Allow", "*", fromOffice)}, nil, nil, "implicitDeny", "aws:sourceip"},
		{"a key is given", []string{policyDoc("Allow", "*", fromOffice)}, nil, office, "allowed", ""},
		{"beyond the boundary", []string{policyDoc("Allow", "*", "")}, []string{policyDoc("Allow", "sqs:*", "")}, nil, "implicitDeny", ""},
	} {
		out, err := c.SimulateCustomPolicy(t.Context(), &sdk.SimulateCustomPolicyInput{
			PolicyInputList: tt.policies, PermissionsBoundaryPolicyInputList: tt.boundary, ContextEntries: tt.context,
			ActionNames: []string{"s3:GetObject"}, ResourceArns: []string{"arn:aws:s3:::b/k"},
		})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		r := out.EvaluationResults[0]
		if r.EvalDecision != tt.want || strings.Join(r.MissingContextValues, " ") != tt.missing || *r.EvalActionName != "s3:GetObject" || *r.EvalResourceName != "arn:aws:s3:::b/k" {
			t.Errorf("%s: %+v, want %s, missing %q", tt.name, r, tt.want, tt.missing)
		}
		if tt.boundary != nil && (r.PermissionsBoundaryDecisionDetail == nil || r.PermissionsBoundaryDecisionDetail.AllowedByPermissionsBoundary) {
			t.Errorf("%s: boundary %+v", tt.name, r.PermissionsBoundaryDecisionDetail)
		}
	}
	if _, err := c.SimulateCustomPolicy(t.Context(), &sdk.SimulateCustomPolicyInput{PolicyInputList: []string{"{"}, ActionNames: []string{"s3:GetObject"}}); err == nil || !strings.Contains(err.Error(), "MalformedPolicyDocument") {
		t.Errorf("no JSON: %v", err)
	}
}

func TestSimulatePrincipalPolicy(t *testing.T) {
	c := start(t)
	ctx := t.Context()
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	user, group := aws.String("ann"), aws.String("staff")
	must(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: user, Path: aws.String("/team/")}))
	must(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: group}))
	must(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: group, UserName: user}))
	must(c.PutGroupPolicy(ctx, &sdk.PutGroupPolicyInput{GroupName: group, PolicyName: aws.String("g"), PolicyDocument: aws.String(policyDoc("Allow", "sqs:*", ""))}))
	must(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: user, PolicyName: aws.String("u"), PolicyDocument: aws.String(policyDoc("Deny", "sqs:Delete*", `,"Condition":{"Bool":{"aws:SecureTransport":"false"}}`))}))
	must(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: user, PolicyArn: aws.String("arn:aws:iam::aws:policy/AmazonAPIGatewayAdministrator")}))
	source := aws.String("arn:aws:iam::" + account + ":user/team/ann")
	out, err := c.SimulatePrincipalPolicy(ctx, &sdk.SimulatePrincipalPolicyInput{
		PolicySourceArn: source, ActionNames: []string{"sqs:SendMessage", "sqs:DeleteQueue", "lambda:Invoke"},
		ContextEntries: []types.ContextEntry{{ContextKeyName: aws.String("aws:SecureTransport"), ContextKeyValues: []string{"false"}, ContextKeyType: types.ContextKeyTypeEnumBoolean}},
	})
	must(out, err)
	var got []string
	for _, r := range out.EvaluationResults {
		by := ""
		if len(r.MatchedStatements) > 0 {
			by = *r.MatchedStatements[0].SourcePolicyId
		}
		got = append(got, string(r.EvalDecision)+" "+by)
	}
	if want := []string{"allowed group_staff_g", "explicitDeny user_ann_u", "implicitDeny "}; !slices.Equal(got, want) {
		t.Errorf("SimulatePrincipalPolicy = %q, want %q", got, want)
	}
	keys, err := c.GetContextKeysForPrincipalPolicy(ctx, &sdk.GetContextKeysForPrincipalPolicyInput{PolicySourceArn: source})
	if err != nil || !slices.Equal(keys.ContextKeyNames, []string{"aws:securetransport"}) {
		t.Errorf("GetContextKeysForPrincipalPolicy = %v, %v", keys, err)
	}
	if _, err := c.SimulatePrincipalPolicy(ctx, &sdk.SimulatePrincipalPolicyInput{PolicySourceArn: aws.String("arn:aws:iam::" + account + ":user/none"), ActionNames: []string{"a:b"}}); err == nil || !strings.Contains(err.Error(), "NoSuchEntity") {
		t.Errorf("of nobody: %v", err)
	}
}
