package cloudformation

import (
	"context"

	wire "github.com/stagedoor/stagedoor/internal/wire/cognitoidentityprovider"
)

const cognitoService = "cognito-identity-provider"

// cognitoKinds are user pools and what belongs to them.
func cognitoKinds() map[string]kind {
	return map[string]kind{
		"AWS::Cognito::UserPool": {createPool, updatePool, removePool, []string{"AliasAttributes", "UsernameAttributes", "UsernameConfiguration"}},
		"AWS::Cognito::UserPoolClient": {
			createPoolClient, updatePoolClient,
			changer(input[wire.DeleteUserPoolClientInput], "DeleteUserPoolClient", "ClientId"),
			[]string{"GenerateSecret", "UserPoolId"},
		},
		"AWS::Cognito::UserPoolGroup": {
			named(input[wire.CreateGroupInput], "CreateGroup", "GroupName"),
			changer(input[wire.UpdateGroupInput], "UpdateGroup", "GroupName"),
			changer(input[wire.DeleteGroupInput], "DeleteGroup", "GroupName"),
			[]string{"UserPoolId", "GroupName"},
		},
		"AWS::Cognito::UserPoolResourceServer": {
			named(input[wire.CreateResourceServerInput], "CreateResourceServer", "Identifier"),
			changer(input[wire.UpdateResourceServerInput], "UpdateResourceServer", "Identifier"),
			changer(input[wire.DeleteResourceServerInput], "DeleteResourceServer", "Identifier"),
			[]string{"UserPoolId", "Identifier"},
		},
		"AWS::Cognito::UserPoolDomain": {
			named(input[wire.CreateUserPoolDomainInput], "CreateUserPoolDomain", "Domain"), nil,
			changer(input[wire.DeleteUserPoolDomainInput], "DeleteUserPoolDomain", "Domain"), nil,
		},
	}
}

// named makes a resource that is known by one of its properties.
func named(empty func() any, operation, property string) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		in, name := empty(), j.nameOr(property)
		if err := fill(in, with(j.props, map[string]any{property: name})); err != nil {
			return err
		}
		j.tries(name)
		if err := j.do(ctx, cognitoService, operation, in); err != nil {
			return err
		}
		j.made(name, nil)
		return nil
	}
}

// changer changes or deletes one.
func changer(empty func() any, operation, property string) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		in := empty()
		if err := fill(in, with(j.props, map[string]any{property: j.record.PhysicalID})); err != nil {
			return err
		}
		return j.do(ctx, cognitoService, operation, in)
	}
}

func createPool(ctx context.Context, j *job) error {
	in := &wire.CreateUserPoolInput{}
	if err := fill(in, with(j.props, map[string]any{"PoolName": j.nameOr("UserPoolName")})); err != nil {
		return err
	}
	out, err := call[wire.CreateUserPoolResponse](ctx, j, cognitoService, "CreateUserPool", in)
	if err != nil {
		return err
	}
	id, arn := *out.UserPool.Id, *out.UserPool.Arn
	provider := "cognito-idp." + j.engine.cfg.Region + ".amazonaws.com/" + id
	j.made(id, map[string]any{"Arn": arn, "UserPoolId": id, "ProviderName": provider, "ProviderURL": "https://" + provider})
	return nil
}

// updatePool brings in new settings, then attributes that the schema did not have.
func updatePool(ctx context.Context, j *job) error {
	in := &wire.UpdateUserPoolInput{}
	if err := fill(in, with(j.props, map[string]any{"UserPoolId": j.record.PhysicalID, "PoolName": j.props["UserPoolName"]})); err != nil {
		return err
	}
	if err := j.do(ctx, cognitoService, "UpdateUserPool", in); err != nil {
		return err
	}
	before := map[string]bool{}
	for _, a := range objects(j.old["Schema"]) {
		before[text(a["Name"])] = true
	}
	var added []any
	for _, a := range objects(j.props["Schema"]) {
		if !before[text(a["Name"])] {
			added = append(added, a)
		}
	}
	if added == nil {
		return nil
	}
	more := &wire.AddCustomAttributesInput{}
	if err := fill(more, map[string]any{"UserPoolId": j.record.PhysicalID, "CustomAttributes": added}); err != nil {
		return err
	}
	return j.do(ctx, cognitoService, "AddCustomAttributes", more)
}

func removePool(ctx context.Context, j *job) error {
	return j.do(ctx, cognitoService, "DeleteUserPool", &wire.DeleteUserPoolInput{UserPoolId: j.record.PhysicalID})
}

// createPoolClient makes a client. Its secret is no attribute of the resource:
// the stack's own record would show it.
func createPoolClient(ctx context.Context, j *job) error {
	in := &wire.CreateUserPoolClientInput{}
	if err := fill(in, with(j.props, map[string]any{"ClientName": j.nameOr("ClientName")})); err != nil {
		return err
	}
	out, err := call[wire.CreateUserPoolClientResponse](ctx, j, cognitoService, "CreateUserPoolClient", in)
	if err != nil {
		return err
	}
	id := *out.UserPoolClient.ClientId
	j.made(id, map[string]any{"ClientId": id, "Name": *out.UserPoolClient.ClientName})
	return nil
}

func updatePoolClient(ctx context.Context, j *job) error {
	in := &wire.UpdateUserPoolClientInput{}
	if err := fill(in, with(j.props, map[string]any{"ClientId": j.record.PhysicalID})); err != nil {
		return err
	}
	return j.do(ctx, cognitoService, "UpdateUserPoolClient", in)
}
