package iam_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var same = cmp.Options{
	cmpopts.IgnoreUnexported(
		types.Role{}, types.Tag{}, types.RoleLastUsed{}, types.AttachedPermissionsBoundary{}, types.AttachedPolicy{},
		types.Policy{}, types.PolicyVersion{}, types.PolicyRole{}, types.PolicyUser{}, types.PolicyGroup{},
		types.User{}, types.Group{}, types.AccessKeyMetadata{},
	),
}

// TestRole follows one role through its life.
func TestRole(t *testing.T) {
	c, ctx := start(t), t.Context()
	name := aws.String("orders")
	created := ok[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, &sdk.CreateRoleInput{
		RoleName: name, Path: aws.String("/service-role/"), AssumeRolePolicyDocument: aws.String(trust),
		Description: aws.String("takes orders"), PermissionsBoundary: aws.String(basic),
		Tags: []types.Tag{{Key: aws.String("team"), Value: aws.String("b")}, {Key: aws.String("Stage"), Value: aws.String("")}},
	})).Role
	if id := *created.RoleId; !regexp.MustCompile(`^AROA[A-Z2-7]{17}$`).MatchString(id) {
		t.Errorf("RoleId = %q", id)
	}
	if text, err := url.PathUnescape(*created.AssumeRolePolicyDocument); err != nil || text != trust || strings.ContainsAny(*created.AssumeRolePolicyDocument, `{" :,`) {
		t.Errorf("AssumeRolePolicyDocument = %s, want %s percent-encoded", *created.AssumeRolePolicyDocument, trust)
	}
	want := &types.Role{
		Path: aws.String("/service-role/"), RoleName: name, RoleId: created.RoleId,
		Arn:                      aws.String("arn:aws:iam::123456789012:role/service-role/orders"),
		CreateDate:               aws.Time(time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)),
		AssumeRolePolicyDocument: created.AssumeRolePolicyDocument,
		Description:              aws.String("takes orders"), MaxSessionDuration: aws.Int32(3600),
		PermissionsBoundary: &types.AttachedPermissionsBoundary{
			PermissionsBoundaryArn: aws.String(basic), PermissionsBoundaryType: "Policy",
		},
		Tags: []types.Tag{{Key: aws.String("Stage"), Value: aws.String("")}, {Key: aws.String("team"), Value: aws.String("b")}},
	}
	if diff := cmp.Diff(want, created, same); diff != "" {
		t.Errorf("CreateRole (-want +got):\n%s", diff)
	}
	want.RoleLastUsed = &types.RoleLastUsed{}
	got := func(name string) *types.Role {
		t.Helper()
		return ok[*sdk.GetRoleOutput](t)(c.GetRole(ctx, &sdk.GetRoleInput{RoleName: &name})).Role
	}
	if diff := cmp.Diff(want, got("orders"), same); diff != "" {
		t.Errorf("GetRole (-want +got):\n%s", diff)
	}

	// A name in another case is the same name.
	_, err := c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("ORDERS"), AssumeRolePolicyDocument: aws.String(trust)})
	refused(t, "CreateRole again", err, 409, "EntityAlreadyExists", "Role with name ORDERS already exists.")
	if diff := cmp.Diff(want, got("Orders"), same); diff != "" {
		t.Errorf("GetRole in another case (-want +got):\n%s", diff)
	}

	ok[*sdk.UpdateRoleOutput](t)(c.UpdateRole(ctx, &sdk.UpdateRoleInput{RoleName: name, MaxSessionDuration: aws.Int32(7200)}))
	other := strings.Replace(trust, "lambda", "apigateway", 1)
	ok[*sdk.UpdateAssumeRolePolicyOutput](t)(c.UpdateAssumeRolePolicy(ctx, &sdk.UpdateAssumeRolePolicyInput{RoleName: name, PolicyDocument: &other}))
	ok[*sdk.UpdateRoleDescriptionOutput](t)(c.UpdateRoleDescription(ctx, &sdk.UpdateRoleDescriptionInput{RoleName: name, Description: aws.String("")}))
	ok[*sdk.DeleteRolePermissionsBoundaryOutput](t)(c.DeleteRolePermissionsBoundary(ctx, &sdk.DeleteRolePermissionsBoundaryInput{RoleName: name}))
	ok[*sdk.TagRoleOutput](t)(c.TagRole(ctx, &sdk.TagRoleInput{RoleName: name, Tags: []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("c")}}}))
	ok[*sdk.UntagRoleOutput](t)(c.UntagRole(ctx, &sdk.UntagRoleInput{RoleName: name, TagKeys: []string{"stage", "none"}}))
	want.MaxSessionDuration, want.Description, want.PermissionsBoundary = aws.Int32(7200), aws.String(""), nil
	want.AssumeRolePolicyDocument = aws.String(strings.Replace(*want.AssumeRolePolicyDocument, "lambda", "apigateway", 1))
	want.Tags = []types.Tag{{Key: aws.String("TEAM"), Value: aws.String("c")}}
	if diff := cmp.Diff(want, got("orders"), same); diff != "" {
		t.Errorf("GetRole after changes (-want +got):\n%s", diff)
	}
	tags := ok[*sdk.ListRoleTagsOutput](t)(c.ListRoleTags(ctx, &sdk.ListRoleTagsInput{RoleName: name}))
	if diff := cmp.Diff(want.Tags, tags.Tags, same); diff != "" || tags.IsTruncated {
		t.Errorf("ListRoleTags (-want +got):\n%s", diff)
	}

	profiles := ok[*sdk.ListInstanceProfilesForRoleOutput](t)(c.ListInstanceProfilesForRole(ctx, &sdk.ListInstanceProfilesForRoleInput{RoleName: name}))
	if len(profiles.InstanceProfiles) != 0 {
		t.Errorf("ListInstanceProfilesForRole = %v", profiles.InstanceProfiles)
	}
	ok[*sdk.DeleteRoleOutput](t)(c.DeleteRole(ctx, &sdk.DeleteRoleInput{RoleName: name}))
	_, err = c.GetRole(ctx, &sdk.GetRoleInput{RoleName: name})
	refused(t, "GetRole of a deleted role", err, 404, "NoSuchEntity", "The role with name orders cannot be found.")
	createRole(ctx, t, c, "orders")
	if id := got("orders").RoleId; *id == *created.RoleId {
		t.Error("the role made anew has the id of the old one")
	}
}

// TestRolePolicies gives a role policies of both kinds.
func TestRolePolicies(t *testing.T) {
	c, ctx := start(t), t.Context()
	role := aws.String("r")
	createRole(ctx, t, c, "r")
	put := func(name, document string) error {
		_, err := c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: role, PolicyName: &name, PolicyDocument: &document})
		return err
	}
	if err := put("b", allow); err != nil {
		t.Fatal(err)
	}
	if err := put("a", allow); err != nil {
		t.Fatal(err)
	}
	read := ok[*sdk.GetRolePolicyOutput](t)(c.GetRolePolicy(ctx, &sdk.GetRolePolicyInput{RoleName: role, PolicyName: aws.String("a")}))
	if text, err := url.PathUnescape(*read.PolicyDocument); err != nil || text != allow || *read.RoleName != "r" || *read.PolicyName != "a" {
		t.Errorf("GetRolePolicy = %s of %s, %s", *read.PolicyName, *read.RoleName, text)
	}
	names := ok[*sdk.ListRolePoliciesOutput](t)(c.ListRolePolicies(ctx, &sdk.ListRolePoliciesInput{RoleName: role}))
	if diff := cmp.Diff([]string{"a", "b"}, names.PolicyNames); diff != "" {
		t.Errorf("ListRolePolicies (-want +got):\n%s", diff)
	}
	refused(t, "PutRolePolicy that is too large", put("c", strings.Replace(allow, "orders", strings.Repeat("o", 10240), 1)),
		409, "LimitExceeded", "Maximum policy size of 10240 bytes exceeded for role r")
	refused(t, "PutRolePolicy of no policy", put("c", "{}"), 400, "MalformedPolicyDocument", "Syntax errors in policy.")
	_, err := c.GetRolePolicy(ctx, &sdk.GetRolePolicyInput{RoleName: role, PolicyName: aws.String("c")})
	refused(t, "GetRolePolicy", err, 404, "NoSuchEntity", "The role policy with name c cannot be found.")

	attach := func(arn string) error {
		_, err := c.AttachRolePolicy(ctx, &sdk.AttachRolePolicyInput{RoleName: role, PolicyArn: &arn})
		return err
	}
	unknown := "arn:aws:iam::aws:policy/" + "AmazonSomethingFullAccess" // attachable, though its text is not known
	for _, arn := range []string{basic, unknown, basic} {
		if err := attach(arn); err != nil {
			t.Errorf("AttachRolePolicy(%s): %v", arn, err)
		}
	}
	list := ok[*sdk.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(ctx, &sdk.ListAttachedRolePoliciesInput{RoleName: role}))
	want := []types.AttachedPolicy{
		{PolicyName: aws.String("AWSLambdaBasicExecutionRole"), PolicyArn: aws.String(basic)},
		{PolicyName: aws.String("AmazonSomethingFullAccess"), PolicyArn: aws.String(unknown)},
	}
	if diff := cmp.Diff(want, list.AttachedPolicies, same); diff != "" {
		t.Errorf("ListAttachedRolePolicies (-want +got):\n%s", diff)
	}
	list = ok[*sdk.ListAttachedRolePoliciesOutput](t)(c.ListAttachedRolePolicies(ctx, &sdk.ListAttachedRolePoliciesInput{RoleName: role, PathPrefix: aws.String("/service-role/")}))
	if diff := cmp.Diff(want[:1], list.AttachedPolicies, same); diff != "" {
		t.Errorf("ListAttachedRolePolicies under a path (-want +got):\n%s", diff)
	}
	mine := "arn:aws:iam::123456789012:policy/none"
	refused(t, "AttachRolePolicy of no policy", attach(mine), 404, "NoSuchEntity", "Policy "+mine+" does not exist or is not attachable.")
	garbage := "a text of more than twenty characters"
	refused(t, "AttachRolePolicy of no ARN", attach(garbage), 400, "InvalidInput", "ARN "+garbage+" is not valid.")

	remove := func() error {
		_, err := c.DeleteRole(ctx, &sdk.DeleteRoleInput{RoleName: role})
		return err
	}
	refused(t, "DeleteRole", remove(), 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	for _, arn := range []string{basic, unknown} {
		ok[*sdk.DetachRolePolicyOutput](t)(c.DetachRolePolicy(ctx, &sdk.DetachRolePolicyInput{RoleName: role, PolicyArn: &arn}))
	}
	_, err = c.DetachRolePolicy(ctx, &sdk.DetachRolePolicyInput{RoleName: role, PolicyArn: aws.String(basic)})
	refused(t, "DetachRolePolicy again", err, 404, "NoSuchEntity", "Policy "+basic+" was not found.")
	refused(t, "DeleteRole", remove(), 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	for _, name := range []string{"a", "b"} {
		ok[*sdk.DeleteRolePolicyOutput](t)(c.DeleteRolePolicy(ctx, &sdk.DeleteRolePolicyInput{RoleName: role, PolicyName: &name}))
	}
	_, err = c.DeleteRolePolicy(ctx, &sdk.DeleteRolePolicyInput{RoleName: role, PolicyName: aws.String("a")})
	refused(t, "DeleteRolePolicy again", err, 404, "NoSuchEntity", "The role policy with name a cannot be found.")
	if err := remove(); err != nil {
		t.Errorf("DeleteRole: %v", err)
	}
}

// TestListRoles takes pages and paths.
func TestListRoles(t *testing.T) {
	c, ctx := start(t), t.Context()
	var all []string
	for i := range 7 {
		in := &sdk.CreateRoleInput{RoleName: aws.String(fmt.Sprintf("role-%d", i)), AssumeRolePolicyDocument: aws.String(trust)}
		in.Tags = []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}
		if i%2 == 1 {
			in.Path = aws.String("/odd/")
		}
		ok[*sdk.CreateRoleOutput](t)(c.CreateRole(ctx, in))
		all = append(all, *in.RoleName)
	}
	for _, tt := range []struct {
		prefix string
		size   int32
		want   []string
		pages  int
	}{
		{"/", 2, all, 4},
		{"/", 7, all, 1},
		{"/", 1000, all, 1},
		{"/odd/", 2, []string{all[1], all[3], all[5]}, 2},
		{"/even/", 2, nil, 1},
	} {
		var got []string
		pages := 0
		p := sdk.NewListRolesPaginator(c, &sdk.ListRolesInput{PathPrefix: &tt.prefix, MaxItems: &tt.size})
		for p.HasMorePages() {
			out := ok[*sdk.ListRolesOutput](t)(p.NextPage(ctx))
			for _, r := range out.Roles {
				got = append(got, *r.RoleName)
				if r.Tags != nil || r.RoleLastUsed != nil || *r.AssumeRolePolicyDocument == "" {
					t.Errorf("ListRoles has %+v", r)
				}
			}
			pages++
		}
		if diff := cmp.Diff(tt.want, got); diff != "" || pages != tt.pages {
			t.Errorf("ListRoles(%s) by %d: %d pages, want %d (-want +got):\n%s", tt.prefix, tt.size, pages, tt.pages, diff)
		}
	}
	_, err := c.ListRoles(ctx, &sdk.ListRolesInput{Marker: aws.String("no marker of ours")})
	refused(t, "ListRoles with a bad marker", err, 400, "ValidationError", "Invalid Marker.")
}

func TestRoleRefusals(t *testing.T) {
	c, ctx := start(t), t.Context()
	createRole(ctx, t, c, "r")
	tag := func(keys ...string) []types.Tag {
		var tags []types.Tag
		for _, k := range keys {
			tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String("v")})
		}
		return tags
	}
	var many []string
	for i := range 50 {
		many = append(many, fmt.Sprint("k", i))
	}
	ok[*sdk.TagRoleOutput](t)(c.TagRole(ctx, &sdk.TagRoleInput{RoleName: aws.String("r"), Tags: tag(many...)}))
	none := aws.String("none")
	const noRole = "The role with name none cannot be found."
	for name, tt := range map[string]struct {
		call       func() error
		status     int
		code, text string
	}{
		"GetRole":      {func() error { _, err := c.GetRole(ctx, &sdk.GetRoleInput{RoleName: none}); return err }, 404, "NoSuchEntity", noRole},
		"DeleteRole":   {func() error { _, err := c.DeleteRole(ctx, &sdk.DeleteRoleInput{RoleName: none}); return err }, 404, "NoSuchEntity", noRole},
		"UpdateRole":   {func() error { _, err := c.UpdateRole(ctx, &sdk.UpdateRoleInput{RoleName: none}); return err }, 404, "NoSuchEntity", noRole},
		"ListRoleTags": {func() error { _, err := c.ListRoleTags(ctx, &sdk.ListRoleTagsInput{RoleName: none}); return err }, 404, "NoSuchEntity", noRole},
		"ListRolePolicies": {func() error {
			_, err := c.ListRolePolicies(ctx, &sdk.ListRolePoliciesInput{RoleName: none})
			return err
		}, 404, "NoSuchEntity", noRole},
		"ListInstanceProfilesForRole": {func() error {
			_, err := c.ListInstanceProfilesForRole(ctx, &sdk.ListInstanceProfilesForRoleInput{RoleName: none})
			return err
		}, 404, "NoSuchEntity", noRole},
		"PutRolePolicy": {func() error {
			_, err := c.PutRolePolicy(ctx, &sdk.PutRolePolicyInput{RoleName: none, PolicyName: none, PolicyDocument: aws.String(allow)})
			return err
		}, 404, "NoSuchEntity", noRole},
		"TagRole, the same key twice": {func() error {
			_, err := c.TagRole(ctx, &sdk.TagRoleInput{RoleName: aws.String("r"), Tags: tag("a", "A")})
			return err
		}, 400, "InvalidInput", "Duplicate tag keys found. Please note that Tag keys are case insensitive."},
		"TagRole, one too many": {func() error {
			_, err := c.TagRole(ctx, &sdk.TagRoleInput{RoleName: aws.String("r"), Tags: tag("more")})
			return err
		}, 409, "LimitExceeded", "The number of tags has reached the maximum limit."},
		"CreateRole, no JSON": {func() error {
			_, err := c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String("no JSON")})
			return err
		}, 400, "MalformedPolicyDocument", "This policy contains invalid Json"},
		"CreateRole, no boundary": {func() error {
			_, err := c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("x"), AssumeRolePolicyDocument: aws.String(trust), PermissionsBoundary: aws.String("arn:aws:iam::123456789012:policy/none")})
			return err
		}, 404, "NoSuchEntity", "Policy arn:aws:iam::123456789012:policy/none does not exist or is not attachable."},
	} {
		refused(t, name, tt.call(), tt.status, tt.code, tt.text)
	}
}

// TestCreateRoleRace lets many callers make one role: one of them does.
func TestCreateRoleRace(t *testing.T) {
	c, ctx := start(t), t.Context()
	var wait sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = c.CreateRole(ctx, &sdk.CreateRoleInput{RoleName: aws.String("r"), AssumeRolePolicyDocument: aws.String(trust)})
		})
	}
	wait.Wait()
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else {
			refused(t, "CreateRole", err, 409, "EntityAlreadyExists", "Role with name r already exists.")
		}
	}
	if made != 1 {
		t.Errorf("%d callers made the role", made)
	}
}
