package lambda

import (
	"context"
	"maps"

	"github.com/stagedoor/stagedoor/internal/wire"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// Handlers are the operations, by name, for callers from the network.
func (s *Service) Handlers() map[string]wire.Handler {
	all := map[string]wire.Handler{}
	for _, group := range []map[string]wire.Handler{s.functionHandlers(), s.accessHandlers(), s.settingHandlers(), s.callHandlers()} {
		maps.Copy(all, group)
	}
	return all
}

// LocalHandlers are Handlers for callers of this process, who may also name a
// folder of the machine as code (see FolderBucket). They must never be given
// to the network.
func (s *Service) LocalHandlers() map[string]wire.Handler {
	all := s.Handlers()
	all["CreateFunction"] = wire.Op(func(ctx context.Context, in *model.CreateFunctionInput) (*model.FunctionConfiguration, error) {
		return s.createFunction(ctx, in, true)
	})
	all["UpdateFunctionCode"] = wire.Op(func(ctx context.Context, in *model.UpdateFunctionCodeInput) (*model.FunctionConfiguration, error) {
		return s.updateFunctionCode(ctx, in, true)
	})
	all["PublishLayerVersion"] = wire.Op(func(ctx context.Context, in *model.PublishLayerVersionInput) (*model.PublishLayerVersionResponse, error) {
		return s.publishLayerVersion(ctx, in, true)
	})
	return all
}

func (s *Service) functionHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"CreateFunction":              wire.Op(s.CreateFunction),
		"UpdateFunctionCode":          wire.Op(s.UpdateFunctionCode),
		"UpdateFunctionConfiguration": wire.Op(s.UpdateFunctionConfiguration),
		"GetFunction":                 wire.Op(s.GetFunction),
		"GetFunctionConfiguration":    wire.Op(s.GetFunctionConfiguration),
		"ListFunctions":               wire.Op(s.ListFunctions),
		"DeleteFunction":              wire.Op(s.DeleteFunction),
		"PublishVersion":              wire.Op(s.PublishVersion),
		"ListVersionsByFunction":      wire.Op(s.ListVersionsByFunction),
		"CreateAlias":                 wire.Op(s.CreateAlias),
		"UpdateAlias":                 wire.Op(s.UpdateAlias),
		"GetAlias":                    wire.Op(s.GetAlias),
		"DeleteAlias":                 wire.Op(s.DeleteAlias),
		"ListAliases":                 wire.Op(s.ListAliases),
		"PublishLayerVersion":         wire.Op(s.PublishLayerVersion),
		"GetLayerVersion":             wire.Op(s.GetLayerVersion),
		"GetLayerVersionByArn":        wire.Op(s.GetLayerVersionByArn),
		"DeleteLayerVersion":          wire.Op(s.DeleteLayerVersion),
		"ListLayerVersions":           wire.Op(s.ListLayerVersions),
		"ListLayers":                  wire.Op(s.ListLayers),
	}
}

func (s *Service) accessHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"AddPermission":           wire.Op(s.AddPermission),
		"RemovePermission":        wire.Op(s.RemovePermission),
		"GetPolicy":               wire.Op(s.GetPolicy),
		"CreateFunctionUrlConfig": wire.Op(s.CreateFunctionUrlConfig),
		"GetFunctionUrlConfig":    wire.Op(s.GetFunctionUrlConfig),
		"UpdateFunctionUrlConfig": wire.Op(s.UpdateFunctionUrlConfig),
		"DeleteFunctionUrlConfig": wire.Op(s.DeleteFunctionUrlConfig),
		"ListFunctionUrlConfigs":  wire.Op(s.ListFunctionUrlConfigs),
		"TagResource":             wire.Op(s.TagResource),
		"UntagResource":           wire.Op(s.UntagResource),
		"ListTags":                wire.Op(s.ListTags),
	}
}

func (s *Service) settingHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"PutFunctionConcurrency":             wire.Op(s.PutFunctionConcurrency),
		"GetFunctionConcurrency":             wire.Op(s.GetFunctionConcurrency),
		"DeleteFunctionConcurrency":          wire.Op(s.DeleteFunctionConcurrency),
		"PutProvisionedConcurrencyConfig":    wire.Op(s.PutProvisionedConcurrencyConfig),
		"GetProvisionedConcurrencyConfig":    wire.Op(s.GetProvisionedConcurrencyConfig),
		"DeleteProvisionedConcurrencyConfig": wire.Op(s.DeleteProvisionedConcurrencyConfig),
		"ListProvisionedConcurrencyConfigs":  wire.Op(s.ListProvisionedConcurrencyConfigs),
		"PutFunctionEventInvokeConfig":       wire.Op(s.PutFunctionEventInvokeConfig),
		"UpdateFunctionEventInvokeConfig":    wire.Op(s.UpdateFunctionEventInvokeConfig),
		"GetFunctionEventInvokeConfig":       wire.Op(s.GetFunctionEventInvokeConfig),
		"DeleteFunctionEventInvokeConfig":    wire.Op(s.DeleteFunctionEventInvokeConfig),
		"ListFunctionEventInvokeConfigs":     wire.Op(s.ListFunctionEventInvokeConfigs),
		"GetAccountSettings":                 wire.Op(s.GetAccountSettings),
		"GetFunctionCodeSigningConfig":       wire.Op(s.GetFunctionCodeSigningConfig),
		"ListEventSourceMappings":            wire.Op(s.ListEventSourceMappings),
		"GetEventSourceMapping":              wire.Op(s.GetEventSourceMapping),
		"GetRuntimeManagementConfig":         wire.Op(s.GetRuntimeManagementConfig),
		"PutRuntimeManagementConfig":         wire.Op(s.PutRuntimeManagementConfig),
		"GetFunctionRecursionConfig":         wire.Op(s.GetFunctionRecursionConfig),
		"PutFunctionRecursionConfig":         wire.Op(s.PutFunctionRecursionConfig),
	}
}

func (s *Service) callHandlers() map[string]wire.Handler {
	return map[string]wire.Handler{
		"Invoke":                   wire.Op(s.Invoke),
		"InvokeAsync":              wire.Op(s.InvokeAsync),
		"InvokeWithResponseStream": wire.Op(s.InvokeWithResponseStream),
	}
}
