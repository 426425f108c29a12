package cloudformation

import (
	"maps"
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
	return all
}
