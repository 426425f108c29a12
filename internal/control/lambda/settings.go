package lambda

import (
	"context"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/control/lambda/code"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// totalCode is the bytes of code that an account may keep on AWS; shown, not enforced.
const totalCode = 80_530_636_800

// GetAccountSettings shows the limits and what is used of them.
func (s *Service) GetAccountSettings(ctx context.Context, _ *model.GetAccountSettingsInput) (*model.GetAccountSettingsResponse, error) {
	var size, count, taken int64
	err := s.store.View(ctx, func(tx store.Tx) error {
		size, count, taken = 0, 0, 0
		for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
			if err != nil {
				return err
			}
			count++
			size += fn.Latest.Code.Size
			if fn.Reserved != nil {
				taken += int64(*fn.Reserved)
			}
			for v, err := range store.Scan[api.FunctionVersion](tx, api.FunctionVersions(fn.Name), "") {
				if err != nil {
					return err
				}
				size += v.Code.Size
			}
		}
		for l, err := range store.Scan[api.LayerVersion](tx, api.AllLayerVersions, "") {
			if err != nil {
				return err
			}
			size += l.Code.Size
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &model.GetAccountSettingsResponse{
		AccountLimit: &model.AccountLimit{
			TotalCodeSize:                  new(int64(totalCode)),
			CodeSizeUnzipped:               new(int64(code.MaxUnzipped)),
			CodeSizeZipped:                 new(int64(code.MaxZipped)),
			ConcurrentExecutions:           new(s.cfg.Concurrency),
			UnreservedConcurrentExecutions: new(s.cfg.Concurrency - int32(taken)),
		},
		AccountUsage: &model.AccountUsage{TotalCodeSize: &size, FunctionCount: &count},
	}, nil
}

// GetFunctionCodeSigningConfig answers, for a function that exists, that it has
// none: code signing is AWS's own.
func (s *Service) GetFunctionCodeSigningConfig(ctx context.Context, in *model.GetFunctionCodeSigningConfigInput) (*model.GetFunctionCodeSigningConfigResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	_, _, err = s.find(ctx, name, "")
	return nil, err
}

// ListEventSourceMappings lists none: functions here are called, they do not poll.
func (s *Service) ListEventSourceMappings(context.Context, *model.ListEventSourceMappingsInput) (*model.ListEventSourceMappingsResponse, error) {
	return &model.ListEventSourceMappingsResponse{EventSourceMappings: []model.EventSourceMappingConfiguration{}}, nil
}

// GetEventSourceMapping finds none.
func (s *Service) GetEventSourceMapping(_ context.Context, in *model.GetEventSourceMappingInput) (*model.EventSourceMappingConfiguration, error) {
	return nil, notFound("Event source mapping not found: arn:" + s.here.partition + ":lambda:" + s.here.region + ":" + s.here.account +
		":event-source-mapping:" + in.UUID)
}

// GetRuntimeManagementConfig shows how a function's runtime is updated.
func (s *Service) GetRuntimeManagementConfig(ctx context.Context, in *model.GetRuntimeManagementConfigInput) (*model.GetRuntimeManagementConfigResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	fn, _, err := s.find(ctx, name, qualifier)
	if err != nil {
		return nil, err
	}
	out := &model.GetRuntimeManagementConfigResponse{
		UpdateRuntimeOn: new("Auto"), FunctionArn: new(s.here.arn(name, orLatest(qualifier))),
	}
	if fn.RuntimeOn != "" {
		out.UpdateRuntimeOn = new(fn.RuntimeOn)
	}
	if fn.RuntimeARN != "" {
		out.RuntimeVersionArn = new(fn.RuntimeARN)
	}
	return out, nil
}

// PutRuntimeManagementConfig notes how a function's runtime is to be updated.
// The runtime here is the machine's, whatever is noted.
func (s *Service) PutRuntimeManagementConfig(ctx context.Context, in *model.PutRuntimeManagementConfigInput) (*model.PutRuntimeManagementConfigResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if in.UpdateRuntimeOn == "Manual" && in.RuntimeVersionArn == nil {
		return nil, invalid("RuntimeVersionArn is required when UpdateRuntimeOn is Manual.")
	}
	err = s.note(ctx, name, qualifier, func(fn *api.Function) {
		fn.RuntimeOn, fn.RuntimeARN = in.UpdateRuntimeOn, deref(in.RuntimeVersionArn)
	})
	if err != nil {
		return nil, err
	}
	return &model.PutRuntimeManagementConfigResponse{
		UpdateRuntimeOn: in.UpdateRuntimeOn, FunctionArn: s.here.arn(name, orLatest(qualifier)), RuntimeVersionArn: in.RuntimeVersionArn,
	}, nil
}

// GetFunctionRecursionConfig shows what becomes of functions that call themselves.
func (s *Service) GetFunctionRecursionConfig(ctx context.Context, in *model.GetFunctionRecursionConfigInput) (*model.GetFunctionRecursionConfigResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	fn, _, err := s.find(ctx, name, "")
	if err != nil {
		return nil, err
	}
	setDefault(&fn.Recursion, "Terminate")
	return &model.GetFunctionRecursionConfigResponse{RecursiveLoop: &fn.Recursion}, nil
}

// PutFunctionRecursionConfig says what becomes of functions that call themselves.
func (s *Service) PutFunctionRecursionConfig(ctx context.Context, in *model.PutFunctionRecursionConfigInput) (*model.PutFunctionRecursionConfigResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	if err := s.note(ctx, name, "", func(fn *api.Function) { fn.Recursion = in.RecursiveLoop }); err != nil {
		return nil, err
	}
	return &model.PutFunctionRecursionConfigResponse{RecursiveLoop: &in.RecursiveLoop}, nil
}

// note changes what is kept with a function and no environment sees.
func (s *Service) note(ctx context.Context, name, qualifier string, edit func(*api.Function)) error {
	return s.store.Update(ctx, func(tx store.Tx) error {
		fn, err := s.function(tx, name, qualifier)
		if err != nil {
			return err
		}
		edit(&fn)
		return store.Put(tx, api.FunctionKey(name), fn)
	})
}
