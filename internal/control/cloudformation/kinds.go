package cloudformation

import (
	"context"
	"errors"
	"maps"

	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/wire/apigateway"
)

// kinds are all resource types that stagedoor makes. A type that is not here
// is refused with its place in the template, or tolerated where no API depends
// on it (cfn.StubHarmless).
func kinds() map[string]kind {
	all := map[string]kind{
		"AWS::ApiGateway::RestApi":    {createRestAPI, updateRestAPI, removeRestAPI, nil},
		"AWS::ApiGateway::Method":     {createMethod, updateMethod, removeMethod, []string{"RestApiId", "ResourceId", "HttpMethod"}},
		"AWS::ApiGateway::Deployment": {createDeployment, updateDeployment, removeDeployment, []string{"RestApiId", "DeploymentCanarySettings"}},
		"AWS::ApiGateway::Stage":      {createStage, updateStage, removeStage, []string{"RestApiId", "StageName"}},
		"AWS::ApiGateway::Account":    {createAccount, createAccount, nil, nil},

		"AWS::Lambda::Function":     {createFunction, updateFunction, removeFunction, []string{"FunctionName", "PackageType"}},
		"AWS::Lambda::Permission":   {createPermission, nil, removePermission, nil},
		"AWS::Lambda::Version":      {createVersion, nil, removeVersion, nil},
		"AWS::Lambda::Alias":        {createAlias, updateAlias, removeAlias, []string{"FunctionName", "Name"}},
		"AWS::Lambda::LayerVersion": {createLayer, nil, removeLayer, nil},
		"AWS::Lambda::Url":          {createURL, nil, removeURL, nil},

		"AWS::Lambda::EventInvokeConfig": {putEventInvoke, putEventInvoke, removeEventInvoke, []string{"FunctionName", "Qualifier"}},

		"AWS::IAM::Role":          {createRole, updateRole, removeRole, []string{"RoleName", "Path"}},
		"AWS::IAM::Policy":        {putPolicy, putPolicy, removePolicy, []string{"PolicyName", "Roles"}},
		"AWS::IAM::ManagedPolicy": {createManagedPolicy, nil, removeManagedPolicy, nil},

		"AWS::Logs::LogGroup": {createLogGroup, nil, removeLogGroup, nil},
	}
	maps.Copy(all, rowKinds())
	maps.Copy(all, externalKinds())
	maps.Copy(all, cognitoKinds())
	resource := all["AWS::ApiGateway::Resource"]
	resource.create = findTaken(resource.create)
	all["AWS::ApiGateway::Resource"] = resource
	return all
}

// findTaken finds out which resource has the path that another one is to be made
// at: ids of resources are drawn, so what is left of an attempt that was cut short
// has no name to know it by.
func findTaken(create func(context.Context, *job) error) func(context.Context, *job) error {
	return func(ctx context.Context, j *job) error {
		err := create(ctx, j)
		if !fault.Conflict.Is(err) || j.interrupted != j.record.LogicalID {
			return err
		}
		in := &apigateway.GetResourcesInput{RestApiId: j.text("RestApiId"), Limit: new(int32(500))}
		for {
			page, listing := call[apigateway.Resources](ctx, j, apiGateway, "GetResources", in)
			if listing != nil {
				return errors.Join(err, listing)
			}
			for _, r := range page.Items {
				if r.ParentId != nil && r.PathPart != nil && *r.ParentId == j.text("ParentId") && *r.PathPart == j.text("PathPart") {
					j.tries(*r.Id)
					return err
				}
			}
			if in.Position = page.Position; page.Position == nil {
				return err
			}
		}
	}
}
