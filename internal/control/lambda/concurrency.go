package lambda

import (
	"context"
	"fmt"
	"time"

	"github.com/stagedoor/stagedoor/internal/api"
	"github.com/stagedoor/stagedoor/internal/fault"
	"github.com/stagedoor/stagedoor/internal/store"
	model "github.com/stagedoor/stagedoor/internal/wire/lambda"
)

// unreserved is how many concurrent calls no function may reserve.
// parity: services-observability.md 7.6
const unreserved = 100

// PutFunctionConcurrency reserves concurrent calls for a function; 0 blocks it.
// That enough stays unreserved holds when it commits.
func (s *Service) PutFunctionConcurrency(ctx context.Context, in *model.PutFunctionConcurrencyInput) (*model.Concurrency, error) {
	name, err := s.whole(in.FunctionName)
	if err != nil {
		return nil, err
	}
	want := in.ReservedConcurrentExecutions
	err = s.change(ctx, name, func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		others, err := reservedBy(tx, name)
		if err != nil {
			return err
		}
		if int64(s.cfg.Concurrency)-others-int64(want) < unreserved && want > 0 {
			return invalid(fmt.Sprintf("Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [%d].", unreserved))
		}
		fn.Reserved = &want
		return store.Put(tx, api.FunctionKey(name), fn)
	})
	if err != nil {
		return nil, err
	}
	return &model.Concurrency{ReservedConcurrentExecutions: &want}, nil
}

// reservedBy sums up what all functions but one have reserved.
func reservedBy(tx store.Tx, except string) (sum int64, err error) {
	for fn, err := range store.Scan[api.Function](tx, api.Functions, "") {
		if err != nil {
			return 0, err
		}
		if fn.Reserved != nil && fn.Name != except {
			sum += int64(*fn.Reserved)
		}
	}
	return sum, nil
}

// whole reads the name of a call that is about a function as a whole.
func (s *Service) whole(text string) (string, error) {
	name, qualifier, err := s.here.target(text, nil)
	if err != nil {
		return "", err
	}
	if qualifier != "" {
		return "", invalid("This operation is permitted on Lambda functions only. Aliases and versions do not support this operation. Please specify either a function name or an unqualified function ARN.")
	}
	return name, nil
}

// GetFunctionConcurrency shows what is reserved; nothing, if nothing is.
func (s *Service) GetFunctionConcurrency(ctx context.Context, in *model.GetFunctionConcurrencyInput) (*model.GetFunctionConcurrencyResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	fn, _, err := s.find(ctx, name, "")
	if err != nil {
		return nil, err
	}
	return &model.GetFunctionConcurrencyResponse{ReservedConcurrentExecutions: fn.Reserved}, nil
}

// DeleteFunctionConcurrency gives back what was reserved.
func (s *Service) DeleteFunctionConcurrency(ctx context.Context, in *model.DeleteFunctionConcurrencyInput) (*model.DeleteFunctionConcurrencyOutput, error) {
	name, err := s.whole(in.FunctionName)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, name, func(tx store.Tx) error {
		fn, err := s.function(tx, name, "")
		if err != nil {
			return err
		}
		fn.Reserved = nil
		return store.Put(tx, api.FunctionKey(name), fn)
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteFunctionConcurrencyOutput{}, nil
}

// PutProvisionedConcurrencyConfig notes provisioned concurrency of a version
// or an alias. Environments here start in milliseconds, so none is kept warm
// for it; it is shown as ready at once.
func (s *Service) PutProvisionedConcurrencyConfig(ctx context.Context, in *model.PutProvisionedConcurrencyConfigInput) (*model.PutProvisionedConcurrencyConfigResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, &in.Qualifier)
	if err != nil {
		return nil, err
	}
	if qualifier == api.Latest {
		return nil, invalid("Provisioned Concurrency Configs cannot be applied to unpublished function versions.")
	}
	p := api.FunctionProvisioned{Qualifier: qualifier, Requested: in.ProvisionedConcurrentExecutions, Modified: time.Now().UTC()}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if err := s.qualified(tx, name, qualifier); err != nil {
			return err
		}
		return store.Put(tx, api.FunctionProvisionedKey(name, qualifier), p)
	})
	if err != nil {
		return nil, err
	}
	return &model.PutProvisionedConcurrencyConfigResponse{
		RequestedProvisionedConcurrentExecutions: &p.Requested, AllocatedProvisionedConcurrentExecutions: &p.Requested,
		AvailableProvisionedConcurrentExecutions: &p.Requested, Status: new("READY"), LastModified: new(whenProvisioned(&p)),
	}, nil
}

// qualified checks that what a qualifier means exists.
func (s *Service) qualified(tx store.Tx, name, qualifier string) error {
	if _, err := s.function(tx, name, qualifier); err != nil {
		return err
	}
	switch {
	case qualifier == "" || qualifier == api.Latest:
		return nil
	case isVersion(qualifier):
		_, err := get[api.FunctionVersion](tx, api.FunctionVersionKey(name, qualifier), noFunction(s.here.arn(name, qualifier)))
		return err
	default:
		_, err := get[api.FunctionAlias](tx, api.FunctionAliasKey(name, qualifier), notFound("Cannot find alias arn: "+s.here.arn(name, qualifier)))
		return err
	}
}

// GetProvisionedConcurrencyConfig shows provisioned concurrency.
func (s *Service) GetProvisionedConcurrencyConfig(ctx context.Context, in *model.GetProvisionedConcurrencyConfigInput) (*model.GetProvisionedConcurrencyConfigResponse, error) {
	name, qualifier, err := s.here.target(in.FunctionName, &in.Qualifier)
	if err != nil {
		return nil, err
	}
	var p api.FunctionProvisioned
	err = s.store.View(ctx, func(tx store.Tx) (err error) {
		if err := s.qualified(tx, name, qualifier); err != nil {
			return err
		}
		p, err = get[api.FunctionProvisioned](tx, api.FunctionProvisionedKey(name, qualifier), fault.NotFound.Typed("ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function"))
		return err
	})
	if err != nil {
		return nil, err
	}
	return &model.GetProvisionedConcurrencyConfigResponse{
		RequestedProvisionedConcurrentExecutions: &p.Requested, AllocatedProvisionedConcurrentExecutions: &p.Requested,
		AvailableProvisionedConcurrentExecutions: &p.Requested, Status: new("READY"), LastModified: new(whenProvisioned(&p)),
	}, nil
}

// DeleteProvisionedConcurrencyConfig forgets provisioned concurrency, if any.
func (s *Service) DeleteProvisionedConcurrencyConfig(ctx context.Context, in *model.DeleteProvisionedConcurrencyConfigInput) (*model.DeleteProvisionedConcurrencyConfigOutput, error) {
	name, qualifier, err := s.here.target(in.FunctionName, &in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = s.store.Update(ctx, func(tx store.Tx) error {
		if err := s.qualified(tx, name, qualifier); err != nil {
			return err
		}
		return drop(tx, api.FunctionProvisionedKey(name, qualifier))
	})
	if err != nil {
		return nil, err
	}
	return &model.DeleteProvisionedConcurrencyConfigOutput{}, nil
}

// ListProvisionedConcurrencyConfigs lists provisioned concurrency of a function.
func (s *Service) ListProvisionedConcurrencyConfigs(ctx context.Context, in *model.ListProvisionedConcurrencyConfigsInput) (*model.ListProvisionedConcurrencyConfigsResponse, error) {
	name, err := s.unqualified(in.FunctionName)
	if err != nil {
		return nil, err
	}
	items := []model.ProvisionedConcurrencyConfigListItem{}
	err = s.store.View(ctx, func(tx store.Tx) error {
		items = items[:0]
		if _, err := s.function(tx, name, ""); err != nil {
			return err
		}
		for p, err := range store.Scan[api.FunctionProvisioned](tx, api.FunctionProvisions(name), "") {
			if err != nil {
				return err
			}
			items = append(items, model.ProvisionedConcurrencyConfigListItem{
				FunctionArn:                              new(s.here.arn(name, p.Qualifier)),
				RequestedProvisionedConcurrentExecutions: new(p.Requested), AllocatedProvisionedConcurrentExecutions: new(p.Requested),
				AvailableProvisionedConcurrentExecutions: new(p.Requested), Status: new("READY"), LastModified: new(whenProvisioned(&p)),
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	items, next, err := page(items, in.Marker, in.MaxItems)
	return &model.ListProvisionedConcurrencyConfigsResponse{ProvisionedConcurrencyConfigs: items, NextMarker: next}, err
}

func whenProvisioned(p *api.FunctionProvisioned) string {
	return p.Modified.UTC().Format("2006-01-02T15:04:05-0700")
}
