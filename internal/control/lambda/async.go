package lambda

import (
	"context"
	"errors"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// PutFunctionEventInvokeConfig says what becomes of asynchronous calls; what it
// leaves out is as if nothing had been said.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, in *model.PutFunctionEventInvokeConfigInput) (*model.FunctionEventInvokeConfig, error) {
	return s.setAsync(ctx, in, true)
}

// UpdateFunctionEventInvokeConfig changes what becomes of asynchronous calls;
// what it leaves out stays as it is.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, in *model.UpdateFunctionEventInvokeConfigInput) (*model.FunctionEventInvokeConfig, error) {
	put := model.PutFunctionEventInvokeConfigInput(*in)
	return s.setAsync(ctx, &put, false)
}

func (s *Service) setAsync(ctx context.Context, in *model.PutFunctionEventInvokeConfigInput, whole bool) (*model.FunctionEventInvokeConfig, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	if in.MaximumRetryAttempts == nil && in.MaximumEventAgeInSeconds == nil && in.DestinationConfig == nil {
		return nil, invalid("You must specify at least one of error handling or destination setting.")
	}
	key := api.FunctionAsyncKey(name, orLatest(qualifier))
	var a api.FunctionAsync
	err = s.change(ctx, name, func(tx store.Tx) error {
		if err := s.qualified(tx, name, qualifier); err != nil {
			return err
		}
		a = api.FunctionAsync{}
		if !whole {
			var err error
			if a, err = get[api.FunctionAsync](tx, key, s.noAsync(name, qualifier)); err != nil {
				return err
			}
		}
		a.Qualifier, a.Modified = orLatest(qualifier), time.Now().UTC()
		if in.MaximumRetryAttempts != nil {
			a.Retries = in.MaximumRetryAttempts
		}
		if in.MaximumEventAgeInSeconds != nil {
			a.MaxAge = in.MaximumEventAgeInSeconds
		}
		if d := in.DestinationConfig; d != nil {
			if d.OnSuccess != nil {
				setOptional(&a.OnSuccess, d.OnSuccess.Destination)
			}
			if d.OnFailure != nil {
				setOptional(&a.OnFailure, d.OnFailure.Destination)
			}
		}
		return store.Put(tx, key, a)
	})
	if err != nil {
		return nil, err
	}
	return s.async(name, &a), nil
}

func (s *Service) noAsync(name, qualifier string) *fault.Error {
	return notFound("The function " + s.here.arn(name, orLatest(qualifier)) + " doesn't have an EventInvokeConfig")
}

// GetFunctionEventInvokeConfig shows what becomes of asynchronous calls.
func (s *Service) GetFunctionEventInvokeConfig(ctx context.Context, in *model.GetFunctionEventInvokeConfigInput) (*model.FunctionEventInvokeConfig, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	var a api.FunctionAsync
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		a, err = get[api.FunctionAsync](tx, api.FunctionAsyncKey(name, orLatest(qualifier)), s.noAsync(name, qualifier))
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.async(name, &a), nil
}

// DeleteFunctionEventInvokeConfig takes back what was said.
func (s *Service) DeleteFunctionEventInvokeConfig(ctx context.Context, in *model.DeleteFunctionEventInvokeConfigInput) (*model.DeleteFunctionEventInvokeConfigOutput, error) {
	name, qualifier, err := s.here.target(in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		err := tx.Delete(api.FunctionAsyncKey(name, orLatest(qualifier)))
		if errors.Is(err, store.ErrMissing) {
			return s.noAsync(name, qualifier)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteFunctionEventInvokeConfigOutput{}, nil
}

// ListFunctionEventInvokeConfigs lists what was said for a function's versions
// and aliases.
func (s *Service) ListFunctionEventInvokeConfigs(ctx context.Context, in *model.ListFunctionEventInvokeConfigsInput) (*model.ListFunctionEventInvokeConfigsResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, nil)
	if err != nil {
		return nil, err
	}
	items := []model.FunctionEventInvokeConfig{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		if _, err := s.function(tx, name, qualifier); err != nil {
			return err
		}
		for a, err := range store.Scan[api.FunctionAsync](tx, api.FunctionAsyncs(name), "") {
			if err != nil {
				return err
			}
			items = append(items, *s.async(name, &a))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListFunctionEventInvokeConfigsResponse{FunctionEventInvokeConfigs: items, NextMarker: next}, err
}

func (s *Service) async(name string, a *api.FunctionAsync) *model.FunctionEventInvokeConfig {
	return &model.FunctionEventInvokeConfig{
		LastModified:             new(a.Modified),
		FunctionArn:              new(s.here.arn(name, a.Qualifier)),
		MaximumRetryAttempts:     a.Retries,
		MaximumEventAgeInSeconds: a.MaxAge,
		DestinationConfig: &model.DestinationConfig{
			OnSuccess: &model.OnSuccess{Destination: a.OnSuccess},
			OnFailure: &model.OnFailure{Destination: a.OnFailure},
		},
	}
}
