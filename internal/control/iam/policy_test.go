package iam_test

import (
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
)

// TestPolicy follows one managed policy through its life.
func TestPolicy(t *testing.T) {
	c, ctx := start(t), t.Context()
	created := ok[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{
		PolicyName: aws.String("send"), Path: aws.String("/team/"), PolicyDocument: aws.String(allow),
		Description: aws.String("sends"), Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	})).Policy
	if id := *created.PolicyId; !regexp.MustCompile(`^ANPA[A-Z2-7]{17}$`).MatchString(id) {
		t.Errorf("PolicyId = %q", id)
	}
	date := aws.Time(time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC))
	arn := aws.String("arn:aws:iam::123456789012:policy/team/send")
	want := &types.Policy{
		PolicyName: aws.String("send"), PolicyId: created.PolicyId, Arn: arn, Path: aws.String("/team/"),
		DefaultVersionId: aws.String("v1"), AttachmentCount: aws.Int32(0), PermissionsBoundaryUsageCount: aws.Int32(0),
		IsAttachable: true, Description: aws.String("sends"), CreateDate: date, UpdateDate: date,
		Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}},
	}
	if diff := cmp.Diff(want, created, same); diff != "" {
		t.Errorf("CreatePolicy (-want +got):\n%s", diff)
	}
	_, err := c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("Send"), PolicyDocument: aws.String(allow)})
	refused(t, "CreatePolicy again", err, 409, "EntityAlreadyExists", "A policy called Send already exists. Duplicate names are not allowed.")

	createRole(ctx, t, c, "r")
	ok[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: arn}))
	ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("u"), PermissionsBoundary: arn}))
	want.AttachmentCount, want.PermissionsBoundaryUsageCount = aws.Int32(1), aws.Int32(1)
	got := ok[*sdk.GetPolicyOutput](t)(c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: arn})).Policy
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("GetPolicy (-want +got):\n%s", diff)
	}
	remove := func() error {
		_, err := c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: arn})
		return err
	}
	refused(t, "DeletePolicy", remove(), 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	ok[*sdk.DetachRolePolicyOutput](t)(c.DetachRolePolicy(ctx, &sdk.DetachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: arn}))
	refused(t, "DeletePolicy of a boundary", remove(), 409, "DeleteConflict", "Cannot delete a policy attached to entities.")
	ok[*sdk.DeleteUserOutput](t)(c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: aws.String("u")}))

	ok[*sdk.TagPolicyOutput](t)(c.TagPolicy(ctx, &sdk.TagPolicyInput{PolicyArn: arn, Tags: []types.Tag{{Key: aws.String("l"), Value: aws.String("w")}}}))
	ok[*sdk.UntagPolicyOutput](t)(c.UntagPolicy(ctx, &sdk.UntagPolicyInput{PolicyArn: arn, TagKeys: []string{"k"}}))
	tags := ok[*sdk.ListPolicyTagsOutput](t)(c.ListPolicyTags(ctx, &sdk.ListPolicyTagsInput{PolicyArn: arn}))
	if diff := cmp.Diff([]types.Tag{{Key: aws.String("l"), Value: aws.String("w")}}, tags.Tags, same); diff != "" {
		t.Errorf("ListPolicyTags (-want +got):\n%s", diff)
	}
	if err := remove(); err != nil {
		t.Errorf("DeletePolicy: %v", err)
	}
	_, err = c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: arn})
	refused(t, "GetPolicy of a deleted policy", err, 404, "NoSuchEntity", "Policy "+*arn+" was not found.")
}

func TestPolicyVersions(t *testing.T) {
	c, ctx := start(t), t.Context()
	arn := ok[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allow)})).Policy.Arn
	add := func(document string, force bool) (*sdk.CreatePolicyVersionOutput, error) {
		return c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: &document, SetAsDefault: force})
	}
	second := strings.Replace(allow, "orders", "second", 1)
	v2 := ok[*sdk.CreatePolicyVersionOutput](t)(add(second, true)).PolicyVersion
	if *v2.VersionId != "v2" || !v2.IsDefaultVersion || v2.Document != nil {
		t.Errorf("CreatePolicyVersion = %+v", v2)
	}
	for range 3 {
		ok[*sdk.CreatePolicyVersionOutput](t)(add(allow, false))
	}
	_, err := add(allow, false)
	refused(t, "CreatePolicyVersion, the sixth", err, 409, "LimitExceeded", "A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.")
	_, err = add(strings.Replace(allow, "orders", strings.Repeat("o", 6144), 1), false)
	refused(t, "CreatePolicyVersion that is too large", err, 409, "LimitExceeded", "Cannot exceed quota for PolicySize: 6144")

	remove := func(id string) error {
		_, err := c.DeletePolicyVersion(ctx, &sdk.DeletePolicyVersionInput{PolicyArn: arn, VersionId: &id})
		return err
	}
	refused(t, "DeletePolicyVersion of the default", remove("v2"), 409, "DeleteConflict", "Cannot delete the default version of a policy.")
	refused(t, "DeletePolicyVersion of none", remove("v9"), 404, "NoSuchEntity", "Policy "+*arn+" version v9 does not exist or is not attachable.")
	if err := remove("v4"); err != nil {
		t.Fatal(err)
	}
	ok[*sdk.CreatePolicyVersionOutput](t)(add(allow, false)) // v6: numbers are not used again

	var ids []string
	p := sdk.NewListPolicyVersionsPaginator(c, &sdk.ListPolicyVersionsInput{PolicyArn: arn, MaxItems: aws.Int32(2)})
	for p.HasMorePages() {
		for _, v := range ok[*sdk.ListPolicyVersionsOutput](t)(p.NextPage(ctx)).Versions {
			ids = append(ids, *v.VersionId)
			if v.IsDefaultVersion != (*v.VersionId == "v2") || v.Document != nil {
				t.Errorf("ListPolicyVersions has %+v", v)
			}
		}
	}
	if diff := cmp.Diff([]string{"v6", "v5", "v3", "v2", "v1"}, ids); diff != "" {
		t.Errorf("ListPolicyVersions (-want +got):\n%s", diff)
	}
	ok[*sdk.SetDefaultPolicyVersionOutput](t)(c.SetDefaultPolicyVersion(ctx, &sdk.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v1")}))
	read := ok[*sdk.GetPolicyVersionOutput](t)(c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v2")})).PolicyVersion
	if text, err := url.PathUnescape(*read.Document); err != nil || text != second || read.IsDefaultVersion {
		t.Errorf("GetPolicyVersion = %+v, %s", read, text)
	}
	_, err = c.SetDefaultPolicyVersion(ctx, &sdk.SetDefaultPolicyVersionInput{PolicyArn: arn, VersionId: aws.String("v4")})
	refused(t, "SetDefaultPolicyVersion of none", err, 404, "NoSuchEntity", "Policy "+*arn+" version v4 does not exist or is not attachable.")
	_, err = c.DeletePolicy(ctx, &sdk.DeletePolicyInput{PolicyArn: arn})
	refused(t, "DeletePolicy with versions", err, 409, "DeleteConflict",
		"This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
}

func TestListPolicies(t *testing.T) {
	c, ctx := start(t), t.Context()
	var local []string
	for _, name := range []string{"a", "b", "c"} {
		p := ok[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{
			PolicyName: aws.String(name), Path: aws.String("/" + name + "/"), PolicyDocument: aws.String(allow), Description: aws.String("d"),
		})).Policy
		local = append(local, *p.Arn)
	}
	createRole(ctx, t, c, "r")
	for _, arn := range []string{local[1], basic} {
		ok[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: &arn}))
	}
	ok[*sdk.PutRolePermissionsBoundaryOutput](t)(c.PutRolePermissionsBoundary(ctx, &sdk.PutRolePermissionsBoundaryInput{RoleName: aws.String("r"), PermissionsBoundary: &local[2]}))
	list := func(in sdk.ListPoliciesInput) (arns []string) {
		t.Helper()
		p := sdk.NewListPoliciesPaginator(c, &in)
		for p.HasMorePages() {
			for _, policy := range ok[*sdk.ListPoliciesOutput](t)(p.NextPage(ctx)).Policies {
				arns = append(arns, *policy.Arn)
				if policy.Description != nil {
					t.Errorf("ListPolicies has the description of %s", *policy.Arn)
				}
			}
		}
		return arns
	}
	ours := list(sdk.ListPoliciesInput{Scope: types.PolicyScopeTypeAws})
	if !slices.IsSorted(ours) || !slices.Contains(ours, basic) {
		t.Errorf("AWS's policies are %q, want them sorted and with %s", ours, basic)
	}
	for _, tt := range []struct {
		name string
		in   sdk.ListPoliciesInput
		want []string
	}{
		{"all", sdk.ListPoliciesInput{}, append(slices.Clone(local), ours...)},
		{"local", sdk.ListPoliciesInput{Scope: types.PolicyScopeTypeLocal}, local},
		{"attached", sdk.ListPoliciesInput{OnlyAttached: true}, []string{local[1], basic}},
		{"attached, local", sdk.ListPoliciesInput{OnlyAttached: true, Scope: types.PolicyScopeTypeLocal}, local[1:2]},
		{"boundaries", sdk.ListPoliciesInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}, local[2:]},
		{"path", sdk.ListPoliciesInput{PathPrefix: aws.String("/c/")}, local[2:]},
		{"path of AWS", sdk.ListPoliciesInput{PathPrefix: aws.String("/service-role/"), OnlyAttached: true}, []string{basic}},
	} {
		for _, size := range []int32{1, 2, 3, 100} {
			tt.in.MaxItems = &size
			if diff := cmp.Diff(tt.want, list(tt.in)); diff != "" {
				t.Errorf("%s, by %d (-want +got):\n%s", tt.name, size, diff)
			}
		}
	}
}

// TestAWSPolicies reads a text of AWS's own, which cannot be changed.
func TestAWSPolicies(t *testing.T) {
	c, ctx := start(t), t.Context()
	arn := aws.String("arn:aws:iam::aws:policy/AdministratorAccess")
	p := ok[*sdk.GetPolicyOutput](t)(c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: arn})).Policy
	v := ok[*sdk.GetPolicyVersionOutput](t)(c.GetPolicyVersion(ctx, &sdk.GetPolicyVersionInput{PolicyArn: arn, VersionId: p.DefaultVersionId})).PolicyVersion
	const want = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["*"],"Resource":"*"}]}`
	if text, err := url.PathUnescape(*v.Document); err != nil || text != want {
		t.Errorf("the text of %s is %s", *arn, text)
	}
	_, err := c.CreatePolicyVersion(ctx, &sdk.CreatePolicyVersionInput{PolicyArn: arn, PolicyDocument: aws.String(allow)})
	refused(t, "CreatePolicyVersion", err, 403, "AccessDenied", "Policy "+*arn+" is managed by AWS and cannot be changed.")
	unknown := aws.String("arn:aws:iam::aws:policy/PowerUserAccess")
	_, err = c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: unknown})
	refused(t, "GetPolicy of one that is not known", err, 404, "NoSuchEntity", "Policy "+*unknown+" was not found.")
	for _, arn := range []string{
		"arn:aws-cn:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:role/AdministratorAccess",
		"arn:aws:iam::aws:policy/path/", "arn:aws:iam::a:b:policy/AdministratorAccess",
	} {
		_, err := c.GetPolicy(ctx, &sdk.GetPolicyInput{PolicyArn: &arn})
		refused(t, "GetPolicy", err, 400, "InvalidInput", "ARN "+arn+" is not valid.")
	}
}

func TestListEntitiesForPolicy(t *testing.T) {
	c, ctx := start(t), t.Context()
	arn := ok[*sdk.CreatePolicyOutput](t)(c.CreatePolicy(ctx, &sdk.CreatePolicyInput{PolicyName: aws.String("p"), PolicyDocument: aws.String(allow)})).Policy.Arn
	ok[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, &sdk.CreateRoleInput{
		RoleName: aws.String("r"), Path: aws.String("/x/"), AssumeRolePolicyDocument: aws.String(trust), PermissionsBoundary: arn,
	}))
	ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("u")}))
	ok[*sdk.CreateGroupOutput](t)(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("g")}))
	ok[*sdk.AttachRolePolicyOutput](t)(c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: aws.String("r"), PolicyArn: arn}))
	ok[*sdk.AttachUserPolicyOutput](t)(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: aws.String("u"), PolicyArn: arn}))
	ok[*sdk.AttachGroupPolicyOutput](t)(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{GroupName: aws.String("g"), PolicyArn: arn}))
	for _, tt := range []struct {
		name string
		in   sdk.ListEntitiesForPolicyInput
		want string
	}{
		{"all", sdk.ListEntitiesForPolicyInput{}, "g r u r"},
		{"as a policy", sdk.ListEntitiesForPolicyInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsPolicy}, "g r u"},
		{"as a boundary", sdk.ListEntitiesForPolicyInput{PolicyUsageFilter: types.PolicyUsageTypePermissionsBoundary}, "r"},
		{"users", sdk.ListEntitiesForPolicyInput{EntityFilter: types.EntityTypeUser}, "u"},
		{"path", sdk.ListEntitiesForPolicyInput{PathPrefix: aws.String("/x/")}, "r r"},
	} {
		for _, size := range []int32{1, 2, 100} {
			tt.in.PolicyArn, tt.in.MaxItems = arn, &size
			var got []string
			p := sdk.NewListEntitiesForPolicyPaginator(c, &tt.in)
			for p.HasMorePages() {
				out := ok[*sdk.ListEntitiesForPolicyOutput](t)(p.NextPage(ctx))
				for _, g := range out.PolicyGroups {
					got = append(got, *g.GroupName)
				}
				for _, r := range out.PolicyRoles {
					got = append(got, *r.RoleName)
				}
				for _, u := range out.PolicyUsers {
					got = append(got, *u.UserName)
				}
			}
			want := strings.Fields(tt.want)
			slices.Sort(want)
			slices.Sort(got) // pages have groups, roles and users apart
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s, by %d (-want +got):\n%s", tt.name, size, diff)
			}
		}
	}
}
