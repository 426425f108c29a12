package iam_test

import (
	"regexp"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/google/go-cmp/cmp"

	"github.com/stagedoor/stagedoor/internal/control"
)

// TestUser follows one user, with keys and groups, through its life.
func TestUser(t *testing.T) {
	c, ctx := start(t), t.Context()
	name := aws.String("dev")
	created := ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: name, Path: aws.String("/team/")})).User
	want := &types.User{
		Path: aws.String("/team/"), UserName: name, UserId: created.UserId, Arn: aws.String("arn:aws:iam::123456789012:user/team/dev"),
		CreateDate: aws.Time(time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC)),
	}
	if diff := cmp.Diff(want, created, same); diff != "" || !regexp.MustCompile(`^AIDA[A-Z2-7]{17}$`).MatchString(*created.UserId) {
		t.Errorf("CreateUser (-want +got):\n%s", diff)
	}
	got := ok[*sdk.GetUserOutput](t)(c.GetUser(ctx, &sdk.GetUserInput{UserName: name})).User
	if diff := cmp.Diff(want, got, same); diff != "" {
		t.Errorf("GetUser (-want +got):\n%s", diff)
	}
	list := ok[*sdk.ListUsersOutput](t)(c.ListUsers(ctx, &sdk.ListUsersInput{PathPrefix: aws.String("/team/")}))
	if diff := cmp.Diff([]types.User{*want}, list.Users, same); diff != "" {
		t.Errorf("ListUsers (-want +got):\n%s", diff)
	}

	ok[*sdk.CreateGroupOutput](t)(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: aws.String("devs")}))
	for range 2 { // again is no error
		ok[*sdk.AddUserToGroupOutput](t)(c.AddUserToGroup(ctx, &sdk.AddUserToGroupInput{GroupName: aws.String("Devs"), UserName: name}))
	}
	members := ok[*sdk.GetGroupOutput](t)(c.GetGroup(ctx, &sdk.GetGroupInput{GroupName: aws.String("devs")}))
	if diff := cmp.Diff([]types.User{*want}, members.Users, same); diff != "" || *members.Group.Arn != "arn:aws:iam::123456789012:group/devs" {
		t.Errorf("GetGroup = %s (-want +got):\n%s", *members.Group.Arn, diff)
	}
	mine := ok[*sdk.ListGroupsForUserOutput](t)(c.ListGroupsForUser(ctx, &sdk.ListGroupsForUserInput{UserName: name}))
	if diff := cmp.Diff([]types.Group{*members.Group}, mine.Groups, same); diff != "" {
		t.Errorf("ListGroupsForUser (-want +got):\n%s", diff)
	}
	_, err := c.DeleteGroup(ctx, &sdk.DeleteGroupInput{GroupName: aws.String("devs")})
	refused(t, "DeleteGroup with users", err, 409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")

	remove := func() error {
		_, err := c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name})
		return err
	}
	refused(t, "DeleteUser in a group", remove(), 409, "DeleteConflict", "Cannot delete entity, must remove users from group first.")
	ok[*sdk.RemoveUserFromGroupOutput](t)(c.RemoveUserFromGroup(ctx, &sdk.RemoveUserFromGroupInput{GroupName: aws.String("devs"), UserName: name}))
	_, err = c.RemoveUserFromGroup(ctx, &sdk.RemoveUserFromGroupInput{GroupName: aws.String("devs"), UserName: name})
	refused(t, "RemoveUserFromGroup again", err, 404, "NoSuchEntity", "User dev not in group devs")
	ok[*sdk.DeleteGroupOutput](t)(c.DeleteGroup(ctx, &sdk.DeleteGroupInput{GroupName: aws.String("devs")}))
	if groups := ok[*sdk.ListGroupsOutput](t)(c.ListGroups(ctx, &sdk.ListGroupsInput{})).Groups; len(groups) != 0 {
		t.Errorf("ListGroups = %v", groups)
	}

	ok[*sdk.PutUserPolicyOutput](t)(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: name, PolicyName: aws.String("p"), PolicyDocument: aws.String(allow)}))
	refused(t, "DeleteUser with a policy", remove(), 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	ok[*sdk.DeleteUserPolicyOutput](t)(c.DeleteUserPolicy(ctx, &sdk.DeleteUserPolicyInput{UserName: name, PolicyName: aws.String("p")}))
	if err := remove(); err != nil {
		t.Errorf("DeleteUser: %v", err)
	}
	_, err = c.GetUser(ctx, &sdk.GetUserInput{UserName: name})
	refused(t, "GetUser of a deleted user", err, 404, "NoSuchEntity", "The user with name dev cannot be found.")
}

func TestAccessKeys(t *testing.T) {
	c, ctx := start(t), t.Context()
	name := aws.String("dev")
	ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: name}))
	create := func() (*sdk.CreateAccessKeyOutput, error) {
		return c.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{UserName: name})
	}
	first := ok[*sdk.CreateAccessKeyOutput](t)(create()).AccessKey
	second := ok[*sdk.CreateAccessKeyOutput](t)(create()).AccessKey
	if !regexp.MustCompile(`^AKIA[A-Z2-7]{16}$`).MatchString(*first.AccessKeyId) || len(*first.SecretAccessKey) != 40 ||
		*first.SecretAccessKey == *second.SecretAccessKey || *first.AccessKeyId == *second.AccessKeyId {
		t.Errorf("CreateAccessKey = %s with a secret of %d characters", *first.AccessKeyId, len(*first.SecretAccessKey))
	}
	_, err := create()
	refused(t, "CreateAccessKey, the third", err, 409, "LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2")
	ok[*sdk.UpdateAccessKeyOutput](t)(c.UpdateAccessKey(ctx, &sdk.UpdateAccessKeyInput{UserName: name, AccessKeyId: first.AccessKeyId, Status: types.StatusTypeInactive}))
	list := ok[*sdk.ListAccessKeysOutput](t)(c.ListAccessKeys(ctx, &sdk.ListAccessKeysInput{UserName: name})).AccessKeyMetadata
	date := aws.Time(time.Date(2026, 5, 4, 3, 2, 1, 0, time.UTC))
	want := []types.AccessKeyMetadata{
		{UserName: name, AccessKeyId: first.AccessKeyId, Status: types.StatusTypeInactive, CreateDate: date},
		{UserName: name, AccessKeyId: second.AccessKeyId, Status: types.StatusTypeActive, CreateDate: date},
	}
	if diff := cmp.Diff(want, list, same); diff != "" {
		t.Errorf("ListAccessKeys (-want +got):\n%s", diff)
	}

	_, err = c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name})
	refused(t, "DeleteUser with keys", err, 409, "DeleteConflict", "Cannot delete entity, must delete access keys first.")
	// A key of somebody else is not found.
	ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("other")}))
	_, err = c.DeleteAccessKey(ctx, &sdk.DeleteAccessKeyInput{UserName: aws.String("other"), AccessKeyId: first.AccessKeyId})
	refused(t, "DeleteAccessKey of another user", err, 404, "NoSuchEntity", "The Access Key with id "+*first.AccessKeyId+" cannot be found.")
	_, err = c.UpdateAccessKey(ctx, &sdk.UpdateAccessKeyInput{UserName: aws.String("other"), AccessKeyId: first.AccessKeyId, Status: types.StatusTypeActive})
	refused(t, "UpdateAccessKey of another user", err, 404, "NoSuchEntity", "The Access Key with id "+*first.AccessKeyId+" cannot be found.")
	for _, id := range []*string{first.AccessKeyId, second.AccessKeyId} {
		ok[*sdk.DeleteAccessKeyOutput](t)(c.DeleteAccessKey(ctx, &sdk.DeleteAccessKeyInput{UserName: name, AccessKeyId: id}))
	}
	ok[*sdk.DeleteUserOutput](t)(c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: name}))
}

// TestOwnUser leaves the name out of calls that are then about the caller.
func TestOwnUser(t *testing.T) {
	c, ctx := start(t), t.Context()
	root := ok[*sdk.GetUserOutput](t)(c.GetUser(ctx, &sdk.GetUserInput{})).User
	if *root.Arn != "arn:aws:iam::123456789012:root" || *root.UserId != account {
		t.Errorf("GetUser of the root = %s, %s", *root.Arn, *root.UserId)
	}
	_, err := c.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{})
	refused(t, "CreateAccessKey of the root", err, 400, "ValidationError", "Must specify userName when calling with non-User credentials")

	c = startAs(t, control.Caller{Account: account, ARN: "arn:aws:iam::" + account + ":user/a/team/me", UserID: "AIDAX"})
	ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: aws.String("me")}))
	if me := ok[*sdk.GetUserOutput](t)(c.GetUser(ctx, &sdk.GetUserInput{})).User; *me.UserName != "me" {
		t.Errorf("GetUser of the caller = %s", *me.UserName)
	}
	if key := ok[*sdk.CreateAccessKeyOutput](t)(c.CreateAccessKey(ctx, &sdk.CreateAccessKeyInput{})).AccessKey; *key.UserName != "me" {
		t.Errorf("CreateAccessKey of the caller is of %s", *key.UserName)
	}
}

// TestUserAndGroupPolicies gives a user and a group what roles have as well.
func TestUserAndGroupPolicies(t *testing.T) {
	c, ctx := start(t), t.Context()
	u, g, p := aws.String("u"), aws.String("g"), aws.String("p")
	ok[*sdk.CreateUserOutput](t)(c.CreateUser(ctx, &sdk.CreateUserInput{UserName: u, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}}}))
	ok[*sdk.CreateGroupOutput](t)(c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: g, Path: aws.String("/x/")}))
	if list := ok[*sdk.ListGroupsOutput](t)(c.ListGroups(ctx, &sdk.ListGroupsInput{PathPrefix: aws.String("/x/")})).Groups; len(list) != 1 {
		t.Errorf("ListGroups = %v", list)
	}
	_, err := c.CreateGroup(ctx, &sdk.CreateGroupInput{GroupName: g})
	refused(t, "CreateGroup again", err, 409, "EntityAlreadyExists", "Group with name g already exists.")

	ok[*sdk.TagUserOutput](t)(c.TagUser(ctx, &sdk.TagUserInput{UserName: u, Tags: []types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}}))
	ok[*sdk.UntagUserOutput](t)(c.UntagUser(ctx, &sdk.UntagUserInput{UserName: u, TagKeys: []string{"a"}}))
	tags := ok[*sdk.ListUserTagsOutput](t)(c.ListUserTags(ctx, &sdk.ListUserTagsInput{UserName: u})).Tags
	if diff := cmp.Diff([]types.Tag{{Key: aws.String("b"), Value: aws.String("2")}}, tags, same); diff != "" {
		t.Errorf("ListUserTags (-want +got):\n%s", diff)
	}

	ok[*sdk.PutUserPermissionsBoundaryOutput](t)(c.PutUserPermissionsBoundary(ctx, &sdk.PutUserPermissionsBoundaryInput{UserName: u, PermissionsBoundary: aws.String(basic)}))
	if b := ok[*sdk.GetUserOutput](t)(c.GetUser(ctx, &sdk.GetUserInput{UserName: u})).User.PermissionsBoundary; b == nil || *b.PermissionsBoundaryArn != basic {
		t.Errorf("the boundary is %v", b)
	}
	ok[*sdk.DeleteUserPermissionsBoundaryOutput](t)(c.DeleteUserPermissionsBoundary(ctx, &sdk.DeleteUserPermissionsBoundaryInput{UserName: u}))

	ok[*sdk.PutUserPolicyOutput](t)(c.PutUserPolicy(ctx, &sdk.PutUserPolicyInput{UserName: u, PolicyName: p, PolicyDocument: aws.String(allow)}))
	ok[*sdk.PutGroupPolicyOutput](t)(c.PutGroupPolicy(ctx, &sdk.PutGroupPolicyInput{GroupName: g, PolicyName: p, PolicyDocument: aws.String(allow)}))
	ofUser := ok[*sdk.GetUserPolicyOutput](t)(c.GetUserPolicy(ctx, &sdk.GetUserPolicyInput{UserName: u, PolicyName: p}))
	ofGroup := ok[*sdk.GetGroupPolicyOutput](t)(c.GetGroupPolicy(ctx, &sdk.GetGroupPolicyInput{GroupName: g, PolicyName: p}))
	if *ofUser.UserName != "u" || *ofGroup.GroupName != "g" || *ofUser.PolicyDocument != *ofGroup.PolicyDocument {
		t.Errorf("the policies are %+v, %+v", ofUser, ofGroup)
	}
	userNames := ok[*sdk.ListUserPoliciesOutput](t)(c.ListUserPolicies(ctx, &sdk.ListUserPoliciesInput{UserName: u})).PolicyNames
	groupNames := ok[*sdk.ListGroupPoliciesOutput](t)(c.ListGroupPolicies(ctx, &sdk.ListGroupPoliciesInput{GroupName: g})).PolicyNames
	if diff := cmp.Diff([][]string{{"p"}, {"p"}}, [][]string{userNames, groupNames}); diff != "" {
		t.Errorf("the names of policies (-want +got):\n%s", diff)
	}
	_, err = c.DeleteGroup(ctx, &sdk.DeleteGroupInput{GroupName: g})
	refused(t, "DeleteGroup with a policy", err, 409, "DeleteConflict", "Cannot delete entity, must delete policies first.")
	ok[*sdk.DeleteUserPolicyOutput](t)(c.DeleteUserPolicy(ctx, &sdk.DeleteUserPolicyInput{UserName: u, PolicyName: p}))
	ok[*sdk.DeleteGroupPolicyOutput](t)(c.DeleteGroupPolicy(ctx, &sdk.DeleteGroupPolicyInput{GroupName: g, PolicyName: p}))

	arn := aws.String(basic)
	ok[*sdk.AttachUserPolicyOutput](t)(c.AttachUserPolicy(ctx, &sdk.AttachUserPolicyInput{UserName: u, PolicyArn: arn}))
	ok[*sdk.AttachGroupPolicyOutput](t)(c.AttachGroupPolicy(ctx, &sdk.AttachGroupPolicyInput{GroupName: g, PolicyArn: arn}))
	want := []types.AttachedPolicy{{PolicyName: aws.String("AWSLambdaBasicExecutionRole"), PolicyArn: arn}}
	toUser := ok[*sdk.ListAttachedUserPoliciesOutput](t)(c.ListAttachedUserPolicies(ctx, &sdk.ListAttachedUserPoliciesInput{UserName: u})).AttachedPolicies
	toGroup := ok[*sdk.ListAttachedGroupPoliciesOutput](t)(c.ListAttachedGroupPolicies(ctx, &sdk.ListAttachedGroupPoliciesInput{GroupName: g})).AttachedPolicies
	if diff := cmp.Diff([][]types.AttachedPolicy{want, want}, [][]types.AttachedPolicy{toUser, toGroup}, same); diff != "" {
		t.Errorf("the policies attached (-want +got):\n%s", diff)
	}
	_, err = c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: u})
	refused(t, "DeleteUser with a policy attached", err, 409, "DeleteConflict", "Cannot delete entity, must detach all policies first.")
	ok[*sdk.DetachUserPolicyOutput](t)(c.DetachUserPolicy(ctx, &sdk.DetachUserPolicyInput{UserName: u, PolicyArn: arn}))
	ok[*sdk.DetachGroupPolicyOutput](t)(c.DetachGroupPolicy(ctx, &sdk.DetachGroupPolicyInput{GroupName: g, PolicyArn: arn}))
	ok[*sdk.DeleteUserOutput](t)(c.DeleteUser(ctx, &sdk.DeleteUserInput{UserName: u}))
	ok[*sdk.DeleteGroupOutput](t)(c.DeleteGroup(ctx, &sdk.DeleteGroupInput{GroupName: g}))
	_, err = c.GetGroup(ctx, &sdk.GetGroupInput{GroupName: g})
	refused(t, "GetGroup of a deleted group", err, 404, "NoSuchEntity", "The group with name g cannot be found.")
}
