package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// get reads a document; missing is the answer where there is none.
func get[T any](tx store.Tx, key store.Key, missing *fault.Error) (T, error) {
	v, err := store.Get[T](tx, key)
	if errors.Is(err, store.ErrMissing) {
		return v, missing
	}
	return v, err
}

// function reads a function; qualifier is for the text if there is none.
func (s *Service) function(tx store.Tx, name, qualifier string) (api.Function, error) {
	return get[api.Function](tx, api.FunctionKey(name), noFunction(s.here.arn(name, qualifier)))
}

// version reads the version that a qualifier means.
func (s *Service) version(tx store.Tx, fn *api.Function, qualifier string) (api.FunctionVersion, error) {
	missing := noFunction(s.here.arn(fn.Name, qualifier))
	switch {
	case qualifier == "" || qualifier == api.Latest:
		return fn.Latest, nil
	case isVersion(qualifier):
		return get[api.FunctionVersion](tx, api.FunctionVersionKey(fn.Name, qualifier), missing)
	}
	a, err := get[api.FunctionAlias](tx, api.FunctionAliasKey(fn.Name, qualifier), missing)
	if err != nil {
		return api.FunctionVersion{}, err
	}
	return s.version(tx, fn, a.Version)
}

// find reads what a name and a qualifier mean.
func (s *Service) find(ctx context.Context, name, qualifier string) (fn api.Function, v api.FunctionVersion, err error) {
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		if fn, err = s.function(tx, name, qualifier); err != nil {
			return err
		}
		v, err = s.version(tx, &fn, qualifier)
		return err
	})
	return fn, v, err
}

const maxFunctionName = 64

// CreateFunction makes a function. Its code is on disk before the transaction
// that makes its document; with Publish version 1 is made in the same one.
func (s *Service) CreateFunction(ctx context.Context, in *model.CreateFunctionInput) (*model.FunctionConfiguration, error) {
	return s.createFunction(ctx, in, false)
}

func (s *Service) createFunction(ctx context.Context, in *model.CreateFunctionInput, local bool) (*model.FunctionConfiguration, error) {
	fn, err := s.newFunction(in)
	if err != nil {
		return nil, err
	}
	if _, _, err := s.find(ctx, fn.Name, ""); err == nil {
		return nil, conflict("Function already exist: " + fn.Name) // before its code is looked at
	}
	src := source{zip: in.Code.ZipFile, bucket: in.Code.S3Bucket, key: in.Code.S3Key, version: in.Code.S3ObjectVersion, local: local}
	kept, release, err := s.keep(ctx, src)
	if err != nil {
		return nil, err
	}
	defer release()
	fn.Latest.Code = kept
	frozen, thaw, err := s.freezeIf(ctx, in.Publish, kept)
	if err != nil {
		return nil, err
	}
	defer thaw()
	var shown api.FunctionVersion
	err = s.change(ctx, fn.Name, func(tx store.Tx) error {
		if _, err := tx.Get(api.FunctionKey(fn.Name)); err == nil {
			return conflict("Function already exist: " + fn.Name)
		} else if !errors.Is(err, store.ErrMissing) {
			return err
		}
		made := fn
		if made.Latest.Layers, err = s.layers(tx, in.Layers); err != nil {
			return err
		}
		if err := checkSize(&made.Latest); err != nil {
			return err
		}
		shown, err = publishIf(tx, in.Publish, &made, frozen, nil)
		if err != nil {
			return err
		}
		return store.Put(tx, api.FunctionKey(made.Name), made)
	})
	if err != nil {
		return nil, err
	}
	return s.configuration(fn.Name, published(&shown), &shown), nil
}

// newFunction is the document of a function that does not exist yet, without
// its code and layers.
func (s *Service) newFunction(in *model.CreateFunctionInput) (fn api.Function, err error) {
	name, qualifier, err := s.here.target(in.FunctionName, nil)
	if err != nil {
		return fn, err
	}
	switch {
	case in.Code == nil:
		return fn, invalid("Please provide a source for function code.")
	case len(name) > maxFunctionName:
		return fn, constraint(name, "functionName", "have length less than or equal to 64")
	case qualifier != "" && qualifier != api.Latest:
		return fn, invalidName(in.FunctionName)
	case in.PackageType != nil && *in.PackageType != "Zip" || in.Code.ImageUri != nil:
		return fn, invalid("PackageType Image is not supported by stagedoor: its functions are processes of the machine it runs on.")
	case in.Runtime == nil || in.Handler == nil:
		return fn, invalid("Runtime and Handler are mandatory parameters for functions created with deployment packages.")
	case in.TenancyConfig != nil:
		return fn, invalid("TenancyConfig is not supported by stagedoor.")
	case in.CodeSigningConfigArn != nil:
		return fn, fault.NotFound.Typed("CodeSigningConfigNotFoundException",
			"The code signing configuration cannot be found. Check that the provided code signing configuration is not deleted: "+*in.CodeSigningConfigArn+".")
	case len(in.Tags) > maxTags:
		return fn, tooManyTags()
	}
	now := time.Now().UTC()
	fn = api.Function{Name: name, Latest: defaults(name), Tags: in.Tags, CreatedDate: now}
	fn.Latest.RevisionID, fn.Latest.LastModified = uuid.NewString(), now
	if len(in.Architectures) > 0 {
		fn.Latest.Architecture = in.Architectures[0]
	}
	return fn, configure(&fn.Latest, name, &model.UpdateFunctionConfigurationInput{
		Runtime: in.Runtime, Role: &in.Role, Handler: in.Handler, Description: in.Description, Timeout: in.Timeout,
		MemorySize: in.MemorySize, VpcConfig: in.VpcConfig, Environment: in.Environment, DeadLetterConfig: in.DeadLetterConfig,
		KMSKeyArn: in.KMSKeyArn, TracingConfig: in.TracingConfig, FileSystemConfigs: in.FileSystemConfigs, ImageConfig: in.ImageConfig,
		EphemeralStorage: in.EphemeralStorage, SnapStart: in.SnapStart, LoggingConfig: in.LoggingConfig,
		CapacityProviderConfig: in.CapacityProviderConfig, DurableConfig: in.DurableConfig,
	})
}

// published is the qualifier to show with a version: none for $LATEST.
func published(v *api.FunctionVersion) string {
	if v.Version == api.Latest {
		return ""
	}
	return v.Version
}

// GetFunction shows a function and where its code can be fetched.
func (s *Service) GetFunction(ctx context.Context, in *model.GetFunctionInput) (*model.GetFunctionResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	fn, v, err := s.find(ctx, name, qualifier)
	if err != nil {
		return nil, err
	}
	out := &model.GetFunctionResponse{
		Configuration: s.configuration(name, qualifier, &v),
		Code:          &model.FunctionCodeLocation{RepositoryType: new("S3"), Location: new(s.codeURL(name, v.Code))},
	}
	if len(fn.Tags) > 0 {
		out.Tags = fn.Tags
	}
	if fn.Reserved != nil {
		out.Concurrency = &model.Concurrency{ReservedConcurrentExecutions: fn.Reserved}
	}
	return out, nil
}

// GetFunctionConfiguration shows a version's configuration.
func (s *Service) GetFunctionConfiguration(ctx context.Context, in *model.GetFunctionConfigurationInput) (*model.FunctionConfiguration, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	_, v, err := s.find(ctx, name, qualifier)
	if err != nil {
		return nil, err
	}
	return s.configuration(name, qualifier, &v), nil
}

// ListFunctions lists functions by name; with FunctionVersion ALL every
// version of them.
func (s *Service) ListFunctions(ctx context.Context, in *model.ListFunctionsInput) (*model.ListFunctionsResponse, error) {
	all := in.FunctionVersion != nil && *in.FunctionVersion == "ALL"
	items := []model.FunctionConfiguration{}
	err := s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
			if err != nil {
				return err
			}
			if !all {
				items = append(items, s.listed(fn.Name, "", &fn.Latest))
				continue
			}
			items = append(items, s.listed(fn.Name, api.Latest, &fn.Latest))
			for v, err := range store.Scan[api.FunctionVersion](tx, api.FunctionVersions(fn.Name), "") {
				if err != nil {
					return err
				}
				items = append(items, s.listed(fn.Name, v.Version, &v))
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListFunctionsResponse{Functions: items, NextMarker: next}, err
}

// DeleteFunction removes a function with all that belongs to it, or one of its
// versions. Calls under way go on; asynchronous ones still waiting are dropped.
func (s *Service) DeleteFunction(ctx context.Context, in *model.DeleteFunctionInput) (*model.DeleteFunctionResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	switch {
	case qualifier == api.Latest:
		return nil, invalid("$LATEST version cannot be deleted without deleting the function.")
	case qualifier != "" && !isVersion(qualifier):
		return nil, invalid("Deletion of aliases is not currently supported.")
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		if _, err := s.function(tx, name, qualifier); err != nil {
			return err
		}
		if qualifier != "" {
			return s.deleteVersion(tx, name, qualifier)
		}
		if err := store.DeleteAll(tx, api.FunctionTree(name)); err != nil {
			return err
		}
		return tx.Delete(api.FunctionKey(name))
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteFunctionResponse{StatusCode: new(int32(204))}, nil
}
