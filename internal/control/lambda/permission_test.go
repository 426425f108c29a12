package lambda_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

const (
	gateway = "apigateway.amazonaws.com"
	invoke  = "lambda:InvokeFunction"
	route   = "arn:aws:execute-api:us-east-1:111111111111:abc123/*/GET/pets"
)

// TestStatement: statements are AWS's, to the byte.
func TestStatement(t *testing.T) {
	b := newBench(t)
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	must(b.CreateAlias(t.Context(), &model.CreateAliasInput{FunctionName: "f", Name: "live", FunctionVersion: "1"}))(t)
	for i, tt := range []struct {
		name string
		in   model.AddPermissionInput
		want string // {sid} stands for the statement id
	}{
		{"gateway", model.AddPermissionInput{FunctionName: "f", Principal: gateway, SourceArn: new(route)}, `{"Sid":"{sid}","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f","Condition":{"ArnLike":{"AWS:SourceArn":"` + route + `"}}}`},
		{"account of the source", model.AddPermissionInput{FunctionName: "f", Principal: "s3.amazonaws.com", SourceAccount: new("111111111111"), SourceArn: new("arn:aws:s3:::b")}, `{"Sid":"{sid}","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f","Condition":{"StringEquals":{"AWS:SourceAccount":"111111111111"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::b"}}}`},
		{"account", model.AddPermissionInput{FunctionName: "f", Principal: "111111111111"}, `{"Sid":"{sid}","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:root"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f"}`},
		{"role", model.AddPermissionInput{FunctionName: "f", Principal: "arn:aws:iam::111111111111:role/r"}, `{"Sid":"{sid}","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111111111111:role/r"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f"}`},
		{"everybody", model.AddPermissionInput{FunctionName: "f", Principal: "*", Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: new("NONE")}, `{"Sid":"{sid}","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunctionUrl","Resource":"` + arnOf + `f","Condition":{"StringEquals":{"lambda:FunctionUrlAuthType":"NONE"}}}`},
		{"by a URL", model.AddPermissionInput{FunctionName: "f", Principal: "*", InvokedViaFunctionUrl: new(true)}, `{"Sid":"{sid}","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f","Condition":{"Bool":{"lambda:InvokedViaFunctionUrl":"true"}}}`},
		{"organisation", model.AddPermissionInput{FunctionName: "f", Principal: "*", PrincipalOrgID: new("o-1234567890")}, `{"Sid":"{sid}","Effect":"Allow","Principal":"*","Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-1234567890"}}}`},
		{"version", model.AddPermissionInput{FunctionName: "f:1", Principal: gateway}, `{"Sid":"{sid}","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f:1"}`},
		{"alias", model.AddPermissionInput{FunctionName: "f", Qualifier: new("live"), Principal: gateway}, `{"Sid":"{sid}","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f:live"}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.in.StatementId = fmt.Sprint("s", i)
			if tt.in.Action == "" {
				tt.in.Action = invoke
			}
			got := must(b.AddPermission(t.Context(), &tt.in))(t)
			if want := strings.Replace(tt.want, "{sid}", tt.in.StatementId, 1); *got.Statement != want {
				t.Errorf("AddPermission:\n got %s\nwant %s", *got.Statement, want)
			}
		})
	}
}

func TestPermission(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	made := b.create(t, "f")
	add := func(in model.AddPermissionInput) error {
		in.Action = invoke
		_, err := b.AddPermission(ctx, &in)
		return err
	}
	for _, tt := range []struct {
		name string
		in   model.AddPermissionInput
		want string
	}{
		{"$LATEST", model.AddPermissionInput{FunctionName: "f:$LATEST", StatementId: "s", Principal: "*"}, "InvalidParameterValueException: We currently do not support adding policies for $LATEST."},
		{"no alias", model.AddPermissionInput{FunctionName: "f:live", StatementId: "s", Principal: "*"}, "ResourceNotFoundException: Cannot find alias arn: " + arnOf + "f:live"},
		{"no version", model.AddPermissionInput{FunctionName: "f:1", StatementId: "s", Principal: "*"}, "ResourceNotFoundException: Function not found: " + arnOf + "f:1"},
		{"nobody", model.AddPermissionInput{FunctionName: "f", StatementId: "s", Principal: "nobody"}, "InvalidParameterValueException: The provided principal was invalid. Please check the principal and try again."},
		{"URL for another action", model.AddPermissionInput{FunctionName: "f", StatementId: "s", Principal: "*", FunctionUrlAuthType: new("NONE")}, "InvalidParameterValueException: FunctionUrlAuthType is only supported for lambda:InvokeFunctionUrl action"},
		{"old revision", model.AddPermissionInput{FunctionName: "f", StatementId: "s", Principal: "*", RevisionId: new("x")}, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id"},
	} {
		refused(t, tt.name, add(tt.in), tt.want)
	}
	_, err := b.GetPolicy(ctx, &model.GetPolicyInput{FunctionName: "f"})
	refused(t, "GetPolicy of none", err, "ResourceNotFoundException: The resource you requested does not exist.")
	_, err = b.RemovePermission(ctx, &model.RemovePermissionInput{FunctionName: "f", StatementId: "s"})
	refused(t, "RemovePermission of none", err, "ResourceNotFoundException: No policy is associated with the given resource.")

	if err := add(model.AddPermissionInput{FunctionName: "f", StatementId: "s", Principal: gateway, SourceArn: new("arn:aws:execute-api:us-east-1:000000000000:a/<&>"), RevisionId: made.RevisionId}); err != nil {
		t.Fatal(err)
	}
	refused(t, "the same statement id", add(model.AddPermissionInput{FunctionName: "f", StatementId: "s", Principal: "*"}),
		"ResourceConflictException: The statement id (s) provided already exists. Please provide a new statement id, or remove the existing statement.")
	policy := must(b.GetPolicy(ctx, &model.GetPolicyInput{FunctionName: "f"}))(t)
	const want = `{"Version":"2012-10-17","Id":"default","Statement":[{"Sid":"s","Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"` + arnOf + `f","Condition":{"ArnLike":{"AWS:SourceArn":"arn:aws:execute-api:us-east-1:000000000000:a/<&>"}}}]}`
	if *policy.Policy != want {
		t.Errorf("GetPolicy:\n got %s\nwant %s", *policy.Policy, want)
	}
	conf := must(b.GetFunctionConfiguration(ctx, &model.GetFunctionConfigurationInput{FunctionName: "f"}))(t)
	if *policy.RevisionId != *conf.RevisionId || *conf.RevisionId == *made.RevisionId {
		t.Errorf("revisions: policy %s, function %s, before %s: a statement makes a new one of the function", *policy.RevisionId, *conf.RevisionId, *made.RevisionId)
	}
	_, err = b.RemovePermission(ctx, &model.RemovePermissionInput{FunctionName: "f", StatementId: "x"})
	refused(t, "RemovePermission of another", err, "ResourceNotFoundException: Statement x is not found in resource policy.")
	_, err = b.RemovePermission(ctx, &model.RemovePermissionInput{FunctionName: "f", StatementId: "s", RevisionId: made.RevisionId})
	refused(t, "RemovePermission of an old revision", err, "PreconditionFailedException: The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id")
	must(b.RemovePermission(ctx, &model.RemovePermissionInput{FunctionName: "f", StatementId: "s", RevisionId: policy.RevisionId}))(t)
	_, err = b.GetPolicy(ctx, &model.GetPolicyInput{FunctionName: "f"})
	refused(t, "GetPolicy after the last statement went", err, "ResourceNotFoundException: The resource you requested does not exist.")
}

func TestPolicyLength(t *testing.T) {
	b := newBench(t)
	b.create(t, "f")
	for i := range 200 {
		_, err := b.AddPermission(t.Context(), &model.AddPermissionInput{FunctionName: "f", StatementId: fmt.Sprint("s", i), Action: invoke, Principal: gateway, SourceArn: new(route)})
		if err == nil {
			continue
		}
		got := must(b.GetPolicy(t.Context(), &model.GetPolicyInput{FunctionName: "f"}))(t)
		if !strings.HasPrefix(said(err), "PolicyLengthExceededException: The final policy size (") || len(*got.Policy) > 20480 {
			t.Errorf("statement %d: %s, the policy has %d bytes", i, said(err), len(*got.Policy))
		}
		if !json.Valid([]byte(*got.Policy)) {
			t.Error("the policy is not JSON")
		}
		return
	}
	t.Error("200 statements were taken")
}

func TestGatePermits(t *testing.T) {
	b := newBench(t)
	ctx := t.Context()
	b.create(t, "f", func(in *model.CreateFunctionInput) { in.Publish = new(true) })
	must(b.CreateAlias(ctx, &model.CreateAliasInput{FunctionName: "f", Name: "live", FunctionVersion: "1"}))(t)
	g := b.Gate()
	const called = "arn:aws:execute-api:us-east-1:111111111111:abc123/prod/GET/pets"
	asked := func() map[string]bool {
		got := map[string]bool{}
		for _, name := range []string{arnOf + "f", arnOf + "f:$LATEST", arnOf + "f:live", arnOf + "f:1", "f", "arn:aws:lambda:us-east-1:222222222222:function:f", "?"} {
			if g.Permits(name, gateway, invoke, called, "111111111111") {
				got[name] = true
			}
		}
		return got
	}
	if got := asked(); len(got) != 0 {
		t.Errorf("without a policy: %v", got)
	}
	must(b.AddPermission(ctx, &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: invoke, Principal: gateway, SourceArn: new(route)}))(t)
	if diff := cmp.Diff(map[string]bool{arnOf + "f": true, arnOf + "f:$LATEST": true, "f": true}, asked()); diff != "" {
		t.Errorf("with a policy of the function (-want +got):\n%s", diff)
	}
	must(b.RemovePermission(ctx, &model.RemovePermissionInput{FunctionName: "f", StatementId: "s"}))(t)
	must(b.AddPermission(ctx, &model.AddPermissionInput{FunctionName: "f:live", StatementId: "s", Action: invoke, Principal: gateway, SourceAccount: new("111111111111")}))(t)
	if diff := cmp.Diff(map[string]bool{arnOf + "f:live": true}, asked()); diff != "" {
		t.Errorf("with a policy of the alias (-want +got):\n%s", diff)
	}
	if g.Permits(arnOf+"f:live", gateway, invoke, called, "222222222222") {
		t.Error("another account is let in")
	}
	must(b.AddPermission(ctx, &model.AddPermissionInput{FunctionName: "f", StatementId: "u", Action: "lambda:InvokeFunctionUrl", Principal: "*", FunctionUrlAuthType: new("NONE")}))(t)
	if !g.PermitsURL(arnOf+"f", "*", "NONE") || g.PermitsURL(arnOf+"f", "*", "AWS_IAM") || g.PermitsURL(arnOf+"f:live", "*", "NONE") {
		t.Error("the permission of a function URL is not read right")
	}
}

const permitAllocs = 0 // it is asked on every request

// TestPermitAllocs holds BenchmarkPermits to its promise.
func TestPermitAllocs(t *testing.T) {
	b := newBench(t)
	b.create(t, "f")
	must(b.AddPermission(t.Context(), &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: invoke, Principal: gateway, SourceArn: new(route)}))(t)
	g := b.Gate()
	if got := testing.AllocsPerRun(1000, func() { g.Permits(arnOf+"f", gateway, invoke, route, account) }); got > permitAllocs {
		t.Errorf("Permits allocates %v times, want %d", got, permitAllocs)
	}
}

func BenchmarkPermits(b *testing.B) {
	s := newBench(b)
	s.create(b, "f")
	must(s.AddPermission(b.Context(), &model.AddPermissionInput{FunctionName: "f", StatementId: "s", Action: invoke, Principal: gateway, SourceArn: new(route)}))(b)
	g := s.Gate()
	b.ReportAllocs()
	for b.Loop() {
		if !g.Permits(arnOf+"f", gateway, invoke, "arn:aws:execute-api:us-east-1:111111111111:abc123/prod/GET/pets", account) {
			b.Fatal("not permitted")
		}
	}
}

// BenchmarkGateInvoke is what stands between a step and the host.
func BenchmarkGateInvoke(b *testing.B) {
	s := newBench(b)
	s.create(b, "f")
	g := s.Gate()
	payload := []byte("{}")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := g.Invoke(b.Context(), arnOf+"f", payload, false); err != nil {
			b.Fatal(err)
		}
	}
}
