package cloudformation

import (
	"cmp"
	"context"
	"errors"

	"github.com/stagedoor/stagedoor/internal/wire/iam"
	"github.com/stagedoor/stagedoor/internal/wire/logs"
)

const iamService = "iam"

// createRole makes the role with its inline and attached policies.
func createRole(ctx context.Context, j *job) error {
	in := &iam.CreateRoleInput{}
	name := j.nameOr("RoleName")
	if len(name) > 64 { // parity: IAM role names
		name = name[:51] + name[len(name)-13:]
	}
	if err := fill(in, with(j.props, map[string]any{"RoleName": name})); err != nil {
		return err
	}
	j.tries(name)
	out, err := call[iam.CreateRoleResponse](ctx, j, iamService, "CreateRole", in)
	if err != nil {
		return err
	}
	j.made(name, map[string]any{"Arn": out.Role.Arn, "RoleId": out.Role.RoleId})
	if err := rolePolicies(ctx, j); err != nil {
		return errors.Join(err, removeRole(ctx, j))
	}
	return nil
}

func rolePolicies(ctx context.Context, j *job) error {
	for _, p := range objects(j.props["Policies"]) {
		in := &iam.PutRolePolicyInput{RoleName: j.record.PhysicalID, PolicyName: text(p["PolicyName"]), PolicyDocument: text(p["PolicyDocument"])}
		if err := j.do(ctx, iamService, "PutRolePolicy", in); err != nil {
			return err
		}
	}
	for arn := range texts(j.props["ManagedPolicyArns"]) {
		if err := j.do(ctx, iamService, "AttachRolePolicy", &iam.AttachRolePolicyInput{RoleName: j.record.PhysicalID, PolicyArn: arn}); err != nil {
			return err
		}
	}
	return nil
}

func updateRole(ctx context.Context, j *job) error {
	role := j.record.PhysicalID
	if changed(j.old["AssumeRolePolicyDocument"], j.props["AssumeRolePolicyDocument"]) {
		in := &iam.UpdateAssumeRolePolicyInput{RoleName: role, PolicyDocument: j.text("AssumeRolePolicyDocument")}
		if err := j.do(ctx, iamService, "UpdateAssumeRolePolicy", in); err != nil {
			return err
		}
	}
	if err := stripRole(ctx, j, role, j.old, j.props); err != nil {
		return err
	}
	return rolePolicies(ctx, j)
}

// stripRole takes away the policies that keep does not have.
func stripRole(ctx context.Context, j *job, role string, have, keep map[string]any) error {
	kept := map[string]bool{}
	for _, p := range objects(keep["Policies"]) {
		kept[text(p["PolicyName"])] = true
	}
	for _, p := range objects(have["Policies"]) {
		if name := text(p["PolicyName"]); !kept[name] {
			if err := j.do(ctx, iamService, "DeleteRolePolicy", &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: name}); err != nil && !missing(err) {
				return err
			}
		}
	}
	attached := texts(keep["ManagedPolicyArns"])
	for arn := range texts(have["ManagedPolicyArns"]) {
		if !attached[arn] {
			if err := j.do(ctx, iamService, "DetachRolePolicy", &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: arn}); err != nil && !missing(err) {
				return err
			}
		}
	}
	return nil
}

func removeRole(ctx context.Context, j *job) error {
	if err := stripRole(ctx, j, j.record.PhysicalID, j.props, nil); err != nil {
		return err
	}
	return j.do(ctx, iamService, "DeleteRole", &iam.DeleteRoleInput{RoleName: j.record.PhysicalID})
}

// putPolicy puts an inline policy on every role it names.
func putPolicy(ctx context.Context, j *job) error {
	for role := range texts(j.props["Roles"]) {
		in := &iam.PutRolePolicyInput{RoleName: role, PolicyName: j.text("PolicyName"), PolicyDocument: j.text("PolicyDocument")}
		if err := j.do(ctx, iamService, "PutRolePolicy", in); err != nil {
			return err
		}
	}
	j.made(j.name(j.record.LogicalID, j.generation), nil)
	return nil
}

func removePolicy(ctx context.Context, j *job) error {
	for role := range texts(j.props["Roles"]) {
		err := j.do(ctx, iamService, "DeleteRolePolicy", &iam.DeleteRolePolicyInput{RoleName: role, PolicyName: j.text("PolicyName")})
		if err != nil && !missing(err) {
			return err
		}
	}
	return nil
}

func createManagedPolicy(ctx context.Context, j *job) error {
	in := &iam.CreatePolicyInput{}
	if err := fill(in, with(j.props, map[string]any{"PolicyName": j.nameOr("ManagedPolicyName")})); err != nil {
		return err
	}
	cfg := j.engine.cfg
	j.tries("arn:" + cfg.Partition + ":iam::" + cfg.Account + ":policy" + cmp.Or(j.text("Path"), "/") + in.PolicyName)
	out, err := call[iam.CreatePolicyResponse](ctx, j, iamService, "CreatePolicy", in)
	if err != nil {
		return err
	}
	arn := *out.Policy.Arn
	j.made(arn, map[string]any{"PolicyArn": arn})
	for role := range texts(j.props["Roles"]) {
		if err := j.do(ctx, iamService, "AttachRolePolicy", &iam.AttachRolePolicyInput{RoleName: role, PolicyArn: arn}); err != nil {
			return errors.Join(err, removeManagedPolicy(ctx, j))
		}
	}
	return nil
}

func removeManagedPolicy(ctx context.Context, j *job) error {
	for role := range texts(j.props["Roles"]) {
		err := j.do(ctx, iamService, "DetachRolePolicy", &iam.DetachRolePolicyInput{RoleName: role, PolicyArn: j.record.PhysicalID})
		if err != nil && !missing(err) {
			return err
		}
	}
	return j.do(ctx, iamService, "DeletePolicy", &iam.DeletePolicyInput{PolicyArn: j.record.PhysicalID})
}

const logsService = "logs"

func createLogGroup(ctx context.Context, j *job) error {
	in := &logs.CreateLogGroupInput{}
	name := j.nameOr("LogGroupName")
	if err := fill(in, with(j.props, map[string]any{"LogGroupName": name})); err != nil {
		return err
	}
	j.tries(name)
	if err := j.do(ctx, logsService, "CreateLogGroup", in); err != nil {
		return err
	}
	cfg := j.engine.cfg
	j.made(name, map[string]any{"Arn": "arn:" + cfg.Partition + ":logs:" + cfg.Region + ":" + cfg.Account + ":log-group:" + name + ":*"})
	return nil
}

func removeLogGroup(ctx context.Context, j *job) error {
	return j.do(ctx, logsService, "DeleteLogGroup", &logs.DeleteLogGroupInput{LogGroupName: j.record.PhysicalID})
}
